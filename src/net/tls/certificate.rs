//! Reading a certificate with its key, and what people compare: the fingerprint.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use entrepot_config::regular_file;
use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use crate::NetError;

/// No chain, key or list of authorities is larger; a revocation list may be.
const LARGEST: u64 = 32 << 20;

/// The one cryptography stack.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Reads a whole file of a sensible size.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, NetError> {
    regular_file::read(path, LARGEST).map_err(|error| {
        let source = match error.kind() {
            io::ErrorKind::FileTooLarge => {
                io::Error::new(error.kind(), "larger than 32 MiB, which no certificate, key or revocation list is")
            }
            _ => error,
        };
        NetError::CertificateFile { path: path.into(), source }
    })
}

pub(super) fn wrong(path: &Path, reason: impl Into<String>) -> NetError {
    NetError::Certificate { path: path.into(), reason: reason.into() }
}

/// The certificates of a file in PEM form: at least one, each of which can be understood.
pub(crate) fn chain(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(path, format!("not a certificate in PEM form: {error}")))?;
    if certificates.is_empty() {
        return Err(wrong(path, "holds no certificate in PEM form"));
    }
    for (index, certificate) in certificates.iter().enumerate() {
        let (rest, _) = x509_parser::parse_x509_certificate(certificate)
            .map_err(|error| wrong(path, format!("certificate {} in it is malformed: {error}", index + 1)))?;
        if !rest.is_empty() {
            return Err(wrong(path, format!("certificate {} in it is malformed: data follows its end", index + 1)));
        }
    }
    Ok(certificates)
}

/// A chain (PEM, the server's own certificate first) with its key (PEM: PKCS#8, PKCS#1 or SEC1).
pub(crate) fn parse(chain_path: &Path, pem: &[u8], key_path: &Path, key: &[u8]) -> Result<Arc<CertifiedKey>, NetError> {
    let certificates = chain(chain_path, pem)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| wrong(key_path, format!("holds no private key in PEM form without a passphrase: {error}")))?;
    let certified = CertifiedKey::from_der(certificates, key, &provider())
        .map_err(|error| wrong(key_path, format!("the key is not usable with {}: {error}", chain_path.display())))?;
    Ok(Arc::new(certified))
}

/// SHA-256 of the certificate, as browsers show it: `7C:9A:…`.
pub(super) fn fingerprint(certified: &CertifiedKey) -> String {
    certified.cert.first().map(fingerprint_of).unwrap_or_default()
}

/// The same of a certificate without its key.
pub(super) fn fingerprint_of(certificate: &CertificateDer<'_>) -> String {
    let hash = digest::digest(&digest::SHA256, certificate);
    let pairs: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn parsed(certified: &CertifiedKey) -> Option<X509Certificate<'_>> {
    Some(x509_parser::parse_x509_certificate(certified.cert.first()?).ok()?.1)
}

/// A time of a certificate.
pub(super) fn time(time: x509_parser::time::ASN1Time) -> Option<SystemTime> {
    let seconds = u64::try_from(time.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// From when to when it is valid; `None` if it cannot be read.
pub(crate) fn validity(certified: &CertifiedKey) -> Option<(SystemTime, SystemTime)> {
    let parsed = parsed(certified)?;
    Some((time(parsed.validity().not_before)?, time(parsed.validity().not_after)?))
}

/// When the certificate ends; `None` if it cannot be read.
pub(super) fn not_after(certified: &CertifiedKey) -> Option<SystemTime> {
    validity(certified).map(|(_, end)| end)
}

/// The names it is for, in lower case; addresses are no names.
pub(crate) fn names(certified: &CertifiedKey) -> Vec<String> {
    let Some(parsed) = parsed(certified) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let names = alternatives.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    names.collect()
}
