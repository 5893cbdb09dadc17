use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn keys(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            keys(&if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") }, member, found);
        }),
        Value::String(text) => {
            assert!(!text.is_empty(), "{prefix} is empty");
            found.insert(prefix.to_owned());
        }
        other => panic!("{prefix}: {other}"),
    }
}

#[allow(clippy::disallowed_methods, reason = "a test looks at the sources")]
fn catalog(topic: &std::path::Path, tag: &str) -> Value {
    let path = topic.join(format!("{tag}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

// UI-006, UI-154: every language has every text, and no text that English does not have.
#[test]
fn catalogs_have_the_same_keys() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/i18n");
    for topic in std::fs::read_dir(folder).unwrap() {
        let topic = topic.unwrap().path();
        let of = |tag: &str| {
            let mut found = BTreeSet::new();
            keys("", &catalog(&topic, tag), &mut found);
            found
        };
        let english = of("en");
        for language in Language::ALL {
            let other = of(language.tag());
            let missing: Vec<_> = english.difference(&other).collect();
            let unknown: Vec<_> = other.difference(&english).collect();
            assert!(missing.is_empty(), "{}: {language:?} lacks {missing:?}", topic.display());
            assert!(unknown.is_empty(), "{}: {language:?} has {unknown:?}", topic.display());
        }
    }
}

// Places to fill are the same everywhere: a translation that drops one would drop a name. What is said at a field need not say
// which one it is (`told.f_…`).
#[test]
fn translations_have_the_places_of_the_source() {
    let places = |text: &str| -> BTreeSet<char> {
        let inside = text.split('{').skip(1).filter_map(|rest| rest.chars().next());
        inside.filter(char::is_ascii_digit).collect()
    };
    for (key, text) in KEYS {
        for language in Language::ALL {
            let (own, english) = (places(text(language.words())), places(text(&EN)));
            assert!(own == english || key.starts_with("told.f_") && own.is_subset(&english), "{key} in {language:?}: {own:?}");
        }
    }
}

#[test]
fn browsers_get_the_language_they_would_like_most() {
    let accepted = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
        Language::accepted(&headers)
    };
    assert_eq!(accepted("sv, de-AT;q=0.8, en;q=0.9"), Some(Language::English));
    assert_eq!(accepted("zh-CN,zh;q=0.9"), Some(Language::Chinese));
    assert_eq!(accepted("sv"), None);
    assert_eq!(accepted("it;q=0, de;q=x, fr;q=0.1"), Some(Language::French));
}

#[test]
fn places_are_filled_and_what_fills_them_is_not_read() {
    assert_eq!(fill("{0} of {1}", &[&"{1}", &7]), "{1} of 7");
    assert_eq!(fill("a {b} {9} c", &[&1]), "a {b} {9} c");
    assert_eq!(Language::English.count("{0} user|{0} users", 1_u64), "1 user");
    assert_eq!(Language::French.count("{0} compte|{0} comptes", 0_u64), "0 compte");
    assert_eq!(Language::German.count("{0} Konto|{0} Konten", 3_usize), "3 Konten");
}
