//! Virtual folders: what is seen, what stays where it is, whose quota counts.

use serde_json::json;

use super::{
    client::{names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{Error, Session};

async fn mounted(mounts: serde_json::Value) -> (Fixture, Session) {
    let fixture = Fixture::new().await;
    fixture.folder("one", "/memory/one").await;
    fixture.folder("two", "/memory/two").await;
    fixture.user("alice", json!({ "virtual_folders": mounts })).await;
    let session = fixture.session("alice").await;
    (fixture, session)
}

// ACC-185, ACC-186, VF-007, VF-008
#[tokio::test]
async fn mounts_and_their_missing_parents_are_directories() {
    let (fixture, session) = mounted(json!([
        { "name": "one", "virtual_path": "/v" },
        { "name": "two", "virtual_path": "/deep/er/w" },
    ]))
    .await;
    let fs = session.fs();
    fixture.memory("alice").put(&path("/v"), b"a file in the way");
    fixture.memory("alice").put(&path("/own"), b"x");
    fixture.storages.memory("/memory/one").put(&path("/inside"), b"12345");
    assert_eq!(names(&fs, "/").await.expect("list"), ["deep", "own", "v"]);
    assert_eq!(names(&fs, "/deep").await.expect("list"), ["er"]);
    assert_eq!(names(&fs, "/deep/er").await.expect("list"), ["w"]);
    assert_eq!(names(&fs, "/v").await.expect("list"), ["inside"]);
    for mount in ["/v", "/deep", "/deep/er", "/deep/er/w"] {
        let found = fs.stat(&path(mount), true).await.expect("stat");
        assert!(found.is_directory() && found.size == 0 && found.modified.seconds == 0, "{mount}");
    }
    assert_eq!(size(&fs, "/v/inside").await, Some(5));
    // ACC-186: nothing can be made where the storage has nothing.
    assert_eq!(put(&fs, "/deep/f", b"x").await.err(), Some(Error::NotFound));
}

// ACC-187, ACC-135, ACC-141, SFTP-033, SFTP-036
#[tokio::test]
async fn mounts_stay_where_they_are() {
    let (fixture, session) =
        mounted(json!([{ "name": "one", "virtual_path": "/v" }, { "name": "two", "virtual_path": "/d/w" }])).await;
    let fs = session.fs();
    fixture.memory("alice").put(&path("/d/f"), b"x");
    for mount in ["/v", "/d/w"] {
        assert_eq!(rule(&fs.create_directory(&path(mount)).await), Some("virtual_folders"), "{mount}");
        assert_eq!(rule(&fs.remove_directory(&path(mount)).await), Some("virtual_folders"), "{mount}");
        assert_eq!(rule(&fs.rename(&path(mount), &path("/elsewhere")).await), Some("virtual_folders"), "{mount}");
        assert_eq!(rule(&fs.rename(&path("/d/f"), &path(mount)).await), Some("virtual_folders"), "{mount}");
    }
    assert_eq!(fs.remove_directory(&path("/d")).await.err(), Some(Error::Unsupported));
    assert_eq!(fs.rename(&path("/d"), &path("/e")).await.err(), Some(Error::Unsupported));
    assert_eq!(put(&fs, "/v", b"x").await.err(), Some(Error::Unsupported));
}

// ACC-169, ACC-185
#[tokio::test]
async fn hidden_mounts_do_not_end_a_listing() {
    let fixture = Fixture::new().await;
    fixture.folder("one", "/memory/one").await;
    fixture.folder("two", "/memory/two").await;
    fixture
        .user(
            "alice",
            json!({
                "virtual_folders": [{ "name": "one", "virtual_path": "/a.hid" }, { "name": "two", "virtual_path": "/z" }],
                "filters": { "file_patterns": [{ "path": "/", "denied_patterns": ["*.hid"], "deny_policy": 1 }] },
            }),
        )
        .await;
    let session = fixture.session("alice").await;
    let mut listing = session.fs().list(&path("/")).await.expect("list");
    let first = listing.next(1).await.expect("entries");
    assert_eq!(first.iter().map(|entry| entry.name.as_slice()).collect::<Vec<_>>(), [b"z"]);
    assert!(listing.next(1).await.expect("entries").is_empty());
}

// ACC-345, ACC-182, QTA-009
#[tokio::test]
async fn private_folder_counts_for_its_user_only() {
    let (fixture, session) = mounted(json!([{ "name": "one", "virtual_path": "/v", "quota_size": -1, "quota_files": -1 }])).await;
    fixture.user("limited", json!({ "quota_size": 1000 })).await;
    drop(session);
    // Mode 2 counts users with limits only.
    fixture.set(|settings| settings.data_provider.track_quota = 1);
    let session = fixture.session("alice").await;
    put(&session.fs(), "/v/f", b"0123456789").await.expect("file");
    assert_eq!(fixture.used("alice").await, usage(1, 10));
    assert_eq!(fixture.used_by_folder("one").await, usage(0, 0));
    session.fs().remove_file(&path("/v/f")).await.expect("removed");
    assert_eq!(fixture.used("alice").await, usage(0, 0));
}

// ACC-344, ACC-183, ACC-184
#[tokio::test]
async fn shared_folder_has_one_counter_and_a_limit_for_each_mapping() {
    let fixture = Fixture::new().await;
    fixture.folder("shared", "/memory/shared").await;
    let mount = |at: &str, size: i64, files: i64| json!({ "virtual_folders": [{ "name": "shared", "virtual_path": at, "quota_size": size, "quota_files": files }] });
    fixture.user("a", mount("/v1", 0, 0)).await;
    fixture.user("b", mount("/v2", 1000, 10)).await;
    let (a, b) = (fixture.session("a").await, fixture.session("b").await);
    put(&a.fs(), "/v1/big", &[0; 900]).await.expect("a has no limit");
    put(&b.fs(), "/v2/small", &[0; 100]).await.expect("it fits");
    assert_eq!(fixture.used_by_folder("shared").await, usage(2, 1000));
    assert_eq!(put(&b.fs(), "/v2/more", &[0; 1]).await.err(), Some(Error::Quota));
    put(&a.fs(), "/v1/more", &[0; 50]).await.expect("a has no limit");
    assert_eq!(fixture.used_by_folder("shared").await, usage(3, 1050));
    assert_eq!(fixture.used("a").await, usage(0, 0));
}

// VF-004: the deepest mount wins.
#[tokio::test]
async fn nested_mounts_lead_to_their_own_storages() {
    let (fixture, session) =
        mounted(json!([{ "name": "one", "virtual_path": "/a" }, { "name": "two", "virtual_path": "/a/b" }])).await;
    put(&session.fs(), "/a/f", b"1").await.expect("outer");
    put(&session.fs(), "/a/b/f", b"22").await.expect("inner");
    assert_eq!(fixture.storages.memory("/memory/one").get(&path("/f")).as_deref(), Some(&b"1"[..]));
    assert_eq!(fixture.storages.memory("/memory/two").get(&path("/f")).as_deref(), Some(&b"22"[..]));
    assert_eq!(names(&session.fs(), "/a").await.expect("list"), ["b", "f"]);
}
