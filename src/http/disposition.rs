//! `Content-Disposition`: what a browser is to do with a file, and under which name (RFC 6266).

use std::fmt::Write as _;

use actix_web::http::header::HeaderValue;

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Save it.
    Attachment,
    /// Show it, where it is harmless.
    Inline,
}

impl Disposition {
    /// The header for a file of that name: plain for old clients, and exactly where the name needs that (RFC 8187).
    pub fn header(self, name: &[u8]) -> HeaderValue {
        let name = String::from_utf8_lossy(name);
        let kind = match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        };
        let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let mut text = format!("{kind}; filename=\"{plain}\"");
        if plain != name {
            text.push_str("; filename*=UTF-8''");
            for byte in name.bytes() {
                if is_attribute(byte) {
                    text.push(char::from(byte));
                } else {
                    let _ = write!(text, "%{byte:02X}");
                }
            }
        }
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
    }
}

/// Letters that every client reads alike within quotes: no quote, no escape, nothing that looks like an encoding.
fn is_plain(letter: char) -> bool {
    matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\' | '%')
}

/// `attr-char` of RFC 8187 section 3.2.1.
fn is_attribute(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-128
    #[test]
    fn names_arrive_as_they_are() {
        for (name, wanted) in [
            (&b"report 1.pdf"[..], "attachment; filename=\"report 1.pdf\""),
            ("für.txt".as_bytes(), "attachment; filename=\"f_r.txt\"; filename*=UTF-8''f%C3%BCr.txt"),
            (b"a\"b\\c.txt", "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
            (b"a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
            (b"50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
            (b"\xff.bin", "attachment; filename=\"_.bin\"; filename*=UTF-8''%EF%BF%BD.bin"),
        ] {
            assert_eq!(Disposition::Attachment.header(name), wanted);
        }
        assert_eq!(Disposition::Inline.header(b"a.png"), "inline; filename=\"a.png\"");
    }
}
