//! The texts of the pages, in six languages. `build.rs` makes the struct from the catalogs in `ui/i18n`.

use std::fmt::Display;

use actix_web::http::header::{self, HeaderMap};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Italian,
    German,
    French,
    Spanish,
    /// Simplified.
    Chinese,
}

impl Language {
    /// All, in the order of the menu.
    pub(crate) const ALL: [Self; 6] = [Self::English, Self::German, Self::Spanish, Self::French, Self::Italian, Self::Chinese];

    /// Tag of BCP 47.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Chinese => "zh-Hans",
        }
    }

    /// What it calls itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Italian => "Italiano",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Chinese => "简体中文",
        }
    }

    /// Its texts.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &EN,
            Self::Italian => &IT,
            Self::German => &DE,
            Self::French => &FR,
            Self::Spanish => &ES,
            Self::Chinese => &ZH,
        }
    }

    /// By its tag, or the tag of something nearer (`de-AT`).
    pub(crate) fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(primary)))
    }

    /// The first that the browser would like (RFC 9110 section 12.5.4).
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut wanted: Vec<(f32, &str)> = text
            .split(',')
            .take(32)
            .filter_map(|part| {
                let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
                let quality = rest.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok())?;
                Some((quality, tag.trim()))
            })
            .filter(|(quality, _)| *quality > 0.0)
            .collect();
        wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
        wanted.into_iter().find_map(|(_, tag)| Self::of(tag))
    }

    /// Which form of a countable text belongs to a number (the subset of CLDR that these languages need).
    fn is_one(self, number: u64) -> bool {
        match self {
            Self::French => number < 2,
            Self::Chinese => false,
            Self::English | Self::Italian | Self::German | Self::Spanish => number == 1,
        }
    }

    /// A text of two forms, `{0} user|{0} users`, for a number.
    pub(crate) fn count(self, text: &str, number: impl TryInto<u64>) -> String {
        let number = number.try_into().unwrap_or_default();
        let (one, many) = text.split_once('|').unwrap_or((text, text));
        fill(if self.is_one(number) { one } else { many }, &[&number])
    }
}

impl Words {
    /// A text whose key is put together at run time; the key itself if there is none.
    pub(crate) fn get<'a>(&self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// As [`Words::get`], `None` if there is none.
    pub(crate) fn find(&self, key: &str) -> Option<&'static str> {
        let at = KEYS.binary_search_by(|(known, _)| (*known).cmp(key)).ok()?;
        Some(KEYS[at].1(self))
    }
}

/// A text with its places `{0}`, `{1}`, … filled. What fills them is not looked at again.
pub(crate) fn fill(text: &str, values: &[&dyn Display]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(index, tail)| Some((values.get(index.parse::<usize>().ok()?)?, tail)));
        match value {
            Some((value, tail)) => {
                filled.push_str(&value.to_string());
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests;
