//! Quota: `/quotas/users/…` and `/quotas/folders/…` (API-056…API-059).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, ServiceConfig, get, post, put},
};
use entrepot_core::admin::quota::{self, UpdateMode};
use entrepot_model::{
    api::ApiResponse,
    quota::{QuotaUsage, TransferQuotaUsage},
};

use super::{access::AdminToken, at, body::JsonBody, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

/// Everything below `/quotas`.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/quotas/users/scans").route(get().to(user_scans)))
        .service(at("/quotas/folders/scans").route(get().to(folder_scans)))
        .service(at("/quotas/users/{name}/scan").route(post().to(scan_user)))
        .service(at("/quotas/folders/{name}/scan").route(post().to(scan_folder)))
        .service(at("/quotas/users/{name}/usage").route(put().to(update_user)))
        .service(at("/quotas/folders/{name}/usage").route(put().to(update_folder)))
        .service(at("/quotas/users/{name}/transfer-usage").route(put().to(update_transfer)));
}

async fn user_scans(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &quota::user_scans(site.core(), &admin)?))
}

async fn folder_scans(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &quota::folder_scans(site.core(), &admin)?))
}

async fn scan_user(site: web::Data<Site>, AdminToken(admin): AdminToken, name: web::Path<String>) -> ApiResult {
    quota::start_user_scan(site.core(), &admin, &name).await?;
    Ok(started())
}

async fn scan_folder(site: web::Data<Site>, AdminToken(admin): AdminToken, name: web::Path<String>) -> ApiResult {
    quota::start_folder_scan(site.core(), &admin, &name).await?;
    Ok(started())
}

fn started() -> HttpResponse {
    json(StatusCode::ACCEPTED, &ApiResponse { message: "Scan started".to_owned(), error: String::new() })
}

async fn update_user(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    name: web::Path<String>,
    query: Parameters,
    JsonBody(usage): JsonBody<QuotaUsage>,
) -> ApiResult {
    quota::update_user_usage(site.core(), &admin, &name, usage, mode(&query)?).await?;
    Ok(done("Quota updated"))
}

async fn update_folder(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    name: web::Path<String>,
    query: Parameters,
    JsonBody(usage): JsonBody<QuotaUsage>,
) -> ApiResult {
    quota::update_folder_usage(site.core(), &admin, &name, usage, mode(&query)?).await?;
    Ok(done("Quota updated"))
}

async fn update_transfer(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    name: web::Path<String>,
    query: Parameters,
    JsonBody(usage): JsonBody<TransferQuotaUsage>,
) -> ApiResult {
    quota::update_transfer_usage(site.core(), &admin, &name, usage, mode(&query)?).await?;
    Ok(done("Quota updated"))
}

fn mode(query: &Parameters) -> Result<UpdateMode, ApiError> {
    match query.given("mode") {
        "" | "reset" => Ok(UpdateMode::Reset),
        "add" => Ok(UpdateMode::Add),
        _ => Err(ApiError::bad_request("invalid mode")),
    }
}
