//! Uploads in several requests: what they need, and what storages make of them.

use entrepot_storage::memory::Operation as Call;
use serde_json::json;

use super::{announce, broken, chunk, new, offset, send, started, user, with_checksum};
use crate::{
    Error,
    resumable::{Appended, NewUpload, Purpose, append},
    tests::{
        client::{PUT, get, path, put, size, usage},
        fixture::{Fixture, PART},
    },
};

// tus 1.0.0, Checksum
#[tokio::test]
async fn piece_that_is_not_what_it_says_is_taken_back() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let wrong = append(&fixture.core, &who, &id, with_checksum(4, b"4567", b"4568")).await.expect("answer");
    assert!(matches!(wrong, Appended::Mismatch(progress) if progress.offset == 4));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(send(&fixture, &who, &id, with_checksum(4, b"4567", b"4567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

#[tokio::test]
async fn upload_begins_anew_where_a_piece_cannot_be_taken_back() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    fixture.memory("alice").faults().fail(Call::SetAttributes, 1, entrepot_storage::ErrorKind::Io);
    let wrong = append(&fixture.core, &who, &id, with_checksum(4, b"4567", b"4568")).await.expect("answer");
    assert!(matches!(wrong, Appended::Mismatch(progress) if progress.offset == 0));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(0));
    assert_eq!((size(&session.fs(), "/f").await, fixture.used("alice").await), (None, usage(0, 0)));
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"01234567")).await, Ok(8));
}

// API-157: permissions, patterns and quota, when it begins and when it ends.
#[tokio::test]
async fn what_an_upload_needs_is_checked_at_both_ends() {
    let permissions = json!({ "/": ["list", "upload", "download"], "/no": ["list"] });
    let (fixture, session) = Fixture::alice(json!({ "permissions": permissions, "quota_size": 10 })).await;
    let who = user(&session);
    assert!(matches!(announce(&fixture, &who, new("/no/f", 1)).await, Err(Error::Denied(_))));
    assert_eq!(announce(&fixture, &who, new("/f", 11)).await, Err(Error::Quota));
    let id = announce(&fixture, &who, new("/f", 8)).await.expect("announced").id;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Ok(4));
    put(&session.fs(), "/g", b"0123").await.expect("file");
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Err(Error::Quota));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4), "room may be made");
    // Meanwhile there is a file of the name, and overwriting is not granted.
    let elsewhere = fixture.session("alice").await;
    let upload = elsewhere.fs().open_write(&path("/h"), PUT).await.expect("open");
    let other = announce(&fixture, &who, new("/h", 1)).await.expect("announced").id;
    upload.commit().await.expect("commit");
    assert!(matches!(send(&fixture, &who, &other, chunk(0, b"x")).await, Err(Error::Denied(_))));
    assert_eq!(get(&session.fs(), "/h").await.expect("read"), b"");
}

// UPL-002: hooks are asked once when it begins, and before the file gets its name.
#[tokio::test]
async fn hooks_see_one_upload() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    fixture.hooks.enable();
    let who = user(&session);
    let id = announce(&fixture, &who, new("/f", 4)).await.expect("announced").id;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"01")).await, Ok(2));
    assert_eq!(send(&fixture, &who, &id, chunk(2, b"23")).await, Ok(4));
    let calls: Vec<_> = fixture.hooks.calls.lock().iter().map(|call| call.0).collect();
    assert_eq!(calls, ["before", "before_publish", "after"]);
    let id = announce(&fixture, &who, new("/g", 2)).await.expect("announced").id;
    fixture.hooks.refuse.lock().push("before_publish");
    assert!(matches!(send(&fixture, &who, &id, chunk(0, b"01")).await, Err(Error::Denied(_))));
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::NotFound));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
}

// All bytes are there and the end failed: whoever asks finishes it, and is not told that it is complete before.
#[tokio::test]
async fn upload_whose_end_failed_is_finished_by_the_next_look() {
    let (fixture, session, who, id) = started(4, b"").await;
    fixture.memory("alice").faults().fail(Call::Commit, 1, entrepot_storage::ErrorKind::Io);
    assert!(matches!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Err(Error::Io(_))));
    fixture.memory("alice").faults().fail(Call::Commit, 1, entrepot_storage::ErrorKind::Io);
    assert!(matches!(offset(&fixture, &who, &id).await, Err(Error::Io(_))));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123");
}

// API-143
#[tokio::test]
async fn file_gets_the_time_that_was_announced_where_that_is_possible() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let timed = || NewUpload { modified_at: Some(1_500_000_000_250), ..new("/f", 0) };
    announce(&fixture, &user(&session), timed()).await.expect("announced");
    assert_eq!(session.fs().stat(&path("/f"), true).await.expect("there").modified.millis(), 1_500_000_000_250);
    fixture.user("bob", json!({ "permissions": { "/": ["list", "upload"] } })).await;
    let bob = fixture.session("bob").await;
    assert!(announce(&fixture, &user(&bob), timed()).await.expect("announced").is_complete());
}

// Decisions on streaming backends: the upload stands at the end of whole parts.
#[tokio::test]
async fn sequential_storage_advances_by_durable_parts() {
    let fixture = Fixture::new().await;
    fixture.user("bob", json!({ "home_dir": "/object/bob", "quota_size": 1000 })).await;
    let session = fixture.session("bob").await;
    let who = user(&session);
    let id = announce(&fixture, &who, new("/f", 20)).await.expect("announced").id;
    assert!(matches!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Err(Error::Invalid { .. })), "it would not get on");
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123456789")).await, Ok(PART));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(PART));
    let wrong = append(&fixture.core, &who, &id, with_checksum(PART, b"89abcdefgh", b"wrong")).await.expect("answer");
    assert!(matches!(wrong, Appended::Mismatch(progress) if progress.offset == PART));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(PART));
    assert_eq!(send(&fixture, &who, &id, with_checksum(PART, b"89abcdefghij", b"89abcdefghij")).await, Ok(20));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123456789abcdefghij");
    assert_eq!(fixture.used("bob").await, usage(1, 20));
}

#[tokio::test]
async fn storage_that_cannot_resume_takes_a_file_in_one_piece() {
    let fixture = Fixture::new().await;
    fixture.user("bob", json!({ "home_dir": "/stream/bob" })).await;
    let session = fixture.session("bob").await;
    let who = user(&session);
    let id = announce(&fixture, &who, new("/f", 10)).await.expect("announced").id;
    assert!(matches!(send(&fixture, &who, &id, chunk(0, b"012345678")).await, Err(Error::Invalid { .. })));
    assert_eq!(send(&fixture, &who, &id, broken(0, b"012345678")).await, Err(Error::Cancelled));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(0));
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123456789")).await, Ok(10));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"0123456789");
}

// API-157: what was acknowledged stays, and the upload goes on once there is room.
#[tokio::test]
async fn full_storage_keeps_what_was_acknowledged() {
    let (fixture, session, who, id) = started(8, b"01").await;
    fixture.memory("alice").faults().set_capacity(3);
    assert_eq!(send(&fixture, &who, &id, chunk(2, b"234567")).await, Err(Error::NoSpace));
    let at = offset(&fixture, &who, &id).await.expect("it is still there");
    assert!((2..=3).contains(&at), "{at}");
    fixture.memory("alice").faults().set_capacity(100);
    let rest = b"01234567"[usize::try_from(at).expect("small")..].to_vec();
    assert_eq!(send(&fixture, &who, &id, chunk(at, &rest)).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
}

// API-155, API-156: to ask how far an upload is refuses nobody who brings more, and nobody else who asks.
#[tokio::test]
async fn look_does_not_turn_a_piece_away() {
    let (fixture, _session, who, id) = started(8, b"0123").await;
    let look = fixture.core.0.turns.take(&id, fixture.core.clock(), Purpose::Look).await.expect("turn");
    let (mut piece, mut other) = (Box::pin(send(&fixture, &who, &id, chunk(4, b"4567"))), Box::pin(offset(&fixture, &who, &id)));
    for _ in 0..100 {
        tokio::select! {
            biased;
            answer = &mut piece => panic!("{answer:?}"),
            answer = &mut other => panic!("{answer:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(look);
    let (sent, seen) = tokio::join!(piece, other);
    assert_eq!(sent, Ok(8));
    assert!(matches!(seen, Ok(4 | 8) | Err(Error::Busy)), "{seen:?}");
}
