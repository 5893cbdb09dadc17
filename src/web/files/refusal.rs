//! What operations on files are refused with (API-008).

use actix_web::http::StatusCode;
use entrepot_core::Error;

use crate::error::ApiError;

/// The answer to an error of an operation on files. What is not about files is as elsewhere.
pub(crate) fn refused(error: Error) -> ApiError {
    let status = match &error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Denied(denial) if denial.is_hidden() => StatusCode::NOT_FOUND,
        Error::Denied(_) | Error::StorageDenied | Error::TransferQuota => StatusCode::FORBIDDEN,
        Error::Quota | Error::FileQuota | Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // RFC 4918 section 11.5
        Error::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        Error::Unsupported | Error::IsDirectory | Error::NotDirectory => StatusCode::BAD_REQUEST,
        Error::Exists | Error::NotEmpty => StatusCode::CONFLICT,
        Error::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Error::Cancelled | Error::Disconnected => StatusCode::SERVICE_UNAVAILABLE,
        _ => return error.into(),
    };
    ApiError::new(status, error.to_string())
}

#[cfg(test)]
mod tests {
    use entrepot_core::Denial;

    use super::*;

    // API-008, ACC-158
    #[test]
    fn errors_of_file_operations_have_their_codes() {
        for (error, code) in [
            (Error::NotFound, 404),
            (Denial::new("permissions", "none").into(), 403),
            (Error::StorageDenied, 403),
            (Error::TransferQuota, 403),
            (Error::Quota, 413),
            (Error::FileQuota, 413),
            (Error::TooLarge, 413),
            (Error::NoSpace, 507),
            (Error::Unsupported, 400),
            (Error::IsDirectory, 400),
            (Error::TooMany, 429),
            (Error::Busy, 503),
            (Error::Corrupt, 500),
        ] {
            assert_eq!(refused(error.clone()).status().as_u16(), code, "{error}");
        }
    }
}
