//! Listeners that exist only while an order runs, on the ports of the settings that no listener of the server has.

use std::{convert::Infallible, sync::Arc, time::Duration};

use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{ACME_TLS_ALPN, Challenges};
use crate::{BindSpec, Listener, NetError, tls::certificate};

/// One connection.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at once; more wait in the queue of the socket.
const CONNECTIONS: usize = 64;
/// Head of a request.
const LARGEST: usize = 8192;

/// A listener for challenges.
pub(super) struct Responder {
    listener: Listener,
    answers: Answers,
}

#[derive(Clone)]
enum Answers {
    Http(Arc<Challenges>),
    Tls(TlsAcceptor),
}

impl Responder {
    /// Answers HTTP-01.
    pub(super) fn over_http(port: u16, challenges: &Arc<Challenges>) -> Result<Self, NetError> {
        Ok(Self { listener: listen(port, "acme.http01_challenge")?, answers: Answers::Http(challenges.clone()) })
    }

    /// Answers TLS-ALPN-01.
    pub(super) fn over_tls(port: u16, challenges: &Arc<Challenges>) -> Result<Self, NetError> {
        let mut config = ServerConfig::builder_with_provider(certificate::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| NetError::Tls(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Proofs(challenges.clone())));
        config.alpn_protocols = vec![ACME_TLS_ALPN.to_vec()];
        let answers = Answers::Tls(TlsAcceptor::from(Arc::new(config)));
        Ok(Self { listener: listen(port, "acme.tls_alpn01_challenge")?, answers })
    }

    /// Answers until it is dropped, with the connections that it has.
    pub(super) async fn serve(self) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    let answers = self.answers.clone();
                    // They end with the set, and the set with the order, which is a task that core tracks.
                    connections.spawn(async move { tokio::time::timeout(TIMEOUT, answers.give(accepted.stream)).await });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn listen(port: u16, setting_key: &str) -> Result<Listener, NetError> {
    Listener::bind(&BindSpec { address: String::new(), port, setting_key: setting_key.into() })
}

impl Answers {
    async fn give(self, mut stream: TcpStream) {
        match self {
            Self::Http(challenges) => {
                let mut head = vec![0; LARGEST];
                let mut length = 0;
                while let Ok(read @ 1..) = stream.read(&mut head[length..]).await {
                    length += read;
                    if length == LARGEST || head[..length].windows(4).any(|four| four == b"\r\n\r\n") {
                        break;
                    }
                }
                let answer = respond(&challenges, &head[..length]);
                if stream.write_all(answer.as_bytes()).await.is_ok() {
                    let _ = stream.shutdown().await;
                }
            }
            // The handshake is the proof (RFC 8737 section 3).
            Self::Tls(acceptor) => {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.shutdown().await;
                }
            }
        }
    }
}

/// The whole answer to the head of a request.
fn respond(challenges: &Challenges, head: &[u8]) -> String {
    let with = |status: &str, text: &str| {
        let length = text.len();
        let headers = "Content-Type: text/plain\r\nConnection: close\r\nX-Content-Type-Options: nosniff";
        format!("HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{text}")
    };
    let Ok(head) = std::str::from_utf8(head) else {
        return with("400 Bad Request", "");
    };
    let mut lines = head.split("\r\n");
    let mut request = lines.next().unwrap_or_default().split(' ');
    let (Some("GET"), Some(path)) = (request.next(), request.next()) else {
        return with("400 Bad Request", "");
    };
    let header = |wanted: &str| {
        let mut headers = lines.clone().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    match challenges.http_answer(path, header) {
        Some(text) => with("200 OK", &text),
        None => with("404 Not Found", "no challenge"),
    }
}

/// Shows nothing but proofs.
#[derive(Debug)]
struct Proofs(Arc<Challenges>);

impl ResolvesServerCert for Proofs {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.certificate(hello.server_name()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // ACME-005
    #[test]
    fn only_the_challenge_of_now_is_answered() {
        let challenges = Arc::new(Challenges::new(None));
        let _offer = challenges.offer_over_http("token", "files.example", "token.print");
        let ask = |head: &str| respond(&challenges, head.as_bytes());
        let found = ask("GET /.well-known/acme-challenge/token HTTP/1.1\r\nUser-Agent: x\r\nhost: files.example\r\n\r\n");
        assert!(found.starts_with("HTTP/1.1 200 OK\r\n") && found.ends_with("\r\n\r\ntoken.print"), "{found}");
        for head in [
            "GET /.well-known/acme-challenge/other HTTP/1.1\r\nHost: files.example\r\n\r\n",
            "GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: other.example\r\n\r\n",
            "GET /.well-known/acme-challenge/token HTTP/1.1\r\n\r\nHost: files.example\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: files.example\r\n\r\n",
        ] {
            assert!(ask(head).starts_with("HTTP/1.1 404"), "{head}");
        }
        assert!(ask("POST /.well-known/acme-challenge/token HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400"));
    }

    proptest! {
        #[test]
        fn no_head_makes_it_panic(head in proptest::collection::vec(any::<u8>(), 0..300)) {
            let challenges = Challenges::new(None);
            prop_assert!(respond(&challenges, &head).starts_with("HTTP/1.1 4"));
        }
    }
}
