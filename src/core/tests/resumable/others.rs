//! Uploads in several requests beside other uploads of their names, over this and over other protocols.

use bytes::Bytes;

use super::{announce, chunk, new, offset, open_body, reached, send, started, user};
use crate::{
    Error,
    resumable::{Chunk, NewUpload, append},
    tests::client::{RESUME, get, give_up, path, size, usage},
};

// Decisions on uploads: each protocol goes on with what another left.
#[tokio::test]
async fn partial_is_finished_over_another_protocol_and_the_other_way_round() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let fs = session.fs();
    assert_eq!(size(&fs, "/f").await, Some(4));
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("resume");
    upload.write_at(4, Bytes::from_static(b"4567")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(offset(&fixture, &who, &id).await, Ok(8), "somebody has finished it");
    give_up(&fs, "/g", b"0123").await;
    let resumed = announce(&fixture, &who, NewUpload { resumes: true, ..new("/g", 8) }).await.expect("announced");
    assert_eq!(resumed.offset, 4);
    assert_eq!(send(&fixture, &who, &resumed.id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&fs, "/g").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(2, 16));
    give_up(&fs, "/h", b"01").await;
    assert_eq!(announce(&fixture, &who, new("/h", 8)).await.expect("announced").offset, 0, "nobody asked to go on");
}

// API-X02: while SFTP goes on with it, nobody is told that nothing is there, and nothing is begun anew.
#[tokio::test]
async fn upload_that_another_protocol_goes_on_with_is_busy() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("resume");
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::Busy));
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"x")).await, Err(Error::Busy));
    upload.write_at(4, Bytes::from_static(b"45")).await.expect("write");
    drop(upload);
    fixture.settled().await;
    assert_eq!(offset(&fixture, &who, &id).await, Ok(6));
}

// It was finished with other content: nobody is told that his file is there.
#[tokio::test]
async fn upload_that_became_another_file_is_gone() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("resume");
    upload.commit().await.expect("commit");
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::NotFound));
}

// API-157, API-X01: with its first bytes, not with the announcement, nor with a request that brings none.
#[tokio::test]
async fn newer_upload_of_the_name_takes_the_place_of_the_older() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let newer = announce(&fixture, &who, new("/f", 2)).await.expect("announced").id;
    assert_eq!(send(&fixture, &who, &newer, chunk(0, b"")).await, Ok(0));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"45")).await, Ok(6), "until then the older goes on");
    assert_eq!(send(&fixture, &who, &newer, chunk(0, b"a")).await, Ok(1));
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::NotFound));
    assert_eq!(fixture.used("alice").await, usage(1, 1));
    assert_eq!(send(&fixture, &who, &newer, chunk(1, b"b")).await, Ok(2));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"ab");
}

// API-154: one upload of the name runs, and the announcement goes on with what another protocol left of it.
#[tokio::test]
async fn announcement_beside_a_running_upload_tells_where_it_goes_on() {
    let (fixture, _session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let running = append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body });
    let beside = async {
        pieces.send(Ok(Bytes::from_static(b"01"))).expect("open");
        reached(&fixture, &id, 2).await;
        let other = fixture.session("alice").await;
        give_up(&other.fs(), "/f", b"0123").await;
        fixture.settled().await;
        let resumed = announce(&fixture, &user(&other), NewUpload { resumes: true, ..new("/f", 8) }).await;
        assert_eq!(resumed.expect("announced").offset, 4);
        drop(pieces);
    };
    let _ = tokio::join!(running, beside);
}
