//! Files of users: `/user/dirs`, `/user/files` and what is below (API-116…API-147).

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{ServiceConfig, delete, get, patch, post},
};
use entrepot_core::{Denial, UserFs};
use entrepot_http::Disposition;
use entrepot_model::VirtualPath;
use serde::Deserialize;

use super::{
    access::UserToken,
    at,
    body::{JsonBody, JsonList, NoBody},
    query::Parameters,
};
use crate::{
    error::{ApiError, ApiResult, done_as},
    files::{self, Incoming, PathQuery, Placing, Wanted, refused},
};

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
        .service(at("/user/files/metadata").route(patch().to(set_metadata)))
        .service(at("/user/file-actions/copy").route(post().to(copy)))
        .service(at("/user/file-actions/move").route(post().to(move_to)))
        .service(at("/user/streamzip").route(post().to(zip)))
        .service(at("/user/files/checksum").route(get().to(checksum)))
        .service(at("/x/checksums").route(post().to(checksums)))
        .service(at("/x/search").route(get().to(search)));
}

/// The files of whoever asks, by a session that requests with the same token share (API-117).
pub(super) fn files_of(UserToken(user): &UserToken) -> Result<UserFs, ApiError> {
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

async fn delete_directory(request: HttpRequest, user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::delete_directory(&request, &fs, &paths.path("path", &fs)?).await
}

async fn copy(request: HttpRequest, user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::copy(&request, &fs, &paths.named("path", &fs)?, &paths.named("target", &fs)?).await
}

async fn move_to(request: HttpRequest, user: UserToken, paths: PathQuery, _: NoBody) -> ApiResult {
    let fs = files_of(&user)?;
    files::move_to(&request, &fs, &paths.path("path", &fs)?, &paths.path("target", &fs)?).await
}

/// The paths of a list.
fn resolved(fs: &UserFs, named: &[String]) -> Result<Vec<VirtualPath>, ApiError> {
    let paths =
        named.iter().map(|name| fs.resolve(name.as_bytes()).map_err(|error| ApiError::bad_request(format!("{name:?}: {error}"))));
    paths.collect()
}

async fn checksum(user: UserToken, paths: PathQuery) -> ApiResult {
    let fs = files_of(&user)?;
    files::checksum(&fs, &paths.path("path", &fs)?, paths.bytes("algo")?).await
}

async fn checksums(user: UserToken, JsonList(named): JsonList<String>) -> ApiResult {
    let fs = files_of(&user)?;
    files::list_checksums(&fs, resolved(&fs, &named)?).await
}

async fn search(user: UserToken, query: PathQuery) -> ApiResult {
    let fs = files_of(&user)?;
    files::search(&fs, &query.path_or_start("path", &fs)?, Wanted::of(&query)?).await
}

/// Several files and directories as one archive (API-136).
async fn zip(user: UserToken, JsonList(named): JsonList<String>) -> ApiResult {
    let fs = files_of(&user)?;
    let paths = resolved(&fs, &named)?;
    let name = files::zip_name(fs.username(), &paths);
    files::send_zip(&fs, paths, &name).await
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

async fn upload_form(request: HttpRequest, user: UserToken, paths: PathQuery, query: Parameters, body: Incoming) -> ApiResult {
    let fs = files_of(&user)?;
    let directory = paths.path_or_start("path", &fs)?;
    let placing = Placing { makes_parents: query.flag("mkdir_parents")?, may_replace: true, modified: None };
    files::receive_form(&request, body, &fs, &directory, placing).await?;
    Ok(done_as(StatusCode::CREATED, "Upload completed"))
}

async fn upload(request: HttpRequest, user: UserToken, paths: PathQuery, query: Parameters, body: Incoming) -> ApiResult {
    let fs = files_of(&user)?;
    if paths.bytes("path")?.is_empty() {
        return Err(ApiError::saying(StatusCode::BAD_REQUEST, "please set a file path"));
    }
    let path = paths.path("path", &fs)?;
    let placing = Placing::of(&request, query.flag("mkdir_parents")?);
    files::is_as_expected(&request, &fs, &path).await?;
    let stored = files::receive_all(&fs, &path, body, files::declared_length(&request), placing).await?;
    // Somebody may have been faster while the body was on its way.
    if let Err(error) = files::is_as_expected(&request, &fs, &path).await {
        stored.discard(Denial::new("state", "the file was changed while the upload arrived")).await;
        return Err(error);
    }
    stored.commit().await.map_err(refused)?;
    let mut answer = done_as(StatusCode::CREATED, "Upload completed");
    files::note_state(&mut answer, &fs, &path).await;
    Ok(answer)
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
