//! Documents in an external office server (WOPI): Collabora Online, ONLYOFFICE and others of their kind. Off unless a binding names
//! one (API-200, API-234).
//!
//! The browser loads the editor from the office server, in a frame of our page, and hands it a token. The office server does the
//! rest: it asks what the document is ([`info`]), reads and stores it ([`contents`]) and locks it ([`locks`]). What it can edit,
//! and how it signs its requests, it says in its discovery ([`discovery`]), which [`offices`] keeps. The protocol is that of
//! Microsoft's "WOPI REST API reference", as far as the two servers use it.

mod access;
mod contents;
mod discovery;
mod endings;
mod info;
mod locks;
mod offices;
mod proof;
#[cfg(test)]
mod tests;

use actix_web::{
    HttpResponse, Resource,
    http::header::{HeaderName, HeaderValue},
    web::{self, ServiceConfig, get, post},
};
use entrepot_config::settings::Wopi;
use entrepot_core::{Core, Metadata};
use entrepot_http::Features;

use discovery::Discovery;
pub(crate) use discovery::origin;
pub(crate) use endings::{Endings, ending};
pub(crate) use offices::Offices;

use crate::{error::only, files};

/// The state of the file.
const VERSION: HeaderName = HeaderName::from_static("x-wopi-itemversion");
/// The lock that a file has, or that the office server shows.
const LOCK: HeaderName = HeaderName::from_static("x-wopi-lock");
/// What is to be done.
const OVERRIDE: HeaderName = HeaderName::from_static("x-wopi-override");

/// What office servers ask for, below `/wopi`.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/files/{id}").route(get().to(info::describe)).route(post().to(locks::change)))
        .service(at("/files/{id}/contents").route(get().to(contents::read)).route(post().to(contents::store)));
}

fn at(path: &str) -> Resource {
    web::resource(path.to_owned()).default_service(web::to(only("GET, HEAD, POST")))
}

/// The office server of a binding, if it has one.
pub(crate) fn office_of(core: &Core, features: Features) -> Option<Wopi> {
    let settings = core.settings();
    settings.httpd.bindings.get(features.office?).map(|binding| binding.wopi.clone()).filter(Wopi::is_on)
}

/// Address of a document for the office server.
pub(crate) fn source(wopi: &Wopi, file: &str) -> String {
    format!("{}/wopi/files/{file}", wopi.callback_url.trim_end_matches('/'))
}

/// An answer that says in which state the file is.
fn with_version(mut answer: HttpResponse, found: &Metadata) -> HttpResponse {
    set(&mut answer, VERSION, &files::version(found));
    answer
}

fn set(answer: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
