//! Writing to a share: a form, a file, a directory (API-186…API-189). A file that is there stays (API-193).

use actix_web::{HttpRequest, http::StatusCode, web};
use entrepot_core::{
    Error,
    shares::{Purpose, Visit, VisitError},
};
use entrepot_model::VirtualPath;

use super::{Id, file_path, refusal::refused_upload, refused, visit};
use crate::{
    Site,
    api::{body::NoBody, query::Parameters},
    error::{ApiError, ApiResult, done_as},
    files::{self, Incoming, PathQuery, Placing},
};

/// API-186
pub(super) async fn form(request: HttpRequest, site: web::Data<Site>, id: Id, body: Incoming) -> ApiResult {
    let visit = visit(&request, &site, &id, Purpose::Write).await?;
    form_of(&request, &visit, body).await
}

/// Stores the files of a form. Each is a use, taken before it is read; with limited ones, all of them are stored or none.
pub(crate) async fn form_of(request: &HttpRequest, visit: &Visit, body: Incoming) -> ApiResult {
    let directory = visit.directory().await.map_err(refused)?.clone();
    let admit = async || visit.spend(1).await.map_err(allowed);
    files::receive_guarded_form(request, body, &visit.fs(), &directory, visit.is_limited(), admit).await?;
    Ok(done_as(StatusCode::CREATED, "Upload completed"))
}

/// A form has more files than there are uses left (API-190).
pub(crate) const TOO_MANY: &str = "Allowed usage exceeded";

fn allowed(error: VisitError) -> ApiError {
    match error {
        VisitError::UsedUp => ApiError::bad_request(TOO_MANY),
        other => refused(other),
    }
}

/// API-187
pub(super) async fn file(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<(String, String)>,
    query: Parameters,
    body: Incoming,
) -> ApiResult {
    let visit = visit(&request, &site, &id.0, Purpose::Write).await?;
    let path = target(&visit, &file_path(&request)?).await?;
    let placing = Placing::of(&request, query.flag("mkdir_parents")?);
    let uses = visit.spend(1).await.map_err(refused)?;
    let upload = files::receive_all(&visit.fs(), &path, body, files::declared_length(&request), placing).await?;
    uses.commit(upload).await.map_err(files::refused)?;
    Ok(done_as(StatusCode::CREATED, "Upload completed"))
}

/// API-188
pub(super) async fn target(visit: &Visit, named: &[u8]) -> Result<VirtualPath, ApiError> {
    let path = visit.inside(named).await.map_err(refused_upload)?;
    if visit.roots().contains(&path) {
        return Err(files::refused(Error::Unsupported));
    }
    Ok(path)
}

/// API-189
pub(super) async fn directory(
    request: HttpRequest,
    site: web::Data<Site>,
    id: Id,
    paths: PathQuery,
    query: Parameters,
    _: NoBody,
) -> ApiResult {
    let visit = visit(&request, &site, &id, Purpose::Write).await?;
    let named = paths.bytes("path")?;
    if named.is_empty() {
        return Err(ApiError::bad_request("path is required"));
    }
    let path = visit.inside(named).await.map_err(refused)?;
    let fs = visit.fs();
    if query.flag("mkdir_parents")? {
        fs.create_parents(&path).await.map_err(files::refused)?;
    }
    // As for users, but the path of the owner is none of a visitor's business.
    fs.create_directory(&path).await.map_err(|error| match error {
        Error::Exists => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the directory exists"),
        other => files::refused(other),
    })?;
    Ok(done_as(StatusCode::CREATED, &format!("Directory \"{}\" created", String::from_utf8_lossy(named))))
}
