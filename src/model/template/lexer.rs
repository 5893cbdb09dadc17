//! Texts between delimiters, and the words inside of them.

use super::TemplateError;

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// `.name`
    Field(String),
    /// `.` alone
    Dot,
    /// `$` or `$name`
    Variable(String),
    /// A keyword or function.
    Name(String),
    Text(String),
    Character(char),
    Number(String),
    Open,
    Close,
    Pipe,
    Comma,
    /// `:=`
    Declare,
    /// `=`
    Assign,
}

/// A word, and whether blanks stand before it: `.a.b` is one value, `.a .b` are two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) is_apart: bool,
}

/// Text, or the words of an action and its line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Action(usize, Vec<Token>),
}

pub(super) fn error(line: usize, message: impl Into<String>) -> TemplateError {
    TemplateError { line, message: message.into() }
}

/// Cuts a template into texts and actions; comments go, and blanks that trim markers name.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece>, TemplateError> {
    let (mut pieces, mut rest, mut line, mut trims) = (Vec::new(), template, 1, false);
    loop {
        let (before, inside) = match rest.split_once("{{") {
            Some((before, inside)) => (before, Some(inside)),
            None => (rest, None),
        };
        line += lines(before);
        let mut text = if trims { before.trim_start() } else { before };
        let marked = inside.and_then(|inside| inside.strip_prefix('-').filter(|after| after.starts_with(char::is_whitespace)));
        if marked.is_some() {
            text = text.trim_end();
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        let Some(inside) = inside else { return Ok(pieces) };
        let inside = marked.map_or(inside, str::trim_start);
        let start = line;
        if let Some(comment) = inside.strip_prefix("/*") {
            let (text, after) = comment.split_once("*/").ok_or_else(|| error(start, "unclosed comment"))?;
            let end = after.trim_start().strip_prefix("-}}").filter(|_| after.starts_with(char::is_whitespace));
            trims = end.is_some();
            rest = end.or_else(|| after.strip_prefix("}}")).ok_or_else(|| error(start, "a comment must end with */}}"))?;
            line += lines(text);
            continue;
        }
        let mut lexer = Lexer { rest: inside, line: start, tokens: Vec::new() };
        trims = lexer.action()?;
        (rest, line) = (lexer.rest, lexer.line);
        pieces.push(Piece::Action(start, lexer.tokens));
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    /// Reads up to the closing delimiter; whether that trims what follows.
    fn action(&mut self) -> Result<bool, TemplateError> {
        let mut is_apart = true;
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.line += lines(&self.rest[..blank]);
            self.rest = &self.rest[blank..];
            is_apart |= blank > 0;
            if let Some(after) = self.rest.strip_prefix("}}") {
                self.rest = after;
                return Ok(false);
            }
            if let Some(after) = self.rest.strip_prefix("-}}").filter(|_| blank > 0) {
                self.rest = after;
                return Ok(true);
            }
            let word = self.word()?;
            self.tokens.push(Token { word, is_apart });
            is_apart = false;
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, TemplateError> {
        Err(error(self.line, message))
    }

    fn word(&mut self) -> Result<Word, TemplateError> {
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else { return self.fail("an action is not closed with }}") };
        let second = chars.next();
        let simple = match (first, second) {
            ('(', _) => Some((Word::Open, 1)),
            (')', _) => Some((Word::Close, 1)),
            ('|', _) => Some((Word::Pipe, 1)),
            (',', _) => Some((Word::Comma, 1)),
            (':', Some('=')) => Some((Word::Declare, 2)),
            ('=', _) => Some((Word::Assign, 1)),
            _ => None,
        };
        if let Some((word, length)) = simple {
            self.rest = &self.rest[length..];
            return Ok(word);
        }
        match first {
            '"' => self.quoted('"').map(Word::Text),
            '\'' => self.character(),
            '`' => {
                let Some((text, after)) = self.rest[1..].split_once('`') else { return self.fail("unclosed raw string") };
                self.line += lines(text);
                self.rest = after;
                Ok(Word::Text(text.to_owned()))
            }
            '.' if second.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            '.' if second.is_some_and(is_letter) => self.name(1).map(Word::Field),
            '.' => self.name(1).map(|_| Word::Dot),
            '$' => self.name(1).map(|name| Word::Variable(format!("${name}"))),
            '+' | '-' | '0'..='9' => self.number(),
            c if is_letter(c) => self.name(0).map(Word::Name),
            c => self.fail(format!("unexpected {c:?}")),
        }
    }

    /// Letters and digits after `skip` bytes; what follows must separate (`.a"b"` is a mistake).
    fn name(&mut self, skip: usize) -> Result<String, TemplateError> {
        let text = &self.rest[skip..];
        let end = text.find(|c| !is_letter(c)).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        if after.starts_with(|c: char| !c.is_whitespace() && !".,|:=()}".contains(c)) {
            return self.fail(format!("unexpected {:?} after {name:?}", after.chars().next().unwrap_or_default()));
        }
        let name = name.to_owned();
        self.rest = after;
        Ok(name)
    }

    fn number(&mut self) -> Result<Word, TemplateError> {
        let mut previous = ' ';
        let is_hex = self.rest.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
        let end = self.rest.find(|c: char| {
            let is_sign = matches!(c, '+' | '-')
                && (previous == ' ' || matches!(previous, 'p' | 'P') || (!is_hex && matches!(previous, 'e' | 'E')));
            previous = c;
            !(is_sign || c == '.' || is_letter(c))
        });
        let (number, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if !is_number(number) {
            return self.fail(format!("bad number {number:?}"));
        }
        let word = Word::Number(number.to_owned());
        self.rest = after;
        Ok(word)
    }

    fn character(&mut self) -> Result<Word, TemplateError> {
        let text = self.quoted('\'')?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(Word::Character(c)),
            _ => self.fail("a character constant must have one character"),
        }
    }

    /// A quoted text with the escapes of Go.
    fn quoted(&mut self, quote: char) -> Result<String, TemplateError> {
        let mut text = String::new();
        let mut chars = self.rest[1..].chars();
        loop {
            match chars.next() {
                None | Some('\n') => return self.fail("unclosed string"),
                Some(c) if c == quote => break,
                Some('\\') => match escaped(&mut chars) {
                    Some(c) => text.push(c),
                    None => return self.fail("unknown escape in a string"),
                },
                Some(c) => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Ok(text)
    }
}

/// The character of an escape whose backslash was read.
fn escaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = |chars: &mut std::str::Chars<'_>, count: usize, radix: u32, first: u32| {
        (0..count).try_fold(first, |number, _| Some(number.checked_mul(radix)? + chars.next()?.to_digit(radix)?))
    };
    Some(match chars.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        c @ ('\\' | '"' | '\'') => c,
        'x' => char::from_u32(digits(chars, 2, 16, 0)?)?,
        'u' => char::from_u32(digits(chars, 4, 16, 0)?)?,
        'U' => char::from_u32(digits(chars, 8, 16, 0)?)?,
        c @ '0'..='7' => char::from_u32(digits(chars, 2, 8, c.to_digit(8)?)?)?,
        _ => return None,
    })
}

/// Integers with the prefixes of Go, and decimal fractions.
fn is_number(text: &str) -> bool {
    let plain = text.trim_start_matches(['+', '-']).replace('_', "").to_ascii_lowercase();
    if text.len() > plain.len() + 1 && !text.contains('_') {
        return false;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix).is_ok();
        }
    }
    plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') && plain.parse::<f64>().is_ok()
}
