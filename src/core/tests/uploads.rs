//! The life of a staged upload: hidden until its end, then there at once.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, give_up, names, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{Error, OpenWrite};

fn shown(fixture: &Fixture) -> Vec<String> {
    fixture.memory("alice").paths().into_iter().map(|path| String::from_utf8_lossy(&path).into_owned()).collect()
}

// ACC-261, decisions on uploads
#[tokio::test]
async fn nothing_has_the_name_before_the_commit() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"hello")).await.expect("write");
    assert_eq!(fixture.memory("alice").get(&path("/f")), None);
    assert_eq!(names(&fs, "/").await.expect("list"), Vec::<String>::new());
    let other = fixture.session("alice").await;
    assert_eq!(size(&other.fs(), "/f").await, None);
    assert_eq!(get(&other.fs(), "/f").await.err(), Some(Error::NotFound));
    let committed = upload.commit().await.expect("commit");
    assert_eq!(committed.size, 5);
    assert_eq!(shown(&fixture), ["/f"]);
    assert_eq!(get(&other.fs(), "/f").await.expect("read"), b"hello");
    let (partials, open) = fixture.rows("alice").await;
    assert!(partials.is_empty() && open.is_empty(), "{partials:?} {open:?}");
}

// ACC-261: an existing file is replaced only on success.
#[tokio::test]
async fn replaced_file_keeps_its_content_until_the_commit() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/f"), b"old content");
    let fs = session.fs();
    give_up(&fs, "/f", b"new").await;
    fixture.settled().await;
    assert_eq!(memory.get(&path("/f")).as_deref(), Some(&b"old content"[..]));
    assert_eq!(size(&fs, "/f").await, Some(11));
    put(&fs, "/f", b"new").await.expect("replaced");
    assert_eq!(memory.get(&path("/f")).as_deref(), Some(&b"new"[..]));
    // Nothing is left of the one that was given up: the finished file takes its place.
    fixture.settled().await;
    assert_eq!(shown(&fixture), ["/f"]);
    assert_eq!(fixture.rows("alice").await.0, []);
}

// SFTP-046
#[tokio::test]
async fn empty_file_is_a_file() {
    let (fixture, session) = Fixture::alice(json!({ "quota_files": 5 })).await;
    put(&session.fs(), "/empty", b"").await.expect("empty");
    assert_eq!(size(&session.fs(), "/empty").await, Some(0));
    assert_eq!(fixture.used("alice").await, usage(1, 0));
    assert_eq!(
        fixture.actions().await,
        [("upload".to_owned(), "/empty".to_owned(), 1), ("first-upload".to_owned(), "/empty".to_owned(), 1)]
    );
}

#[tokio::test]
async fn exclusive_open_refuses_a_name_that_is_taken() {
    let (_fixture, session) = Fixture::alice(json!({})).await;
    put(&session.fs(), "/f", b"x").await.expect("file");
    let exclusive = OpenWrite { exclusive: true, ..PUT };
    assert_eq!(session.fs().open_write(&path("/f"), exclusive).await.err(), Some(Error::Exists));
    let missing = OpenWrite { create: false, ..PUT };
    assert_eq!(session.fs().open_write(&path("/g"), missing).await.err(), Some(Error::NotFound));
}

// ACC-126: who made the file meanwhile is asked for `overwrite` at the commit.
#[tokio::test]
async fn commit_over_a_name_that_was_taken_meanwhile_needs_overwrite() {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["list", "upload", "download"] } })).await;
    let memory = fixture.memory("alice");
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"mine")).await.expect("write");
    memory.put(&path("/f"), b"theirs");
    assert_eq!(rule(&upload.commit().await), Some("permissions"));
    assert_eq!(memory.get(&path("/f")).as_deref(), Some(&b"theirs"[..]));
    assert_eq!(shown(&fixture), ["/f"]);
}

// With `overwrite` it is replaced, and quota knows what it replaced.
#[tokio::test]
async fn the_last_of_two_uploads_to_one_name_wins_and_is_counted_once() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    let first = fs.open_write(&path("/f"), PUT).await.expect("open");
    let second = fs.open_write(&path("/f"), PUT).await.expect("open");
    first.write_at(0, Bytes::from_static(b"first")).await.expect("write");
    second.write_at(0, Bytes::from_static(b"second!")).await.expect("write");
    first.commit().await.expect("commit");
    second.commit().await.expect("commit");
    assert_eq!(get(&fs, "/f").await.expect("read"), b"second!");
    assert_eq!(fixture.used("alice").await, usage(1, 7));
    assert_eq!(shown(&fixture), ["/f"]);
}

// Two partials of one name: one is kept and charged, the other is gone.
#[tokio::test]
async fn only_one_partial_of_a_name_is_kept() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    let first = fs.open_write(&path("/f"), PUT).await.expect("open");
    let second = fs.open_write(&path("/f"), PUT).await.expect("open");
    first.write_at(0, Bytes::from_static(b"first")).await.expect("write");
    second.write_at(0, Bytes::from_static(b"second!")).await.expect("write");
    drop(second);
    fixture.settled().await;
    drop(first);
    fixture.settled().await;
    let (partials, open) = fixture.rows("alice").await;
    assert_eq!((partials.len(), open.len(), shown(&fixture).len()), (1, 0, 1), "{partials:?}");
    let kept = i64::try_from(size(&fs, "/f").await.expect("partial")).expect("size");
    assert_eq!(fixture.used("alice").await, usage(1, kept));
}

// UPL-001 as decided: mode 0 is staged and keeps a partial, 1 keeps none, 2 keeps one.
#[tokio::test]
async fn upload_mode_says_whether_a_partial_is_kept() {
    for (mode, kept) in [(0, Some(3)), (1, None), (2, Some(3)), (3, Some(3))] {
        let fixture = Fixture::with(|settings| settings.common.upload_mode = mode).await;
        fixture.user("alice", json!({ "quota_size": 1000 })).await;
        let session = fixture.session("alice").await;
        give_up(&session.fs(), "/f", b"abc").await;
        fixture.settled().await;
        assert_eq!(size(&session.fs(), "/f").await, kept, "mode {mode}");
        assert_eq!(fixture.used("alice").await, usage(i64::from(kept.is_some()), if kept.is_some() { 3 } else { 0 }));
        assert_eq!(shown(&fixture).len(), usize::from(kept.is_some()), "mode {mode}");
    }
}

// UPL-005 as decided, ACC-282: what does not fit is removed.
#[tokio::test]
async fn upload_that_does_not_fit_leaves_nothing() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 10 })).await;
    assert_eq!(put(&session.fs(), "/f", &[0; 11]).await.err(), Some(Error::Quota));
    fixture.settled().await;
    fixture.memory("alice").faults().set_capacity(5);
    assert_eq!(put(&session.fs(), "/f", &[0; 6]).await.err(), Some(Error::NoSpace));
    fixture.settled().await;
    assert_eq!(shown(&fixture), Vec::<String>::new());
    assert_eq!(fixture.used("alice").await, usage(0, 0));
}

// A write that failed is not forgotten, whatever comes after it.
#[tokio::test]
async fn failed_write_fails_the_commit() {
    use entrepot_storage::{ErrorKind, memory::Operation};
    let (fixture, session) = Fixture::alice(json!({})).await;
    let memory = fixture.memory("alice");
    memory.put(&path("/f"), b"old");
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    memory.faults().fail(Operation::Write, 1, ErrorKind::Io);
    let failed = upload.write_at(4, Bytes::from_static(b"4567")).await;
    assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
    assert_eq!(upload.try_write_at(8, b"89"), Err(failed.clone().expect_err("failed")));
    assert_eq!(upload.commit().await.err(), failed.err());
    assert_eq!(memory.get(&path("/f")).as_deref(), Some(&b"old"[..]));
}

// The storage fails at each step of the end: the old content stays, and quota is what is there.
#[tokio::test]
async fn failing_end_leaves_the_old_content() {
    use entrepot_storage::{ErrorKind, memory::Operation};
    for operation in [Operation::Stat, Operation::Commit] {
        let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
        let fs = session.fs();
        let memory = fixture.memory("alice");
        put(&fs, "/f", b"old").await.expect("old");
        let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
        upload.write_at(0, Bytes::from_static(b"newer")).await.expect("write");
        memory.faults().fail_always(operation, ErrorKind::Io);
        let failed = upload.commit().await;
        assert!(matches!(failed, Err(Error::Io(_))), "{operation:?}: {failed:?}");
        memory.faults().clear();
        assert_eq!(memory.get(&path("/f")).as_deref(), Some(&b"old"[..]), "{operation:?}");
        let sum: usize = memory
            .paths()
            .iter()
            .filter_map(|name| memory.get(&path(&String::from_utf8_lossy(name))))
            .map(|data| data.len())
            .sum();
        assert_eq!(fixture.used("alice").await.size, i64::try_from(sum).expect("size"), "{operation:?}");
        assert_eq!(fixture.actions().await.last().map(|event| event.2), Some(2), "{operation:?}");
    }
}

// SFTP-018, SFTP-017
#[tokio::test]
async fn append_on_a_partial_refuses_what_is_there_already() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    give_up(&fs, "/f", b"0123").await;
    fixture.settled().await;
    let append = OpenWrite { append: true, ..RESUME };
    let upload = fs.open_write(&path("/f"), append).await.expect("open");
    upload.write_at(4, Bytes::from_static(b"45")).await.expect("behind");
    assert_eq!(upload.write_at(3, Bytes::from_static(b"x")).await.err(), Some(Error::Unsupported));
}
