//! Files of users: `/user/dirs`, `/user/files` and what is below (API-116…API-147).

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::{Payload, ServiceConfig, delete, get, patch, post},
};
use entrepot_core::UserFs;
use entrepot_http::Disposition;
use serde::Deserialize;

use super::{
    access::UserToken,
    at,
    body::{JsonBody, NoBody},
    query::Parameters,
};
use crate::{
    error::{ApiError, ApiResult, done_as},
    files::{self, PathQuery, Placing, refused},
};

/// Time of the last change, in milliseconds since the epoch (API-143).
const MTIME: &str = "X-SFTPGO-MTIME";

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/user/dirs")
                .route(get().to(list))
                .route(post().to(create_directory))
                .route(patch().to(rename))
                .route(delete().to(delete_directory)),
        )
        .service(
            at("/user/files")
                .route(get().to(download))
                .route(post().to(upload_form))
                .route(patch().to(rename))
                .route(delete().to(delete_file)),
        )
        .service(at("/user/files/upload").route(post().to(upload)))
        .service(at("/user/files/metadata").route(patch().to(set_metadata)));
}

/// The files of whoever asks, by a session that requests with the same token share (API-117).
fn files_of(UserToken(user): &UserToken) -> Result<UserFs, ApiError> {
    user.lease().map(|lease| lease.fs()).map_err(refused)
}

async fn list(user: UserToken, paths: PathQuery) -> ApiResult {
    let fs = files_of(&user)?;
    files::list(&fs, &paths.path_or_start("path", &fs)?).await
}

async fn create_directory(user: UserToken, paths: PathQuery, query: Parameters, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::create_directory(&fs, &paths.path_or_start("path", &fs)?, query.flag("mkdir_parents")?).await
}

async fn delete_directory(user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::delete_directory(&fs, &paths.path("path", &fs)?).await
}

async fn delete_file(user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::delete_file(&fs, &paths.path("path", &fs)?).await
}

async fn rename(user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::rename(&fs, &paths.path("path", &fs)?, &paths.path("target", &fs)?).await
}

async fn download(request: HttpRequest, user: UserToken, paths: PathQuery) -> ApiResult {
    let fs = files_of(&user)?;
    let path = paths.path("path", &fs)?;
    let wanted = if paths.bytes("inline")?.is_empty() { Disposition::Attachment } else { Disposition::Inline };
    files::download(&request, &fs, &path, wanted).await
}

async fn upload_form(request: HttpRequest, user: UserToken, paths: PathQuery, query: Parameters, body: Payload) -> ApiResult {
    let fs = files_of(&user)?;
    let directory = paths.path_or_start("path", &fs)?;
    let placing = Placing { makes_parents: query.flag("mkdir_parents")?, may_replace: true, modified: None };
    files::receive_form(&request, body, &fs, &directory, placing).await?;
    Ok(done_as(StatusCode::CREATED, "Upload completed"))
}

async fn upload(request: HttpRequest, user: UserToken, paths: PathQuery, query: Parameters, body: Payload) -> ApiResult {
    let fs = files_of(&user)?;
    if paths.bytes("path")?.is_empty() {
        return Err(ApiError::saying(StatusCode::BAD_REQUEST, "please set a file path"));
    }
    let path = paths.path("path", &fs)?;
    let headers = request.headers();
    let placing = Placing { makes_parents: query.flag("mkdir_parents")?, may_replace: true, modified: number(headers, MTIME) };
    files::receive(&fs, &path, body, number(headers, header::CONTENT_LENGTH.as_str()), placing).await?;
    Ok(done_as(StatusCode::CREATED, "Upload completed"))
}

/// A header that is a number; what is none is as if it was not there.
fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `{modification_time}`; a missing one is 0.
#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(default)]
    modification_time: i64,
}

async fn set_metadata(user: UserToken, paths: PathQuery, JsonBody(properties): JsonBody<Properties>) -> ApiResult {
    let fs = files_of(&user)?;
    if properties.modification_time <= 0 || paths.bytes("path")?.is_empty() {
        return Err(ApiError::saying(StatusCode::BAD_REQUEST, "please set a modification_time and a path"));
    }
    files::set_modified(&fs, &paths.path("path", &fs)?, properties.modification_time).await
}
