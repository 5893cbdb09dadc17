//! `/x/settings` and `/x/restart`, extensions: the settings of the server, and the start for which some of them wait.

use std::collections::BTreeMap;

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get, patch, post},
};
use entrepot_core::{
    Error,
    admin::{instance, settings},
};
use serde_json::{Value, json};

use super::{access::AdminToken, at, body::JsonBody};
use crate::{
    Site,
    error::{ApiError, ApiResult, json as answer},
};

/// Every path of it.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/x/settings").route(get().to(list)).route(patch().to(change)))
        .service(at("/x/restart").route(post().to(restart)));
}

async fn list(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(answer(StatusCode::OK, &settings::list(site.core(), &admin).map_err(unchangeable)?))
}

async fn change(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    JsonBody(changes): JsonBody<BTreeMap<String, Value>>,
) -> ApiResult {
    let changed = settings::change(site.core(), &admin, changes).await.map_err(unchangeable)?;
    Ok(answer(StatusCode::OK, &json!({ "message": "Settings saved", "needs_restart": changed.needs_restart })))
}

fn unchangeable(error: Error) -> ApiError {
    match error {
        Error::Unsupported => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the settings of this server cannot be changed"),
        other => other.into(),
    }
}

/// It begins once the answer is on its way; `/healthz` tells when the server is back.
async fn restart(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    instance::restart(site.core(), &admin).map_err(|error| match error {
        Error::Unsupported => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "this server cannot start itself again"),
        other => other.into(),
    })?;
    Ok(answer(StatusCode::ACCEPTED, &json!({ "message": "The server starts again" })))
}
