//! Copies on the server.

use serde_json::json;

use super::{
    client::{get, names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::Error;

// ACC-148…ACC-150, XFS-006, ACC-277
#[tokio::test]
async fn tree_is_copied_with_its_parents_made_and_merged_into_what_exists() {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home, "quota_size": 100 })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    for directory in ["/d", "/d/e", "/x", "/x/y", "/x/y/e"] {
        fs.create_directory(&path(directory)).await.expect("directory");
    }
    put(&fs, "/d/f", b"12345").await.expect("file");
    put(&fs, "/d/e/g", b"123").await.expect("file");
    put(&fs, "/x/y/f", b"old content").await.expect("file");
    fs.create_symlink(b"f", &path("/d/link")).await.expect("link");
    fs.copy(&path("/d"), &path("/new/deep/d")).await.expect("copied");
    assert_eq!(names(&fs, "/new/deep/d").await.expect("list"), ["e", "f"], "links are skipped");
    assert_eq!(get(&fs, "/new/deep/d/e/g").await.expect("read"), b"123");
    assert_eq!(fixture.used("alice").await, usage(5, 27));
    fs.copy(&path("/d"), &path("/x/y")).await.expect("merged");
    assert_eq!(get(&fs, "/x/y/f").await.expect("read"), b"12345");
    assert_eq!(get(&fs, "/d/f").await.expect("read"), b"12345");
    assert_eq!(fixture.used("alice").await, usage(6, 24));
}

// ACC-149
#[tokio::test]
async fn what_cannot_be_copied_is_unsupported() {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/f", b"x").await.expect("file");
    fs.create_symlink(b"f", &path("/link")).await.expect("link");
    for (from, to) in [("/f", "/f"), ("/d", "/d/e"), ("/d", "/f"), ("/f", "/d"), ("/link", "/copy")] {
        assert_eq!(fs.copy(&path(from), &path(to)).await.err(), Some(Error::Unsupported), "{from} to {to}");
    }
    assert_eq!(fs.copy(&path("/missing"), &path("/copy")).await.err(), Some(Error::NotFound));
}

// ACC-148: each permission is needed, and the denial stands in the trail as one of the copy.
#[tokio::test]
async fn copy_needs_its_permissions_at_both_ends() {
    let all = ["list", "download", "copy", "upload", "overwrite", "create_dirs"];
    for (missing, at) in [("copy", "/from"), ("list", "/from"), ("download", "/from"), ("copy", "/to"), ("upload", "/to")] {
        let without: Vec<&str> = all.into_iter().filter(|one| *one != missing).collect();
        let mut permissions = json!({ "/": all, "/from": all, "/to": all });
        permissions[at] = json!(without);
        let (fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
        fixture.memory("alice").put(&path("/from/f"), b"x");
        fixture.memory("alice").put(&path("/to/other"), b"x");
        let copied = session.fs().copy(&path("/from/f"), &path("/to/f")).await;
        assert_eq!(rule(&copied), Some("permissions"), "{missing} at {at}");
        let event = fixture.events().await.pop().expect("event");
        let action = if missing == "upload" { "upload" } else { "copy" };
        assert_eq!((event.action.as_str(), event.status), (action, 2), "{missing} at {at}");
        assert!(event.ssh_cmd.contains("permissions"), "{}", event.ssh_cmd);
    }
}

// ACC-148: replacing needs overwrite, directories create_dirs.
#[tokio::test]
async fn copy_over_a_file_needs_overwrite_and_a_directory_create_dirs() {
    let permissions = json!({ "/": ["list", "download", "copy", "upload"] });
    let (fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/f"), b"new");
    memory.put(&path("/g"), b"old");
    memory.put(&path("/d/x"), b"x");
    assert_eq!(rule(&session.fs().copy(&path("/f"), &path("/g")).await), Some("permissions"));
    assert_eq!(rule(&session.fs().copy(&path("/d"), &path("/e")).await), Some("permissions"));
    assert_eq!(rule(&session.fs().copy(&path("/f"), &path("/e/f")).await), Some("permissions"));
    assert_eq!(memory.get(&path("/g")).as_deref(), Some(&b"old"[..]));
}

// XFS-003, QTA-007
#[tokio::test]
async fn copy_to_another_kind_of_storage_streams_and_counts_there() {
    let fixture = Fixture::new().await;
    fixture.folder("objects", "/object/o").await;
    let mount = json!([{ "name": "objects", "virtual_path": "/o", "quota_size": 20, "quota_files": 0 }]);
    fixture.user("alice", json!({ "quota_size": 100, "virtual_folders": mount })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    put(&fs, "/f", &[7; 15]).await.expect("file");
    fs.copy(&path("/f"), &path("/o/f")).await.expect("copied");
    assert_eq!(get(&fs, "/o/f").await.expect("read"), [7; 15]);
    assert_eq!(fs.copy(&path("/f"), &path("/o/g")).await.err(), Some(Error::Quota));
    fs.copy(&path("/o/f"), &path("/back")).await.expect("copied");
    assert_eq!((fixture.used("alice").await, fixture.used_by_folder("objects").await), (usage(2, 30), usage(1, 15)));
}

// A copy becomes visible whole or not at all.
#[tokio::test]
async fn failed_copy_leaves_nothing_and_counts_nothing() {
    use entrepot_storage::{ErrorKind, memory::Operation};
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"12345").await.expect("file");
    put(&fs, "/g", b"old").await.expect("file");
    for operation in [Operation::Copy, Operation::Commit] {
        fixture.memory("alice").faults().fail(operation, 1, ErrorKind::Io);
        assert!(matches!(fs.copy(&path("/f"), &path("/g")).await, Err(Error::Io(_))), "{operation:?}");
    }
    assert_eq!(fixture.memory("alice").paths(), [b"/f".to_vec(), b"/g".to_vec()]);
    assert_eq!(get(&fs, "/g").await.expect("read"), b"old");
    assert_eq!(fixture.used("alice").await, usage(2, 8));
    // ACC-291
    fixture.user("small", json!({ "home_dir": "/memory/alice", "filters": { "max_upload_file_size": 4 } })).await;
    let small = fixture.session("small").await;
    assert_eq!(small.fs().copy(&path("/f"), &path("/h")).await.err(), Some(Error::Quota));
}

// ACC-171
#[tokio::test]
async fn hidden_entries_are_not_copied() {
    let patterns = json!([{ "path": "/", "denied_patterns": ["*.hid"], "deny_policy": 1 }]);
    let (fixture, session) = Fixture::alice(json!({ "filters": { "file_patterns": patterns } })).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/d/f"), b"x");
    memory.put(&path("/d/f.hid"), b"x");
    session.fs().copy(&path("/d"), &path("/e")).await.expect("copied");
    assert_eq!(memory.get(&path("/e/f.hid")), None);
    assert_eq!(size(&session.fs(), "/e/f").await, Some(1));
}
