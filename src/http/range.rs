//! Parts of files (RFC 9110 section 14).

use std::ops::Range;

use actix_web::http::header::{self, HeaderMap};

use crate::Validators;

/// What a request wants of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes; never none.
    Part(Range<u64>),
    /// Bytes that are not there, several ranges, or what is no range: 416 (API-130).
    Unsatisfiable,
}

impl Wanted {
    /// Reads `Range` and `If-Range`, for a file of `size` bytes.
    pub fn of(headers: &HeaderMap, size: u64, validators: &Validators) -> Self {
        let mut values = headers.get_all(header::RANGE);
        let Some(value) = values.next() else { return Self::Whole };
        if !validators.range_holds(headers) {
            return Self::Whole;
        }
        let is_single = values.next().is_none();
        let range = value.to_str().ok().filter(|_| is_single).and_then(|text| parse(text, size));
        range.map_or(Self::Unsatisfiable, Self::Part)
    }
}

/// `bytes=a-b`, `bytes=a-`, `bytes=-n`.
fn parse(text: &str, size: u64) -> Option<Range<u64>> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    (range.start < range.end).then_some(range)
}

/// Digits only; what is too large for a file is larger than all of them.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: &str, size: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        Wanted::of(&headers, size, &Validators { tag: "a".to_owned(), modified: None })
    }

    // API-130
    #[test]
    fn one_range_is_taken() {
        for (range, start, end) in [
            ("bytes=0-0", 0, 1),
            ("bytes=0-", 0, 10),
            ("bytes=3-5", 3, 6),
            ("bytes=3-99", 3, 10),
            ("bytes=-4", 6, 10),
            ("bytes=-40", 0, 10),
            ("Bytes=9-", 9, 10),
            ("bytes=0-99999999999999999999999", 0, 10),
            ("bytes=-99999999999999999999999", 0, 10),
        ] {
            assert_eq!(wanted(range, 10), Wanted::Part(start..end), "{range}");
        }
    }

    // API-130
    #[test]
    fn everything_else_is_not_satisfiable() {
        let many = format!("bytes={}", ["0-1"; 1000].join(","));
        for range in [
            "bytes=1a-",
            "bytes=-2,",
            "bytes=0-1,4-5",
            "bytes=10-",
            "bytes=10-12",
            "bytes=5-3",
            "bytes=-0",
            "bytes=-",
            "bytes=",
            "bytes",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=--1",
            "bytes=99999999999999999999999-",
            &many,
        ] {
            assert_eq!(wanted(range, 10), Wanted::Unsatisfiable, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Unsatisfiable);
        assert_eq!(wanted("bytes=-5", 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn range_of_another_file_is_ignored() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=1-2".parse().unwrap());
        headers.insert(header::IF_RANGE, "\"b\"".parse().unwrap());
        assert_eq!(Wanted::of(&headers, 10, &Validators { tag: "a".to_owned(), modified: None }), Wanted::Whole);
    }
}
