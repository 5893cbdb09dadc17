//! Quota: what is reserved, settled and given back.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, get, give_up, path, put, size, usage},
    fixture::Fixture,
};
use crate::{Error, OpenWrite};

// ACC-346, ACC-281, ACC-291
#[tokio::test]
async fn new_file_is_cut_off_and_a_replacement_may_use_what_it_frees() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 150, "filters": { "max_upload_file_size": 100 } })).await;
    let fs = session.fs();
    put(&fs, "/old", &[0; 50]).await.expect("old");
    put(&fs, "/rest", &[0; 70]).await.expect("rest");
    let upload = fs.open_write(&path("/new"), PUT).await.expect("open");
    for offset in 0..30 {
        upload.write_at(offset, Bytes::from_static(b"x")).await.expect("fits");
    }
    assert_eq!(upload.write_at(30, Bytes::from_static(b"x")).await.err(), Some(Error::Quota));
    drop(upload);
    fixture.settled().await;
    put(&fs, "/old", &[1; 60]).await.expect("60 for 50");
    assert_eq!(fixture.used("alice").await, usage(2, 130));
    assert_eq!(put(&fs, "/old", &[1; 81]).await.err(), Some(Error::Quota));
    assert_eq!(get(&fs, "/old").await.expect("read"), [1; 60]);
    // SFTP-049
    let known = OpenWrite { size: Some(101), ..PUT };
    assert_eq!(fs.open_write(&path("/old"), known).await.err(), Some(Error::Quota));
    assert_eq!(fixture.used("alice").await, usage(2, 130));
}

// ACC-280, QTA-005
#[tokio::test]
async fn number_of_files_limits_new_ones_only() {
    let (fixture, session) = Fixture::alice(json!({ "quota_files": 2 })).await;
    let fs = session.fs();
    put(&fs, "/a", b"1").await.expect("a");
    let second = fs.open_write(&path("/b"), PUT).await.expect("b");
    assert_eq!(fs.open_write(&path("/c"), PUT).await.err(), Some(Error::FileQuota), "b holds the last place");
    second.commit().await.expect("commit");
    put(&fs, "/a", b"22").await.expect("replaced");
    assert_eq!(put(&fs, "/c", b"3").await.err(), Some(Error::FileQuota));
    fs.remove_file(&path("/b")).await.expect("removed");
    put(&fs, "/c", b"3").await.expect("room again");
    fs.create_directory(&path("/d")).await.expect("directories do not count");
    assert_eq!(fixture.used("alice").await, usage(2, 3));
}

// ACC-369, decisions on quota: a known size is reserved whole.
#[tokio::test]
async fn uploads_side_by_side_share_what_is_left() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    let known = OpenWrite { size: Some(60), ..PUT };
    let first = fs.open_write(&path("/a"), known).await.expect("60 of 100");
    assert_eq!(fs.open_write(&path("/b"), known).await.err(), Some(Error::Quota));
    let second = fs.open_write(&path("/b"), PUT).await.expect("unknown size");
    second.write_at(0, Bytes::from_static(&[0; 40])).await.expect("40 are left");
    assert_eq!(second.write_at(40, Bytes::from_static(b"x")).await.err(), Some(Error::Quota));
    drop(second);
    drop(first);
    fixture.settled().await;
    put(&fs, "/c", &[0; 100]).await.expect("all was given back");
    assert_eq!(fixture.used("alice").await, usage(1, 100));
}

// ACC-279: what is kept of an upload counts.
#[tokio::test]
async fn partials_take_room() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 10, "quota_files": 1 })).await;
    let fs = session.fs();
    give_up(&fs, "/f", b"01234567").await;
    fixture.settled().await;
    assert_eq!(fixture.used("alice").await, usage(1, 8));
    assert_eq!(put(&fs, "/g", b"x").await.err(), Some(Error::FileQuota));
    put(&fs, "/f", b"0123456789").await.expect("its own partial makes room");
    assert_eq!(fixture.used("alice").await, usage(1, 10));
}

// ACC-274, ACC-275
#[tokio::test]
async fn users_without_limits_are_not_counted_in_mode_2() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    put(&session.fs(), "/f", b"data").await.expect("file");
    let stored = fixture.store.users().usage("alice").await.expect("read").expect("user");
    assert_eq!((stored.used_quota_files, stored.used_quota_size), (0, 0));
}

// ACC-274: without tracking there is nothing to compare a limit with.
#[tokio::test]
async fn limits_are_not_looked_at_without_tracking() {
    let fixture = Fixture::with(|settings| settings.data_provider.track_quota = 0).await;
    fixture.user("alice", json!({ "quota_size": 2 })).await;
    let session = fixture.session("alice").await;
    put(&session.fs(), "/f", b"data").await.expect("file");
    put(&session.fs(), "/g", b"data").await.expect("file");
    let stored = fixture.store.users().usage("alice").await.expect("read").expect("user");
    assert_eq!((stored.used_quota_files, stored.used_quota_size), (0, 0));
}

// SFTP-030, QTA-002
#[tokio::test]
async fn truncation_follows_the_difference_and_the_limits() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 20, "filters": { "max_upload_file_size": 15 } })).await;
    let fs = session.fs();
    put(&fs, "/f", b"0123456789").await.expect("file");
    put(&fs, "/g", b"01234").await.expect("file");
    fs.truncate(&path("/f"), 4).await.expect("shorter");
    assert_eq!(fixture.used("alice").await, usage(2, 9));
    fs.truncate(&path("/f"), 15).await.expect("longer");
    assert_eq!(fixture.used("alice").await, usage(2, 20));
    assert_eq!(fs.truncate(&path("/g"), 6).await.err(), Some(Error::Quota));
    assert_eq!(fs.truncate(&path("/f"), 16).await.err(), Some(Error::Quota), "larger than a file may be");
    assert_eq!(fs.truncate(&path("/"), 0).await.err(), Some(Error::IsDirectory));
    fixture.memory("alice").faults().fail(entrepot_storage::memory::Operation::SetAttributes, 1, entrepot_storage::ErrorKind::Io);
    assert!(fs.truncate(&path("/f"), 1).await.is_err());
    assert_eq!(fixture.used("alice").await, usage(2, 20));
}

// SFTP-043, ACC-289
#[tokio::test]
async fn space_is_what_the_quota_leaves() {
    let (_fixture, session) = Fixture::alice(json!({ "quota_size": 10_000, "quota_files": 5 })).await;
    put(&session.fs(), "/f", &[0; 4000]).await.expect("file");
    let space = session.fs().space(&path("/")).await.expect("space");
    assert_eq!((space.total, space.available, space.free), (10_000, 6_000, 6_000));
    assert_eq!((space.files, space.files_free, space.name_max, space.block_size), (5, 4, 255, 4096));
}

// SFTP-043: small limits, used up.
#[tokio::test]
async fn space_of_an_exceeded_quota_is_nothing() {
    let (_fixture, session) = Fixture::alice(json!({ "quota_size": 100, "quota_files": 1 })).await;
    put(&session.fs(), "/f", &[0; 60]).await.expect("file");
    let space = session.fs().space(&path("/")).await.expect("space");
    assert_eq!((space.total, space.available, space.files_free, space.block_size), (100, 0, 0, 64));
}

// SFTP-042
#[tokio::test]
async fn space_without_limits_is_that_of_the_storage() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    fixture.memory("alice").faults().set_capacity(1 << 30);
    put(&session.fs(), "/f", &[0; 1000]).await.expect("file");
    let space = session.fs().space(&path("/f")).await.expect("space");
    assert_eq!((space.total, space.available), (1 << 30, (1 << 30) - 1000));
    fixture.user("objects", json!({ "home_dir": "/object/o" })).await;
    let objects = fixture.session("objects").await;
    let space = objects.fs().space(&path("/")).await.expect("space");
    assert_eq!((space.total, space.files), (8 << 40, 1_000_000));
}

// QTA-003, ACC-278
#[tokio::test]
async fn links_do_not_count() {
    let fixture = Fixture::with(|settings| settings.common.symlink_mode = 1).await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home, "quota_files": 10 })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    put(&fs, "/f", b"data").await.expect("file");
    fs.create_symlink(b"f", &path("/link")).await.expect("link");
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    fs.remove_file(&path("/link")).await.expect("removed");
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    fs.create_symlink(b"f", &path("/link")).await.expect("link");
    fs.rename(&path("/f"), &path("/link")).await.expect("over the link");
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(size(&fs, "/f").await, None);
}

// LIM-003: what an upload was to replace goes, and its room is taken before the commit.
#[tokio::test]
async fn commit_is_refused_when_the_room_of_the_replaced_file_was_taken() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100, "quota_files": 1 })).await;
    let fs = session.fs();
    put(&fs, "/f", &[0; 60]).await.expect("file");
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(&[1; 60])).await.expect("write");
    fixture.memory("alice").faults().clear();
    let other = fixture.session("alice").await;
    other.fs().remove_file(&path("/f")).await.expect("removed");
    put(&other.fs(), "/g", &[2; 50]).await.expect("there is room");
    assert_eq!(upload.commit().await.err(), Some(Error::FileQuota));
    assert_eq!(fixture.used("alice").await, usage(1, 50));
    assert_eq!(fixture.memory("alice").paths(), [b"/g".to_vec()]);
}
