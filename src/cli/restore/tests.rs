use std::{fs, path::Path};

use entrepot_secrets::Sensitive;
use entrepot_store::{Store, StoreOptions};

use super::*;
use crate::runtime;

const PASSPHRASE: &str = "correct horse battery";

fn place(data: &Path) -> arguments::Place {
    arguments::Place { data_dir: data.to_owned(), config_file: None }
}

/// A server with a user and a key, and a backup of it.
fn backup_of(folder: &Path) -> std::path::PathBuf {
    backup_with(folder, "entrepot.db")
}

/// The same with a database of this name.
fn backup_with(folder: &Path, database: &str) -> std::path::PathBuf {
    let data = folder.join("old");
    fs::create_dir_all(data.join(database).parent().expect("a folder")).expect("made");
    let store = Store::open(StoreOptions { name: database.to_owned(), ..StoreOptions::new(&data) }).expect("databases");
    runtime::build_small().expect("threads").block_on(async {
        let home_dir = data.join("homes/ingrid").to_str().expect("a path").to_owned();
        let user = entrepot_model::User { username: "ingrid".into(), home_dir, ..Default::default() };
        store.users().insert(user, None, 1).await.expect("inserted");
        let user = entrepot_model::User { username: "hans".into(), home_dir: "/srv/older".into(), ..Default::default() };
        store.users().insert(user, None, 1).await.expect("inserted");
        store.shutdown().await.expect("closed");
    });
    fs::write(data.join("id_ed25519"), "the old key").expect("written");
    let settings = format!("[common]\nidle_timeout = 7\n[data_provider]\nname = {database:?}\n");
    fs::write(data.join("entrepot.toml"), settings).expect("written");
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, PASSPHRASE).expect("written");
    let file = folder.join("it.backup");
    let command = arguments::Backup { place: place(&data), file: file.clone(), passphrase_file: Some(passphrase) };
    backup::run(&command).expect("made");
    file
}

fn restore(folder: &Path, data: &Path) -> anyhow::Result<()> {
    let (file, passphrase) = (folder.join("it.backup"), folder.join("passphrase"));
    run(&arguments::Restore { place: place(data), file, passphrase_file: Some(passphrase), check: false })
}

/// A start that comes later, without settings beside those of the backup.
fn ground(data: &DataFolder) -> Ground {
    Ground { sources: Sources::new(data.path()), held: Vec::new(), any_port: true, is_now: false }
}

fn accounts(data: &Path, database: &str) -> Vec<entrepot_model::User> {
    let store = Store::open(StoreOptions { name: database.to_owned(), ..StoreOptions::new(data) }).expect("databases");
    runtime::build_small().expect("threads").block_on(async {
        let users = store.users().list(entrepot_store::ListOptions::all()).await.expect("listed");
        store.shutdown().await.expect("closed");
        users
    })
}

fn users(data: &Path) -> Vec<String> {
    accounts(data, "entrepot.db").into_iter().map(|user| user.username).filter(|name| name != "hans").collect()
}

fn names(data: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(data).expect("read").filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

// BKP-020
#[test]
fn empty_folder_becomes_the_server() {
    let folder = tempfile::tempdir().expect("folder");
    backup_of(folder.path());
    let data = folder.path().join("new");
    restore(folder.path(), &data).expect("restored");
    assert_eq!(users(&data), ["ingrid"]);
    assert_eq!(fs::read_to_string(data.join("id_ed25519")).expect("there"), "the old key");
    assert!(fs::read_to_string(data.join("entrepot.toml")).expect("there").contains("idle_timeout"));
    assert!(names(&data).iter().all(|name| !name.starts_with(staging::PREFIX)), "{:?}", names(&data));
    let error = restore(folder.path(), &data).expect_err("it is in use");
    assert!(error.to_string().contains("is not empty") && exit::code(&error) == exit::DATA, "{error}");
}

// BKP-027
#[test]
fn homes_in_the_data_folder_move_with_it_and_others_stay() {
    let folder = tempfile::tempdir().expect("folder");
    backup_of(folder.path());
    let data = folder.path().join("new");
    restore(folder.path(), &data).expect("restored");
    let homes: Vec<_> = accounts(&data, "entrepot.db").into_iter().map(|user| (user.username, user.home_dir)).collect();
    let moved = data.join("homes/ingrid").to_str().expect("a path").to_owned();
    assert_eq!(homes, [("hans".to_owned(), "/srv/older".to_owned()), ("ingrid".to_owned(), moved)]);
}

// BKP-020
#[test]
fn database_in_a_folder_of_its_own_keeps_its_events_beside_it() {
    let folder = tempfile::tempdir().expect("folder");
    backup_with(folder.path(), "db/main.db");
    let events = fs::metadata(folder.path().join("old/db/events.db")).expect("there").len();
    let data = folder.path().join("new");
    restore(folder.path(), &data).expect("restored");
    assert_eq!(fs::metadata(data.join("db/events.db")).expect("there").len(), events);
    assert!(!data.join("events.db").exists());
    assert_eq!(accounts(&data, "db/main.db").len(), 2);
}

// BKP-026
#[test]
fn one_restore_runs_at_a_time() {
    let folder = tempfile::tempdir().expect("folder");
    let file = backup_of(folder.path());
    let data = DataFolder::at(&folder.path().join("new")).expect("a path");
    data.create().expect("made");
    let other = fs::File::open(data.path()).expect("opened");
    other.try_lock().expect("locked");
    let stage = || staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &ground(&data));
    let error = stage().expect_err("another one runs");
    assert!(error.to_string().contains("another restore"), "{error}");
    drop(other);
    stage().expect("laid ready");
    let error = stage().expect_err("one lies ready");
    assert!(error.to_string().contains("lies ready"), "{error}");
}

// BKP-020
#[test]
fn host_keys_that_somebody_brought_are_an_obstacle() {
    let folder = tempfile::tempdir().expect("folder");
    backup_of(folder.path());
    let data = folder.path().join("new");
    fs::create_dir(&data).expect("made");
    fs::write(data.join("id_rsa"), "brought").expect("written");
    let error = restore(folder.path(), &data).expect_err("the key would be lost");
    assert!(error.to_string().contains("id_rsa"), "{error}");
    assert_eq!(fs::read_to_string(data.join("id_rsa")).expect("there"), "brought");
}

// BKP-021
#[test]
fn server_that_was_never_set_up_is_replaced_and_one_with_accounts_is_not() {
    let folder = tempfile::tempdir().expect("folder");
    backup_of(folder.path());
    let data = folder.path().join("new");
    fs::create_dir(&data).expect("made");
    drop(Store::open(StoreOptions::new(&data)).expect("databases"));
    for name in ["id_ed25519", "id_rsa", "setup-url"] {
        fs::write(data.join(name), "new").expect("written");
    }
    restore(folder.path(), &data).expect("restored");
    assert_eq!(users(&data), ["ingrid"]);
    assert_eq!(fs::read_to_string(data.join("id_ed25519")).expect("there"), "the old key");
    assert!(!data.join("id_rsa").exists() && !data.join("setup-url").exists());

    fs::remove_file(data.join("entrepot.toml")).expect("removed");
    let error = restore(folder.path(), &data).expect_err("somebody would miss ingrid");
    assert!(error.to_string().contains("accounts"), "{error}");
    assert_eq!(users(&data), ["ingrid"]);
}

// BKP-003, BKP-020
#[test]
fn nothing_is_written_for_a_file_that_is_not_sound() {
    let folder = tempfile::tempdir().expect("folder");
    let file = backup_of(folder.path());
    let whole = fs::read(&file).expect("read");
    let data = folder.path().join("new");
    for altered in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], b"text"] {
        fs::write(&file, altered).expect("written");
        restore(folder.path(), &data).expect_err("it is not sound");
        assert!(!data.exists(), "no empty folder is left");
    }
    fs::write(&file, &whole).expect("written");
    fs::write(folder.path().join("passphrase"), "another passphrase").expect("written");
    let error = restore(folder.path(), &data).expect_err("wrong passphrase");
    assert_eq!(exit::code(&error), exit::KEYS);
    assert!(!data.exists());
}

// BKP-022
#[test]
fn restore_that_was_interrupted_is_finished_by_the_next_start() {
    let folder = tempfile::tempdir().expect("folder");
    let file = backup_of(folder.path());
    let data = DataFolder::at(&folder.path().join("new")).expect("a path");
    data.create().expect("made");
    drop(Store::open(StoreOptions::new(data.path())).expect("a fresh server"));
    staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &ground(&data)).expect("laid ready");
    // The process died when some of it had been moved.
    fs::write(data.path().join(".entrepot-restore/begun"), "").expect("begun");
    for name in ["id_ed25519", "entrepot.toml"] {
        fs::rename(data.path().join(".entrepot-restore/data").join(name), data.path().join(name)).expect("moved");
    }
    fs::remove_file(data.path().join("entrepot.db")).expect("room was made");
    finish_pending(&data).expect("finished");
    assert_eq!(users(data.path()), ["ingrid"]);
    assert_eq!(fs::read_to_string(data.path().join("id_ed25519")).expect("there"), "the old key");
    // And when the database had been moved, but the folder not removed.
    staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &ground(&data)).expect("laid ready");
    fs::write(data.path().join(".entrepot-restore/begun"), "").expect("begun");
    fs::remove_file(data.path().join(".entrepot-restore/database/main")).expect("gone");
    finish_pending(&data).expect("finished");
    assert_eq!(users(data.path()), ["ingrid"]);
    finish_pending(&data).expect("there is nothing to do");
}

// BKP-021
#[test]
fn setup_that_was_completed_meanwhile_wins() {
    let folder = tempfile::tempdir().expect("folder");
    let file = backup_of(folder.path());
    let data = DataFolder::at(&folder.path().join("new")).expect("a path");
    data.create().expect("made");
    staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &ground(&data)).expect("laid ready");
    let store = Store::open(StoreOptions::new(data.path())).expect("databases");
    runtime::build_small().expect("threads").block_on(async {
        let user = entrepot_model::User { username: "hans".into(), ..Default::default() };
        store.users().insert(user, None, 1).await.expect("inserted");
        store.shutdown().await.expect("closed");
    });
    drop(store);
    let error = finish_pending(&data).expect_err("hans would be lost");
    assert!(error.to_string().contains(".entrepot-restore"), "{error}");
    let names: Vec<_> = accounts(data.path(), "entrepot.db").into_iter().map(|user| user.username).collect();
    assert_eq!(names, ["hans"]);
}

/// A backup of a server with these saved settings.
fn backup_saving(folder: &Path, saved: &[(&str, serde_json::Value)]) {
    let data = folder.join("old");
    backup_of(folder);
    fs::remove_file(folder.join("it.backup")).expect("removed");
    fs::write(data.join("entrepot.toml"), "[[sftpd.bindings]]\nport = 0\n").expect("written");
    let store = Store::open(StoreOptions::new(&data)).expect("databases");
    let saved = saved.iter().map(|(key, value)| ((*key).to_owned(), Some(value.clone()))).collect();
    runtime::build_small().expect("threads").block_on(async {
        store.settings().change(saved, 1).await.expect("saved");
        store.shutdown().await.expect("closed");
    });
    let (file, passphrase) = (folder.join("it.backup"), Some(folder.join("passphrase")));
    backup::run(&arguments::Backup { place: place(&data), file, passphrase_file: passphrase }).expect("made");
}

/// Keys of the settings that are saved, and of those that are set aside.
fn saved(data: &Path) -> (Vec<String>, Vec<String>) {
    let store = Store::open(StoreOptions::new(data)).expect("databases");
    runtime::build_small().expect("threads").block_on(async {
        let saved = store.settings().list().await.expect("listed").into_iter().map(|(key, _)| key).collect();
        let aside = store.settings().aside().await.expect("read").into_keys().collect();
        store.shutdown().await.expect("closed");
        (saved, aside)
    })
}

// BKP-028
#[test]
fn saved_settings_that_cannot_hold_here_are_set_aside() {
    let folder = tempfile::tempdir().expect("folder");
    let beside = folder.path().join("new").join("id_ed25519");
    backup_saving(
        folder.path(),
        &[
            ("common.idle_timeout", json!(9)),
            ("httpd.bindings[0].address", json!("192.0.2.7")),
            ("httpd.certificate_file", json!("/nowhere/a.pem")),
            ("httpd.certificate_key_file", json!("/nowhere/a.key")),
            ("telemetry.bind_port", json!(1)),
            ("telemetry.bind_address", json!("192.0.2.8")),
            // In the data folder, as soon as it is there.
            ("sftpd.login_banner_file", json!(beside)),
        ],
    );
    let data = folder.path().join("new");
    restore(folder.path(), &data).expect("restored");
    let (kept, aside) = saved(&data);
    assert!(kept.contains(&"common.idle_timeout".to_owned()) && kept.contains(&"sftpd.login_banner_file".to_owned()), "{kept:?}");
    let expected =
        ["httpd.bindings[0].address", "httpd.certificate_file", "httpd.certificate_key_file", "telemetry.bind_address"];
    assert!(expected.iter().all(|key| aside.iter().any(|other| other == key)), "{aside:?}");
    assert!(names(&data).iter().all(|name| !name.starts_with(staging::PREFIX)), "{:?}", names(&data));
}

// BKP-029
#[test]
fn protection_is_not_set_aside_and_keeps_a_server_that_starts_at_once_from_being_restored() {
    let folder = tempfile::tempdir().expect("folder");
    let clients = [
        ("httpd.bindings[0].client_auth_type", json!(1)),
        ("httpd.ca_certificates", json!(["/nowhere/ca.pem"])),
        ("httpd.bindings[0].address", json!("192.0.2.7")),
    ];
    backup_saving(folder.path(), &clients);
    let data = DataFolder::at(&folder.path().join("new")).expect("a path");
    data.create().expect("made");
    let file = folder.path().join("it.backup");
    let now = Ground { is_now: true, ..ground(&data) };
    let error = staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &now).expect_err("it would not start");
    assert!(error.to_string().contains("/nowhere/ca.pem") && error.to_string().contains("nothing was restored"), "{error}");
    assert_eq!(names(data.path()), Vec::<String>::new());
    let manifest = staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &ground(&data)).expect("laid ready");
    let told = manifest.notes.join("\n");
    assert!(told.contains("will not start before") && told.contains("/nowhere/ca.pem"), "{told}");
    assert!(told.contains("httpd.bindings[0].address is set aside"), "{told}");
}

// BKP-028: elements are counted without gaps where they are used.
#[test]
fn a_listener_of_another_machine_is_off_and_found_under_its_own_key() {
    let folder = tempfile::tempdir().expect("folder");
    let (port, address) = ("httpd.bindings[3].port", "httpd.bindings[3].address");
    backup_saving(folder.path(), &[(port, json!(9443)), (address, json!("192.0.2.7"))]);
    let data = folder.path().join("new");
    restore(folder.path(), &data).expect("restored");
    let (kept, aside) = saved(&data);
    assert_eq!(kept, [port], "port 0 is in its place");
    assert_eq!(aside, [address, port]);
}

// BKP-028, BKP-029
#[test]
fn settings_that_cannot_be_read_here_keep_a_server_that_starts_at_once_from_being_restored() {
    let folder = tempfile::tempdir().expect("folder");
    backup_of(folder.path());
    fs::remove_file(folder.path().join("it.backup")).expect("removed");
    let (old, secret) = (folder.path().join("old"), folder.path().join("secret"));
    fs::write(&secret, "a passphrase of the old machine").expect("written");
    let text = format!("[httpd]\nsigning_passphrase_file = {secret:?}\n[[sftpd.bindings]]\nport = 0\n");
    fs::write(old.join("entrepot.toml"), text).expect("written");
    let (file, passphrase) = (folder.path().join("it.backup"), Some(folder.path().join("passphrase")));
    backup::run(&arguments::Backup { place: place(&old), file: file.clone(), passphrase_file: passphrase }).expect("made");
    fs::remove_file(&secret).expect("removed");
    let data = DataFolder::at(&folder.path().join("new")).expect("a path");
    data.create().expect("made");
    let sources = || Sources { search_files: true, ..Sources::new(data.path()) };
    let now = Ground { sources: sources(), is_now: true, ..ground(&data) };
    let error = staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &now).expect_err("it would not start");
    assert!(error.to_string().contains("/secret") && error.to_string().contains("nothing was restored"), "{error}");
    assert_eq!(names(data.path()), Vec::<String>::new());
    let later = Ground { sources: sources(), ..ground(&data) };
    let manifest = staging::stage(&data, &file, &Sensitive::from(PASSPHRASE), &later).expect("laid ready");
    let told = manifest.notes.join("\n");
    assert!(told.contains("will not start before") && told.contains("/secret"), "{told}");
}
