//! How the server proves who it is: the keys and certificates that are kept in the database. What understands them and shows
//! them to clients is in rooms above; `cli` wires it.

use std::{fmt, sync::Arc};

use entrepot_model::{certificate::CertificateFacts, host_key::HostKeyKind};
use entrepot_secrets::Sensitive;
use parking_lot::RwLock;
use tokio::sync::Semaphore;

use crate::Core;

/// A host key with its private half.
pub struct PrivateHostKey {
    /// The private key in OpenSSH's form, without a passphrase.
    pub text: Sensitive<String>,
    /// Its public half: type and base64.
    pub public_key: String,
}

/// What a public key tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyFacts {
    /// Its type, as SSH names it.
    pub kind: String,
    /// Its length in bits.
    pub bits: u32,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Signatures it may be offered with; none where the settings do not allow its type.
    pub algorithms: Vec<String>,
}

/// A host key that new connections are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedHostKey {
    /// Its public half: type and base64.
    pub public_key: String,
    /// Its file; empty if it is kept in the database.
    pub path: String,
}

/// The SSH server, as far as it is about its keys. `generate`, `read`, `check` and `offer` may block.
pub trait HostKeyService: Send + Sync + 'static {
    /// Makes a key.
    ///
    /// # Errors
    /// Why not.
    fn generate(&self, kind: HostKeyKind) -> Result<PrivateHostKey, String>;

    /// Understands a private key in PEM or OpenSSH's form.
    ///
    /// # Errors
    /// Why it is of no use, for who sent it.
    fn read(&self, text: &str) -> Result<PrivateHostKey, String>;

    /// What a public key tells; `None` if it is none.
    fn describe(&self, public_key: &str) -> Option<HostKeyFacts>;

    /// Whether the server could serve with these keys of the database.
    ///
    /// # Errors
    /// Why not.
    fn check(&self, kept: &[Sensitive<String>]) -> Result<(), String>;

    /// Offers these keys of the database from now on, the preferred ones first.
    fn offer(&self, kept: &[Sensitive<String>]);

    /// What is offered, the preferred ones first.
    fn offered(&self) -> Vec<OfferedHostKey>;

    /// What is offered and is a file now, with its private half.
    fn files(&self) -> Vec<PrivateHostKey>;
}

/// A certificate with its key, in PEM form.
pub struct CertificatePair {
    /// The chain, the server's own certificate first.
    pub certificate: String,
    /// The key, without a passphrase.
    pub private_key: Sensitive<String>,
}

/// Why a certificate is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFault {
    /// `certificate` or `private_key`.
    pub field: &'static str,
    /// The reason, for who sent it.
    pub reason: String,
}

/// The listeners over TLS, as far as it is about the certificate of the database. `show` may block.
pub trait CertificateService: Send + Sync + 'static {
    /// Understands a certificate with its key.
    ///
    /// # Errors
    /// What of it is wrong.
    fn read(&self, pair: &CertificatePair) -> Result<CertificateFacts, CertificateFault>;

    /// What the first certificate of a chain says of itself; `None` if it cannot be understood.
    fn describe(&self, chain: &str) -> Option<CertificateFacts>;

    /// Shows it from now on, or none.
    fn show(&self, pair: Option<&CertificatePair>);

    /// Whether a listener shows it now.
    fn is_shown(&self) -> bool;
}

/// Who shows what is kept.
pub struct Identity {
    host_keys: RwLock<Option<Arc<dyn HostKeyService>>>,
    certificate: RwLock<Option<Arc<dyn CertificateService>>>,
    /// Changes go one after the other, so that what is shown last is what was stored last.
    pub(crate) turn: Semaphore,
}

impl Default for Identity {
    fn default() -> Self {
        Self { host_keys: RwLock::default(), certificate: RwLock::default(), turn: Semaphore::new(1) }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Hands over the SSH server.
    pub fn show_host_keys_with(&self, service: Arc<dyn HostKeyService>) {
        *self.host_keys.write() = Some(service);
    }

    /// The SSH server, if it is on.
    pub(crate) fn host_keys(&self) -> Option<Arc<dyn HostKeyService>> {
        self.host_keys.read().clone()
    }

    /// Hands over the listeners over TLS.
    pub fn show_certificate_with(&self, service: Arc<dyn CertificateService>) {
        *self.certificate.write() = Some(service);
    }

    /// The listeners over TLS, if the web is on.
    pub(crate) fn certificate(&self) -> Option<Arc<dyn CertificateService>> {
        self.certificate.read().clone()
    }
}

impl Core {
    /// Who shows the keys and certificates that are kept in the database.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }
}
