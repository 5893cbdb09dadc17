//! Files of variables in `<data_dir>/env.d` (LOAD-005, LOAD-013).

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ConfigError;
use crate::file::read_trusted;

/// Larger files are no lists of variables.
const LIMIT: u64 = 1024 * 1024;

/// A variable of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) file: PathBuf,
}

/// The variables of all files by name of file, without those that `environment` has. A variable
/// that an earlier file set is not replaced either.
pub(crate) fn read(folder: &Path, environment: &[(String, String)]) -> Result<Vec<Variable>, ConfigError> {
    let mut variables: Vec<Variable> = Vec::new();
    for file in files(folder)? {
        let text = read_trusted(&file, LIMIT)?;
        let mut known: Vec<(String, String)> = environment.to_vec();
        known.extend(variables.iter().map(|variable| (variable.name.clone(), variable.value.clone())));
        let parsed = Parser::new(&text, &known).parse();
        let parsed = parsed.map_err(|message| ConfigError::Parse { path: file.clone(), message })?;
        for (name, value) in parsed {
            if known.iter().all(|(other, _)| *other != name) {
                variables.push(Variable { name, value, file: file.clone() });
            }
        }
    }
    Ok(variables)
}

/// Regular files, or links to such, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let failed = |source| ConfigError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // A data folder below a file is no question of settings: who makes the folder says so.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `KEY=VALUE` lines with quotes and comments.
struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    known: &'a [(String, String)],
    found: Vec<(String, String)>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, known: &'a [(String, String)]) -> Self {
        Self { rest: text.chars().peekable(), line: 1, known, found: Vec::new() }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.next();
        if character == Some('\n') {
            self.line += 1;
        }
        character
    }

    /// Takes characters as long as `belongs` says so.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(&character) = self.rest.peek() {
            if !belongs(character) {
                break;
            }
            taken.push(character);
            self.next();
        }
        taken
    }

    fn parse(mut self) -> Result<Vec<(String, String)>, String> {
        loop {
            self.take(char::is_whitespace);
            match self.rest.peek() {
                None => return Ok(self.found),
                Some('#') => {
                    self.take(|character| character != '\n');
                }
                Some(_) => self.assignment()?,
            }
        }
    }

    fn assignment(&mut self) -> Result<(), String> {
        let line = self.line;
        let name = self.take(|character| character != '=' && character != '\n');
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_name = !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if self.next() != Some('=') || !is_name {
            return Err(format!("line {line}: not of the form KEY=VALUE"));
        }
        self.take(|character| character == ' ' || character == '\t');
        let value = match self.rest.peek() {
            Some('\'') => self.single_quoted(line)?,
            Some('"') => self.double_quoted(line)?,
            _ => self.unquoted(),
        };
        self.found.push((name.to_owned(), value));
        Ok(())
    }

    fn unquoted(&mut self) -> String {
        let text = self.take(|character| character != '\n');
        let end = text
            .char_indices()
            .find(|&(index, character)| {
                let follows_space = index == 0 || text[..index].ends_with([' ', '\t']);
                character == '#' && follows_space
            })
            .map_or(text.len(), |(index, _)| index);
        text[..end].trim().to_owned()
    }

    /// Nothing has a meaning up to the closing quote.
    fn single_quoted(&mut self, line: usize) -> Result<String, String> {
        self.next();
        let value = self.take(|character| character != '\'');
        self.close(line)?;
        Ok(value)
    }

    /// A backslash takes the next character as it is, and `$NAME` stands for another variable.
    fn double_quoted(&mut self, line: usize) -> Result<String, String> {
        self.next();
        let mut value = String::new();
        loop {
            value.push_str(&self.take(|character| !matches!(character, '"' | '\\' | '$')));
            match self.rest.peek() {
                Some('\\') => {
                    self.next();
                    value.extend(self.next());
                }
                Some('$') => {
                    self.next();
                    value.push_str(&self.expansion());
                }
                _ => break,
            }
        }
        self.close(line)?;
        Ok(value)
    }

    fn expansion(&mut self) -> String {
        let is_braced = self.rest.peek() == Some(&'{');
        if is_braced {
            self.next();
        }
        let name = self.take(|character| character.is_ascii_alphanumeric() || character == '_');
        if is_braced && self.rest.peek() == Some(&'}') {
            self.next();
        }
        if name.is_empty() {
            return "$".to_owned();
        }
        self.known.iter().chain(&self.found).find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The closing quote; the rest of its line may only be a comment.
    fn close(&mut self, line: usize) -> Result<(), String> {
        if self.next().is_none() {
            return Err(format!("line {line}: the quote is not closed"));
        }
        let rest = self.take(|character| character != '\n');
        if rest.trim().is_empty() || rest.trim_start().starts_with('#') {
            Ok(())
        } else {
            Err(format!("line {line}: text after the closing quote"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let known = [("HOST".to_owned(), "files".to_owned())];
        Parser::new(text, &known).parse()
    }

    fn value(text: &str) -> Option<String> {
        let variables = parsed(text).ok()?;
        variables.into_iter().next_back().map(|(_, value)| value)
    }

    // LOAD-013
    #[test]
    fn quotes_escape_as_described() {
        assert_eq!(value(r"A='my$secret\pwd'").as_deref(), Some(r"my$secret\pwd"));
        assert_eq!(value(r#"A="my\$secret\\pwd""#).as_deref(), Some(r"my$secret\pwd"));
        assert_eq!(value(r#"A="a \"b\" c" # d"#).as_deref(), Some("a \"b\" c"));
        assert_eq!(value(r"A=plain$x\y").as_deref(), Some(r"plain$x\y"));
    }

    // LOAD-013
    #[test]
    fn double_quotes_expand_variables() {
        assert_eq!(value(r#"A="$HOST.local""#).as_deref(), Some("files.local"));
        assert_eq!(value(r#"A="${HOST}s""#).as_deref(), Some("filess"));
        assert_eq!(value("B=own\nA=\"$B-$MISSING\"").as_deref(), Some("own-"));
    }

    // LOAD-005
    #[test]
    fn comments_blank_lines_and_export_are_allowed() {
        let text = "# head\n\nexport A = x y # tail\n  B=a#b\nC=\nD=' '\n";
        let expected =
            [("A", "x y"), ("B", "a#b"), ("C", ""), ("D", " ")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parsed(text), Ok(expected.to_vec()));
    }

    #[test]
    fn broken_lines_are_named() {
        assert_eq!(parsed("A=1\nnonsense\n"), Err("line 2: not of the form KEY=VALUE".to_owned()));
        assert_eq!(parsed("A=1\n\nB='x\n"), Err("line 3: the quote is not closed".to_owned()));
        assert_eq!(parsed("A='x'y"), Err("line 1: text after the closing quote".to_owned()));
    }
}
