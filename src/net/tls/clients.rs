//! Whose client certificates are believed: authorities and their revocation lists, read again when the files change.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::{
        ServerSessionMemoryCache, StoresServerSessions, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList};

use super::{
    certificate::{self, wrong},
    store::{Reload, Stamp},
};
use crate::NetError;

/// Sessions kept for resumption.
const SESSIONS: usize = 4096;

/// Authorities of client certificates and their revocation lists, from files of the administrator.
pub struct ClientAuthorities {
    authorities: Vec<PathBuf>,
    revocations: Vec<PathBuf>,
    current: ArcSwap<Verifier>,
    sessions: Arc<Sessions>,
    stamp: ArcSwapOption<Stamp>,
}

struct Verifier(Arc<dyn ClientCertVerifier>);

impl ClientAuthorities {
    /// Reads the files: certificates in PEM form, revocation lists in PEM or DER form.
    ///
    /// # Errors
    /// A file cannot be read or understood, there is no authority, or a revocation list is signed by none of them
    /// (TLS-004).
    pub fn open(authorities: Vec<PathBuf>, revocations: Vec<PathBuf>) -> Result<Self, NetError> {
        let stamp = Stamp::of(authorities.iter().chain(&revocations));
        let verifier = load(&authorities, &revocations)?;
        Ok(Self {
            authorities,
            revocations,
            current: ArcSwap::from_pointee(Verifier(verifier)),
            sessions: Arc::new(Sessions::default()),
            stamp: ArcSwapOption::from(stamp.map(Arc::new)),
        })
    }

    /// Reads the files again if they changed, and forgets the sessions that were verified before. When it fails, what was
    /// believed before stays.
    ///
    /// # Errors
    /// As [`ClientAuthorities::open`].
    pub fn reload(&self) -> Result<Reload, NetError> {
        let found = Stamp::of(self.authorities.iter().chain(&self.revocations));
        if found.is_some() && self.stamp.load().as_deref() == found.as_ref() {
            return Ok(Reload::Unchanged);
        }
        let verifier = load(&self.authorities, &self.revocations)?;
        self.current.store(Arc::new(Verifier(verifier)));
        self.sessions.forget();
        self.stamp.store(found.map(Arc::new));
        tracing::info!("authorities and revocation lists of client certificates replaced");
        Ok(Reload::Replaced)
    }

    /// What checks clients, always by what was read last.
    pub(super) fn verifier(self: &Arc<Self>, is_required: bool) -> Arc<dyn ClientCertVerifier> {
        Arc::new(Live { authorities: self.clone(), is_required })
    }

    /// Where sessions are kept that may be resumed.
    pub(super) fn sessions(&self) -> Arc<dyn StoresServerSessions> {
        self.sessions.clone()
    }
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthorities")
            .field("authorities", &self.authorities)
            .field("revocations", &self.revocations)
            .finish_non_exhaustive()
    }
}

fn load(authorities: &[PathBuf], revocations: &[PathBuf]) -> Result<Arc<dyn ClientCertVerifier>, NetError> {
    let mut roots = RootCertStore::empty();
    let mut known = Vec::new();
    for path in authorities {
        for certificate in certificate::chain(path, &certificate::read(path)?)? {
            roots.add(certificate.clone()).map_err(|error| wrong(path, format!("not usable as an authority: {error}")))?;
            known.push(certificate);
        }
    }
    if roots.is_empty() {
        return Err(NetError::Tls("client certificates need ca_certificates, the authorities that sign them".into()));
    }
    let mut lists = Vec::new();
    for path in revocations {
        let read = revocation_lists(path, &certificate::read(path)?)?;
        for list in &read {
            check_signature(path, list, &known)?;
        }
        lists.extend(read);
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), certificate::provider())
        .with_crls(lists)
        // An authority without a list has revoked nothing.
        .allow_unknown_revocation_status()
        .build()
        .map_err(|error| NetError::Tls(format!("ca_certificates, ca_revocation_lists: {error}")))
}

/// The lists of a file: PEM, or one as DER, which authorities publish.
fn revocation_lists(path: &Path, content: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, NetError> {
    // A SEQUENCE; no text in PEM form begins so.
    if content.first() == Some(&0x30) && !content.starts_with(b"0-") {
        return Ok(vec![CertificateRevocationListDer::from(content.to_vec())]);
    }
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(content)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(path, format!("not a revocation list in PEM form: {error}")))?;
    if lists.is_empty() {
        return Err(wrong(path, "holds no revocation list in PEM or DER form"));
    }
    Ok(lists)
}

/// That one of the authorities signed the list (TLS-004): the verifier would find that out only at a handshake.
fn check_signature(path: &Path, list: &[u8], authorities: &[CertificateDer<'static>]) -> Result<(), NetError> {
    let (rest, parsed) = CertificateRevocationList::from_der(list)
        .map_err(|error| wrong(path, format!("the revocation list is malformed: {error}")))?;
    if !rest.is_empty() {
        return Err(wrong(path, "the revocation list is malformed: data follows its end"));
    }
    let provider = certificate::provider();
    let is_signed_by = |authority: &X509Certificate<'_>| {
        let key = &authority.public_key().subject_public_key.data;
        let signature = &parsed.signature_value.data;
        provider
            .signature_verification_algorithms
            .all
            .iter()
            .any(|algorithm| algorithm.verify_signature(key, parsed.tbs_cert_list.as_ref(), signature).is_ok())
    };
    let is_known = authorities
        .iter()
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .any(|(_, authority)| authority.subject() == parsed.issuer() && is_signed_by(&authority));
    if !is_known {
        let reason = format!("the revocation list of {} is signed by none of ca_certificates", parsed.issuer());
        return Err(wrong(path, reason));
    }
    let end = parsed.next_update().and_then(certificate::time);
    if end.is_some_and(|end| end < SystemTime::now()) {
        tracing::warn!(path = %path.display(), "the revocation list is out of date; it is used all the same");
    }
    Ok(())
}

/// Asks what was read last.
#[derive(Debug)]
struct Live {
    authorities: Arc<ClientAuthorities>,
    is_required: bool,
}

impl Live {
    fn current(&self) -> Arc<Verifier> {
        self.authorities.current.load_full()
    }
}

impl ClientCertVerifier for Live {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    /// None: the names would have to outlive a reload, and clients take an empty list for "any".
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.current().0.verify_client_cert(certificate, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().0.supported_verify_schemes()
    }
}

/// Sessions that can all be forgotten at once.
struct Sessions(ArcSwap<ServerSessionMemoryCache>);

impl Default for Sessions {
    fn default() -> Self {
        Self(ArcSwap::new(ServerSessionMemoryCache::new(SESSIONS)))
    }
}

impl Sessions {
    fn forget(&self) {
        self.0.store(ServerSessionMemoryCache::new(SESSIONS));
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.0.load().put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.load().get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.load().take(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}
