//! Where a listener's certificates come from, how one is picked for a client, and how they are replaced under load.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwap;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{certificate, kept::KeptCertificate, self_signed};
use crate::{
    NetError,
    acme::{ACME_TLS_ALPN, Challenges},
};

/// Where a certificate lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Files of the administrator, PEM.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its key, without a passphrase.
        key: PathBuf,
    },
    /// Files that ACME writes, and that may not be there yet.
    Obtained {
        /// The chain.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// No file: it is handed over, and replaces those that come after it as long as it is there.
    Kept(KeptCertificate),
    /// Made by this server and kept in `directory`.
    SelfSigned {
        /// Folder, made with mode 0700 if missing.
        directory: PathBuf,
    },
    /// What `SelfSigned` would be, for who only tries: nothing is made in the folder, or replaced.
    SelfSignedTrial {
        /// The folder.
        directory: PathBuf,
    },
}

/// What a reload found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files are as they were.
    Unchanged,
    /// New handshakes use what the files hold now.
    Replaced,
}

/// Size and time of change of files: what a reload compares (TLS-003).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(Vec<(u64, Option<SystemTime>)>);

impl Stamp {
    /// `None` if one of the files is not there.
    pub(super) fn of<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Option<Self> {
        let of = |path: &PathBuf| fs::metadata(path).ok().map(|found| (found.len(), found.modified().ok()));
        paths.into_iter().map(of).collect::<Option<_>>().map(Self)
    }
}

/// A certificate that is in use.
#[derive(Clone)]
struct Held {
    certified: Arc<CertifiedKey>,
    names: Arc<[String]>,
}

impl Held {
    fn new(certified: Arc<CertifiedKey>) -> Self {
        Self { names: certificate::names(&certified).into(), certified }
    }

    /// Whether it is for the name itself, or for all names of its domain (RFC 6125 section 6.4.3: one label).
    fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(domain) => {
                name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
            }
            None => own.eq_ignore_ascii_case(name),
        })
    }
}

/// A source, what was read from it last, and what its files looked like then.
#[derive(Clone)]
struct Slot {
    source: CertificateSource,
    held: Option<Held>,
    stamp: Option<Stamp>,
}

/// The certificates of a listener, which handshakes read without a lock. A client is shown the first one that is for the
/// name it asks for, else the first one that there is.
pub struct CertificateStore {
    slots: ArcSwap<Vec<Slot>>,
    /// Who reads again later finds what is newer.
    reloading: Mutex<()>,
    challenges: Option<Arc<Challenges>>,
}

impl CertificateStore {
    /// Reads one certificate; a self-signed one is made if there is none.
    ///
    /// # Errors
    /// A file cannot be read or written, or certificate and key do not fit.
    pub fn open(source: CertificateSource) -> Result<Self, NetError> {
        Self::open_all(vec![source], None)
    }

    /// Reads the certificates, the default first. Those that ACME is still to obtain may be missing, if another one is
    /// there. With `challenges`, handshakes that prove a name to an ACME server are answered (RFC 8737).
    ///
    /// # Errors
    /// As [`CertificateStore::open`], or there is none at all.
    pub fn open_all(sources: Vec<CertificateSource>, challenges: Option<Arc<Challenges>>) -> Result<Self, NetError> {
        let slots: Vec<Slot> = sources.into_iter().map(Slot::open).collect::<Result<_, _>>()?;
        if slots.iter().all(|slot| slot.held.is_none()) {
            return Err(NetError::Tls("there is no certificate".into()));
        }
        Ok(Self { slots: ArcSwap::from_pointee(slots), reloading: Mutex::default(), challenges })
    }

    /// Reads files that changed; a self-signed certificate that ends soon is replaced. Where that fails, the former
    /// certificate stays in use; the others are replaced all the same.
    ///
    /// # Errors
    /// As [`CertificateStore::open`]: the first failure; further ones are logged.
    pub fn reload(&self) -> Result<Reload, NetError> {
        let _turn = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots = self.slots.load().as_ref().clone();
        let (mut found, mut failure) = (Reload::Unchanged, None);
        for slot in &mut slots {
            match slot.reload() {
                Ok(Reload::Unchanged) => {}
                Ok(Reload::Replaced) => found = Reload::Replaced,
                Err(error) if failure.is_none() => failure = Some(error),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
        }
        self.slots.store(Arc::new(slots));
        failure.map_or(Ok(found), Err)
    }

    /// What is wrong with the files now, however long what was read from them before stays in use: the next start would not
    /// have them. It reads them, and takes nothing over.
    pub fn faults(&self) -> Vec<NetError> {
        self.slots.load().iter().filter_map(|slot| slot.source.fault()).collect()
    }

    /// The certificate that clients get who ask for no name.
    fn default(&self) -> Option<(bool, Held)> {
        let slots = self.slots.load();
        shown(&slots).iter().find_map(|slot| {
            let is_self_signed = matches!(slot.source, CertificateSource::SelfSigned { .. });
            slot.held.clone().map(|held| (is_self_signed, held))
        })
    }

    /// SHA-256 of the default certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        self.default().map(|(_, held)| certificate::fingerprint(&held.certified)).unwrap_or_default()
    }

    /// When the default certificate ends.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.default().and_then(|(_, held)| certificate::not_after(&held.certified))
    }

    /// Whether the default certificate was made by this server: then browsers warn at the first visit.
    pub fn is_self_signed(&self) -> bool {
        self.default().is_some_and(|(is_self_signed, _)| is_self_signed)
    }

    /// Whether the default certificate is one that was handed over.
    pub fn is_kept(&self) -> bool {
        let slots = self.slots.load();
        slots.iter().find(|slot| slot.held.is_some()).is_some_and(|slot| matches!(slot.source, CertificateSource::Kept(_)))
    }

    #[cfg(test)]
    pub(super) fn picked_fingerprint(&self, name: &str) -> String {
        self.pick(Some(name)).map(|picked| certificate::fingerprint(&picked)).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn default_certificate(&self) -> Option<rustls_pki_types::CertificateDer<'static>> {
        self.default()?.1.certified.cert.first().cloned()
    }

    /// Whether handshakes of ACME servers are answered.
    pub(super) fn answers_challenges(&self) -> bool {
        self.challenges.is_some()
    }

    fn pick(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let slots = self.slots.load();
        let held = || shown(&slots).iter().filter_map(|slot| slot.held.as_ref());
        let named = name.and_then(|name| held().find(|held| held.is_for(name)));
        named.or_else(|| held().next()).map(|held| held.certified.clone())
    }
}

/// Those that clients may be shown: none behind a certificate that was handed over (TLS-008).
fn shown(slots: &[Slot]) -> &[Slot] {
    let is_last = |slot: &Slot| slot.held.is_some() && matches!(slot.source, CertificateSource::Kept(_));
    slots.iter().position(is_last).map_or(slots, |last| &slots[..=last])
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        if let Some(challenges) = &self.challenges
            && offered.next() == Some(ACME_TLS_ALPN)
            && offered.next().is_none()
        {
            return challenges.certificate(hello.server_name()?);
        }
        self.pick(hello.server_name())
    }
}

impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.slots.load().iter().map(|slot| slot.source.clone()).collect();
        f.debug_struct("CertificateStore").field("sources", &sources).field("fingerprint", &self.fingerprint()).finish()
    }
}

impl Slot {
    fn open(source: CertificateSource) -> Result<Self, NetError> {
        let stamp = source.stamp();
        let held = match (&source, &stamp) {
            (CertificateSource::Obtained { .. }, None) => None,
            (CertificateSource::Kept(kept), _) => kept.current().map(Held::new),
            (CertificateSource::Obtained { .. }, Some(_)) => match source.load() {
                Ok(certified) => Some(Held::new(certified)),
                Err(error) => {
                    tracing::warn!(%error, "the certificate will be obtained again");
                    None
                }
            },
            _ => Some(Held::new(source.load()?)),
        };
        // The file of a self-signed certificate may have been made just now.
        let stamp = stamp.or_else(|| source.stamp());
        Ok(Self { source, held, stamp })
    }

    fn reload(&mut self) -> Result<Reload, NetError> {
        let found = self.source.stamp();
        match &self.source {
            CertificateSource::SelfSigned { .. } => {}
            CertificateSource::Kept(kept) if kept.is_there() => {}
            CertificateSource::Kept(_) => {
                return Ok(if self.held.take().is_some() { Reload::Replaced } else { Reload::Unchanged });
            }
            CertificateSource::Obtained { .. } if found.is_none() => return Ok(Reload::Unchanged),
            _ if found.is_some() && self.stamp == found => return Ok(Reload::Unchanged),
            _ => {}
        }
        let certified = self.source.load()?;
        self.stamp = found;
        let is_same = self.held.as_ref().is_some_and(|former| former.certified.cert == certified.cert);
        let (fingerprint, held) = (certificate::fingerprint(&certified), Held::new(certified));
        let names = held.names.join(", ");
        self.held = Some(held);
        if is_same {
            return Ok(Reload::Unchanged);
        }
        tracing::info!(fingerprint, names, "TLS certificate replaced");
        Ok(Reload::Replaced)
    }
}

impl CertificateSource {
    fn load(&self) -> Result<Arc<CertifiedKey>, NetError> {
        match self {
            Self::Files { certificate: chain, key } | Self::Obtained { certificate: chain, key } => {
                certificate::parse(chain, &certificate::read(chain)?, key, &certificate::read(key)?)
            }
            Self::Kept(kept) => kept.current().ok_or_else(|| NetError::Tls("there is no certificate".into())),
            Self::SelfSigned { directory } => self_signed::load_or_make(directory, SystemTime::now()),
            Self::SelfSignedTrial { directory } => self_signed::try_load_or_make(directory, SystemTime::now()),
        }
    }

    /// Why the files of somebody else cannot be used; our own are made again, and those that are to be obtained may be missing.
    fn fault(&self) -> Option<NetError> {
        match self {
            Self::Files { .. } => self.load().err(),
            Self::Obtained { .. } => self.stamp().and_then(|_| self.load().err()),
            Self::Kept(_) | Self::SelfSigned { .. } | Self::SelfSignedTrial { .. } => None,
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::Files { certificate, key } | Self::Obtained { certificate, key } => Stamp::of([certificate, key]),
            Self::Kept(_) => None,
            Self::SelfSigned { directory } | Self::SelfSignedTrial { directory } => Stamp::of([&self_signed::path_in(directory)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        // DOC-001
        let faults: Vec<String> = store.faults().iter().map(ToString::to_string).collect();
        assert!(faults.len() == 1 && faults[0].contains("key.pem"), "{faults:?}");
        files(folder.path(), "one.example");
        assert!(store.faults().is_empty());
    }

    #[test]
    fn key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let source = files(folder.path(), "one.example");
        let stranger = rcgen::KeyPair::generate().unwrap();
        fs::write(folder.path().join("key.pem"), stranger.serialize_pem()).unwrap();
        assert!(matches!(CertificateStore::open(source), Err(NetError::Certificate { .. })));
    }

    // TLS-002
    #[test]
    fn certificate_is_picked_by_the_name_that_a_client_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            let folder = folder.path().join(name.replace('*', "_"));
            fs::create_dir(&folder).unwrap();
            files(&folder, name)
        };
        let missing =
            CertificateSource::Obtained { certificate: folder.path().join("no.crt"), key: folder.path().join("no.key") };
        let sources = vec![missing, of("one.example"), of("*.Two.example"), of("deep.two.example")];
        let store = CertificateStore::open_all(sources, None).unwrap();
        let picked = |name: Option<&str>| certificate::names(&store.pick(name).unwrap()).join(",");
        assert_eq!(picked(None), "one.example");
        assert_eq!(picked(Some("ONE.example")), "one.example");
        assert_eq!(picked(Some("deep.two.example")), "*.two.example", "the first that fits");
        assert_eq!(picked(Some("very.deep.two.example")), "one.example", "a star is one label");
        assert_eq!(picked(Some("unknown.example")), "one.example");
    }

    // ACME-007
    #[test]
    fn obtained_certificate_takes_the_place_of_the_self_signed_one() {
        let folder = tempfile::tempdir().unwrap();
        let obtained =
            CertificateSource::Obtained { certificate: folder.path().join("chain.pem"), key: folder.path().join("key.pem") };
        assert!(CertificateStore::open(obtained.clone()).is_err(), "there must be one");
        let own = CertificateSource::SelfSigned { directory: folder.path().join("own") };
        let store = CertificateStore::open_all(vec![obtained, own], None).unwrap();
        assert!(store.is_self_signed());
        assert_eq!(store.reload().unwrap(), Reload::Unchanged);
        files(folder.path(), "one.example");
        assert_eq!(store.reload().unwrap(), Reload::Replaced);
        assert!(!store.is_self_signed());
    }

    #[test]
    fn debug_output_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = CertificateStore::open(files(folder.path(), "one.example")).unwrap();
        let text = format!("{store:?}");
        assert!(text.contains("fingerprint") && !text.contains("PRIVATE"), "{text}");
    }
}
