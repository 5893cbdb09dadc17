//! Certificates of users and of the host, made with `ssh-keygen -s`.

use std::{fs, path::Path};

use serde_json::json;

use crate::harness::{Key, OpenSsh, Program, Server, Settings};

/// An authority of the test, in a folder that outlives the servers.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Key::generate(&folder.path().join("authority"));
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Signs a public key: `<key>-cert.pub` appears beside it.
    fn sign(&self, key: &Path, options: &[&str]) {
        let public = key.with_extension("pub");
        Program::new("ssh-keygen").args(["-q", "-s", &self.path("authority"), "-I", "test"]).args(options).arg(public).run().ok();
    }

    /// A new key, signed.
    fn issue(&self, name: &str, options: &[&str]) -> Key {
        let key = Key::generate(&self.0.path().join(name));
        self.sign(&key.file, options);
        key
    }
}

// SSH-048…SSH-052
#[test]
fn certificates_of_a_trusted_authority_open_their_accounts_alone() {
    let authority = Authority::new();
    fs::write(authority.path("revoked.json"), "[]").unwrap();
    let settings = Settings::default()
        .set("SFTPD__TRUSTED_USER_CA_KEYS", &authority.path("authority.pub"))
        .set("SFTPD__REVOKED_USER_CERTS_FILE", &authority.path("revoked.json"));
    let server = Server::start(settings);
    // No key in the account.
    let alice = server.create_user("alice", json!({ "public_keys": [] }));
    server.create_user("bob", json!({}));
    let enters = |key: &Key, name: &str| OpenSsh::with_key(&server, name, key).sftp("pwd\n").code == Some(0);
    let good = authority.issue("good", &["-n", "alice,carol", "-O", "source-address=127.0.0.0/8", "-V", "-1m:+1h"]);
    assert!(enters(&good, &alice.name));
    assert!(!enters(&good, "bob") && !enters(&good, "carol"), "another account, and one that does not exist");
    for (name, options) in [
        ("everybody", &["-V", "-1m:+1h"][..]),
        ("over", &["-n", "alice", "-V", "-2h:-1h"]),
        ("elsewhere", &["-n", "alice", "-O", "source-address=192.0.2.0/24"]),
        ("forced", &["-n", "alice", "-O", "force-command=id"]),
        ("host", &["-n", "alice", "-h"]),
    ] {
        assert!(!enters(&authority.issue(name, options), "alice"), "{name}");
    }
    let stranger = Authority::new();
    assert!(!enters(&stranger.issue("stranger", &["-n", "alice"]), "alice"));
    // Keys go on beside certificates, and only those of the account.
    assert!(enters(server.key(), "bob") && !enters(server.key(), "alice"));
    // SSH-051: the list is read again when the server is told to.
    let shown = Program::new("ssh-keygen").args(["-l", "-f", &authority.path("good.pub")]).run().ok().out;
    fs::write(authority.path("revoked.json"), json!([shown.split(' ').nth(1).unwrap()]).to_string()).unwrap();
    server.signal(rustix::process::Signal::HUP);
    crate::harness::eventually("the certificate is revoked", || !enters(&good, "alice"));
    // SSH-052
    assert!(server.log().contains(": ID: test, serial: 0, CA ssh-ed25519 SHA256:"), "{}", server.log());
}

// SSH-051: saved settings hold for the next login, and what cannot be read is not saved.
#[test]
fn another_list_of_revoked_certificates_holds_at_once() {
    let authority = Authority::new();
    let server = Server::start(Settings::default().set("SFTPD__TRUSTED_USER_CA_KEYS", &authority.path("authority.pub")));
    server.create_user("alice", json!({ "public_keys": [] }));
    let good = authority.issue("good", &["-n", "alice"]);
    let enters = || OpenSsh::with_key(&server, "alice", &good).sftp("pwd\n").code == Some(0);
    assert!(enters());
    let shown = Program::new("ssh-keygen").args(["-l", "-f", &authority.path("good.pub")]).run().ok().out;
    fs::write(authority.path("revoked.json"), json!([shown.split(' ').nth(1).unwrap()]).to_string()).unwrap();
    let api = server.api();
    let save = |file: &str| api.patch("/api/v2/x/settings", &json!({ "sftpd.revoked_user_certs_file": file }));
    let refused = save(&authority.path("missing.json")).ok(400).to_string();
    assert!(refused.contains("sftpd.revoked_user_certs_file") && refused.contains("missing.json"), "{refused}");
    assert!(enters());
    assert_eq!(save(&authority.path("revoked.json")).ok(200)["needs_restart"], json!([]));
    assert!(!enters());
    // Damage is met at the next reload; until then it keeps nobody from saving something else.
    fs::write(authority.path("revoked.json"), "{").unwrap();
    api.patch("/api/v2/x/settings", &json!({ "sftpd.max_auth_tries": 5 })).ok(200);
    assert!(!enters());
    save("").ok(200);
    assert!(enters());
}

// SSH-054: a stand-in for opkssh, which trusts one authority for one account.
#[test]
fn a_program_says_whose_certificates_count() {
    let authority = Authority::new();
    let program = authority.path("verify");
    let trusted = fs::read_to_string(authority.path("authority.pub")).unwrap();
    let script = format!("#!/bin/sh\n[ \"$1 $2\" = 'verify alice' ] && echo 'cert-authority {}'\n", trusted.trim());
    fs::write(&program, script).unwrap();
    Program::new("chmod").args(["755", &program]).run().ok();
    let sum = Program::new("sha256sum").arg(&program).run().ok().out;
    let settings =
        Settings::default().set("SFTPD__OPKSSH_PATH", &program).set("SFTPD__OPKSSH_CHECKSUM", sum.split(' ').next().unwrap());
    let server = Server::start(settings);
    for name in ["alice", "bob"] {
        server.create_user(name, json!({ "public_keys": [] }));
    }
    let enters = |key: &Key, name: &str| OpenSsh::with_key(&server, name, key).sftp("pwd\n").code == Some(0);
    assert!(enters(&authority.issue("named", &["-n", "alice"]), "alice"));
    let unnamed = authority.issue("unnamed", &[]);
    assert!(enters(&unnamed, "alice") && !enters(&unnamed, "bob"));
    assert!(!enters(&authority.issue("other", &["-n", "bob"]), "alice"));
    assert!(!enters(&Authority::new().issue("stranger", &["-n", "alice"]), "alice"));
}

// SSH-053
#[test]
fn without_an_authority_a_certificate_opens_nothing() {
    let authority = Authority::new();
    let server = Server::start(Settings::default());
    let alice = server.create_user("alice", json!({}));
    let key = authority.issue("signed", &["-n", "alice"]);
    OpenSsh::with_key(&server, &alice.name, &key).sftp("pwd\n").fails();
}

#[test]
fn files_that_cannot_be_used_stop_the_start_and_are_named() {
    let authority = Authority::new();
    fs::write(authority.path("broken"), "ssh-ed25519 AAAA").unwrap();
    fs::write(authority.path("list"), "{}").unwrap();
    for (setting, file) in [
        ("SFTPD__TRUSTED_USER_CA_KEYS", "broken"),
        ("SFTPD__TRUSTED_USER_CA_KEYS", "missing"),
        ("SFTPD__REVOKED_USER_CERTS_FILE", "list"),
        ("SFTPD__OPKSSH_PATH", "missing"),
        ("SFTPD__HOST_KEYS", "broken"),
        ("SFTPD__HOST_CERTIFICATES", "broken"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let finished = Program::new(crate::harness::binary())
            .args(["serve", "--any-port", "--data-dir"])
            .arg(data.path().join("data"))
            .env(&format!("ENTREPOT_{setting}"), authority.path(file))
            .run()
            .fails();
        assert!(finished.text().contains(&authority.path(file)), "{setting}: {finished:?}");
    }
}

/// A file of known hosts with this line for the server's address.
fn known_hosts(server: &Server, marker: &str, key: &str) -> String {
    let file = server.scratch().join("known_hosts");
    fs::write(&file, format!("{marker}[127.0.0.1]:{} {key}\n", server.sftp_address().port())).unwrap();
    format!("UserKnownHostsFile={}", file.display())
}

/// Whether a client that is strict about the host gets in.
fn trusts(server: &Server, known_hosts: &str, algorithms: &str) -> bool {
    let options = ["-o", "StrictHostKeyChecking=yes", "-o", known_hosts, "-o", algorithms];
    let port = server.sftp_address().port().to_string();
    let finished = Program::new("ssh")
        .args(options)
        .args(crate::harness::ssh_options(&server.key().file))
        .args(["-p", &port, "alice@127.0.0.1", "pwd"])
        .run();
    finished.code == Some(0)
}

// SSH-037
#[test]
fn a_certificate_of_the_host_is_shown_beside_its_key() {
    let authority = Authority::new();
    let key = Key::generate(&authority.0.path().join("id_ed25519"));
    authority.sign(&key.file, &["-h", "-n", "127.0.0.1"]);
    let settings = Settings::default()
        .set("SFTPD__HOST_KEYS", &authority.path("id_ed25519"))
        .set("SFTPD__HOST_CERTIFICATES", &authority.path("id_ed25519-cert.pub"));
    let server = Server::start(settings);
    server.create_user("alice", json!({}));
    let public = fs::read_to_string(authority.path("authority.pub")).unwrap();
    let any = "HostKeyAlgorithms=+ssh-ed25519";
    assert!(trusts(&server, &known_hosts(&server, "@cert-authority ", public.trim()), any));
    assert!(trusts(&server, &known_hosts(&server, "", &key.public), "HostKeyAlgorithms=ssh-ed25519"));
    let other = Authority::new();
    let public = fs::read_to_string(other.path("authority.pub")).unwrap();
    assert!(!trusts(&server, &known_hosts(&server, "@cert-authority ", public.trim()), any));
}

// SSH-031, SSH-036
#[test]
fn the_first_of_several_keys_of_a_type_is_shown_and_new_files_are_met_after_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| {
        fs::create_dir(folder.path().join(name)).unwrap();
        Key::generate(&folder.path().join(name).join("id_ed25519"))
    });
    let keys = format!("{},{}", old.file.display(), new.file.display());
    let server = Server::start(Settings::default().set("SFTPD__HOST_KEYS", &keys));
    server.create_user("alice", json!({}));
    let trusts = |key: &Key| trusts(&server, &known_hosts(&server, "", &key.public), "HostKeyAlgorithms=ssh-ed25519");
    assert!(trusts(&old) && !trusts(&new));
    fs::copy(&new.file, &old.file).unwrap();
    server.signal(rustix::process::Signal::HUP);
    crate::harness::eventually("the new key is shown", || trusts(&new));
}

// SSH-031: RSA for clients that know nothing newer
#[test]
fn an_rsa_key_is_made_beside_the_work() {
    let server = Server::start(Settings::default());
    let port = server.sftp_address().port().to_string();
    crate::harness::eventually("an RSA key is offered", || {
        let scanned = Program::new("ssh-keyscan").args(["-p", &port, "-t", "rsa", "127.0.0.1"]).run();
        scanned.out.contains("ssh-rsa ")
    });
    let bits = Program::new("ssh-keygen").args(["-l", "-f"]).arg(server.data().join("id_rsa")).run().ok().out;
    assert!(bits.starts_with("3072 "), "{bits}");
    assert!(!server.data().join("id_ecdsa").exists());
}
