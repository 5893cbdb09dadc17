//! Who is asking: the one place that turns what a request shows into somebody, for every operation of the REST API.
//!
//! A handler takes one of these as its first argument:
//!
//! | argument        | bearer token of | API key                            |
//! |-----------------|-----------------|------------------------------------|
//! | [`AdminToken`]  | administrators  | of the admin scope                 |
//! | [`AdminBearer`] | administrators  | 403 "API key authentication is not allowed" (SEC-086) |
//! | [`UserToken`]   | users           | of the user scope                  |
//! | [`UserBearer`]  | users           | 403, as above                      |
//!
//! A token is read from the `Authorization` header and from nowhere else (SEC-072); with both, the token counts (SEC-097).
//! Whoever must change the password or configure a second factor first gets no further than that ([`duties`]).

mod basic;
mod duties;

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use entrepot_core::{Peer, UserCaller, admin::AdminSession};
use entrepot_http::{Client, Features};

pub(crate) use basic::{BasicCredentials, SharePassword};

use crate::{Site, error::ApiError};

/// Header of API keys (SEC-078).
const API_KEY: &str = "X-SFTPGO-API-KEY";

type Taking<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// An administrator with a token or an API key.
pub(crate) struct AdminToken(pub(crate) AdminSession);

/// An administrator with a token.
pub(crate) struct AdminBearer(pub(crate) AdminSession);

/// A user with a token or an API key.
pub(crate) struct UserToken(pub(crate) UserCaller);

/// A user whom the pages let in by their cookie; put into the request by them, and by nothing else.
pub(crate) struct Seated(pub(crate) UserCaller);

/// Token of the session of a visitor of a share, from the cookie of its pages; put into the request by them alone.
pub(crate) struct VisitorSession(pub(crate) String);

/// A user with a token.
pub(crate) struct UserBearer(pub(crate) UserCaller);

impl FromRequest for AdminToken {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::read(request);
        Box::pin(async move { asked?.admin(Keys::Taken).await.map(Self) })
    }
}

impl FromRequest for AdminBearer {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::read(request);
        Box::pin(async move { asked?.admin(Keys::Refused).await.map(Self) })
    }
}

impl FromRequest for UserToken {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let seated = request.extensions().get::<Seated>().map(|seated| seated.0.clone());
        if let Some(caller) = seated {
            return Box::pin(async move { Ok(Self(caller)) });
        }
        let asked = Asked::read(request);
        Box::pin(async move { asked?.user(Keys::Taken).await.map(Self) })
    }
}

impl FromRequest for UserBearer {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::read(request);
        Box::pin(async move { asked?.user(Keys::Refused).await.map(Self) })
    }
}

/// Whether an operation can be asked for with an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    Taken,
    Refused,
}

/// What a request shows.
enum Shown {
    Token(String),
    Key(String),
}

/// All of a request that says who asks.
struct Asked {
    site: web::Data<Site>,
    client: Client,
    agent: String,
    shown: Shown,
    /// The operation is open to those who must do something first.
    is_duty: bool,
}

impl Asked {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let shown = shown(request)?;
        let site = request.app_data::<web::Data<Site>>().cloned();
        let client = request.extensions().get::<Client>().cloned();
        let (site, client) = site.zip(client).ok_or_else(ApiError::token_missing)?;
        let is_duty = request.match_pattern().is_some_and(|pattern| duties::are_open(&pattern));
        Ok(Self { site, client, agent: agent(request), shown, is_duty })
    }

    async fn admin(self, keys: Keys) -> Result<AdminSession, ApiError> {
        let (core, ip) = (self.site.core(), self.client.ip());
        let session = match &self.shown {
            Shown::Token(token) => core.admin_session(token, ip).await?,
            Shown::Key(key) => {
                self.check_keys(keys, |features| features.admin_key)?;
                core.admin_by_key(key, ip).await?
            }
        };
        duties::check(self.is_duty, session.duties())?;
        Ok(session)
    }

    async fn user(self, keys: Keys) -> Result<UserCaller, ApiError> {
        let peer = peer(&self.client, self.agent.clone());
        let core = self.site.core();
        let caller = match &self.shown {
            Shown::Token(token) => core.user_by_token(token, peer).await?,
            Shown::Key(key) => {
                self.check_keys(keys, |features| features.user_key)?;
                core.user_by_key(key, peer).await?
            }
        };
        duties::check(self.is_duty, caller.duties())?;
        Ok(caller)
    }

    fn check_keys(&self, keys: Keys, is_enabled: fn(&Features) -> bool) -> Result<(), ApiError> {
        if keys == Keys::Refused {
            return Err(ApiError::saying(StatusCode::FORBIDDEN, "API key authentication is not allowed"));
        }
        // SEC-056, SEC-095
        if is_enabled(&self.client.features) { Ok(()) } else { Err(ApiError::method_disabled()) }
    }
}

fn shown(request: &HttpRequest) -> Result<Shown, ApiError> {
    if let Some(token) = credentials(request, "bearer") {
        return Ok(Shown::Token(token.to_owned()));
    }
    match request.headers().get(API_KEY) {
        // What is no text is no key either; the core says so.
        Some(key) if !key.is_empty() => Ok(Shown::Key(key.to_str().unwrap_or_default().to_owned())),
        Some(_) | None => Err(ApiError::token_missing()),
    }
}

/// The other end of a request, for a login.
pub(crate) fn peer(client: &Client, agent: String) -> Peer {
    Peer {
        remote: client.address,
        local: Some(client.local),
        client_version: agent,
        encryption: client.tls.clone(),
        connection_id: String::new(),
    }
}

/// What the client says it is.
pub(crate) fn agent(request: &HttpRequest) -> String {
    let agent = request.headers().get(header::USER_AGENT);
    agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()).unwrap_or_default()
}

/// What follows `scheme` in the `Authorization` header (RFC 9110 section 11.4).
fn credentials<'a>(request: &'a HttpRequest, scheme: &str) -> Option<&'a str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    (name.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    // SEC-072
    #[test]
    fn bearer_comes_from_the_header_only() {
        let with = |value: &str| TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request();
        assert_eq!(credentials(&with("bearer abc"), "bearer"), Some("abc"));
        assert_eq!(credentials(&with("Basic abc"), "bearer"), None);
        let elsewhere = TestRequest::get().uri("/?access_token=abc").insert_header(("cookie", "jwt=abc")).to_http_request();
        assert_eq!(credentials(&elsewhere, "bearer"), None);
    }

    // SEC-078, SEC-097
    #[test]
    fn a_bearer_token_wins_over_a_key() {
        let key = || TestRequest::get().insert_header((API_KEY, "id.secret"));
        assert!(matches!(shown(&key().to_http_request()), Ok(Shown::Key(key)) if key == "id.secret"));
        let both = key().insert_header((header::AUTHORIZATION, "Bearer abc")).to_http_request();
        assert!(matches!(shown(&both), Ok(Shown::Token(token)) if token == "abc"));
        let basic = key().insert_header((header::AUTHORIZATION, "Basic abc")).to_http_request();
        assert!(matches!(shown(&basic), Ok(Shown::Key(_))));
        assert!(shown(&TestRequest::get().insert_header((API_KEY, "")).to_http_request()).is_err());
    }
}
