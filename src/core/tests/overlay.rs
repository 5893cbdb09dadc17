//! What a connection finds under the name of a file that it is writing (sshfs, rclone).

use bytes::Bytes;
use entrepot_storage::{Attributes, Timestamp};
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{Error, Session, Upload};

async fn writing() -> (Fixture, Session, Upload) {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    (fixture, session, upload)
}

fn times(seconds: i64) -> Attributes {
    let time = Timestamp::from_seconds(seconds);
    Attributes { times: Some((time, time)), ..Attributes::default() }
}

// SFTP-013, SFTP-045, SFTP-056
#[tokio::test]
async fn stat_answers_the_size_so_far_on_the_same_connection_only() {
    let (fixture, session, upload) = writing().await;
    assert_eq!(size(&session.fs(), "/f").await, Some(4));
    upload.write_at(4, Bytes::from_static(b"45")).await.expect("write");
    assert_eq!(size(&session.fs(), "/f").await, Some(6));
    let other = fixture.session("alice").await;
    assert_eq!(size(&other.fs(), "/f").await, None);
    upload.commit().await.expect("commit");
    assert_eq!(size(&other.fs(), "/f").await, Some(6));
}

// SFTP-026: the overlay is no way around permissions.
#[tokio::test]
async fn overlay_asks_for_permissions() {
    let (_fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["upload"] } })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    assert_eq!(rule(&fs.stat(&path("/f"), true).await), Some("permissions"));
    assert_eq!(rule(&fs.set_attributes(&path("/f"), &times(1), true).await), Some("permissions"));
    assert_eq!(rule(&fs.remove_file(&path("/f")).await), Some("permissions"));
    assert_eq!(rule(&fs.rename(&path("/f"), &path("/g")).await), Some("permissions"));
    assert_eq!(rule(&fs.open_read(&path("/f")).await), Some("permissions"));
    upload.commit().await.expect("commit");
}

// SFTP-051
#[tokio::test]
async fn times_set_while_writing_hold_after_the_commit() {
    let (_fixture, session, upload) = writing().await;
    let fs = session.fs();
    fs.set_attributes(&path("/f"), &times(1_000_000), true).await.expect("times");
    upload.write_at(4, Bytes::from_static(b"more")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(fs.stat(&path("/f"), true).await.expect("stat").modified, Timestamp::from_seconds(1_000_000));
}

#[tokio::test]
async fn size_and_mode_set_while_writing_are_those_of_the_file() {
    let (fixture, session, upload) = writing().await;
    let fs = session.fs();
    let change = Attributes { size: Some(2), mode: Some(0o640), ..Attributes::default() };
    fs.set_attributes(&path("/f"), &change, true).await.expect("attributes");
    assert_eq!(upload.size(), 2);
    upload.commit().await.expect("commit");
    assert_eq!(fs.stat(&path("/f"), true).await.expect("stat").mode, 0o640);
    assert_eq!(get(&fs, "/f").await.expect("read"), b"01");
    assert_eq!(fixture.used("alice").await, usage(1, 2));
}

#[tokio::test]
async fn renamed_in_flight_it_gets_the_new_name_at_its_end() {
    let (fixture, session, upload) = writing().await;
    let fs = session.fs();
    fs.rename(&path("/f"), &path("/g")).await.expect("rename");
    assert_eq!((size(&fs, "/f").await, size(&fs, "/g").await), (None, Some(4)));
    assert_eq!(upload.path(), path("/g"));
    upload.commit().await.expect("commit");
    assert_eq!(fixture.memory("alice").paths(), [b"/g".to_vec()]);
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// A partial lies where it was staged, so an upload keeps its directory.
#[tokio::test]
async fn renamed_in_flight_and_dropped_it_is_a_partial_of_the_new_name() {
    let (fixture, session, upload) = writing().await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    assert_eq!(fs.rename(&path("/f"), &path("/d/f")).await.err(), Some(Error::Unsupported));
    fs.rename(&path("/f"), &path("/g")).await.expect("rename");
    drop(upload);
    fixture.settled().await;
    assert_eq!((size(&fs, "/f").await, size(&fs, "/g").await), (None, Some(4)));
    let upload = fs.open_write(&path("/g"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), 4);
    upload.commit().await.expect("commit");
    assert_eq!(fixture.memory("alice").paths(), [b"/d".to_vec(), b"/g".to_vec()]);
}

// ACC-137
#[tokio::test]
async fn rename_in_flight_over_a_file_needs_overwrite() {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["upload", "rename", "list"] } })).await;
    fixture.memory("alice").put(&path("/g"), b"theirs");
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    assert_eq!(rule(&session.fs().rename(&path("/f"), &path("/g")).await), Some("permissions"));
    upload.commit().await.expect("commit");
    assert_eq!(fixture.memory("alice").get(&path("/g")).as_deref(), Some(&b"theirs"[..]));
}

#[tokio::test]
async fn removed_in_flight_nothing_of_the_name_is_left() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"old").await.expect("old");
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"new!")).await.expect("write");
    fs.remove_file(&path("/f")).await.expect("remove");
    assert_eq!(size(&fs, "/f").await, None);
    assert!(upload.write_at(4, Bytes::from_static(b"x")).await.is_err());
    assert!(upload.commit().await.is_err());
    assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new());
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// Reading what is being written: the connection that writes may, others find nothing.
#[tokio::test]
async fn the_connection_that_writes_can_read_it() {
    let (fixture, session, upload) = writing().await;
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123");
    let other = fixture.session("alice").await;
    assert_eq!(get(&other.fs(), "/f").await.err(), Some(Error::NotFound));
    upload.commit().await.expect("commit");
    assert_eq!(names(&session.fs(), "/").await.expect("list"), ["f"]);
}

// A second open that goes on with a file in flight would fork it.
#[tokio::test]
async fn file_in_flight_is_not_gone_on_with_twice() {
    let (_fixture, session, upload) = writing().await;
    assert_eq!(session.fs().open_write(&path("/f"), RESUME).await.err(), Some(Error::Busy));
    upload.commit().await.expect("commit");
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123");
}
