//! Headers of the protocol.

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_core::{fs::HashAlgorithm, resumable::Checksum};

use crate::error::ApiError;

pub(super) const LENGTH: &str = "Upload-Length";
pub(super) const OFFSET: &str = "Upload-Offset";
pub(super) const EXPIRES: &str = "Upload-Expires";
pub(super) const CHECKSUM: &str = "Upload-Checksum";
/// Checksums that are verified.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// The type of what a request brings.
const CHUNK_TYPE: &str = "application/offset+octet-stream";

/// A header that is a number; `None` = it is not there.
///
/// # Errors
/// 400, naming the header; 413 for one that no file reaches.
pub(super) fn number(request: &HttpRequest, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(value) = request.headers().get(name) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::bad_request(format!("the header {name} is not a number of bytes")));
    }
    match text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the header {name} is beyond every file"))),
    }
}

/// Whether the request brings a piece.
///
/// # Errors
/// 415 if it brings something else.
pub(super) fn chunk_type(request: &HttpRequest) -> Result<bool, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(CHUNK_TYPE) {
        return Ok(true);
    }
    if number(request, header::CONTENT_LENGTH.as_str())?.unwrap_or(0) > 0 { Err(wrong_type()) } else { Ok(false) }
}

/// API-156.
pub(super) fn wrong_type() -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the Content-Type must be {CHUNK_TYPE}"))
}

/// The checksum that a request names.
///
/// # Errors
/// 400 for one that is not known or cannot be read.
pub(super) fn checksum(value: Option<&HeaderValue>) -> Result<Option<Checksum>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let (name, encoded) = text.split_once(' ').unwrap_or((text, ""));
    let (algorithm, length) = match name {
        "sha1" => (HashAlgorithm::Sha1, 20),
        "sha256" => (HashAlgorithm::Sha256, 32),
        _ => return Err(ApiError::bad_request(format!("{CHECKSUM}: only {ALGORITHMS} are known"))),
    };
    let value = STANDARD.decode(encoded.trim()).ok().filter(|value| value.len() == length);
    let value = value.ok_or_else(|| ApiError::bad_request(format!("{CHECKSUM}: this is no {name} in base64")))?;
    Ok(Some(Checksum { algorithm, value }))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn numbers_are_digits_that_a_file_can_reach() {
        let read = |text: &'static str| {
            let request = TestRequest::post().insert_header((LENGTH, text)).to_http_request();
            number(&request, LENGTH).map_err(|error| error.status().as_u16())
        };
        assert_eq!(read("0"), Ok(Some(0)));
        assert_eq!(read("9223372036854775807"), Ok(Some(i64::MAX as u64)));
        for (wrong, code) in [("", 400), ("-1", 400), ("+1", 400), ("1.5", 400), ("0x1", 400), ("9223372036854775808", 413)] {
            assert_eq!(read(wrong), Err(code), "{wrong}");
        }
        assert!(read("99999999999999999999999999").is_err());
    }

    // tus 1.0.0, Checksum
    #[test]
    fn checksums_are_those_that_are_announced() {
        let read = |text: &'static str| checksum(Some(&HeaderValue::from_static(text)));
        assert_eq!(read("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").unwrap().unwrap().value.len(), 20);
        assert!(read("sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").unwrap().is_some());
        for wrong in ["", "sha1", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 AAAA", "sha1 !", "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="] {
            assert_eq!(read(wrong).unwrap_err().status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert!(checksum(None).unwrap().is_none());
    }
}
