//! Old data under a new program, and new data under an old one.

use std::{
    fs::{self, File},
    process::Command,
};

use rusqlite::Connection;

use crate::harness::{Server, Settings, binary};

/// A database of schema 4 with a user, as the program of that time left it.
const OLD: &str = include_str!("../data/upgrade/main-v4.sql");

// INIT-004
#[test]
fn old_database_is_upgraded_with_a_copy_beside_it() {
    let mut server = Server::start(Settings::default());
    server.stop();
    let database = server.data().join("entrepot.db");
    fs::remove_file(&database).unwrap();
    Connection::open(&database).unwrap().execute_batch(OLD).unwrap();
    server.launch();
    let user = server.api().get("/api/v2/users/ingrid").ok(200);
    assert_eq!((user["username"].as_str(), user["quota_files"].as_i64()), (Some("ingrid"), Some(12)));
    let copy = Connection::open(server.data().join("entrepot.db.backup-v4")).unwrap();
    let version = |database: &Connection| -> i64 {
        database.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&copy), 4, "the copy is from before");
    assert!(version(&Connection::open(&database).unwrap()) > 4);
    server.restart();
    server.api().get("/api/v2/users/ingrid").ok(200);
}

// INIT-004
#[test]
fn newer_database_is_refused_and_says_so() {
    let mut server = Server::start(Settings::default());
    server.stop();
    let later = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES (9999, 'later', '2030-01-01T00:00:00Z', '1')";
    let database = server.data().join("entrepot.db");
    Connection::open(&database).unwrap().execute_batch(later).unwrap();
    let before = fs::read(&database).unwrap();
    for command in [&["serve", "--any-port"][..], &["backup", "x"]] {
        let output = Command::new(binary())
            .env_clear()
            .env("ENTREPOT_BACKUP_PASSPHRASE", "correct horse battery")
            .args(command)
            .arg("--data-dir")
            .arg(server.data())
            .current_dir(server.scratch())
            .stdin(File::open("/dev/null").unwrap())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(told.contains("newer version") && told.contains("9999") && told.lines().count() == 1, "{told}");
        assert_eq!(fs::read(&database).unwrap(), before, "it was left as it is");
    }
}
