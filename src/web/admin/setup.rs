//! The first start after its first step: where files live, how people reach the server, the first person, backups, and how to
//! go on. Nothing here is needed to run the server, and every step can be taken again.

mod finish;
mod person;
mod place;
mod reach;

use actix_web::web::{self, ServiceConfig, get, post, resource};
use entrepot_model::AdminPermission as P;

use crate::{
    error::only,
    frame::{AdminPage, Area, PageError, PageResult, redirect},
};

pub(super) fn routes(config: &mut ServiceConfig) {
    let at = |path: &str| resource(path.to_owned()).default_service(web::to(only("GET, HEAD, POST")));
    config
        .route("/setup", get().to(begin))
        .service(at("/setup/files").route(get().to(place::show)).route(post().to(place::choose)))
        .service(at("/setup/reach").route(get().to(reach::show)).route(post().to(reach::choose)))
        .route("/setup/restart", post().to(reach::restart))
        .service(at("/setup/person").route(get().to(person::show)).route(post().to(person::create)))
        .service(at("/setup/safety").route(get().to(finish::safety)).route(post().to(finish::keep)))
        .route("/setup/done", get().to(finish::done));
}

async fn begin(page: AdminPage) -> PageResult {
    page.session.require(P::Any)?;
    Ok(redirect(&step("files")))
}

/// Address of a step.
fn step(id: &str) -> String {
    Area::Admin.page(&format!("setup/{id}"))
}

/// A refusal as the fault of one of the fields of the page, or of all of it.
fn fault(error: entrepot_core::Error) -> Result<(String, String), PageError> {
    super::object::fault(error).map(|fault| (fault.field, fault.message))
}

#[cfg(test)]
mod tests;
