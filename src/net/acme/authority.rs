//! Talking to the authority: HTTP with limits on time and size, and errors in words that an operator can act on.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use rustls::ClientConfig;

use crate::{
    fetch::{causes, trusted_roots},
    tls::certificate,
};

/// One request, with its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// No answer of an authority is larger.
const LARGEST: usize = 1 << 20;

/// Why a certificate was not obtained. The text holds what the authority said.
#[derive(Debug)]
pub(super) struct AcmeError {
    pub(super) text: String,
    /// The authority does not know the account (any more).
    pub(super) is_unknown_account: bool,
}

impl AcmeError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_unknown_account: false }
    }
}

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Error> for AcmeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self {
                is_unknown_account: problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist"),
                text: describe(&problem),
            },
            Error::Timeout(_) => Self::new("the authority did not come to a decision in time"),
            other => Self::new(causes(&other)),
        }
    }
}

/// A problem (RFC 7807) as the authority worded it.
pub(super) fn describe(problem: &Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    let kind = kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind);
    let mut text = problem.detail.clone().unwrap_or_else(|| "no reason given".to_owned());
    if !kind.is_empty() {
        text = format!("{text} ({kind})");
    }
    for inner in &problem.subproblems {
        text = format!("{text}; {inner}");
    }
    // Others wrote it, and it goes to logs and terminals.
    text.chars().filter(|c| !c.is_control()).take(2000).collect()
}

/// The client of HTTP.
pub(super) struct Web(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl Web {
    /// Trusts what [`trusted_roots`] says.
    pub(super) fn new() -> Result<Self, AcmeError> {
        let config = ClientConfig::builder_with_provider(certificate::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| AcmeError::new(error.to_string()))?
            .with_root_certificates(Arc::new(trusted_roots()))
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let address = request.uri().to_string();
        let answer = self.0.request(request);
        Box::pin(async move {
            let exchange = async {
                let (parts, body) = answer.await.map_err(|error| failed(&address, &error))?.into_parts();
                let body = Limited::new(body, LARGEST).collect().await;
                let body = body.map_err(|error| failed(&address, error.as_ref()))?.to_bytes();
                Ok(BytesResponse { parts, body: Box::new(body) })
            };
            match tokio::time::timeout(TIMEOUT, exchange).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Error::Other(format!("{address}: no answer within {} s", TIMEOUT.as_secs()).into())),
            }
        })
    }
}

fn failed(address: &str, error: &(dyn std::error::Error + 'static)) -> Error {
    Error::Other(format!("{address}: {}", causes(error)).into())
}
