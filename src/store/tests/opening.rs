//! Opening: what is refused, what is made, what survives.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use super::{NOW, folder, on_disk, user};
use crate::{Store, StoreError, StoreOptions, engine::migration::Schema};

fn open(directory: &Path) -> Result<Store, StoreError> {
    Store::open(StoreOptions::new(directory))
}

fn refused(directory: &Path) -> StoreError {
    open(directory).expect_err("must be refused")
}

// CFG-190
#[tokio::test]
async fn files_are_private_and_the_journal_is_a_write_ahead_log() {
    let (directory, store) = on_disk();
    store.folders().insert(folder("f")).await.expect("insert");
    for name in ["entrepot.db", "entrepot.db-wal", "entrepot.db.lock", "events.db"] {
        let mode = fs::metadata(directory.path().join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn second_server_is_refused_until_the_first_has_closed() {
    let (directory, store) = on_disk();
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    drop(store);
    open(directory.path()).expect("free again");
}

// DOC-001
#[tokio::test]
async fn copy_has_what_a_killed_server_left_and_the_original_stays_as_it_is() {
    let (directory, store) = on_disk();
    store.folders().insert(folder("f")).await.expect("insert");
    let scratch = tempfile::tempdir().expect("scratch");
    let options = StoreOptions::new(directory.path());
    let error = Store::open_copy(&options, scratch.path()).expect_err("it is open");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    // As it lies there when the process is killed: part of it is in the write-ahead log.
    let left = tempfile::tempdir().expect("folder");
    for name in ["entrepot.db", "entrepot.db-wal", "events.db"] {
        fs::copy(directory.path().join(name), left.path().join(name)).expect(name);
    }
    let files = || {
        let entries = fs::read_dir(left.path()).expect("folder").map(|entry| entry.expect("entry").path());
        entries.map(|path| (path.clone(), fs::read(path).expect("read"))).collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = files();
    let copy = Store::open_copy(&StoreOptions::new(left.path()), scratch.path()).expect("opened");
    assert!(copy.folders().get("f").await.expect("read").is_some());
    assert!(copy.check().await.expect("checked").is_empty());
    drop(copy);
    assert!(files() == before, "something was changed");
}

// DOC-001
#[tokio::test]
async fn events_that_nobody_writes_are_looked_at_where_they_lie() {
    let (directory, store) = on_disk();
    store.shutdown().await.expect("shutdown");
    drop(store);
    let (path, scratch) = (directory.path().join("events.db"), tempfile::tempdir().expect("scratch"));
    let names = || fs::read_dir(directory.path()).expect("folder").count();
    let (bytes, before) = (fs::read(&path).expect("read"), names());
    let options = StoreOptions::new(directory.path());
    let copy = Store::open_copy(&options, scratch.path()).expect("opened");
    assert!(copy.check().await.expect("checked").is_empty());
    assert!(!scratch.path().join("events.db").exists(), "they may be many");
    assert_eq!((fs::read(&path).expect("read") == bytes, names()), (true, before));
    let server = open(directory.path()).expect("who looks keeps no server from starting");
    drop((server, copy));
    // Damage is found there, too; what a server wrote meanwhile is none.
    for is_written in [false, true] {
        let scratch = tempfile::tempdir().expect("scratch");
        fs::write(&path, &bytes).expect("written");
        let copy = Store::open_copy(&options, scratch.path()).expect("opened");
        let mut damaged = bytes.clone();
        damaged[4096..].fill(0xA5);
        let times = fs::metadata(&path).expect("there").modified().expect("a time");
        if is_written {
            damaged.extend([0; 4096]);
        }
        fs::write(&path, &damaged).expect("written");
        if !is_written {
            fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(times)).expect("kept");
        }
        match copy.check().await {
            Err(StoreError::Locked { .. }) => assert!(is_written),
            told => assert!(!is_written && !told.as_ref().is_ok_and(Vec::is_empty), "{told:?}"),
        }
    }
}

// INIT-004
#[test]
fn newer_database_is_refused_and_says_so() {
    let (directory, store) = on_disk();
    drop(store);
    let path = directory.path().join("entrepot.db");
    let connection = Connection::open(&path).expect("open");
    connection
        .execute_batch(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             VALUES (9999, 'later', '2030-01-01T00:00:00Z', '1')",
        )
        .expect("insert");
    drop(connection);
    let before = fs::read(&path).expect("read");
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error}");
    assert_eq!(fs::read(&path).expect("read"), before);
}

#[test]
fn text_file_is_refused_untouched() {
    let directory = tempfile::tempdir().expect("temporary folder");
    let path = directory.path().join("entrepot.db");
    fs::write(&path, "shopping list\n").expect("write");
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read(&path).expect("read"), b"shopping list\n");
}

#[tokio::test]
async fn damaged_database_is_refused_untouched() {
    let (directory, store) = on_disk();
    for number in 0..200 {
        let record = user(&format!("user{number}"));
        store.users().insert(record, None, NOW).await.expect("insert");
    }
    store.shutdown().await.expect("shutdown");
    drop(store);
    let path = directory.path().join("entrepot.db");
    let mut bytes = fs::read(&path).expect("read");
    let length = bytes.len();
    bytes[length / 2..].fill(0xA5);
    fs::write(&path, &bytes).expect("write");
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
    assert!(fs::read(&path).expect("read") == bytes, "the file was changed");
}

#[test]
fn database_of_another_program_is_refused() {
    let directory = tempfile::tempdir().expect("temporary folder");
    let connection = Connection::open(directory.path().join("entrepot.db")).expect("open");
    connection.execute_batch("CREATE TABLE users (id INTEGER)").expect("create");
    drop(connection);
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

#[test]
fn backup_is_made_before_an_upgrade() {
    let directory = tempfile::tempdir().expect("temporary folder");
    let path = directory.path().join("entrepot.db");
    // A database of ours to which no migration has been applied.
    let connection = Connection::open(&path).expect("open");
    connection
        .execute_batch("PRAGMA application_id = 0x454E5452; CREATE TABLE old (word TEXT); INSERT INTO old VALUES ('kept')")
        .expect("create");
    drop(connection);
    let mut options = StoreOptions::new(directory.path());
    options.migrate = false;
    let error = Store::open(options).expect_err("must be refused");
    assert!(matches!(error, StoreError::Migration { .. }), "{error}");

    drop(open(directory.path()).expect("opens"));
    let backup = directory.path().join("entrepot.db.backup-v0");
    let mode = fs::metadata(&backup).expect("backup").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let connection = Connection::open(&backup).expect("open");
    let word: String = connection.query_row("SELECT word FROM old", [], |row| row.get(0)).expect("word");
    assert_eq!(word, "kept");
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'user_account'", [], |row| row.get(0))
        .expect("count");
    assert_eq!(tables, 0, "the backup is from before the upgrade");
}

#[tokio::test]
async fn answered_writes_survive_a_killed_process() {
    let (directory, store) = on_disk();
    store.users().insert(user("alice"), Some("hash".into()), NOW).await.expect("insert");
    store.users().set_last_login("alice", NOW).await.expect("login");
    // What the disk holds while the server runs is what a killed process leaves behind.
    let left = tempfile::tempdir().expect("temporary folder");
    for name in ["entrepot.db", "entrepot.db-wal", "events.db", "events.db-wal"] {
        fs::copy(directory.path().join(name), left.path().join(name)).expect(name);
    }
    let store = open(left.path()).expect("opens");
    let alice = store.users().get("alice").await.expect("get").expect("alice");
    assert_eq!(alice.last_login, NOW);
}

#[tokio::test]
async fn everything_queued_is_stored_when_the_last_handle_is_dropped() {
    let (directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    for _ in 0..1000 {
        let usage = crate::TransferUsage { username: "alice".into(), upload: 1, download: 0 };
        let settlement = crate::Settlement { transfer: Some(usage), ..crate::Settlement::default() };
        store.transfers().submit_settle(settlement).expect("submit");
    }
    drop(store);
    let log = fs::metadata(directory.path().join("entrepot.db-wal")).map_or(0, |facts| facts.len());
    assert_eq!(log, 0, "the log is folded into the file");
    let store = open(directory.path()).expect("opens");
    let usage = store.users().usage("alice").await.expect("usage").expect("alice");
    assert_eq!(usage.used_upload_data_transfer, 1000);
}

#[tokio::test]
async fn closed_store_refuses() {
    let (_directory, store) = on_disk();
    store.shutdown().await.expect("shutdown");
    assert_eq!(store.users().get("a").await.expect_err("closed"), StoreError::Closed);
    assert_eq!(store.folders().insert(folder("f")).await.expect_err("closed"), StoreError::Closed);
    store.shutdown().await.expect("a second time does nothing");
}

#[tokio::test]
async fn store_in_memory_reads_what_it_wrote() {
    let store = Store::open(StoreOptions::in_memory()).expect("opens");
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    assert!(store.users().get("alice").await.expect("get").is_some());
    store.shutdown().await.expect("shutdown");
}

/// V0014 as it was once, with the account for the key.
const OTHER_V0014: &str = "\
-- Who opened documents in an office server, for a limit on the number of such users; gone with the user. Times are Unix
-- milliseconds.
CREATE TABLE document_user (
    user_id    INTEGER PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    first_used INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT;
";

/// A database of version 15 with a seat in it, brought up with either text of V0014.
fn of_version_15(directory: &Path, has_other_text: bool) {
    let mut migrations = Schema::Main.migrations();
    migrations.retain(|migration| migration.version() <= 15);
    if has_other_text {
        migrations.retain(|migration| migration.version() != 14);
        migrations.push(refinery::Migration::unapplied("V0014__document_users", OTHER_V0014).expect("migration"));
    }
    let mut connection = Connection::open(directory.join("entrepot.db")).expect("open");
    refinery::Runner::new(&migrations).run(&mut connection).expect("migrated");
    let seat = if has_other_text { "user_id" } else { "username" };
    connection.pragma_update(None, "foreign_keys", false).expect("pragma");
    connection.execute(&format!("INSERT INTO document_user ({seat}, first_used, last_used) VALUES (1, 2, 3)"), []).expect("seat");
}

// Whichever text of V0014 a database has been through, it ends as a new one does.
#[tokio::test]
async fn databases_with_either_text_of_a_migration_are_upgraded_alike() {
    let tables = |directory: &Path| {
        let connection = Connection::open(directory.join("entrepot.db")).expect("open");
        let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").expect("prepare");
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)));
        rows.expect("query").map(|row| row.expect("row")).collect::<Vec<_>>()
    };
    let (new, store) = on_disk();
    drop(store);
    for has_other_text in [false, true] {
        let directory = tempfile::tempdir().expect("temporary folder");
        of_version_15(directory.path(), has_other_text);
        let store = open(directory.path()).unwrap_or_else(|error| panic!("{has_other_text}: {error}"));
        let id = store.users().insert(user("alice"), None, NOW).await.expect("insert").id;
        assert!(store.document_users().admit(id, 1, 0, NOW).await.expect("asked"), "{has_other_text}");
        store.shutdown().await.expect("shutdown");
        drop(store);
        assert_eq!(tables(directory.path()), tables(new.path()), "{has_other_text}");
        drop(open(directory.path()).expect("opens again"));
    }
}
