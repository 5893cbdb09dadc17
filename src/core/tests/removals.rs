//! Removing trees, checksums, and the record of commands.

use serde_json::json;

use super::{
    client::{names, path, put, usage},
    fixture::Fixture,
};
use crate::{
    Error,
    fs::{CommandEnd, HashAlgorithm, Hasher},
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
