use proptest::prelude::*;

use super::*;

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

#[test]
fn cleans_lexically_and_never_climbs_above_root() {
    // STO-009, STO-018, SFTP-054
    for (input, clean) in [
        ("", "/"),
        ("/", "/"),
        ("a", "/a"),
        ("//a//b/", "/a/b"),
        ("/a/./b/../c", "/a/c"),
        ("/../../etc", "/etc"),
        ("a\\b", "/a/b"),
        ("\\..\\..\\x", "/x"),
        ("/...", "/..."),
    ] {
        assert_eq!(path(input).as_bytes(), clean.as_bytes(), "{input:?}");
    }
}

#[test]
fn refuses_nul_and_too_long_names() {
    // STO-009
    assert_eq!(VirtualPath::parse(b"/a\0b"), Err(PathError::Nul));
    assert_eq!(VirtualPath::parse(&[b'a'; 256]), Err(PathError::ComponentTooLong));
    assert!(VirtualPath::parse(&[b'a'; 255]).is_ok());
    let long = b"/aaaaaaaaaaaaaaa".repeat(256);
    assert_eq!(long.len(), 4096);
    assert!(VirtualPath::parse(&long).is_ok());
    assert_eq!(VirtualPath::parse(&[&long[..], b"a"].concat()), Err(PathError::TooLong));
}

#[test]
fn join_resolves_relative_and_lets_absolute_replace() {
    assert_eq!(path("/a/b").join(b"../c").unwrap(), path("/a/c"));
    assert_eq!(path("/a/b").join(b"/c").unwrap(), path("/c"));
    assert_eq!(path("/a/b").join(b"").unwrap(), path("/a/b"));
    assert_eq!(path("/a").join(b"../../..").unwrap(), VirtualPath::root());
}

#[test]
fn child_takes_exactly_one_component() {
    assert_eq!(path("/a").child(b"b").unwrap(), path("/a/b"));
    for bad in [&b""[..], b".", b"..", b"a/b", b"a\\b"] {
        assert_eq!(path("/a").child(bad), Err(PathError::InvalidName));
    }
    assert_eq!(path("/a").child(b"x\0"), Err(PathError::Nul));
}

#[test]
fn prefixes_are_compared_by_component() {
    assert!(path("/a/b").starts_with(&path("/a")));
    assert!(!path("/ab").starts_with(&path("/a")));
    assert!(path("/a").starts_with(&path("/a")));
    assert_eq!(path("/a/b/c").strip_prefix(&path("/a")), Some(&b"b/c"[..]));
    assert_eq!(path("/a").strip_prefix(&path("/a")), Some(&b""[..]));
    assert_eq!(path("/a").strip_prefix(&VirtualPath::root()), Some(&b"a"[..]));
    assert_eq!(path("/a").strip_prefix(&path("/a/b")), None);
    assert_eq!(path("/v/x").rebase(&path("/v"), &path("/sub")).unwrap().unwrap(), path("/sub/x"));
}

#[test]
fn ancestors_end_at_root() {
    let all: Vec<String> = path("/a/b").ancestors().map(|p| p.to_string()).collect();
    assert_eq!(all, ["/a/b", "/a", "/"]);
    assert_eq!(VirtualPath::root().ancestors().count(), 1);
    assert_eq!(path("/a/b").depth(), 2);
    assert_eq!(path("/a/b").file_name(), Some(&b"b"[..]));
    assert_eq!(VirtualPath::root().file_name(), None);
}

#[test]
fn bytes_that_are_not_text_survive_and_show_a_replacement() {
    // decisions 14
    let odd = VirtualPath::parse(b"/a\xff").unwrap();
    assert_eq!(odd.as_bytes(), b"/a\xff");
    assert_eq!(serde_json::to_string(&odd).unwrap(), "\"/a\u{fffd}\"");
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![Just(b"..".to_vec()), Just(b".".to_vec()), Just(b"".to_vec()), prop::collection::vec(1u8..=255, 1..5)];
    (prop::collection::vec(part, 0..12), any::<bool>())
        .prop_map(|(parts, back)| parts.join(if back { &b"\\"[..] } else { &b"/"[..] }))
}

proptest! {
    #[test]
    fn parsed_paths_are_clean(input in hostile()) {
        let parsed = VirtualPath::parse(&input).unwrap();
        prop_assert!(parsed.as_bytes().starts_with(b"/"));
        prop_assert!(parsed.is_root() || !parsed.as_bytes().ends_with(b"/"));
        prop_assert!(!parsed.as_bytes().contains(&b'\\'));
        for name in parsed.as_bytes()[1..].split(|b| *b == b'/') {
            prop_assert!(parsed.is_root() || !name.is_empty());
            prop_assert!(name != b"." && name != b"..");
        }
        prop_assert_eq!(VirtualPath::parse(parsed.as_bytes()).unwrap(), parsed);
    }

    #[test]
    fn joining_is_parsing_the_concatenation(base in hostile(), rest in hostile()) {
        let base = VirtualPath::parse(&base).unwrap();
        let joined = base.join(&rest).unwrap();
        let expected = if rest.first().is_some_and(|b| matches!(b, b'/' | b'\\')) {
            VirtualPath::parse(&rest)
        } else {
            VirtualPath::parse(&[base.as_bytes(), b"/", &rest].concat())
        };
        prop_assert_eq!(joined, expected.unwrap());
    }

    #[test]
    fn child_of_parent_is_the_path(input in hostile()) {
        let path = VirtualPath::parse(&input).unwrap();
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => {
                prop_assert_eq!(parent.child(name).unwrap(), path.clone());
                prop_assert!(path.starts_with(&parent));
                prop_assert_eq!(parent.depth() + 1, path.depth());
            }
            (parent, name) => prop_assert!(path.is_root() && parent.is_none() && name.is_none()),
        }
    }
}
