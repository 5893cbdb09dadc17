//! `/x/certificate`, an extension: the certificate that services without files of their own show (TLS-008).

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, delete, get, put},
};
use entrepot_core::admin::certificate::{self, CertificateDraft};
use entrepot_model::certificate::EVERY;
use serde::Deserialize;

use super::{access::AdminToken, at, body::JsonBody};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

/// Every path of it.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(at("/x/certificate").route(get().to(show)).route(put().to(replace)).route(delete().to(remove)));
}

/// A certificate to be put in place; it holds a secret and has no `Debug`.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    private_key: String,
    #[serde(default = "every")]
    protocols: i64,
}

fn every() -> i64 {
    EVERY
}

async fn show(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    Ok(json(StatusCode::OK, &certificate::show(site.core(), &admin).await?))
}

async fn replace(site: web::Data<Site>, AdminToken(admin): AdminToken, JsonBody(wanted): JsonBody<Wanted>) -> ApiResult {
    let Wanted { certificate, private_key, protocols } = wanted;
    let draft = CertificateDraft { certificate, private_key: private_key.into(), protocols };
    Ok(json(StatusCode::OK, &certificate::put(site.core(), &admin, draft).await?))
}

async fn remove(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    certificate::remove(site.core(), &admin).await?;
    Ok(done("Certificate deleted"))
}
