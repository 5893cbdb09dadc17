//! Reading a share: the whole of it, a directory, a file (API-183…API-185).

use actix_web::{HttpRequest, web};
use entrepot_core::{
    Metadata,
    shares::{Purpose, Visit},
};
use entrepot_http::Disposition;
use entrepot_model::VirtualPath;

use super::{Id, body::Paid, is_head, refused, visit};
use crate::{
    Site,
    api::query::Parameters,
    error::{ApiError, ApiResult},
    files::{self, PathQuery},
};

/// API-183
pub(super) async fn all(request: HttpRequest, site: web::Data<Site>, id: Id, paths: PathQuery, query: Parameters) -> ApiResult {
    let visit = visit(&request, &site, &id, Purpose::Download).await?;
    all_of(&request, &visit, &paths, &query).await
}

/// All that is shared, or the only file as it is.
pub(crate) async fn all_of(request: &HttpRequest, visit: &Visit, paths: &PathQuery, query: &Parameters) -> ApiResult {
    let compresses = query.text("compress").is_none() || query.flag("compress")?;
    if !compresses && let Some((path, found)) = visit.single_file().await.map_err(refused)? {
        let path = path.clone();
        return send(request, visit, &path, &found, disposition(paths)?).await;
    }
    archive_of(request, visit, visit.roots().to_vec()).await
}

/// API-184
pub(crate) async fn directory(request: HttpRequest, site: web::Data<Site>, id: Id, paths: PathQuery) -> ApiResult {
    let visit = visit(&request, &site, &id, Purpose::Read).await?;
    let path = visit.inside(paths.bytes("path")?).await.map_err(refused)?;
    files::list(&visit.fs(), &path).await
}

/// API-185
pub(super) async fn file(request: HttpRequest, site: web::Data<Site>, id: Id, paths: PathQuery) -> ApiResult {
    let visit = visit(&request, &site, &id, Purpose::Download).await?;
    file_of(&request, &visit, &paths).await
}

/// The file that `path` names, below the directory of the share.
pub(crate) async fn file_of(request: &HttpRequest, visit: &Visit, paths: &PathQuery) -> ApiResult {
    const NO_FILE: &str = "Please set the path to a valid file";
    let path = visit.inside(paths.bytes("path")?).await.map_err(refused)?;
    if visit.roots().contains(&path) {
        return Err(ApiError::bad_request(NO_FILE));
    }
    let found = visit.entry(&path).await.map_err(refused)?;
    if found.is_directory() {
        return Err(ApiError::bad_request(NO_FILE));
    }
    if !found.is_file() {
        return Err(ApiError::bad_request("non regular files are not supported for shares"));
    }
    send(request, visit, &path, &found, disposition(paths)?).await
}

fn disposition(paths: &PathQuery) -> Result<Disposition, ApiError> {
    Ok(if paths.bytes("inline")?.is_empty() { Disposition::Attachment } else { Disposition::Inline })
}

/// Sends a file for a use; HEAD is none (API-190, API-191).
async fn send(request: &HttpRequest, visit: &Visit, path: &VirtualPath, found: &Metadata, wanted: Disposition) -> ApiResult {
    let fs = visit.fs();
    if is_head(request) {
        return files::download(request, &fs, path, wanted).await;
    }
    let uses = visit.spend_for_read(path, files::first_byte(request, found)).await.map_err(refused)?;
    Ok(Paid::answer(files::download(request, &fs, path, wanted).await?, uses))
}

/// A zip of these paths, for a use.
pub(crate) async fn archive_of(request: &HttpRequest, visit: &Visit, paths: Vec<VirtualPath>) -> ApiResult {
    let name = format!("share-{}.zip", visit.share().name);
    let fs = visit.fs();
    if is_head(request) {
        return files::send_zip(&fs, paths, name.as_bytes()).await;
    }
    let uses = visit.spend(1).await.map_err(refused)?;
    Ok(Paid::answer(files::send_zip(&fs, paths, name.as_bytes()).await?, uses))
}
