use std::{io::BufRead as _, os::unix::net::UnixListener, path::Path, time::Duration};

use entrepot_store::StoreOptions;

use super::{
    archive::Place,
    stream::tests::{CHEAP, passphrase},
    *,
};
use crate::exit;

/// A data folder with databases, a key and a file of settings.
fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    drop(Store::open(StoreOptions::new(folder.path())).expect("databases"));
    fs::write(folder.path().join("id_ed25519"), "a key").expect("written");
    // What opens backups is in none, also if it is not in use any more.
    fs::write(folder.path().join("backup-passphrase-k2v9"), "the older one").expect("written");
    fs::create_dir(folder.path().join("certs")).expect("made");
    fs::write(folder.path().join("certs/a.example.key"), noise(200_000)).expect("written");
    folder
}

/// What does not get smaller by compression: a backup of several chunks.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next(&mut state)).collect()
}

fn sealed(data: &Path) -> Vec<u8> {
    let snapshot = Snapshot::make(data).expect("made");
    Store::copy_closed(&StoreOptions::new(data), snapshot.folder()).expect("copied");
    let settings = entrepot_config::load(entrepot_config::Sources::new(data)).expect("settings").settings;
    let contents = Contents::of(&settings, &[]).expect("looked");
    let manifest = Manifest::new("test".into(), "2026-01-01T00:00:00Z".into(), &contents);
    archive::write(Vec::new(), &passphrase(), CHEAP, &manifest, &snapshot, &contents).expect("written")
}

fn members(sealed: &[u8]) -> anyhow::Result<Vec<(Place, u64)>> {
    let mut members = Vec::new();
    archive::read(sealed, &passphrase(), |_, place, length, _| {
        members.push((place, length));
        Ok(())
    })?;
    Ok(members)
}

// BKP-001, BKP-002
#[test]
fn backup_has_the_databases_and_the_files() {
    let data = data();
    let members = members(&sealed(data.path())).expect("sound");
    let names: Vec<_> = members.iter().map(|(place, _)| place.clone()).collect();
    let file = |name: &str| Place::Data(name.into());
    assert_eq!(names, [Place::MainDatabase, Place::EventsDatabase, file("certs/a.example.key"), file("id_ed25519")]);
    assert_eq!(members[2].1, 200_000);
    let left: Vec<_> =
        fs::read_dir(data.path()).expect("read").filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    assert!(left.iter().all(|name| !name.starts_with(snapshot::PREFIX)), "copies are removed: {left:?}");
}

// BKP-003, BKP-004
#[test]
fn backup_that_was_altered_or_cut_is_refused_with_its_code() {
    let sealed = sealed(data().path());
    let code = |bytes: &[u8]| exit::code(&members(bytes).expect_err("it is not sound"));
    for at in [100, 40_000, 150_000, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[at] ^= 0x10;
        assert_eq!(code(&altered), exit::DATA, "byte {at}");
        assert_eq!(code(&sealed[..at]), exit::DATA, "cut at {at}");
    }
    assert_eq!(code(b"{\"version\": 17}"), exit::DATA);
    let other = Sensitive::from("another passphrase");
    let error = archive::read(sealed.as_slice(), &other, |_, _, _, _| Ok(())).expect_err("wrong");
    assert_eq!(exit::code(&error), exit::KEYS, "{error}");
}

#[test]
fn copies_that_were_forgotten_are_removed_and_others_are_not() {
    let data = data();
    let fresh = data.path().join(Snapshot::make(data.path()).expect("made").hand_over());
    remove_forgotten(data.path(), FORGOTTEN);
    assert!(fresh.exists());
    remove_forgotten(data.path(), Duration::ZERO);
    assert!(!fresh.exists());
}

// BKP-006
#[test]
fn folders_that_are_missing_are_not_made() {
    let (data, disk) = (data(), tempfile::tempdir().expect("folder"));
    let file = disk.path().join("not-mounted/it.backup");
    let place = arguments::Place { data_dir: data.path().to_owned(), config_file: None };
    let error = run(&arguments::Backup { place, file: file.clone(), passphrase_file: None }).expect_err("there is no folder");
    assert!(error.to_string().contains("not-mounted does not exist") && !file.parent().expect("a folder").exists(), "{error}");
}

/// What `entrepot backup` makes of an answer of whoever has the control socket.
fn backup_beside(data: &Path, answer: &Value) -> anyhow::Result<()> {
    let passphrase = data.join("passphrase");
    fs::write(&passphrase, "correct horse battery").expect("written");
    let listener = UnixListener::bind(data.join("control.sock")).expect("a socket");
    let command = arguments::Backup {
        place: arguments::Place { data_dir: data.to_owned(), config_file: None },
        file: data.join("it.backup"),
        passphrase_file: Some(passphrase),
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().expect("a command");
            io::BufReader::new(&stream).read_line(&mut String::new()).expect("a request");
            stream.write_all(format!("{answer}\n").as_bytes()).expect("answered");
        });
        run(&command)
    })
}

// BKP-007
#[test]
fn command_does_not_do_what_a_planted_socket_says() {
    let (data, elsewhere) = (data(), tempfile::tempdir().expect("folder"));
    for name in ["main", "events", "key"] {
        fs::write(elsewhere.path().join(name), "x").expect("written");
    }
    let member = |source: &Path| json!({ "path": "key", "source": source, "is_outside": false });
    let contents =
        |members: Value| json!({ "database": "entrepot.db", "data_dir": data.path(), "members": members, "notes": [] });
    let answer = json!({ "ok": true, "copies": elsewhere.path(), "contents": contents(json!([])) });
    backup_beside(data.path(), &answer).expect_err("that folder is somebody else's");
    assert!(elsewhere.path().join("key").exists(), "nor is it removed");

    fs::remove_file(data.path().join("control.sock")).expect("removed");
    let snapshot = Snapshot::make(data.path()).expect("made");
    for name in ["main", "events"] {
        fs::write(snapshot.folder().join(name), "x").expect("written");
    }
    let members = json!([member(&elsewhere.path().join("key"))]);
    let answer = json!({ "ok": true, "copies": snapshot.hand_over(), "contents": contents(members) });
    backup_beside(data.path(), &answer).expect_err("that file is somebody else's");
    assert!(!data.path().join("it.backup").exists());
}
