//! TLS: certificates that can be replaced while the server runs, and the configuration of a listener.

#![allow(clippy::disallowed_methods, reason = "certificates are files, and this room reads and writes them")]

mod certificate;
mod self_signed;
mod store;

use std::sync::Arc;

use rustls::{ServerConfig, SupportedProtocolVersion, version};

use crate::NetError;
pub use store::{CertificateSource, CertificateStore, Reload};

/// The configuration of one listener: certificates from `store`, the protocols of `alpn` in order of preference, and
/// `min_version` as settings write it (12 or 13; 10 and 11 count as 12, TLS-001).
///
/// # Errors
/// `min_version` is no version of TLS.
pub fn server_config(store: Arc<CertificateStore>, alpn: &[&str], min_version: i64) -> Result<Arc<ServerConfig>, NetError> {
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
    let mut config = ServerConfig::builder_with_provider(certificate::provider())
        .with_protocol_versions(versions)
        .map_err(|error| NetError::Tls(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(store);
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Arc<CertificateStore>) {
        let folder = tempfile::tempdir().unwrap();
        let source = CertificateSource::SelfSigned { directory: folder.path().join("certificates") };
        let store = Arc::new(CertificateStore::open(source).unwrap());
        (folder, store)
    }

    // TLS-001
    #[test]
    fn versions_below_1_2_are_taken_as_1_2_and_others_refused() {
        let (_folder, store) = store();
        assert!(server_config(store.clone(), &[], 10).is_ok());
        assert!(server_config(store.clone(), &[], 13).is_ok());
        assert!(server_config(store.clone(), &[], 3).is_err());
        assert!(server_config(store, &[], 14).is_err());
    }

    // HTTP-037
    #[test]
    fn protocols_are_offered_in_the_given_order() {
        let (_folder, store) = store();
        let config = server_config(store, &["h2", "http/1.1"], 12).unwrap();
        assert_eq!(config.alpn_protocols, vec![b"h2".to_vec(), b"http/1.1".to_vec()]);
    }
}
