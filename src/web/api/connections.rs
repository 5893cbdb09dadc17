//! `/connections` (API-060…API-065).

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, delete, get},
};
use entrepot_core::{Error, admin::connections};

use super::{access::AdminToken, at, query::Parameters};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

/// The two paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(at("/connections").route(get().to(list))).service(at("/connections/{id}").route(delete().to(close)));
}

async fn list(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &connections::list(site.core(), &admin)?))
}

async fn close(site: web::Data<Site>, AdminToken(admin): AdminToken, id: web::Path<String>, query: Parameters) -> ApiResult {
    // This server is the only node of its installation: what is on another is nowhere.
    if !query.given("node").is_empty() {
        return Err(Error::NotFound.into());
    }
    connections::close(site.core(), &admin, &id)?;
    Ok(done("Connection closed"))
}
