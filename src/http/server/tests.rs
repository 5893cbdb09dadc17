use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpResponse, http::StatusCode};
use entrepot_net::{
    AllowAll, BindSpec,
    tls::{CertificateSource, CertificateStore, server_config},
};
use futures_util::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

fn routes(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(|| async { "ok" })).route("/x", web::get().to(|| async { "x" }));
    config.route("/stream", web::get().to(counted));
    config.route("/who", web::get().to(async |client: crate::Client| client.address.to_string()));
}

/// Pieces of bodies that were worked out.
static PIECES: AtomicUsize = AtomicUsize::new(0);

async fn counted() -> HttpResponse {
    HttpResponse::Ok().streaming(stream::iter(0..10).map(|_| {
        PIECES.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Error>(web::Bytes::from_static(b"piece"))
    }))
}

fn refuse(_: &str, status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status).body(text.to_owned())
}

fn binding(is_redirect: bool, tls: Option<Arc<rustls::ServerConfig>>) -> Binding {
    Binding {
        listen: BindSpec { address: "127.0.0.1".into(), port: 0, setting_key: "httpd.bindings[0]".into() },
        tls,
        redirect: if is_redirect { Redirect::OwnHttps } else { Redirect::None },
        allowed_hosts: Vec::new(),
        features: crate::Features::default(),
        headers: crate::HeaderOverrides::default(),
        forwarding: crate::Forwarding::default(),
        proxy: None,
    }
}

fn options(bindings: Vec<Binding>) -> ServeOptions {
    ServeOptions {
        bindings,
        workers: 1,
        sender: "httpd",
        gatekeeper: Arc::new(AllowAll),
        challenges: None,
        refuse,
        patience: Duration::from_secs(5),
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: nas.local:8080\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn serves_on_a_free_port_and_stops() {
    let running = serve(options(vec![binding(false, None)]), routes).await.unwrap();
    let address = running.addresses[0];
    assert!(get(address, "/healthz").await.ends_with("ok"));
    // API-014: a trailing slash is no other path.
    assert!(get(address, "/x/").await.starts_with("HTTP/1.1 200"));
    running.stop(true).await;
    assert!(TcpStream::connect(address).await.is_err());
}

// HTTP-015, HTTP-002
#[tokio::test]
async fn redirect_binding_sends_to_the_https_port_and_answers_health_checks() {
    let folder = tempfile::tempdir().unwrap();
    let source = CertificateSource::SelfSigned { directory: folder.path().into() };
    let store = Arc::new(CertificateStore::open(source).unwrap());
    let tls = server_config(store, &["h2", "http/1.1"], 12).unwrap();
    let running = serve(options(vec![binding(true, None), binding(false, Some(tls))]), routes).await.unwrap();
    let answer = get(running.addresses[0], "/x?a=1").await;
    let target = format!("location: https://nas.local:{}/x?a=1", running.addresses[1].port());
    assert!(answer.starts_with("HTTP/1.1 307"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains(&target), "{answer}");
    assert!(get(running.addresses[0], "/healthz").await.ends_with("ok"));
    running.stop(false).await;
}

#[tokio::test]
async fn bindings_change_while_the_service_runs() {
    let first = binding(false, None);
    let mut second = binding(false, None);
    second.listen.setting_key = "httpd.bindings[1]".into();
    let mut running = serve(options(vec![first.clone()]), routes).await.unwrap();
    let kept = running.addresses[0];
    running.rebind(&[first, second.clone()]).await.unwrap();
    let added = running.addresses[1];
    assert_eq!(running.addresses[0], kept, "its socket stays");
    for address in [kept, added] {
        assert!(get(address, "/x").await.starts_with("HTTP/1.1 200"));
    }
    let mut taken = binding(false, None);
    (taken.listen.port, taken.listen.setting_key) = (kept.port(), "httpd.bindings[2]".into());
    assert!(running.rebind(&[taken]).await.is_err());
    assert!(get(kept, "/x").await.starts_with("HTTP/1.1 200"), "everything is as it was");
    running.rebind(&[second]).await.unwrap();
    assert_eq!(running.addresses, [added]);
    assert!(get(added, "/x").await.starts_with("HTTP/1.1 200"));
    assert!(TcpStream::connect(kept).await.is_err(), "it is closed");
    running.stop(true).await;
}

// API-014
#[tokio::test]
async fn answer_to_head_is_not_worked_out() {
    let running = serve(options(vec![binding(false, None)]), routes).await.unwrap();
    let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
    let requests = "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\nHEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    let answers: Vec<&str> = answers.split_inclusive("\r\n\r\n").collect();
    let [streamed, sized] = answers[..] else { panic!("nothing but heads: {answers:?}") };
    assert!(streamed.starts_with("HTTP/1.1 200") && !streamed.contains("content-length"), "{streamed}");
    assert!(sized.starts_with("HTTP/1.1 200") && sized.contains("content-length: 1\r\n"), "{sized}");
    assert_eq!(PIECES.load(Ordering::SeqCst), 0);
    assert_eq!(get(running.addresses[0], "/stream").await.matches("piece").count(), 10);
    running.stop(true).await;
}

// NET-001, CFG-205
#[tokio::test]
async fn a_declared_proxy_says_who_the_client_is() {
    let mut behind = binding(false, None);
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    behind.proxy = Some(entrepot_net::ProxyPolicy { required: true, allowed: networks, skipped: Vec::new() });
    let running = serve(options(vec![behind]), routes).await.unwrap();
    let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
    let request = "PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\nGET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("198.51.100.7:4711"), "{answer}");
    // Whoever must send a header and does not is no client.
    let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    running.stop(false).await;
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let source = CertificateSource::SelfSigned { directory: folder.path().into() };
    let tls = server_config(Arc::new(CertificateStore::open(source).unwrap()), &[], 12).unwrap();
    let running = serve(options(vec![binding(false, Some(tls))]), routes).await.unwrap();
    let address = running.addresses[0];
    let mut silent = Vec::new();
    for _ in 0..150 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Those beyond what one address may hold are closed at once.
    let mut closed = 0;
    for stream in &mut silent {
        let ended = tokio::time::timeout(Duration::from_millis(20), stream.read(&mut [0; 1])).await;
        closed += usize::from(matches!(ended, Ok(Ok(0) | Err(_))));
    }
    assert!(closed >= 150 - 128, "{closed}");
    // Another address comes in.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut [0; 1])).await;
    assert!(ended.is_err(), "the server waits for its handshake");
    running.stop(false).await;
}

// NET-008
#[tokio::test]
async fn taken_port_fails_the_start_and_names_the_setting() {
    let first = serve(options(vec![binding(false, None)]), routes).await.unwrap();
    let mut second = binding(false, None);
    second.listen.port = first.addresses[0].port();
    let error = serve(options(vec![second]), routes).await.err().unwrap().to_string();
    assert!(error.contains("httpd.bindings[0].port"), "{error}");
    first.stop(false).await;
}
