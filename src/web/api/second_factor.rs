//! Second factors: `/admin/totp/*`, `/user/totp/*`, `/admin/2fa/recoverycodes`, `/user/2fa/recoverycodes` and
//! `…/{username}/2fa/disable` (SEC-098…SEC-117, API-050).

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get, post, put},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_core::{
    Core, Error,
    admin::second_factor::{self, FactorChange, FactorOwner},
};
use serde::{Deserialize, Serialize};

use super::{
    access::{AdminBearer, AdminToken, UserBearer},
    at,
    body::JsonBody,
};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
    qr_code,
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/admin/totp/configs").route(get().to(admin_configs)))
        .service(at("/admin/totp/generate").route(post().to(admin_generate)))
        .service(at("/admin/totp/validate").route(post().to(admin_validate)))
        .service(at("/admin/totp/save").route(post().to(admin_save)))
        .service(at("/admin/2fa/recoverycodes").route(get().to(admin_codes)).route(post().to(renew_admin_codes)))
        .service(at("/admins/{username}/2fa/disable").route(put().to(disable_admin)))
        .service(at("/user/totp/configs").route(get().to(user_configs)))
        .service(at("/user/totp/generate").route(post().to(user_generate)))
        .service(at("/user/totp/validate").route(post().to(user_validate)))
        .service(at("/user/totp/save").route(post().to(user_save)))
        .service(at("/user/2fa/recoverycodes").route(get().to(user_codes)).route(post().to(renew_user_codes)))
        .service(at("/users/{username}/2fa/disable").route(put().to(disable_user)));
}

/// Body of `generate`.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    config_name: String,
}

/// Answer of `generate`.
#[derive(Serialize)]
struct Generated {
    config_name: String,
    issuer: String,
    secret: String,
    url: String,
    /// PNG, base64.
    qr_code: String,
}

/// Body of `validate`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Trial {
    config_name: String,
    passcode: String,
    secret: String,
}

async fn admin_configs(site: web::Data<Site>, AdminBearer(admin): AdminBearer) -> ApiResult {
    configs(site.core(), FactorOwner::Admin(&admin))
}

async fn user_configs(site: web::Data<Site>, UserBearer(user): UserBearer) -> ApiResult {
    configs(site.core(), FactorOwner::User(user.login()))
}

fn configs(core: &Core, owner: FactorOwner<'_>) -> ApiResult {
    Ok(json(StatusCode::OK, &second_factor::configs(core, owner)?))
}

async fn admin_generate(site: web::Data<Site>, AdminBearer(admin): AdminBearer, JsonBody(body): JsonBody<Wanted>) -> ApiResult {
    generate(site.core(), FactorOwner::Admin(&admin), &body)
}

async fn user_generate(site: web::Data<Site>, UserBearer(user): UserBearer, JsonBody(body): JsonBody<Wanted>) -> ApiResult {
    generate(site.core(), FactorOwner::User(user.login()), &body)
}

fn generate(core: &Core, owner: FactorOwner<'_>, body: &Wanted) -> ApiResult {
    let made = second_factor::generate(core, owner, &body.config_name)?;
    let picture = qr_code::png(&made.url)
        .map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "issuer and name are too long for a picture"))?;
    let answer = Generated {
        config_name: made.config_name,
        issuer: made.issuer,
        secret: made.secret,
        url: made.url,
        qr_code: STANDARD.encode(picture),
    };
    Ok(json(StatusCode::OK, &answer))
}

async fn admin_validate(site: web::Data<Site>, AdminBearer(admin): AdminBearer, JsonBody(body): JsonBody<Trial>) -> ApiResult {
    validate(site.core(), FactorOwner::Admin(&admin), &body)
}

async fn user_validate(site: web::Data<Site>, UserBearer(user): UserBearer, JsonBody(body): JsonBody<Trial>) -> ApiResult {
    validate(site.core(), FactorOwner::User(user.login()), &body)
}

fn validate(core: &Core, owner: FactorOwner<'_>, body: &Trial) -> ApiResult {
    match second_factor::validate(core, owner, &body.config_name, &body.passcode, &body.secret) {
        Ok(()) => Ok(done("Passcode successfully validated")),
        // SEC-103
        Err(Error::Invalid { field, .. }) if field == "passcode" => Err(ApiError::bad_request("Invalid passcode")),
        Err(error) => Err(error.into()),
    }
}

async fn admin_save(site: web::Data<Site>, AdminBearer(admin): AdminBearer, JsonBody(body): JsonBody<FactorChange>) -> ApiResult {
    save(site.core(), FactorOwner::Admin(&admin), body).await
}

async fn user_save(site: web::Data<Site>, UserBearer(user): UserBearer, JsonBody(body): JsonBody<FactorChange>) -> ApiResult {
    save(site.core(), FactorOwner::User(user.login()), body).await
}

async fn save(core: &Core, owner: FactorOwner<'_>, body: FactorChange) -> ApiResult {
    second_factor::save(core, owner, body).await?;
    Ok(done("TOTP configuration saved"))
}

async fn admin_codes(site: web::Data<Site>, AdminBearer(admin): AdminBearer) -> ApiResult {
    codes(site.core(), FactorOwner::Admin(&admin)).await
}

async fn user_codes(site: web::Data<Site>, UserBearer(user): UserBearer) -> ApiResult {
    codes(site.core(), FactorOwner::User(user.login())).await
}

async fn codes(core: &Core, owner: FactorOwner<'_>) -> ApiResult {
    Ok(json(StatusCode::OK, &second_factor::recovery_codes(core, owner).await?))
}

async fn renew_admin_codes(site: web::Data<Site>, AdminBearer(admin): AdminBearer) -> ApiResult {
    renew_codes(site.core(), FactorOwner::Admin(&admin)).await
}

async fn renew_user_codes(site: web::Data<Site>, UserBearer(user): UserBearer) -> ApiResult {
    renew_codes(site.core(), FactorOwner::User(user.login())).await
}

async fn renew_codes(core: &Core, owner: FactorOwner<'_>) -> ApiResult {
    Ok(json(StatusCode::OK, &second_factor::renew_recovery_codes(core, owner).await?))
}

async fn disable_admin(site: web::Data<Site>, AdminToken(admin): AdminToken, username: web::Path<String>) -> ApiResult {
    second_factor::disable_of_admin(site.core(), &admin, &username).await?;
    Ok(done("2FA disabled"))
}

async fn disable_user(site: web::Data<Site>, AdminToken(admin): AdminToken, username: web::Path<String>) -> ApiResult {
    second_factor::disable_of_user(site.core(), &admin, &username).await?;
    Ok(done("2FA disabled"))
}
