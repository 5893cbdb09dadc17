//! Which permission list holds in a directory.

use std::collections::HashMap;

use super::{Permission, PermissionMap, PermissionSet};
use crate::{glob::Glob, path::VirtualPath};

/// A permission map, compiled: the closest directory with an entry wins and replaces what is above (ACC-117).
#[derive(Debug, Clone, Default)]
pub struct DirectoryPermissions {
    exact: HashMap<Vec<u8>, Entry>,
    /// Longest key first, ties in lexical order: the first match wins (ACC-119).
    wildcards: Vec<Wildcard>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: String,
    set: PermissionSet,
}

#[derive(Debug, Clone)]
struct Wildcard {
    segments: Vec<Glob>,
    entry: Entry,
}

static NOTHING: PermissionSet = PermissionSet::NONE;

impl DirectoryPermissions {
    /// Compiles `map`. A key that cannot be a path or a glob matches nothing but its own text.
    pub fn new(map: &PermissionMap) -> Self {
        let mut compiled = Self::default();
        for (key, list) in map {
            let Ok(path) = VirtualPath::parse(key.as_bytes()) else {
                continue;
            };
            let entry = Entry { key: key.clone(), set: list.iter().copied().collect() };
            if Glob::has_wildcards(path.as_bytes()) {
                let segments: Result<Vec<Glob>, _> = path.components().map(Glob::new).collect();
                if let Ok(segments) = segments {
                    compiled.wildcards.push(Wildcard { segments, entry: entry.clone() });
                }
            }
            compiled.exact.insert(path.as_bytes().to_vec(), entry);
        }
        compiled.wildcards.sort_by(|a, b| {
            let (a, b) = (&a.entry.key, &b.entry.key);
            b.len().cmp(&a.len()).then_with(|| a.cmp(b))
        });
        compiled
    }

    /// What is granted in `directory`, and the key of the entry that says so (empty if no entry applies).
    pub fn for_directory(&self, directory: &VirtualPath) -> (&PermissionSet, &str) {
        let mut segments: Vec<&[u8]> = directory.components().collect();
        for level in directory.ancestor_bytes() {
            if let Some(entry) = self.exact.get(level) {
                return (&entry.set, &entry.key);
            }
            if let Some(wildcard) = self.wildcards.iter().find(|w| w.matches(&segments)) {
                return (&wildcard.entry.set, &wildcard.entry.key);
            }
            segments.pop();
        }
        (&NOTHING, "")
    }

    /// Whether an entry may apply to `directory` itself or to one below it, so that permissions there are other ones than
    /// those of what it lies in (ACC-140).
    pub fn any_within(&self, directory: &VirtualPath) -> bool {
        let segments: Vec<&[u8]> = directory.components().collect();
        let exact = self.exact.keys().any(|key| is_within(key, directory));
        exact || self.wildcards.iter().any(|w| w.segments.len() >= segments.len() && w.matches_start(&segments))
    }

    /// Whether one list holds everywhere.
    pub fn is_uniform(&self) -> bool {
        self.wildcards.is_empty() && self.exact.keys().all(|key| key == b"/")
    }

    /// Whether everything that is granted in `other` is granted in `directory` and in every one that may lie below it.
    pub fn grants_as_much_within(&self, directory: &VirtualPath, other: &VirtualPath) -> bool {
        let granted = self.for_directory(other).0;
        let needed: Vec<Permission> = Permission::ALL.into_iter().filter(|permission| granted.has(*permission)).collect();
        self.all_within(directory, &needed)
    }

    /// Whether all of `needed` is granted in `directory` and in every one that may lie below it.
    pub fn all_within(&self, directory: &VirtualPath, needed: &[Permission]) -> bool {
        let segments: Vec<&[u8]> = directory.components().collect();
        let exact = self.exact.iter().filter(|(key, _)| is_within(key, directory)).map(|(_, entry)| entry);
        let may_match = |w: &&Wildcard| w.segments.len() >= segments.len() && w.matches_start(&segments);
        let wildcards = self.wildcards.iter().filter(may_match).map(|wildcard| &wildcard.entry);
        self.for_directory(directory).0.has_all(needed) && exact.chain(wildcards).all(|entry| entry.set.has_all(needed))
    }
}

/// Whether a clean path is `directory`, or lies below it.
fn is_within(path: &[u8], directory: &VirtualPath) -> bool {
    let rest = path.strip_prefix(directory.as_bytes());
    directory.is_root() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

impl Wildcard {
    fn matches(&self, segments: &[&[u8]]) -> bool {
        self.segments.len() == segments.len() && self.matches_start(segments)
    }

    fn matches_start(&self, segments: &[&[u8]]) -> bool {
        self.segments.iter().zip(segments).all(|(glob, name)| glob.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::Permission as P;

    fn compiled(json: &str) -> DirectoryPermissions {
        DirectoryPermissions::new(&serde_json::from_str(json).unwrap())
    }

    fn path(text: &str) -> VirtualPath {
        VirtualPath::parse(text.as_bytes()).unwrap()
    }

    fn has(permissions: &DirectoryPermissions, directory: &str, permission: P) -> bool {
        permissions.for_directory(&path(directory)).0.has(permission)
    }

    #[test]
    fn closest_entry_replaces_what_is_above() {
        // ACC-334, ACC-117, ACC-380
        let permissions = compiled(r#"{"/": ["list"], "/a": ["*"], "/a/b": []}"#);
        assert!(has(&permissions, "/", P::List) && has(&permissions, "/a", P::List));
        assert!(has(&permissions, "/a", P::Upload) && !has(&permissions, "/", P::Upload));
        assert!(!has(&permissions, "/a/b", P::List) && !has(&permissions, "/a/b/c", P::Download));
        assert_eq!(permissions.for_directory(&path("/a/b/c/d")).1, "/a/b");
    }

    #[test]
    fn listing_and_uploading_do_not_give_more() {
        // ACC-335
        let permissions = compiled(r#"{"/": ["*"], "/in": ["list","upload"]}"#);
        assert!(has(&permissions, "/in", P::Upload));
        for denied in [P::Overwrite, P::Download, P::DeleteFiles, P::RenameFiles] {
            assert!(!has(&permissions, "/in", denied), "{denied:?}");
        }
        assert!(has(&permissions, "/", P::RenameFiles));
    }

    #[test]
    fn wildcards_match_one_segment_and_hold_below() {
        // ACC-336, ACC-118, ACC-119
        let permissions = compiled(r#"{"/": ["*"], "/p/*": ["list"]}"#);
        assert!(!has(&permissions, "/p/q", P::Download));
        assert!(has(&permissions, "/p", P::Download));
        assert!(!has(&permissions, "/p/q/r", P::Download));
        let inner = compiled(r#"{"/": ["list"], "/dir/*/in": ["*"]}"#);
        assert!(has(&inner, "/dir/x/in", P::Upload) && !has(&inner, "/dir/x/y/in", P::Upload));
    }

    #[test]
    fn exact_key_beats_wildcard_and_longest_wildcard_beats_others() {
        // ACC-118, ACC-119
        let permissions =
            compiled(r#"{"/": [], "/p/*": ["list"], "/p/a*": ["download"], "/p/b*": ["chmod"], "/p/abc": ["upload"]}"#);
        assert_eq!(permissions.for_directory(&path("/p/abc")).1, "/p/abc");
        assert_eq!(permissions.for_directory(&path("/p/abd")).1, "/p/a*");
        assert_eq!(permissions.for_directory(&path("/p/z")).1, "/p/*");
        let tie = compiled(r#"{"/p/?b": ["list"], "/p/a?": ["download"]}"#);
        assert_eq!(tie.for_directory(&path("/p/ab")).1, "/p/?b");
    }

    #[test]
    fn entries_of_a_subtree_are_found() {
        // ACC-140
        let permissions = compiled(r#"{"/": ["*"], "/a/b/c": ["list"], "/w/*/x": ["list"]}"#);
        for (directory, is_found) in [
            ("/", true),
            ("/a", true),
            ("/a/b", true),
            ("/a/b/c", true),
            ("/a/b/c/d", false),
            ("/a/b/cd", false),
            ("/ab", false),
            ("/w/q", true),
            ("/w/q/x", true),
            ("/w/q/y", false),
            ("/w/q/x/y", false),
        ] {
            assert_eq!(permissions.any_within(&path(directory)), is_found, "{directory}");
        }
    }

    #[test]
    fn all_of_a_subtree_must_grant_it() {
        let permissions = compiled(r#"{"/": ["*"], "/a/b": ["list"], "/c": [], "/c/d": ["download"], "/w/*/x": ["list"]}"#);
        let grants = |directory: &str| permissions.all_within(&path(directory), &[P::Download]);
        for directory in ["/a/c", "/c/d", "/c/d/e", "/w/q/y", "/ab"] {
            assert!(grants(directory), "{directory}");
        }
        for directory in ["/", "/a", "/a/b", "/a/b/c", "/c", "/w", "/w/q", "/w/q/x"] {
            assert!(!grants(directory), "{directory}");
        }
    }

    #[test]
    fn without_entries_nothing_is_granted() {
        let (set, key) = (DirectoryPermissions::default(), "");
        assert_eq!(set.for_directory(&path("/x")), (&PermissionSet::NONE, key));
    }
}
