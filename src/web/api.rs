//! The REST API below `/api/v2`: a file per topic, handlers that only read, call and answer.

mod access;
mod body;
mod query;
mod tokens;
mod users;
mod version;

use actix_web::{
    http::StatusCode,
    web::{self, PathConfig, PayloadConfig, ServiceConfig, delete, get, post, put},
};

use crate::error::{ApiError, method_not_allowed};

/// Longest body of a management operation (API-013).
const BODY_LIMIT: usize = 1024 * 1024;

/// Every route of the contract that is there.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(method_not_allowed));
    config
        .app_data(PayloadConfig::new(BODY_LIMIT))
        // A name in the path that is no UTF-8 is nobody's name.
        .app_data(PathConfig::default().error_handler(|_, _| ApiError::new(StatusCode::NOT_FOUND, "Not Found").into()))
        .service(at("/token").route(get().to(tokens::admin_token)))
        .service(at("/logout").route(get().to(tokens::admin_logout)))
        .service(at("/user/token").route(get().to(tokens::user_token)))
        .service(at("/user/logout").route(get().to(tokens::user_logout)))
        .service(at("/version").route(get().to(version::version)))
        .service(at("/users").route(get().to(users::list)).route(post().to(users::add)))
        .service(
            at("/users/{username}").route(get().to(users::get)).route(put().to(users::update)).route(delete().to(users::delete)),
        );
}

#[cfg(test)]
mod tests;
