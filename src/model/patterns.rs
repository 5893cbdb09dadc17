//! File patterns: names that are refused or hidden, by directory (ACC-159..172).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    glob::{Glob, GlobError},
    path::VirtualPath,
};

/// Refused names stay visible in listings (ACC-166).
pub const DENY_POLICY_DEFAULT: i64 = 0;
/// Refused names are hidden (ACC-167).
pub const DENY_POLICY_HIDE: i64 = 1;

/// Filter of one directory and what is below it, as on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatternsFilter {
    /// Absolute virtual path of the directory.
    pub path: String,
    /// Shell globs of names that are allowed; evaluated first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_patterns: Vec<String>,
    /// Shell globs of names that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied_patterns: Vec<String>,
    /// 0: refused names stay visible; 1: they are hidden.
    #[serde(skip_serializing_if = "crate::wire::is_default")]
    pub deny_policy: i64,
}

/// What the patterns say of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternVerdict {
    /// No pattern objects.
    Allowed,
    /// A pattern objects.
    Denied {
        /// The entry and pattern that fired, for administrators.
        rule: String,
        /// The name is to be treated as missing.
        hide: bool,
    },
}

impl PatternVerdict {
    /// Whether no pattern objects.
    pub fn is_allowed(&self) -> bool {
        *self == Self::Allowed
    }

    /// Whether the name must not be shown in listings.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Denied { hide: true, .. })
    }
}

/// The compiled filters of an account.
#[derive(Debug, Clone, Default)]
pub struct FilePatterns {
    entries: HashMap<Vec<u8>, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    path: VirtualPath,
    allowed: Vec<Pattern>,
    denied: Vec<Pattern>,
    hide: bool,
    /// Allowed patterns and a first denied pattern of exactly `*`: allowed child directories are free (ACC-165).
    frees_children: bool,
}

#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    glob: Glob,
}

/// A stored pattern does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern {pattern:?} for path {path:?}")]
pub struct PatternError {
    /// Directory of the filter.
    pub path: String,
    /// The pattern, or empty if the path itself is invalid.
    pub pattern: String,
}

impl FilePatterns {
    /// Compiles `filters`. Of two for one path the first counts.
    ///
    /// # Errors
    /// An invalid path or glob: to skip it would open what it closes.
    pub fn new(filters: &[PatternsFilter]) -> Result<Self, PatternError> {
        let mut entries = HashMap::new();
        for filter in filters {
            let path = VirtualPath::parse(filter.path.as_bytes())
                .map_err(|_| PatternError { path: filter.path.clone(), pattern: String::new() })?;
            let (allowed, denied) = (compile(filter, &filter.allowed_patterns)?, compile(filter, &filter.denied_patterns)?);
            let frees_children = !allowed.is_empty() && denied.first().is_some_and(|p| p.text == "*");
            let hide = filter.deny_policy == DENY_POLICY_HIDE;
            entries.entry(path.as_bytes().to_vec()).or_insert(Entry { path, allowed, denied, hide, frees_children });
        }
        Ok(Self { entries })
    }

    /// Whether there are no filters at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `directory` or one below it has a filter of its own.
    pub fn any_within(&self, directory: &VirtualPath) -> bool {
        self.entries.values().any(|entry| entry.path.starts_with(directory))
    }

    /// Whether filters hold at or below `directory` that do not hold for it when it is called `name`: they are about the names
    /// that clients use (ACC-354).
    pub fn any_lost(&self, directory: &VirtualPath, name: &VirtualPath) -> bool {
        let is_lost = |path: &VirtualPath| directory.starts_with(path) && !name.starts_with(path);
        self.entries.values().any(|entry| entry.path.starts_with(directory) || is_lost(&entry.path))
    }

    /// What the patterns say of `path`, whatever kind of entry it is (ACC-164).
    pub fn check(&self, path: &VirtualPath) -> PatternVerdict {
        if self.entries.is_empty() || path.is_root() {
            return PatternVerdict::Allowed;
        }
        // A hidden directory hides what is beneath, unless it has an entry of its own (ACC-168).
        let mut above: Vec<VirtualPath> = path.ancestors().skip(1).filter(|p| !p.is_root()).collect();
        above.reverse();
        for directory in above {
            if self.entries.contains_key(directory.as_bytes()) {
                continue;
            }
            let verdict = self.check_name(&directory);
            if verdict.is_hidden() {
                return verdict;
            }
        }
        self.check_name(path)
    }

    /// Evaluates the last component against the closest entry at or above its parent (ACC-161).
    fn check_name(&self, path: &VirtualPath) -> PatternVerdict {
        let (Some(name), Some(entry)) =
            (path.file_name(), path.ancestor_bytes().skip(1).find_map(|level| self.entries.get(level)))
        else {
            return PatternVerdict::Allowed;
        };
        if entry.frees_children && entry.is_in_allowed_child(path) {
            return PatternVerdict::Allowed;
        }
        entry.check(name)
    }
}

impl Entry {
    /// Evaluation order of ACC-162.
    fn check(&self, name: &[u8]) -> PatternVerdict {
        let name = lower(name);
        if self.allowed.iter().any(|p| p.glob.matches(&name)) {
            return PatternVerdict::Allowed;
        }
        let path = &self.path;
        if let Some(pattern) = self.denied.iter().find(|p| p.glob.matches(&name)) {
            let rule = format!("entry {path}, denied pattern {}", pattern.text);
            return PatternVerdict::Denied { rule, hide: self.hide };
        }
        if self.allowed.is_empty() {
            return PatternVerdict::Allowed;
        }
        PatternVerdict::Denied { rule: format!("entry {path}, no allowed pattern matches"), hide: self.hide }
    }

    /// Whether `path` lies inside a direct child of this entry's directory whose name is allowed (ACC-165).
    fn is_in_allowed_child(&self, path: &VirtualPath) -> bool {
        let Some(below) = path.strip_prefix(&self.path) else {
            return false;
        };
        let mut names = below.split(|b| *b == b'/');
        match (names.next(), names.next()) {
            (Some(child), Some(_)) => self.check(child).is_allowed(),
            _ => false,
        }
    }
}

fn compile(filter: &PatternsFilter, patterns: &[String]) -> Result<Vec<Pattern>, PatternError> {
    let compiled = patterns.iter().map(|text| match compile_one(text) {
        Ok(glob) => Ok(Pattern { text: text.clone(), glob }),
        Err(GlobError) => Err(PatternError { path: filter.path.clone(), pattern: text.clone() }),
    });
    compiled.collect()
}

fn compile_one(text: &str) -> Result<Glob, GlobError> {
    Glob::new(text.to_lowercase().as_bytes())
}

/// Lower case for comparison (ACC-160); bytes that are not UTF-8 are folded as ASCII.
fn lower(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => name.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(json: &str) -> FilePatterns {
        FilePatterns::new(&serde_json::from_str::<Vec<PatternsFilter>>(json).unwrap()).unwrap()
    }

    fn check(patterns: &FilePatterns, path: &str) -> PatternVerdict {
        patterns.check(&VirtualPath::parse(path.as_bytes()).unwrap())
    }

    fn allowed(patterns: &FilePatterns, path: &str) -> bool {
        check(patterns, path).is_allowed()
    }

    #[test]
    fn closer_entry_replaces_the_hiding_one() {
        // ACC-338, ACC-161
        let patterns =
            compiled(r#"[{"path":"/","denied_patterns":["*.exe"],"deny_policy":1},{"path":"/in","allowed_patterns":["*"]}]"#);
        assert!(check(&patterns, "/a.exe").is_hidden());
        assert!(check(&patterns, "/sub/a.exe").is_hidden());
        assert!(allowed(&patterns, "/in/a.exe") && allowed(&patterns, "/a.txt"));
    }

    #[test]
    fn allowed_is_evaluated_before_denied_and_closes_the_rest() {
        // ACC-339, ACC-160, ACC-162, ACC-163, ACC-164
        let patterns = compiled(r#"[{"path":"/","allowed_patterns":["*.jpg"],"denied_patterns":["*.pdf"]}]"#);
        assert!(allowed(&patterns, "/a.JPG"));
        for refused in ["/a.pdf", "/a.zip", "/sub", "/noext"] {
            assert!(matches!(check(&patterns, refused), PatternVerdict::Denied { hide: false, .. }), "{refused}");
        }
        let both = compiled(r#"[{"path":"/","allowed_patterns":["a*"],"denied_patterns":["*"]}]"#);
        assert!(allowed(&both, "/ab") && !allowed(&both, "/b"));
    }

    #[test]
    fn star_denied_frees_the_inside_of_allowed_children() {
        // ACC-165
        let patterns = compiled(r#"[{"path":"/","allowed_patterns":["public"],"denied_patterns":["*"],"deny_policy":1}]"#);
        assert!(allowed(&patterns, "/public") && allowed(&patterns, "/public/x") && allowed(&patterns, "/public/x/y"));
        assert!(check(&patterns, "/private").is_hidden() && check(&patterns, "/private/public").is_hidden());
        let without = compiled(r#"[{"path":"/","allowed_patterns":["public"],"deny_policy":1}]"#);
        assert!(allowed(&without, "/public") && check(&without, "/public/x").is_hidden());
    }

    #[test]
    fn hidden_directory_hides_its_content_unless_it_has_an_entry() {
        // ACC-168
        let patterns = compiled(r#"[{"path":"/","denied_patterns":["secret"],"deny_policy":1}]"#);
        assert!(check(&patterns, "/secret/a/b.txt").is_hidden() && check(&patterns, "/x/secret/y").is_hidden());
        let own = compiled(
            r#"[{"path":"/","denied_patterns":["secret"],"deny_policy":1},{"path":"/secret","denied_patterns":["*.exe"]}]"#,
        );
        assert!(check(&own, "/secret").is_hidden());
        assert!(allowed(&own, "/secret/a.txt") && !check(&own, "/secret/a.exe").is_hidden());
    }

    #[test]
    fn refused_directory_without_hide_does_not_refuse_names_below() {
        // ACC-166, ACC-168
        let patterns = compiled(r#"[{"path":"/","denied_patterns":["tmp"]}]"#);
        assert!(!allowed(&patterns, "/tmp") && allowed(&patterns, "/tmp/x"));
    }

    #[test]
    fn root_is_never_filtered_and_odd_bytes_are_matched() {
        let patterns = compiled(r#"[{"path":"/","denied_patterns":["*"]}]"#);
        assert!(allowed(&patterns, "/"));
        assert!(!patterns.check(&VirtualPath::parse(b"/\xff.BIN").unwrap()).is_allowed());
        let bin = compiled(r#"[{"path":"/","denied_patterns":["*.bin"]}]"#);
        assert!(!bin.check(&VirtualPath::parse(b"/\xff.BIN").unwrap()).is_allowed());
    }

    #[test]
    fn filters_of_a_subtree_are_found() {
        let patterns = compiled(r#"[{"path":"/a/b","denied_patterns":["*.exe"]}]"#);
        for (directory, is_found) in [("/", true), ("/a", true), ("/a/b", true), ("/a/b/c", false), ("/a/bc", false)] {
            let directory = VirtualPath::parse(directory.as_bytes()).unwrap();
            assert_eq!(patterns.any_within(&directory), is_found, "{directory}");
        }
    }

    #[test]
    fn invalid_glob_is_not_skipped() {
        // ACC-160
        let filter = PatternsFilter { path: "/".into(), denied_patterns: vec!["[".into()], ..Default::default() };
        assert!(FilePatterns::new(&[filter]).is_err());
    }
}
