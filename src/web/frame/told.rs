//! What core, the doctor and the validation of objects say in English, in the language of a page.
//!
//! The catalogue has those sentences under `told.…`, with `{0}`, `{1}`, … where they have names, numbers and paths. A sentence is
//! found again by its fixed parts; one that the catalogue does not have stays English. Answers of REST and the log are English.

use super::words::{self, KEYS, Words, fill};

/// How deep sentences may stand in sentences.
const DEPTH: usize = 6;

impl Words {
    /// A sentence of core in this language.
    pub(crate) fn told(&self, english: &str) -> String {
        if std::ptr::eq(self, &words::EN) { english.to_owned() } else { translated(self, english, DEPTH) }
    }

    /// What the API says of a member, for somebody who sees it at the field: its name there is no word.
    pub(crate) fn fault(&self, field: &str, message: &str) -> String {
        let is_name = |head: &str| !head.is_empty() && (field.starts_with(head) || field.ends_with(head));
        let text = message.split_once(": ").filter(|(head, _)| is_name(head)).map_or(message, |(_, text)| text);
        let last = field.rsplit('.').next().unwrap_or(field).replace('_', " ");
        let text = if field.contains(['.', '_']) { text.replace(field, &last) } else { text.to_owned() };
        sentence(&self.told(&text))
    }
}

/// With a large letter at the beginning and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let stop = if text.ends_with(['.', '。']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), chars.as_str())
}

fn translated(to: &Words, english: &str, depth: usize) -> String {
    if depth == 0 || english.is_empty() {
        return english.to_owned();
    }
    let whole = find(english, to);
    // One without words ("3 × …") fits what is several in one, too.
    let is_worded = whole.as_ref().is_some_and(|found| fixed(found.1).iter().any(|part| part.contains(char::is_alphabetic)));
    if !is_worded && let Some(said) = several(to, english, depth) {
        return said;
    }
    let Some((values, pattern)) = whole else { return english.to_owned() };
    let values: Vec<String> = values.into_iter().map(|value| translated(to, value, depth - 1)).collect();
    let values: Vec<&dyn std::fmt::Display> = values.iter().map(|value| value as &dyn std::fmt::Display).collect();
    fill(pattern, &values)
}

/// A list of sentences.
fn several(to: &Words, english: &str, depth: usize) -> Option<String> {
    let mut lists = ["; ", ", "].into_iter().map(|between| (between, english.split(between).collect::<Vec<_>>()));
    let (between, parts) = lists.find(|(_, parts)| parts.len() > 1 && parts.iter().all(|part| find(part, to).is_some()))?;
    Some(parts.into_iter().map(|part| translated(to, part, depth - 1)).collect::<Vec<_>>().join(between))
}

/// The pattern that fits, of several the one with most fixed text: what stands in its places, and how it is said.
fn find<'a>(english: &'a str, to: &Words) -> Option<(Vec<&'a str>, &'static str)> {
    let sentences = KEYS.iter().filter(|(key, _)| key.starts_with("told."));
    let fitting = sentences.filter_map(|(_, read)| {
        let pattern = read(&words::EN);
        Some((pattern.len(), values(pattern, english)?, read(to)))
    });
    fitting.max_by_key(|(length, ..)| *length).map(|(_, values, said)| (values, said))
}

/// The fixed parts of a pattern: before, between and after its places, which are in their order in English.
fn fixed(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        parts.push(before);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// What stands in the places of a pattern, if the text is one of its kind.
fn values<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let parts = fixed(pattern);
    let (first, others) = parts.split_first()?;
    let mut rest = text.strip_prefix(first)?;
    let Some((last, between)) = others.split_last() else { return rest.is_empty().then(Vec::new) };
    let mut values = Vec::with_capacity(others.len());
    for part in between {
        let (value, after) = rest.split_once(part).filter(|(value, _)| !value.is_empty())?;
        values.push(value);
        rest = after;
    }
    values.push(rest.strip_suffix(last).filter(|value| !value.is_empty())?);
    Some(values)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn sentences_are_found_again_by_their_fixed_parts() {
        assert_eq!(
            values("{0} of {1} are free on the disk of {2}", "3 GB of 8 GB are free on the disk of '/a of b'"),
            Some(vec!["3 GB", "8 GB", "'/a of b'"])
        );
        assert_eq!(values("all of it is used up", "all of it is used up"), Some(vec![]));
        assert_eq!(values("{0} is banned", " is banned"), None);
        assert_eq!(values("the port {0}", "the port 22, and more"), Some(vec!["22, and more"]));
    }

    // UI-246
    #[test]
    fn what_the_server_says_is_said_in_the_language_of_the_page() {
        let german = |text: &str| words::DE.told(text);
        assert_eq!(german("192.0.2.9 is banned"), "192.0.2.9 ist gesperrt");
        assert_eq!(
            german("score 15 of 15 within 30 minutes: 13 × failed login, 1 × unknown user"),
            "15 von 15 Punkten in 30 Minuten: 13 × fehlgeschlagene Anmeldung, 1 × unbekannter Benutzer"
        );
        let until = "the self-signed certificate in use is good until 2029-02-28";
        assert_eq!(german(until), "das selbst ausgestellte Zertifikat (in Gebrauch) gilt bis 2029-02-28");
        assert_eq!(german("nobody knows this sentence"), "nobody knows this sentence");
        assert_eq!(words::EN.told("192.0.2.9 is banned"), "192.0.2.9 is banned");
    }

    // UI-226
    #[test]
    fn names_of_members_are_left_out_of_sentences() {
        for (field, message, said) in [
            ("filesystem.s3config.bucket", "filesystem.s3config.bucket is mandatory", "Bucket is mandatory."),
            (
                "filesystem.s3config.region",
                "filesystem.s3config: region or endpoint is mandatory",
                "Region or endpoint is mandatory.",
            ),
            ("filesystem.s3config.access_tier", "invalid filesystem.s3config.access_tier", "Invalid access tier."),
            ("home_dir", "home_dir: it must be absolute", "It must be absolute."),
            ("username", "the username \"a b\" is not valid", "The username \"a b\" is not valid."),
            ("name", "a name: with a colon", "A name: with a colon."),
        ] {
            assert_eq!(words::EN.fault(field, message), said);
        }
        let german = words::DE
            .fault("filesystem.sftpconfig.endpoint", "invalid filesystem.sftpconfig.endpoint \"x y\", it must be host:port");
        assert_eq!(german, "\"x y\" ist kein Rechner mit Port (rechner:port).");
        assert_eq!(
            words::DE.fault("description", "description has more than 512 characters"),
            "Der Text hat mehr als 512 Zeichen."
        );
    }

    /// Whoever changes a sentence changes it here as well: each fixed part stands in the code that says it.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "the sources are read by the test")]
    fn every_sentence_is_one_that_the_server_says() {
        fn read(folder: &Path, all: &mut String) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    read(&path, all);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    all.push_str(&fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut code = String::new();
        for room in ["core", "cli", "model", "store"] {
            read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room), &mut code);
        }
        let code = code.replace("\\\"", "\"");
        for (key, sentence) in KEYS.iter().filter(|(key, _)| key.starts_with("told.")) {
            for part in fixed(sentence(&words::EN)) {
                let part = part.trim().trim_start_matches(['\'', '"']);
                assert!(code.contains(part), "{key}: nobody says {part:?}");
            }
        }
    }
}
