//! Backups at the command line and at the start: dumps of another server move in.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use crate::harness::{Api, Finished, Program, Server, Settings, binary};

const DUMP: &str = include_str!("../data/sftpgo-2.7/dump.json");

/// The dump, with homes in the folder of the test.
fn dump(folder: &Path) -> String {
    DUMP.replace("/srv/import", folder.to_str().unwrap())
}

fn import(data: &Path, file: &Path, flags: &[&str]) -> Finished {
    Program::new(binary()).without_env().arg("import").arg("--data-dir").arg(data).arg(file).args(flags).run()
}

fn users(server: &Server) -> usize {
    Api::login(&server.http_url(), "admin", "admin-secret").get("/api/v2/users").ok(200).as_array().unwrap().len()
}

// INIT-012
#[test]
fn dump_moves_into_a_running_server_and_into_one_that_is_not() {
    let mut server = Server::start(Settings::default().without_admin());
    let file = server.scratch().join("dump.json");
    fs::write(&file, dump(&server.scratch())).unwrap();
    // The server could not read it: the command does.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    let dry = import(&server.data(), &file, &["--dry-run"]).code(0);
    assert!(dry.out.contains("added    users          u-full") && dry.out.contains("Dry run, nothing was changed"), "{dry:?}");
    assert!(!import(&server.data(), &file, &["--dry-run"]).out.contains("updated"), "nothing was written");

    let loaded = import(&server.data(), &file, &[]).code(0);
    assert!(loaded.out.contains("added    admins         a-totp"), "{loaded:?}");
    assert_eq!(users(&server), 28);
    assert!(server.stop().success());

    let again = import(&server.data(), &file, &["--mode", "1"]).code(0);
    assert!(again.out.contains("kept     users          u-full"), "{again:?}");
    server.launch();
    assert_eq!(users(&server), 28);
}

// API-094
#[test]
fn refused_objects_are_named_and_the_exit_code_tells() {
    let server = Server::start(Settings::default());
    let file = server.scratch().join("dump.json");
    let wrong = json!({"version": 17, "roles": [{"name": "r"}], "users": [{"username": "a"}, {"username": "b"}]});
    fs::write(&file, wrong.to_string()).unwrap();
    let dry = import(&server.data(), &file, &["--dry-run"]).code(1);
    assert!(dry.err.contains("user \"a\"") && dry.err.contains("user \"b\""), "{dry:?}");
    let stopped = import(&server.data(), &file, &[]).code(1);
    assert!(stopped.out.contains("added    roles          r"), "{stopped:?}");
    assert!(stopped.err.contains("user \"a\"") && !stopped.err.contains("user \"b\""), "{stopped:?}");
    import(&server.data(), &server.scratch().join("none"), &[]).code(1);
}

// API-099, INIT-005, INIT-006, INIT-008, CLI-008
#[test]
fn server_starts_with_the_data_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.json");
    fs::write(&file, dump(folder.path())).unwrap();
    let path = file.to_str().unwrap();
    let server = Server::start(Settings::default().without_admin().flag("--loaddata-from").flag(path).flag("--loaddata-clean"));
    assert_eq!(users(&server), 28);
    assert!(!file.exists(), "it was loaded completely");
    let events: Value = Api::login(&server.http_url(), "admin", "admin-secret").get("/api/v2/version").ok(200);
    assert!(events["version"].is_string());

    fs::write(&file, "{").unwrap();
    let server = Server::start(Settings::default().without_admin().flag("--loaddata-from").flag(path).flag("--loaddata-clean"));
    assert!(server.log().contains("was not loaded") && file.exists());
}
