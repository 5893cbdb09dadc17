//! What happens now, extensions: `/x/live` and `/x/activity`, server-sent events; `/x/sessions` and `/x/transfers`, what runs,
//! limiting and stopping it.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{self, Data, ServiceConfig, delete, get, put},
};
use entrepot_core::{
    admin::connections,
    live::{ActivityStream, UserStream},
};
use serde::Deserialize;

use super::{
    access::{AdminToken, UserToken},
    at,
    body::JsonBody,
};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
    live,
};

/// Rates of a session, in KB (1024 bytes) a second; 0 = none.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Bandwidth {
    upload_bandwidth: u64,
    download_bandwidth: u64,
}

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/x/live").route(get().to(of_user)))
        .service(at("/x/activity").route(get().to(of_administrator)))
        .service(at("/x/sessions").route(get().to(sessions)))
        .service(at("/x/sessions/{id}/bandwidth").route(put().to(limit)))
        .service(at("/x/transfers/{id}").route(delete().to(stop)));
}

async fn of_user(UserToken(user): UserToken, site: Data<Site>, request: HttpRequest) -> ApiResult {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map_err(|_| ApiError::bad_request("invalid query string"))?.into_inner();
    let start = user.start_directory();
    let folders = query.iter().filter(|(name, _)| name == "folder").map(|(_, folder)| {
        let path = start.join(folder.as_bytes());
        path.map_err(|error| ApiError::bad_request(format!("folder: {error}")))
    });
    let folders = folders.collect::<Result<Vec<_>, _>>()?;
    Ok(live::of_user(UserStream::open(site.core(), user, folders)?))
}

async fn of_administrator(AdminToken(admin): AdminToken, site: Data<Site>) -> ApiResult {
    Ok(live::of_administrator(ActivityStream::open(site.core(), admin)?))
}

async fn sessions(AdminToken(admin): AdminToken, site: Data<Site>) -> ApiResult {
    Ok(json(StatusCode::OK, &connections::live(site.core(), &admin)?))
}

async fn limit(
    AdminToken(admin): AdminToken,
    site: Data<Site>,
    id: web::Path<String>,
    JsonBody(rates): JsonBody<Bandwidth>,
) -> ApiResult {
    connections::limit(site.core(), &admin, &id, rates.upload_bandwidth, rates.download_bandwidth)?;
    Ok(done("Bandwidth of the session updated"))
}

async fn stop(AdminToken(admin): AdminToken, site: Data<Site>, id: web::Path<String>) -> ApiResult {
    // What is no number is the number of nothing; whoever may not stop anything is told that first.
    let id = id.parse().unwrap_or(u64::MAX);
    connections::stop(site.core(), &admin, id).await?;
    Ok(done("Transfer stopped"))
}
