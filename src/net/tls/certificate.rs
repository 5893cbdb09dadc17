//! Reading a certificate with its key, and what people compare: the fingerprint.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::NetError;

/// The one cryptography stack.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, NetError> {
    fs::read(path).map_err(|source| NetError::CertificateFile { path: path.into(), source })
}

/// A chain (PEM, the server's own certificate first) with its key (PEM: PKCS#8, PKCS#1 or SEC1).
pub(super) fn parse(chain_path: &Path, chain: &[u8], key_path: &Path, key: &[u8]) -> Result<Arc<CertifiedKey>, NetError> {
    let wrong = |path: &Path, reason: String| NetError::Certificate { path: path.into(), reason };
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(chain_path, format!("not a certificate in PEM form: {error}")))?;
    if certificates.is_empty() {
        return Err(wrong(chain_path, "holds no certificate in PEM form".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| wrong(key_path, format!("holds no private key in PEM form without a passphrase: {error}")))?;
    let certified = CertifiedKey::from_der(certificates, key, &provider())
        .map_err(|error| wrong(key_path, format!("the key is not usable with {}: {error}", chain_path.display())))?;
    Ok(Arc::new(certified))
}

/// SHA-256 of the certificate, as browsers show it: `7C:9A:…`.
pub(super) fn fingerprint(certified: &CertifiedKey) -> String {
    let Some(certificate) = certified.cert.first() else {
        return String::new();
    };
    let hash = digest::digest(&digest::SHA256, certificate);
    let pairs: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// When the certificate ends; `None` if it cannot be read.
pub(super) fn not_after(certified: &CertifiedKey) -> Option<SystemTime> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certified.cert.first()?).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
