//! Bodies of requests: limited in size and time, and JSON that says what is wrong with it.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::PayloadError, http::StatusCode, web::Bytes};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Time for a whole body of at most 1 MiB.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A JSON body. Unknown members are ignored (API-011).
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = Bytes::from_request(request, payload);
        Box::pin(async move {
            let body = match tokio::time::timeout(TIME_LIMIT, reading).await {
                Ok(body) => body.map_err(|error| unreadable(&error))?,
                Err(_) => return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")),
            };
            parse(&body).map(Self)
        })
    }
}

/// API-013.
fn unreadable(error: &actix_web::Error) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the request body is larger than 1 MiB"),
        _ if error.error_response().status() == StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the request body is larger than 1 MiB")
        }
        _ => ApiError::bad_request("the request body ended early or is not readable"),
    }
}

/// API-012: trailing data and wrong types are errors.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::bad_request("the request body is empty; a JSON object is needed"));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the request body is not valid JSON for this: {error}")))
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
