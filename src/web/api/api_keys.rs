//! API keys: `/apikeys` and `/apikeys/{id}` (SEC-075…SEC-097). They are not managed through keys.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web::{self, ServiceConfig, delete, get, post, put},
};
use entrepot_core::admin::api_keys;
use entrepot_model::{ApiKey, api};

use super::{access::AdminBearer, at, body::JsonBody, query::Parameters};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

const CREATED: &str = "API key created. This is the only time the API key is visible, please save it.";

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/apikeys").route(get().to(list)).route(post().to(add)))
        .service(at("/apikeys/{id}").route(get().to(one)).route(put().to(update)).route(delete().to(remove)));
}

async fn list(AdminBearer(admin): AdminBearer, site: web::Data<Site>, query: Parameters) -> ApiResult {
    let keys = api_keys::list(site.core(), &admin, query.list()?).await?;
    Ok(json(StatusCode::OK, &keys))
}

async fn one(AdminBearer(admin): AdminBearer, site: web::Data<Site>, id: web::Path<String>) -> ApiResult {
    Ok(json(StatusCode::OK, &api_keys::get(site.core(), &admin, &id).await?))
}

/// API-036: the key is in this answer and never again.
async fn add(AdminBearer(admin): AdminBearer, site: web::Data<Site>, JsonBody(key): JsonBody<ApiKey>) -> ApiResult {
    let added = api_keys::add(site.core(), &admin, key).await?;
    let body = api::ApiKeyCreated { message: CREATED.to_owned(), key: added.shown };
    let mut answer = json(StatusCode::CREATED, &body);
    let id = added.key.id;
    set(&mut answer, HeaderName::from_static("x-object-id"), &id);
    set(&mut answer, header::LOCATION, &format!("/api/v2/apikeys/{id}"));
    Ok(answer)
}

async fn update(
    AdminBearer(admin): AdminBearer,
    site: web::Data<Site>,
    id: web::Path<String>,
    JsonBody(key): JsonBody<ApiKey>,
) -> ApiResult {
    api_keys::update(site.core(), &admin, &id, key).await?;
    Ok(done("API key updated"))
}

async fn remove(AdminBearer(admin): AdminBearer, site: web::Data<Site>, id: web::Path<String>) -> ApiResult {
    api_keys::delete(site.core(), &admin, &id).await?;
    Ok(done("API key deleted"))
}

fn set(answer: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
