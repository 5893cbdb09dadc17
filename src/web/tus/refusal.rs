//! What requests to uploads are refused with.

use actix_web::http::StatusCode;
use entrepot_core::Error;

use crate::{error::ApiError, files};

/// The answer to an error. Clients try again after 409 and 423, having asked where the upload is.
pub(crate) fn refused(error: Error) -> ApiError {
    let status = match &error {
        // RFC 4918 section 11.3
        Error::Busy => StatusCode::LOCKED,
        Error::Timeout => StatusCode::REQUEST_TIMEOUT,
        Error::Disconnected => StatusCode::BAD_REQUEST,
        _ => return files::refused(error),
    };
    ApiError::new(status, error.to_string())
}

/// Of bytes that are not what their checksum says (tus 1.0.0, Checksum).
pub(super) fn mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-154…API-156
    #[test]
    fn errors_have_the_codes_of_the_protocol() {
        for (error, code) in [
            (Error::NotFound, 404),
            (Error::Conflict("the upload is at offset 4".into()), 409),
            (Error::Busy, 423),
            (Error::TooLarge, 413),
            (Error::Quota, 413),
            (Error::NoSpace, 507),
            (Error::TooMany, 429),
            (Error::invalid("Content-Length", "too short"), 400),
            (Error::Timeout, 408),
            (Error::Shutdown, 503),
        ] {
            assert_eq!(refused(error.clone()).status().as_u16(), code, "{error}");
        }
        assert_eq!(mismatch().as_u16(), 460);
    }
}
