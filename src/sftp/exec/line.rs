//! A command line as words (SCMD-003): the quoting of a shell, and nothing else of it.

/// Longest line that is looked at, in bytes.
pub const MAX_LINE: usize = 32 << 10;

/// A word of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its bytes, without quotes.
    pub text: Vec<u8>,
    /// The same with a backslash before what was quoted and means something in a pattern.
    pub pattern: Vec<u8>,
    /// Whether its first byte was quoted.
    is_quoted: bool,
}

impl Word {
    fn push(&mut self, byte: u8, quoted: bool) {
        if self.text.is_empty() {
            self.is_quoted = quoted;
        }
        if quoted && matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            self.pattern.push(b'\\');
        }
        self.text.push(byte);
        self.pattern.push(byte);
    }

    /// Whether it begins with a `~` that a shell would take for the home directory.
    pub fn has_tilde(&self) -> bool {
        !self.is_quoted && (self.text == b"~" || self.text.starts_with(b"~/"))
    }
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A quote is not closed, or a backslash ends the line.
    #[error("the command line ends within a quotation")]
    Open,
    /// It has a NUL byte or a line break outside of quotes, or is too long.
    #[error("the command line is not acceptable")]
    Malformed,
}

/// Splits a line at blanks. Variables, pipes, redirections and the like are text.
pub fn split(line: &[u8]) -> Result<Vec<Word>, LineError> {
    if line.len() > MAX_LINE || line.contains(&0) {
        return Err(LineError::Malformed);
    }
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => words.extend(word.take()),
            b'\n' | b'\r' => return Err(LineError::Malformed),
            b'\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next().ok_or(LineError::Open)? {
                        b'\'' => break,
                        quoted => word.push(quoted, true),
                    }
                }
            }
            b'"' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next().ok_or(LineError::Open)? {
                        b'"' => break,
                        b'\\' => match bytes.next().ok_or(LineError::Open)? {
                            escaped @ (b'"' | b'\\' | b'$' | b'`') => word.push(escaped, true),
                            other => {
                                word.push(b'\\', true);
                                word.push(other, true);
                            }
                        },
                        quoted => word.push(quoted, true),
                    }
                }
            }
            b'\\' => word.get_or_insert_default().push(bytes.next().ok_or(LineError::Open)?, true),
            other => word.get_or_insert_default().push(other, false),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line.as_bytes()).expect(line).into_iter().map(|word| String::from_utf8(word.text).expect("text")).collect()
    }

    // SCMD-003
    #[test]
    fn words_are_quoted_as_in_a_shell() {
        assert_eq!(texts("md5sum a"), ["md5sum", "a"]);
        assert_eq!(texts("  scp   -t  'a b' "), ["scp", "-t", "a b"]);
        assert_eq!(texts(r#"x "a 'b' \" \\ \n" c\ d'e'"f""#), ["x", r#"a 'b' " \ \n"#, "c def"]);
        assert_eq!(texts("x '' \"\""), ["x", "", ""]);
        assert_eq!(texts("a|b > c; $(d) `e`"), ["a|b", ">", "c;", "$(d)", "`e`"]);
        assert!(texts("  ").is_empty());
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for line in ["a 'b", "a \"b", "a \\", "\"\\"] {
            assert_eq!(split(line.as_bytes()), Err(LineError::Open), "{line}");
        }
        for line in [b"a\0b".to_vec(), b"a\nb".to_vec(), vec![b'a'; MAX_LINE + 1]] {
            assert_eq!(split(&line), Err(LineError::Malformed));
        }
    }

    #[test]
    fn quoted_wildcards_are_no_wildcards() {
        let word = |line: &str| split(line.as_bytes()).expect(line).remove(0);
        assert_eq!(word("*.t").pattern, b"*.t");
        assert_eq!(word("'*'.t").pattern, b"\\*.t");
        assert_eq!(word(r"\*.t").pattern, b"\\*.t");
        assert!(word("~/x").has_tilde() && word("~").has_tilde());
        assert!(!word("'~'/x").has_tilde() && !word("~x").has_tilde());
    }

    proptest! {
        #[test]
        fn no_line_makes_the_splitter_panic_and_a_quoted_word_comes_back(
            noise in proptest::collection::vec(any::<u8>(), 0..64), word in "[^'\\x00]{0,20}",
        ) {
            let _ = split(&noise);
            let quoted = format!("x '{word}'");
            prop_assert_eq!(split(quoted.as_bytes()).expect("quoted").pop().expect("two").text, word.into_bytes());
        }
    }
}
