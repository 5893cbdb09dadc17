//! Bodies of requests: limited in size and time, and JSON that says what is wrong with it.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web::{self, Bytes, BytesMut},
};
use entrepot_core::admin::backup;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::json_place::place_of;
use crate::{Site, error::ApiError};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Time for a whole body.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Bytes of a form for a byte of what was typed: most are written as `%XX` (WHATWG URL, section 5.2).
const ENCODED: usize = 3;

/// Longest body of a route, where it is another than elsewhere; data of its resource.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BodyLimit {
    /// Bytes, where it is less.
    Bytes(usize),
    /// A backup (API-013).
    Backup,
    /// A text that is edited in a page, with what stands beside it in the form.
    Text,
}

impl BodyLimit {
    /// Of tokens, of logging in and out, and of forgotten passwords: strangers send those (SEC-074).
    pub(crate) const LOGIN: Self = Self::Bytes(256 * KIB);
}

/// A body that is of no use: read and forgotten, so that the connection can go on, within the limit of its route.
pub(crate) struct NoBody;

impl FromRequest for NoBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = read(request, payload);
        Box::pin(async move { reading.await.map(|_| Self) })
    }
}

/// A JSON body that is an object. Unknown members are ignored (API-011).
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = read(request, payload);
        Box::pin(async move { parse(&reading.await?).map(Self) })
    }
}

/// A JSON body that is a list.
pub(crate) struct JsonList<T>(pub(crate) Vec<T>);

impl<T: DeserializeOwned + 'static> FromRequest for JsonList<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = read(request, payload);
        Box::pin(async move {
            let body = reading.await?;
            let list = serde_json::from_slice(&body);
            list.map(Self).map_err(|error| wrong("the request body is not a JSON list for this", &body, &error))
        })
    }
}

/// The whole body within its limit and its time (API-013).
pub(crate) fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, ApiError>> + use<> {
    read_times(1, request, payload)
}

/// As [`read`], of a form: the limit is that of what was typed, not of how it is written.
pub(crate) fn read_encoded(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, ApiError>> + use<> {
    read_times(ENCODED, request, payload)
}

fn read_times(
    times: usize,
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, ApiError>> + use<> {
    let (told, mut payload) = (limit(request), payload.take());
    let limit = told.saturating_mul(times);
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let collect = async move {
        // One that says so itself need not be read to the limit.
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(told));
        }
        let mut body = BytesMut::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| ApiError::bad_request("the request body ended early or is not readable"))?;
            if body.len() + piece.len() > limit {
                return Err(too_large(told));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    async move {
        let late = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time");
        tokio::time::timeout(TIME_LIMIT, collect).await.map_err(late)?
    }
}

/// What the settings allow, or the route if that is less.
fn limit(request: &HttpRequest) -> usize {
    let core = request.app_data::<web::Data<Site>>().map(|site| site.core());
    let megabytes = core.map(|core| core.settings().hook.httpd_max_request_size);
    let general = usize::try_from(megabytes.unwrap_or(1)).map_or(MIB, |number| number.saturating_mul(MIB));
    match (request.app_data::<BodyLimit>(), core) {
        (Some(BodyLimit::Bytes(most)), _) => general.min(*most),
        (Some(BodyLimit::Backup), Some(core)) => usize::try_from(backup::limit(core)).unwrap_or(usize::MAX),
        (Some(BodyLimit::Text), Some(core)) => {
            let megabytes = usize::try_from(core.settings().hook.httpd_max_edit_size).unwrap_or(usize::MAX);
            megabytes.saturating_mul(MIB).saturating_add(64 * KIB).max(general)
        }
        _ => general,
    }
}

fn too_large(limit: usize) -> ApiError {
    let limit = if limit.is_multiple_of(MIB) { format!("{} MiB", limit / MIB) } else { format!("{} KiB", limit / KIB) };
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the request body is larger than {limit}"))
}

/// API-012: trailing data and wrong types are errors.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::bad_request("the request body is empty; a JSON object is needed"));
    }
    // A derived reader would take the elements of a list for the members of an object.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::bad_request("the request body is not valid JSON for this: a list where an object is needed"));
    }
    serde_json::from_slice(body).map_err(|error| wrong("the request body is not valid JSON for this", body, &error))
}

/// Names the member that an error is about.
fn wrong(what: &str, body: &[u8], error: &serde_json::Error) -> ApiError {
    let place = if error.is_data() { place_of(body, error.line(), error.column()) } else { String::new() };
    let named = if place.is_empty() { place } else { format!("{place}: ") };
    ApiError::bad_request(format!("{what}: {named}{error}"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        status: i64,
    }

    // API-011, API-012
    #[test]
    fn json_is_strict_about_types_and_tolerant_of_unknown_members() {
        assert_eq!(parse::<Sample>(br#"{"status":1,"other":2}"#).unwrap().status, 1);
        for wrong in [&br#"{"status":"1"}"#[..], br#"{"status":1} x"#, br#"{"status":1"#, b"", b"[]"] {
            let error = parse::<Sample>(wrong).unwrap_err();
            assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        }
    }

    // API-007
    #[test]
    fn error_names_the_problem() {
        let error = parse::<Sample>(br#"{"status":"one"}"#).unwrap_err().to_string();
        assert!(error.contains("expected i64"), "{error}");
    }
}
