//! Files that are replaced only in the state that whoever replaces them has seen (RFC 9110 section 13.1).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use entrepot_core::{Error, UserFs};
use entrepot_http::Precondition;
use entrepot_model::VirtualPath;

use super::{entry::validators, refused};
use crate::error::ApiError;

/// Refuses what the conditions of a request speak against: `If-Match` where the file is another one by now or is gone,
/// `If-None-Match` where there is one.
///
/// # Errors
/// 412; what looking at the file comes to.
pub(crate) async fn is_as_expected(request: &HttpRequest, fs: &UserFs, path: &VirtualPath) -> Result<(), ApiError> {
    let headers = request.headers();
    let conditions = [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_UNMODIFIED_SINCE];
    if !conditions.iter().any(|name| headers.contains_key(name)) {
        return Ok(());
    }
    let holds = match fs.stat(path, true).await {
        Ok(found) => validators(&found).check(headers, false) == Precondition::Holds,
        // Nothing is in no state at all.
        Err(Error::NotFound) => !headers.contains_key(header::IF_MATCH),
        Err(error) => return Err(refused(error)),
    };
    let text = "the file is not in the state that the request names";
    if holds { Ok(()) } else { Err(ApiError::new(StatusCode::PRECONDITION_FAILED, text)) }
}

/// Notes in an answer in which state a file is now. One that is gone already, or may not be looked at, is in none.
pub(crate) async fn note_state(answer: &mut HttpResponse, fs: &UserFs, path: &VirtualPath) {
    if let Ok(found) = fs.stat(path, true).await
        && let Some(tag) = validators(&found).etag()
    {
        answer.headers_mut().insert(header::ETAG, tag);
    }
}
