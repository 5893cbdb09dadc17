//! Staged uploads: begun, committed, abandoned, resumed; files changed in place.

use super::{get, has_real_directories, kind, list, mkdir, on_every_backend, path, put, replacing, stage, staging, write};
use crate::{Attributes, Backend, CommitOptions, Durability, ErrorKind, InPlaceOptions, StageOptions, WriteSupport};

on_every_backend!(
    upload_is_invisible_until_its_commit,
    empty_upload_makes_an_empty_file,
    abandoned_upload_leaves_nothing,
    kept_partial_is_found_and_goes_on,
    discarded_partial_is_gone,
    partial_of_another_is_not_found,
    commit_replaces_only_if_it_may,
    replaced_file_stays_whole_for_its_readers,
    commit_never_replaces_a_directory,
    failed_commit_leaves_the_upload,
    upload_ends_once,
    upload_can_end_under_another_name,
    parent_of_an_upload_must_exist_where_directories_are_real,
    every_durability_commits,
    late_writes_fill_the_gap,
    resume_never_goes_on_behind_a_gap,
    existing_file_is_changed_in_place_only_where_that_is_possible,
    copy_has_the_content_of_its_source,
    size_of_an_open_upload_can_be_set,
    strange_ids_are_refused,
);

async fn upload_is_invisible_until_its_commit(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"content").await.expect("write");
    assert_eq!(file.size(), 7);
    assert_eq!(kind(backend.stat(&path("/file"), true).await), ErrorKind::NotFound);
    assert_eq!(list(backend, "/").await.expect("list"), Vec::<Vec<u8>>::new());
    let committed = file.commit(&path("/file"), CommitOptions::default()).await.expect("commit");
    assert_eq!(committed.size, 7);
    assert_eq!(get(backend, "/file").await.expect("read"), b"content");
    assert_eq!(list(backend, "/").await.expect("list"), [b"file".to_vec()]);
}

// STO-013, SFTP-046
async fn empty_upload_makes_an_empty_file(backend: &dyn Backend) {
    put(backend, "/empty", b"").await;
    assert_eq!(backend.stat(&path("/empty"), true).await.expect("stat").size, 0);
    assert_eq!(get(backend, "/empty").await.expect("read"), b"");
}

async fn abandoned_upload_leaves_nothing(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 5000]).await.expect("write");
    assert_eq!(file.abandon(false).await.expect("abandon"), None);
    assert_eq!(backend.partial(&path("/file"), "one", b"").await.expect("partial"), None);
    // Nothing is in the way of the next upload of that id.
    assert_eq!(stage(backend, "/file", "one").await.abandon(true).await.expect("abandon"), None);
}

async fn kept_partial_is_found_and_goes_on(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 2500]).await.expect("write");
    let kept = file.abandon(true).await.expect("abandon").expect("something is kept");
    drop(file);
    // Sequential storage keeps whole parts only.
    let sequential = matches!(backend.capabilities().write, WriteSupport::Sequential { .. });
    assert_eq!(kept.durable, if sequential { 2000 } else { 2500 });
    let found = backend.partial(&path("/file"), "one", &kept.token).await.expect("partial");
    assert_eq!(found, Some(kept.clone()));
    assert_eq!(list(backend, "/").await.expect("list"), Vec::<Vec<u8>>::new());

    let options = StageOptions { resume: Some(kept.clone()), ..staging("one") };
    let file = backend.stage(&path("/file"), options).await.expect("resume");
    assert_eq!((file.size(), file.durable()), (kept.durable, kept.durable));
    write(&*file, kept.durable, &[2; 100]).await.expect("write");
    file.commit(&path("/file"), CommitOptions::default()).await.expect("commit");
    let start = usize::try_from(kept.durable).expect("small");
    assert_eq!(get(backend, "/file").await.expect("read"), [vec![1; start], vec![2; 100]].concat());
    assert_eq!(backend.partial(&path("/file"), "one", &kept.token).await.expect("partial"), None);
}

async fn discarded_partial_is_gone(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 2500]).await.expect("write");
    let kept = file.abandon(true).await.expect("abandon").expect("something is kept");
    backend.discard_partial(&path("/file"), "one", &kept.token).await.expect("discard");
    assert_eq!(backend.partial(&path("/file"), "one", &kept.token).await.expect("partial"), None);
    backend.discard_partial(&path("/file"), "one", &kept.token).await.expect("nothing is left, which is no error");
    let options = StageOptions { resume: Some(kept), ..staging("one") };
    assert_eq!(kind(backend.stage(&path("/file"), options).await), ErrorKind::NotFound);
}

async fn partial_of_another_is_not_found(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 2500]).await.expect("write");
    let kept = file.abandon(true).await.expect("abandon").expect("something is kept");
    assert_eq!(backend.partial(&path("/file"), "two", &kept.token).await.expect("partial"), None);
}

async fn commit_replaces_only_if_it_may(backend: &dyn Backend) {
    put(backend, "/file", b"old").await;
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"new").await.expect("write");
    assert_eq!(kind(file.commit(&path("/file"), CommitOptions::default()).await), ErrorKind::Exists);
    assert_eq!(get(backend, "/file").await.expect("read"), b"old");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!(get(backend, "/file").await.expect("read"), b"new");
}

async fn replaced_file_stays_whole_for_its_readers(backend: &dyn Backend) {
    put(backend, "/file", b"old content").await;
    let open = backend.open_read(&path("/file")).await.expect("open");
    put(backend, "/file", b"new").await;
    assert_eq!(open.read_at(0, 100).await.expect("read").as_ref(), b"old content");
    assert_eq!(get(backend, "/file").await.expect("read"), b"new");
}

// SFTP-015
async fn commit_never_replaces_a_directory(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    let file = stage(backend, "/dir", "one").await;
    for replace in [true, false] {
        let options = CommitOptions { replace, ..CommitOptions::default() };
        assert_eq!(kind(file.commit(&path("/dir"), options).await), ErrorKind::IsDirectory);
    }
    assert!(backend.stat(&path("/dir"), true).await.expect("stat").is_directory());
    file.abandon(false).await.expect("abandon");
}

async fn failed_commit_leaves_the_upload(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    let file = stage(backend, "/dir", "one").await;
    write(&*file, 0, b"content").await.expect("write");
    assert_eq!(kind(file.commit(&path("/dir"), replacing()).await), ErrorKind::IsDirectory);
    write(&*file, 7, b"!").await.expect("it is still there");
    file.commit(&path("/other"), replacing()).await.expect("commit");
    assert_eq!(get(backend, "/other").await.expect("read"), b"content!");
}

async fn upload_ends_once(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"content").await.expect("write");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!(file.abandon(false).await.expect("nothing to abandon"), None);
    assert_eq!(kind(file.commit(&path("/again"), replacing()).await), ErrorKind::Unsupported);
    assert_eq!(get(backend, "/file").await.expect("read"), b"content");
}

async fn upload_can_end_under_another_name(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, b"content").await.expect("write");
    file.commit(&path("/dir/renamed"), CommitOptions::default()).await.expect("commit");
    assert_eq!(get(backend, "/dir/renamed").await.expect("read"), b"content");
    assert_eq!(list(backend, "/").await.expect("list"), [b"dir".to_vec()]);
}

async fn parent_of_an_upload_must_exist_where_directories_are_real(backend: &dyn Backend) {
    let begun = backend.stage(&path("/no/file"), staging("one")).await;
    if has_real_directories(backend.capabilities()) {
        assert_eq!(kind(begun), ErrorKind::NotFound);
        put(backend, "/file", b"").await;
        assert_eq!(kind(backend.stage(&path("/file/file"), staging("one")).await), ErrorKind::NotDirectory);
    } else {
        begun.expect("stage").commit(&path("/no/file"), replacing()).await.expect("commit");
        assert_eq!(list(backend, "/no").await.expect("list"), [b"file".to_vec()]);
    }
}

// STO-012
async fn every_durability_commits(backend: &dyn Backend) {
    for (name, durability) in [("/a", Durability::Background), ("/b", Durability::Commit), ("/c", Durability::Never)] {
        let file = stage(backend, name, "one").await;
        // Larger than what starts a write-back.
        write(&*file, 0, &vec![5; 1_500_000]).await.expect("write");
        file.sync().await.expect("sync");
        let found = file.commit(&path(name), CommitOptions { replace: false, durability }).await.expect("commit");
        assert_eq!(found.size, 1_500_000);
    }
    assert_eq!(list(backend, "/").await.expect("list").len(), 3);
}

// SFTP-022
async fn late_writes_fill_the_gap(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    write(&*file, 5, b"world").await.expect("write");
    assert_eq!(file.size(), 10);
    write(&*file, 0, b"hello").await.expect("write");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    assert_eq!(get(backend, "/file").await.expect("read"), b"helloworld");
}

async fn resume_never_goes_on_behind_a_gap(backend: &dyn Backend) {
    if backend.as_any().is::<crate::memory::MemoryBackend>() && has_real_directories(backend.capabilities()) {
        // Writes of that storage never overtake each other.
        return;
    }
    let file = stage(backend, "/file", "one").await;
    write(&*file, 0, &[1; 3000]).await.expect("write");
    // The write between the two was lost with the connection.
    write(&*file, 6000, &[3; 3000]).await.expect("write");
    let kept = file.abandon(true).await.expect("abandon").expect("something is kept");
    assert_eq!(kept.durable, 3000);
    assert_eq!(backend.partial(&path("/file"), "one", &kept.token).await.expect("partial"), Some(kept));
}

// SFTP-017
async fn existing_file_is_changed_in_place_only_where_that_is_possible(backend: &dyn Backend) {
    put(backend, "/file", b"0123456789").await;
    let opened = backend.open_in_place(&path("/file"), InPlaceOptions { readable: true }).await;
    if !backend.capabilities().in_place {
        assert_eq!(kind(opened), ErrorKind::Unsupported);
        return;
    }
    let file = opened.expect("open");
    assert_eq!(file.size(), 10);
    write(&*file, 8, b"abcd").await.expect("write");
    write(&*file, 0, b"X").await.expect("write");
    assert_eq!(file.size(), 12);
    let reader = file.reader().expect("opened for reading, too");
    assert_eq!(reader.read_at(0, 100).await.expect("read").as_ref(), b"X1234567abcd");
    assert_eq!(get(backend, "/file").await.expect("read"), b"X1234567abcd");
    assert_eq!(kind(backend.open_in_place(&path("/no"), InPlaceOptions::default()).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.open_in_place(&path("/"), InPlaceOptions::default()).await), ErrorKind::IsDirectory);
}

async fn copy_has_the_content_of_its_source(backend: &dyn Backend) {
    assert!(backend.capabilities().server_copy);
    let data: Vec<u8> = (0..200_000_u32).map(|number| (number % 253) as u8).collect();
    put(backend, "/source", &data).await;
    let copy = backend.copy_staged(&path("/source"), &path("/copy"), staging("one")).await.expect("copy");
    assert_eq!(copy.size(), 200_000);
    assert_eq!(kind(backend.stat(&path("/copy"), true).await), ErrorKind::NotFound);
    copy.commit(&path("/copy"), CommitOptions::default()).await.expect("commit");
    assert!(get(backend, "/copy").await.expect("read") == data);
    let missing = backend.copy_staged(&path("/no"), &path("/copy"), staging("two")).await;
    assert_eq!(kind(missing), ErrorKind::NotFound);
    assert_eq!(backend.partial(&path("/copy"), "two", b"").await.expect("partial"), None);
}

// SFTP-029
async fn size_of_an_open_upload_can_be_set(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    let resize = |size| Attributes { size: Some(size), ..Attributes::default() };
    file.set_attributes(&resize(0)).await.expect("no change");
    write(&*file, 0, b"0123456789").await.expect("write");
    let cut = file.set_attributes(&resize(4)).await;
    if backend.capabilities().truncate {
        cut.expect("truncate");
        assert_eq!((file.size(), file.durable()), (4, 4));
        file.set_attributes(&resize(6)).await.expect("extend");
        file.commit(&path("/file"), replacing()).await.expect("commit");
        assert_eq!(get(backend, "/file").await.expect("read"), b"0123\0\0");
    } else {
        assert_eq!(kind(cut), ErrorKind::Unsupported);
        assert_eq!(file.size(), 10);
    }
}

async fn strange_ids_are_refused(backend: &dyn Backend) {
    if !has_real_directories(backend.capabilities()) {
        // Ids of object stores are keys of a table and name nothing.
        return;
    }
    for id in ["", "../x", "a/b", "a b", "\0"] {
        assert_eq!(kind(backend.stage(&path("/file"), staging(id)).await), ErrorKind::Unsupported, "{id:?}");
        assert_eq!(kind(backend.partial(&path("/file"), id, b"").await), ErrorKind::Unsupported, "{id:?}");
    }
}
