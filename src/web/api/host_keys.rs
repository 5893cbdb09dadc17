//! `/x/hostkeys`, an extension: the keys by which SSH clients know the server (SSH-036).

use actix_web::{
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{self, ServiceConfig, delete, get, post},
};
use entrepot_core::{
    Error,
    admin::host_keys::{self, Addition, NewHostKey},
};
use entrepot_model::host_key::HostKeyKind;
use serde::Deserialize;

use super::{access::AdminToken, at, body::JsonBody};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

/// Every path of it.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/x/hostkeys").route(get().to(list)).route(post().to(add)))
        .service(at("/x/hostkeys/{id}").route(delete().to(remove)))
        .service(at("/x/hostkeys/{id}/first").route(post().to(put_first)));
}

/// A key to be made or taken; it holds a secret and has no `Debug`.
#[derive(Deserialize)]
struct Wanted {
    /// Make one of this type.
    #[serde(rename = "type")]
    kind: Option<HostKeyKind>,
    /// Take this one.
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    first: bool,
    #[serde(default = "yes")]
    keep_files: bool,
}

fn yes() -> bool {
    true
}

async fn list(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &host_keys::list(site.core(), &admin).await?))
}

async fn add(site: web::Data<Site>, AdminToken(admin): AdminToken, JsonBody(wanted): JsonBody<Wanted>) -> ApiResult {
    let new = match (wanted.kind, wanted.private_key.is_empty()) {
        (Some(kind), true) => NewHostKey::Made(kind),
        (None, false) => NewHostKey::Given(wanted.private_key.into()),
        _ => return Err(Error::invalid("type", "either a type, to make a key, or a private_key, to take one, is needed").into()),
    };
    let how = Addition { is_first: wanted.first, keeps_files: wanted.keep_files };
    let added = host_keys::add(site.core(), &admin, new, how).await?;
    let mut answer = json(StatusCode::CREATED, &added);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v2/x/hostkeys/{}", added.id)) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

async fn put_first(site: web::Data<Site>, AdminToken(admin): AdminToken, id: web::Path<String>) -> ApiResult {
    host_keys::put_first(site.core(), &admin, &id).await?;
    Ok(done("Host key put first"))
}

async fn remove(site: web::Data<Site>, AdminToken(admin): AdminToken, id: web::Path<String>) -> ApiResult {
    host_keys::remove(site.core(), &admin, &id).await?;
    Ok(done("Host key deleted"))
}
