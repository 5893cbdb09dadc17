//! Removing trees, checksums, and the record of commands.

use serde_json::json;

use super::{
    client::{get, names, path, put, usage},
    fixture::Fixture,
};
use crate::{
    Error, Operation,
    fs::{CommandEnd, HashAlgorithm, Hasher, Progress},
};

// SCMD-008, SCMD-014, SCMD-019
#[tokio::test]
async fn a_tree_goes_with_everything_in_it() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home, "quota_size": 100 })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    for directory in ["/d", "/d/e", "/d/e/empty", "/d/g", "/kept"] {
        fs.create_directory(&path(directory)).await.expect("directory");
    }
    for file in ["/d/f", "/d/e/f", "/d/g/f", "/kept/f", "/single"] {
        put(&fs, file, b"123").await.expect("file");
    }
    fs.remove_tree(&path("/d")).await.expect("removed");
    fs.remove_tree(&path("/single")).await.expect("removed");
    assert_eq!(names(&fs, "/").await.expect("list"), ["kept"]);
    assert_eq!(fixture.used("alice").await, usage(1, 3));
    assert_eq!(fs.remove_tree(&path("/")).await.err(), Some(Error::Unsupported));
    assert_eq!(fs.remove_tree(&path("/missing")).await.err(), Some(Error::NotFound));
}

// STO-018: only whoever removes the whole tree removes what nobody can name, and hooks are asked once.
#[tokio::test]
async fn names_with_a_backslash_go_with_a_tree_and_with_nothing_else() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    let odd = format!("{home}/d/odd\\name");
    std::fs::OpenOptions::new().append(true).create(true).open(&odd).expect("file");
    fixture.hooks.enable();
    assert_eq!(fs.remove_directory(&path("/d")).await.err(), Some(Error::NotEmpty));
    assert!(std::path::Path::new(&odd).exists());
    fixture.hooks.calls.lock().clear();
    fs.remove_tree(&path("/d")).await.expect("removed");
    assert_eq!(names(&fs, "/").await.expect("list"), Vec::<String>::new());
    let calls = fixture.hooks.calls.lock().clone();
    let asked = calls.iter().filter(|(call, operation, _)| *call == "before" && *operation == Operation::RemoveDirectory);
    assert_eq!(asked.count(), 1, "{calls:?}");
}

// STO-018: what cannot be copied is not removed, between storages of a kind and between those of two kinds.
#[tokio::test]
async fn tree_with_a_backslash_in_a_name_does_not_move_to_another_storage() {
    let fixture = Fixture::new().await;
    let (home, other) = (fixture.directory("home"), fixture.directory("other"));
    fixture.folder("other", &other).await;
    fixture.folder("objects", "/object/o").await;
    let mounts = json!([{ "name": "other", "virtual_path": "/v" }, { "name": "objects", "virtual_path": "/o" }]);
    fixture.user("alice", json!({ "home_dir": home, "virtual_folders": mounts })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    for directory in ["/d", "/d/e"] {
        fs.create_directory(&path(directory)).await.expect("directory");
    }
    put(&fs, "/d/f", b"123").await.expect("file");
    let odd = format!("{home}/d/e/odd\\name");
    std::fs::OpenOptions::new().append(true).create(true).open(&odd).expect("file");
    for to in ["/v/d", "/o/d"] {
        let moved = fs.move_with(&path("/d"), &path(to), &Progress::default()).await;
        let Err(Error::Conflict(message)) = moved else { panic!("{to}: {moved:?}") };
        assert!(message.contains("/d/e"), "{message}");
        assert_eq!(fs.stat(&path(to), false).await.err(), Some(Error::NotFound), "{to}");
    }
    assert_eq!(get(&fs, "/d/f").await.expect("read"), b"123");
    assert!(std::path::Path::new(&odd).exists());
    fs.rename(&path("/d"), &path("/g")).await.expect("within a storage it goes along");
    assert!(std::path::Path::new(&format!("{home}/g/e/odd\\name")).exists());
}

// SCMD-004
#[test]
fn checksums_are_the_known_ones() {
    for (algorithm, start) in [
        (HashAlgorithm::Md5, "900150983cd24fb0"),
        (HashAlgorithm::Sha1, "a9993e364706816a"),
        (HashAlgorithm::Sha256, "ba7816bf8f01cfea"),
        (HashAlgorithm::Sha384, "cb00753f45a35e8b"),
        (HashAlgorithm::Sha512, "ddaf35a193617aba"),
    ] {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(b"a");
        hasher.update(b"bc");
        let digest: String = hasher.finish().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, start, "{algorithm:?}");
    }
}

// SCMD-010
#[tokio::test]
async fn commands_are_recorded_with_their_line() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home })).await;
    let session = fixture.session("alice").await;
    let (fs, at) = (session.fs(), path("/f"));
    let end = CommandEnd { line: "md5sum f", path: &at, target: None, started_at: fs.now(), error: None };
    fs.note_command(&end);
    fs.note_command(&CommandEnd { error: Some(&Error::NotFound), ..end });
    let events = fixture.core.search_fs_events(crate::FsEventFilter::default()).await.expect("events");
    let mut told: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.ssh_cmd.as_str(), event.status)).collect();
    told.sort_unstable();
    assert_eq!(told, [("ssh_cmd", "md5sum f", 1), ("ssh_cmd", "md5sum f", 2)]);
}
