//! Profile and password of whoever asks: `/admin/…` and `/user/…` (API-051…API-053). API keys do none of it.

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get, put},
};
use entrepot_core::admin::own::{password, profile};
use entrepot_model::{AdminProfile, UserProfile, api::PwdChange};

use super::{
    access::{AdminBearer, UserBearer},
    at,
    body::JsonBody,
};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

const PROFILE_UPDATED: &str = "Profile updated";
const PASSWORD_UPDATED: &str = "Password updated";

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/admin/profile").route(get().to(admin_profile)).route(put().to(update_admin_profile)))
        .service(at("/user/profile").route(get().to(user_profile)).route(put().to(update_user_profile)))
        .service(at("/admin/changepwd").route(put().to(change_admin_password)))
        .service(at("/user/changepwd").route(put().to(change_user_password)));
}

async fn admin_profile(AdminBearer(admin): AdminBearer) -> ApiResult {
    Ok(json(StatusCode::OK, &profile::of_admin(&admin)?))
}

async fn update_admin_profile(
    AdminBearer(admin): AdminBearer,
    site: web::Data<Site>,
    JsonBody(body): JsonBody<AdminProfile>,
) -> ApiResult {
    profile::update_admin(site.core(), &admin, body).await?;
    Ok(done(PROFILE_UPDATED))
}

async fn user_profile(UserBearer(user): UserBearer) -> ApiResult {
    Ok(json(StatusCode::OK, &profile::of_user(&user)?))
}

async fn update_user_profile(
    UserBearer(user): UserBearer,
    site: web::Data<Site>,
    JsonBody(body): JsonBody<UserProfile>,
) -> ApiResult {
    profile::update_user(site.core(), &user, body).await?;
    Ok(done(PROFILE_UPDATED))
}

/// SEC-127: the token that was used is no longer valid afterwards.
async fn change_admin_password(
    AdminBearer(admin): AdminBearer,
    site: web::Data<Site>,
    JsonBody(change): JsonBody<PwdChange>,
) -> ApiResult {
    password::change_admin(site.core(), &admin, &change).await?;
    Ok(done(PASSWORD_UPDATED))
}

async fn change_user_password(
    UserBearer(user): UserBearer,
    site: web::Data<Site>,
    JsonBody(change): JsonBody<PwdChange>,
) -> ApiResult {
    password::change_user(site.core(), &user, &change).await?;
    Ok(done(PASSWORD_UPDATED))
}
