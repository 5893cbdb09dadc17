//! TLS: certificates that can be replaced while the server runs, and the configuration of a listener.

#![allow(clippy::disallowed_methods, reason = "certificates are files, and this room reads and writes them")]

pub(crate) mod certificate;
mod clients;
mod kept;
mod self_signed;
mod store;
mod suites;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::{ServerConfig, SupportedProtocolVersion, version};

use crate::{NetError, acme::ACME_TLS_ALPN};
pub use clients::ClientAuthorities;
pub use kept::{CertificatePair, KeptCertificate, PairFault, describe};
pub use store::{CertificateSource, CertificateStore, Reload};

/// What a listener over TLS is told by its settings.
pub struct TlsOptions<'a> {
    /// Certificates that it shows, picked by the name that a client asks for.
    pub certificates: Arc<CertificateStore>,
    /// Protocols offered by ALPN, the most wanted first; empty offers none.
    pub protocols: &'a [&'a str],
    /// Oldest version, as settings write it: 12 or 13; 10 and 11 count as 12 (TLS-001).
    pub min_version: i64,
    /// Suites of TLS 1.2 by their IANA names, the most wanted first; empty is the default (TLS-007).
    pub cipher_suites: &'a [String],
    /// Client certificates, if they are asked for.
    pub clients: Option<ClientAuthentication>,
}

/// Whose client certificates are believed, and whether there must be one.
#[derive(Clone)]
pub struct ClientAuthentication {
    /// Authorities and revocation lists.
    pub authorities: Arc<ClientAuthorities>,
    /// A client without a certificate is refused.
    pub is_required: bool,
}

/// The configuration of one listener without client certificates, with the default suites.
///
/// # Errors
/// `min_version` is no version of TLS.
pub fn server_config(store: Arc<CertificateStore>, alpn: &[&str], min_version: i64) -> Result<Arc<ServerConfig>, NetError> {
    listener_config(&TlsOptions { certificates: store, protocols: alpn, min_version, cipher_suites: &[], clients: None })
}

/// The configuration of one listener. Sessions are resumed; the first key exchange offered is X25519MLKEM768, which a
/// quantum computer does not break (HTTP-044).
///
/// # Errors
/// `min_version` is no version of TLS.
pub fn listener_config(options: &TlsOptions<'_>) -> Result<Arc<ServerConfig>, NetError> {
    let min_version = options.min_version;
    let versions: &[&SupportedProtocolVersion] = match min_version {
        10..=12 => &[&version::TLS13, &version::TLS12],
        13 => &[&version::TLS13],
        other => {
            return Err(NetError::Tls(format!("min_tls_version is {other}; it must be 12 (TLS 1.2) or 13 (TLS 1.3)")));
        }
    };
    if min_version < 12 {
        tracing::warn!(min_version, "TLS 1.0 and 1.1 are not offered; the minimum is TLS 1.2");
    }
    let chosen = suites::provider(options.cipher_suites);
    let versions = if chosen.has_tls12 { versions } else { &[&version::TLS13] };
    let failed = |error: rustls::Error| NetError::Tls(error.to_string());
    let builder = ServerConfig::builder_with_provider(chosen.provider).with_protocol_versions(versions).map_err(failed)?;
    let builder = match &options.clients {
        Some(clients) => builder.with_client_cert_verifier(clients.authorities.verifier(clients.is_required)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(options.certificates.clone());
    config.ignore_client_order = !options.cipher_suites.is_empty();
    match &options.clients {
        // A resumed session is not verified again: these must be forgotten when an authority or a revocation list changes.
        Some(clients) => config.session_storage = clients.authorities.sessions(),
        None => config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().map_err(failed)?,
    }
    config.alpn_protocols = options.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    if options.certificates.answers_challenges() {
        // Without ALPN of its own the listener would now refuse clients that offer another protocol than this one.
        if config.alpn_protocols.is_empty() {
            tracing::debug!("a listener without ALPN answers no TLS-ALPN-01 challenge");
        } else {
            config.alpn_protocols.push(ACME_TLS_ALPN.to_vec());
        }
    }
    Ok(Arc::new(config))
}
