//! Backups: `/dumpdata` and `/loaddata` (API-086…API-099).

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentDisposition, DispositionParam, DispositionType},
    },
    web::{self, Bytes, BytesMut, Payload, ServiceConfig, get, post},
};
use entrepot_core::admin::{
    AdminSession,
    backup::{self, Dump, DumpOptions, LoadMode, LoadOptions, LoadReport, QuotaScan, Scope},
};
use futures_util::{StreamExt as _, stream};

use super::{access::AdminToken, at, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, done},
};

/// Name of a backup that is sent.
const FILE_NAME: &str = "entrepot-backup.json";
/// Time for the next piece of a body.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/dumpdata").route(get().to(dump)))
        .service(at("/loaddata").route(get().to(load_file)).route(post().to(load_body)));
}

async fn dump(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters) -> ApiResult {
    let options = DumpOptions { scopes: scopes(&query)?, indent: query.is_on("indent")? };
    if query.is_on("output-data")? {
        return Ok(send(backup::dump(site.core(), &admin, &options)?));
    }
    let name = query.text("output-file").unwrap_or_default();
    backup::dump_to_file(site.core(), &admin, &options, name).await?;
    Ok(done("Data saved"))
}

/// A list with commas.
fn scopes(query: &Parameters) -> Result<Vec<Scope>, ApiError> {
    let names = query.text("scopes").unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| name.parse::<Scope>().map_err(|error| ApiError::bad_request(format!("invalid scopes: {error}")))).collect()
}

/// The backup as it is read. If that fails the connection breaks off: no client can take the part for the whole.
fn send(dump: Dump) -> HttpResponse {
    let pieces = stream::unfold(Some(dump), async |dump| {
        let mut dump = dump?;
        match dump.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(dump))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(FILE_NAME.to_owned())],
        })
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pieces))
}

async fn load_file(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters) -> ApiResult {
    let options = options(&query)?;
    let path = query.text("input-file").unwrap_or_default();
    answer(&backup::load_file(site.core(), &admin, path, options).await?)
}

async fn load_body(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters, body: Payload) -> ApiResult {
    let options = options(&query)?;
    may_restore(&admin)?;
    let text = collect(body, backup::limit(site.core())).await?;
    answer(&backup::load(site.core(), &admin, text, options).await?)
}

/// Nobody who may not restore has us take 20 MB.
fn may_restore(admin: &AdminSession) -> Result<(), ApiError> {
    Ok(admin.require(entrepot_model::AdminPermission::Any)?)
}

/// API-092.
fn options(query: &Parameters) -> Result<LoadOptions, ApiError> {
    let invalid = |name: &str| ApiError::bad_request(format!("invalid {name}"));
    let mode = query.number("mode")?.unwrap_or(0);
    let scan = query.number("scan-quota")?.unwrap_or(0);
    Ok(LoadOptions {
        mode: LoadMode::from_number(mode).ok_or_else(|| invalid("mode"))?,
        scan: QuotaScan::from_number(scan).ok_or_else(|| invalid("scan-quota"))?,
        is_dry_run: false,
    })
}

/// A body of at most `limit` bytes.
async fn collect(mut body: Payload, limit: u64) -> Result<Bytes, ApiError> {
    let mut text = BytesMut::new();
    loop {
        let piece = match tokio::time::timeout(PATIENCE, body.next()).await {
            Ok(Some(piece)) => piece.map_err(|_| ApiError::bad_request("the request body ended early or is not readable"))?,
            Ok(None) => return Ok(text.freeze()),
            Err(_) => return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")),
        };
        if (text.len() + piece.len()) as u64 > limit {
            let problem = format!("the backup is larger than {} MB (hook.httpd_max_restore_size)", limit / 1024 / 1024);
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, problem));
        }
        text.extend_from_slice(&piece);
    }
}

/// API-091; the status of a failure is that of its object (API-094).
fn answer(report: &LoadReport) -> ApiResult {
    match report.failures.first() {
        None => Ok(done("Data restored")),
        Some(failure) => {
            let error = ApiError::from(failure.error.clone());
            let object = failure.scope.map(|scope| format!("{} {:?}", scope.noun(), failure.name));
            let before = (!report.entries.is_empty()).then(|| format!("before it: {}", report.summary()));
            let places: Vec<String> = object.into_iter().chain(before).collect();
            if places.is_empty() { Err(error) } else { Err(error.with_place(&places.join("; "))) }
        }
    }
}
