//! Directories, names and times.

use actix_web::http::StatusCode;
use entrepot_core::{Error, UserFs};
use entrepot_model::VirtualPath;

use super::{refused, upload::times};
use crate::error::{ApiError, ApiResult, done, done_as};

/// Makes a directory, with `makes_parents` those above it as well (API-122).
pub(crate) async fn create_directory(fs: &UserFs, path: &VirtualPath, makes_parents: bool) -> ApiResult {
    if makes_parents {
        fs.create_parents(path).await.map_err(refused)?;
    }
    fs.create_directory(path).await.map_err(|error| match error {
        // Clients of this API know it as a failure without a code of its own.
        Error::Exists => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("\"{path}\" exists")),
        other => refused(other),
    })?;
    Ok(done_as(StatusCode::CREATED, &format!("Directory \"{path}\" created")))
}

/// Removes a file or a link (API-125).
pub(crate) async fn delete_file(fs: &UserFs, path: &VirtualPath) -> ApiResult {
    fs.remove_file(path).await.map_err(refused)?;
    Ok(done(&format!("File \"{path}\" deleted")))
}

/// Renames what is at `from` (API-124).
pub(crate) async fn rename(fs: &UserFs, from: &VirtualPath, to: &VirtualPath) -> ApiResult {
    fs.rename(from, to).await.map_err(refused)?;
    Ok(done(&format!("\"{from}\" renamed to \"{to}\"")))
}

/// Sets the time of the last change, in milliseconds since the epoch (API-147).
pub(crate) async fn set_modified(fs: &UserFs, path: &VirtualPath, millis: i64) -> ApiResult {
    let Some(attributes) = times(millis) else {
        return Err(ApiError::bad_request("modification_time must be greater than 0"));
    };
    fs.set_attributes(path, &attributes, true).await.map_err(refused)?;
    Ok(done("OK"))
}
