//! Uploads in several requests: how they go on.

mod conditions;
mod kept;
mod others;
mod stopped;
mod visitors;

use bytes::Bytes;
use entrepot_storage::memory::Operation as Call;
use futures_util::stream;
use serde_json::json;

use super::{
    client::{PUT, get, path, put, size, usage},
    fixture::Fixture,
};
use crate::{
    Error, Result, Session,
    fs::{HashAlgorithm, Hasher},
    resumable::{Appended, Checksum, Chunk, NewUpload, Progress, Uploader, append, create, status, terminate},
};

type Pieces = stream::Iter<std::vec::IntoIter<Result<Bytes>>>;

fn body(pieces: &[&[u8]]) -> Pieces {
    let pieces: Vec<Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

fn chunk(offset: u64, data: &[u8]) -> Chunk<Pieces> {
    Chunk { offset, length: Some(data.len() as u64), checksum: None, body: body(&[data]) }
}

/// Bytes that arrive, and then the line breaks.
fn broken(offset: u64, data: &[u8]) -> Chunk<Pieces> {
    let pieces = vec![Ok(Bytes::copy_from_slice(data)), Err(Error::Cancelled)];
    Chunk { offset, length: None, checksum: None, body: stream::iter(pieces) }
}

fn with_checksum(offset: u64, data: &[u8], said: &[u8]) -> Chunk<Pieces> {
    let mut hasher = Hasher::new(HashAlgorithm::Sha1);
    hasher.update(said);
    let checksum = Checksum { algorithm: HashAlgorithm::Sha1, value: hasher.finish() };
    Chunk { checksum: Some(checksum), ..chunk(offset, data) }
}

fn new(name: &str, length: u64) -> NewUpload {
    NewUpload {
        path: path(name),
        length,
        metadata: "path L2Y=".into(),
        modified_at: None,
        makes_parents: false,
        resumes: false,
        uses: None,
    }
}

fn user(session: &Session) -> Uploader {
    Uploader::user(session.fs())
}

async fn announce(fixture: &Fixture, who: &Uploader, new: NewUpload) -> Result<Progress> {
    match create(&fixture.core, who, new, None::<Chunk<Pieces>>).await? {
        Appended::Stored(progress) => Ok(progress),
        Appended::Mismatch(_) => panic!("there was no checksum"),
    }
}

async fn send(fixture: &Fixture, who: &Uploader, id: &str, chunk: Chunk<Pieces>) -> Result<u64> {
    match append(&fixture.core, who, id, chunk).await? {
        Appended::Stored(progress) => Ok(progress.offset),
        Appended::Mismatch(_) => panic!("the checksum is right"),
    }
}

async fn offset(fixture: &Fixture, who: &Uploader, id: &str) -> Result<u64> {
    Ok(status(&fixture.core, who, id).await?.offset)
}

/// Waits until a running request has brought the upload this far.
async fn reached(fixture: &Fixture, id: &str, offset: u64) {
    while fixture.core.0.turns.offset(id) != Some(offset) {
        tokio::task::yield_now().await;
    }
}

fn conflict<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Conflict(_)))
}

async fn started(length: u64, data: &[u8]) -> (Fixture, Session, Uploader, String) {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let who = user(&session);
    let id = announce(&fixture, &who, new("/f", length)).await.expect("announced").id;
    if !data.is_empty() {
        assert_eq!(send(&fixture, &who, &id, chunk(0, data)).await, Ok(data.len() as u64));
    }
    (fixture, session, who, id)
}

// API-154, API-157, API-159
#[tokio::test]
async fn file_is_there_with_its_last_piece_and_one_event_tells_of_it() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    assert_eq!(get(&session.fs(), "/f").await.err(), Some(Error::NotFound));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    fixture.clock.advance_millis(3000);
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
    let events = fixture.events().await;
    let uploads: Vec<_> = events.iter().filter(|event| event.action == "upload").collect();
    let [event] = uploads[..] else { panic!("{uploads:?}") };
    assert_eq!((event.status, event.file_size, event.elapsed), (1, 8, 3000));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(8), "it is remembered as complete");
    assert_eq!(send(&fixture, &who, &id, chunk(8, b"")).await, Ok(8));
    assert!(conflict(&send(&fixture, &who, &id, chunk(0, b"0")).await));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert!(session.status().active_transfers.is_empty());
}

// API-154
#[tokio::test]
async fn file_of_no_bytes_is_complete_at_once_and_the_first_piece_may_come_along() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let who = user(&session);
    let empty = announce(&fixture, &who, new("/empty", 0)).await.expect("announced");
    assert!(empty.is_complete());
    assert_eq!(size(&session.fs(), "/empty").await, Some(0));
    for (name, length, expected) in [("/part", 8, 4), ("/whole", 4, 4)] {
        let made = create(&fixture.core, &who, new(name, length), Some(chunk(0, b"0123"))).await.expect("announced");
        let Appended::Stored(progress) = made else { panic!("{made:?}") };
        assert_eq!((progress.offset, progress.is_complete()), (expected, length == 4), "{name}");
    }
    assert_eq!(get(&session.fs(), "/whole").await.expect("read"), b"0123");
    assert_eq!(fixture.used("alice").await, usage(3, 8));
}

// API-157: what arrived before the line broke is kept.
#[tokio::test]
async fn piece_that_breaks_off_leaves_what_arrived() {
    let (fixture, session, who, id) = started(8, b"01").await;
    assert_eq!(send(&fixture, &who, &id, broken(2, b"23")).await, Err(Error::Cancelled));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(fixture.actions().await, [], "nothing has ended yet");
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

// API-157: in no mode of uploads is a piece lost between two requests.
#[tokio::test]
async fn atomic_mode_keeps_pieces() {
    let (fixture, _session, who, id) = started(8, b"").await;
    fixture.set(|settings| settings.common.upload_mode = 1);
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Ok(4));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
}

// API-156
#[tokio::test]
async fn piece_must_begin_where_the_upload_is_and_end_within_it() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    for wrong in [0, 3, 5, 8] {
        assert!(conflict(&send(&fixture, &who, &id, chunk(wrong, b"x")).await), "{wrong}");
    }
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"45678")).await, Err(Error::TooLarge));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4), "it said itself that it is too long");
    let long = Chunk { length: None, ..Chunk { body: body(&[b"45", b"678"]), ..chunk(4, b"") } };
    assert_eq!(send(&fixture, &who, &id, long).await, Err(Error::TooLarge));
    assert_eq!(offset(&fixture, &who, &id).await, Ok(6));
    assert_eq!(size(&session.fs(), "/f").await, Some(6), "a partial");
}

/// A body that goes on when it is told to.
fn open_body() -> (tokio::sync::mpsc::UnboundedSender<Result<Bytes>>, impl crate::resumable::Body) {
    let (pieces, mut received) = tokio::sync::mpsc::unbounded_channel();
    (pieces, stream::poll_fn(move |context| received.poll_recv(context)))
}

// Issue: parallel-safe offsets.
#[tokio::test]
async fn of_two_requests_at_one_upload_one_wins() {
    let (fixture, session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let first = append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body });
    let others = async {
        pieces.send(Ok(Bytes::from_static(b"01"))).expect("open");
        reached(&fixture, &id, 2).await;
        assert_eq!(send(&fixture, &who, &id, chunk(0, b"xxxxxxxx")).await, Err(Error::Busy));
        assert_eq!(offset(&fixture, &who, &id).await, Ok(2), "how far the other is");
        assert!(conflict(&announce(&fixture, &who, new("/f", 3)).await.map(drop)));
        pieces.send(Ok(Bytes::from_static(b"234567"))).expect("open");
        drop(pieces);
    };
    let (first, ()) = tokio::join!(first, others);
    assert!(matches!(first, Ok(Appended::Stored(progress)) if progress.is_complete()));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
}

// A client whose line broke comes back before the server knows.
#[tokio::test]
async fn request_that_has_stalled_gives_way_and_keeps_what_it_brought() {
    let (fixture, session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let first = append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body });
    let others = async {
        pieces.send(Ok(Bytes::from_static(b"01"))).expect("open");
        reached(&fixture, &id, 2).await;
        fixture.clock.advance_millis(2000);
        assert_eq!(offset(&fixture, &who, &id).await, Ok(2));
        assert_eq!(send(&fixture, &who, &id, chunk(2, b"234567")).await, Ok(8));
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(first, Err(Error::Busy));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

// A request that is dropped is settled before the next one begins.
#[tokio::test]
async fn request_that_is_dropped_is_waited_for() {
    let (fixture, session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let mut first = Box::pin(append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body }));
    pieces.send(Ok(Bytes::from_static(b"01"))).expect("open");
    tokio::select! {
        answer = &mut first => panic!("more is to come: {answer:?}"),
        () = reached(&fixture, &id, 2) => {}
    }
    drop(first);
    assert_eq!(offset(&fixture, &who, &id).await, Ok(2));
    assert_eq!(send(&fixture, &who, &id, chunk(2, b"234567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
}

// API-155, API-160
#[tokio::test]
async fn nobody_else_touches_an_upload() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    fixture.user("bob", json!({})).await;
    let bob = fixture.session("bob").await;
    for stranger in [user(&bob), Uploader::visitor(session.fs(), "share")] {
        assert!(matches!(offset(&fixture, &stranger, &id).await, Err(Error::Denied(_))));
        assert!(matches!(send(&fixture, &stranger, &id, chunk(4, b"4")).await, Err(Error::Denied(_))));
        assert!(matches!(terminate(&fixture.core, &stranger, &id).await, Err(Error::Denied(_))));
        assert_eq!(offset(&fixture, &stranger, "unknown").await, Err(Error::NotFound));
    }
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    let other = announce(&fixture, &who, new("/g", 1)).await.expect("announced").id;
    assert!(other.len() == 22 && other != id);
}

// API-158: after a restart of the server.
#[tokio::test]
async fn upload_survives_the_process() {
    let (fixture, session, _who, id) = started(8, b"0123").await;
    // The process dies in the middle of a piece.
    let upload = session.fs().open_write(&path("/other"), PUT).await.expect("open");
    std::mem::forget(upload);
    drop(session);
    fixture.store.flush().await.expect("flush");
    let Fixture { store, storages, folder, .. } = fixture;
    let fixture = super::fixture::Remains { store, storages, folder }.start().await;
    let session = fixture.session("alice").await;
    let who = user(&session);
    assert_eq!(offset(&fixture, &who, &id).await, Ok(4));
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(2, 8), "and what was left of the other");
}

// API-158
#[tokio::test]
async fn upload_that_nobody_goes_on_with_expires() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    fixture.clock.advance_millis(23 * 3_600_000);
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4")).await, Ok(5));
    fixture.clock.advance_millis(24 * 3_600_000);
    crate::resumable::expire_now(&fixture.core).await;
    assert_eq!(offset(&fixture, &who, &id).await, Ok(5), "a day after the last piece");
    fixture.clock.advance_millis(1);
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::NotFound));
    fixture.memory("alice").faults().fail(Call::Partial, 1, entrepot_storage::ErrorKind::Io);
    crate::resumable::expire_now(&fixture.core).await;
    assert_eq!(fixture.used("alice").await, usage(1, 5), "the storage was away");
    crate::resumable::expire_now(&fixture.core).await;
    assert_eq!((size(&session.fs(), "/f").await, fixture.used("alice").await), (None, usage(0, 0)));
    assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new());
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(fixture.actions().await, [("upload".to_owned(), "/f".to_owned(), 2)]);
}

// tus 1.0.0, Termination
#[tokio::test]
async fn upload_that_is_given_up_leaves_nothing_and_a_running_request_ends() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let (pieces, body) = open_body();
    let running = append(&fixture.core, &who, &id, Chunk { offset: 4, length: None, checksum: None, body });
    let ending = async {
        pieces.send(Ok(Bytes::from_static(b"45"))).expect("open");
        reached(&fixture, &id, 6).await;
        terminate(&fixture.core, &who, &id).await.expect("ended");
    };
    assert_eq!(tokio::join!(running, ending).0, Err(Error::Busy));
    assert_eq!(offset(&fixture, &who, &id).await, Err(Error::NotFound));
    assert_eq!(terminate(&fixture.core, &who, &id).await, Err(Error::NotFound));
    assert_eq!((size(&session.fs(), "/f").await, fixture.used("alice").await), (None, usage(0, 0)));
    assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new());
    assert_eq!(fixture.actions().await, [("upload".to_owned(), "/f".to_owned(), 2)]);
    let done = announce(&fixture, &who, new("/g", 0)).await.expect("announced").id;
    terminate(&fixture.core, &who, &done).await.expect("forgotten");
    assert_eq!(size(&session.fs(), "/g").await, Some(0));
}

#[tokio::test]
async fn upload_follows_a_directory_that_is_renamed() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let who = user(&session);
    let deep = NewUpload { makes_parents: true, ..new("/a/b/f", 4) };
    assert_eq!(announce(&fixture, &who, new("/a/b/f", 4)).await, Err(Error::NotFound));
    let id = announce(&fixture, &who, deep).await.expect("announced").id;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"01")).await, Ok(2));
    session.fs().rename(&path("/a"), &path("/c")).await.expect("renamed");
    assert_eq!(send(&fixture, &who, &id, chunk(2, b"23")).await, Ok(4));
    assert_eq!(get(&session.fs(), "/c/b/f").await.expect("read"), b"0123");
}

// An existing file stays as it is until the new one is complete.
#[tokio::test]
async fn existing_file_is_replaced_at_the_end() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 20 })).await;
    let (who, fs) = (user(&session), session.fs());
    put(&fs, "/f", b"old old old").await.expect("file");
    let id = announce(&fixture, &who, new("/f", 8)).await.expect("announced").id;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Ok(4));
    assert_eq!(get(&fs, "/f").await.expect("read"), b"old old old");
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&fs, "/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
}

#[tokio::test]
async fn session_that_is_ended_stops_a_running_request() {
    let (fixture, session, who, id) = started(8, b"").await;
    let (pieces, body) = open_body();
    let running = append(&fixture.core, &who, &id, Chunk { offset: 0, length: None, checksum: None, body });
    let ending = async {
        pieces.send(Ok(Bytes::from_static(b"01"))).expect("open");
        reached(&fixture, &id, 2).await;
        session.ended().cancel();
    };
    assert_eq!(tokio::join!(running, ending).0, Err(Error::Cancelled));
    let again = fixture.session("alice").await;
    assert_eq!(offset(&fixture, &user(&again), &id).await, Ok(2));
}
