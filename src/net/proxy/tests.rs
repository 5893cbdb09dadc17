//! Headers on real connections.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{BindSpec, Listener};

fn policy(required: bool, allowed: &[&str], skipped: &[&str]) -> ProxyPolicy {
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    ProxyPolicy { required, allowed: networks(allowed), skipped: networks(skipped) }
}

const HERE: &[&str] = &["127.0.0.0/8"];
const HEADER: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 22\r\n";

/// Sends pieces, and answers what comes of the connection.
async fn introduce(policy: &ProxyPolicy, pieces: &[&[u8]]) -> Result<Introduced, ProxyError> {
    let spec = BindSpec { address: "127.0.0.1".into(), port: 0, setting_key: "sftpd.bindings[0]".into() };
    let listener = Listener::bind(&spec).unwrap();
    let mut client = TcpStream::connect(listener.local_addr()).await.unwrap();
    let accepted = listener.accept().await;
    let send = async {
        for piece in pieces {
            client.write_all(piece).await.unwrap();
            sleep(LOOK * 3).await;
        }
        client.shutdown().await.unwrap();
    };
    let (result, ()) = tokio::join!(policy.introduce(accepted), send);
    result
}

async fn rest(introduced: &mut Introduced) -> String {
    let mut text = String::new();
    introduced.accepted.stream.read_to_string(&mut text).await.unwrap();
    text
}

// NET-002, NET-003
#[tokio::test]
async fn an_allowed_proxy_is_believed_and_nothing_of_the_client_is_lost() {
    for required in [false, true] {
        let mut introduced = introduce(&policy(required, HERE, &[]), &[HEADER, b"SSH-2.0-x\r\n"]).await.unwrap();
        assert_eq!(introduced.accepted.peer, "192.0.2.1:56324".parse().unwrap());
        assert_eq!(introduced.accepted.local, "198.51.100.2:22".parse().unwrap());
        assert_eq!(rest(&mut introduced).await, "SSH-2.0-x\r\n");
        let (first, second) = HEADER.split_at(9);
        let introduced = introduce(&policy(required, HERE, &[]), &[first, second, b"x"]).await.unwrap();
        assert_eq!(introduced.accepted.peer.port(), 56324, "in pieces as well");
    }
}

// NET-003, NET-005
#[tokio::test]
async fn who_is_not_allowed_is_not_believed() {
    for allowed in [&["10.0.0.0/8"][..], &[]] {
        let mut introduced = introduce(&policy(false, allowed, &[]), &[HEADER, b"SSH"]).await.unwrap();
        assert!(introduced.accepted.peer.ip().is_loopback() && introduced.ignored_header);
        assert_eq!(rest(&mut introduced).await, "SSH", "the header is read all the same");
        let refused = introduce(&policy(true, allowed, &[]), &[HEADER]).await;
        assert!(matches!(refused, Err(ProxyError::NotAllowed)), "{refused:?}");
        let refused = introduce(&policy(true, allowed, &[]), &[b"SSH"]).await;
        assert!(matches!(refused, Err(ProxyError::NotAllowed)), "{refused:?}");
    }
}

// NET-003, NET-004
#[tokio::test]
async fn a_header_is_missed_only_where_it_is_required() {
    let mut introduced = introduce(&policy(false, HERE, &[]), &[b"SSH-2.0-x\r\n"]).await.unwrap();
    assert!(introduced.accepted.peer.ip().is_loopback() && !introduced.ignored_header);
    assert_eq!(rest(&mut introduced).await, "SSH-2.0-x\r\n");
    let missing = introduce(&policy(true, HERE, &[]), &[b"SSH-2.0-x\r\n"]).await;
    assert!(matches!(missing, Err(ProxyError::Missing)), "{missing:?}");
    let mut skipped = introduce(&policy(true, HERE, HERE), &[HEADER]).await.unwrap();
    assert!(skipped.accepted.peer.ip().is_loopback());
    assert_eq!(rest(&mut skipped).await.as_bytes(), HEADER, "a skipped peer is read as it is");
}

// NET-006
#[tokio::test]
async fn a_health_check_keeps_the_real_address() {
    let introduced = introduce(&policy(true, HERE, &[]), &[b"PROXY UNKNOWN\r\n"]).await.unwrap();
    assert!(introduced.accepted.peer.ip().is_loopback());
}

#[tokio::test]
async fn a_wrong_header_ends_the_connection() {
    let wrong = introduce(&policy(false, HERE, &[]), &[b"PROXY TCP4 nonsense\r\n"]).await;
    assert!(matches!(wrong, Err(ProxyError::Malformed(_))), "{wrong:?}");
}

// NET-002
#[tokio::test(start_paused = true)]
async fn a_header_that_stops_half_way_is_not_waited_for_long() {
    let spec = BindSpec { address: "127.0.0.1".into(), port: 0, setting_key: "sftpd.bindings[0]".into() };
    let listener = Listener::bind(&spec).unwrap();
    let mut client = TcpStream::connect(listener.local_addr()).await.unwrap();
    let accepted = listener.accept().await;
    client.write_all(&HEADER[..9]).await.unwrap();
    let began = Instant::now();
    let ended = policy(true, HERE, &[]).introduce(accepted).await;
    assert!(matches!(&ended, Err(ProxyError::Io(error)) if error.kind() == io::ErrorKind::TimedOut), "{ended:?}");
    assert!(began.elapsed() >= TIME_LIMIT);
}
