//! Futures that are dropped on their way: the effect is whole or not there, and nothing stays behind.

use std::time::Duration;

use bytes::Bytes;
use entrepot_storage::memory::Operation;
use serde_json::json;

use super::{
    client::{PUT, RESUME, path, put, size, usage},
    fixture::Fixture,
};

const DELAY: Duration = Duration::from_millis(5);

/// Polls a future so many times, each time after it was woken, then drops it.
async fn poll_and_drop<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = times;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending if left <= 1 => std::task::Poll::Ready(None),
        std::task::Poll::Pending => {
            left -= 1;
            std::task::Poll::Pending
        }
    })
    .await
}

async fn check(fixture: &Fixture) {
    fixture.quiet().await;
    let memory = fixture.memory("alice");
    let stored: Vec<i64> = memory
        .paths()
        .iter()
        .filter_map(|name| memory.get(&path(&String::from_utf8_lossy(name))))
        .map(|data| data.len() as i64)
        .collect();
    let (_, open) = fixture.rows("alice").await;
    assert_eq!(open, [], "no intent is open");
    assert_eq!(fixture.used("alice").await, usage(stored.len() as i64, stored.iter().sum()));
    assert_eq!(memory.faults().open_handles(), 0);
}

#[tokio::test]
async fn dropped_commit_is_done_or_not_begun() {
    for polls in 0..6 {
        let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
        let fs = session.fs();
        put(&fs, "/f", b"old").await.expect("old");
        let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
        upload.write_at(0, Bytes::from_static(b"newer")).await.expect("write");
        for operation in [Operation::Stat, Operation::Commit] {
            fixture.memory("alice").faults().delay(operation, DELAY);
        }
        if polls == 0 {
            drop(upload.commit());
        } else {
            poll_and_drop(upload.commit(), polls).await;
        }
        check(&fixture).await;
        let expected: &[u8] = if polls == 0 { b"old" } else { b"newer" };
        assert_eq!(fixture.memory("alice").get(&path("/f")).as_deref(), Some(expected), "{polls} polls");
    }
}

#[tokio::test]
async fn dropped_open_leaves_nothing() {
    for polls in 1..6 {
        let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000, "max_sessions": 1 })).await;
        for operation in [Operation::Stat, Operation::Stage, Operation::Partial] {
            fixture.memory("alice").faults().delay(operation, DELAY);
        }
        drop(poll_and_drop(session.fs().open_write(&path("/f"), PUT), polls).await);
        check(&fixture).await;
        assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new(), "{polls} polls");
        put(&session.fs(), "/f", b"x").await.expect("the place of the transfer is free");
    }
}

#[tokio::test]
async fn dropped_resume_leaves_the_partial() {
    for polls in 1..8 {
        let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
        let fs = session.fs();
        super::client::give_up(&fs, "/f", b"0123").await;
        fixture.settled().await;
        for operation in [Operation::Stat, Operation::Stage, Operation::Partial] {
            fixture.memory("alice").faults().delay(operation, DELAY);
        }
        drop(poll_and_drop(fs.open_write(&path("/f"), RESUME), polls).await);
        check(&fixture).await;
        assert_eq!(size(&fs, "/f").await, Some(4), "{polls} polls");
    }
}

// A write whose caller is gone belongs to the upload still: its end waits for it.
#[tokio::test]
async fn end_of_an_upload_waits_for_writes_nobody_waits_for() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    fixture.memory("alice").faults().delay(Operation::Write, DELAY);
    assert!(poll_and_drop(upload.write_at(0, Bytes::from_static(b"0123")), 1).await.is_none());
    drop(upload);
    check(&fixture).await;
    assert_eq!(size(&session.fs(), "/f").await, Some(4));
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("resume");
    assert!(poll_and_drop(upload.write_at(4, Bytes::from_static(b"4567")), 1).await.is_none());
    assert_eq!(upload.commit().await.expect("commit").size, 8);
    check(&fixture).await;
}

#[tokio::test]
async fn dropped_changes_are_whole_or_absent() {
    for polls in 1..6 {
        let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
        let fs = session.fs();
        for (name, data) in [("/a", &b"aaaa"[..]), ("/b", b"bb"), ("/c", b"c"), ("/t", b"tttttttt")] {
            put(&fs, name, data).await.expect("file");
        }
        for operation in
            [Operation::Stat, Operation::Remove, Operation::Rename, Operation::SetAttributes, Operation::Copy, Operation::Commit]
        {
            fixture.memory("alice").faults().delay(operation, DELAY);
        }
        poll_and_drop(fs.rename(&path("/a"), &path("/b")), polls).await;
        poll_and_drop(fs.remove_file(&path("/c")), polls).await;
        poll_and_drop(fs.truncate(&path("/t"), 3), polls).await;
        poll_and_drop(fs.copy(&path("/t"), &path("/u")), polls).await;
        check(&fixture).await;
    }
}

#[tokio::test]
async fn dropped_session_ends_its_copies() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1_000_000 })).await;
    fixture.folder("other", "/object/other").await;
    put(&session.fs(), "/f", &vec![0; 600_000]).await.expect("file");
    fixture
        .user("carl", json!({ "home_dir": "/memory/alice", "virtual_folders": [{ "name": "other", "virtual_path": "/o" }] }))
        .await;
    let carl = fixture.session("carl").await;
    let fs = carl.fs();
    fixture.memory("alice").faults().delay(Operation::Read, DELAY);
    assert!(poll_and_drop(fs.copy(&path("/f"), &path("/o/f")), 1).await.is_none());
    drop(carl);
    fixture.memory("alice").faults().clear();
    fixture.quiet().await;
    let other = fixture.storages.memory("/object/other");
    assert_eq!((other.get(&path("/f")), other.kept_uploads(), other.faults().open_handles()), (None, 0, 0));
    assert_eq!(fixture.used_by_folder("other").await, usage(0, 0));
}
