//! Renames: what they need, what they replace, and how they move between two local storages.

use serde_json::json;

use super::{
    client::{get, names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{Error, Session};

// SFTP-034, ACC-137
#[tokio::test]
async fn file_is_replaced_and_its_room_given_back() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    put(&fs, "/a", b"aaaa").await.expect("a");
    put(&fs, "/b", b"bb").await.expect("b");
    fs.rename(&path("/a"), &path("/b")).await.expect("renamed");
    assert_eq!(fixture.memory("alice").get(&path("/b")).as_deref(), Some(&b"aaaa"[..]));
    assert_eq!(size(&fs, "/a").await, None);
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    let event = fixture.events().await.pop().expect("event");
    assert_eq!((event.action.as_str(), event.virtual_path.as_str(), event.virtual_target_path.as_str()), ("rename", "/a", "/b"));
    assert_eq!((event.status, event.file_size), (1, 4));
}

// ACC-139, SFTP-034, SFTP-036, ACC-137
#[tokio::test]
async fn same_nested_and_existing_directories_are_unsupported() {
    let (_fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    for directory in ["/d", "/d/e", "/x"] {
        fs.create_directory(&path(directory)).await.expect("directory");
    }
    put(&fs, "/f", b"x").await.expect("file");
    for (from, to) in [("/f", "/f"), ("/d", "/d/e/f"), ("/d/e", "/d"), ("/f", "/d"), ("/d", "/x")] {
        assert_eq!(fs.rename(&path(from), &path(to)).await.err(), Some(Error::Unsupported), "{from} to {to}");
    }
    assert_eq!(fs.rename(&path("/missing"), &path("/g")).await.err(), Some(Error::NotFound));
    assert_eq!(rule(&fs.rename(&path("/"), &path("/g")).await), None);
}

// ACC-136, ACC-138
#[tokio::test]
async fn both_parents_grant_it_and_the_kind_counts() {
    let permissions =
        json!({ "/": ["list"], "/files": ["list", "rename_files"], "/dirs": ["list", "rename_dirs"], "/all": ["*"] });
    let (fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
    let memory = fixture.memory("alice");
    for file in ["/files/f", "/files/d/x", "/dirs/f", "/dirs/d/x", "/all/keep"] {
        memory.put(&path(file), b"x");
    }
    let fs = session.fs();
    fs.rename(&path("/files/f"), &path("/files/g")).await.expect("file in files");
    assert_eq!(rule(&fs.rename(&path("/files/d"), &path("/files/e")).await), Some("permissions"));
    assert_eq!(
        rule(&fs.rename(&path("/dirs/d"), &path("/dirs/e")).await),
        Some("permissions"),
        "SFTP-035: it takes a file along"
    );
    fs.create_directory(&path("/all/d")).await.expect("directory");
    fs.create_directory(&path("/all/d/e")).await.expect("directory");
    fs.rename(&path("/all/d"), &path("/dirs/e")).await.expect("directories into dirs");
    assert_eq!(rule(&fs.rename(&path("/dirs/f"), &path("/dirs/g")).await), Some("permissions"));
    assert_eq!(rule(&fs.rename(&path("/files/g"), &path("/g")).await), Some("permissions"), "the target's parent");
    assert_eq!(rule(&fs.rename(&path("/files/g"), &path("/all/keep")).await), None, "all over there");
}

// ACC-140, SFTP-035
#[tokio::test]
async fn nested_entries_are_checked_where_permissions_differ() {
    let permissions = json!({ "/": ["*"], "/d/locked": ["list"] });
    let (fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/d/locked/f"), b"x");
    memory.put(&path("/free/f"), b"x");
    assert_eq!(rule(&session.fs().rename(&path("/d"), &path("/e")).await), Some("permissions"));
    session.fs().rename(&path("/free"), &path("/d2")).await.expect("nothing differs there");
    assert_eq!(memory.get(&path("/d/locked/f")).as_deref(), Some(&b"x"[..]));
}

/// `/d/locked` has an entry of its own, and `from` cannot be renamed to `to`.
async fn stays(entry: serde_json::Value, from: &str, to: &str) {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["*"], "/d/locked": entry } })).await;
    let (memory, fs) = (fixture.memory("alice"), session.fs());
    let inside = path(from).child(b"f").expect("child");
    memory.put(&inside, b"x");
    let renamed = fs.rename(&path(from), &path(to)).await;
    assert_eq!(rule(&renamed), Some("permissions"), "{from} to {to} with {entry}");
    let denied = fixture.events().await.pop().expect("event");
    assert_eq!((denied.action.as_str(), denied.status), ("rename", 2), "{denied:?}");
    assert_eq!(memory.get(&inside).as_deref(), Some(&b"x"[..]));
}

// ACC-140, SFTP-035: what a directory may not lose one by one, it does not lose by another name of its own.
#[tokio::test]
async fn directory_keeps_an_entry_of_its_own() {
    for entry in [json!([]), json!(["list"]), json!(["list", "upload", "download", "delete"])] {
        stays(entry.clone(), "/d/locked", "/free").await;
        stays(entry.clone(), "/d/locked/sub", "/free").await;
    }
    // The other way round: it would get rules that do not let it in.
    for (from, to) in [("/free", "/d/locked"), ("/free", "/d/locked/sub"), ("/e/locked", "/d/locked")] {
        stays(json!(["list", "download"]), from, to).await;
    }
}

// ACC-140: nothing that is listed is in it, but an upload may be on its way.
#[tokio::test]
async fn empty_directory_keeps_an_entry_of_its_own_too() {
    let permissions = json!({ "/": ["*"], "/d/locked": ["list", "upload"], "/d/open": ["list", "rename"], "/w/*": ["list"] });
    let (_fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
    let fs = session.fs();
    for directory in ["/d", "/d/locked", "/d/open", "/w", "/w/x", "/free"] {
        fs.create_directory(&path(directory)).await.expect("directory");
    }
    for (from, to) in [("/d/locked", "/e"), ("/d", "/e"), ("/w/x", "/e"), ("/w", "/e"), ("/free", "/w/y")] {
        assert_eq!(rule(&fs.rename(&path(from), &path(to)).await), Some("permissions"), "{from} to {to}");
    }
    fs.rename(&path("/d/open"), &path("/opened")).await.expect("its entry lets it");
    fs.rename(&path("/free"), &path("/e")).await.expect("nothing differs there");
}

// ACC-140, SFTP-035: where only directories may be renamed, they take no files along.
#[tokio::test]
async fn directory_is_no_way_to_rename_files() {
    let permissions = json!({ "/": ["list", "download", "rename_dirs"], "/box": ["*"] });
    let (fixture, session) = Fixture::alice(json!({ "permissions": permissions })).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/docs/sub/f"), b"x");
    memory.put(&path("/box/keep"), b"x");
    assert_eq!(rule(&session.fs().rename(&path("/docs"), &path("/box/docs")).await), Some("permissions"));
    assert_eq!(memory.get(&path("/docs/sub/f")).as_deref(), Some(&b"x"[..]));
}

// ACC-140, ACC-354: the entry is about the name of the link, whatever it leads to.
#[tokio::test]
async fn link_to_a_directory_keeps_an_entry_of_its_own() {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let home = fixture.directory("home");
    let permissions =
        json!({ "/": ["*"], "/data": [], "/d/locked": ["list"], "/d/file": [], "/l": ["list"], "/m": [], "/o": [] });
    fixture.user("alice", json!({ "home_dir": home, "permissions": permissions })).await;
    for directory in ["data", "d", "free"] {
        std::fs::create_dir(format!("{home}/{directory}")).expect("directory");
    }
    std::fs::OpenOptions::new().append(true).create(true).open(format!("{home}/data/f")).expect("file");
    for (target, link) in [
        ("../data", "d/locked"),
        ("../data/f", "d/file"),
        ("nowhere", "d/dangling"),
        (".", "l"),
        ("data", "plain"),
        ("/etc", "o"),
    ] {
        std::os::unix::fs::symlink(target, format!("{home}/{link}")).expect("link");
    }
    let session = fixture.session("alice").await;
    let fs = session.fs();
    for (from, to) in [("/d/locked", "/free/x"), ("/d", "/free/d"), ("/l", "/free/l"), ("/plain", "/m")] {
        assert_eq!(rule(&fs.rename(&path(from), &path(to)).await), Some("permissions"), "{from} to {to}");
    }
    for (from, to) in [("/d/file", "/free/f"), ("/d/dangling", "/free/g"), ("/plain", "/free/p"), ("/o", "/free/o")] {
        fs.rename(&path(from), &path(to)).await.unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    }
}

// ACC-161, ACC-170: a filter of its own is about what is in it.
#[tokio::test]
async fn directory_keeps_a_filter_of_its_own() {
    let patterns = json!([{ "path": "/d", "denied_patterns": ["*.key"], "deny_policy": 1 }]);
    let (fixture, session) = Fixture::alice(json!({ "filters": { "file_patterns": patterns } })).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/d/a.key"), b"x");
    memory.put(&path("/e/b.key"), b"x");
    let fs = session.fs();
    for (from, to) in [("/d", "/x"), ("/e", "/d/e")] {
        assert_eq!(rule(&fs.rename(&path(from), &path(to)).await), Some("file_patterns"), "{from} to {to}");
    }
    memory.put(&path("/n/c.txt"), b"x");
    fs.rename(&path("/n"), &path("/d/n")).await.expect("the filter lets it");
}

// ACC-170
#[tokio::test]
async fn nested_names_that_patterns_refuse_keep_a_directory() {
    let patterns = json!([{ "path": "/", "denied_patterns": ["*.exe"], "deny_policy": 0 }]);
    let (fixture, session) = Fixture::alice(json!({ "filters": { "file_patterns": patterns } })).await;
    fixture.memory("alice").put(&path("/d/a.exe"), b"x");
    assert_eq!(rule(&session.fs().rename(&path("/d"), &path("/e")).await), Some("file_patterns"));
}

async fn two_local_storages(fields: serde_json::Value) -> (Fixture, Session) {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let (home, other) = (fixture.directory("home"), fixture.directory("other"));
    fixture.folder("other", &other).await;
    let mut user = json!({ "home_dir": home, "quota_size": 100, "quota_files": 10 });
    user.as_object_mut().expect("object").extend(fields.as_object().expect("object").clone());
    fixture.user("alice", user).await;
    let session = fixture.session("alice").await;
    (fixture, session)
}

// SFTP-037, XFS-002, ACC-277, ACC-143
#[tokio::test]
async fn tree_moves_between_local_storages_and_between_counters() {
    let mount = json!({ "virtual_folders": [{ "name": "other", "virtual_path": "/v", "quota_size": 50, "quota_files": 3 }] });
    let (fixture, session) = two_local_storages(mount).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    fs.create_directory(&path("/d/e")).await.expect("directory");
    put(&fs, "/d/f", b"12345").await.expect("file");
    put(&fs, "/d/e/g", b"123").await.expect("file");
    fs.create_symlink(b"f", &path("/d/link")).await.expect("link");
    fs.rename(&path("/d"), &path("/v/d")).await.expect("moved");
    assert_eq!(names(&fs, "/v/d").await.expect("list"), ["e", "f"], "links do not come along");
    assert_eq!(get(&fs, "/v/d/e/g").await.expect("read"), b"123");
    assert_eq!(names(&fs, "/").await.expect("list"), ["v"]);
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.used_by_folder("other").await, usage(2, 8));
    put(&fs, "/big", &[0; 43]).await.expect("file");
    assert_eq!(fs.rename(&path("/big"), &path("/v/big")).await.err(), Some(Error::Quota), "QTA-007");
    assert_eq!(fixture.used("alice").await, usage(1, 43));
    put(&fs, "/v/x", &[0; 42]).await.expect("the reservation was given back");
}

// A replaced file at the other side makes room for itself.
#[tokio::test]
async fn move_over_a_file_in_another_storage_replaces_it() {
    let mount = json!({ "virtual_folders": [{ "name": "other", "virtual_path": "/v", "quota_size": 10, "quota_files": 1 }] });
    let (fixture, session) = two_local_storages(mount).await;
    let fs = session.fs();
    put(&fs, "/v/f", &[0; 6]).await.expect("old");
    put(&fs, "/f", &[1; 10]).await.expect("new");
    fs.rename(&path("/f"), &path("/v/f")).await.expect("moved");
    assert_eq!(get(&fs, "/v/f").await.expect("read"), [1; 10]);
    assert_eq!((fixture.used("alice").await, fixture.used_by_folder("other").await), (usage(0, 0), usage(1, 10)));
}

// ACC-182: a private folder is charged to the same counter, and nothing is missing for the move.
#[tokio::test]
async fn move_into_a_private_folder_needs_no_room() {
    let mount = json!({ "virtual_folders": [{ "name": "other", "virtual_path": "/v", "quota_size": -1, "quota_files": -1 }] });
    let (fixture, session) = two_local_storages(mount).await;
    let fs = session.fs();
    put(&fs, "/f", &[0; 100]).await.expect("all of it");
    fs.rename(&path("/f"), &path("/v/f")).await.expect("moved");
    assert_eq!(fixture.used("alice").await, usage(1, 100));
    assert_eq!(fixture.events().await.pop().map(|event| (event.action, event.status)), Some(("rename".to_owned(), 1)));
}

// ACC-142, XFS-001, SFTP-036
#[tokio::test]
async fn different_storages_are_not_renamed_between() {
    let fixture = Fixture::new().await;
    fixture.folder("objects", "/object/o").await;
    fixture.user("alice", json!({ "virtual_folders": [{ "name": "objects", "virtual_path": "/o" }] })).await;
    let session = fixture.session("alice").await;
    put(&session.fs(), "/f", b"x").await.expect("file");
    assert_eq!(rule(&session.fs().rename(&path("/f"), &path("/o/f")).await), Some("storages"));
    assert_eq!(size(&session.fs(), "/f").await, Some(1));
}

// ACC-139, SFTP-036
#[tokio::test]
async fn directory_that_is_a_folders_storage_stays() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.directory("home/mapped");
    fixture.folder("inner", &format!("{home}/mapped")).await;
    fixture.user("alice", json!({ "home_dir": home, "virtual_folders": [{ "name": "inner", "virtual_path": "/v" }] })).await;
    let session = fixture.session("alice").await;
    assert_eq!(rule(&session.fs().rename(&path("/mapped"), &path("/x")).await), Some("virtual_folders"));
}

// A move that fails half way at the source: what is at the target counts there, what remains counts here.
#[tokio::test]
async fn failed_removal_of_the_source_is_settled_as_it_is() {
    use entrepot_storage::{ErrorKind, memory::Operation};
    let fixture = Fixture::new().await;
    fixture.folder("other", "/memory/other").await;
    let mount = json!({ "quota_size": 100, "virtual_folders": [{ "name": "other", "virtual_path": "/v" }] });
    fixture.user("alice", mount).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/a", b"12345").await.expect("file");
    put(&fs, "/d/b", b"123").await.expect("file");
    // The second file cannot be removed.
    fixture.memory("alice").faults().fail(Operation::Remove, 2, ErrorKind::Io);
    assert!(matches!(fs.rename(&path("/d"), &path("/v/d")).await, Err(Error::Io(_))));
    assert_eq!(fixture.used_by_folder("other").await, usage(2, 8));
    assert_eq!(fixture.used("alice").await, usage(1, 5));
    assert_eq!(fixture.actions().await.pop(), Some(("rename".to_owned(), "/d".to_owned(), 2)));
}

// XFS-002: a copy that fails leaves the source whole and the target clean.
#[tokio::test]
async fn failed_move_leaves_the_source_as_it_was() {
    use entrepot_storage::{ErrorKind, memory::Operation};
    let fixture = Fixture::new().await;
    fixture.folder("other", "/memory/other").await;
    let mount = json!({ "quota_size": 100, "virtual_folders": [{ "name": "other", "virtual_path": "/v" }] });
    fixture.user("alice", mount).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/a", b"12345").await.expect("file");
    put(&fs, "/d/b", b"123").await.expect("file");
    fixture.storages.memory("/memory/other").faults().fail(Operation::Commit, 2, ErrorKind::NoSpace);
    assert_eq!(fs.rename(&path("/d"), &path("/v/d")).await.err(), Some(Error::NoSpace));
    assert_eq!(fixture.storages.memory("/memory/other").paths(), Vec::<Vec<u8>>::new());
    assert_eq!(names(&fs, "/d").await.expect("list"), ["a", "b"]);
    assert_eq!((fixture.used("alice").await, fixture.used_by_folder("other").await), (usage(2, 8), usage(0, 0)));
}

// A directory is renamed while files in it are written, staged and in place: they follow.
#[tokio::test]
async fn files_in_flight_follow_their_directory() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/old", b"12").await.expect("file");
    let staged = fs.open_write(&path("/d/f"), super::client::PUT).await.expect("open");
    let dropped = fs.open_write(&path("/d/g"), super::client::PUT).await.expect("open");
    let edited = fs.open_write(&path("/d/old"), super::client::RESUME).await.expect("open");
    for upload in [&staged, &dropped] {
        upload.write_at(0, (&b"0123"[..]).into()).await.expect("write");
    }
    edited.write_at(2, (&b"34"[..]).into()).await.expect("write");
    fs.rename(&path("/d"), &path("/e")).await.expect("renamed");
    assert_eq!((size(&fs, "/e/f").await, size(&fs, "/d/f").await), (Some(4), None));
    staged.commit().await.expect("commit");
    drop(dropped);
    fixture.settled().await;
    assert_eq!(names(&fs, "/e").await.expect("list"), ["f", "old"]);
    assert_eq!(size(&fs, "/e/g").await, Some(4), "the partial is found under its new name");
    fs.remove_file(&path("/e/old")).await.expect("removed");
    edited.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(2, 8));
    fs.remove_file(&path("/e/g")).await.expect("removed");
    assert_eq!(fixture.memory("alice").paths(), [b"/e".to_vec(), b"/e/f".to_vec()]);
}
