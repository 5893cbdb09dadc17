//! Uploads of visitors in several requests: `/shares-chunked-uploads` (API-151…API-160), and the same below a share for the
//! scripts of its pages.
//!
//! The announcement names the share, in its metadata or in its address; later requests belong to the share of their upload.
//! Each lets the visitor in anew, so an upload ends with its share.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::Method,
    web::{self, Data, Path, Payload, ServiceConfig, delete, get, patch, post},
};
use entrepot_core::{
    resumable::{self, Uploader},
    shares::{Purpose, Visit},
};

use super::{refused, visit, write::target};
use crate::{
    Site,
    api::at,
    error::{ApiResult, method_not_allowed},
    tus::{self, Asked, Enabled, Said, Spoken},
};

/// Those of the contract. HEAD comes as GET.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(all(at("/shares-chunked-uploads")).route(post().to(create)).wrap(tus::version()))
        .service(one(at("/shares-chunked-uploads/{id}")).wrap(tus::version()));
}

/// Those of the pages of a share, where its id is in the address.
pub(super) fn of_pages(config: &mut ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(method_not_allowed));
    config
        .service(all(at("/shares/{share}/chunked-uploads")).route(post().to(create_in)).wrap(tus::version()))
        .service(one(at("/shares/{share}/chunked-uploads/{id}")).wrap(tus::version()));
}

fn all(resource: Resource) -> Resource {
    resource.route(web::method(Method::OPTIONS).to(discover))
}

fn one(resource: Resource) -> Resource {
    resource.route(get().to(status)).route(patch().to(append)).route(delete().to(terminate)).route(post().to(overridden))
}

/// What holds for all shares: how large a file may be is up to the owner of each.
async fn discover(_: Enabled) -> ApiResult {
    Ok(tus::discover(None))
}

async fn create(_: (Enabled, Spoken), request: HttpRequest, site: Data<Site>, body: Payload) -> ApiResult {
    let said = Said::read(&request)?;
    let visit = visit(&request, &site, said.share()?, Purpose::Write).await?;
    announce(&request, &site, &visit, said, body).await
}

async fn create_in(
    _: (Enabled, Spoken),
    request: HttpRequest,
    site: Data<Site>,
    share: Path<String>,
    body: Payload,
) -> ApiResult {
    let visit = visit(&request, &site, &share, Purpose::Write).await?;
    announce(&request, &site, &visit, Said::read(&request)?, body).await
}

/// Each upload is a use, however many requests it takes (API-159).
async fn announce(request: &HttpRequest, site: &Site, visit: &Visit, said: Said, body: Payload) -> ApiResult {
    let path = target(visit, said.path()).await?;
    let uses = visit.spend(1).await.map_err(refused)?;
    tus::create(request, site, &uploader(visit), said.of(path), Some(uses), body).await
}

fn uploader(visit: &Visit) -> Uploader {
    Uploader::visitor(visit.fs(), visit.share().id.clone())
}

/// A request to one upload.
type Request = (Enabled, Spoken, HttpRequest, Data<Site>, Payload);

async fn status(request: Request) -> ApiResult {
    act(Asked::Status, request).await
}

async fn append(request: Request) -> ApiResult {
    act(Asked::Append, request).await
}

async fn terminate(request: Request) -> ApiResult {
    act(Asked::Terminate, request).await
}

/// POST is possible for what its header names.
async fn overridden(request: HttpRequest, parts: Result<Request, actix_web::Error>) -> Result<HttpResponse, actix_web::Error> {
    match tus::overridden(&request) {
        Some(asked) => Ok(act(asked, parts?).await?),
        None => Ok(method_not_allowed(request).await),
    }
}

async fn act(asked: Asked, (_, _, request, site, body): Request) -> ApiResult {
    let id = request.match_info().get("id").unwrap_or_default().to_owned();
    let share = match request.match_info().get("share") {
        Some(share) => share.to_owned(),
        None => resumable::share_of(site.core(), &id).await.map_err(tus::refused)?,
    };
    let visit = visit(&request, &site, &share, Purpose::Resume).await?;
    tus::act(asked, &request, &site, &uploader(&visit), &id, body).await
}
