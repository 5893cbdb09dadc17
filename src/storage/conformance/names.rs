//! Names that break naive programs.

use super::{get, kind, list, on_every_backend, path, put, staging};
use crate::{Backend, ErrorKind};

on_every_backend!(
    nasty_names_are_names_like_others,
    names_that_are_not_utf8_work_or_are_refused,
    too_long_name_is_refused,
    names_differ_by_case_and_form,
    hidden_names_are_not_listed,
);

/// One file through its whole life.
async fn live(backend: &dyn Backend, name: &[u8]) {
    let full = [b"/", name].concat();
    let moved = [b"/moved-", &name[..name.len().min(240)]].concat();
    put(backend, &full, name).await;
    assert_eq!(list(backend, "/").await.expect("list"), [name.to_vec()]);
    assert_eq!(get(backend, &full).await.expect("read"), name);
    assert!(backend.stat(&path(&full), false).await.expect("stat").is_file());
    backend.rename(&path(&full), &path(&moved), false).await.expect("rename");
    assert_eq!(get(backend, &moved).await.expect("read"), name);
    backend.remove_file(&path(&moved)).await.expect("remove");
    assert_eq!(list(backend, "/").await.expect("list"), Vec::<Vec<u8>>::new());
}

async fn nasty_names_are_names_like_others(backend: &dyn Backend) {
    let long = "x".repeat(255);
    let names = [
        "two\nlines",
        "a;b|c&d",
        "$(reboot)`x`",
        "-rf",
        "--",
        " lead and trail ",
        "\u{1F6A2} Schiff",
        "\u{202E}txt.exe",
        "tab\there",
        "quote'\"",
        "*?[x]",
        "%2e%2e",
        "...",
        "~",
        "#",
        "\x01\x1b[31m",
        "NUL",
        "a:b",
        &long,
    ];
    for name in names {
        live(backend, name.as_bytes()).await;
    }
}

async fn names_that_are_not_utf8_work_or_are_refused(backend: &dyn Backend) {
    let names: [&[u8]; 3] = [b"\xff\xfe", b"caf\xe9", b"\xc3\x28;\n"];
    for name in names {
        if backend.capabilities().utf8_only {
            let full = path([b"/", name].concat());
            assert_eq!(kind(backend.stage(&full, staging("one")).await), ErrorKind::Unsupported);
        } else {
            live(backend, name).await;
        }
    }
}

async fn too_long_name_is_refused(backend: &dyn Backend) {
    // Paths refuse such names already, so it can only come from a link or a careless caller.
    let Ok(long) = crate::VirtualPath::parse(&[b'x'; 256]) else { return };
    let begun = backend.stage(&long, staging("one")).await;
    let error = match begun {
        Err(error) => error.kind(),
        Ok(file) => {
            let error = kind(file.commit(&long, super::replacing()).await);
            file.abandon(false).await.expect("abandon");
            error
        }
    };
    assert_eq!(error, ErrorKind::TooLarge);
}

// STO-014
async fn names_differ_by_case_and_form(backend: &dyn Backend) {
    for name in ["/a", "/A", "/\u{e9}", "/e\u{301}"] {
        put(backend, name, name.as_bytes()).await;
    }
    for name in ["/a", "/A", "/\u{e9}", "/e\u{301}"] {
        assert_eq!(get(backend, name).await.expect("read"), name.as_bytes());
    }
    assert_eq!(list(backend, "/").await.expect("list").len(), 4);
}

async fn hidden_names_are_not_listed(backend: &dyn Backend) {
    put(backend, "/.entrepot", b"").await;
    put(backend, "/.hidden", b"").await;
    let file = backend.stage(&path("/x"), staging("one")).await.expect("stage");
    assert_eq!(list(backend, "/").await.expect("list"), [b".entrepot".to_vec(), b".hidden".to_vec()]);
    file.abandon(false).await.expect("abandon");
}
