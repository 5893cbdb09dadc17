//! Uploads in several requests: what is kept of them, of others of their names, and for how long.

use bytes::Bytes;
use serde_json::json;

use super::{announce, broken, chunk, conflict, new, offset, open_body, reached, send, started, user, with_checksum};
use crate::{
    Error,
    resumable::{Appended, Chunk, Purpose, append, expire_now},
    tests::{
        client::{PUT, RESUME, get, give_up, path, size, usage},
        fixture::Fixture,
    },
};

// tus 1.0.0, Checksum: bytes that nobody has verified are not gone on with.
#[tokio::test]
async fn nothing_is_kept_of_a_piece_that_breaks_off_before_its_checksum() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let Chunk { checksum, .. } = with_checksum(4, b"4567", b"4567");
    let torn = Chunk { checksum: checksum.clone(), ..broken(4, b"45") };
    assert_eq!(send(&fixture, &who, &id, torn).await, Err(Error::Cancelled));
    assert_eq!((offset(&fixture, &who, &id).await, fixture.used("alice").await), (Ok(4), usage(1, 4)));
    // The same of one whose client goes away.
    let (pieces, body) = open_body();
    let mut running = Box::pin(append(&fixture.core, &who, &id, Chunk { offset: 4, length: None, checksum, body }));
    pieces.send(Ok(Bytes::from_static(b"xx"))).expect("open");
    while session.status().active_transfers.first().is_none_or(|transfer| transfer.size < 2) {
        tokio::select! {
            biased;
            _ = &mut running => panic!("it is not over"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(running);
    assert_eq!((offset(&fixture, &who, &id).await, fixture.used("alice").await), (Ok(4), usage(1, 4)));
    assert_eq!(send(&fixture, &who, &id, with_checksum(4, b"4567", b"4567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

// API-158: a piece that takes days to arrive.
#[tokio::test]
async fn progress_puts_the_end_of_an_upload_off() {
    let (fixture, session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let running = append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body });
    let days = async {
        for (number, piece) in [b"01", b"23", b"45"].into_iter().enumerate() {
            pieces.send(Ok(Bytes::from_static(piece))).expect("open");
            reached(&fixture, &id, number as u64 * 2 + 2).await;
            assert_eq!(offset(&fixture, &who, &id).await, Ok(number as u64 * 2 + 2));
            fixture.clock.advance_millis(20 * 3_600_000);
        }
        expire_now(&fixture.core).await;
        pieces.send(Ok(Bytes::from_static(b"67"))).expect("open");
        drop(pieces);
    };
    let (last, ()) = tokio::join!(running, days);
    assert!(matches!(last, Ok(Appended::Stored(progress)) if progress.is_complete()));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

// API-158
#[tokio::test]
async fn upload_expires_though_many_before_it_cannot() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let who = user(&session);
    let mut ids = Vec::new();
    for number in 0..101 {
        ids.push(announce(&fixture, &who, new(&format!("/{number}"), 1)).await.expect("announced").id);
    }
    ids.sort();
    let last = ids.pop().expect("the last one");
    let mut turns = Vec::new();
    for id in &ids {
        turns.push(fixture.core.0.turns.take(id, fixture.core.clock(), Purpose::Bring).await.expect("turn"));
    }
    fixture.clock.advance_millis(24 * 3_600_000 + 1);
    expire_now(&fixture.core).await;
    let uploads = fixture.store.resumable_uploads();
    assert_eq!(uploads.get(&last).await, Ok(None));
    assert!(uploads.get(&ids[0]).await.expect("get").is_some());
    drop(turns);
    expire_now(&fixture.core).await;
    assert_eq!(uploads.count("alice", None).await, Ok(0));
}

// Decisions on uploads: to announce one is not to give up what another protocol left.
#[tokio::test]
async fn partial_stays_until_the_first_bytes_of_another_upload_come() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 10, "quota_files": 1 })).await;
    let (who, fs) = (user(&session), session.fs());
    give_up(&fs, "/f", b"01234567").await;
    fixture.settled().await;
    assert_eq!(announce(&fixture, &who, new("/f", 11)).await, Err(Error::Quota));
    let id = announce(&fixture, &who, new("/f", 10)).await.expect("its partial makes room").id;
    assert_eq!((size(&fs, "/f").await, fixture.used("alice").await), (Some(8), usage(1, 8)));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(0));
    let resumed = fs.open_write(&path("/f"), RESUME).await.expect("resume");
    assert_eq!(resumed.size(), 8);
    drop(resumed);
    fixture.settled().await;
    assert!(conflict(&send(&fixture, &who, &id, chunk(8, b"x")).await));
    assert_eq!(size(&fs, "/f").await, Some(8), "nothing of the new one has come");
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"ab")).await, Ok(2));
    assert_eq!((size(&fs, "/f").await, fixture.used("alice").await), (Some(2), usage(1, 2)));
    let whole = fs.open_write(&path("/f"), PUT).await.expect("open");
    whole.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(1, 0));
}
