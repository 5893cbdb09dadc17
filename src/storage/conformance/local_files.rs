//! What only local storage has: a root that may vanish, modes, owners, special files.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use futures_util::FutureExt;

use super::{get, kind, list, local, local_with, mkdir, on_every_backend, path, pooled, put, replacing, stage, staging, write};
use crate::{
    Attributes, Backend, ErrorKind, FileKind, InPlaceOptions, Owner, Partial, StageOptions, Timestamp, local::Resolution,
};

on_every_backend!(attributes_are_set_where_they_exist, wanted_times_hold_after_a_new_size);

async fn attributes_are_set_where_they_exist(backend: &dyn Backend) {
    put(backend, "/file", b"0123456789").await;
    let time = Timestamp { seconds: 1_700_000_000, nanoseconds: 500 };
    let all = Attributes { size: Some(4), times: Some((time, time)), mode: Some(0o100_600), owner: None };
    let answer = backend.set_attributes(&path("/file"), &all, true).await;
    if !backend.capabilities().chtimes {
        assert_eq!(kind(answer), ErrorKind::Unsupported);
        return;
    }
    answer.expect("attributes");
    let found = backend.stat(&path("/file"), true).await.expect("stat");
    // SFTP-028: bits beyond 07777 are masked.
    assert_eq!((found.size, found.mode, found.modified, found.accessed), (4, 0o600, time, time));
    let bad = Attributes { size: Some(0), ..Attributes::default() };
    mkdir(backend, "/dir").await;
    assert_eq!(kind(backend.set_attributes(&path("/dir"), &bad, true).await), ErrorKind::IsDirectory);
}

// SFTP-025, LOC-011
async fn wanted_times_hold_after_a_new_size(backend: &dyn Backend) {
    if !backend.capabilities().chtimes {
        return;
    }
    let time = Timestamp::from_seconds(1_000_000_000);
    let attributes = Attributes { size: Some(3), times: Some((time, time)), ..Attributes::default() };
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"0123456789").await.expect("write");
    file.set_attributes(&attributes).await.expect("attributes");
    assert_eq!(file.metadata().await.expect("metadata").modified, time);
    let committed = file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!((committed.modified, committed.size), (time, 3));
}

#[tokio::test]
async fn missing_root_is_made_with_its_parents() {
    // LOC-001, STO-011
    let subject = local_with(|options| options.umask = Some(0o027));
    let deep = subject.folder.path().join("x/y/home");
    let options = crate::local::LocalOptions { umask: Some(0o027), ..crate::local::LocalOptions::new(super::pool()) };
    let backend = crate::local::LocalBackend::new(deep.clone(), options);
    assert_eq!(kind(backend.stat(&path("/"), true).await), ErrorKind::NotFound);
    backend.check_root().await.expect("root");
    backend.check_root().await.expect("again");
    assert_eq!(fs::metadata(&deep).expect("stat").permissions().mode() & 0o777, 0o750);
    put(&backend, "/file", b"").await;
    mkdir(&backend, "/dir").await;
    assert_eq!(fs::metadata(deep.join("file")).expect("stat").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(deep.join("dir")).expect("stat").permissions().mode() & 0o777, 0o750);
}

#[tokio::test]
async fn root_that_is_a_file_or_relative_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("file"), "").expect("write");
    let make = |root| crate::local::LocalBackend::new(root, crate::local::LocalOptions::new(super::pool()));
    assert_eq!(kind(make(folder.path().join("file")).check_root().await), ErrorKind::NotDirectory);
    assert_eq!(kind(make("relative".into()).check_root().await), ErrorKind::Unsupported);
}

#[tokio::test]
async fn replaced_root_is_opened_anew() {
    let subject = local(Resolution::Auto);
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    put(backend, "/old", b"").await;
    // Removed and made again: seen at the next call that finds nothing.
    fs::remove_dir_all(subject.root()).expect("remove");
    fs::create_dir(subject.root()).expect("directory");
    fs::write(subject.root().join("new"), "new").expect("write");
    assert_eq!(get(backend, "/new").await.expect("read"), b"new");
    // Renamed away: the old one still exists, so only the check at the next login sees it.
    fs::rename(subject.root(), subject.folder.path().join("aside")).expect("rename");
    backend.check_root().await.expect("root");
    assert_eq!(list(backend, "/").await.expect("list"), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn special_files_are_listed_and_never_opened() {
    // LOC-012; opening a FIFO must not wait for its other end.
    for resolution in [Resolution::Openat2, Resolution::Components] {
        let subject = local(resolution);
        let backend = &*subject.backend;
        backend.check_root().await.expect("root");
        let fifo = subject.root().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("fifo");
        let _socket = std::os::unix::net::UnixListener::bind(subject.root().join("socket")).expect("socket");
        let entries = backend.list(&path("/")).await.expect("list").next(10).await.expect("entries");
        assert!(entries.len() == 2 && entries.iter().all(|entry| matches!(entry.metadata.kind, FileKind::Other(_))));
        for name in ["/fifo", "/socket"] {
            assert_eq!(kind(backend.open_read(&path(name)).await), ErrorKind::Unsupported, "{name}");
            let in_place = backend.open_in_place(&path(name), InPlaceOptions { readable: true }).await;
            assert_eq!(kind(in_place), ErrorKind::Unsupported, "{name}");
        }
    }
}

/// A local backend whose pool takes no more jobs once the root was opened.
async fn without_pool(assume_slow: bool) -> super::Subject {
    let pool = super::pool();
    let subject = local_with(|options| (options.pool, options.assume_slow) = (pool.clone(), assume_slow));
    subject.backend.check_root().await.expect("root");
    fs::write(subject.root().join("old"), "old").expect("write");
    pool.close();
    subject
}

#[tokio::test]
async fn fast_file_system_needs_no_pool_and_is_ready_at_once() {
    let subject = without_pool(false).await;
    let backend = &*subject.backend;
    if !backend.capabilities().immediate {
        // The folder for temporary files is slow itself: what is said below of slow ones holds.
        assert_eq!(kind(backend.stat(&path("/old"), true).await), ErrorKind::Io);
        return;
    }
    let file = backend.stage(&path("/file"), staging("one")).now_or_never().expect("ready").expect("stage");
    assert!(file.try_write_at(0, b"x").expect("write"));
    file.commit(&path("/file"), replacing()).now_or_never().expect("ready").expect("commit");
    backend.stat(&path("/file"), true).now_or_never().expect("ready").expect("stat");
    let mut stream = backend.list(&path("/")).now_or_never().expect("ready").expect("list");
    assert_eq!(stream.next(100).now_or_never().expect("ready").expect("entries").len(), 2);
    assert!(stream.next(100).now_or_never().expect("ready").expect("entries").is_empty());
    backend.open_read(&path("/file")).now_or_never().expect("ready").expect("open");
    backend.rename(&path("/file"), &path("/other"), true).now_or_never().expect("ready").expect("rename");
    backend.remove_file(&path("/other")).now_or_never().expect("ready").expect("remove");
}

#[tokio::test]
async fn slow_file_system_is_touched_in_the_pool_only() {
    let subject = without_pool(true).await;
    let (backend, old) = (&*subject.backend, path("/old"));
    assert!(!backend.capabilities().immediate);
    assert_eq!(kind(backend.stat(&old, true).await), ErrorKind::Io);
    assert_eq!(kind(backend.list(&path("/")).await), ErrorKind::Io);
    assert_eq!(kind(backend.open_read(&old).await), ErrorKind::Io);
    assert_eq!(kind(backend.stage(&old, staging("one")).await), ErrorKind::Io);
    assert_eq!(kind(backend.remove_file(&old).await), ErrorKind::Io);
    assert_eq!(kind(backend.rename(&old, &path("/new"), true).await), ErrorKind::Io);
    assert!(subject.root().join("old").is_file());
}

#[tokio::test]
async fn freeing_a_large_file_is_left_to_the_pool() {
    let subject = without_pool(false).await;
    let backend = &*subject.backend;
    let large = path("/large");
    let sparse = fs::File::options().write(true).create_new(true).open(subject.root().join("large")).expect("create");
    sparse.set_len(100 << 20).expect("size");
    let empty = Attributes { size: Some(0), ..Attributes::default() };
    if backend.capabilities().immediate {
        assert_eq!(kind(backend.remove_file(&large).await), ErrorKind::Io);
        assert_eq!(kind(backend.set_attributes(&large, &empty, true).await), ErrorKind::Io);
        assert_eq!(kind(backend.rename(&path("/old"), &large, true).await), ErrorKind::Io);
        let upload = backend.stage(&large, staging("one")).await.expect("stage");
        assert_eq!(kind(upload.commit(&large, replacing()).await), ErrorKind::Io);
    }
    assert_eq!(fs::metadata(subject.root().join("large")).expect("stat").len(), 100 << 20);

    // With a pool each of them does what it says.
    let options = crate::local::LocalOptions::new(super::pool());
    let backend = crate::local::LocalBackend::new(subject.root(), options);
    backend.check_root().await.expect("root");
    backend.rename(&path("/old"), &large, true).await.expect("rename");
    assert_eq!(get(&backend, "/large").await.expect("read"), b"old");
    sparse.set_len(0).expect("the replaced file is still open here");
    let file = backend.open_in_place(&large, InPlaceOptions::default()).await.expect("open");
    file.set_attributes(&Attributes { size: Some(100 << 20), ..Attributes::default() }).await.expect("grow");
    file.set_attributes(&empty).await.expect("shrink");
    assert_eq!(backend.stat(&large, true).await.expect("stat").size, 0);
    file.set_attributes(&Attributes { size: Some(100 << 20), ..Attributes::default() }).await.expect("grow");
    backend.remove_file(&large).await.expect("remove");
    assert_eq!(kind(backend.stat(&large, true).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn slow_file_answers_nothing_at_once() {
    let subject = pooled();
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    put(backend, "/file", b"content").await;
    let file = stage(backend, "/other", "one").await;
    assert!(!file.try_write_at(0, b"x").expect("it refuses, which is no error"));
    let file = backend.open_read(&path("/file")).await.expect("open");
    assert_eq!(file.try_read_at(0, &mut [0; 10]).expect("it refuses, which is no error"), None);
}

#[tokio::test]
async fn new_entries_get_the_owner_that_is_set() {
    // LOC-002, UPL-013: as root the owner changes, otherwise a failure is logged only.
    let subject = local_with(|options| options.owner = Owner { uid: Some(12_345), gid: Some(23_456) });
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    put(backend, "/file", b"").await;
    mkdir(backend, "/dir").await;
    let expected = if rustix::process::geteuid().is_root() {
        (12_345, 23_456)
    } else {
        (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
    };
    for name in ["", "file", "dir"] {
        let found = fs::metadata(subject.root().join(name)).expect("stat");
        assert_eq!((found.uid(), found.gid()), expected, "{name}");
    }
}

#[tokio::test]
async fn mode_of_the_replaced_file_comes_with_the_commit() {
    let subject = local(Resolution::Auto);
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    let file = backend.stage(&path("/file"), StageOptions { mode: Some(0o400), ..staging("one") }).await.expect("stage");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!(fs::metadata(subject.root().join("file")).expect("stat").permissions().mode() & 0o7777, 0o400);
    // What the client sets meanwhile holds.
    let file = backend.stage(&path("/file"), StageOptions { mode: Some(0o400), ..staging("two") }).await.expect("stage");
    file.set_attributes(&Attributes { mode: Some(0o640), ..Attributes::default() }).await.expect("mode");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!(fs::metadata(subject.root().join("file")).expect("stat").permissions().mode() & 0o7777, 0o640);
}

#[tokio::test]
async fn partial_survives_its_process_and_loses_only_what_is_unsure() {
    let subject = local(Resolution::Auto);
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 100_000]).await.expect("write");
    // As after a kill: neither commit nor abandon.
    drop(file);
    let found = backend.partial(&path("/file"), "one", b"").await.expect("partial").expect("something is left");
    assert_eq!(found, Partial { durable: 100_000, token: Vec::new() });
    let longer = Partial { durable: 100_001, token: Vec::new() };
    let resumed = backend.stage(&path("/file"), StageOptions { resume: Some(longer), ..staging("one") }).await;
    assert_eq!(kind(resumed), ErrorKind::Corrupt);
    let shorter = Partial { durable: 50_000, token: Vec::new() };
    let resumed = backend.stage(&path("/file"), StageOptions { resume: Some(shorter), ..staging("one") }).await.expect("resume");
    assert_eq!((resumed.size(), fs::metadata(subject.root().join(".entrepot-one")).expect("stat").len()), (50_000, 50_000));
}

#[tokio::test]
async fn link_in_the_place_of_a_partial_is_not_written_through() {
    let subject = local(Resolution::Auto);
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    put(backend, "/victim", b"victim").await;
    std::os::unix::fs::symlink("victim", subject.root().join(".entrepot-one")).expect("link");
    assert_eq!(kind(backend.stage(&path("/file"), staging("one")).await), ErrorKind::Exists);
    let resume = StageOptions { resume: Some(Partial { durable: 0, token: Vec::new() }), ..staging("one") };
    assert_eq!(kind(backend.stage(&path("/file"), resume).await), ErrorKind::Denied);
    assert_eq!(backend.partial(&path("/file"), "one", b"").await.expect("partial"), None);
    assert_eq!(get(backend, "/victim").await.expect("read"), b"victim");
}

#[tokio::test]
async fn entries_that_vanish_while_listing_are_left_out() {
    let subject = local(Resolution::Auto);
    let backend = &*subject.backend;
    backend.check_root().await.expect("root");
    for number in 0..300 {
        mkdir(backend, &format!("/{number}")).await;
    }
    let mut stream = backend.list(&path("/")).await.expect("list");
    let mut seen = stream.next(1).await.expect("entries").len();
    for entry in fs::read_dir(subject.root()).expect("list") {
        fs::remove_dir(entry.expect("entry").path()).expect("remove");
    }
    loop {
        let entries = stream.next(50).await.expect("no error for what is gone");
        if entries.is_empty() {
            break;
        }
        seen += entries.len();
    }
    // One was read before, and the piece that was read ahead may hold one more.
    assert!(seen <= 2, "{seen}");
}
