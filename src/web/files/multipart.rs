//! Files in a form (API-140…API-142, RFC 7578).

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, http::StatusCode};
use entrepot_core::{Upload, UserFs, shares::Uses};
use entrepot_model::VirtualPath;
use futures_util::StreamExt as _;

use super::{
    Incoming, Placing,
    incoming::{BodyError as _, too_large},
    receive, refused,
    upload::{PATIENCE, receive_all},
};
use crate::error::ApiError;

/// Name of the fields that are files.
const FIELD: &str = "filenames";

/// Bytes that the fields of a form may have that are no files: they are read and thrown away.
const MOST_SKIPPED: u64 = 1 << 20;
/// What a field counts for besides its content.
const OF_A_FIELD: u64 = 256;

/// Stores the files of a form into a directory, one by one, under the last component of their names. What follows an error is
/// not stored, what came before it stays (API-142).
pub(crate) async fn receive_form(
    request: &HttpRequest,
    payload: Incoming,
    fs: &UserFs,
    directory: &VirtualPath,
    placing: Placing,
) -> Result<(), ApiError> {
    let mut form = Multipart::new(request.headers(), payload);
    let mut stored = 0_usize;
    let mut left = MOST_SKIPPED;
    while let Some(field) = in_time(form.next()).await? {
        let Some(name) = file_name(&field) else {
            skip(field, &mut left).await?;
            continue;
        };
        let path = directory.child(name.as_bytes()).map_err(|error| ApiError::bad_request(format!("{name}: {error}")))?;
        receive(fs, &path, field, None, placing).await?;
        stored += 1;
    }
    if stored == 0 {
        return Err(nothing());
    }
    Ok(())
}

/// Files of one form that wait for each other.
const MOST_HELD: usize = 100;

/// As [`receive_form`], for uploads through a share: each is admitted for a use, before it is read. With `whole` the files get
/// their names when all of the form is there: all of them are stored or none, unless the storage fails between two names.
pub(crate) async fn receive_guarded_form(
    request: &HttpRequest,
    payload: Incoming,
    fs: &UserFs,
    directory: &VirtualPath,
    whole: bool,
    mut admit: impl AsyncFnMut() -> Result<Uses, ApiError>,
) -> Result<(), ApiError> {
    let mut form = Multipart::new(request.headers(), payload);
    let (mut held, mut is_empty, mut left) = (Vec::new(), true, MOST_SKIPPED);
    while let Some((upload, uses)) = next_upload((&mut form, &mut left), fs, directory, held.len(), &mut admit).await? {
        is_empty = false;
        if whole {
            upload.rest();
            held.push((upload, uses));
        } else {
            uses.commit(upload).await.map_err(refused)?;
        }
    }
    if is_empty {
        return Err(nothing());
    }
    Uses::commit_all(held).await.map_err(refused)
}

/// The next file of a form, all of it; `None` at the end.
async fn next_upload(
    (form, left): (&mut Multipart, &mut u64),
    fs: &UserFs,
    directory: &VirtualPath,
    held: usize,
    admit: &mut impl AsyncFnMut() -> Result<Uses, ApiError>,
) -> Result<Option<(Upload, Uses)>, ApiError> {
    while let Some(field) = in_time(form.next()).await? {
        let Some(name) = file_name(&field) else {
            skip(field, left).await?;
            continue;
        };
        let path = directory.child(name.as_bytes()).map_err(|error| ApiError::bad_request(format!("{name}: {error}")))?;
        if held >= MOST_HELD {
            return Err(ApiError::bad_request(format!("a form may have at most {MOST_HELD} files here")));
        }
        let uses = admit().await?;
        let placing = Placing { makes_parents: false, may_replace: true, modified: None };
        return receive_all(fs, &path, field, None, placing).await.map(|upload| Some((upload, uses)));
    }
    Ok(None)
}

/// Reads a field that is no file, and counts it against what is `left` for all of them.
async fn skip(mut field: Field, left: &mut u64) -> Result<(), ApiError> {
    let mut count = |bytes: u64| {
        *left = left.checked_sub(bytes).ok_or_else(|| {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the fields of a form that are no files may have 1 MiB together")
        })?;
        Ok::<_, ApiError>(())
    };
    count(OF_A_FIELD)?;
    while let Some(piece) = in_time(field.next()).await? {
        count(piece.len() as u64)?;
    }
    Ok(())
}

fn nothing() -> ApiError {
    ApiError::saying(StatusCode::BAD_REQUEST, "No files uploaded!")
}

/// The next part of the form, or of a field, if it comes in time.
async fn in_time<T>(next: impl Future<Output = Option<Result<T, MultipartError>>>) -> Result<Option<T>, ApiError> {
    match tokio::time::timeout(PATIENCE, next).await {
        Ok(next) => next.transpose().map_err(|error| unreadable(&error)),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")),
    }
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

fn unreadable(error: &MultipartError) -> ApiError {
    if error.is_overflow() {
        return too_large();
    }
    let error = ApiError::new(StatusCode::BAD_REQUEST, error.to_string());
    error.with_message("Unable to parse multipart form")
}
