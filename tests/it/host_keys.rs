//! Host keys that are kept in the database: made, shown and removed while clients are connected.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{Program, Server, Settings, User, binary, eventually, require, ssh_options};

const KEYS: &str = "/api/v2/x/hostkeys";

/// Type and base64 of the keys that a new connection meets.
fn seen(server: &Server) -> Vec<String> {
    require("ssh-keyscan", "openssh-client");
    let address = server.sftp_address();
    let scan = Program::new("ssh-keyscan").args(["-p", &address.port().to_string(), &address.ip().to_string()]).run();
    let lines = scan.out.lines().filter(|line| !line.starts_with('#'));
    let mut keys: Vec<String> = lines.filter_map(|line| line.split_once(' ')).map(|(_, key)| key.to_owned()).collect();
    keys.sort();
    keys
}

/// A server whose keys are all there, and they.
fn server() -> (Server, Vec<String>) {
    let server = Server::start(Settings::default());
    // The RSA key is made beside the work.
    eventually("there is an RSA key", || listed(&server).len() == 2);
    let keys = seen(&server);
    assert_eq!(keys.len(), 2, "{keys:?}");
    (server, keys)
}

fn listed(server: &Server) -> Vec<Value> {
    server.api().get(KEYS).ok(200).as_array().unwrap().clone()
}

fn public(key: &Value) -> String {
    key["public_key"].as_str().unwrap().to_owned()
}

/// `sftp`, connected, waiting for what to do.
fn session(server: &Server, user: &User) -> std::process::Child {
    let port = server.sftp_address().port().to_string();
    let child = Command::new("sftp")
        .args(ssh_options(&server.key().file))
        .args(["-P", &port, "-b", "-", &format!("{}@127.0.0.1", user.name)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the session is open", || {
        server.api().get("/api/v2/connections").ok(200).as_array().is_some_and(|list| !list.is_empty())
    });
    child
}

// SSH-036
#[test]
fn a_new_key_is_seen_at_once_and_nobody_is_thrown_out() {
    let (mut server, files) = server();
    let api = server.api();
    let user = server.create_user("ingrid", json!({}));
    let mut open = session(&server, &user);
    // Another type: clients see it beside those of the files, which move into the database.
    let ecdsa = api.post(KEYS, &json!({ "type": "ecdsa-p256" })).ok(201);
    let mut expected = [files.clone(), vec![public(&ecdsa)]].concat();
    expected.sort();
    assert_eq!(seen(&server), expected);
    // A new one of a type that is there waits, until it is wanted.
    let new = api.post(KEYS, &json!({ "type": "ed25519" })).ok(201);
    assert_eq!(new["state"], "waiting");
    assert_eq!(seen(&server), expected);
    let id = new["id"].as_str().unwrap();
    api.post(&format!("{KEYS}/{id}/first"), &json!({})).ok(200);
    assert!(seen(&server).contains(&public(&new)));
    let old = files.iter().find(|key| key.starts_with("ssh-ed25519")).unwrap();
    assert!(!seen(&server).contains(old));
    let old = listed(&server).into_iter().find(|key| public(key) == *old).expect("it waits");
    api.delete(&format!("{KEYS}/{}", old["id"].as_str().unwrap())).ok(200);
    // The session from before goes on.
    open.stdin.take().unwrap().write_all(b"mkdir made-afterwards\n").unwrap();
    let ended = open.wait_with_output().unwrap();
    assert!(ended.status.success() && user.home.join("made-afterwards").is_dir(), "{ended:?}");
    // What the service says of itself, and what a restart finds.
    let now = seen(&server);
    let status = api.get("/api/v2/status").ok(200)["ssh"]["host_keys"].clone();
    let told: Vec<&str> = status.as_array().unwrap().iter().map(|key| key["fingerprint"].as_str().unwrap()).collect();
    assert!(told.contains(&new["fingerprint"].as_str().unwrap()) && !told.contains(&old["fingerprint"].as_str().unwrap()));
    for name in ["id_ed25519", "id_rsa"] {
        fs::remove_file(server.data().join(name)).unwrap();
    }
    server.restart();
    assert_eq!(seen(&server), now);
    assert!(!server.data().join("id_ed25519").exists(), "no file is made that nobody uses");
    assert!(!server.log().contains("PRIVATE KEY"));
}

// SSH-036
#[test]
fn keys_are_brought_and_those_of_no_use_refused() {
    let server = Server::start(Settings::default());
    let api = server.api();
    let make = |name: &str, arguments: &[&str]| {
        let file = server.scratch().join(name);
        Program::new("ssh-keygen").args(["-q", "-f"]).arg(&file).args(arguments).run().ok();
        fs::read_to_string(file).unwrap()
    };
    let good = make("good", &["-t", "ed25519", "-N", ""]);
    let added = api.post(KEYS, &json!({ "private_key": good, "keep_files": false })).ok(201);
    assert_eq!(seen(&server), [public(&added)]);
    for (key, reason) in [
        (good.clone(), "here already"),
        (make("locked", &["-t", "ed25519", "-N", "secret"]), "passphrase"),
        (make("small", &["-t", "rsa", "-b", "1024", "-N", ""]), "too small"),
        ("nonsense".to_owned(), "not a usable private key"),
    ] {
        let refused = api.post(KEYS, &json!({ "private_key": key }));
        assert!(matches!(refused.status, 400 | 409) && refused.text.contains(reason), "{refused:?}");
    }
    let id = added["id"].as_str().unwrap();
    let refused = api.delete(&format!("{KEYS}/{id}"));
    assert!(refused.status == 409 && refused.text.contains("last host key"), "{refused:?}");
    assert_eq!(seen(&server), [public(&added)]);
}

// SSH-036, BKP-001: they survive a new installation with the database
#[test]
fn a_backup_carries_the_keys_of_the_database() {
    let mut server = Server::start(Settings::default());
    let added = server.api().post(KEYS, &json!({ "type": "ed25519", "keep_files": false })).ok(201);
    let file = server.scratch().join("it.backup");
    let command = |name: &str| {
        let command = Program::new(binary()).without_env().env("ENTREPOT_BACKUP_PASSPHRASE", "correct horse battery");
        command.arg(name).arg("--data-dir").arg(server.data()).arg(&file)
    };
    command("backup").run().ok();
    let restore = command("restore");
    server.stop();
    fs::rename(server.data(), server.scratch().join("lost")).unwrap();
    restore.run().ok();
    server.launch();
    assert_eq!(seen(&server), [public(&added)]);
}
