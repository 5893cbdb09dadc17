//! What was found by a part of its name, of either area: a page of it, and the same for the palette of Ctrl+K
//! (`ui/src/js/find.js`).

use askama::Template;

use super::{Form, PageResult, Shell, render};

/// Longest text that is looked for, in characters.
const LONGEST: usize = 256;

/// Something found.
pub(crate) struct Hit {
    pub(crate) href: String,
    pub(crate) label: String,
    pub(crate) sub: String,
    pub(crate) icon: &'static str,
}

/// What was found of a kind.
pub(crate) struct Hits {
    pub(crate) title: &'static str,
    pub(crate) hits: Vec<Hit>,
    /// The list with all of them, where there are more.
    pub(crate) all: Option<String>,
}

/// What was found of every kind that has something.
pub(crate) struct Found {
    pub(crate) f: Shell,
    pub(crate) q: String,
    pub(crate) kinds: Vec<Hits>,
    /// Kinds that a search can begin with.
    pub(crate) types: &'static [&'static str],
}

#[derive(Template)]
#[template(path = "frame/find.html")]
struct FindPage {
    f: Shell,
    q: String,
    lead: &'static str,
    kinds: Vec<Hits>,
    types: &'static [&'static str],
}

#[derive(Template)]
#[template(path = "frame/find_hits.html")]
struct FindHits {
    f: Shell,
    q: String,
    kinds: Vec<Hits>,
    types: &'static [&'static str],
}

impl Found {
    /// With a field to look for something else; `lead` says what can be found.
    pub(crate) fn page(self, lead: &'static str) -> PageResult {
        render(&FindPage { f: self.f, q: self.q, lead, kinds: self.kinds, types: self.types })
    }

    /// For the palette.
    pub(crate) fn hits(self) -> PageResult {
        render(&FindHits { f: self.f, q: self.q, kinds: self.kinds, types: self.types })
    }
}

/// What an address asks for.
pub(crate) fn wanted(query: &Form) -> String {
    query.get("q").trim().chars().take(LONGEST).collect()
}

/// Whether every word of the search is in the text.
pub(crate) fn is_about(text: &str, q: &str) -> bool {
    let text = text.to_lowercase();
    q.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
