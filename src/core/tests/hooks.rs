//! Hooks that wait and refuse: a commit waits for them, nobody else does.

use std::task::Poll;

use bytes::Bytes;
use entrepot_storage::memory::{FaultPlan, Operation as StorageCall};
use serde_json::json;

use super::{
    client::{PUT, get, names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{Error, Operation};

// UPL-006, decisions on hooks
#[tokio::test]
async fn commit_waits_for_the_hook_and_others_do_not() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"old").await.expect("old");
    fixture.hooks.enable();
    let gate = fixture.hooks.close_gate();
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"newer")).await.expect("write");
    let mut committing = Box::pin(upload.commit());
    assert!(futures_util::poll!(&mut committing).is_pending());
    let other = fixture.session("alice").await;
    assert_eq!(get(&other.fs(), "/f").await.expect("read"), b"old", "nothing is published");
    other.fs().create_directory(&path("/d")).await.expect("nobody waits for the gate but the commit");
    other.fs().rename(&path("/f"), &path("/g")).await.expect("not even for the same name");
    other.fs().rename(&path("/g"), &path("/f")).await.expect("back");
    assert!(futures_util::poll!(&mut committing).is_pending());
    gate.add_permits(1);
    committing.await.expect("commit");
    assert_eq!(get(&other.fs(), "/f").await.expect("read"), b"newer");
    assert_eq!(fixture.used("alice").await, usage(1, 5));
}

#[tokio::test]
async fn refused_publication_leaves_the_old_file_and_no_partial() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    put(&session.fs(), "/f", b"old").await.expect("old");
    fixture.hooks.enable();
    fixture.hooks.refuse.lock().push("before_publish");
    assert_eq!(rule(&put(&session.fs(), "/f", b"newer").await), Some("hooks"));
    assert_eq!(rule(&put(&session.fs(), "/g", b"new").await), Some("hooks"));
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"old");
    assert_eq!(size(&session.fs(), "/g").await, None);
    assert_eq!(fixture.memory("alice").paths(), [b"/f".to_vec()]);
    assert_eq!(fixture.used("alice").await, usage(1, 3));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

#[tokio::test]
async fn refusal_before_an_operation_changes_nothing() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"data").await.expect("file");
    fs.create_directory(&path("/d")).await.expect("directory");
    fixture.hooks.enable();
    fixture.hooks.refuse.lock().push("before");
    assert_eq!(rule(&put(&fs, "/g", b"x").await), Some("hooks"));
    assert_eq!(rule(&put(&fs, "/f", b"x").await), Some("hooks"));
    assert_eq!(rule(&get(&fs, "/f").await), Some("hooks"));
    assert_eq!(rule(&fs.remove_file(&path("/f")).await), Some("hooks"));
    assert_eq!(rule(&fs.remove_directory(&path("/d")).await), Some("hooks"));
    assert_eq!(rule(&fs.create_directory(&path("/e")).await), Some("hooks"));
    assert_eq!(rule(&fs.rename(&path("/f"), &path("/g")).await), Some("hooks"));
    assert_eq!(rule(&fs.copy(&path("/f"), &path("/g")).await), Some("hooks"));
    assert_eq!(names(&fs, "/").await.expect("list"), ["d", "f"]);
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert!(session.status().active_transfers.is_empty(), "what was refused is not running");
}

// A hook after the change has no say any more.
#[tokio::test]
async fn failing_hook_afterwards_undoes_nothing() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    fixture.hooks.enable();
    fixture.hooks.refuse.lock().push("after");
    put(&session.fs(), "/f", b"data").await.expect("file");
    session.fs().rename(&path("/f"), &path("/g")).await.expect("rename");
    assert_eq!(size(&session.fs(), "/g").await, Some(4));
    let calls = fixture.hooks.calls.lock().clone();
    let uploads = [("before", Operation::Upload), ("before_publish", Operation::Upload), ("after", Operation::Upload)];
    assert_eq!(calls[..3].iter().map(|call| (call.0, call.1)).collect::<Vec<_>>(), uploads);
    assert_eq!(calls[3..].iter().map(|call| call.0).collect::<Vec<_>>(), ["before", "after"]);
}

// Architecture: a slow storage never stalls another session. Its calls are pending, those of others ready at once.
#[tokio::test]
async fn slow_storage_of_one_account_does_not_hold_up_another() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let faults = FaultPlan::default();
    let hour = std::time::Duration::from_secs(3600);
    for call in [StorageCall::Stat, StorageCall::Write, StorageCall::Stage, StorageCall::List] {
        faults.delay(call, hour);
    }
    fixture.storages.memory_with("/memory/slow", faults);
    fixture.user("slow", json!({})).await;
    let slow = fixture.session("slow").await;
    let (slow_fs, fs) = (slow.fs(), session.fs());
    let (root, file) = (path("/"), path("/f"));
    let mut waiting = Box::pin(slow_fs.stat(&file, true));
    let mut listing = Box::pin(slow_fs.list(&root));
    assert!(futures_util::poll!(&mut waiting).is_pending() && futures_util::poll!(&mut listing).is_pending());
    put(&fs, "/f", b"data").await.expect("file");
    let mut looking = Box::pin(fs.stat(&file, true));
    assert!(matches!(futures_util::poll!(&mut looking), Poll::Ready(Ok(_))));
    let mut opening = Box::pin(fs.open_read(&file));
    let Poll::Ready(Ok(download)) = futures_util::poll!(&mut opening) else { panic!("an open that waits") };
    assert_eq!(download.try_read_at(0, &mut [0; 8]), Ok(Some(4)));
    let mut writing = Box::pin(fs.open_write(&file, PUT));
    let Poll::Ready(Ok(upload)) = futures_util::poll!(&mut writing) else { panic!("an open that waits") };
    assert_eq!(upload.try_write_at(0, b"xy"), Ok(true));
    assert!(futures_util::poll!(&mut waiting).is_pending());
}

// A storage that has to wait says so instead of waiting.
#[tokio::test]
async fn tries_never_wait() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    put(&session.fs(), "/f", b"data").await.expect("file");
    let download = session.fs().open_read(&path("/f")).await.expect("open");
    let upload = session.fs().open_write(&path("/g"), PUT).await.expect("open");
    fixture.memory("alice").faults().delay(StorageCall::Read, std::time::Duration::from_secs(3600));
    fixture.memory("alice").faults().delay(StorageCall::Write, std::time::Duration::from_secs(3600));
    assert_eq!(download.try_read_at(0, &mut [0; 8]), Ok(None));
    assert_eq!(upload.try_write_at(0, b"xy"), Ok(false));
    fixture.memory("alice").faults().clear();
    assert_eq!(upload.try_write_at(0, b"xy"), Ok(true));
    assert_eq!(upload.commit().await.map(|metadata| metadata.size), Ok(2));
}

#[tokio::test]
async fn hook_that_never_answers_holds_no_turn_and_no_transfer_of_others() {
    let (fixture, session) = Fixture::alice(json!({ "max_sessions": 3 })).await;
    fixture.hooks.enable();
    let gate = fixture.hooks.close_gate();
    let first = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    let mut committing = Box::pin(first.commit());
    assert!(futures_util::poll!(&mut committing).is_pending());
    drop(committing);
    session.fs().remove_file(&path("/f")).await.expect_err("nothing is there");
    assert_eq!(session.status().active_transfers.len(), 1, "it goes on without its caller");
    gate.add_permits(1);
    fixture.quiet().await;
    assert_eq!(size(&session.fs(), "/f").await, Some(0));
    assert!(matches!(session.fs().stat(&path("/g"), true).await, Err(Error::NotFound)));
}
