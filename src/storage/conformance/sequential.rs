//! Storage that is written front to back.

use super::{PART, get, kind, memory_sequential, path, replacing, stage, staging, write};
use crate::{ErrorKind, StageOptions, WriteSupport};

#[tokio::test]
async fn gap_that_never_closes_makes_the_end_fail() {
    // SFTP-022
    let subject = memory_sequential();
    let backend = &*subject.backend;
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"hello").await.expect("write");
    write(&*file, 6, b"world").await.expect("write");
    assert_eq!(kind(file.commit(&path("/file"), replacing()).await), ErrorKind::Corrupt);
    assert_eq!(kind(backend.stat(&path("/file"), true).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn only_the_window_may_run_ahead() {
    let subject = memory_sequential();
    let backend = &*subject.backend;
    let file = stage(backend, "/file", "one").await;
    let window = 4 << 20;
    write(&*file, window - 10, &[1; 10]).await.expect("the end of the window");
    assert_eq!(kind(write(&*file, window - 9, &[1; 10]).await), ErrorKind::Unsupported);
}

#[tokio::test]
async fn going_back_is_refused_and_spoils_the_upload() {
    // SFTP-017: a backend without random access refuses lower offsets.
    let subject = memory_sequential();
    let backend = &*subject.backend;
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"hello").await.expect("write");
    assert_eq!(kind(write(&*file, 2, b"x").await), ErrorKind::Unsupported);
    assert_eq!(kind(file.commit(&path("/file"), replacing()).await), ErrorKind::Corrupt);
}

#[tokio::test]
async fn whole_parts_are_durable_and_their_token_is_needed() {
    let subject = memory_sequential();
    let backend = &*subject.backend;
    assert_eq!(backend.capabilities().write, WriteSupport::Sequential { part_size: PART, resumable: true });
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 999]).await.expect("write");
    assert_eq!((file.size(), file.durable()), (999, 0));
    write(&*file, 999, &[1; 1500]).await.expect("write");
    assert_eq!((file.size(), file.durable()), (2499, 2000));
    let kept = file.abandon(true).await.expect("abandon").expect("parts");
    assert_eq!(backend.partial(&path("/file"), "one", b"").await.expect("partial"), None);
    let mut other = kept.clone();
    other.token.push(b'x');
    let resumed = backend.stage(&path("/file"), StageOptions { resume: Some(other), ..staging("one") }).await;
    assert_eq!(kind(resumed), ErrorKind::NotFound);
    backend.stage(&path("/file"), StageOptions { resume: Some(kept), ..staging("one") }).await.expect("resume");
}

#[tokio::test]
async fn parents_are_made_by_what_is_in_them() {
    let subject = memory_sequential();
    let backend = &*subject.backend;
    super::put(backend, "/a/b/file", b"x").await;
    assert_eq!(super::list(backend, "/a").await.expect("list"), [b"b".to_vec()]);
    assert!(backend.stat(&path("/a/b"), true).await.expect("stat").is_directory());
    backend.remove_file(&path("/a/b/file")).await.expect("remove");
    assert_eq!(kind(backend.stat(&path("/a"), true).await), ErrorKind::NotFound);
    assert_eq!(kind(get(backend, "/a/b/file").await), ErrorKind::NotFound);
}
