//! The faults that the storage in memory plays are what it says they are: others rely on them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use super::{get, kind, path, put, replacing, stage, write};
use crate::{
    Backend, ErrorKind,
    memory::{FaultPlan, MemoryBackend, MemoryOptions, MemoryWrites, Operation},
};

fn kinds() -> [MemoryBackend; 2] {
    [MemoryWrites::Random, MemoryWrites::Sequential { part_size: 1000, resumable: true }]
        .map(|writes| MemoryBackend::new(MemoryOptions { writes, ..MemoryOptions::default() }))
}

#[tokio::test]
async fn full_storage_refuses_and_keeps_what_it_has() {
    for backend in kinds() {
        put(&backend, "/old", &[1; 600]).await;
        backend.faults().set_capacity(1000);
        let file = stage(&backend, "/new", "one").await;
        write(&*file, 0, &[2; 400]).await.expect("it fits");
        assert_eq!(kind(write(&*file, 400, &[2; 1]).await), ErrorKind::NoSpace);
        file.abandon(false).await.expect("abandon");
        assert_eq!(get(&backend, "/old").await.expect("read").len(), 600);
        assert_eq!(backend.paths(), [b"/old".to_vec()]);
    }
}

#[tokio::test]
async fn planned_call_fails_and_the_next_does_not() {
    for backend in kinds() {
        put(&backend, "/file", b"content").await;
        backend.faults().fail(Operation::Read, 2, ErrorKind::Io);
        get(&backend, "/file").await.expect("the first");
        assert_eq!(kind(get(&backend, "/file").await), ErrorKind::Io);
        get(&backend, "/file").await.expect("the third");
        assert_eq!(backend.faults().calls(Operation::Read), 3);
        backend.faults().fail_always(Operation::Stat, ErrorKind::Timeout);
        for _ in 0..3 {
            assert_eq!(kind(backend.stat(&path("/file"), true).await), ErrorKind::Timeout);
        }
        backend.faults().clear();
        backend.stat(&path("/file"), true).await.expect("stat");
    }
}

#[tokio::test]
async fn short_write_stores_a_part_and_fails() {
    for backend in kinds() {
        let file = stage(&backend, "/file", "one").await;
        backend.faults().short_write(3, ErrorKind::NoSpace);
        assert_eq!(kind(write(&*file, 0, b"content").await), ErrorKind::NoSpace);
        assert_eq!(file.size(), 3);
    }
}

#[tokio::test]
async fn failed_commit_keeps_the_upload() {
    for backend in kinds() {
        let file = stage(&backend, "/file", "one").await;
        write(&*file, 0, b"content").await.expect("write");
        backend.faults().fail(Operation::Commit, 1, ErrorKind::Timeout);
        assert_eq!(kind(file.commit(&path("/file"), replacing()).await), ErrorKind::Timeout);
        assert!(backend.get(&path("/file")).is_none());
        file.commit(&path("/file"), replacing()).await.expect("commit");
        assert_eq!(backend.get(&path("/file")).expect("content"), b"content");
    }
}

#[tokio::test]
async fn slow_calls_refuse_to_be_made_at_once() {
    for writes in [MemoryWrites::Random, MemoryWrites::Sequential { part_size: 1000, resumable: true }] {
        let faults = FaultPlan::default();
        faults.delay(Operation::Write, Duration::from_millis(1));
        faults.delay(Operation::Read, Duration::from_millis(1));
        let backend = MemoryBackend::new(MemoryOptions { writes, faults });
        assert!(!backend.capabilities().immediate);
        let file = stage(&backend, "/file", "one").await;
        assert!(!file.try_write_at(0, b"content").expect("no error"));
        let mut slow = file.write_at(0, Bytes::from_static(b"content"));
        assert!((&mut slow).now_or_never().is_none());
        slow.await.expect("write");
        file.commit(&path("/file"), replacing()).await.expect("commit");
        let file = backend.open_read(&path("/file")).await.expect("open");
        assert_eq!(file.try_read_at(0, &mut [0; 10]).expect("no error"), None);
        assert_eq!(file.read_at(0, 10).await.expect("read").as_ref(), b"content");
    }
}

#[tokio::test]
async fn open_files_are_counted() {
    for backend in kinds() {
        let upload = stage(&backend, "/file", "one").await;
        assert_eq!(backend.faults().open_handles(), 1);
        upload.commit(&path("/file"), replacing()).await.expect("commit");
        drop(upload);
        let one = backend.open_read(&path("/file")).await.expect("open");
        let two = backend.open_read(&path("/file")).await.expect("open");
        assert_eq!(backend.faults().open_handles(), 2);
        drop((one, two));
        assert_eq!(backend.faults().open_handles(), 0);
    }
}

#[tokio::test]
async fn helpers_of_tests_see_what_is_stored() {
    for backend in kinds() {
        backend.put(&path("/a/b/file"), b"x");
        assert_eq!(get(&backend, "/a/b/file").await.expect("read"), b"x");
        let upload = stage(&backend, "/a/new", "one").await;
        write(&*upload, 0, &[1; 1500]).await.expect("write");
        let kept = upload.abandon(true).await.expect("abandon").expect("kept");
        let hidden = backend.paths().iter().any(|found| found.ends_with(b"/.entrepot-one"));
        assert_eq!((hidden, backend.kept_uploads()), if kept.token.is_empty() { (true, 0) } else { (false, 1) });
    }
}
