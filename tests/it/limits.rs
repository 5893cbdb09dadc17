//! Quota, size limits, patterns and permissions, over SFTP.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{OpenSsh, Server, Settings, User, bytes};

fn server_with(fields: Value) -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", fields);
    fs::create_dir_all(&user.home).unwrap();
    fs::write(server.scratch().join("f"), bytes(1000, 1)).unwrap();
    (server, user)
}

/// Each line of the batch by itself: did it succeed?
fn may(server: &Server, user: &User, command: &str) -> bool {
    OpenSsh::new(server, user).sftp(format!("{command}\n")).code == Some(0)
}

// ACC-150, QTA: bytes
#[test]
fn upload_beyond_the_quota_is_refused_and_leaves_nothing() {
    let (server, user) = server_with(json!({ "quota_size": 1_000_000 }));
    fs::write(server.scratch().join("large"), bytes(1_500_000, 2)).unwrap();
    fs::write(server.scratch().join("fits"), bytes(900_000, 3)).unwrap();
    assert!(!may(&server, &user, "put large"));
    assert_eq!(user.read("large"), None);
    let (_, used) = server.quota("alice");
    assert_eq!(used, user.disk().size + user.disk().partial_size);
    assert!(used <= 1_000_000, "{used}");
    may(&server, &user, "rm large");
    assert!(may(&server, &user, "put fits"), "what fits is taken");
    assert_eq!(user.read("fits"), Some(bytes(900_000, 3)));
    assert!(!may(&server, &user, "put fits second"));
    // Replacing credits what is replaced.
    assert!(may(&server, &user, "put fits"));
    assert_eq!(user.disk().size, 900_000);
    let events = server.events_of("alice", "upload");
    assert!(events.iter().any(|event| event.status == 3), "over quota is in the audit trail: {events:?}");
}

// QTA: files
#[test]
fn number_of_files_is_limited() {
    let (server, user) = server_with(json!({ "quota_files": 2 }));
    assert!(may(&server, &user, "put f one"));
    assert!(may(&server, &user, "put f two"));
    assert!(!may(&server, &user, "put f three"));
    assert!(may(&server, &user, "put f two"), "replacing adds none");
    assert!(may(&server, &user, "rm one"));
    assert!(may(&server, &user, "put f three"));
    assert_eq!(server.quota("alice"), (2, 2000));
    assert_eq!(user.disk().files, 2);
}

// ACC-044
#[test]
fn size_of_an_upload_is_limited() {
    let (server, user) = server_with(json!({ "filters": { "max_upload_file_size": 100_000 } }));
    fs::write(server.scratch().join("at"), bytes(100_000, 2)).unwrap();
    fs::write(server.scratch().join("above"), bytes(100_001, 2)).unwrap();
    assert!(may(&server, &user, "put at"));
    assert!(!may(&server, &user, "put above"));
    assert_eq!(user.read("above"), None);
    assert_eq!(user.read("at").map(|content| content.len()), Some(100_000));
}

// LIM-012
#[test]
fn transferred_bytes_are_limited() {
    let (server, user) = server_with(json!({ "upload_data_transfer": 1, "download_data_transfer": 1 }));
    fs::write(server.scratch().join("m"), bytes(900_000, 2)).unwrap();
    assert!(may(&server, &user, "put m"));
    assert!(!may(&server, &user, "put m again"), "1.8 MB are more than 1 MB");
    assert_eq!(user.read("again"), None);
    assert!(may(&server, &user, "get m down"));
    assert!(!may(&server, &user, "get m down"));
}

// ACC-334
#[test]
fn closest_directory_decides() {
    let (server, user) = server_with(json!({ "permissions": { "/": ["list"], "/a": ["*"], "/a/b": [] } }));
    user.place("a/b/c/f", b"x");
    assert!(may(&server, &user, "ls /"));
    assert!(may(&server, &user, "ls /a"));
    assert!(may(&server, &user, "put f /a/x"));
    assert!(!may(&server, &user, "put f /x"));
    assert!(!may(&server, &user, "ls /a/b"));
    assert!(!may(&server, &user, "get /a/b/c/f got"));
    let listing = OpenSsh::new(&server, &user).sftp("ls -1 /a\n").ok().out;
    assert!(listing.lines().any(|line| line == "/a/b"), "{listing}");
    assert_eq!(user.read("x"), None);
}

// ACC-335
#[test]
fn drop_box_takes_new_files_and_gives_none_back() {
    let (server, user) = server_with(json!({ "permissions": { "/": ["*"], "/in": ["list", "upload"] } }));
    user.place("f", b"outside");
    fs::create_dir_all(user.home.join("in")).unwrap();
    assert!(may(&server, &user, "put f /in/f"));
    assert!(!may(&server, &user, "put f /in/f"), "no overwrite");
    assert!(!may(&server, &user, "get /in/f got"));
    assert!(!may(&server, &user, "rm /in/f"));
    assert!(!may(&server, &user, "rename /in/f /in/g"));
    assert!(!may(&server, &user, "rename /f /in/f"));
    assert_eq!(user.read("in/f"), Some(bytes(1000, 1)));
    assert_eq!(user.read("f").as_deref(), Some(b"outside".as_slice()));
}

// ACC-336
#[test]
fn wildcards_match_one_level_and_all_below() {
    let (server, user) = server_with(json!({ "permissions": { "/": ["*"], "/p/*": ["list"] } }));
    for path in ["p/f", "p/q/f", "p/q/r/f"] {
        user.place(path, b"x");
    }
    assert!(may(&server, &user, "get /p/f got"));
    assert!(!may(&server, &user, "get /p/q/f got"));
    assert!(!may(&server, &user, "get /p/q/r/f got"));
}

// ACC-337
#[test]
fn directories_are_deleted_by_permission_of_their_parent() {
    let (server, user) = server_with(json!({ "permissions": { "/": ["list", "delete_dirs"], "/d": ["list"], "/e": ["*"] } }));
    fs::create_dir_all(user.home.join("d")).unwrap();
    fs::create_dir_all(user.home.join("e/inner")).unwrap();
    assert!(may(&server, &user, "ls /d"));
    assert!(may(&server, &user, "rmdir /e/inner"));
    assert!(may(&server, &user, "rmdir /d"));
    let (server, user) = server_with(json!({ "permissions": { "/": ["list"], "/d": ["*"] } }));
    fs::create_dir_all(user.home.join("d")).unwrap();
    assert!(!may(&server, &user, "rmdir /d"), "what holds in /d does not count");
}

// ACC-338
#[test]
fn hidden_names_do_not_exist_and_deeper_filters_win() {
    let patterns = json!([
        { "path": "/", "denied_patterns": ["*.exe"], "deny_policy": 1 },
        { "path": "/in", "allowed_patterns": ["*"] },
    ]);
    let (server, user) = server_with(json!({ "filters": { "file_patterns": patterns } }));
    user.place("a.exe", b"x");
    user.place("in/a.exe", b"x");
    let listing = OpenSsh::new(&server, &user).sftp("ls -1 /\nls -1 /in\n").ok().out;
    assert!(!listing.lines().any(|line| line == "/a.exe") && listing.contains("/in/a.exe"), "{listing}");
    let refused = OpenSsh::new(&server, &user).sftp("get /a.exe got\n").fails();
    assert!(refused.err.contains("not found") || refused.err.contains("No such file"), "{refused:?}");
    assert!(may(&server, &user, "get /in/a.exe got"));
    assert!(!may(&server, &user, "put f /b.exe"));
    assert!(!may(&server, &user, "rename /in/a.exe /c.exe"));
}

// ACC-339
#[test]
fn allowed_and_denied_patterns_of_one_directory() {
    let patterns = json!([{ "path": "/", "allowed_patterns": ["*.jpg"], "denied_patterns": ["*.pdf"] }]);
    let (server, user) = server_with(json!({ "filters": { "file_patterns": patterns } }));
    assert!(may(&server, &user, "put f a.JPG"));
    assert!(!may(&server, &user, "put f a.pdf"));
    assert!(!may(&server, &user, "put f a.zip"));
    assert!(!may(&server, &user, "mkdir /sub"));
    assert_eq!(user.disk().files, 1);
}

/// Every permission opens exactly its own operations.
#[test]
fn each_permission_opens_its_operation_and_no_other() {
    let server = Server::start(Settings::default().set("COMMON__SYMLINK_MODE", "1"));
    fs::write(server.scratch().join("f"), bytes(1000, 1)).unwrap();
    // An operation in a fresh home, and the permissions of which any opens it.
    let operations: [(&str, &[&str]); 11] = [
        ("ls /d", &["list"]),
        ("get /d/file got", &["download"]),
        ("put f /d/new", &["upload"]),
        ("rm /d/file", &["delete", "delete_files"]),
        ("rmdir /d/empty", &["delete", "delete_dirs"]),
        ("rename /d/file /d/renamed", &["rename", "rename_files"]),
        ("rename /d/empty /d/renamed", &["rename", "rename_dirs"]),
        ("mkdir /d/made", &["create_dirs"]),
        ("ln -s file /d/link", &["create_symlinks"]),
        ("chmod 600 /d/file", &["chmod"]),
        ("chown 0 /d/file", &["chown"]),
    ];
    let permissions = [
        "list",
        "download",
        "upload",
        "overwrite",
        "delete",
        "delete_files",
        "delete_dirs",
        "rename",
        "rename_files",
        "rename_dirs",
        "create_dirs",
        "create_symlinks",
        "chmod",
        "chown",
        "chtimes",
        "copy",
    ];
    for permission in permissions {
        let granted: Vec<&str> = if permission == "list" { vec!["list"] } else { vec!["list", permission] };
        // The client looks before it acts: listing is always there, but where it is the question itself.
        let user =
            server.create_user(&format!("only-{}", permission.replace('_', "-")), json!({ "permissions": { "/": granted } }));
        for (operation, opened_by) in operations.iter().skip(1) {
            let _ = fs::remove_dir_all(user.home.join("d"));
            user.place("d/file", b"content");
            fs::create_dir_all(user.home.join("d/empty")).unwrap();
            let expected = opened_by.contains(&permission);
            assert_eq!(may(&server, &user, operation), expected, "{operation} with {permission}");
        }
    }
    let user = server.create_user("blind", json!({ "permissions": { "/": ["download"] } }));
    user.place("d/file", b"content");
    assert!(!may(&server, &user, "ls /d"));
}

// ACC-264
#[test]
fn number_of_sessions_is_limited() {
    let (server, user) = server_with(json!({ "max_sessions": 1 }));
    let script = r#"
import paramiko
def connect():
    transport = paramiko.Transport((host, port))
    transport.connect(username=user, password=password)
    return transport, paramiko.SFTPClient.from_transport(transport)
transport, first = connect()
first.listdir()
try:
    second = connect()
    second[1].listdir()
    print("second is in")
except Exception as error:
    print("second is refused", type(error).__name__)
first.listdir()
transport.close()
"#;
    let no_arguments: [&str; 0] = [];
    let finished = crate::harness::python(&server, &user, script, &no_arguments).run().ok();
    assert!(finished.out.contains("second is refused"), "{finished:?}");
    crate::harness::eventually("the place is free again", || may(&server, &user, "ls"));
}

// ACC-150..: a virtual folder has its own quota, and is seen where it is mounted
#[test]
fn virtual_folder_is_mounted_and_counted_by_itself() {
    let (server, user) = server_with(json!({}));
    let shared = server.scratch().join("shared");
    fs::create_dir_all(&shared).unwrap();
    server.create_folder("shared", &shared);
    let mounts =
        json!([{ "name": "shared", "mapped_path": shared, "virtual_path": "/team", "quota_size": 5000, "quota_files": 0 }]);
    let mut changed = server.api().get("/api/v2/users/alice").ok(200);
    changed["virtual_folders"] = mounts;
    let answer = server.api().put("/api/v2/users/alice", &changed);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(may(&server, &user, "put f /team/one"));
    assert_eq!(fs::read(shared.join("one")).unwrap(), bytes(1000, 1));
    let listing = OpenSsh::new(&server, &user).sftp("ls -1 /\n").ok().out;
    assert!(listing.lines().any(|line| line == "/team"), "{listing}");
    fs::write(server.scratch().join("big"), bytes(6000, 1)).unwrap();
    assert!(!may(&server, &user, "put big /team/big"));
    assert!(may(&server, &user, "put big /big"), "the folder's limit is not the account's");
    assert!(!may(&server, &user, "rmdir /team"));
    assert_eq!((server.folder_usage("shared"), server.quota("alice")), ((1, 1000), (1, 6000)));
    assert!(may(&server, &user, "rename /team/one /moved"), "from one storage to the other");
    assert_eq!((server.folder_usage("shared"), server.quota("alice")), ((0, 0), (2, 7000)));
    assert_eq!(user.read("moved"), Some(bytes(1000, 1)));
    assert!(!shared.join("one").exists());
}
