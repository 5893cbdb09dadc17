//! Links that stay inside the root.

use std::{fs, os::unix::fs::symlink};

use super::{Subject, confinement::both_ways, get, kind, list, local, path, put};
use crate::{Attributes, ErrorKind, local::Resolution};

both_ways!(
    links_are_followed_inside_the_root,
    links_climb_within_the_root_only,
    ten_links_are_followed_and_no_more,
    loops_end,
    links_are_made_and_read_as_given,
    dangling_link_is_not_found_but_resolves,
    renaming_and_removing_mean_the_link,
    attributes_follow_links,
    deep_paths_work,
);

async fn links_are_followed_inside_the_root(subject: &Subject) {
    let backend = &*subject.backend;
    fs::create_dir_all(subject.root().join("real/inner")).expect("directories");
    put(backend, "/real/inner/file", b"content").await;
    symlink("real/inner", subject.root().join("short")).expect("link");
    symlink("./real/./inner//file", subject.root().join("file")).expect("link");
    symlink("real/", subject.root().join("slash")).expect("link");
    for name in ["/short/file", "/file", "/slash/inner/file"] {
        assert_eq!(get(backend, name).await.expect(name), b"content");
        assert!(backend.stat(&path(name), true).await.expect("stat").is_file());
        assert_eq!(backend.resolve(&path(name)).await.expect("resolve"), path("/real/inner/file"));
    }
    assert_eq!(list(backend, "/short").await.expect("list"), [b"file".to_vec()]);
    put(backend, "/short/new", b"new").await;
    assert_eq!(get(backend, "/real/inner/new").await.expect("read"), b"new");
    // A link to a file is no directory.
    assert_eq!(kind(backend.stat(&path("/file/x"), true).await), ErrorKind::NotDirectory);
    symlink("real/inner/file/", subject.root().join("file-slash")).expect("link");
    assert_eq!(kind(backend.stat(&path("/file-slash"), true).await), ErrorKind::NotDirectory);
}

async fn links_climb_within_the_root_only(subject: &Subject) {
    let backend = &*subject.backend;
    fs::create_dir_all(subject.root().join("a/b/c")).expect("directories");
    put(backend, "/file", b"content").await;
    symlink("../../../file", subject.root().join("a/b/c/inside")).expect("link");
    symlink("../..", subject.root().join("a/b/root")).expect("link");
    symlink("../../..", subject.root().join("a/b/above")).expect("link");
    symlink("../../../root/file", subject.root().join("a/b/out-and-in")).expect("link");
    assert_eq!(get(backend, "/a/b/c/inside").await.expect("read"), b"content");
    assert_eq!(get(backend, "/a/b/root/file").await.expect("read"), b"content");
    assert_eq!(backend.resolve(&path("/a/b/root")).await.expect("resolve"), path("/"));
    assert_eq!(kind(list(backend, "/a/b/above").await), ErrorKind::Denied);
    // It would come back to the root, but has left it on the way.
    assert_eq!(kind(get(backend, "/a/b/out-and-in").await), ErrorKind::Denied);
}

// LOC-005
async fn ten_links_are_followed_and_no_more(subject: &Subject) {
    let backend = &*subject.backend;
    put(backend, "/link0", b"content").await;
    for number in 1..=11 {
        symlink(format!("link{}", number - 1), subject.root().join(format!("link{number}"))).expect("link");
    }
    assert_eq!(get(backend, "/link10").await.expect("read"), b"content");
    assert_eq!(backend.resolve(&path("/link10")).await.expect("resolve"), path("/link0"));
    assert_eq!(kind(get(backend, "/link11").await), ErrorKind::Denied);
    assert_eq!(kind(backend.stat(&path("/link11"), true).await), ErrorKind::Denied);
    assert_eq!(kind(backend.resolve(&path("/link11")).await), ErrorKind::Denied);
}

async fn loops_end(subject: &Subject) {
    let backend = &*subject.backend;
    symlink("loop", subject.root().join("loop")).expect("link");
    symlink("pong", subject.root().join("ping")).expect("link");
    symlink("ping/x", subject.root().join("pong")).expect("link");
    for name in ["/loop", "/ping", "/loop/x"] {
        assert_eq!(kind(backend.stat(&path(name), true).await), ErrorKind::Denied, "{name}");
    }
    assert!(backend.stat(&path("/loop"), false).await.expect("stat").is_symlink());
}

// SFTP-038, SFTP-040
async fn links_are_made_and_read_as_given(subject: &Subject) {
    let backend = &*subject.backend;
    for (number, text) in [&b"x"[..], b"../../etc/passwd", b"/etc/passwd", b"\xff\n;", b"a/../b"].into_iter().enumerate() {
        let link = path(format!("/{number}"));
        backend.symlink(text, &link).await.expect("link");
        assert_eq!(backend.read_link(&link).await.expect("text"), text);
        assert_eq!(kind(backend.symlink(text, &link).await), ErrorKind::Exists);
    }
    put(backend, "/file", b"").await;
    assert_eq!(kind(backend.read_link(&path("/file")).await), ErrorKind::Unsupported);
    assert_eq!(kind(backend.read_link(&path("/no")).await), ErrorKind::NotFound);
}

// ACC-127: what is written through a link goes to its target, which need not exist.
async fn dangling_link_is_not_found_but_resolves(subject: &Subject) {
    let backend = &*subject.backend;
    fs::create_dir(subject.root().join("dir")).expect("directory");
    symlink("dir/new", subject.root().join("link")).expect("link");
    symlink("no/new", subject.root().join("far")).expect("link");
    assert_eq!(kind(backend.stat(&path("/link"), true).await), ErrorKind::NotFound);
    assert_eq!(backend.resolve(&path("/link")).await.expect("resolve"), path("/dir/new"));
    assert_eq!(kind(backend.resolve(&path("/far")).await), ErrorKind::NotFound);
}

// SFTP-034
async fn renaming_and_removing_mean_the_link(subject: &Subject) {
    let backend = &*subject.backend;
    put(backend, "/file", b"content").await;
    backend.symlink(b"file", &path("/link")).await.expect("link");
    backend.rename(&path("/link"), &path("/moved"), false).await.expect("rename");
    assert!(backend.stat(&path("/moved"), false).await.expect("stat").is_symlink());
    assert_eq!(kind(backend.remove_directory(&path("/moved")).await), ErrorKind::NotDirectory);
    backend.remove_file(&path("/moved")).await.expect("remove");
    assert_eq!(get(backend, "/file").await.expect("read"), b"content");
}

async fn attributes_follow_links(subject: &Subject) {
    let backend = &*subject.backend;
    put(backend, "/file", b"content").await;
    backend.symlink(b"file", &path("/link")).await.expect("link");
    let attributes = Attributes { mode: Some(0o604), size: Some(3), ..Attributes::default() };
    backend.set_attributes(&path("/link"), &attributes, true).await.expect("attributes");
    let found = backend.stat(&path("/file"), false).await.expect("stat");
    assert_eq!((found.mode, found.size), (0o604, 3));
}

async fn deep_paths_work(subject: &Subject) {
    let backend = &*subject.backend;
    let mut deep = String::new();
    for _ in 0..200 {
        deep.push_str("/d");
        backend.create_directory(&path(&deep), crate::Owner::default(), None).await.expect("directory");
    }
    put(backend, format!("{deep}/file"), b"content").await;
    assert_eq!(get(backend, format!("{deep}/file")).await.expect("read"), b"content");
}
