//! The proofs that an authority may ask for now.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::tls::certificate;

/// Where authorities ask (RFC 8555 section 8.3).
const PREFIX: &str = "/.well-known/acme-challenge/";

/// Answers to challenges, which listeners read without a lock. There are some only while an order runs.
pub struct Challenges {
    over_http: ArcSwap<HashMap<String, HttpAnswer>>,
    over_tls: ArcSwap<HashMap<String, Arc<CertifiedKey>>>,
    proxy_header: Option<String>,
}

#[derive(Clone)]
struct HttpAnswer {
    host: String,
    text: Arc<str>,
}

impl Challenges {
    /// `proxy_header` names the header that carries the host name instead of `Host` (CFG-056).
    pub fn new(proxy_header: Option<String>) -> Self {
        Self { over_http: ArcSwap::default(), over_tls: ArcSwap::default(), proxy_header }
    }

    /// The answer to a GET of `path`; `header` gives the value of a request's header. `None`: it is no challenge of now.
    pub fn http_answer<'a>(&self, path: &str, header: impl Fn(&str) -> Option<&'a str>) -> Option<Arc<str>> {
        let token = path.strip_prefix(PREFIX)?;
        let answers = self.over_http.load();
        let answer = answers.get(token)?;
        let value = header(self.proxy_header.as_deref().unwrap_or("host"))?;
        host_of(value, self.proxy_header.as_deref()).eq_ignore_ascii_case(&answer.host).then(|| answer.text.clone())
    }

    /// The certificate that proves `name` over TLS (RFC 8737 section 3).
    pub(crate) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.over_tls.load().get(&name.to_ascii_lowercase()).cloned()
    }

    /// Answers over HTTP until the guard is dropped.
    pub(super) fn offer_over_http(self: &Arc<Self>, token: &str, host: &str, text: &str) -> Offer {
        let answer = HttpAnswer { host: host.to_owned(), text: text.into() };
        self.over_http.rcu(|answers| {
            let mut answers = HashMap::clone(answers);
            answers.insert(token.to_owned(), answer.clone());
            answers
        });
        Offer(Place::Http(self.clone(), token.to_owned()))
    }

    /// Answers over TLS until the guard is dropped. `digest` is the SHA-256 of the key authorization.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub(super) fn offer_over_tls(self: &Arc<Self>, name: &str, digest: &[u8]) -> Result<Offer, String> {
        let certified = proof(name, digest)?;
        let name = name.to_ascii_lowercase();
        self.over_tls.rcu(|answers| {
            let mut answers = HashMap::clone(answers);
            answers.insert(name.clone(), certified.clone());
            answers
        });
        Ok(Offer(Place::Tls(self.clone(), name)))
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenges").finish_non_exhaustive()
    }
}

/// The host in the value of a header: without port; of `Forwarded`, its `host` (RFC 7239).
fn host_of<'a>(value: &'a str, header: Option<&str>) -> &'a str {
    let mut value = value.trim();
    if header.is_some_and(|header| header.eq_ignore_ascii_case("forwarded")) {
        let pairs = value.split([';', ',']).filter_map(|pair| pair.trim().split_once('='));
        let host = pairs.filter(|(key, _)| key.eq_ignore_ascii_case("host")).map(|(_, host)| host.trim_matches('"')).next();
        value = host.unwrap_or_default();
    }
    match value.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => value,
    }
}

/// A certificate that nobody trusts, with the proof in it.
fn proof(name: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, String> {
    let make = || -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        Ok((params.self_signed(&key)?, key))
    };
    // That constructor panics on another length.
    if digest.len() != 32 {
        return Err("the key authorization has no SHA-256 digest".into());
    }
    let (made, key) = make().map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not `from_der`: it checks the certificate as clients do, who refuse the extension of the proof.
    let key = certificate::provider().key_provider.load_private_key(key).map_err(|error| error.to_string())?;
    Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], key)))
}

/// An answer that is given as long as this lives.
pub(super) struct Offer(Place);

enum Place {
    Http(Arc<Challenges>, String),
    Tls(Arc<Challenges>, String),
    File(PathBuf),
}

impl Offer {
    /// Writes the answer below the folder of another web server (CFG-057); it must be able to read the file.
    pub(super) fn in_webroot(webroot: &Path, token: &str, text: &str) -> std::io::Result<Self> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if token.is_empty() || !token.bytes().all(is_plain) {
            return Err(std::io::Error::other("the token of the authority is no file name"));
        }
        let folder = webroot.join(PREFIX.trim_start_matches('/'));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(token);
        std::fs::write(&path, text)?;
        Ok(Self(Place::File(path)))
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        match &self.0 {
            Place::Http(challenges, token) => drop(challenges.over_http.rcu(|answers| {
                let mut answers = HashMap::clone(answers);
                answers.remove(token);
                answers
            })),
            Place::Tls(challenges, name) => drop(challenges.over_tls.rcu(|answers| {
                let mut answers = HashMap::clone(answers);
                answers.remove(name);
                answers
            })),
            Place::File(path) => {
                if let Err(error) = std::fs::remove_file(path) {
                    tracing::warn!(path = %path.display(), %error, "the answer to a challenge cannot be removed");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACME-005, CFG-056
    #[test]
    fn challenge_over_http_is_answered_for_its_host_while_it_is_offered() {
        let ask = |challenges: &Challenges, path: &str, name: &str, value: &'static str| {
            challenges.http_answer(path, |header| header.eq_ignore_ascii_case(name).then_some(value)).map(|text| text.to_string())
        };
        let direct = Arc::new(Challenges::new(None));
        let offer = direct.offer_over_http("token", "files.example", "token.print");
        let path = "/.well-known/acme-challenge/token";
        assert_eq!(ask(&direct, path, "Host", "Files.example:80").as_deref(), Some("token.print"));
        assert_eq!(ask(&direct, path, "Host", "other.example"), None);
        assert_eq!(ask(&direct, path, "X-Forwarded-Host", "files.example"), None);
        assert_eq!(ask(&direct, "/.well-known/acme-challenge/", "Host", "files.example"), None);
        drop(offer);
        assert_eq!(ask(&direct, path, "Host", "files.example"), None);

        let proxied = Arc::new(Challenges::new(Some("Forwarded".into())));
        let _offer = proxied.offer_over_http("token", "files.example", "token.print");
        let forwarded = "for=192.0.2.1;host=\"files.example:80\";proto=http";
        assert_eq!(ask(&proxied, path, "forwarded", forwarded).as_deref(), Some("token.print"));
        assert_eq!(ask(&proxied, path, "host", "files.example"), None);
    }

    // ACME-006, RFC 8737 section 3
    #[test]
    fn challenge_over_tls_is_answered_by_a_certificate_with_the_proof_in_it() {
        let challenges = Arc::new(Challenges::new(None));
        let offer = challenges.offer_over_tls("files.example", &[7; 32]).unwrap();
        let certified = challenges.certificate("FILES.example").unwrap();
        assert_eq!(certificate::names(&certified), ["files.example"]);
        let (_, parsed) = x509_parser::parse_x509_certificate(&certified.cert[0]).unwrap();
        let proof = parsed.extensions().iter().find(|extension| extension.oid.to_id_string() == "1.3.6.1.5.5.7.1.31").unwrap();
        assert!(proof.critical);
        assert_eq!(proof.value, [&[4, 32][..], &[7; 32]].concat(), "an OCTET STRING with the digest");
        assert!(challenges.certificate("other.example").is_none());
        drop(offer);
        assert!(challenges.certificate("files.example").is_none());
        assert!(challenges.offer_over_tls("files.example", &[7; 31]).is_err());
    }

    // CFG-057
    #[test]
    fn webroot_gets_the_answer_as_a_file_that_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".well-known/acme-challenge/a-Token_1");
        let offer = Offer::in_webroot(folder.path(), "a-Token_1", "proof").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "proof");
        drop(offer);
        assert!(!file.exists());
        assert!(Offer::in_webroot(folder.path(), "../../x", "proof").is_err());
    }
}
