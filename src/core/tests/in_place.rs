//! Changes in place: an existing file opened for writing without truncation.

use bytes::Bytes;
use entrepot_storage::{ErrorKind, memory::Operation};
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, path, put, rule, usage},
    fixture::Fixture,
};
use crate::{Error, OpenWrite, Session, place::Place};

async fn with_file(fields: serde_json::Value) -> (Fixture, Session) {
    let (fixture, session) = Fixture::alice(fields).await;
    put(&session.fs(), "/f", b"0123456789").await.expect("file");
    (fixture, session)
}

// SFTP-017
#[tokio::test]
async fn writes_at_any_offset_and_counts_growth_only() {
    let (fixture, session) = with_file(json!({ "quota_size": 12 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("open");
    upload.write_at(2, Bytes::from_static(b"xx")).await.expect("inside");
    upload.write_at(10, Bytes::from_static(b"ab")).await.expect("behind");
    assert_eq!(upload.write_at(12, Bytes::from_static(b"c")).await.err(), Some(Error::Quota));
    assert_eq!(upload.commit().await.err(), Some(Error::Quota));
    assert_eq!(get(&fs, "/f").await.expect("read"), b"01xx456789ab");
    assert_eq!(fixture.used("alice").await, usage(1, 12));
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("a full quota does not forbid changes");
    upload.write_at(0, Bytes::from_static(b"zz")).await.expect("inside");
    upload.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(1, 12));
}

// QTA-002: the file is replaced between the look at it and the opening.
#[tokio::test]
async fn file_that_is_replaced_while_it_is_opened_is_counted_as_it_is() {
    let (fixture, session) = with_file(json!({ "quota_size": 1000 })).await;
    let (fs, names) = (session.fs(), &fixture.core.0.names);
    let other = fixture.session("alice").await;
    let place = Place::of(&fs.session().account.user, &path("/f"));
    let turn = names.turn(fs.session(), &place).await;
    let upload = other.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    let waiting = async |count| {
        while names.waiting(fs.session(), &place) < count {
            tokio::task::yield_now().await;
        }
    };
    let file = path("/f");
    let replacing = upload.commit();
    let opening = async {
        waiting(2).await;
        fs.open_write(&file, RESUME).await
    };
    let ending = async {
        waiting(3).await;
        drop(turn);
    };
    let (replaced, opened, ()) = tokio::join!(replacing, opening, ending);
    replaced.expect("commit");
    let opened = opened.expect("open");
    opened.write_at(4, Bytes::from_static(b"4")).await.expect("write");
    opened.commit().await.expect("commit");
    assert_eq!(get(&fs, "/f").await.expect("read"), b"01234");
    assert_eq!(fixture.used("alice").await, usage(1, 5));
}

// SFTP-018
#[tokio::test]
async fn append_refuses_offsets_below_the_first_size() {
    let (_fixture, session) = with_file(json!({})).await;
    let append = OpenWrite { append: true, ..RESUME };
    let upload = session.fs().open_write(&path("/f"), append).await.expect("open");
    upload.write_at(10, Bytes::from_static(b"ab")).await.expect("at the end");
    assert_eq!(upload.write_at(9, Bytes::from_static(b"x")).await.err(), Some(Error::Unsupported));
    drop(upload);
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123456789ab");
}

// Dropped, the file stays as it is: it was never staged. Quota follows.
#[tokio::test]
async fn dropped_change_is_counted_and_recorded() {
    let (fixture, session) = with_file(json!({ "quota_size": 100 })).await;
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("open");
    upload.write_at(10, Bytes::from_static(b"abc")).await.expect("write");
    drop(upload);
    fixture.settled().await;
    assert_eq!(fixture.used("alice").await, usage(1, 13));
    assert_eq!(fixture.actions().await.last(), Some(&("upload".to_owned(), "/f".to_owned(), 2)));
}

// Two handles on one file: what it grew by is counted once.
#[tokio::test]
async fn growth_seen_by_two_handles_is_counted_once() {
    let (fixture, session) = with_file(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    let one = fs.open_write(&path("/f"), RESUME).await.expect("open");
    let two = fs.open_write(&path("/f"), RESUME).await.expect("open");
    one.write_at(10, Bytes::from_static(&[1; 10])).await.expect("write");
    two.write_at(15, Bytes::from_static(&[2; 15])).await.expect("write");
    one.commit().await.expect("commit");
    two.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(1, 30));
}

// SFTP-030, with a file that is open: sshfs truncates by path.
#[tokio::test]
async fn truncation_by_path_of_an_open_file_is_counted_once() {
    let (fixture, session) = with_file(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("open");
    fs.truncate(&path("/f"), 4).await.expect("truncate");
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    upload.write_at(4, Bytes::from_static(b"45")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(get(&fs, "/f").await.expect("read"), b"012345");
    assert_eq!(fixture.used("alice").await, usage(1, 6));
}

#[tokio::test]
async fn file_removed_while_it_is_changed_counts_nothing() {
    let (fixture, session) = with_file(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("open");
    upload.write_at(10, Bytes::from_static(b"abc")).await.expect("write");
    fs.remove_file(&path("/f")).await.expect("remove");
    upload.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(0, 0));
}

// SFTP-019
#[tokio::test]
async fn reading_the_handle_needs_the_flag_and_the_permission() {
    let (fixture, session) = with_file(json!({})).await;
    let both = OpenWrite { read: true, ..RESUME };
    let upload = session.fs().open_write(&path("/f"), both).await.expect("open");
    assert_eq!(upload.read_at(2, 3).await.expect("read"), &b"234"[..]);
    let writing = session.fs().open_write(&path("/f"), RESUME).await.expect("open");
    assert_eq!(rule(&writing.read_at(0, 1).await), Some("open_mode"));
    fixture.user("writer", json!({ "home_dir": "/memory/alice", "permissions": { "/": ["list", "overwrite"] } })).await;
    let writer = fixture.session("writer").await;
    let upload = writer.fs().open_write(&path("/f"), both).await.expect("open");
    assert_eq!(rule(&upload.read_at(0, 1).await), Some("open_mode"));
}

#[tokio::test]
async fn failed_change_is_reported_and_counted() {
    let (fixture, session) = with_file(json!({ "quota_size": 1000 })).await;
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("open");
    fixture.memory("alice").faults().short_write(2, ErrorKind::Io);
    assert!(upload.write_at(10, Bytes::from_static(b"abcd")).await.is_err());
    assert!(matches!(upload.commit().await, Err(Error::Io(_))));
    assert_eq!(fixture.used("alice").await, usage(1, 12));
    assert_eq!(fixture.memory("alice").faults().calls(Operation::Stage), 1, "only the first upload was staged");
}
