//! The certificate that services without files of their own show, as administrators see it (TLS-008). Its key is never shown.

use serde::{Deserialize, Serialize};

/// Bits of the services that a certificate is for.
pub const HTTPS: i64 = 1;
/// FTPS.
pub const FTPS: i64 = 2;
/// WebDAV over HTTPS.
pub const WEBDAV: i64 = 4;
/// All of them.
pub const EVERY: i64 = HTTPS | FTPS | WEBDAV;

/// What a certificate says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// Whom it names as its owner.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when on it is valid, in Unix milliseconds.
    pub not_before: i64,
    /// Until when it is valid, in Unix milliseconds.
    pub not_after: i64,
    /// SHA-256 of it, as browsers show it.
    pub fingerprint: String,
    /// Certificates in the chain, its own among them.
    pub chain_length: usize,
}

/// The certificate of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// What it says of itself.
    #[serde(flatten)]
    pub facts: CertificateFacts,
    /// The chain in PEM form.
    pub certificate: String,
    /// Services it is for: 1 HTTPS, 2 FTPS, 4 WebDAV.
    pub protocols: i64,
    /// When it was put here, in Unix milliseconds.
    pub updated_at: i64,
    /// Whether a listener shows it now.
    pub is_shown: bool,
}
