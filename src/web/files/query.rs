//! Paths in a query string. Names of files are bytes: what is no UTF-8 works as well (decisions on paths in ARCHITECTURE.md).

use std::str::FromStr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use entrepot_core::{UserFs, fs::Named};
use entrepot_model::VirtualPath;

use crate::error::ApiError;

/// The parameters of a query string, as bytes. Of several with one name the first counts.
#[derive(Debug, Default)]
pub(crate) struct PathQuery(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl FromRequest for PathQuery {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self::parse(request.query_string())))
    }
}

impl PathQuery {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name).unwrap_or_default(), decoded(value))
        });
        Self(pairs.collect())
    }

    /// The bytes called `name`; empty if it is absent.
    ///
    /// # Errors
    /// 400, naming the parameter: what is not percent-encoded as it should be.
    pub(crate) fn bytes(&self, name: &str) -> Result<&[u8], ApiError> {
        match self.0.iter().find(|(known, _)| known == name.as_bytes()) {
            None => Ok(&[]),
            Some((_, Some(value))) => Ok(value),
            Some((_, None)) => Err(ApiError::bad_request(format!("{name} is not percent-encoded as it should be"))),
        }
    }

    /// The number called `name`; `None` if it is absent or empty.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let bytes = self.bytes(name)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let number = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| ApiError::bad_request(format!("invalid {name}")))
    }

    /// The path called `name`, in the files of a session (API-116); the start directory if it is absent or empty.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn path_or_start(&self, name: &str, fs: &UserFs) -> Result<VirtualPath, ApiError> {
        fs.resolve(self.bytes(name)?).map_err(|error| ApiError::bad_request(format!("{name}: {error}")))
    }

    /// The path called `name`, which must be there.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn path(&self, name: &str, fs: &UserFs) -> Result<VirtualPath, ApiError> {
        if self.bytes(name)?.is_empty() {
            return Err(ApiError::bad_request(format!("{name} is required")));
        }
        self.path_or_start(name, fs)
    }

    /// As [`PathQuery::path`], with the slash at its end.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn named(&self, name: &str, fs: &UserFs) -> Result<Named, ApiError> {
        self.path(name, fs)?;
        Named::parse(fs, self.bytes(name)?).map_err(|error| ApiError::bad_request(format!("{name}: {error}")))
    }
}

/// `application/x-www-form-urlencoded`; `None` for a `%` without two hexadecimal digits.
fn decoded(text: &str) -> Option<Vec<u8>> {
    decode(text, b' ')
}

/// A path of a URL (RFC 3986 section 2.1), where `+` is itself; `None` for a `%` without two hexadecimal digits.
pub(crate) fn decoded_path(text: &str) -> Option<Vec<u8>> {
    decode(text, b'+')
}

fn decode(text: &str, plus: u8) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut clear = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        clear.push(match byte {
            b'+' => plus,
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => other,
        });
    }
    Some(clear)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-116
    #[test]
    fn values_are_bytes_decoded_once() {
        let query = PathQuery::parse("path=my%20dir%2F%C3%A0+b&bad=%ff&twice=1&twice=2&%70=x&empty=&flag&double=%2541");
        assert_eq!(query.bytes("path").unwrap(), "my dir/à b".as_bytes());
        assert_eq!(query.bytes("bad").unwrap(), b"\xff");
        assert_eq!(query.bytes("twice").unwrap(), b"1");
        assert_eq!(query.bytes("p").unwrap(), b"x");
        assert_eq!(query.bytes("double").unwrap(), b"%41");
        for name in ["empty", "flag", "absent"] {
            assert_eq!(query.bytes(name).unwrap(), b"");
        }
    }

    // API-187
    #[test]
    fn paths_of_urls_are_decoded_once_too() {
        assert_eq!(decoded_path("sub%2Fa+b%20%2541").unwrap(), b"sub/a+b %41");
        assert_eq!(decoded_path("a%2"), None);
    }

    #[test]
    fn what_is_not_encoded_is_refused_by_name() {
        for value in ["%", "%4", "%zz", "a%2", "%4g"] {
            let error = PathQuery::parse(&format!("path={value}&target=ok")).bytes("path").unwrap_err();
            assert!(error.to_string().contains("path is not percent-encoded"), "{value}: {error}");
            assert_eq!(PathQuery::parse(&format!("path={value}&target=ok")).bytes("target").unwrap(), b"ok");
        }
    }
}
