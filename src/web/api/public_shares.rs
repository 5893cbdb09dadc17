//! Shares as visitors use them: `/shares/{id}` and what is below (API-179…API-199). No account is needed; a password comes as
//! HTTP Basic authentication, under any name.

mod body;
mod chunked_uploads;
pub(crate) mod read;
mod refusal;
pub(crate) mod write;

use actix_web::{
    HttpMessage, HttpRequest,
    http::StatusCode,
    web::{self, ServiceConfig, get, post},
};
use entrepot_core::shares::{self, Proof, Purpose, Visit};
use entrepot_http::Client;

use super::{
    access::{self, SharePassword, VisitorSession},
    at,
};
use crate::{Site, error::ApiError, files::decoded_path};
use refusal::refused;

/// All of them.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.configure(chunked_uploads::routes).configure(of_one);
}

/// Those that have the share in their address, for its pages.
pub(super) fn of_pages(config: &mut ServiceConfig) {
    config.configure(chunked_uploads::of_pages).configure(of_one);
}

/// The older form of an upload takes what no other path is.
fn of_one(config: &mut ServiceConfig) {
    config
        .service(at("/shares/{id}").route(get().to(read::all)).route(post().to(write::form)))
        .service(at("/shares/{id}/dirs").route(get().to(read::directory)))
        .service(at("/shares/{id}/files").route(get().to(read::file)))
        .service(at("/shares/{id}/actions/mkdir").route(post().to(write::directory)))
        .service(at("/shares/{id}/files/{filePath:.+}").route(post().to(write::file)))
        .service(at("/shares/{id}/{fileName}").route(post().to(write::file)));
}

/// A visitor who is in.
async fn visit(request: &HttpRequest, site: &Site, id: &str, purpose: Purpose) -> Result<Visit, ApiError> {
    let client = request.extensions().get::<Client>().cloned();
    let client = client.ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "no client"))?;
    let password = SharePassword::of(request);
    let session = request.extensions().get::<VisitorSession>().map(|session| session.0.clone());
    let proof = match (&session, &password) {
        (Some(session), _) => Proof::Session(session),
        (None, Some(password)) => Proof::Password(password.as_str()),
        (None, None) => Proof::Nothing,
    };
    let peer = access::peer(&client, access::agent(request));
    shares::visit(site.core(), id, purpose, proof, peer).await.map_err(refused)
}

/// Whether the request was HEAD.
fn is_head(request: &HttpRequest) -> bool {
    request.extensions().get::<Client>().is_some_and(|client| client.is_head)
}

/// The part of the path of a request that follows the id of the share and `files/`, decoded once: names of files are bytes.
///
/// # Errors
/// 400 for what is not percent-encoded as it should be.
fn file_path(request: &HttpRequest) -> Result<Vec<u8>, ApiError> {
    let of_share = request.uri().path().split_once("/shares/").map_or("", |(_, of_share)| of_share);
    let rest = of_share.split_once('/').map_or("", |(_, rest)| rest);
    let path = decoded_path(rest.strip_prefix("files/").unwrap_or(rest));
    path.ok_or_else(|| ApiError::bad_request("the path is not percent-encoded as it should be"))
}

type Id = web::Path<String>;
