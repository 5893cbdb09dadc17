//! Tokens and logging out (SEC-047…SEC-074).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use chrono::{DateTime, SecondsFormat};
use entrepot_core::{Attempt, Credentials, Error, tokens::Token};
use entrepot_http::Client;
use entrepot_model::{Protocol, api};

use super::{
    access::{AdminBearer, BasicCredentials, UserBearer, agent, peer},
    body::NoBody,
};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

/// The code of a second factor, beside the credentials (SEC-050).
const CODE_HEADER: &str = "X-SFTPGO-OTP";
const LOGGED_OUT: &str = "Your token has been invalidated";

/// `GET /token`: for administrators.
pub(crate) async fn admin_token(
    request: HttpRequest,
    site: web::Data<Site>,
    client: Client,
    given: BasicCredentials,
    _: NoBody,
) -> ApiResult {
    if !client.features.admin_token {
        return Err(ApiError::method_disabled());
    }
    let session = site.core().admin_login(&given.username, &given.password, code(&request), client.ip()).await?;
    answer(&site.core().issue_admin_token(&session).await?)
}

/// `GET /user/token`: for users.
pub(crate) async fn user_token(
    request: HttpRequest,
    site: web::Data<Site>,
    client: Client,
    given: BasicCredentials,
    _: NoBody,
) -> ApiResult {
    if !client.features.user_token {
        return Err(ApiError::method_disabled());
    }
    let attempt = Attempt { username: given.username, protocol: Protocol::Http, peer: peer(&client, agent(&request)) };
    let password = given.password.as_str();
    let credentials = match code(&request) {
        Some(code) => Credentials::PasswordAndCode { password, code },
        None => Credentials::Password(password),
    };
    let user = site.core().authenticate(&attempt, credentials).await.map_err(refused)?;
    answer(&site.core().issue_user_token(&user)?)
}

/// `GET /logout`.
pub(crate) async fn admin_logout(AdminBearer(admin): AdminBearer, site: web::Data<Site>, _: NoBody) -> HttpResponse {
    if let Some(claims) = admin.claims() {
        site.core().revoke_token(claims);
    }
    done(LOGGED_OUT)
}

/// `GET /user/logout`.
pub(crate) async fn user_logout(UserBearer(user): UserBearer, site: web::Data<Site>, _: NoBody) -> HttpResponse {
    if let Some(claims) = user.claims() {
        site.core().revoke_token(claims);
    }
    done(LOGGED_OUT)
}

/// What the client sent as a code; what is no text is none.
fn code(request: &HttpRequest) -> Option<&str> {
    request.headers().get(CODE_HEADER)?.to_str().ok().map(str::trim)
}

/// SEC-053: too many sessions is a refusal of this account, not of the request rate. Neither is a storage that is not there a
/// fault of the server.
fn refused(error: Error) -> ApiError {
    match error {
        Error::TooMany => ApiError::new(StatusCode::FORBIDDEN, error.to_string()),
        Error::Unsupported => ApiError::new(StatusCode::FORBIDDEN, "this server has not the storage that the account is on"),
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
