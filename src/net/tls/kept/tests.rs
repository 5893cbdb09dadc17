use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;
use crate::tls::{CertificateSource, CertificateStore, Reload};

/// Chain and key in PEM form of a certificate that signs itself.
fn pair(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec![name.to_owned(), "192.0.2.7".to_owned()]).unwrap().self_signed(&key).unwrap();
    (made.pem(), key.serialize_pem())
}

fn read(name: &str) -> CertificatePair {
    let (chain, key) = pair(name);
    CertificatePair::read(&chain, &key).unwrap()
}

// TLS-008
#[test]
fn certificate_tells_what_it_is() {
    let facts = read("Files.example").facts();
    assert_eq!(facts.names, ["files.example", "192.0.2.7"]);
    assert!(facts.not_before < facts.not_after && facts.issuer == facts.subject, "{facts:?}");
    assert_eq!((facts.chain_length, facts.fingerprint.len()), (1, 32 * 3 - 1));
    assert_eq!(describe("nonsense"), None);
}

// TLS-008
#[test]
fn pairs_of_no_use_are_refused_with_a_reason() {
    let (chain, key) = pair("one.example");
    let (other_chain, other_key) = pair("two.example");
    let refused = |chain: &str, key: &str| CertificatePair::read(chain, key).unwrap_err();
    let is_chain =
        |fault: PairFault, text: &str| assert!(matches!(&fault, PairFault::Chain(why) if why.contains(text)), "{fault:?}");
    let is_key = |fault: PairFault, text: &str| assert!(matches!(&fault, PairFault::Key(why) if why.contains(text)), "{fault:?}");
    is_chain(refused("", &key), "no certificate");
    is_chain(refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key), "malformed");
    is_key(refused(&chain, "nonsense"), "no private key");
    is_key(refused(&chain, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "passphrase");
    is_key(refused(&chain, &other_key), "does not belong");
    is_chain(refused(&format!("{chain}{other_chain}"), &other_key), "must come first");
}

#[test]
fn chain_of_an_authority_is_taken() {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["one.example".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let pair = CertificatePair::read(&format!("{}{}", own.pem(), authority.pem()), &key.serialize_pem()).unwrap();
    assert_eq!(pair.facts().chain_length, 2);
}

// TLS-006, TLS-008
#[test]
fn kept_certificate_hides_what_comes_after_it_as_long_as_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = pair("files.example");
    let (certificate, key_file) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, chain).unwrap();
    std::fs::write(&key_file, key).unwrap();
    let kept = KeptCertificate::default();
    let files = CertificateSource::Files { certificate, key: key_file };
    let store = CertificateStore::open_all(vec![CertificateSource::Kept(kept.clone()), files], None).unwrap();
    let of_files = store.fingerprint();
    assert!(!store.is_kept());
    kept.set(Some(read("kept.example")));
    assert_eq!(store.reload().unwrap(), Reload::Replaced);
    let of_kept = store.fingerprint();
    assert!(store.is_kept() && of_kept != of_files);
    assert_eq!(store.reload().unwrap(), Reload::Unchanged);
    // It replaces the files, also for their own name.
    assert_eq!(store.picked_fingerprint("files.example"), of_kept);
    kept.set(Some(read("kept.example")));
    assert_eq!(store.reload().unwrap(), Reload::Replaced);
    assert_ne!(store.fingerprint(), of_kept);
    kept.set(None);
    assert_eq!(store.reload().unwrap(), Reload::Replaced);
    assert_eq!(store.picked_fingerprint("files.example"), of_files);
    assert!(!format!("{store:?}").contains("PRIVATE"));
}
