//! What the server says about itself: `/status`, `/system/log-level`, `/license`, `/saas/usage`, `/retention/users/checks`
//! (API-066…API-073, API-113); and `/x/doctor`, an extension.

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get, post, put},
};
use entrepot_core::{
    Error,
    admin::{doctor, status},
};
use entrepot_model::status::{LicenseKey, LogLevelConfig};

use super::{access::AdminToken, at, body::JsonBody};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

/// Every path of it.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/status").route(get().to(services)))
        .service(at("/system/log-level").route(get().to(log_level)).route(put().to(set_log_level)))
        .service(at("/license").route(get().to(license)).route(post().to(set_license)))
        .service(at("/x/doctor").route(get().to(examine)))
        .service(at("/saas/usage").route(get().to(usage)))
        .service(at("/retention/users/checks").route(get().to(retention_checks)));
}

async fn services(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &status::services(site.core(), &admin).await?))
}

async fn examine(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &doctor::examine(site.core(), &admin).await?))
}

async fn log_level(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    let level = status::log_level(site.core(), &admin).map_err(unavailable)?;
    Ok(json(StatusCode::OK, &LogLevelConfig { level }))
}

async fn set_log_level(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    JsonBody(config): JsonBody<LogLevelConfig>,
) -> ApiResult {
    status::set_log_level(site.core(), &admin, config.level).map_err(unavailable)?;
    Ok(done("Log level updated"))
}

/// A server whose log cannot be reached says so.
fn unavailable(error: Error) -> ApiError {
    match error {
        Error::Unsupported => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the log of this server cannot be changed"),
        other => other.into(),
    }
}

async fn license(AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &status::license(&admin)?))
}

async fn set_license(site: web::Data<Site>, AdminToken(admin): AdminToken, JsonBody(license): JsonBody<LicenseKey>) -> ApiResult {
    status::set_license(site.core(), &admin, &license.key).await?;
    Ok(done("License key saved successfully"))
}

async fn usage(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &status::saas_usage(site.core(), &admin).await?))
}

async fn retention_checks(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &status::retention_checks(site.core(), &admin)?))
}
