//! Who may do what: permissions per directory and file patterns.

use entrepot_model::{EffectiveUser, Permission};
use serde_json::{Value, json};

use super::{
    client::{PUT, get, names, path, put, rule, size},
    fixture::{Fixture, user},
};
use crate::{Decision, Error, Operation, policy::decide};

fn account(fields: Value) -> EffectiveUser {
    EffectiveUser::merge(&user("alice", fields), &[]).expect("user")
}

fn allowed(account: &EffectiveUser, operation: Operation, name: &str) -> bool {
    decide(account, operation, &path(name)).is_allow()
}

/// The permissions of which any one is enough; two lists = one of each.
fn needs(operation: Operation) -> &'static [&'static [&'static str]] {
    use Operation as O;
    match operation {
        O::Stat | O::ReadLink | O::List => &[&["list"]],
        O::Download => &[&["download"]],
        O::Hash => &[&["list"], &["download"]],
        O::Upload => &[&["upload"]],
        O::Overwrite | O::Truncate => &[&["overwrite"]],
        O::CreateDirectory => &[&["create_dirs"]],
        O::RemoveFile => &[&["delete", "delete_files"]],
        O::RemoveDirectory => &[&["delete", "delete_dirs"]],
        O::RenameFile => &[&["rename", "rename_files"]],
        O::RenameDirectory => &[&["rename", "rename_dirs"]],
        O::Copy => &[&["copy"]],
        O::ChangeMode => &[&["chmod"]],
        O::ChangeOwner => &[&["chown"]],
        O::ChangeTimes => &[&["chtimes"]],
        O::CreateSymlink => &[&["create_symlinks"]],
    }
}

// ACC-122…ACC-130, ACC-133, ACC-136, ACC-138, ACC-144, ACC-147, ACC-148, ACC-151, SFTP-026, SFTP-032, SFTP-035
#[test]
fn each_operation_needs_its_permission_and_no_other() {
    let every: Vec<&str> = Permission::ALL.into_iter().map(|permission| permission.as_str()).collect();
    for operation in Operation::ALL {
        for granted in every.iter().filter(|granted| **granted != "*") {
            let only = account(json!({ "permissions": { "/": [granted] } }));
            let enough = needs(operation).iter().all(|any| any.contains(granted));
            assert_eq!(allowed(&only, operation, "/file"), enough, "{operation:?} with {granted}");
        }
        let without: Vec<&&str> = every.iter().filter(|one| **one != "*" && !needs(operation)[0].contains(*one)).collect();
        let without = account(json!({ "permissions": { "/": without } }));
        assert!(!allowed(&without, operation, "/file"), "{operation:?} without its own");
        let all = account(json!({ "permissions": { "/": ["*"] } }));
        assert!(allowed(&all, operation, "/file"), "{operation:?} with all");
    }
}

// ACC-337, ACC-122: the directory that counts is the parent, but for listing the directory itself.
#[test]
fn permissions_of_the_parent_count_except_for_listing() {
    for operation in Operation::ALL {
        let own = account(json!({ "permissions": { "/": ["create_symlinks"], "/d": ["*"] } }));
        let parent = account(json!({ "permissions": { "/": ["*"], "/d": [] } }));
        let itself = operation == Operation::List;
        if operation != Operation::CreateSymlink {
            assert_eq!(allowed(&own, operation, "/d"), itself, "{operation:?} by the directory's own");
        }
        assert_eq!(allowed(&parent, operation, "/d"), !itself, "{operation:?} by the parent's");
        assert!(allowed(&own, operation, "/d/x"), "{operation:?} below");
    }
}

// ACC-334
#[test]
fn the_closest_directory_decides() {
    use Operation as O;
    let user = account(json!({ "permissions": { "/": ["list"], "/a": ["*"], "/a/b": [] } }));
    assert!(allowed(&user, O::List, "/") && allowed(&user, O::List, "/a") && allowed(&user, O::Upload, "/a/x"));
    assert!(allowed(&user, O::Stat, "/a/b"));
    assert!(!allowed(&user, O::Upload, "/x"));
    assert!(!allowed(&user, O::List, "/a/b"));
    assert!(!allowed(&user, O::Download, "/a/b/c/f"));
}

// ACC-336
#[test]
fn wildcard_directories_hold_below_too() {
    let user = account(json!({ "permissions": { "/": ["*"], "/p/*": ["list"] } }));
    assert!(allowed(&user, Operation::Download, "/p/f"));
    assert!(!allowed(&user, Operation::Download, "/p/q/f"));
    assert!(!allowed(&user, Operation::Download, "/p/q/r/f"));
}

// ACC-335, ACC-126
#[tokio::test]
async fn drop_box_takes_a_file_once() {
    let (_fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["*"], "/in": ["list", "upload"] } })).await;
    let fs = session.fs();
    fs.create_directory(&path("/in")).await.expect("directory");
    put(&fs, "/in/f", b"one").await.expect("first");
    assert_eq!(rule(&put(&fs, "/in/f", b"two").await), Some("permissions"));
    assert_eq!(rule(&get(&fs, "/in/f").await), Some("permissions"));
    assert_eq!(rule(&fs.remove_file(&path("/in/f")).await), Some("permissions"));
    assert_eq!(rule(&fs.rename(&path("/in/f"), &path("/g")).await), Some("permissions"));
    put(&fs, "/f", b"three").await.expect("elsewhere");
    assert_eq!(rule(&fs.rename(&path("/f"), &path("/in/f")).await), Some("permissions"));
    assert_eq!(size(&fs, "/in/f").await, Some(3));
}

// ACC-126: overwrite alone replaces, and makes nothing new.
#[tokio::test]
async fn overwrite_does_not_need_upload() {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["list", "overwrite"] } })).await;
    fixture.memory("alice").put(&path("/f"), b"old");
    put(&session.fs(), "/f", b"newer").await.expect("replaced");
    assert_eq!(rule(&put(&session.fs(), "/g", b"x").await), Some("permissions"));
    assert_eq!(fixture.memory("alice").get(&path("/f")).as_deref(), Some(&b"newer"[..]));
}

// ACC-338, ACC-167, ACC-168
#[tokio::test]
async fn hidden_names_do_not_exist_and_cannot_be_made() {
    let patterns = json!([
        { "path": "/", "denied_patterns": ["*.exe"], "deny_policy": 1 },
        { "path": "/in", "allowed_patterns": ["*"] },
    ]);
    let (fixture, session) = Fixture::alice(json!({ "filters": { "file_patterns": patterns } })).await;
    for name in ["/a.exe", "/in/a.exe", "/x.exe/inside", "/plain"] {
        fixture.memory("alice").put(&path(name), b"data");
    }
    let fs = session.fs();
    assert_eq!(names(&fs, "/").await.expect("list"), ["in", "plain"]);
    assert_eq!(names(&fs, "/in").await.expect("list"), ["a.exe"]);
    for hidden in ["/a.exe", "/A.EXE", "/x.exe", "/x.exe/inside"] {
        let hides = |error: Option<Error>| {
            error.is_some_and(|error| match error {
                Error::Denied(denial) => denial.is_hidden(),
                other => other == Error::NotFound,
            })
        };
        assert!(hides(fs.stat(&path(hidden), true).await.err()), "stat {hidden}");
        assert!(hides(get(&fs, hidden).await.err()), "read {hidden}");
        assert!(hides(fs.remove_file(&path(hidden)).await.err()), "remove {hidden}");
        let written = put(&fs, hidden, b"x").await;
        assert!(matches!(&written, Err(Error::Denied(denial)) if !denial.is_hidden()), "write {hidden}: {written:?}");
        let made = fs.create_directory(&path(hidden)).await;
        assert!(matches!(&made, Err(Error::Denied(denial)) if !denial.is_hidden()), "mkdir {hidden}: {made:?}");
    }
    let listed = names(&fs, "/x.exe").await;
    assert!(matches!(&listed, Err(Error::Denied(denial)) if denial.is_hidden()), "{listed:?}");
    assert_eq!(rule(&fs.rename(&path("/plain"), &path("/b.exe")).await), Some("file_patterns"));
    assert_eq!(rule(&fs.rename(&path("/a.exe"), &path("/b")).await), Some("file_patterns"));
    put(&fs, "/in/a.exe", b"new").await.expect("usable");
}

// ACC-339, ACC-166, ACC-164
#[tokio::test]
async fn refused_names_stay_visible() {
    let patterns = json!([{ "path": "/", "allowed_patterns": ["*.jpg"], "denied_patterns": ["*.pdf"] }]);
    let (fixture, session) = Fixture::alice(json!({ "filters": { "file_patterns": patterns } })).await;
    fixture.memory("alice").put(&path("/a.pdf"), b"data");
    let fs = session.fs();
    put(&fs, "/a.JPG", b"x").await.expect("allowed");
    assert_eq!(names(&fs, "/").await.expect("list"), ["a.JPG", "a.pdf"]);
    assert_eq!(size(&fs, "/a.pdf").await, Some(4));
    for refused in ["/a.pdf", "/a.zip"] {
        assert_eq!(rule(&put(&fs, refused, b"x").await), Some("file_patterns"), "{refused}");
        assert_eq!(rule(&get(&fs, refused).await), Some("file_patterns"), "{refused}");
        assert_eq!(rule(&fs.remove_file(&path(refused)).await), Some("file_patterns"), "{refused}");
        assert_eq!(rule(&fs.copy(&path("/a.JPG"), &path(refused)).await), Some("file_patterns"), "{refused}");
    }
    assert_eq!(rule(&fs.create_directory(&path("/sub")).await), Some("file_patterns"));
}

// Names of unfinished uploads belong to the server.
#[tokio::test]
async fn names_of_the_server_are_out_of_reach() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    fixture.memory("alice").put(&path("/.entrepot-x"), b"data");
    put(&fs, "/f", b"data").await.expect("file");
    assert_eq!(names(&fs, "/").await.expect("list"), ["f"]);
    assert_eq!(rule(&get(&fs, "/.entrepot-x").await), Some("reserved_names"));
    assert_eq!(rule(&put(&fs, "/.entrepot-y", b"x").await), Some("reserved_names"));
    assert_eq!(rule(&fs.remove_file(&path("/.entrepot-x")).await), Some("reserved_names"));
    assert_eq!(rule(&fs.rename(&path("/f"), &path("/.entrepot-z")).await), Some("reserved_names"));
    assert_eq!(rule(&fs.copy(&path("/f"), &path("/.entrepot-z/f")).await), Some("reserved_names"));
}

// ACC-128, SFTP-015: what a file in the way of an open decides.
#[tokio::test]
async fn directories_are_not_opened_for_writing() {
    let (_fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    assert_eq!(fs.open_write(&path("/d"), PUT).await.err(), Some(Error::Unsupported));
    assert_eq!(fs.open_write(&path("/"), PUT).await.err(), Some(Error::Unsupported));
    assert_eq!(fs.open_read(&path("/d")).await.err(), Some(Error::IsDirectory));
    assert_eq!(put(&fs, "/missing/f", b"x").await.err(), Some(Error::NotFound));
}

// ACC-135, ACC-141
#[test]
fn the_root_stays() {
    let user = account(json!({}));
    for operation in [Operation::RemoveDirectory, Operation::RenameDirectory, Operation::RemoveFile, Operation::RenameFile] {
        assert!(matches!(decide(&user, operation, &path("/")), Decision::Deny(_)), "{operation:?}");
    }
}

// ACC-155, ACC-306
#[tokio::test]
async fn changes_can_be_taken_away_over_http_alone() {
    let (fixture, session) = Fixture::alice(json!({"filters": {"web_client": ["write-disabled"]}})).await;
    let fs = session.fs();
    put(&fs, "/f", b"data").await.expect("over SFTP");
    let web = fixture.login("alice").await.open_session("HTTP", "HTTP_1").expect("session");
    let fs = web.fs();
    assert_eq!(names(&fs, "/").await.expect("list"), ["f"]);
    assert!(get(&fs, "/f").await.is_ok());
    assert_eq!(rule(&put(&fs, "/g", b"x").await), Some("write-disabled"));
    assert_eq!(rule(&put(&fs, "/f", b"x").await), Some("write-disabled"));
    assert_eq!(rule(&fs.remove_file(&path("/f")).await), Some("write-disabled"));
    assert_eq!(rule(&fs.rename(&path("/f"), &path("/g")).await), Some("write-disabled"));
    assert_eq!(rule(&fs.copy(&path("/f"), &path("/g")).await), Some("write-disabled"));
    assert_eq!(rule(&fs.create_directory(&path("/d")).await), Some("write-disabled"));
}
