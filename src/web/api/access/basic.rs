//! Name and password in the `Authorization` header.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::credentials;
use crate::error::ApiError;

/// Name and password (RFC 7617). Its `Debug` would show the password, so it has none.
pub(crate) struct BasicCredentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl FromRequest for BasicCredentials {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(basic(request).ok_or_else(ApiError::credentials_missing))
    }
}

/// The password of a share (API-180): the name beside it does not matter, and may be missing. It has no `Debug` either.
pub(crate) struct SharePassword(String);

impl SharePassword {
    /// What a request shows; nothing where there is no password.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        let decoded = STANDARD.decode(credentials(request, "basic")?).ok()?;
        let (_, password) = String::from_utf8(decoded).ok()?.split_once(':').map(|(name, rest)| (name.len(), rest.to_owned()))?;
        (!password.is_empty()).then_some(Self(password))
    }

    /// The password.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Missing, unreadable or blank credentials are none (SEC-048).
fn basic(request: &HttpRequest) -> Option<BasicCredentials> {
    let decoded = STANDARD.decode(credentials(request, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (username, password) = text.split_once(':')?;
    let present = !username.trim().is_empty() && !password.trim().is_empty();
    present.then(|| BasicCredentials { username: username.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header, test::TestRequest};

    use super::*;

    // API-180
    #[test]
    fn password_of_a_share_needs_no_name() {
        let with = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text));
            let request = TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request();
            SharePassword::of(&request).map(|password| password.as_str().to_owned())
        };
        assert_eq!(with("any:a:b"), Some("a:b".to_owned()));
        assert_eq!(with(":secret"), Some("secret".to_owned()));
        assert!(with("any:").is_none() && with("any").is_none());
    }

    // SEC-048
    #[test]
    fn blank_or_unreadable_credentials_are_none() {
        let with = |value: &str| TestRequest::get().insert_header((header::AUTHORIZATION, value)).to_http_request();
        let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for value in ["", "Basic", "Basic !!!", &encoded("name"), &encoded(":secret"), &encoded("name:"), &encoded(" : ")] {
            assert!(basic(&with(value)).is_none(), "{value}");
        }
        let found = basic(&with(&encoded("ana:a:b"))).unwrap();
        assert_eq!((found.username.as_str(), found.password.as_str()), ("ana", "a:b"));
    }
}
