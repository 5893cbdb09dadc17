//! `/iplists/{type}` and `/iplists/{type}/{ipornet}` (API-076…API-085).

use actix_web::{
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{self, ServiceConfig, delete, get, post, put},
};
use entrepot_core::admin::ip_lists;
use entrepot_model::{IpListEntry, IpListType};

use super::{access::AdminToken, at, body::JsonBody, collection::escaped, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, done_as, json},
};

/// The routes of this topic.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/iplists/{type}").route(get().to(list)).route(post().to(add)))
        .service(at("/iplists/{type}/{ipornet:.+}").route(get().to(one)).route(put().to(update)).route(delete().to(remove)));
}

async fn list(site: web::Data<Site>, AdminToken(admin): AdminToken, list: web::Path<String>, query: Parameters) -> ApiResult {
    let entries = ip_lists::page(site.core(), &admin, list_type(&list)?, query.ip_list_page()?).await?;
    Ok(json(StatusCode::OK, &entries))
}

/// API-037. The list is that of the path, whatever the body says.
async fn add(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    list: web::Path<String>,
    JsonBody(entry): JsonBody<IpListEntry>,
) -> ApiResult {
    let list = list_type(&list)?.code();
    let added = ip_lists::add(site.core(), &admin, IpListEntry { list, ..entry }).await?;
    let mut answer = done_as(StatusCode::CREATED, "Entry added");
    let location = format!("/api/v2/iplists/{list}/{}", escaped(&added.ipornet));
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

async fn one(site: web::Data<Site>, AdminToken(admin): AdminToken, path: web::Path<(String, String)>) -> ApiResult {
    let (list, network) = path.into_inner();
    Ok(json(StatusCode::OK, &ip_lists::get(site.core(), &admin, list_type(&list)?, &network).await?))
}

async fn update(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    path: web::Path<(String, String)>,
    JsonBody(entry): JsonBody<IpListEntry>,
) -> ApiResult {
    let (list, network) = path.into_inner();
    ip_lists::update(site.core(), &admin, list_type(&list)?, &network, entry).await?;
    Ok(done("Entry updated"))
}

async fn remove(site: web::Data<Site>, AdminToken(admin): AdminToken, path: web::Path<(String, String)>) -> ApiResult {
    let (list, network) = path.into_inner();
    ip_lists::delete(site.core(), &admin, list_type(&list)?, &network).await?;
    Ok(done("Entry deleted"))
}

/// API-076.
fn list_type(text: &str) -> Result<IpListType, ApiError> {
    let code = text.parse().ok().and_then(IpListType::from_code);
    code.ok_or_else(|| ApiError::bad_request("invalid type: it must be 1 (allow), 2 (defender), 3 (rate limiter) or 4 (trusted)"))
}
