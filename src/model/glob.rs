//! Shell globs on bytes: `*`, `?`, `[...]`, `\` as escape. Used for permission keys and file patterns.

/// The text is not a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern")]
pub struct GlobError;

/// Offset under which a byte that is not UTF-8 is treated as a character of its own.
const RAW_BYTE: u32 = 0x11_0000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(u32),
    Any,
    Star,
    Class { negated: bool, ranges: Vec<(u32, u32)> },
}

/// A compiled glob for one path segment. Matching takes at most (pattern length x name length) steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    tokens: Vec<Token>,
}

impl Glob {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// An unclosed, empty or backward class, or a trailing `\`.
    pub fn new(pattern: &[u8]) -> Result<Self, GlobError> {
        let mut chars = Chars(pattern);
        let mut tokens = Vec::new();
        while let Some(c) = chars.next() {
            tokens.push(match ascii(c) {
                Some(b'*') if tokens.last() == Some(&Token::Star) => continue,
                Some(b'*') => Token::Star,
                Some(b'?') => Token::Any,
                Some(b'[') => class(&mut chars)?,
                Some(b'\\') => Token::Char(chars.next().ok_or(GlobError)?),
                _ => Token::Char(c),
            });
        }
        Ok(Self { tokens })
    }

    /// Whether `text` holds characters that make it a glob and not a plain name.
    pub fn has_wildcards(text: &[u8]) -> bool {
        text.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
    }

    /// Whether the whole of `name` matches. `*` and `?` never match `/`.
    pub fn matches(&self, name: &[u8]) -> bool {
        // Only the last star needs to be retried: an earlier one can give up nothing that a later one could use.
        let (mut token, mut rest) = (0, name);
        let mut retry: Option<(usize, &[u8])> = None;
        loop {
            let mut chars = Chars(rest);
            let next = chars.next();
            match (self.tokens.get(token), next) {
                (None, None) => return true,
                (Some(Token::Star), _) => {
                    token += 1;
                    retry = Some((token, rest));
                    continue;
                }
                (Some(single), Some(c)) if single.matches(c) => {
                    token += 1;
                    rest = chars.0;
                    continue;
                }
                _ => {}
            }
            let Some((after_star, from)) = retry else {
                return false;
            };
            let mut swallowed = Chars(from);
            match swallowed.next() {
                Some(c) if ascii(c) != Some(b'/') => {}
                _ => return false,
            }
            token = after_star;
            rest = swallowed.0;
            retry = Some((after_star, rest));
        }
    }
}

impl Token {
    fn matches(&self, c: u32) -> bool {
        match self {
            Self::Char(expected) => *expected == c,
            Self::Any => ascii(c) != Some(b'/'),
            Self::Star => false,
            Self::Class { negated, ranges } => {
                ascii(c) != Some(b'/') && ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

fn class(chars: &mut Chars<'_>) -> Result<Token, GlobError> {
    let mut ranges = Vec::new();
    let mut next = chars.next().ok_or(GlobError)?;
    let negated = matches!(ascii(next), Some(b'^' | b'!'));
    if negated {
        next = chars.next().ok_or(GlobError)?;
    }
    while ascii(next) != Some(b']') {
        let low = class_char(next, chars)?;
        next = chars.next().ok_or(GlobError)?;
        let mut high = low;
        if ascii(next) == Some(b'-') {
            let end = chars.next().ok_or(GlobError)?;
            high = class_char(end, chars)?;
            next = chars.next().ok_or(GlobError)?;
        }
        if high < low {
            return Err(GlobError);
        }
        ranges.push((low, high));
    }
    if ranges.is_empty() { Err(GlobError) } else { Ok(Token::Class { negated, ranges }) }
}

fn class_char(c: u32, chars: &mut Chars<'_>) -> Result<u32, GlobError> {
    match ascii(c) {
        Some(b'\\') => chars.next().ok_or(GlobError),
        Some(b']') => Err(GlobError),
        _ => Ok(c),
    }
}

fn ascii(c: u32) -> Option<u8> {
    u8::try_from(c).ok().filter(u8::is_ascii)
}

/// Characters of bytes that are mostly UTF-8; a byte that is not becomes a character of its own.
struct Chars<'a>(&'a [u8]);

impl Iterator for Chars<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let first = *self.0.first()?;
        let length = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        let decoded = self.0.get(..length).and_then(|b| std::str::from_utf8(b).ok()).and_then(|text| text.chars().next());
        match decoded {
            Some(c) => {
                self.0 = &self.0[length..];
                Some(u32::from(c))
            }
            None => {
                self.0 = &self.0[1..];
                Some(RAW_BYTE + u32::from(first))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Glob::new(pattern.as_bytes()).unwrap().matches(name.as_bytes())
    }

    #[test]
    fn matches_as_a_shell_does() {
        // ACC-160
        for (pattern, name, expected) in [
            ("*.jpg", "a.jpg", true),
            ("*.jpg", "a.jpeg", false),
            ("a*b?.png", "aXXbY.png", true),
            ("a*b?.png", "ab.png", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("[]", "", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("?", "é", true),
            ("??", "é", false),
            ("*a*b*", "xxaxxbxx", true),
        ] {
            if Glob::new(pattern.as_bytes()).is_err() {
                assert_eq!(pattern, "[]");
                continue;
            }
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn star_stays_in_its_segment() {
        // ACC-119
        assert!(!matches("*", "a/b"));
        assert!(!matches("a?b", "a/b"));
        assert!(!matches("a[!x]b", "a/b"));
    }

    #[test]
    fn invalid_globs_are_detected() {
        // ACC-160
        for bad in ["[", "[a", "[]", "[]a]", "[a-]", "[z-a]", "\\", "[!]"] {
            assert_eq!(Glob::new(bad.as_bytes()), Err(GlobError), "{bad}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_characters() {
        let glob = Glob::new(b"a?").unwrap();
        assert!(glob.matches(b"a\xff"));
        assert!(!glob.matches(b"a\xff\xfe"));
        assert!(Glob::new(b"\xff*").unwrap().matches(b"\xffx"));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let glob = Glob::new("a*".repeat(60).as_bytes()).unwrap();
        let name = format!("{}b", "a".repeat(59));
        assert!(!glob.matches(name.as_bytes()));
    }

    proptest! {
        #[test]
        fn never_panics(pattern in prop::collection::vec(any::<u8>(), 0..20), name in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(glob) = Glob::new(&pattern) {
                glob.matches(&name);
            }
        }

        #[test]
        fn plain_text_matches_only_itself(name in "[a-z.]{0,12}", other in "[a-z.]{0,12}") {
            let glob = Glob::new(name.as_bytes()).unwrap();
            prop_assert!(glob.matches(name.as_bytes()));
            prop_assert_eq!(glob.matches(other.as_bytes()), name == other);
        }

        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,7}", name in "[ab/]{0,8}") {
            let glob = Glob::new(pattern.as_bytes()).unwrap();
            prop_assert_eq!(glob.matches(name.as_bytes()), by_definition(pattern.as_bytes(), name.as_bytes()));
        }
    }

    /// Slow and obvious.
    fn by_definition(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                by_definition(rest, name) || matches!(name, [c, more @ ..] if *c != b'/' && by_definition(pattern, more))
            }
            ([b'?', rest @ ..], [c, more @ ..]) => *c != b'/' && by_definition(rest, more),
            ([p, rest @ ..], [c, more @ ..]) => p == c && by_definition(rest, more),
            _ => false,
        }
    }
}
