//! What the text of a symbolic link says.

use entrepot_model::VirtualPath;

/// Whether the text climbs after a name: it is read from where that name leads then, not from where it stands.
pub(super) fn climbs_late(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.any(|part| part != b"..") && parts.any(|part| part == b"..")
}

/// Whether a relative link text climbs above the root of its storage.
pub(super) fn leaves_root(directory: &VirtualPath, text: &[u8]) -> bool {
    let mut depth = i64::try_from(directory.depth()).unwrap_or(i64::MAX);
    for component in text.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

/// The text of a relative link at `link` that leads to `target`.
pub(super) fn relative(link: &VirtualPath, target: &VirtualPath) -> Vec<u8> {
    let directory = link.parent().unwrap_or_else(VirtualPath::root);
    let from: Vec<&[u8]> = directory.components().collect();
    let to: Vec<&[u8]> = target.components().collect();
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let mut parts: Vec<&[u8]> = vec![b"..".as_slice(); from.len() - shared];
    parts.extend(&to[shared..]);
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VirtualPath {
        VirtualPath::parse(text.as_bytes()).unwrap()
    }

    // SFTP-038
    #[test]
    fn absolute_targets_are_stored_relative_to_the_link() {
        assert_eq!(relative(&path("/a/b/link"), &path("/a/c/file")), b"../c/file");
        assert_eq!(relative(&path("/link"), &path("/file")), b"file");
        assert_eq!(relative(&path("/a/link"), &path("/a")), b".");
        assert_eq!(relative(&path("/a/b/c/link"), &path("/x")), b"../../../x");
    }

    #[test]
    fn climbing_after_a_name_is_seen() {
        for text in ["a/..", "../a/../b", "./q/../secret", "a//../b"] {
            assert!(climbs_late(text.as_bytes()), "{text}");
        }
        for text in ["../a", "..", "../../a/b", "a/b", "./.././a", "..a/b"] {
            assert!(!climbs_late(text.as_bytes()), "{text}");
        }
    }

    // SFTP-040
    #[test]
    fn link_text_that_climbs_above_the_root_is_seen() {
        assert!(leaves_root(&path("/a"), b"../../etc"));
        assert!(leaves_root(&VirtualPath::root(), b"../x"));
        assert!(!leaves_root(&path("/a/b"), b"../../etc"));
        assert!(leaves_root(&path("/a"), b"x/../../../a/y"));
    }
}
