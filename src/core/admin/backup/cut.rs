//! Cutting a document into its members and their elements, as pieces of its own text: what is not wanted is only looked
//! over, and nothing is copied.

use std::ops::Range;

use serde::de::IgnoredAny;

/// A document whose top level is an object.
pub(super) struct Cut {
    members: Vec<(String, Range<usize>)>,
}

/// Why a text is not a document. Offsets are bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CutError {
    #[error("the document is not valid JSON: {message}, at byte {at}")]
    Syntax { at: usize, message: String },
    #[error("the document must be a JSON object")]
    NoObject,
    #[error("{member} must be a list")]
    NoList { member: String },
}

impl Cut {
    /// Finds the members of `text`.
    pub(super) fn new(text: &[u8]) -> Result<Self, CutError> {
        let mut cursor = Cursor { text, at: 0 };
        // A byte order mark, as some editors write it.
        if text.starts_with("\u{feff}".as_bytes()) {
            cursor.at = '\u{feff}'.len_utf8();
        }
        if cursor.peek() != Some(b'{') {
            // Text that is no JSON at all is told so.
            cursor.skip_value()?;
            return Err(CutError::NoObject);
        }
        cursor.at += 1;
        let mut members = Vec::new();
        if !cursor.take(b'}') {
            loop {
                cursor.peek();
                let key = cursor.skip_value()?;
                let name = serde_json::from_slice(&text[key.clone()]);
                let name = name.map_err(|_| cursor.syntax_at(key.start, "a name was expected"))?;
                cursor.expect(b':')?;
                members.push((name, cursor.skip_value()?));
                if cursor.take(b'}') {
                    break;
                }
                cursor.expect(b',')?;
            }
        }
        match cursor.peek() {
            None => Ok(Self { members }),
            Some(_) => Err(cursor.syntax("something follows the document")),
        }
    }

    /// Names of the members, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// Where the value of a member is. The last of several of one name counts; `null` is none.
    pub(super) fn value(&self, text: &[u8], name: &str) -> Option<Range<usize>> {
        let found = self.members.iter().rev().find(|(member, _)| member == name)?;
        (&text[found.1.clone()] != b"null").then(|| found.1.clone())
    }

    /// Where the elements of a list are; none if the member is absent.
    pub(super) fn elements(&self, text: &[u8], name: &str) -> Result<Vec<Range<usize>>, CutError> {
        let Some(value) = self.value(text, name) else { return Ok(Vec::new()) };
        let mut cursor = Cursor { text: &text[..value.end], at: value.start };
        if !cursor.take(b'[') {
            return Err(CutError::NoList { member: name.to_owned() });
        }
        let mut elements = Vec::new();
        if cursor.take(b']') {
            return Ok(elements);
        }
        loop {
            elements.push(cursor.skip_value()?);
            if cursor.take(b']') {
                return Ok(elements);
            }
            cursor.expect(b',')?;
        }
    }
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), CutError> {
        if self.take(byte) { Ok(()) } else { Err(self.syntax(&format!("{:?} was expected", char::from(byte)))) }
    }

    /// Passes over a value and answers where it is.
    fn skip_value(&mut self) -> Result<Range<usize>, CutError> {
        self.peek();
        let start = self.at;
        let mut values = serde_json::Deserializer::from_slice(&self.text[start..]).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => {
                self.at = start + values.byte_offset();
                Ok(start..self.at)
            }
            Some(Err(error)) => Err(self.syntax_at(start + values.byte_offset(), &without_place(&error))),
            None => Err(self.syntax("it ends early")),
        }
    }

    fn syntax(&self, message: &str) -> CutError {
        self.syntax_at(self.at, message)
    }

    fn syntax_at(&self, at: usize, message: &str) -> CutError {
        CutError::Syntax { at, message: message.to_owned() }
    }
}

/// The place that the parser names is one in a piece.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Result<Cut, CutError> {
        Cut::new(text.as_bytes())
    }

    fn elements(text: &str, name: &str) -> Vec<String> {
        let ranges = cut(text).expect("a document").elements(text.as_bytes(), name).expect("a list");
        ranges.into_iter().map(|range| text[range].to_owned()).collect()
    }

    #[test]
    fn elements_are_pieces_of_the_text() {
        let text = "\u{feff} {\"version\" :17, \"users\":[ {\"a\":\"]}\\\"\"} ,{\"b\":[1, 2]} ],\"groups\":[],\"x\":null,\"n\":[1,-2.5,true]}\n";
        assert_eq!(elements(text, "users"), ["{\"a\":\"]}\\\"\"}", "{\"b\":[1, 2]}"]);
        assert!(elements(text, "groups").is_empty() && elements(text, "x").is_empty() && elements(text, "none").is_empty());
        assert_eq!(elements(text, "n"), ["1", "-2.5", "true"]);
        let document = cut(text).expect("a document");
        assert_eq!(document.names().collect::<Vec<_>>(), ["version", "users", "groups", "x", "n"]);
        assert_eq!(document.value(text.as_bytes(), "version").map(|range| &text[range]), Some("17"));
        assert!(cut("{}").expect("empty").names().next().is_none());
    }

    // API-012
    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for text in
            ["", "x", "{", "{\"a\"", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":1} x", "{1:2}", "{\"a\":[1,]}"]
        {
            let refused = cut(text).and_then(|cut| cut.elements(text.as_bytes(), "a"));
            assert!(matches!(refused, Err(CutError::Syntax { .. })), "{text}: {refused:?}");
        }
        assert!(matches!(cut("[]"), Err(CutError::NoObject)));
        let text = "{\"users\":{}}";
        let refused = cut(text).expect("a document").elements(text.as_bytes(), "users");
        assert_eq!(refused.err(), Some(CutError::NoList { member: "users".into() }));
    }
}
