use std::{collections::BTreeSet, net::TcpListener};

use entrepot_config::Sources;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::*;

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn scene(&self) -> Scene {
        Scene { host_keys: Vec::new(), certificate: KeptCertificate::default(), held: Vec::new(), any_port: false }
    }

    fn loaded(&self, settings: &[(&str, Value)]) -> Loaded {
        let mut sources = Sources::new(self.folder.path());
        let usual = [
            ("sftpd.bindings[0].port", json!(free())),
            ("httpd.bindings[0].port", json!(free())),
            ("httpd.bindings[1].port", json!(0)),
        ];
        let all = usual.iter().chain(settings);
        sources.overrides = all.map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        entrepot_config::load(sources).expect("settings")
    }

    fn found(&self, settings: &[(&str, Value)]) -> Vec<Obstacle> {
        rehearse(&self.loaded(settings), &self.scene())
    }

    /// The one obstacle, whose first key this is.
    #[track_caller]
    fn refuses(&self, key: &str, settings: &[(&str, Value)], part: &str) {
        let found = self.found(settings);
        let named: Vec<&str> = found.iter().filter_map(|one| one.keys.first()).map(String::as_str).collect();
        assert_eq!(named, [key], "{found:?}");
        assert!(found[0].message.contains(part), "{found:?}");
    }
}

/// A port that is free, another one each time: the system may give one again that was let go.
fn free() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        if GIVEN.lock().insert(port) {
            return port;
        }
    }
}

// CFG-372
#[test]
fn what_would_keep_the_server_from_starting_is_found() {
    let stage = Stage::new();
    assert_eq!(stage.found(&[]), []);
    let telemetry = ("telemetry.bind_port", json!(free()));
    for (key, value, part) in [
        ("httpd.bindings[0].address", json!("192.0.2.7"), "is not an address of this machine"),
        ("sftpd.bindings[0].address", json!("files.example"), "is not an IP address"),
        ("sftpd.bindings[0].address", json!("/run/sftp.sock"), "is not an IP address"),
        ("httpd.bindings[0].address", json!("/run/http.sock"), "httpd.bindings[0].address"),
        ("telemetry.bind_address", json!("192.0.2.7"), "set telemetry.bind_address"),
        ("sftpd.ciphers", json!(["nope"]), "nope"),
        ("sftpd.macs", json!(["nope"]), "nope"),
        ("sftpd.host_keys", json!(["missing"]), "missing"),
        ("sftpd.host_certificates", json!(["missing"]), "missing"),
        ("sftpd.trusted_user_ca_keys", json!(["missing"]), "missing"),
        ("telemetry.auth_user_file", json!("missing"), "missing"),
    ] {
        stage.refuses(key, &[telemetry.clone(), (key, value)], part);
    }
    let pair = |section: &str| {
        [
            (format!("{section}.certificate_file"), json!("missing.pem")),
            (format!("{section}.certificate_key_file"), json!("missing.key")),
        ]
    };
    for section in ["httpd", "httpd.bindings[0]", "telemetry"] {
        let pair = pair(section);
        let [(certificate, file), (key, key_file)] = &pair;
        let settings = [telemetry.clone(), (certificate.as_str(), file.clone()), (key.as_str(), key_file.clone())];
        stage.refuses(certificate, &settings, "missing.pem");
    }
    let clients = [("httpd.bindings[0].client_auth_type", json!(1)), ("httpd.ca_certificates", json!(["missing.pem"]))];
    stage.refuses("httpd.ca_certificates", &clients, "missing.pem");
    stage.refuses("httpd.bindings[0].enable_https", &[("httpd.bindings[0].self_signed", json!(false))], "needs a certificate");
    let silent = [("sftpd.bindings[0].port", json!(0)), ("httpd.bindings[0].port", json!(0))];
    stage.refuses("httpd.bindings[0].port", &silent, "would have a port");
    assert_eq!(std::fs::read_dir(stage.folder.path()).expect("read").count(), 0, "nothing is made");
}

// CFG-372
#[test]
fn listeners_of_all_protocols_must_fit_beside_each_other() {
    let stage = Stage::new();
    let port = free();
    let both = [("sftpd.bindings[0].port", json!(port)), ("httpd.bindings[0].port", json!(port))];
    let found = stage.found(&both);
    let expected = ["httpd.bindings[0].port", "sftpd.bindings[0].port", "httpd.bindings[0].address", "sftpd.bindings[0].address"];
    assert!(found.len() == 1 && found[0].keys == expected && !found[0].may_pass, "{found:?}");
    let apart = [("sftpd.bindings[0].address", json!("127.0.0.1")), ("httpd.bindings[0].address", json!("127.0.0.2"))];
    assert_eq!(stage.found(&[&both[..], &apart[..]].concat()), []);
}

// CFG-372
#[test]
fn ports_of_others_are_taken_and_own_ones_are_not() {
    let stage = Stage::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound");
    let everywhere = [("httpd.bindings[0].port", json!(address.port()))];
    let found = stage.found(&everywhere);
    assert!(found.len() == 1 && found[0].may_pass && found[0].keys[0] == "httpd.bindings[0].port", "{found:?}");
    // It is ours, and gone when the server starts; but an address must be one of this machine all the same.
    let scene = Scene { held: vec![address], ..stage.scene() };
    assert_eq!(rehearse(&stage.loaded(&everywhere), &scene), []);
    let held = TcpListener::bind("0.0.0.0:0").expect("a port");
    let scene = Scene { held: vec![held.local_addr().expect("bound")], ..stage.scene() };
    let port = json!(held.local_addr().expect("bound").port());
    let local = [("httpd.bindings[0].port", port.clone()), ("httpd.bindings[0].address", json!("127.0.0.1"))];
    assert_eq!(rehearse(&stage.loaded(&local), &scene), []);
    let foreign = [("httpd.bindings[0].port", port), ("httpd.bindings[0].address", json!("192.0.2.7"))];
    assert_eq!(rehearse(&stage.loaded(&foreign), &scene).len(), 1);
}

// CFG-372: what the start would make and cannot is found, too.
#[test]
fn host_keys_that_could_not_be_made_are_found() {
    let stage = Stage::new();
    let file = stage.folder.path().join("file");
    std::fs::write(&file, "x").expect("written");
    let key = json!([file.join("id_ed25519")]);
    stage.refuses("sftpd.host_keys", &[("sftpd.host_keys", key)], "id_ed25519");
    std::fs::create_dir(stage.folder.path().join("keys")).expect("made");
    assert_eq!(stage.found(&[("sftpd.host_keys", json!(["keys/id_ed25519"]))]), []);
    // The certificate of the server would lie below a file.
    std::fs::write(stage.folder.path().join("certificates"), "x").expect("written");
    let found = stage.found(&[]);
    assert!(found.len() == 1 && found[0].message.contains("certificates"), "{found:?}");
}

// DOC-001
#[test]
fn a_folder_for_trials_goes_with_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(Scratch::below(&folder.path().join("missing")).is_err());
    let scratch = Scratch::below(folder.path()).expect("made");
    std::fs::write(scratch.path().join("x"), "x").expect("written");
    drop(scratch);
    assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0);
}

// CFG-372: a pipe that nobody writes to must not hold who saves settings.
#[test]
fn files_that_are_none_are_found_without_waiting() {
    let stage = Stage::new();
    let pipe = stage.folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("made");
    let telemetry = ("telemetry.bind_port", json!(free()));
    for key in ["sftpd.host_keys", "sftpd.host_certificates", "sftpd.trusted_user_ca_keys"] {
        stage.refuses(key, &[(key, json!([pipe]))], "not a regular file");
    }
    for key in ["sftpd.revoked_user_certs_file", "telemetry.auth_user_file"] {
        stage.refuses(key, &[telemetry.clone(), (key, json!(pipe))], "not a regular file");
    }
    let pair = [("httpd.certificate_file", json!(pipe)), ("httpd.certificate_key_file", json!(pipe))];
    assert!(stage.found(&pair)[0].message.contains("not a regular file"));
    let clients = [("httpd.bindings[0].client_auth_type", json!(1)), ("httpd.ca_certificates", json!([pipe]))];
    stage.refuses("httpd.ca_certificates", &clients, "not a regular file");
}
