//! The pages of users, below `/web/client`.

mod archive;
mod connect;
mod edit;
pub(crate) mod entries;
mod files;
mod find;
mod folder;
mod forms;
mod mount;
mod office;
pub(crate) mod place;
mod profile;
mod recent;
mod shares;
#[cfg(test)]
mod tests;
pub(crate) mod texts;

use actix_web::{
    Resource,
    web::{self, ServiceConfig, get, post, resource},
};

use crate::{
    api::body::BodyLimit,
    door,
    error::only,
    frame::{Area, ClientPage},
    me, visits,
};

/// All of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .configure(door::routes(Area::Client))
        .configure(me::routes::<ClientPage>)
        .configure(mount::routes)
        .configure(shares::routes)
        .configure(find::routes)
        .configure(visits::routes)
        .service(at("/recent").route(get().to(recent::show)))
        .service(at("/connect").route(get().to(connect::show)))
        .service(at("/profile").route(get().to(profile::show)).route(post().to(profile::save)))
        .route("/profile/key", post().to(profile::withdraw))
        .service(at("/downloadzip").route(post().to(archive::zip)))
        .service(at("/files").route(get().to(files::show)))
        .service(at("/file").route(get().to(files::file)))
        .service(at("/office").route(get().to(office::show)))
        .service(at("/newfolder").route(get().to(forms::new_folder)).route(post().to(forms::make_folder)))
        .service(at("/rename").route(get().to(forms::rename)).route(post().to(forms::do_rename)))
        .service(at("/delete").route(get().to(forms::delete)).route(post().to(forms::do_delete)))
        .service(at("/upload").route(get().to(forms::upload)).route(post().to(forms::do_upload)))
        .service(at("/editfile").app_data(BodyLimit::Text).route(get().to(edit::show)).route(post().to(edit::save)));
}

/// A page; methods that it does not take are told so.
fn at(path: &str) -> Resource {
    resource(path.to_owned()).default_service(web::to(only("GET, HEAD, POST")))
}
