use std::path::Path;

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
    Store::copy_closed(&StoreOptions::new(data), &snapshot.folder).expect("copied");
    let settings = entrepot_config::load(entrepot_config::Sources::new(data)).expect("settings").settings;
    let contents = Contents::of(&settings, &[]).expect("looked");
    let manifest = Manifest::new("test".into(), "2026-01-01T00:00:00Z".into(), &contents);
    archive::write(Vec::new(), &passphrase(), CHEAP, &manifest, &snapshot.copies(), &contents).expect("written")
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
    assert!(left.iter().all(|name| !name.starts_with(SNAPSHOT)), "copies are removed: {left:?}");
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
    let fresh = Snapshot::make(data.path()).expect("made").hand_over();
    remove_forgotten(data.path(), Duration::from_secs(3600));
    assert!(fresh.exists());
    remove_forgotten(data.path(), Duration::ZERO);
    assert!(!fresh.exists());
}
