//! Nothing outside of the root is ever reached (LOC-004), whichever way paths are resolved.

use std::{fs, os::unix::fs::symlink};

use super::{Subject, get, kind, list, local, path, put, staging};
use crate::{Attributes, ErrorKind, InPlaceOptions, Owner, Timestamp, local::Resolution};

macro_rules! both_ways {
    ($($case:ident),* $(,)?) => {
        both_ways!(@ openat2 (Openat2) $($case)*);
        both_ways!(@ components (Components) $($case)*);
    };
    (@ $kind:ident ($resolution:ident) $($case:ident)*) => {
        mod $kind {
            $(
                #[tokio::test]
                async fn $case() {
                    let subject = super::local(super::Resolution::$resolution);
                    subject.backend.check_root().await.expect("root");
                    super::$case(&subject).await;
                }
            )*
        }
    };
}
pub(super) use both_ways;

both_ways!(
    links_that_lead_outside_are_refused_for_every_call,
    link_to_outside_in_the_middle_of_a_path_is_refused,
    link_to_outside_can_be_seen_renamed_and_removed,
    changes_do_not_follow_a_link_at_the_end,
    magic_links_are_refused,
    root_may_be_reached_by_links,
);

/// Makes `outside/secret` beside the root, and links to it: by an absolute path, by climbing, by a chain of both.
fn escapes(subject: &Subject) -> Vec<String> {
    let outside = subject.folder.path().join("outside");
    fs::create_dir(&outside).expect("directory");
    fs::write(outside.join("secret"), "secret").expect("write");
    let root = subject.root();
    fs::create_dir_all(root.join("a/b")).expect("directories");
    let link = |text: &str, name: &str| symlink(text, root.join(name)).expect("link");
    link(outside.to_str().expect("utf-8"), "absolute");
    link("../outside", "climbing");
    link("a/b/../../../outside", "detour");
    link("climbing", "chain");
    link("a/../chain", "longer");
    link("../../../outside", "a/b/deep");
    link("..", "above");
    // Absolute links are refused wherever they point (SFTP-041).
    link(root.to_str().expect("utf-8"), "to-root");
    ["absolute", "climbing", "detour", "chain", "longer", "a/b/deep", "above", "to-root"].map(|name| format!("/{name}")).to_vec()
}

async fn links_that_lead_outside_are_refused_for_every_call(subject: &Subject) {
    let backend = &*subject.backend;
    for name in escapes(subject) {
        let link = path(&name);
        let attributes = Attributes { mode: Some(0o777), ..Attributes::default() };
        assert_eq!(kind(backend.stat(&link, true).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.list(&link).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.open_read(&link).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.open_in_place(&link, InPlaceOptions::default()).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.set_attributes(&link, &attributes, true).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.resolve(&link).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.space(&link).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.copy_staged(&link, &path("/copy"), staging("one")).await), ErrorKind::Denied, "{name}");
    }
}

async fn link_to_outside_in_the_middle_of_a_path_is_refused(subject: &Subject) {
    let backend = &*subject.backend;
    put(backend, "/mine", b"mine").await;
    for name in escapes(subject) {
        let (secret, new) = (path(format!("{name}/secret")), path(format!("{name}/new")));
        for follow in [true, false] {
            assert_eq!(kind(backend.stat(&secret, follow).await), ErrorKind::Denied, "{name}");
        }
        assert_eq!(kind(backend.open_read(&secret).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.stage(&new, staging("one")).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.partial(&new, "one", b"").await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.discard_partial(&new, "one", b"").await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.create_directory(&new, Owner::default(), None).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.remove_file(&secret).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.remove_directory(&secret).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.rename(&secret, &path("/taken"), true).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.rename(&path("/mine"), &new, true).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.symlink(b"x", &new).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.read_link(&secret).await), ErrorKind::Denied, "{name}");
        assert_eq!(kind(backend.resolve(&new).await), ErrorKind::Denied, "{name}");
    }
    let outside: Vec<_> = fs::read_dir(subject.folder.path().join("outside")).expect("list").collect();
    assert_eq!(outside.len(), 1);
    assert_eq!(get(backend, "/mine").await.expect("read"), b"mine");
}

async fn link_to_outside_can_be_seen_renamed_and_removed(subject: &Subject) {
    let backend = &*subject.backend;
    for name in escapes(subject) {
        let (link, moved) = (path(&name), path("/moved"));
        assert!(backend.stat(&link, false).await.expect("stat").is_symlink(), "{name}");
        backend.read_link(&link).await.expect("text");
        backend.rename(&link, &moved, true).await.expect("rename");
        backend.remove_file(&moved).await.expect("remove");
    }
    assert_eq!(fs::read(subject.folder.path().join("outside/secret")).expect("read"), b"secret");
}

async fn changes_do_not_follow_a_link_at_the_end(subject: &Subject) {
    let backend = &*subject.backend;
    escapes(subject);
    let outside = subject.folder.path().join("outside");
    let link = path("/climbing");
    let (before, time) = (fs::metadata(&outside).expect("stat"), Timestamp::from_seconds(5));
    let times = Attributes { times: Some((time, time)), ..Attributes::default() };
    backend.set_attributes(&link, &times, false).await.expect("times of the link");
    assert_eq!(backend.stat(&link, false).await.expect("stat").modified, time);
    assert_eq!(fs::metadata(&outside).expect("stat").modified().expect("time"), before.modified().expect("time"));
    let mode = Attributes { mode: Some(0o700), ..Attributes::default() };
    assert_eq!(kind(backend.set_attributes(&link, &mode, false).await), ErrorKind::Unsupported);

    // An upload takes the place of a link, it does not write through it.
    put(backend, "/climbing", b"mine").await;
    assert!(backend.stat(&link, false).await.expect("stat").is_file());
    assert!(fs::metadata(&outside).expect("stat").is_dir());
}

async fn magic_links_are_refused(subject: &Subject) {
    let backend = &*subject.backend;
    symlink("/proc/self/root", subject.root().join("magic")).expect("link");
    assert_eq!(kind(backend.list(&path("/magic")).await), ErrorKind::Denied);
    assert_eq!(kind(get(backend, "/magic/etc/passwd").await), ErrorKind::Denied);
}

async fn root_may_be_reached_by_links(subject: &Subject) {
    put(&*subject.backend, "/file", b"content").await;
    let link = subject.folder.path().join("link");
    symlink("root", &link).expect("link");
    let options = crate::local::LocalOptions::new(super::pool());
    let through = crate::local::LocalBackend::new(link, options);
    assert_eq!(get(&through, "/file").await.expect("read"), b"content");
    assert_eq!(list(&through, "/").await.expect("list"), [b"file".to_vec()]);
}
