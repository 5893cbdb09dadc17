use proptest::prelude::*;
use tokio::io::duplex;

use super::*;

const LINE: &[u8] = b"SSH-2.0-Test\r\n";
const OPENSSH: &str =
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com";

fn preface(to_server: &str, to_client: &str) -> Vec<u8> {
    let mut payload = vec![4, 20];
    payload.extend_from_slice(&[0x55; 16]);
    for list in
        ["curve25519-sha256", "ssh-ed25519", to_server, to_client, "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""]
    {
        payload.extend_from_slice(&u32::try_from(list.len()).expect("short").to_be_bytes());
        payload.extend_from_slice(list.as_bytes());
    }
    payload.extend_from_slice(&[0; 5 + 4]);
    let mut out = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    out.extend_from_slice(&u32::try_from(payload.len()).expect("short").to_be_bytes());
    out.extend_from_slice(&payload);
    out
}

async fn offer_for(client_says: Vec<u8>) -> (Offer, Vec<u8>, Vec<u8>) {
    let (mut client, server) = duplex(1 << 16);
    client.write_all(&client_says).await.expect("test");
    client.shutdown().await.expect("test");
    let Introduction { offer, mut stream, .. } = introduce(server, LINE, true).await.expect("a stream");
    // russh's rhythm: its own line, then the client's bytes.
    stream.write_all(LINE).await.expect("test");
    stream.write_all(b"kexinit of the server").await.expect("test");
    let mut replayed = Vec::new();
    stream.read_to_end(&mut replayed).await.expect("test");
    drop(stream);
    let mut received = Vec::new();
    client.read_to_end(&mut received).await.expect("test");
    (offer, replayed, received)
}

#[tokio::test]
async fn a_client_with_gcm_is_offered_gcm_alone_and_sees_one_identification() {
    let says = preface(OPENSSH, OPENSSH);
    let (offer, replayed, received) = offer_for(says.clone()).await;
    assert_eq!(offer, Offer::GcmOnly);
    assert_eq!(replayed, says);
    assert_eq!(received, b"SSH-2.0-Test\r\nkexinit of the server");
}

#[tokio::test]
async fn a_client_without_gcm_in_both_directions_is_offered_all() {
    for (to_server, to_client) in
        [("chacha20-poly1305@openssh.com", "chacha20-poly1305@openssh.com"), (OPENSSH, "aes128-ctr"), ("aes128-ctr", OPENSSH)]
    {
        let says = preface(to_server, to_client);
        let (offer, replayed, _) = offer_for(says.clone()).await;
        assert_eq!(offer, Offer::All);
        assert_eq!(replayed, says);
    }
}

#[tokio::test]
async fn what_is_no_ssh_client_passes_through_unchanged() {
    for says in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), b"SSH-2.0-x\n\0\0\0\x02\x04\x15".to_vec(), vec![], vec![b'S'; 40_000]] {
        let (offer, replayed, _) = offer_for(says.clone()).await;
        assert_eq!(offer, Offer::All);
        assert_eq!(replayed, says);
    }
}

#[tokio::test]
async fn a_client_that_waits_for_our_kexinit_is_offered_all_after_the_limit() {
    let (mut client, server) = duplex(1 << 16);
    client.write_all(b"SSH-2.0-Polite_1.0\r\n").await.expect("test");
    let introduction = introduce(server, LINE, true).await.expect("a stream");
    assert_eq!(introduction.offer, Offer::All);
    assert_eq!(introduction.client, "SSH-2.0-Polite_1.0");
    drop(client);
}

#[tokio::test]
async fn without_a_choice_everything_is_offered_and_the_lists_are_known() {
    let (mut client, server) = duplex(1 << 16);
    client.write_all(&preface(OPENSSH, OPENSSH)).await.expect("test");
    let introduction = introduce(server, LINE, false).await.expect("a stream");
    assert_eq!((introduction.offer, introduction.client.as_str()), (Offer::All, "SSH-2.0-OpenSSH_9.2"));
    let lists = introduction.lists.expect("read");
    assert_eq!((lists.kex.as_str(), lists.host_key.as_str()), ("curve25519-sha256", "ssh-ed25519"));
    assert_eq!((lists.to_server.as_str(), lists.macs.as_str()), (OPENSSH, "hmac-sha2-256"));
    drop(client);
}

#[tokio::test]
async fn a_preface_in_pieces_is_read_to_its_end() {
    let (mut client, server) = duplex(1 << 16);
    let says = preface(OPENSSH, OPENSSH);
    let sender = tokio::spawn(async move {
        for piece in says.chunks(50) {
            client.write_all(piece).await.expect("test");
            tokio::task::yield_now().await;
        }
        client
    });
    let introduction = introduce(server, LINE, true).await.expect("a stream");
    assert_eq!((introduction.offer, introduction.client.as_str()), (Offer::GcmOnly, "SSH-2.0-OpenSSH_9.2"));
    sender.await.expect("no panic");
}

proptest! {
    #[test]
    fn no_preface_makes_the_reader_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in any::<bool>(), cut in any::<prop::sample::Index>(),
    ) {
        if !noise {
            bytes = preface(OPENSSH, OPENSSH);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        let _ = client_lists(&bytes);
    }
}
