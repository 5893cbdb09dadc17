//! Files in a form (API-140…API-142, RFC 7578).

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, web::Payload};
use entrepot_core::UserFs;
use entrepot_model::VirtualPath;
use futures_util::StreamExt as _;

use super::{Placing, receive};
use crate::error::ApiError;

/// Name of the fields that are files.
const FIELD: &str = "filenames";

/// Stores the files of a form into a directory, one by one, under the last component of their names. What follows an error is
/// not stored, what came before it stays (API-142).
pub(crate) async fn receive_form(
    request: &HttpRequest,
    payload: Payload,
    fs: &UserFs,
    directory: &VirtualPath,
    placing: Placing,
) -> Result<(), ApiError> {
    let mut form = Multipart::new(request.headers(), payload);
    let mut stored = 0_usize;
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| unreadable(&error))?;
        let Some(name) = file_name(&field) else {
            // A field is read to its end when the next one is asked for.
            continue;
        };
        let path = directory.child(name.as_bytes()).map_err(|error| ApiError::bad_request(format!("{name}: {error}")))?;
        receive(fs, &path, field, None, placing).await?;
        stored += 1;
    }
    if stored == 0 {
        return Err(ApiError::saying(actix_web::http::StatusCode::BAD_REQUEST, "No files uploaded!"));
    }
    Ok(())
}

/// Name of the file that a field holds, without the directories that some clients send with it; `None` if it holds none.
fn file_name(field: &Field) -> Option<String> {
    if field.name() != Some(FIELD) {
        return None;
    }
    let name = field.content_disposition()?.get_filename()?;
    let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    (!last.is_empty()).then(|| last.to_owned())
}

fn unreadable(error: &actix_multipart::MultipartError) -> ApiError {
    let error = ApiError::new(actix_web::http::StatusCode::BAD_REQUEST, error.to_string());
    error.with_message("Unable to parse multipart form")
}
