use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber,
};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, NamedGroup, RootCertStore, ServerConnection, client::Resumption};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

fn store() -> (tempfile::TempDir, Arc<CertificateStore>) {
    let folder = tempfile::tempdir().unwrap();
    let source = CertificateSource::SelfSigned { directory: folder.path().join("certificates") };
    let store = Arc::new(CertificateStore::open(source).unwrap());
    (folder, store)
}

/// An authority with files as administrators have them.
struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn sign(&self, serial: u64) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec!["client.example".into()]).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        (made.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    /// A list that revokes these serial numbers; `pad` makes the size of the file differ.
    fn revoke(&self, serials: &[u64], pad: &str) -> PathBuf {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2024, 1, 1),
            next_update: rcgen::date_time_ymd(2200, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).unwrap().pem().unwrap();
        let path = self.folder.path().join("list.pem");
        fs::write(&path, format!("{pad}{list}")).unwrap();
        path
    }
}

fn client(identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>, server: &CertificateStore) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(server.default_certificate().unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(certificate::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

/// A handshake in memory: both ends when it is through, tickets included.
fn shake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Result<(ClientConnection, ServerConnection), rustls::Error> {
    let mut client = ClientConnection::new(client.clone(), "localhost".try_into().unwrap())?;
    let mut server = ServerConnection::new(server.clone())?;
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut wire = wire.as_slice();
        while !wire.is_empty() {
            server.read_tls(&mut wire).unwrap();
            server.process_new_packets()?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut wire = wire.as_slice();
        while !wire.is_empty() {
            client.read_tls(&mut wire).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    let _ = client.reader().read(&mut [0; 1]);
    Ok((client, server))
}

fn options(certificates: &Arc<CertificateStore>) -> TlsOptions<'static> {
    TlsOptions { certificates: certificates.clone(), protocols: &[], min_version: 12, cipher_suites: &[], clients: None }
}

// TLS-001
#[test]
fn versions_below_1_2_are_taken_as_1_2_and_others_refused() {
    let (_folder, store) = store();
    assert!(server_config(store.clone(), &[], 10).is_ok());
    assert!(server_config(store.clone(), &[], 13).is_ok());
    assert!(server_config(store.clone(), &[], 3).is_err());
    assert!(server_config(store, &[], 14).is_err());
}

// HTTP-037
#[test]
fn protocols_are_offered_in_the_given_order() {
    let (_folder, store) = store();
    let config = server_config(store, &["h2", "http/1.1"], 12).unwrap();
    assert_eq!(config.alpn_protocols, vec![b"h2".to_vec(), b"http/1.1".to_vec()]);
}

// HTTP-044
#[test]
fn keys_are_exchanged_so_that_no_quantum_computer_finds_them() {
    let (_folder, store) = store();
    let (client, server) = shake(&client(None, &store), &listener_config(&options(&store)).unwrap()).unwrap();
    assert_eq!(server.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
    assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
}

// TLS-001, TLS-007
#[test]
fn listener_has_only_the_versions_and_suites_of_its_settings() {
    let (_folder, store) = store();
    let old = ClientConfig::builder_with_provider(certificate::provider()).with_protocol_versions(&[&version::TLS12]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(store.default_certificate().unwrap()).unwrap();
    let old = Arc::new(old.with_root_certificates(roots).with_no_client_auth());
    let modern = listener_config(&TlsOptions { min_version: 13, ..options(&store) }).unwrap();
    assert!(shake(&old, &modern).is_err());
    let wanted = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".to_owned()];
    let listed = listener_config(&TlsOptions { cipher_suites: &wanted, ..options(&store) }).unwrap();
    let (client, _) = shake(&old, &listed).unwrap();
    assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    let nothing_left = ["TLS_RSA_WITH_AES_128_CBC_SHA".to_owned()];
    assert!(shake(&old, &listener_config(&TlsOptions { cipher_suites: &nothing_left, ..options(&store) }).unwrap()).is_err());
}

// CERT-002
#[test]
fn sessions_are_resumed() {
    let (_folder, store) = store();
    let (client, server) = (client(None, &store), listener_config(&options(&store)).unwrap());
    shake(&client, &server).unwrap();
    let (again, _) = shake(&client, &server).unwrap();
    assert_eq!(again.handshake_kind(), Some(HandshakeKind::Resumed));
}

// CFG-202, CFG-260
#[test]
fn only_clients_of_the_authorities_come_in() {
    let (_folder, store) = store();
    let (friend, stranger) = (Authority::new("friend"), Authority::new("stranger"));
    let authorities = Arc::new(ClientAuthorities::open(vec![friend.file()], Vec::new()).unwrap());
    let with = |is_required| {
        let clients = Some(ClientAuthentication { authorities: authorities.clone(), is_required });
        listener_config(&TlsOptions { clients, ..options(&store) }).unwrap()
    };
    assert!(shake(&client(None, &store), &with(true)).is_err());
    let (_, server) = shake(&client(Some(friend.sign(1)), &store), &with(true)).unwrap();
    assert_eq!(server.peer_certificates().map(<[_]>::len), Some(1));
    assert!(shake(&client(Some(stranger.sign(1)), &store), &with(true)).is_err());
    assert!(shake(&client(None, &store), &with(false)).is_ok(), "optional");
    assert!(shake(&client(Some(stranger.sign(1)), &store), &with(false)).is_err());
}

// TLS-003, TLS-004, CFG-261, CERT-002
#[test]
fn revoked_client_is_refused_from_the_next_reload_on_even_if_it_resumes() {
    let (_folder, store) = store();
    let authority = Authority::new("friend");
    let list = authority.revoke(&[], "");
    let authorities = Arc::new(ClientAuthorities::open(vec![authority.file()], vec![list]).unwrap());
    let clients = Some(ClientAuthentication { authorities: authorities.clone(), is_required: true });
    let server = listener_config(&TlsOptions { clients, ..options(&store) }).unwrap();
    let client = client(Some(authority.sign(7)), &store);
    shake(&client, &server).unwrap();
    let (again, _) = shake(&client, &server).unwrap();
    assert_eq!(again.handshake_kind(), Some(HandshakeKind::Resumed));
    assert_eq!(authorities.reload().unwrap(), Reload::Unchanged);
    authority.revoke(&[7], "# seven\n");
    assert_eq!(authorities.reload().unwrap(), Reload::Replaced);
    assert!(shake(&client, &server).is_err());
    fs::write(authority.file(), "not an authority").unwrap();
    let error = authorities.reload().unwrap_err().to_string();
    assert!(error.contains("ca.pem"), "{error}");
    assert!(shake(&client, &server).is_err(), "what was read before stays");
}

// TLS-004
#[test]
fn revocation_list_of_another_authority_is_refused() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let foreign = ClientAuthorities::open(vec![one.file()], vec![other.revoke(&[1], "")]).unwrap_err().to_string();
    assert!(foreign.contains("list.pem") && foreign.contains("none of ca_certificates"), "{foreign}");
    // The same name does not make it the same authority.
    let namesake = Authority::new("one");
    assert!(ClientAuthorities::open(vec![one.file()], vec![namesake.revoke(&[1], "")]).is_err());
    assert!(ClientAuthorities::open(Vec::new(), Vec::new()).is_err(), "no authority at all");
}

/// Parts of damaged files, one a line: `chain`, `key`, `authority` or `list`, a tab, the text with `\n` for line ends.
const DAMAGED: &str = include_str!("../../../tests/data/tls/damaged.txt");

fn read_as(kind: &str, folder: &Path, content: &[u8]) -> Result<(), NetError> {
    let path = folder.join("damaged.pem");
    fs::write(&path, content).unwrap();
    match kind {
        "chain" | "key" => {
            let key = KeyPair::generate().unwrap();
            let made = CertificateParams::new(vec!["a.example".into()]).unwrap().self_signed(&key).unwrap();
            let (chain, secret) = (folder.join("chain.pem"), folder.join("key.pem"));
            fs::write(&chain, made.pem()).unwrap();
            fs::write(&secret, key.serialize_pem()).unwrap();
            let (certificate, key) = if kind == "chain" { (path, secret) } else { (chain, path) };
            CertificateStore::open(CertificateSource::Files { certificate, key }).map(drop)
        }
        "authority" => ClientAuthorities::open(vec![path], Vec::new()).map(drop),
        _ => ClientAuthorities::open(vec![Authority::new("one").file()], vec![path]).map(drop),
    }
}

// CERT-001
#[test]
fn damaged_files_are_refused_with_their_name_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for line in DAMAGED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, text) = line.split_once('\t').expect("a kind and a text");
        let text = text.replace("\\n", "\n");
        let error = read_as(kind, folder.path(), text.as_bytes()).expect_err(line).to_string();
        assert!(error.contains("damaged.pem") || kind == "list", "{line}: {error}");
        assert!(error.len() > "damaged.pem: ".len() && !error.contains("MC4CAQ"), "{line}: {error}");
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    // CERT-001
    #[test]
    fn no_change_of_a_byte_makes_reading_panic(kind in 0_usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("one");
        let key = KeyPair::generate().unwrap();
        let mut content = match kind {
            0 | 2 => authority.issuer.pem().into_bytes(),
            1 => key.serialize_pem().into_bytes(),
            _ => fs::read(authority.revoke(&[1], "")).unwrap(),
        };
        let at = at.index(content.len());
        if cut {
            content.truncate(at);
        } else {
            content[at] = byte;
        }
        let _ = read_as(["chain", "key", "authority", "list"][kind], folder.path(), &content);
    }
}
