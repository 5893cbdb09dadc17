//! Lock, Unlock, RefreshLock, UnlockAndRelock and GetLock: what editors of a document agree on (API-204, API-205).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName},
    },
};
use entrepot_core::documents::{Conflict, LONGEST_LOCK};

use super::{LOCK, OVERRIDE, access::Asked, info::look, set, with_version};
use crate::error::{ApiError, ApiResult};

/// The lock that another one is to follow.
const OLD_LOCK: HeaderName = HeaderName::from_static("x-wopi-oldlock");
/// Why there is a conflict, for the log of the office server.
const REASON: HeaderName = HeaderName::from_static("x-wopi-lockfailurereason");

/// `POST /wopi/files/{id}`
pub(super) async fn change(request: HttpRequest, Asked(document): Asked) -> ApiResult {
    let headers = request.headers();
    let wanted = wanted(headers);
    if !matches!(wanted, "LOCK" | "UNLOCK" | "REFRESH_LOCK" | "GET_LOCK") {
        // What is not said to be supported is not asked for.
        return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "this operation is not supported"));
    }
    let found = look(&document).await?;
    if wanted == "GET_LOCK" {
        let mut answer = with_version(HttpResponse::Ok().finish(), &found);
        set(&mut answer, LOCK, &document.current_lock());
        return Ok(answer);
    }
    if !document.may_write() {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "the document may not be changed"));
    }
    let lock = shown(headers, &LOCK)?.ok_or_else(|| ApiError::bad_request("X-WOPI-Lock is missing"))?;
    let outcome = match (wanted, shown(headers, &OLD_LOCK)?) {
        ("LOCK", Some(before)) => document.relock(&before, &lock),
        ("LOCK", None) => document.lock(&lock),
        ("UNLOCK", _) => document.unlock(&lock),
        _ => document.refresh_lock(&lock),
    };
    Ok(match outcome {
        Ok(()) => with_version(HttpResponse::Ok().finish(), &found),
        Err(conflict) => conflicting(&conflict),
    })
}

/// What is to be done.
pub(super) fn wanted(headers: &HeaderMap) -> &str {
    headers.get(OVERRIDE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A lock in a header; an empty one is none.
pub(super) fn shown(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match value.to_str() {
        Ok("") => Ok(None),
        Ok(text) if text.len() <= LONGEST_LOCK => Ok(Some(text.to_owned())),
        _ => Err(ApiError::bad_request(format!("{name} is longer than {LONGEST_LOCK} characters, or no ASCII"))),
    }
}

/// The answer that names the lock which the file has.
pub(super) fn conflicting(conflict: &Conflict) -> HttpResponse {
    let mut answer = HttpResponse::Conflict().finish();
    set(&mut answer, LOCK, &conflict.current);
    set(&mut answer, REASON, &conflict.to_string());
    answer
}
