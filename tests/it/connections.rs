//! Connections seen and ended from outside, and what the server says about itself, over the real program.

use std::{fs, net::TcpStream, thread};

use serde_json::json;

use crate::harness::{OpenSsh, Server, Settings, bytes, eventually, free_port};

// API-060, API-064, SSH-028, LIM-013: a download in flight is cut, and the SSH connection with it.
#[test]
fn administrator_ends_a_connection_with_its_download() {
    let server = Server::start(Settings::default());
    // KB/s: it would take minutes.
    let user = server.create_user("alice", json!({ "download_bandwidth": 100 }));
    user.place("large", &bytes(20 << 20, 1));
    let api = server.api();
    thread::scope(|scope| {
        let client = scope.spawn(|| OpenSsh::new(&server, &user).sftp("get large\nls\n"));
        let mut found = json!(null);
        eventually("the download is listed with what it moved", || {
            let list = api.get("/api/v2/connections").ok(200);
            found = list[0].clone();
            found["active_transfers"][0]["size"].as_i64().is_some_and(|size| size > 0)
        });
        let transfer = &found["active_transfers"][0];
        assert_eq!((&transfer["operation_type"], &transfer["path"]), (&json!("download"), &json!("/large")));
        assert_eq!((&found["username"], &found["protocol"]), (&json!("alice"), &json!("SFTP")));
        assert!(found["client_version"].as_str().unwrap().contains("OpenSSH"), "{found}");
        let id = found["connection_id"].as_str().unwrap();
        let closed = api.delete(&format!("/api/v2/connections/{id}")).ok(200);
        assert_eq!(closed["message"], "Connection closed");
        let finished = client.join().unwrap();
        assert_ne!(finished.code, Some(0));
        eventually("it is gone from the list", || api.get("/api/v2/connections").ok(200) == json!([]));
        api.delete(&format!("/api/v2/connections/{id}")).ok(404);
    });
    eventually("the end is in the audit trail", || server.events_of("alice", "download").iter().any(|event| event.status == 2));
    assert_eq!(OpenSsh::new(&server, &user).sftp("ls\n").code, Some(0), "she may come back");
}

// API-066, API-067, API-068, API-241
#[test]
fn status_version_and_log_level_are_those_of_the_running_server() {
    let server = Server::start(Settings::default());
    let api = server.api();
    let ssh = api.get("/api/v2/status").ok(200)["ssh"].clone();
    assert_eq!(ssh["is_active"], json!(true));
    assert_eq!(ssh["bindings"][0]["port"], json!(server.sftp_address().port()));
    assert!(ssh["host_keys"][0]["fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(ssh["host_keys"][0]["algorithms"], json!(["ssh-ed25519"]));
    for list in ["ciphers", "macs", "kex_algorithms", "public_key_algorithms", "authentications"] {
        assert!(!ssh[list].as_array().unwrap().is_empty(), "{list}");
    }
    let features = api.get("/api/v2/version").ok(200)["features"].clone();
    assert!(features.as_array().unwrap().contains(&json!("+sqlite")), "{features}");
    api.put("/api/v2/system/log-level", &json!({ "level": "error" })).ok(200);
    assert_eq!(api.get("/api/v2/system/log-level").ok(200), json!({ "level": "error" }));
    api.put("/api/v2/system/log-level", &json!({ "level": "debug" })).ok(200);
}

// SSH-001. Listeners are rebound while running: who is inside stays, and what cannot be had changes nothing.
#[test]
fn listeners_of_ssh_follow_the_settings() {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({ "download_bandwidth": 400 }));
    let content = bytes(2 << 20, 1);
    user.place("large", &content);
    let api = server.api();
    let ports = || -> Vec<u16> {
        let status = api.get("/api/v2/status").ok(200);
        let bindings = status["ssh"]["bindings"].as_array().unwrap().clone();
        bindings.iter().map(|binding| u16::try_from(binding["port"].as_u64().unwrap()).unwrap()).collect()
    };
    let first = server.sftp_address().port();
    assert_eq!(ports(), [first]);
    thread::scope(|scope| {
        let client = scope.spawn(|| OpenSsh::new(&server, &user).sftp("get large\n"));
        eventually("the download runs", || !api.get("/api/v2/connections").ok(200).as_array().unwrap().is_empty());
        let changed = api.patch("/api/v2/x/settings", &json!({ "sftpd.bindings[0].apply_proxy_config": false })).ok(200);
        assert_eq!(changed["needs_restart"], json!([]), "{changed}");
        assert_ne!(ports(), [first]);
        assert!(TcpStream::connect(("127.0.0.1", first)).is_err() && TcpStream::connect(("127.0.0.1", ports()[0])).is_ok());
        client.join().unwrap().ok();
        assert_eq!(fs::read(server.scratch().join("large")).unwrap(), content);
    });
    let moved = ports();
    // TEST-NET-3: nobody has it.
    let refused = json!({ "sftpd.bindings[1].address": "203.0.113.1", "sftpd.bindings[1].port": 2022, "common.idle_timeout": 7 });
    let refused = api.patch("/api/v2/x/settings", &refused).ok(400);
    assert!(refused.to_string().contains("sftpd.bindings[1]"), "{refused}");
    assert_eq!(ports().len(), 1);
    assert!(TcpStream::connect(("127.0.0.1", ports()[0])).is_ok(), "it listens where it did, {moved:?}");
    // A second one, and none.
    let second = json!({ "sftpd.bindings[1].port": free_port(), "sftpd.bindings[1].address": "127.0.0.1" });
    api.patch("/api/v2/x/settings", &second).ok(200);
    assert_eq!(ports().len(), 2);
    api.patch("/api/v2/x/settings", &json!({ "sftpd.bindings[0].port": 0, "sftpd.bindings[1].port": 0 })).ok(200);
    assert!(ports().is_empty() && api.get("/api/v2/status").ok(200)["ssh"]["is_active"] == json!(false));
}
