//! Storages that are written front to back: object stores, encrypted packages, remote FTP.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, give_up, path, put, size, usage},
    fixture::{Fixture, PART},
};
use crate::{Error, Session};

async fn objects(home: &str) -> (Fixture, Session) {
    let (fixture, _) = Fixture::alice(json!({})).await;
    fixture.user("bob", json!({ "home_dir": home, "quota_size": 1000 })).await;
    let session = fixture.session("bob").await;
    (fixture, session)
}

// SFTP-022
#[tokio::test]
async fn writes_may_arrive_out_of_order_within_the_window() {
    let (fixture, session) = objects("/object/bob").await;
    let upload = session.fs().open_write(&path("/deep/f"), PUT).await.expect("parents need not exist");
    upload.write_at(4, Bytes::from_static(b"4567")).await.expect("early");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("late");
    upload.commit().await.expect("commit");
    assert_eq!(get(&session.fs(), "/deep/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("bob").await, usage(1, 8));
}

// SFTP-022
#[tokio::test]
async fn gap_that_never_closed_fails_the_end() {
    let (fixture, session) = objects("/object/bob").await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123456789")).await.expect("write");
    upload.write_at(11, Bytes::from_static(b"b")).await.expect("early");
    assert_eq!(upload.commit().await.err(), Some(Error::Corrupt));
    let storage = fixture.storages.memory("/object/bob");
    assert_eq!((storage.get(&path("/f")), storage.kept_uploads()), (None, 1));
    assert_eq!(fixture.used("bob").await, usage(1, PART as i64), "whole parts are kept");
}

// Decisions on streaming backends: only whole parts are reported to someone who resumes.
#[tokio::test]
async fn resume_goes_on_at_the_durable_offset() {
    let (fixture, session) = objects("/object/bob").await;
    give_up(&session.fs(), "/f", b"0123456789").await;
    fixture.settled().await;
    assert_eq!(size(&session.fs(), "/f").await, Some(PART));
    assert_eq!(fixture.used("bob").await, usage(1, 8));
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), PART);
    upload.write_at(PART, Bytes::from_static(b"89ab")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123456789ab");
    assert_eq!(fixture.used("bob").await, usage(1, 12));
    assert_eq!(fixture.storages.memory("/object/bob").kept_uploads(), 0);
    assert_eq!(fixture.rows("bob").await, (vec![], vec![]));
}

#[tokio::test]
async fn storage_that_cannot_resume_keeps_nothing() {
    let (fixture, session) = objects("/stream/bob").await;
    give_up(&session.fs(), "/f", b"0123456789").await;
    fixture.settled().await;
    assert_eq!(size(&session.fs(), "/f").await, None);
    assert_eq!(fixture.used("bob").await, usage(0, 0));
    assert_eq!(fixture.rows("bob").await, (vec![], vec![]));
}

// SFTP-017, SFTP-019, SFTP-029: what such a storage cannot do it says.
#[tokio::test]
async fn changes_in_place_and_truncation_are_unsupported() {
    let (_fixture, session) = objects("/object/bob").await;
    let fs = session.fs();
    put(&fs, "/f", b"data").await.expect("file");
    assert_eq!(fs.open_write(&path("/f"), RESUME).await.err(), Some(Error::Unsupported));
    assert_eq!(fs.truncate(&path("/f"), 1).await.err(), Some(Error::Unsupported));
    let upload = fs.open_write(&path("/g"), PUT).await.expect("open");
    assert_eq!(fs.open_read(&path("/g")).await.err(), Some(Error::Unsupported));
    let size = |size| entrepot_storage::Attributes { size: Some(size), ..Default::default() };
    upload.set_attributes(&size(0)).await.expect("nothing changes");
    assert_eq!(upload.set_attributes(&size(5)).await.err(), Some(Error::Unsupported));
    assert!(fs.rename(&path("/f"), &path("/h")).await.is_ok());
}

// SFTP-027, ACC-147
#[tokio::test]
async fn attributes_of_objects_are_ignored_or_refused_as_configured() {
    let (fixture, session) = objects("/object/bob").await;
    put(&session.fs(), "/f", b"data").await.expect("file");
    let time = entrepot_storage::Timestamp::from_seconds(1);
    let times = entrepot_storage::Attributes { times: Some((time, time)), ..Default::default() };
    let mode = entrepot_storage::Attributes { mode: Some(0o600), ..Default::default() };
    for attributes in [times, mode] {
        for (setting, expected) in [(0, Some(Error::Unsupported)), (1, None), (2, None)] {
            fixture.set(|settings| settings.common.setstat_mode = setting);
            let set = session.fs().set_attributes(&path("/f"), &attributes, true).await;
            assert_eq!(set.err(), expected, "mode {setting}, {attributes:?}");
            let upload = session.fs().open_write(&path("/g"), PUT).await.expect("open");
            assert_eq!(upload.set_attributes(&attributes).await.err(), expected, "mode {setting}, in flight");
        }
    }
}

#[tokio::test]
async fn failed_write_ends_the_stream() {
    let (fixture, session) = objects("/object/bob").await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123456789")).await.expect("write");
    fixture.storages.memory("/object/bob").faults().short_write(1, entrepot_storage::ErrorKind::Io);
    assert!(upload.write_at(10, Bytes::from_static(b"abc")).await.is_err());
    drop(upload);
    fixture.settled().await;
    assert_eq!(size(&session.fs(), "/f").await, Some(PART));
    assert_eq!(fixture.used("bob").await, usage(1, PART as i64));
}
