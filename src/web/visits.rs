//! The pages of a share, for those who have its link: `/web/client/pubshares/{id}` and what is below, and the short address
//! `/s/{id}` that leads there (UI-141…UI-149, UI-181, UI-182).
//!
//! What a visitor has to do first (password, code by mail, agreement) is in [`door`], reading in [`read`], bringing in
//! [`write`]. Scripts of these pages use the operations of the REST API below `/web/client/visit`, let in by the same cookie.

mod cookie;
mod door;
mod mount;
mod read;
#[cfg(test)]
mod tests;
mod visitor;
mod write;

use actix_web::{
    Resource,
    web::{self, Path, ServiceConfig, get, post, resource},
};

use crate::{
    api,
    error::only,
    frame::{PageResult, redirect},
};
use visitor::{Refusal, Visitor};

/// Below `/web/client`.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .configure(mount::routes)
        .service(at("").route(get().to(read::all)).route(post().to(write::form)))
        .service(at("/login").route(get().to(door::show)).route(post().to(door::password)))
        .service(at("/code").route(get().to(door::show)).route(post().to(door::code)))
        .service(at("/agreement").route(get().to(door::show)).route(post().to(door::agree)))
        .service(at("/logout").route(post().to(door::leave)))
        .service(at("/browse").route(get().to(read::browse)))
        .service(at("/file").route(get().to(read::file)))
        .service(at("/partial").route(post().to(read::partial)))
        .service(at("/download").route(get().to(read::offer)))
        .service(at("/upload").route(get().to(write::show)).route(post().to(write::form)))
        .service(at("/newfolder").route(post().to(write::new_folder)));
}

fn at(path: &str) -> Resource {
    resource(format!("/pubshares/{{id}}{path}")).default_service(web::to(only("GET, HEAD, POST")))
}

/// The address of a page of a share.
fn page(id: &str, rest: &str) -> String {
    format!("/web/client/pubshares/{}{rest}", api::escaped(id))
}

/// `/s/{id}`: short enough to be read aloud.
pub(crate) async fn short(id: Path<String>) -> PageResult {
    Ok(redirect(&page(&id, "/login")))
}
