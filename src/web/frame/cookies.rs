//! Cookies of the pages: sessions, and what a browser remembers of its own.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};
use entrepot_core::tokens::Token;

use super::Area;

/// What a cookie holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The session of an area.
    Session(Area),
    /// A login that still needs its code.
    Pending(Area),
    /// What the next page says once.
    Flash,
    /// Light, dark, or what the system says.
    Theme,
    /// The language that was chosen.
    Language,
    /// Columns and rows of a list of administrators.
    Columns(&'static str),
}

/// Seconds that a choice is remembered.
const YEAR: i64 = 365 * 24 * 3600;
/// Seconds that the next page may take to come (SEC-147).
const FLASH: i64 = 60;

impl Kept {
    /// The name; with the prefix browsers hold it to this host and to encrypted connections (RFC 6265bis section 4.1.3.2).
    pub(crate) fn name(self, is_secure: bool) -> String {
        let name = match self {
            Self::Session(Area::Admin) => "entrepot-admin",
            Self::Session(Area::Client) => "entrepot-client",
            Self::Pending(Area::Admin) => "entrepot-admin-pending",
            Self::Pending(Area::Client) => "entrepot-client-pending",
            Self::Flash => "entrepot-flash",
            Self::Theme => "entrepot-theme",
            Self::Language => "entrepot-language",
            Self::Columns(list) => return prefixed(&format!("entrepot-columns-{list}"), is_secure),
        };
        prefixed(name, is_secure)
    }

    /// What the browser sent; of several the first.
    pub(crate) fn read(self, request: &HttpRequest, is_secure: bool) -> Option<String> {
        let name = self.name(is_secure);
        request.cookie(&name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
    }

    /// The cookie for `seconds`; 0 takes it away.
    pub(crate) fn cookie(self, value: &str, is_secure: bool, seconds: i64) -> Cookie<'static> {
        Cookie::build(self.name(is_secure), value.to_owned())
            .path("/")
            .http_only(true)
            .secure(is_secure)
            .same_site(SameSite::Strict)
            .max_age(Duration::seconds(seconds))
            .finish()
    }

    /// A token that lives as long as it says.
    pub(crate) fn token(self, token: &Token, is_secure: bool, now: i64) -> Cookie<'static> {
        self.cookie(&token.access_token, is_secure, (token.expires_at - now).max(1))
    }

    /// Taken away.
    pub(crate) fn gone(self, is_secure: bool) -> Cookie<'static> {
        self.cookie("", is_secure, 0)
    }

    /// A choice, for a year.
    pub(crate) fn choice(self, value: &str, is_secure: bool) -> Cookie<'static> {
        self.cookie(value, is_secure, YEAR)
    }

    /// A word for the next page.
    pub(crate) fn flash(value: &str, is_secure: bool) -> Cookie<'static> {
        Self::Flash.cookie(value, is_secure, FLASH)
    }
}

fn prefixed(name: &str, is_secure: bool) -> String {
    if is_secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// Adds a cookie to an answer.
pub(crate) fn add(answer: &mut HttpResponse, cookie: &Cookie<'static>) {
    // A cookie of ours has nothing in it that a header could not carry.
    if let Err(error) = answer.add_cookie(cookie) {
        tracing::error!(%error, "a cookie cannot be set");
    }
}
