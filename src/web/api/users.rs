//! Users: `/users` and `/users/{username}` (ACC-056…ACC-068).

use std::fmt::Write;

use actix_web::{
    http::{StatusCode, header},
    web,
};
use entrepot_core::admin::users;
use entrepot_model::User;

use super::{access::AdminToken, body::JsonBody, query::Parameters};
use crate::{
    Site,
    error::{ApiResult, done, json},
};

/// `GET /users`.
pub(crate) async fn list(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters) -> ApiResult {
    let users = users::list(site.core(), &admin, query.list()?).await?;
    Ok(json(StatusCode::OK, &users))
}

/// `POST /users`: the stored user and where it is (API-035).
pub(crate) async fn add(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    query: Parameters,
    JsonBody(user): JsonBody<User>,
) -> ApiResult {
    let confidential = query.is_on("confidential_data")?;
    let mut added = users::add(site.core(), &admin, user).await?;
    if confidential {
        // Who may not see it gets the user as it is.
        added = users::get(site.core(), &admin, &added.username, true).await.unwrap_or(added);
    }
    let mut answer = json(StatusCode::CREATED, &added);
    let location = format!("/api/v2/users/{}", escaped(&added.username));
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// `GET /users/{username}`.
pub(crate) async fn get(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    username: web::Path<String>,
    query: Parameters,
) -> ApiResult {
    let confidential = query.is_on("confidential_data")?;
    let user = users::get(site.core(), &admin, &username, confidential).await?;
    Ok(json(StatusCode::OK, &user))
}

/// `PUT /users/{username}`: replaces the whole user (API-041).
pub(crate) async fn update(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    username: web::Path<String>,
    query: Parameters,
    JsonBody(user): JsonBody<User>,
) -> ApiResult {
    // Read first: a wrong value must change nothing (ACC-066).
    let disconnect = query.is_on("disconnect")?;
    users::update(site.core(), &admin, &username, user, disconnect).await?;
    Ok(done("User updated"))
}

/// `DELETE /users/{username}`.
pub(crate) async fn delete(site: web::Data<Site>, AdminToken(admin): AdminToken, username: web::Path<String>) -> ApiResult {
    users::delete(site.core(), &admin, &username).await?;
    Ok(done("User deleted"))
}

/// A name as one segment of a path (RFC 3986 section 2.3).
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-056
    #[test]
    fn names_are_escaped_for_the_location() {
        assert_eq!(escaped("ana.b-c_d~e"), "ana.b-c_d~e");
        assert_eq!(escaped("a b@c/ä%"), "a%20b%40c%2F%C3%A4%25");
    }
}
