//! What the settings ask for.

use std::path::PathBuf;

use entrepot_config::Settings;

use crate::{NetError, tls::CertificateSource};

/// The certificates to keep, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The names of each certificate; its files are called by the first.
    pub certificates: Vec<Vec<String>>,
    /// Where accounts, certificates and keys are kept.
    pub directory: PathBuf,
    pub(super) email: String,
    pub(super) key_type: KeyType,
    pub(super) endpoint: String,
    pub(super) renew_days: u32,
    pub(super) http01: Option<Http01>,
    pub(super) tls_alpn01: Option<u16>,
    proxy_header: Option<String>,
}

/// How proofs over HTTP are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Http01 {
    /// By this server, on this port or where it is forwarded from.
    Port(u16),
    /// By another web server that serves this folder.
    Webroot(PathBuf),
}

/// Kinds of keys of certificates (CFG-051).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// RSA, with so many bits.
    Rsa(u32),
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

impl KeyType {
    /// Reads the text of the setting.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "2048" => Some(Self::Rsa(2048)),
            "3072" => Some(Self::Rsa(3072)),
            "4096" => Some(Self::Rsa(4096)),
            "8192" => Some(Self::Rsa(8192)),
            "P256" => Some(Self::P256),
            "P384" => Some(Self::P384),
            _ => None,
        }
    }
}

impl Plan {
    /// The plan of section `acme`; `None` if it names no domain.
    ///
    /// # Errors
    /// The type of keys is unknown; the check at loading finds that earlier.
    pub fn from_settings(settings: &Settings) -> Result<Option<Self>, NetError> {
        let acme = &settings.acme;
        let certificates = acme.certificates();
        if certificates.is_empty() {
            return Ok(None);
        }
        let key_type = KeyType::parse(&acme.key_type)
            .ok_or_else(|| NetError::Tls(format!("acme.key_type is {:?}, which is no kind of key", acme.key_type)))?;
        let http = &acme.http01_challenge;
        let http01 = if http.webroot.is_empty() {
            (http.port != 0).then_some(Http01::Port(http.port))
        } else {
            Some(Http01::Webroot(http.webroot.clone().into()))
        };
        Ok(Some(Self {
            certificates,
            directory: settings.resolve(&acme.certs_path),
            email: acme.email.trim().to_owned(),
            key_type,
            endpoint: acme.ca_endpoint.clone(),
            renew_days: acme.renew_days,
            http01,
            tls_alpn01: Some(acme.tls_alpn01_challenge.port).filter(|port| *port != 0),
            proxy_header: Some(http.proxy_header.clone()).filter(|header| !header.is_empty()),
        }))
    }

    /// Header that carries the host name of challenges, if it is not `Host`.
    pub fn proxy_header(&self) -> Option<String> {
        self.proxy_header.clone()
    }

    /// Whether proofs are given over TLS, by every HTTPS listener.
    pub fn proves_over_tls(&self) -> bool {
        self.tls_alpn01.is_some()
    }

    /// Where the certificates will lie, in the order of the settings (ACME-004).
    pub fn sources(&self) -> Vec<CertificateSource> {
        self.certificates
            .iter()
            .filter_map(|names| names.first())
            .map(|name| CertificateSource::Obtained { certificate: self.chain_file(name), key: self.key_file(name) })
            .collect()
    }

    pub(super) fn chain_file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.crt"))
    }

    pub(super) fn key_file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.key"))
    }
}
