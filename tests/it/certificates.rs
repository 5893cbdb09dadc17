//! The certificate that is kept in the database, as clients meet it.

use std::{fs, net::SocketAddr};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};

use crate::harness::{Program, Server, Settings, binary, served_certificate};

const CERTIFICATE: &str = "/api/v2/x/certificate";

/// Plain HTTP for the tests, HTTPS for the certificate.
fn settings() -> Settings {
    Settings::default()
        .set("HTTPD__BINDINGS__1__ADDRESS", "127.0.0.1")
        .set("HTTPD__BINDINGS__1__PORT", "8443")
        .set("HTTPD__BINDINGS__1__ENABLE_HTTPS", "true")
        .set("HTTPD__BINDINGS__1__SELF_SIGNED", "true")
}

fn https(server: &Server) -> SocketAddr {
    let urls = server.ready()["http"].as_array().unwrap().iter().filter_map(Value::as_str);
    let url = urls.filter_map(|url| url.strip_prefix("https://")).next().expect("an HTTPS listener");
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

struct Pair {
    chain: String,
    key: String,
}

impl Pair {
    fn make(name: &str) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        Self { chain: made.pem(), key: key.serialize_pem() }
    }

    fn body(&self) -> Value {
        json!({ "certificate": self.chain, "private_key": self.key })
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.chain.as_bytes()).unwrap()
    }
}

// TLS-006, TLS-008
#[test]
fn certificate_of_the_database_is_seen_at_once_and_after_a_restart() {
    let mut server = Server::start(settings());
    let api = server.api();
    let seen = |server: &Server| served_certificate(https(server), "files.example");
    let own = seen(&server);
    api.get(CERTIFICATE).ok(404);
    let (first, second) = (Pair::make("files.example"), Pair::make("files.example"));
    let placed = api.put(CERTIFICATE, &first.body()).ok(200);
    assert_eq!(
        (&placed["names"], &placed["is_shown"], &placed["protocols"]),
        (&json!(["files.example"]), &json!(true), &json!(7))
    );
    assert!(!placed.to_string().contains("PRIVATE"), "{placed}");
    assert_eq!(seen(&server), first.der());
    // For other services only.
    api.put(CERTIFICATE, &json!({ "protocols": 2 })).ok(200);
    assert_eq!(seen(&server), own);
    api.put(CERTIFICATE, &second.body()).ok(200);
    assert_eq!(seen(&server), second.der());
    server.restart();
    assert_eq!(seen(&server), second.der());
    let api = server.api();
    let mixed = json!({ "certificate": first.chain, "private_key": second.key });
    let refused = api.put(CERTIFICATE, &mixed);
    assert!(refused.status == 400 && refused.text.contains("does not belong"), "{refused:?}");
    assert_eq!(seen(&server), second.der());
    let file = server.scratch().join("it.backup");
    let command = |name: &str| {
        let command = Program::new(binary()).without_env().env("ENTREPOT_BACKUP_PASSPHRASE", "correct horse battery");
        command.arg(name).arg("--data-dir").arg(server.data()).arg(&file)
    };
    command("backup").run().ok();
    let restore = command("restore");
    api.delete(CERTIFICATE).ok(200);
    assert_eq!(seen(&server), own);
    // BKP-001: a backup brings it back.
    server.stop();
    fs::rename(server.data(), server.scratch().join("lost")).unwrap();
    restore.run().ok();
    server.launch();
    assert_eq!(seen(&server), second.der());
    assert!(!server.log().contains("PRIVATE KEY"));
}

// TLS-002, TLS-008, TLS-009
#[test]
fn own_files_of_a_binding_win_and_those_of_the_section_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let pair = Pair::make(&format!("{name}.example"));
        let files = ["crt", "key"].map(|end| folder.path().join(format!("{name}.{end}")));
        fs::write(&files[0], &pair.chain).unwrap();
        fs::write(&files[1], &pair.key).unwrap();
        (pair, files.map(|file| file.to_str().unwrap().to_owned()))
    };
    let ((shared, shared_files), (own, own_files)) = (place("shared"), place("own"));
    let settings = |settings: Settings| {
        settings.set("HTTPD__CERTIFICATE_FILE", &shared_files[0]).set("HTTPD__CERTIFICATE_KEY_FILE", &shared_files[1])
    };
    let kept = Pair::make("kept.example");
    let server = Server::start(settings(self::settings()));
    assert_eq!(served_certificate(https(&server), "shared.example"), shared.der());
    server.api().put(CERTIFICATE, &kept.body()).ok(200);
    assert_eq!(served_certificate(https(&server), "shared.example"), kept.der());
    let own_settings = settings(self::settings())
        .set("HTTPD__BINDINGS__1__CERTIFICATE_FILE", &own_files[0])
        .set("HTTPD__BINDINGS__1__CERTIFICATE_KEY_FILE", &own_files[1]);
    for (settings, expected) in
        [(own_settings, &own), (settings(self::settings()).set("HTTPD__BINDINGS__1__DISABLE_AUTO_TLS", "true"), &shared)]
    {
        let server = Server::start(settings);
        server.api().put(CERTIFICATE, &kept.body()).ok(200);
        assert_eq!(served_certificate(https(&server), "kept.example"), expected.der());
    }
}
