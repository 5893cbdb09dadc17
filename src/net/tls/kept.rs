//! A certificate that is no file: it is handed over, and may be exchanged at any time (TLS-008).

use std::{fmt, path::Path, sync::Arc, time::SystemTime};

use arc_swap::ArcSwapOption;
use entrepot_model::certificate::CertificateFacts;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use super::certificate;
use crate::NetError;

/// A certificate with its key that was understood.
#[derive(Clone)]
pub struct CertificatePair(Arc<CertifiedKey>);

/// What of a certificate with its key is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairFault {
    /// The chain.
    Chain(String),
    /// The key.
    Key(String),
}

impl CertificatePair {
    /// Reads a chain (PEM, the server's own certificate first) with its key (PEM: PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// What is wrong; no text of the key is repeated.
    pub fn read(chain: &str, key: &str) -> Result<Self, PairFault> {
        let certificates = chain_of(chain).map_err(PairFault::Chain)?;
        if key.contains("ENCRYPTED") {
            let reason = "it is protected by a passphrase, which nobody can type when the server starts: remove it first";
            return Err(PairFault::Key(reason.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| PairFault::Key("holds no private key in PEM form without a passphrase".to_owned()))?;
        let fits = |chain: Vec<CertificateDer<'static>>| CertifiedKey::from_der(chain, key.clone_key(), &certificate::provider());
        match fits(certificates.clone()) {
            Ok(certified) => Ok(Self(Arc::new(certified))),
            Err(_) if certificates.iter().skip(1).any(|other| fits(vec![other.clone()]).is_ok()) => {
                let reason = "the key belongs to another certificate of the chain: the server's own one must come first";
                Err(PairFault::Chain(reason.to_owned()))
            }
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(PairFault::Key("the key does not belong to the certificate".to_owned()))
            }
            Err(error) => Err(PairFault::Key(format!("the key is not usable with the certificate: {error}"))),
        }
    }

    /// What the certificate says of itself.
    pub fn facts(&self) -> CertificateFacts {
        facts(&self.0.cert).unwrap_or_default()
    }
}

impl fmt::Debug for CertificatePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificatePair").field("fingerprint", &certificate::fingerprint(&self.0)).finish()
    }
}

/// What the first certificate of a chain in PEM form says of itself; `None` if it cannot be understood.
pub fn describe(chain: &str) -> Option<CertificateFacts> {
    facts(&chain_of(chain).ok()?)
}

fn chain_of(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    certificate::chain(Path::new(""), pem.as_bytes()).map_err(|error| match error {
        NetError::Certificate { reason, .. } => reason,
        other => other.to_string(),
    })
}

fn facts(chain: &[CertificateDer<'static>]) -> Option<CertificateFacts> {
    let (_, parsed) = x509_parser::parse_x509_certificate(chain.first()?).ok()?;
    let millis = |time: x509_parser::time::ASN1Time| {
        let since = certificate::time(time).and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    };
    Some(CertificateFacts {
        names: names(&parsed),
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        not_before: millis(parsed.validity().not_before),
        not_after: millis(parsed.validity().not_after),
        fingerprint: certificate::fingerprint_of(chain.first()?),
        chain_length: chain.len(),
    })
}

/// Names and addresses it is for.
fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    };
    alternatives.value.general_names.iter().filter_map(name).collect()
}

/// The place of a certificate that listeners share. Clones are the same place.
#[derive(Clone, Default)]
pub struct KeptCertificate(Arc<ArcSwapOption<CertifiedKey>>);

impl KeptCertificate {
    /// Puts a certificate into it, or takes it out. Listeners show it from the reload of their store on.
    pub fn set(&self, pair: Option<CertificatePair>) {
        self.0.store(pair.map(|pair| pair.0));
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.0.load().is_some()
    }

    pub(super) fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

impl PartialEq for KeptCertificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for KeptCertificate {}

impl fmt::Debug for KeptCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptCertificate").field("is_there", &self.is_there()).finish()
    }
}

#[cfg(test)]
mod tests;
