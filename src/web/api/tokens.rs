//! Tokens and logging out (SEC-047…SEC-074).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use chrono::{DateTime, SecondsFormat};
use entrepot_core::{Attempt, Credentials, Error, Peer, tokens::Token};
use entrepot_http::Client;
use entrepot_model::{Protocol, api};

use super::access::{AdminClaims, BasicCredentials, UserClaims};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

const LOGGED_OUT: &str = "Your token has been invalidated";

/// `GET /token`: for administrators.
pub(crate) async fn admin_token(site: web::Data<Site>, client: Client, given: BasicCredentials) -> ApiResult {
    if !client.features.admin_token {
        return Err(disabled());
    }
    let session = site.core().admin_login(&given.username, &given.password, client.ip()).await?;
    answer(&site.core().issue_admin_token(&session).await?)
}

/// `GET /user/token`: for users.
pub(crate) async fn user_token(
    request: HttpRequest,
    site: web::Data<Site>,
    client: Client,
    given: BasicCredentials,
) -> ApiResult {
    if !client.features.user_token {
        return Err(disabled());
    }
    let agent = request.headers().get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
    let attempt = Attempt {
        username: given.username,
        protocol: Protocol::Http,
        peer: Peer { remote: client.address, local: Some(client.local), client_version: agent.unwrap_or_default() },
    };
    let user = site.core().authenticate(&attempt, Credentials::Password(&given.password)).await.map_err(refused)?;
    answer(&site.core().issue_user_token(&user)?)
}

/// `GET /logout`.
pub(crate) async fn admin_logout(site: web::Data<Site>, AdminClaims(claims): AdminClaims) -> HttpResponse {
    site.core().revoke_token(&claims);
    done(LOGGED_OUT)
}

/// `GET /user/logout`.
pub(crate) async fn user_logout(site: web::Data<Site>, UserClaims(claims): UserClaims) -> HttpResponse {
    site.core().revoke_token(&claims);
    done(LOGGED_OUT)
}

/// HTTP-010: a method that the binding does not offer.
fn disabled() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "this login method is disabled")
}

/// SEC-053: too many sessions is a refusal of this account, not of the request rate.
fn refused(error: Error) -> ApiError {
    match error {
        Error::TooMany => ApiError::new(StatusCode::FORBIDDEN, error.to_string()),
        other => other.into(),
    }
}

/// SEC-047.
fn answer(token: &Token) -> ApiResult {
    let expires = DateTime::from_timestamp(token.expires_at, 0)
        .ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the token has no valid end"))?;
    let body =
        api::Token { access_token: token.access_token.clone(), expires_at: expires.to_rfc3339_opts(SecondsFormat::Secs, true) };
    Ok(json(StatusCode::OK, &body))
}
