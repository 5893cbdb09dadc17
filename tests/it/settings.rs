//! Settings that an administrator saves: none of them keeps the server from starting again, and where one does all the same,
//! because something went away since, there is a way out.

use std::{fs, net::TcpListener, path::Path};

use serde_json::{Value, json};

use crate::harness::{Finished, Program, Server, Settings, binary, free_port};

/// The program beside the server of a folder, or without one.
fn entrepot(arguments: &[&str], data: &Path) -> Finished {
    Program::new(binary()).without_env().args(arguments).arg("--data-dir").arg(data).run()
}

#[track_caller]
fn change(server: &Server, changes: &Value) {
    server.api().patch("/api/v2/x/settings", changes).ok(200);
}

/// The answer names the key and says this.
#[track_caller]
fn refused(server: &Server, key: &str, changes: &Value, part: &str) {
    let answer = server.api().patch("/api/v2/x/settings", changes).ok(400).to_string();
    assert!(answer.contains(key) && answer.contains(part), "{key}: {answer}");
}

// CFG-372
#[test]
fn nothing_is_saved_that_would_keep_the_server_from_starting() {
    let mut server = Server::start(Settings::default());
    let missing = server.scratch().join("missing").display().to_string();
    for (key, value, part) in [
        ("httpd.bindings[1].address", json!("192.0.2.7"), "not an address of this machine"),
        ("httpd.bindings[1].address", json!("files.example"), "not an IP address"),
        ("telemetry.bind_address", json!("192.0.2.7"), "not an address of this machine"),
        ("telemetry.auth_user_file", json!(missing), "missing"),
        ("sftpd.ciphers", json!(["nope"]), "nope"),
        ("sftpd.kex_algorithms", json!(["nope"]), "nope"),
        ("sftpd.macs", json!(["nope"]), "nope"),
        ("sftpd.host_key_algorithms", json!(["nope"]), "nope"),
        ("sftpd.public_key_algorithms", json!(["nope"]), "nope"),
        ("sftpd.host_keys", json!([missing]), "missing"),
        ("sftpd.trusted_user_ca_keys", json!([missing]), "missing"),
        ("sftpd.revoked_user_certs_file", json!(missing), "missing"),
    ] {
        let mut changes =
            json!({ "httpd.bindings[1].port": free_port(), "telemetry.bind_port": free_port(), "common.idle_timeout": 9 });
        changes[key] = value;
        refused(&server, key, &changes, part);
    }
    let pair = json!({
        "httpd.bindings[1].port": free_port(),
        "httpd.bindings[1].enable_https": true,
        "httpd.bindings[1].certificate_file": missing,
        "httpd.bindings[1].certificate_key_file": missing,
    });
    refused(&server, "httpd.bindings[1].certificate_file", &pair, "missing");
    let socket = json!({ "sftpd.bindings[1].port": free_port(), "sftpd.bindings[1].address": "/run/sftp.sock" });
    refused(&server, "sftpd.bindings[1].address", &socket, "not an IP address");
    let saved = entrepot(&["config", "list"], &server.data()).ok();
    assert_eq!(saved.out, "", "nothing was saved");
    server.restart();
    change(&server, &json!({ "sftpd.ciphers": ["aes256-gcm@openssh.com"], "common.idle_timeout": 9 }));
    server.restart();
}

// CFG-372
#[test]
fn ports_are_those_of_one_listener() {
    let settings = Settings::default().exact_ports();
    let (sftp, http) = (free_port(), free_port());
    let settings = settings.set("SFTPD__BINDINGS__0__PORT", &sftp.to_string()).set("HTTPD__BINDINGS__0__PORT", &http.to_string());
    let server = Server::start(settings);
    let (port, address) = ("httpd.bindings[1].port", "httpd.bindings[1].address");
    refused(&server, port, &json!({ port: sftp }), "would both listen");
    refused(&server, port, &json!({ port: http, address: "127.0.0.1" }), "would both listen");
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    refused(&server, port, &json!({ port: other.local_addr().unwrap().port() }), "in use");
    change(&server, &json!({ port: sftp, address: "127.0.0.2" }));
}

// CFG-373, SYS-007
#[test]
fn saved_setting_that_keeps_the_server_from_starting_is_named_and_taken_back() {
    let mut server = Server::start(Settings::default());
    let file = server.scratch().join("users");
    fs::write(&file, "monitor:$2y$05$abc\n").unwrap();
    let names = json!({ "telemetry.bind_port": free_port(), "telemetry.auth_user_file": file });
    change(&server, &names);
    server.restart();
    // What is saved is seen and taken back beside the running server.
    let listed = entrepot(&["config", "list"], &server.data()).ok();
    assert!(listed.out.contains("telemetry.auth_user_file = "), "{listed:?}");
    change(&server, &json!({ "common.idle_timeout": 9 }));
    entrepot(&["config", "unset", "common.idle_timeout"], &server.data()).ok();
    assert!(!entrepot(&["config", "list"], &server.data()).ok().out.contains("idle_timeout"));
    server.stop();

    fs::remove_file(&file).unwrap();
    let failed = entrepot(&["serve", "--any-port"], &server.data());
    assert_eq!(failed.code, Some(3), "{failed:?}");
    let way_out = "entrepot config unset telemetry.auth_user_file";
    assert!(failed.err.contains("saved in the database") && failed.err.contains(way_out), "{failed:?}");
    let doctor = entrepot(&["doctor"], &server.data());
    assert!(doctor.code == Some(1) && doctor.out.contains(way_out), "{doctor:?}");
    // DOC-001: as in a container of nothing but the program.
    let nowhere = server.scratch().join("no folder of temporary files");
    let doctor =
        Program::new(binary()).without_env().env("TMPDIR", nowhere).args(["doctor", "--data-dir"]).arg(server.data()).run();
    assert!(doctor.code == Some(1) && doctor.out.contains(way_out), "{doctor:?}");
    let unknown = entrepot(&["config", "unset", "sftpd.ciphers"], &server.data());
    assert!(unknown.code == Some(3) && unknown.err.contains("telemetry.auth_user_file"), "{unknown:?}");
    let taken = entrepot(&["config", "unset", "telemetry"], &server.data()).ok();
    assert!(taken.out.contains("telemetry.auth_user_file") && taken.out.contains("telemetry.bind_port"), "{taken:?}");
    server.launch();
}

// ENV-006
#[test]
fn one_variable_of_a_default_binding_leaves_https_on() {
    let settings = Settings::untouched().set("HTTPD__BINDINGS__0__BASE_URL", "https://files.example");
    let server = Server::start(settings);
    assert!(server.http_url().starts_with("https://"), "{}", server.ready());
    assert_eq!(server.ready()["http"].as_array().map(Vec::len), Some(2), "{}", server.ready());
}
