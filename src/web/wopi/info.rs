//! CheckFileInfo: what a document is, and what may be done with it.

use actix_web::http::StatusCode;
use chrono::{DateTime, SecondsFormat};
use entrepot_core::{Metadata, documents::Document};
use serde::Serialize;

use super::{access::Asked, endings::ending, with_version};
use crate::{
    error::{ApiError, ApiResult, json},
    files,
};

/// The members that Collabora Online and ONLYOFFICE know.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FileInfo {
    base_file_name: String,
    file_extension: String,
    owner_id: String,
    size: u64,
    version: String,
    last_modified_time: String,
    user_id: String,
    user_friendly_name: String,
    user_can_write: bool,
    read_only: bool,
    supports_update: bool,
    supports_locks: bool,
    supports_get_lock: bool,
    supports_extended_lock_length: bool,
    supports_rename: bool,
    user_can_rename: bool,
    /// There is no saving under another name: the page knows one document.
    user_can_not_write_relative: bool,
    post_message_origin: String,
    close_post_message: bool,
}

/// `GET /wopi/files/{id}`
pub(super) async fn describe(Asked(document): Asked) -> ApiResult {
    let found = look(&document).await?;
    let (name, may_write) = (document.name(), document.may_write());
    let info = FileInfo {
        file_extension: format!(".{}", ending(&name)),
        base_file_name: name,
        owner_id: document.user_id(),
        size: found.size,
        version: files::version(&found),
        last_modified_time: changed(&found),
        user_id: document.user_id(),
        user_friendly_name: document.username().to_owned(),
        user_can_write: may_write,
        read_only: !may_write,
        supports_update: true,
        supports_locks: true,
        supports_get_lock: true,
        supports_extended_lock_length: true,
        supports_rename: false,
        user_can_rename: false,
        user_can_not_write_relative: true,
        post_message_origin: document.page().to_owned(),
        close_post_message: true,
    };
    Ok(with_version(json(StatusCode::OK, &info), &found))
}

/// The file, which may be gone by now, or be something else.
pub(super) async fn look(document: &Document) -> Result<Metadata, ApiError> {
    let found = document.fs().stat_download(document.path()).await.map_err(files::refused)?;
    if found.is_file() { Ok(found) } else { Err(ApiError::new(StatusCode::NOT_FOUND, "the document is no file any more")) }
}

/// Time of the last change, in microseconds: what Collabora Online compares.
pub(super) fn changed(found: &Metadata) -> String {
    let moment = DateTime::from_timestamp(found.modified.seconds, found.modified.nanoseconds).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}
