//! GetFile and PutFile: the content of a document.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::HeaderMap},
};
use chrono::DateTime;
use entrepot_core::{Denial, Metadata};
use entrepot_http::Disposition;
use serde_json::json;

use super::{
    LOCK,
    access::Asked,
    info::{changed, look},
    locks::{conflicting, shown, wanted},
    with_version,
};
use crate::{
    error::{ApiError, ApiResult, json as answer},
    files::{self, Incoming, declared_length},
};

/// Largest document that the office server takes.
const MOST: &str = "x-wopi-maxexpectedsize";
/// Time of the last change that Collabora Online knows of the document it stores, under its name and its former one.
const KNOWN: [&str; 2] = ["x-cool-wopi-timestamp", "x-lool-wopi-timestamp"];
/// How Collabora Online is told that somebody else changed the document.
const CHANGED_ELSEWHERE: i32 = 1010;

/// `GET /wopi/files/{id}/contents`
pub(super) async fn read(request: HttpRequest, Asked(document): Asked) -> ApiResult {
    let found = look(&document).await?;
    let most: Option<u64> = text(request.headers(), MOST).and_then(|most| most.parse().ok());
    if most.is_some_and(|most| found.size > most) {
        return Err(ApiError::new(StatusCode::PRECONDITION_FAILED, "the document is larger than the office server takes"));
    }
    let sent = files::download(&request, document.fs(), document.path(), Disposition::Attachment).await?;
    Ok(with_version(sent, &found))
}

/// `POST /wopi/files/{id}/contents`: the document is replaced when all of it has arrived, as an upload of the account (API-205).
pub(super) async fn store(request: HttpRequest, Asked(document): Asked, body: Incoming) -> ApiResult {
    let headers = request.headers();
    if wanted(headers) != "PUT" {
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "this operation is not supported"));
    }
    let found = look(&document).await?;
    if !document.may_write() {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "the document may not be changed"));
    }
    let lock = shown(headers, &LOCK)?;
    if let Err(conflict) = document.check_lock(lock.as_deref()) {
        return Ok(conflicting(&conflict));
    }
    if is_changed_elsewhere(headers, &found) {
        return Ok(changed_elsewhere());
    }
    let upload = files::replace_all(document.fs(), document.path(), body, declared_length(&request)).await?;
    // Somebody may have locked it while it arrived.
    if let Err(conflict) = document.check_lock(lock.as_deref()) {
        // Nobody goes on with it: the office server sends a document as a whole.
        upload.discard(Denial::new("lock", "the document was locked while it arrived")).await;
        return Ok(conflicting(&conflict));
    }
    upload.commit().await.map_err(files::refused)?;
    let stored = look(&document).await?;
    Ok(with_version(answer(StatusCode::OK, &json!({ "LastModifiedTime": changed(&stored) })), &stored))
}

/// Whether the document is not the one any more that the office server loaded, or stored last.
fn is_changed_elsewhere(headers: &HeaderMap, found: &Metadata) -> bool {
    let known = KNOWN.iter().find_map(|name| text(headers, name)).and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let now = DateTime::from_timestamp(found.modified.seconds, found.modified.nanoseconds).unwrap_or_default();
    known.is_some_and(|known| known.timestamp_micros() != now.timestamp_micros())
}

fn changed_elsewhere() -> HttpResponse {
    answer(StatusCode::CONFLICT, &json!({ "COOLStatusCode": CHANGED_ELSEWHERE, "LOOLStatusCode": CHANGED_ELSEWHERE }))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
