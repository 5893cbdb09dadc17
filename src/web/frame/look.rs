//! How a page looks for a browser, with or without a session: language, theme, signs, and what the last action said.

use std::{
    borrow::Borrow,
    fmt::{self, Display},
};

use actix_web::{HttpMessage, HttpRequest, web};
use askama::filters::HtmlSafe;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entrepot_http::Client;

use super::{
    cookies::Kept,
    words::{self, Language, Words},
};
use crate::{
    Site,
    assets::{Assets, assets},
};

/// What templates ask.
#[derive(Clone)]
pub(crate) struct Look {
    pub(crate) assets: &'static Assets,
    /// Every text.
    pub(crate) t: &'static Words,
    pub(crate) language: Language,
    /// `light`, `dark`, or empty where the system decides.
    pub(crate) theme: &'static str,
    /// The connection is encrypted.
    pub(crate) secure: bool,
    /// What the last action said.
    pub(crate) flash: Option<Flash>,
    /// Path and query of the page, to come back to.
    pub(crate) here: String,
    /// Milliseconds since the epoch.
    pub(crate) now: i64,
    /// Id of the request, to quote.
    pub(crate) request_id: String,
}

/// A word on the page after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    /// It was not done.
    pub(crate) is_bad: bool,
    pub(crate) text: String,
}

impl Flash {
    /// As a cookie carries it.
    pub(crate) fn encode(&self) -> String {
        let text: String = self.text.chars().take(500).collect();
        URL_SAFE_NO_PAD.encode(format!("{}{text}", if self.is_bad { '!' } else { ' ' }))
    }

    fn decode(value: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        let (is_bad, text) = match text.strip_prefix('!') {
            Some(text) => (true, text),
            None => (false, text.strip_prefix(' ')?),
        };
        Some(Self { is_bad, text: text.to_owned() })
    }
}

/// A piece of HTML that we wrote.
pub(crate) struct Html(pub(crate) String);

impl Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

impl Look {
    /// Of a request; `chosen` is the language that the account wants.
    pub(crate) fn of(request: &HttpRequest, chosen: Option<Language>) -> Self {
        let client = request.extensions().get::<Client>().cloned();
        let secure = client.as_ref().is_some_and(|client| client.secure);
        let cookie = Kept::Language.read(request, secure).and_then(|tag| Language::of(&tag));
        let language = chosen.or(cookie).or_else(|| Language::accepted(request.headers())).unwrap_or(Language::English);
        let theme = match Kept::Theme.read(request, secure).as_deref() {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        Self {
            assets: assets(),
            t: language.words(),
            language,
            theme,
            secure,
            flash: Kept::Flash.read(request, secure).and_then(|value| Flash::decode(&value)),
            here: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            now: request.app_data::<web::Data<Site>>().map_or(0, |site| site.core().clock().millis()),
            request_id: client.map(|client| client.request_id).unwrap_or_default(),
        }
    }

    /// A sign of the sprite, beside a word.
    pub(crate) fn i(&self, name: &str) -> Html {
        self.sign("icon", name)
    }

    /// The same, small.
    pub(crate) fn is(&self, name: &str) -> Html {
        self.sign("icon icon-s", name)
    }

    fn sign(&self, class: &str, name: &str) -> Html {
        Html(format!("<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"/assets/{}#i-{name}\"/></svg>", self.assets.icons))
    }

    /// A text with one place filled.
    pub(crate) fn say(&self, text: &str, value: impl Display) -> String {
        words::fill(text, &[&value])
    }

    /// A text with two places filled.
    pub(crate) fn say2(&self, text: &str, first: impl Display, second: impl Display) -> String {
        words::fill(text, &[&first, &second])
    }

    /// A text in the form that belongs to a number.
    pub(crate) fn count(&self, text: &str, number: impl Borrow<usize>) -> String {
        self.language.count(text, *number.borrow())
    }

    /// The other theme, for the switch.
    pub(crate) fn next_theme(&self) -> &'static str {
        match self.theme {
            "" => "dark",
            "dark" => "light",
            _ => "auto",
        }
    }

    /// Languages for the menu.
    pub(crate) fn languages(&self) -> [Language; 6] {
        Language::ALL
    }

    /// A moment in milliseconds: the browser shows it in its own zone, without scripts it is UTC.
    pub(crate) fn time(&self, millis: impl Borrow<i64>) -> Html {
        let millis = *millis.borrow();
        let Some(moment) = chrono::DateTime::from_timestamp_millis(millis).filter(|_| millis > 0) else {
            return Html(format!("<span class=\"faint\">{}</span>", self.t.common_never));
        };
        let (iso, text) = (moment.format("%Y-%m-%dT%H:%M:%SZ"), moment.format("%Y-%m-%d %H:%M UTC"));
        Html(format!("<time datetime=\"{iso}\" class=\"num\">{text}</time>"))
    }

    /// Bytes in decimal units, three digits at most.
    pub(crate) fn size(&self, bytes: impl Borrow<i64>) -> String {
        size(*bytes.borrow())
    }
}

/// `8.8 GB`: decimal, three digits, a thin unit.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let bytes = bytes.max(0);
    let mut unit = 0;
    let mut whole = bytes;
    let mut rest = 0;
    while whole >= 1000 && unit < UNITS.len() - 1 {
        rest = whole % 1000;
        whole /= 1000;
        unit += 1;
    }
    if unit == 0 || whole >= 100 {
        return format!("{whole} {}", UNITS[unit]);
    }
    let (digits, width) = if whole >= 10 { (rest / 100, 1) } else { (rest / 10, 2) };
    let fraction = format!("{digits:0width$}");
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{whole} {}", UNITS[unit]) } else { format!("{whole}.{fraction} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (412_300, "412 kB"),
            (6_800_000, "6.8 MB"),
            (1_280_000_000_000, "1.28 TB"),
            (41_200_000_000, "41.2 GB"),
            (-5, "0 B"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn flashes_survive_their_cookie() {
        let flash = Flash { is_bad: true, text: "Nicht möglich; wirklich".into() };
        assert_eq!(Flash::decode(&flash.encode()), Some(flash));
        assert_eq!(Flash::decode("%%%"), None);
    }
}
