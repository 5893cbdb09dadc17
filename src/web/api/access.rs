//! Who is asking: taken from the `Authorization` header and from nowhere else (SEC-072).

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_core::{
    admin::AdminSession,
    tokens::{Claims, TokenKind},
};
use entrepot_http::Client;

use crate::{Site, error::ApiError};

type Taking<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// An administrator with a valid token; every handler of the admin API takes one.
pub(crate) struct AdminToken(pub(crate) AdminSession);

impl FromRequest for AdminToken {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = ask(request);
        Box::pin(async move {
            let (site, client, token) = asked?;
            Ok(Self(site.core().admin_session(&token, client.ip()).await?))
        })
    }
}

/// The token itself, verified: logging out needs to know which one it was.
pub(crate) struct AdminClaims(pub(crate) Claims);

impl FromRequest for AdminClaims {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(claims(ask(request), TokenKind::ApiAdmin, Self))
    }
}

/// As [`AdminClaims`], of a user.
pub(crate) struct UserClaims(pub(crate) Claims);

impl FromRequest for UserClaims {
    type Error = ApiError;
    type Future = Taking<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(claims(ask(request), TokenKind::ApiUser, Self))
    }
}

type Asked = Result<(web::Data<Site>, Client, String), ApiError>;

async fn claims<T>(asked: Asked, kind: TokenKind, make: fn(Claims) -> T) -> Result<T, ApiError> {
    let (site, client, token) = asked?;
    Ok(make(site.core().verify_token(&token, kind, client.ip()).await?))
}

/// Site, client and bearer token of a request.
fn ask(request: &HttpRequest) -> Asked {
    let token = credentials(request, "bearer").ok_or_else(ApiError::token_missing)?.to_owned();
    let site = request.app_data::<web::Data<Site>>().cloned();
    let client = request.extensions().get::<Client>().cloned();
    site.zip(client).map(|(site, client)| (site, client, token)).ok_or_else(ApiError::token_missing)
}

/// What follows `scheme` in the `Authorization` header (RFC 9110 section 11.4).
fn credentials<'a>(request: &'a HttpRequest, scheme: &str) -> Option<&'a str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    (name.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

/// Name and password (RFC 7617). Its `Debug` would show the password, so it has none.
pub(crate) struct BasicCredentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl FromRequest for BasicCredentials {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(basic(request).ok_or_else(ApiError::credentials_missing))
    }
}

/// Missing, unreadable or blank credentials are none (SEC-048).
fn basic(request: &HttpRequest) -> Option<BasicCredentials> {
    let decoded = STANDARD.decode(credentials(request, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (username, password) = text.split_once(':')?;
    let present = !username.trim().is_empty() && !password.trim().is_empty();
    present.then(|| BasicCredentials { username: username.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn with(value: &str) -> HttpRequest {
        TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request()
    }

    // SEC-048
    #[test]
    fn blank_or_unreadable_credentials_are_none() {
        let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for value in ["", "Basic", "Basic !!!", &encoded("name"), &encoded(":secret"), &encoded("name:"), &encoded(" : ")] {
            assert!(basic(&with(value)).is_none(), "{value}");
        }
        let found = basic(&with(&encoded("ana:a:b"))).unwrap();
        assert_eq!((found.username.as_str(), found.password.as_str()), ("ana", "a:b"));
    }

    // SEC-072
    #[test]
    fn bearer_comes_from_the_header_only() {
        assert_eq!(credentials(&with("bearer abc"), "bearer"), Some("abc"));
        assert_eq!(credentials(&with("Basic abc"), "bearer"), None);
        let elsewhere = TestRequest::get().uri("/?access_token=abc").insert_header(("cookie", "jwt=abc")).to_http_request();
        assert_eq!(credentials(&elsewhere, "bearer"), None);
    }
}
