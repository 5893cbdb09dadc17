//! The REST API below `/api/v2`: a file per topic, handlers that only read, call and answer.

pub(crate) mod access;
mod admins;
mod api_keys;
mod backup;
pub(crate) mod body;
mod certificate;
mod chunked_uploads;
mod collection;
mod connections;
mod defender;
mod event_actions;
mod event_rules;
pub(crate) mod events;
mod folders;
mod groups;
mod host_keys;
mod ip_lists;
mod jobs;
mod json_place;
mod live;
mod own;
mod password_reset;
pub(crate) mod public_shares;
pub(crate) mod query;
mod quotas;
mod roles;
mod second_factor;
mod settings;
mod shares;
mod status;
mod tokens;
mod user_files;
mod users;
pub(crate) mod verdict;
mod version;

use actix_web::{
    Resource,
    http::StatusCode,
    web::{self, PathConfig, ServiceConfig, get},
};
use entrepot_model::{Admin, BaseEventAction, BaseVirtualFolder, Group, Role, User};

use crate::error::{ApiError, method_not_allowed};
use body::BodyLimit;
pub(crate) use collection::escaped;

/// Every route of the contract that is there.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        // A name in the path that is no UTF-8 is nobody's name.
        .app_data(PathConfig::default().error_handler(|_, _| ApiError::new(StatusCode::NOT_FOUND, "Not Found").into()))
        .service(at_login("/token").route(get().to(tokens::admin_token)))
        .service(at_login("/logout").route(get().to(tokens::admin_logout)))
        .service(at_login("/user/token").route(get().to(tokens::user_token)))
        .service(at_login("/user/logout").route(get().to(tokens::user_logout)))
        .service(at("/version").route(get().to(version::version)))
        .configure(collection::routes::<User>)
        .configure(collection::routes::<Group>)
        .configure(collection::routes::<BaseVirtualFolder>)
        .configure(collection::routes::<Role>)
        .configure(collection::routes::<Admin>)
        .configure(api_keys::routes)
        .configure(backup::routes)
        .configure(quotas::routes)
        .configure(connections::routes)
        .configure(events::routes)
        .configure(status::routes)
        .configure(settings::routes)
        .configure(host_keys::routes)
        .configure(certificate::routes)
        .configure(verdict::routes)
        .configure(collection::routes::<BaseEventAction>)
        .configure(event_rules::routes)
        .configure(own::routes)
        .configure(chunked_uploads::routes)
        .configure(live::routes)
        .configure(second_factor::routes)
        .configure(password_reset::routes)
        .configure(shares::routes)
        .configure(public_shares::routes)
        .configure(user_files::routes)
        .configure(jobs::routes)
        .configure(ip_lists::routes)
        .configure(defender::routes);
}

/// What users do with their own files and shares: it is mounted for the scripts of their pages as well.
pub(crate) fn of_users(config: &mut ServiceConfig) {
    config.configure(user_files::routes).configure(chunked_uploads::routes).configure(jobs::routes).configure(shares::routes);
}

/// What visitors do with a share: it is mounted for the scripts of its pages as well.
pub(crate) fn of_visitors(config: &mut ServiceConfig) {
    config.configure(public_shares::of_pages);
}

/// What is served at a path; methods that it does not take are told so (API-015).
fn at(path: &str) -> Resource {
    #[cfg(test)]
    tests::contract::note(path);
    web::resource(path.to_owned()).default_service(web::to(method_not_allowed))
}

/// [`at`] for what strangers ask: only short bodies (SEC-074).
fn at_login(path: &str) -> Resource {
    at(path).app_data(BodyLimit::LOGIN)
}

#[cfg(test)]
mod tests;
