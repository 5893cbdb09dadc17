//! Shares as users manage them: `/user/shares` and `/user/shares/{id}` (API-161…API-178); and `/x/shares`, an extension, where
//! administrators see those of all users and take them back.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web::{self, ServiceConfig, delete, get, post, put},
};
use entrepot_core::{admin, shares};
use entrepot_model::ShareDraft;

use super::{
    access::{AdminToken, UserToken},
    at,
    body::JsonBody,
    query::Parameters,
};
use crate::{
    Site,
    error::{ApiResult, done, done_as, json},
};

/// All of them.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/user/shares").route(get().to(list)).route(post().to(add)))
        .service(at("/x/shares").route(get().to(list_all)))
        .service(at("/x/shares/{id}").route(delete().to(revoke)))
        .service(at("/user/shares/{id}").route(get().to(one)).route(put().to(update)).route(delete().to(remove)));
}

async fn list(UserToken(user): UserToken, site: web::Data<Site>, query: Parameters) -> ApiResult {
    Ok(json(StatusCode::OK, &shares::list(site.core(), &user, query.list()?).await?))
}

async fn one(UserToken(user): UserToken, site: web::Data<Site>, id: web::Path<String>) -> ApiResult {
    Ok(json(StatusCode::OK, &shares::get(site.core(), &user, &id).await?))
}

/// API-036: the answer says where the share is, not what it is.
async fn add(UserToken(user): UserToken, site: web::Data<Site>, JsonBody(draft): JsonBody<ShareDraft>) -> ApiResult {
    let id = shares::add(site.core(), &user, draft).await?.id;
    let mut answer = done_as(StatusCode::CREATED, "Share created");
    set(&mut answer, HeaderName::from_static("x-object-id"), &id);
    set(&mut answer, header::LOCATION, &format!("/api/v2/user/shares/{id}"));
    Ok(answer)
}

async fn update(
    UserToken(user): UserToken,
    site: web::Data<Site>,
    id: web::Path<String>,
    JsonBody(draft): JsonBody<ShareDraft>,
) -> ApiResult {
    shares::update(site.core(), &user, &id, draft).await?;
    Ok(done("Share updated"))
}

async fn remove(UserToken(user): UserToken, site: web::Data<Site>, id: web::Path<String>) -> ApiResult {
    shares::delete(site.core(), &user, &id).await?;
    Ok(done("Share deleted"))
}

async fn list_all(AdminToken(admin): AdminToken, site: web::Data<Site>, query: Parameters) -> ApiResult {
    let username = query.text("username").filter(|name| !name.is_empty());
    Ok(json(StatusCode::OK, &admin::shares::list(site.core(), &admin, username, query.list()?).await?))
}

async fn revoke(AdminToken(admin): AdminToken, site: web::Data<Site>, id: web::Path<String>) -> ApiResult {
    admin::shares::revoke(site.core(), &admin, &id).await?;
    Ok(done("Share deleted"))
}

fn set(answer: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
