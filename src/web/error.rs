//! What a client is told when something is refused: the one place that maps errors of `core` to the REST contract.

use std::{
    fmt,
    future::{Ready, ready},
};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use entrepot_core::{Error, login::api_key::KeyError, tokens::TokenError};
use entrepot_model::api::ApiResponse;
use serde::Serialize;

use crate::{
    frame::told::sentence,
    openapi,
    pages::{MessagePage, page},
};

/// SEC-048.
const BASIC: &str = "Basic realm=\"Entrepot\"";
const BEARER: &str = "Bearer realm=\"Entrepot\"";

/// A refusal in the form of the REST contract (API-003).
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    error: String,
    challenge: Option<&'static str>,
    /// It will be otherwise in a moment.
    is_passing: bool,
    /// A header of a protocol that belongs to the refusal.
    header: Option<(HeaderName, &'static str)>,
}

/// Result of a handler of the REST API.
pub(crate) type ApiResult = Result<HttpResponse, ApiError>;

impl ApiError {
    /// `error` is the detail; the message is the text of the status (API-004).
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let message = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { status, message, error: error.into(), challenge: None, is_passing: false, header: None }
    }

    /// The request cannot be understood; `problem` names what and where.
    pub(crate) fn bad_request(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, problem)
    }

    /// A refusal whose message itself says why.
    pub(crate) fn saying(status: StatusCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::new(status, "") }
    }

    /// A way to log in that the binding does not offer (HTTP-010, SEC-056).
    pub(crate) fn method_disabled() -> Self {
        Self::new(StatusCode::FORBIDDEN, "this login method is disabled")
    }

    /// No credentials (SEC-048): the detail is absent.
    pub(crate) fn credentials_missing() -> Self {
        Self { challenge: Some(BASIC), ..Self::new(StatusCode::UNAUTHORIZED, "") }
    }

    /// Credentials that are not accepted, for whatever reason (SEC-049).
    pub(crate) fn credentials_wrong() -> Self {
        Self { challenge: Some(BASIC), ..Self::new(StatusCode::UNAUTHORIZED, "invalid credentials") }
    }

    /// No usable token in the header (SEC-073).
    pub(crate) fn token_missing() -> Self {
        Self { challenge: Some(BEARER), ..Self::new(StatusCode::UNAUTHORIZED, "") }
    }

    /// Another message than the text of the status.
    pub(crate) fn with_message(self, message: &str) -> Self {
        Self { message: message.to_owned(), ..self }
    }

    /// A header that a protocol wants with it.
    pub(crate) fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// Says where it happened, after what happened.
    pub(crate) fn with_place(mut self, place: &str) -> Self {
        self.error = format!("{} ({place})", self.error);
        self
    }

    /// The status, for callers that treat one apart.
    pub(crate) fn code(&self) -> StatusCode {
        self.status
    }

    /// The same, in tests.
    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.error)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = ApiResponse { message: self.message.clone(), error: self.error.clone() };
        let mut answer = json(self.status, &body);
        if let Some(challenge) = self.challenge {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some((name, value)) = &self.header {
            answer.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
        }
        if self.is_passing {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        answer
    }
}

/// Object operations (API-005…API-007). What files can end with is a fault of ours here.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, "Not Found"),
            Error::Invalid { .. } => Self::bad_request(format!("Validation error: {error}")),
            Error::Conflict(message) => Self::new(StatusCode::CONFLICT, message),
            Error::Exists => Self::new(StatusCode::CONFLICT, "already exists"),
            // API-046
            Error::InUse(message) => Self::bad_request(message),
            Error::Auth => Self::credentials_wrong(),
            Error::Denied(denial) => Self::new(StatusCode::FORBIDDEN, denial.public()),
            Error::TooMany => Self::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()),
            Error::Busy | Error::Shutdown => {
                Self { is_passing: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()) }
            }
            Error::NoSpace => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            // Waiting does not bring what is not there.
            Error::Unavailable(what) => Self::new(StatusCode::SERVICE_UNAVAILABLE, what),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string()),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::token_missing(),
            TokenError::RestDisabled => Self::new(StatusCode::FORBIDDEN, error.to_string()),
            TokenError::Unavailable => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            // SEC-059, SEC-063, SEC-066: the message itself says which.
            TokenError::Audience | TokenError::NotValid | TokenError::Revoked => {
                Self { message: error.to_string(), ..Self::token_missing() }
            }
        }
    }
}

/// SEC-082, SEC-083.
impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        let text = error.to_string();
        match error {
            KeyError::Malformed => Self::bad_request(text),
            KeyError::Scope | KeyError::RestDisabled => Self::new(StatusCode::FORBIDDEN, text),
            KeyError::Rejected => Self { error: text, ..Self::token_missing() },
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

/// JSON, as the contract writes it (API-002).
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(body) => HttpResponse::build(status).content_type("application/json; charset=utf-8").body(body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A success that is only a message (API-004).
pub(crate) fn done(message: &str) -> HttpResponse {
    done_as(StatusCode::OK, message)
}

/// As [`done`], with another status.
pub(crate) fn done_as(status: StatusCode, message: &str) -> HttpResponse {
    json(status, &ApiResponse { message: message.to_owned(), error: String::new() })
}

/// A refusal in the form that fits the path: JSON below `/api`, a page elsewhere (HTTP-008).
pub fn refuse(path: &str, status: StatusCode, text: &str) -> HttpResponse {
    if is_api(path) {
        return ApiError::new(status, text).error_response();
    }
    let title = match status {
        StatusCode::NOT_FOUND => "There is nothing at this address",
        StatusCode::FORBIDDEN => "Refused",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not take that",
        status if status.is_server_error() => "Something failed on the server",
        _ => "The request cannot be understood",
    };
    // Faults carry the id that stands in the log; refusals say themselves why.
    if status.is_server_error() {
        return page(status, &MessagePage::new(title, "The fault is recorded. Trying again may help.", Some(text)));
    }
    page(status, &MessagePage::new(title, &sentence(text), None))
}

/// Whether answers to this path are JSON.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The page for an address that leads nowhere.
pub(crate) fn not_found_page() -> HttpResponse {
    refuse("/", StatusCode::NOT_FOUND, "The link has ended, or it was mistyped.")
}

/// Default handler: nothing is served at this path (API-015).
pub(crate) async fn not_found(request: HttpRequest) -> HttpResponse {
    if is_api(request.path()) {
        return ApiError::new(StatusCode::NOT_FOUND, "Not Found").error_response();
    }
    not_found_page()
}

/// Default handler of a path of the API that takes other methods (API-015); the document knows which.
pub(crate) async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let methods = request.match_pattern().and_then(|pattern| openapi::methods(&pattern)).unwrap_or_default();
    not_with(&request, methods)
}

/// As [`method_not_allowed`], where these methods are possible.
pub(crate) fn only(methods: &'static str) -> impl Fn(HttpRequest) -> Ready<HttpResponse> + Clone {
    move |request| ready(not_with(&request, methods))
}

/// RFC 9110 section 15.5.6: which methods would have been possible belongs to the answer.
fn not_with(request: &HttpRequest, methods: &str) -> HttpResponse {
    let text = format!("{} is not possible here", request.method());
    let mut answer = refuse(request.path(), StatusCode::METHOD_NOT_ALLOWED, &text);
    if let Ok(methods) = HeaderValue::from_str(methods) {
        answer.headers_mut().insert(header::ALLOW, methods);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-007
    #[test]
    fn errors_of_object_operations_have_their_codes() {
        let cases = [
            (Error::invalid("username", "too long"), 400),
            (Error::InUse("the group is used".into()), 400),
            (Error::Auth, 401),
            (Error::NotFound, 404),
            (Error::Conflict("exists".into()), 409),
            (Error::TooMany, 429),
            (Error::Busy, 503),
            (Error::Shutdown, 503),
            (Error::Corrupt, 500),
        ];
        for (error, code) in cases {
            assert_eq!(ApiError::from(error.clone()).status().as_u16(), code, "{error}");
        }
    }

    // RFC 9110 section 10.2.3: nobody is asked to wait for what does not come.
    #[test]
    fn only_what_passes_asks_to_try_again() {
        let waits = |error: Error| ApiError::from(error).error_response().headers().contains_key(header::RETRY_AFTER);
        assert!(waits(Error::Busy) && waits(Error::Shutdown));
        assert!(!waits(Error::Unavailable("no engine")) && !waits(Error::NotFound));
    }

    // API-005, API-006
    #[test]
    fn texts_follow_the_contract() {
        assert_eq!(ApiError::from(Error::NotFound).error, "Not Found");
        assert!(ApiError::from(Error::invalid("username", "too long")).error.starts_with("Validation error: "));
    }

    // SEC-048, SEC-049
    #[test]
    fn refused_credentials_ask_for_basic_and_differ_only_in_the_detail() {
        for (error, detail) in [(ApiError::credentials_missing(), ""), (ApiError::credentials_wrong(), "invalid credentials")] {
            let answer = error.error_response();
            assert_eq!(answer.headers().get(header::WWW_AUTHENTICATE).unwrap(), BASIC);
            assert_eq!((error.message.as_str(), error.error.as_str()), ("Unauthorized", detail));
        }
    }

    // SEC-059, SEC-063, SEC-066, SEC-073
    #[test]
    fn refused_tokens_say_what_is_wrong_with_them() {
        let message = |error: TokenError| ApiError::from(error).message;
        assert_eq!(message(TokenError::Invalid), "Unauthorized");
        assert_eq!(message(TokenError::Audience), "Your token audience is not valid");
        assert_eq!(message(TokenError::NotValid), "Your token is not valid");
        assert_eq!(message(TokenError::Revoked), "Your token is no longer valid");
    }

    // HTTP-008
    #[test]
    fn refusals_are_json_for_the_api_and_a_page_elsewhere() {
        let kind = |path| refuse(path, StatusCode::FORBIDDEN, "no").headers().get(header::CONTENT_TYPE).unwrap().clone();
        assert_eq!(kind("/api/v2/users"), "application/json; charset=utf-8");
        assert_eq!(kind("/apiary"), "text/html; charset=utf-8");
    }
}
