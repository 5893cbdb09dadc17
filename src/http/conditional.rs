//! Conditional requests (RFC 9110 section 13), for everything that serves files.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue, HttpDate};

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// A strong entity tag, without its quotes. Hexadecimal digits do.
    pub tag: String,
    /// Last change, in whole seconds since the epoch; `None` where it is not known.
    pub modified: Option<u64>,
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Go on.
    Holds,
    /// The client has it already: 304.
    NotModified,
    /// 412.
    Failed,
}

impl Validators {
    /// The header `ETag`.
    pub fn etag(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("\"{}\"", self.tag)).ok()
    }

    /// The header `Last-Modified`.
    pub fn last_modified(&self) -> Option<HeaderValue> {
        let moment = UNIX_EPOCH.checked_add(Duration::from_secs(self.modified?))?;
        HeaderValue::from_str(&HttpDate::from(moment).to_string()).ok()
    }

    /// Evaluates the conditions in their order (section 13.2.2). Where the client only `reads`, what it has already is
    /// answered with 304, elsewhere with 412.
    pub fn check(&self, headers: &HeaderMap, reads: bool) -> Precondition {
        if headers.contains_key(header::IF_MATCH) {
            if !self.is_among(headers, &header::IF_MATCH, false) {
                return Precondition::Failed;
            }
        } else if let (Some(limit), Some(modified)) = (date(headers, &header::IF_UNMODIFIED_SINCE), self.modified)
            && modified > limit
        {
            return Precondition::Failed;
        }
        let is_known = if headers.contains_key(header::IF_NONE_MATCH) {
            self.is_among(headers, &header::IF_NONE_MATCH, true)
        } else {
            let since = date(headers, &header::IF_MODIFIED_SINCE).zip(self.modified);
            reads && since.is_some_and(|(limit, modified)| modified <= limit)
        };
        match (is_known, reads) {
            (false, _) => Precondition::Holds,
            (true, true) => Precondition::NotModified,
            (true, false) => Precondition::Failed,
        }
    }

    /// Whether the condition of a range holds (section 13.1.5): the same strong tag, or exactly the same date.
    pub fn range_holds(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::IF_RANGE) else { return true };
        let Ok(text) = value.to_str() else { return false };
        match text.trim().strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"') == Some(self.tag.as_str()),
            None => self.modified.is_some() && seconds(text) == self.modified,
        }
    }

    /// Whether one of the tags in the header is this one, or the header says `*`.
    fn is_among(&self, headers: &HeaderMap, name: &HeaderName, weak_counts: bool) -> bool {
        let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
        values
            .into_iter()
            .any(|list| list.trim() == "*" || Tags(list).any(|(tag, weak)| tag == self.tag && (weak_counts || !weak)))
    }
}

/// The tags of a list, and whether each is weak. Commas may stand within quotes.
struct Tags<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = (&'a str, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let (before, rest) = self.0.split_once('"')?;
        let (tag, rest) = rest.split_once('"')?;
        self.0 = rest;
        Some((tag, before.trim_end().ends_with("W/")))
    }
}

/// A date of a header, in seconds since the epoch; what is no date is as if it was not there.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    seconds(headers.get(name)?.to_str().ok()?)
}

fn seconds(text: &str) -> Option<u64> {
    let moment = SystemTime::from(text.trim().parse::<HttpDate>().ok()?);
    moment.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "Tue, 15 Oct 2024 12:45:25 GMT";
    const SAME: &str = "Tue, 15 Oct 2024 12:45:26 GMT";
    const AFTER: &str = "Tue, 15 Oct 2024 12:45:27 GMT";

    fn file() -> Validators {
        Validators { tag: "ab1".to_owned(), modified: Some(1_728_996_326) }
    }

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name.parse().unwrap(), value.parse().unwrap());
        }
        headers
    }

    // API-132, RFC 9110 section 13.2.2
    #[test]
    fn conditions_are_evaluated_in_their_order() {
        use Precondition::{Failed, Holds, NotModified};
        for (list, wanted) in [
            (&[][..], Holds),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (&[("if-modified-since", BEFORE)], Holds),
            (&[("if-modified-since", "yesterday")], Holds),
            (&[("if-unmodified-since", SAME)], Holds),
            (&[("if-unmodified-since", BEFORE)], Failed),
            (&[("if-none-match", "\"ab1\"")], NotModified),
            (&[("if-none-match", "W/\"ab1\"")], NotModified),
            (&[("if-none-match", "\"x,y\", W/\"q\", \"ab1\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"other\"")], Holds),
            (&[("if-match", "\"ab1\"")], Holds),
            (&[("if-match", "*")], Holds),
            (&[("if-match", "W/\"ab1\"")], Failed),
            (&[("if-match", "\"other\"")], Failed),
            // Tags come before dates.
            (&[("if-none-match", "\"other\""), ("if-modified-since", AFTER)], Holds),
            (&[("if-match", "\"ab1\""), ("if-unmodified-since", BEFORE)], Holds),
        ] {
            assert_eq!(file().check(&headers(list), true), wanted, "{list:?}");
        }
        assert_eq!(file().check(&headers(&[("if-none-match", "*")]), false), Failed);
        assert_eq!(file().check(&headers(&[("if-modified-since", AFTER)]), false), Holds);
    }

    // API-131
    #[test]
    fn range_holds_for_the_same_file_only() {
        for (value, wanted) in [
            (SAME, true),
            (BEFORE, false),
            (AFTER, false),
            ("\"ab1\"", true),
            ("\"x\"", false),
            ("W/\"ab1\"", false),
            ("", false),
        ] {
            assert_eq!(file().range_holds(&headers(&[("if-range", value)])), wanted, "{value}");
        }
        assert!(file().range_holds(&HeaderMap::new()));
        let undated = Validators { modified: None, ..file() };
        assert!(!undated.range_holds(&headers(&[("if-range", "nonsense")])));
    }

    #[test]
    fn headers_have_the_form_of_the_standard() {
        assert_eq!(file().etag().unwrap(), "\"ab1\"");
        assert_eq!(file().last_modified().unwrap(), SAME);
    }
}
