//! Collections of named objects: the five operations that the contract has for each of them, written once.

use std::fmt::Write;

use actix_web::{
    http::{StatusCode, header},
    web::{self, ServiceConfig, delete, get, post, put},
};
use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{access::AdminToken, at, body::JsonBody, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

/// Where `confidential_data` is a parameter; elsewhere it is one that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confidential {
    /// Nothing of the object is confidential.
    Never,
    /// `GET` of one object.
    Read,
    /// `GET` of one object, and the answer to `POST`.
    ReadAndAdd,
}

/// An object that administrators manage: its names on the wire and its use cases in `core`, which check permissions.
pub(crate) trait Managed: Serialize + DeserializeOwned + 'static {
    /// The collection's segment of the path.
    const COLLECTION: &'static str;
    /// What messages call one object.
    const NOUN: &'static str;
    /// Where `confidential_data` is a parameter (SEC-008).
    const CONFIDENTIAL: Confidential;

    /// The name that the path has.
    fn name(&self) -> &str;

    /// A page of objects.
    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>>;

    /// One object.
    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self>;

    /// Adds an object.
    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self>;

    /// Replaces an object. `query` is read before anything changes.
    async fn update(self, core: &Core, admin: &AdminSession, name: &str, query: &Parameters)
    -> std::result::Result<(), ApiError>;

    /// Deletes an object.
    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()>;
}

/// `/<collection>` and `/<collection>/{name}`.
pub(crate) fn routes<T: Managed>(config: &mut ServiceConfig) {
    let collection = format!("/{}", T::COLLECTION);
    config.service(at(&collection).route(get().to(list::<T>)).route(post().to(add::<T>))).service(
        at(&format!("{collection}/{{name}}"))
            .route(get().to(one::<T>))
            .route(put().to(update::<T>))
            .route(delete().to(remove::<T>)),
    );
}

/// A plain array (API-031).
async fn list<T: Managed>(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters) -> ApiResult {
    let objects = T::list(site.core(), &admin, query.list()?).await?;
    Ok(json(StatusCode::OK, &objects))
}

/// The stored object and where it is (API-035).
async fn add<T: Managed>(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    query: Parameters,
    JsonBody(object): JsonBody<T>,
) -> ApiResult {
    let confidential = T::CONFIDENTIAL == Confidential::ReadAndAdd && query.is_on("confidential_data")?;
    let mut added = object.add(site.core(), &admin).await?;
    if confidential {
        // Who may not see it gets the object as it is.
        added = T::get(site.core(), &admin, added.name(), true).await.unwrap_or(added);
    }
    let mut answer = json(StatusCode::CREATED, &added);
    let location = format!("/api/v2/{}/{}", T::COLLECTION, escaped(added.name()));
    if let Ok(location) = header::HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

async fn one<T: Managed>(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    name: web::Path<String>,
    query: Parameters,
) -> ApiResult {
    let confidential = T::CONFIDENTIAL != Confidential::Never && query.is_on("confidential_data")?;
    let object = T::get(site.core(), &admin, &name, confidential).await?;
    Ok(json(StatusCode::OK, &object))
}

/// Replaces the whole object (API-041).
async fn update<T: Managed>(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    name: web::Path<String>,
    query: Parameters,
    JsonBody(object): JsonBody<T>,
) -> ApiResult {
    object.update(site.core(), &admin, &name, &query).await?;
    Ok(done(&format!("{} updated", T::NOUN)))
}

async fn remove<T: Managed>(site: web::Data<Site>, AdminToken(admin): AdminToken, name: web::Path<String>) -> ApiResult {
    T::delete(site.core(), &admin, &name).await?;
    Ok(done(&format!("{} deleted", T::NOUN)))
}

/// A name as one segment of a path (RFC 3986 section 2.3).
pub(crate) fn escaped(name: &str) -> String {
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

    // ACC-056, API-035
    #[test]
    fn names_are_escaped_for_the_location() {
        assert_eq!(escaped("ana.b-c_d~e"), "ana.b-c_d~e");
        assert_eq!(escaped("a b@c/ä%"), "a%20b%40c%2F%C3%A4%25");
    }
}
