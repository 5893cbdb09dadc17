//! Where a listener's certificate comes from, and how it is replaced under load.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{certificate, self_signed};
use crate::NetError;

/// Where the certificate lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Files of the administrator, PEM.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its key, without a passphrase.
        key: PathBuf,
    },
    /// Made by this server and kept in `directory`.
    SelfSigned {
        /// Folder, made with mode 0700 if missing.
        directory: PathBuf,
    },
}

/// What a reload found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files are as they were.
    Unchanged,
    /// New handshakes use the new certificate.
    Replaced,
}

/// Size and time of change of the files: what a reload compares (TLS-003).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp(Vec<(u64, Option<SystemTime>)>);

/// A certificate with its key that handshakes read without a lock.
pub struct CertificateStore {
    source: CertificateSource,
    current: ArcSwap<CertifiedKey>,
    stamp: ArcSwapOption<Stamp>,
}

impl CertificateStore {
    /// Reads the certificate; a self-signed one is made if there is none.
    ///
    /// # Errors
    /// A file cannot be read or written, or certificate and key do not fit.
    pub fn open(source: CertificateSource) -> Result<Self, NetError> {
        let certified = load(&source)?;
        let stamp = stamp(&source);
        Ok(Self { source, current: ArcSwap::new(certified), stamp: ArcSwapOption::from(stamp.map(Arc::new)) })
    }

    /// Reads the files again if they changed; a self-signed certificate that ends soon is replaced. When it fails, the
    /// former certificate stays in use.
    ///
    /// # Errors
    /// As [`CertificateStore::open`].
    pub fn reload(&self) -> Result<Reload, NetError> {
        let found = stamp(&self.source);
        let is_file = matches!(self.source, CertificateSource::Files { .. });
        if is_file && found.is_some() && self.stamp.load().as_deref() == found.as_ref() {
            return Ok(Reload::Unchanged);
        }
        let certified = load(&self.source)?;
        self.stamp.store(found.map(Arc::new));
        let former = self.current.swap(certified.clone());
        if former.cert == certified.cert {
            return Ok(Reload::Unchanged);
        }
        tracing::info!(fingerprint = certificate::fingerprint(&certified), "TLS certificate replaced");
        Ok(Reload::Replaced)
    }

    /// SHA-256 of the certificate in use, as browsers show it.
    pub fn fingerprint(&self) -> String {
        certificate::fingerprint(&self.current.load())
    }

    /// When the certificate in use ends.
    pub fn not_after(&self) -> Option<SystemTime> {
        certificate::not_after(&self.current.load())
    }

    /// Whether it was made by this server: then browsers warn at the first visit.
    pub fn is_self_signed(&self) -> bool {
        matches!(self.source, CertificateSource::SelfSigned { .. })
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateStore").field("source", &self.source).field("fingerprint", &self.fingerprint()).finish()
    }
}

fn load(source: &CertificateSource) -> Result<Arc<CertifiedKey>, NetError> {
    match source {
        CertificateSource::Files { certificate: chain, key } => {
            certificate::parse(chain, &certificate::read(chain)?, key, &certificate::read(key)?)
        }
        CertificateSource::SelfSigned { directory } => self_signed::load_or_make(directory, SystemTime::now()),
    }
}

fn stamp(source: &CertificateSource) -> Option<Stamp> {
    let of = |path: &Path| fs::metadata(path).ok().map(|found| (found.len(), found.modified().ok()));
    let files = match source {
        CertificateSource::Files { certificate, key } => vec![of(certificate)?, of(key)?],
        CertificateSource::SelfSigned { directory } => vec![of(&self_signed::path_in(directory))?],
    };
    Some(Stamp(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate with its key as two files, as administrators have them.
    fn files(folder: &Path, name: &str) -> CertificateSource {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let source = CertificateSource::Files { certificate: folder.join("chain.pem"), key: folder.join("key.pem") };
        // A comment of varying length makes the size differ: the clock of a file system may be too coarse to tell.
        fs::write(folder.join("chain.pem"), format!("# {name}\n{}", made.pem())).unwrap();
        fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        source
    }

    // TLS-003
    #[test]
    fn changed_files_are_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = CertificateStore::open(files(folder.path(), "one.example")).unwrap();
        let first = store.fingerprint();
        assert_eq!(store.reload().unwrap(), Reload::Unchanged);
        files(folder.path(), "another.example");
        assert_eq!(store.reload().unwrap(), Reload::Replaced);
        assert_ne!(store.fingerprint(), first);
    }

    // TLS-003
    #[test]
    fn failed_reload_keeps_the_former_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let store = CertificateStore::open(files(folder.path(), "one.example")).unwrap();
        let first = store.fingerprint();
        fs::write(folder.path().join("key.pem"), "not a key").unwrap();
        let error = store.reload().unwrap_err().to_string();
        assert!(error.contains("key.pem"), "{error}");
        assert_eq!(store.fingerprint(), first);
    }

    #[test]
    fn key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let source = files(folder.path(), "one.example");
        let stranger = rcgen::KeyPair::generate().unwrap();
        fs::write(folder.path().join("key.pem"), stranger.serialize_pem()).unwrap();
        assert!(matches!(CertificateStore::open(source), Err(NetError::Certificate { .. })));
    }

    #[test]
    fn debug_output_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = CertificateStore::open(files(folder.path(), "one.example")).unwrap();
        let text = format!("{store:?}");
        assert!(text.contains("fingerprint") && !text.contains("PRIVATE"), "{text}");
    }
}
