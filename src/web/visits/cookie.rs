//! The session of a visitor: a cookie for each share, so that two of them can be open at once.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use entrepot_core::tokens::Token;
use entrepot_secrets::token_hash;

/// The name; the id of the share is a secret and stands in no cookie.
fn name(id: &str, is_secure: bool) -> String {
    let hash = token_hash(id);
    let short: String = hash.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("{}entrepot-share-{short}", if is_secure { "__Host-" } else { "" })
}

pub(super) fn read(request: &HttpRequest, id: &str, is_secure: bool) -> Option<String> {
    request.cookie(&name(id, is_secure)).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

/// Lax: whoever follows the link from a mail once more is known still.
fn make(id: &str, value: &str, is_secure: bool, seconds: i64) -> Cookie<'static> {
    Cookie::build(name(id, is_secure), value.to_owned())
        .path("/")
        .http_only(true)
        .secure(is_secure)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds))
        .finish()
}

pub(super) fn kept(id: &str, token: &Token, is_secure: bool, now: i64) -> Cookie<'static> {
    make(id, &token.access_token, is_secure, (token.expires_at - now).max(1))
}

pub(super) fn gone(id: &str, is_secure: bool) -> Cookie<'static> {
    make(id, "", is_secure, 0)
}
