//! The first start after its first step: where files live, how people reach the server, the first person, backups, and how to
//! go on. Nothing here is needed to run the server, and every step can be taken again.

mod finish;
mod person;
mod place;
mod reach;

use actix_web::web::{self, ServiceConfig, get, post, resource};
use entrepot_model::AdminPermission as P;

use super::{fields::Fault, object::fault};
use crate::{
    error::only,
    frame::{AdminPage, Area, PageResult, redirect},
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

/// What is wrong with the form of a step, and the fields that say so themselves.
struct Wrong {
    fault: Option<Fault>,
    fields: Vec<&'static str>,
}

impl Wrong {
    /// What stands at a field.
    fn at(&self, field: &str) -> Option<&str> {
        self.fault.as_ref().filter(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }

    /// What stands above the form, because no field shows it.
    fn elsewhere(&self) -> Option<&str> {
        let is_shown = |fault: &&Fault| self.fields.contains(&fault.field.as_str());
        self.fault.as_ref().filter(|fault| !is_shown(fault)).map(|fault| fault.message.as_str())
    }
}

#[cfg(test)]
mod tests;
