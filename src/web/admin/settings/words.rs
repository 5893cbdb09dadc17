//! What settings are called: a plain name and a sentence in the language of the page for those that people are likely to
//! change; of the others (`ui/i18n/rare`) the key, made readable, and the sentence of the registry in the language of the page.

use entrepot_model::setting::SettingView;

use crate::frame::words::Words;

/// The sections of the page, in their order: name of the text, and what keys of it begin with. The first that fits counts.
const SECTIONS: [(&str, &[&str]); 15] = [
    ("sftp", &["sftpd.", "ssh."]),
    ("ftp", &["ftpd."]),
    ("webdav", &["webdavd."]),
    ("web", &["httpd.", "hook.httpd", "hook.webclient", "hook.share", "hook.has_share"]),
    ("certificates", &["acme."]),
    ("defender", &["common.defender."]),
    ("passwords", &["data_provider.password_validation.", "data_provider.password_hashing.", "mfa."]),
    ("mail", &["smtp.", "mail_templates.", "hook.password_"]),
    ("backup", &["backup.", "loaddata."]),
    ("log", &["log.", "events.", "telemetry."]),
    ("files", &["transfers.", "quota."]),
    (
        "hooks",
        &["common.actions.", "common.post_", "common.startup_hook", "common.event_manager.", "data_provider.actions.", "http."],
    ),
    ("limits", &["common."]),
    ("accounts", &["data_provider.", "hook."]),
    ("rest", &[""]),
];

/// How a setting is told.
pub(in crate::admin) struct Told {
    pub(in crate::admin) label: String,
    pub(in crate::admin) text: String,
    /// The text is English whatever the language of the page.
    pub(in crate::admin) is_english: bool,
}

/// Place of the section of a key in [`sections`].
pub(super) fn section(key: &str) -> usize {
    let fits = |prefixes: &&[&str]| prefixes.iter().any(|prefix| key.starts_with(prefix));
    SECTIONS.iter().position(|(_, prefixes)| fits(prefixes)).unwrap_or(SECTIONS.len() - 1)
}

/// Identifier and name of every section.
pub(super) fn sections(t: &'static Words) -> impl Iterator<Item = (&'static str, &'static str)> {
    SECTIONS.iter().map(|(id, _)| (*id, t.find(&format!("section.{id}")).unwrap_or_default()))
}

/// Label and sentence of a setting.
pub(in crate::admin) fn told(setting: &SettingView, t: &'static Words) -> Told {
    let (plain, number) = without_number(&setting.key);
    let numbered = |label: &str| match number {
        Some(number) => format!("{label} ({})", number + 1),
        None => label.to_owned(),
    };
    let label = t.find(&format!("setting.{plain}")).map_or_else(|| numbered(&readable(&plain)), numbered);
    match t.find(&format!("setting_is.{plain}")) {
        Some(text) => Told { label, text: text.to_owned(), is_english: false },
        None => Told { label, text: setting.doc.clone(), is_english: true },
    }
}

/// `httpd.bindings[1].port` is the port of the second listener.
fn without_number(key: &str) -> (String, Option<usize>) {
    let Some((before, rest)) = key.split_once('[') else { return (key.to_owned(), None) };
    let Some((number, after)) = rest.split_once(']') else { return (key.to_owned(), None) };
    (format!("{before}{after}"), number.parse().ok())
}

/// The last two parts of a key as words.
fn readable(key: &str) -> String {
    const PLAIN: [&str; 6] = ["bindings", "common", "httpd", "sftpd", "ftpd", "webdavd"];
    let parts: Vec<&str> = key.split('.').collect();
    let tail = &parts[parts.len().saturating_sub(2)..];
    let said: Vec<String> = tail.iter().filter(|part| !PLAIN.contains(part)).map(|part| part.replace('_', " ")).collect();
    let said = said.join(": ");
    let mut chars = said.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use entrepot_core::admin::AdminSession;

    use super::*;
    use crate::frame::words::Language;

    #[test]
    fn keys_are_readable_and_listeners_numbered() {
        assert_eq!(without_number("httpd.bindings[1].port"), ("httpd.bindings.port".to_owned(), Some(1)));
        assert_eq!(without_number("log.level"), ("log.level".to_owned(), None));
        assert_eq!(readable("httpd.bindings.security.sts_seconds"), "Security: sts seconds");
        assert_eq!(readable("httpd.cookie_lifetime"), "Cookie lifetime");
    }

    // UI-223
    #[actix_web::test]
    async fn every_setting_is_told_in_the_language_of_the_page() {
        let house = crate::testing::ready().await;
        let all = entrepot_core::admin::settings::list(&house.core, &AdminSession::system()).unwrap();
        let english = Language::English.words();
        for setting in all {
            assert!(!told(&setting, english).is_english, "{}", setting.key);
            // What has no name of its own is told as the registry tells it.
            if english.find(&format!("setting.{}", without_number(&setting.key).0)).is_none() {
                assert_eq!(told(&setting, english).text, setting.doc, "{}", setting.key);
            }
        }
    }

    // UI-223
    #[test]
    fn every_section_has_a_name_and_every_named_setting_a_sentence() {
        for language in Language::ALL {
            let t = language.words();
            assert!(sections(t).all(|(_, name)| !name.is_empty()), "{}", language.tag());
        }
        let named = crate::frame::words::KEYS.iter().filter_map(|(key, _)| key.strip_prefix("setting."));
        let missing: Vec<&str> =
            named.filter(|key| Language::English.words().find(&format!("setting_is.{key}")).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
