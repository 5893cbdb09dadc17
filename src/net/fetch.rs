//! Reading what another server says over HTTP: one request, bounded in time and size, with the trust that section `http` of the
//! settings describes.

mod any_certificate;

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use entrepot_config::Settings;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};

use crate::tls::certificate;

/// Why nothing was read, in words for an operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(String);

/// Asks one server.
pub struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    timeout: Duration,
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The authorities of the system, so that a company's own one works; a system that has none (a bare container) gets Mozilla's.
/// It reads files.
pub(crate) fn trusted_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

impl Fetcher {
    /// For the server at `url`. It reads files, and belongs into a pool for that.
    ///
    /// # Errors
    /// A file of authorities that cannot be read, or a timeout that is none.
    pub fn for_server(settings: &Settings, url: &str) -> Result<Self, FetchError> {
        let http = &settings.http;
        let files: Vec<PathBuf> = http.ca_certificates.iter().map(|file| settings.resolve(file)).collect();
        let builder = ClientConfig::builder_with_provider(certificate::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| FetchError(error.to_string()))?;
        let config = if http.takes_any_certificate(url) {
            builder.dangerous().with_custom_certificate_verifier(any_certificate::verifier()).with_no_client_auth()
        } else {
            let mut roots = trusted_roots();
            for file in &files {
                let pem = certificate::read(file).map_err(|error| FetchError(format!("http.ca_certificates: {error}")))?;
                let chain = certificate::chain(file, &pem);
                let chain = chain.map_err(|error| FetchError(format!("http.ca_certificates: {error}")))?;
                roots.add_parsable_certificates(chain);
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        };
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        let timeout = Duration::try_from_secs_f64(http.timeout).map_err(|error| FetchError(format!("http.timeout: {error}")))?;
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), timeout })
    }

    /// The body at `url`, at most `largest` bytes. A redirect is not followed: the settings name the server that is asked.
    ///
    /// # Errors
    /// No answer in time, another status than 200, or a longer body.
    pub async fn get(&self, url: &str, largest: usize) -> Result<Bytes, FetchError> {
        let request = Request::get(url).header(header::USER_AGENT, "Entrepot").header(header::ACCEPT_ENCODING, "identity");
        let request = request.body(Empty::new()).map_err(|error| FetchError(format!("{url}: {error}")))?;
        let failed = |error: &(dyn std::error::Error + 'static)| FetchError(format!("{url}: {}", causes(error)));
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
            if answer.status() != StatusCode::OK {
                return Err(FetchError(format!("{url}: the answer is {}", answer.status())));
            }
            let body = Limited::new(answer.into_body(), largest).collect().await;
            Ok(body.map_err(|error| failed(error.as_ref()))?.to_bytes())
        };
        let outcome = tokio::time::timeout(self.timeout, exchange).await;
        outcome.unwrap_or_else(|_| Err(FetchError(format!("{url}: no answer within {} s", self.timeout.as_secs_f64()))))
    }
}

/// The error with all its causes, each once: "client error (Connect)" alone helps nobody.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
        let folder = tempfile::tempdir().expect("folder");
        let mut settings = entrepot_config::load(Sources::new(folder.path())).expect("settings").settings;
        change(&mut settings);
        settings
    }

    /// A server that gives one answer to each of `count` connections.
    async fn server(answer: &'static str, count: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = format!("http://{}/x", listener.local_addr().expect("address"));
        #[expect(clippy::disallowed_methods, reason = "the other end of a test")]
        tokio::spawn(async move {
            for _ in 0..count {
                let (mut stream, _) = listener.accept().await.expect("accepted");
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    // API-236
    #[tokio::test]
    async fn answers_are_bounded_and_redirects_are_not_followed() {
        let fetch = |url: String, largest| async move {
            let fetcher = Fetcher::for_server(&settings(|_| {}), &url).expect("fetcher");
            fetcher.get(&url, largest).await.map_err(|error| error.to_string())
        };
        let full = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
        let url = server(full, 2).await;
        assert_eq!(fetch(url.clone(), 5).await.as_deref(), Ok(&b"hello"[..]));
        assert!(fetch(url, 4).await.is_err());
        let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert!(fetch(server(moved, 1).await, 5).await.expect_err("refused").contains("302"));
    }

    // CFG-287
    #[tokio::test]
    async fn authorities_that_cannot_be_read_are_named() {
        let settings = settings(|settings| settings.http.ca_certificates = vec!["nowhere.pem".into()]);
        let error = Fetcher::for_server(&settings, "https://office.example.com").expect_err("refused").to_string();
        assert!(error.contains("http.ca_certificates") && error.contains("nowhere.pem"), "{error}");
    }

    // CFG-290, CFG-364
    #[test]
    fn any_certificate_is_taken_only_where_the_settings_say_so() {
        let named = settings(|settings| {
            let url = "https://office.lan/".to_owned();
            settings.http.skip_tls_verify_for_urls = vec![entrepot_config::settings::UrlPrefix { url }];
        });
        assert!(named.http.takes_any_certificate("https://office.lan/hosting/discovery"));
        assert!(!named.http.takes_any_certificate("https://office.lan.example.com/"));
        assert!(settings(|settings| settings.http.skip_tls_verify = true).http.takes_any_certificate("https://anything"));
        assert!(!settings(|_| {}).http.takes_any_certificate("https://anything"));
    }
}
