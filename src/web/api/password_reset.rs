//! Forgotten passwords: `…/{username}/forgot-password` and `…/{username}/reset-password`, for whoever asks (SEC-131…SEC-140).

use actix_web::web::{self, ServiceConfig, post};
use entrepot_core::{
    Core, Error,
    admin::password_reset::{self, ResetKind},
};
use entrepot_http::Client;
use serde::Deserialize;

use super::{
    at_login,
    body::{JsonBody, NoBody},
};
use crate::{
    Site,
    error::{ApiError, ApiResult, done},
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(at_login("/admins/{username}/forgot-password").route(post().to(admin_forgot)))
        .service(at_login("/admins/{username}/reset-password").route(post().to(admin_reset)))
        .service(at_login("/users/{username}/forgot-password").route(post().to(user_forgot)))
        .service(at_login("/users/{username}/reset-password").route(post().to(user_reset)));
}

/// Its `Debug` would show what nobody may see, so it has none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewPassword {
    code: String,
    password: String,
}

async fn admin_forgot(site: web::Data<Site>, client: Client, username: web::Path<String>, _: NoBody) -> ApiResult {
    forgot(site.core(), ResetKind::Admin, &username, &client).await
}

async fn user_forgot(site: web::Data<Site>, client: Client, username: web::Path<String>, _: NoBody) -> ApiResult {
    forgot(site.core(), ResetKind::User, &username, &client).await
}

async fn forgot(core: &Core, kind: ResetKind, username: &str, client: &Client) -> ApiResult {
    password_reset::request(core, kind, username, client.ip()).await?;
    Ok(done("Check your email for the confirmation code"))
}

async fn admin_reset(
    site: web::Data<Site>,
    client: Client,
    username: web::Path<String>,
    JsonBody(body): JsonBody<NewPassword>,
) -> ApiResult {
    reset(site.core(), ResetKind::Admin, &username, &body, &client).await
}

async fn user_reset(
    site: web::Data<Site>,
    client: Client,
    username: web::Path<String>,
    JsonBody(body): JsonBody<NewPassword>,
) -> ApiResult {
    reset(site.core(), ResetKind::User, &username, &body, &client).await
}

async fn reset(core: &Core, kind: ResetKind, username: &str, body: &NewPassword, client: &Client) -> ApiResult {
    match password_reset::complete(core, kind, username, &body.code, &body.password, client.ip()).await {
        Ok(()) => Ok(done("Password reset successful")),
        // SEC-137
        Err(Error::Invalid { field, message, .. }) if field == "code" => Err(ApiError::bad_request(message)),
        Err(error) => Err(error.into()),
    }
}
