//! Directories, renames, removals.

use super::{get, has_real_directories, kind, list, mkdir, on_every_backend, path, put};
use crate::{Backend, ErrorKind, Owner};

on_every_backend!(
    directory_is_made_and_removed,
    making_what_exists_fails_where_directories_are_real,
    full_directory_is_not_removed,
    files_and_directories_are_not_taken_for_each_other,
    missing_things_are_not_found,
    root_is_a_directory_and_stays,
    large_listing_comes_in_pieces,
    listing_shows_metadata,
    file_is_renamed,
    rename_replaces_only_if_it_may,
    directory_is_renamed_with_its_content,
    directory_never_goes_into_itself,
    existing_directory_is_never_replaced,
    space_is_told_where_it_is_known,
    path_without_links_resolves_to_itself,
);

async fn directory_is_made_and_removed(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    mkdir(backend, "/dir/inner").await;
    assert!(backend.stat(&path("/dir/inner"), false).await.expect("stat").is_directory());
    assert_eq!(list(backend, "/dir").await.expect("list"), [b"inner".to_vec()]);
    backend.remove_directory(&path("/dir/inner")).await.expect("remove");
    assert_eq!(kind(backend.stat(&path("/dir/inner"), false).await), ErrorKind::NotFound);
}

// SFTP-033
async fn making_what_exists_fails_where_directories_are_real(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    put(backend, "/file", b"").await;
    let make = async |name: &str| backend.create_directory(&path(name), Owner::default(), None).await;
    if has_real_directories(backend.capabilities()) {
        assert_eq!(kind(make("/dir").await), ErrorKind::Exists);
        assert_eq!(kind(make("/no/dir").await), ErrorKind::NotFound);
    } else {
        make("/dir").await.expect("markers can be made again");
        make("/no/dir").await.expect("a parent need not exist");
    }
    assert_eq!(kind(make("/file").await), ErrorKind::Exists);
    assert_eq!(kind(make("/").await), ErrorKind::Exists);
}

// SFTP-031
async fn full_directory_is_not_removed(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    put(backend, "/dir/file", b"x").await;
    assert_eq!(kind(backend.remove_directory(&path("/dir")).await), ErrorKind::NotEmpty);
    assert_eq!(get(backend, "/dir/file").await.expect("read"), b"x");
}

// SFTP-031
async fn files_and_directories_are_not_taken_for_each_other(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    put(backend, "/file", b"x").await;
    assert_eq!(kind(backend.remove_file(&path("/dir")).await), ErrorKind::IsDirectory);
    assert_eq!(kind(backend.remove_directory(&path("/file")).await), ErrorKind::NotDirectory);
    assert_eq!(kind(backend.list(&path("/file")).await), ErrorKind::NotDirectory);
    assert_eq!(kind(backend.open_read(&path("/dir")).await), ErrorKind::IsDirectory);
    if has_real_directories(backend.capabilities()) {
        assert_eq!(kind(backend.stat(&path("/file/x"), true).await), ErrorKind::NotDirectory);
    }
}

async fn missing_things_are_not_found(backend: &dyn Backend) {
    let no = path("/no");
    assert_eq!(kind(backend.stat(&no, true).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.stat(&no, false).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.list(&no).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.open_read(&no).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.remove_file(&no).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.remove_directory(&no).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.rename(&no, &path("/other"), true).await), ErrorKind::NotFound);
    assert_eq!(kind(backend.set_attributes(&no, &crate::Attributes::default(), true).await), ErrorKind::NotFound);
}

async fn root_is_a_directory_and_stays(backend: &dyn Backend) {
    let root = path("/");
    assert!(backend.stat(&root, true).await.expect("stat").is_directory());
    assert!(backend.stat(&root, false).await.expect("stat").is_directory());
    assert_eq!(kind(backend.remove_directory(&root).await), ErrorKind::Denied);
    mkdir(backend, "/dir").await;
    assert_eq!(kind(backend.rename(&root, &path("/dir/x"), true).await), ErrorKind::Denied);
    assert_eq!(kind(backend.rename(&path("/dir"), &root, true).await), ErrorKind::Denied);
    assert_eq!(kind(backend.open_read(&root).await), ErrorKind::IsDirectory);
    assert!(backend.remove_file(&root).await.is_err());
    assert_eq!(list(backend, "/").await.expect("list"), [b"dir".to_vec()]);
}

async fn large_listing_comes_in_pieces(backend: &dyn Backend) {
    let mut expected = Vec::new();
    for number in 0..1500 {
        // Long names, so that one buffer of names does not hold them all.
        let name = format!("{number:0>60}");
        mkdir(backend, &format!("/{name}")).await;
        expected.push(name.into_bytes());
    }
    for limit in [1, 7, 300, 5000] {
        let mut stream = backend.list(&path("/")).await.expect("list");
        let mut names = Vec::new();
        loop {
            let entries = stream.next(limit).await.expect("entries");
            assert!(entries.len() <= limit);
            if entries.is_empty() {
                break;
            }
            names.extend(entries.into_iter().map(|entry| entry.name));
        }
        assert!(stream.next(limit).await.expect("the end stays the end").is_empty());
        names.sort();
        assert!(names == expected, "with pieces of {limit}");
    }
}

async fn listing_shows_metadata(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    put(backend, "/file", b"12345").await;
    let mut entries = backend.list(&path("/")).await.expect("list").next(10).await.expect("entries");
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(entries[0].metadata.is_directory());
    assert_eq!((entries[1].metadata.is_file(), entries[1].metadata.size), (true, 5));
    assert_eq!(entries[1].metadata, backend.stat(&path("/file"), false).await.expect("stat"));
}

async fn file_is_renamed(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    put(backend, "/file", b"x").await;
    backend.rename(&path("/file"), &path("/dir/other"), false).await.expect("rename");
    assert_eq!(get(backend, "/dir/other").await.expect("read"), b"x");
    assert_eq!(kind(backend.stat(&path("/file"), false).await), ErrorKind::NotFound);
}

// SFTP-034
async fn rename_replaces_only_if_it_may(backend: &dyn Backend) {
    put(backend, "/a", b"a").await;
    put(backend, "/b", b"b").await;
    assert_eq!(kind(backend.rename(&path("/a"), &path("/b"), false).await), ErrorKind::Exists);
    assert_eq!(get(backend, "/b").await.expect("read"), b"b");
    backend.rename(&path("/a"), &path("/b"), true).await.expect("rename");
    assert_eq!(get(backend, "/b").await.expect("read"), b"a");
    assert_eq!(list(backend, "/").await.expect("list"), [b"b".to_vec()]);
}

async fn directory_is_renamed_with_its_content(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    mkdir(backend, "/dir/inner").await;
    put(backend, "/dir/inner/file", b"x").await;
    backend.rename(&path("/dir"), &path("/moved"), true).await.expect("rename");
    assert_eq!(get(backend, "/moved/inner/file").await.expect("read"), b"x");
    assert_eq!(list(backend, "/").await.expect("list"), [b"moved".to_vec()]);
}

// LOC-008
async fn directory_never_goes_into_itself(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    mkdir(backend, "/dir/inner").await;
    assert_eq!(kind(backend.rename(&path("/dir"), &path("/dir/inner/dir"), true).await), ErrorKind::Unsupported);
    assert_eq!(list(backend, "/dir").await.expect("list"), [b"inner".to_vec()]);
}

// SFTP-034
async fn existing_directory_is_never_replaced(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    mkdir(backend, "/empty").await;
    put(backend, "/file", b"x").await;
    for replace in [true, false] {
        assert_eq!(kind(backend.rename(&path("/dir"), &path("/empty"), replace).await), ErrorKind::IsDirectory);
        assert_eq!(kind(backend.rename(&path("/file"), &path("/empty"), replace).await), ErrorKind::IsDirectory);
    }
    assert_eq!(kind(backend.rename(&path("/dir"), &path("/file"), true).await), ErrorKind::NotDirectory);
    assert_eq!(kind(backend.rename(&path("/dir"), &path("/file"), false).await), ErrorKind::Exists);
    assert_eq!(list(backend, "/").await.expect("list").len(), 3);
}

// LOC-010, SFTP-042
async fn space_is_told_where_it_is_known(backend: &dyn Backend) {
    let space = backend.space(&path("/")).await;
    if !backend.capabilities().space {
        assert_eq!(kind(space), ErrorKind::Unsupported);
        return;
    }
    let space = space.expect("space");
    assert!(space.total > 0 && space.available <= space.free && space.free <= space.total);
    assert!(space.block_size > 0 && space.name_max >= 255);
}

async fn path_without_links_resolves_to_itself(backend: &dyn Backend) {
    mkdir(backend, "/dir").await;
    for name in ["/", "/dir", "/new", "/dir/new"] {
        assert_eq!(backend.resolve(&path(name)).await.expect("resolve"), path(name));
    }
    if has_real_directories(backend.capabilities()) {
        assert_eq!(kind(backend.resolve(&path("/no/new")).await), ErrorKind::NotFound);
    }
}
