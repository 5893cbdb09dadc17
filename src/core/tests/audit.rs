//! The audit trail: one row for each action, with its outcome, and the rule that refused.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, path, put},
    fixture::Fixture,
};

fn row(action: &str, name: &str, status: i64) -> (String, String, i64) {
    (action.to_owned(), name.to_owned(), status)
}

// AUD-002, AUD-006, UPL-008
#[tokio::test]
async fn each_action_leaves_one_row() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("mkdir");
    put(&fs, "/d/f", b"data").await.expect("upload");
    get(&fs, "/d/f").await.expect("download");
    fs.copy(&path("/d/f"), &path("/d/g")).await.expect("copy");
    fs.rename(&path("/d/g"), &path("/d/h")).await.expect("rename");
    let upload = fs.open_write(&path("/d/h"), RESUME).await.expect("open");
    upload.write_at(4, Bytes::from_static(b"!")).await.expect("write");
    upload.commit().await.expect("commit");
    // Looking and closing without a change leave no row.
    fs.stat(&path("/d/f"), true).await.expect("stat");
    fs.open_write(&path("/d/h"), RESUME).await.expect("open").commit().await.expect("commit");
    fs.remove_file(&path("/d/f")).await.expect("remove");
    fs.remove_file(&path("/d/h")).await.expect("remove");
    fs.remove_directory(&path("/d")).await.expect("rmdir");
    let expected = [
        row("mkdir", "/d", 1),
        row("upload", "/d/f", 1),
        row("first-upload", "/d/f", 1),
        row("download", "/d/f", 1),
        row("first-download", "/d/f", 1),
        row("copy", "/d/f", 1),
        row("rename", "/d/g", 1),
        row("upload", "/d/h", 1),
        row("delete", "/d/f", 1),
        row("delete", "/d/h", 1),
        row("rmdir", "/d", 1),
    ];
    assert_eq!(fixture.actions().await, expected);
}

// AUD-002
#[tokio::test]
async fn row_tells_who_where_and_how_much() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"12345")).await.expect("write");
    fixture.clock.advance_millis(1500);
    upload.commit().await.expect("commit");
    let event = fixture.events().await.remove(0);
    assert_eq!((event.username.as_str(), event.protocol.as_str(), event.ip.as_str()), ("alice", "SFTP", "192.0.2.7"));
    assert_eq!((event.file_size, event.elapsed, event.fs_path.as_str()), (5, 1500, "/memory/alice/f"));
    assert_eq!(event.session_id, session.id());
}

// AUD-002: status 2 failed, 3 quota.
#[tokio::test]
async fn failures_are_rows_with_their_status() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 3 })).await;
    let fs = session.fs();
    assert!(put(&fs, "/f", b"data").await.is_err());
    fixture.settled().await;
    fs.open_write(&path("/g"), PUT).await.expect("open").abort();
    fixture.settled().await;
    assert_eq!(fixture.actions().await, [row("upload", "/f", 3), row("upload", "/g", 2)]);
}

#[tokio::test]
async fn denial_names_its_rule() {
    let patterns = json!([{ "path": "/", "denied_patterns": ["*.exe"], "deny_policy": 0 }]);
    let fields = json!({ "permissions": { "/": ["list", "upload"] }, "filters": { "file_patterns": patterns } });
    let (fixture, session) = Fixture::alice(fields).await;
    fixture.memory("alice").put(&path("/f"), b"x");
    let fs = session.fs();
    assert!(get(&fs, "/f").await.is_err());
    assert!(put(&fs, "/f", b"y").await.is_err());
    assert!(put(&fs, "/a.exe", b"y").await.is_err());
    assert!(fs.remove_file(&path("/f")).await.is_err());
    assert!(fs.rename(&path("/f"), &path("/g")).await.is_err());
    assert!(fs.rename(&path("/a.exe"), &path("/g")).await.is_err());
    let events = fixture.events().await;
    let rows: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.status, event.ssh_cmd.as_str())).collect();
    let permission = |action, needs: &str| (action, 2, format!("denied by permissions: {needs}"));
    let expected = [
        permission("download", "Download needs download on /, the entry / does not grant it"),
        permission("upload", "Overwrite needs overwrite on /, the entry / does not grant it"),
    ];
    for (found, expected) in rows.iter().zip(&expected) {
        assert_eq!((found.0, found.1, found.2.to_owned()), *expected);
    }
    let rules: Vec<_> = rows.iter().map(|row| (row.0, row.2.split(':').next().unwrap_or_default())).collect();
    assert_eq!(
        rules[2..],
        [
            ("upload", "denied by file_patterns"),
            ("delete", "denied by permissions"),
            ("rename", "denied by permissions"),
            ("rename", "denied by file_patterns"),
        ]
    );
}

// A client that hammers on a closed door does not fill the database.
#[tokio::test]
async fn denials_of_a_session_are_bounded_per_minute() {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["list"] } })).await;
    for _ in 0..100 {
        assert!(get(&session.fs(), "/f").await.is_err());
    }
    assert_eq!(fixture.events().await.len(), 60);
    fixture.clock.advance_millis(60_000);
    assert!(get(&session.fs(), "/f").await.is_err());
    assert_eq!(fixture.events().await.len(), 61);
}

// Each row once, however often the mover runs.
#[tokio::test]
async fn rows_are_moved_once() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    for number in 0..20 {
        put(&session.fs(), &format!("/{number}"), b"x").await.expect("file");
    }
    tokio::join!(crate::audit::flush(&fixture.core), crate::audit::flush(&fixture.core));
    let events = fixture.events().await;
    let mut ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((events.len(), ids.len()), (21, 21));
}

// API-102, decisions on events: they are kept for a while, and their database stays within its size.
#[tokio::test]
async fn old_events_go_and_new_ones_stay() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    put(&session.fs(), "/old", b"1").await.expect("file");
    fixture.events().await;
    fixture.clock.advance_millis(366 * 24 * 3600 * 1000);
    put(&session.fs(), "/new", b"1").await.expect("file");
    fixture.events().await;
    assert!(crate::audit::expire_now(&fixture.core).await.expect("pass") > 0);
    let left = fixture.actions().await;
    assert!(!left.is_empty() && left.iter().all(|(_, path, _)| path == "/new"), "{left:?}");
    fixture.set(|settings| settings.events.max_age_days = 0);
    assert_eq!(crate::audit::expire_now(&fixture.core).await.expect("pass"), 0);
}
