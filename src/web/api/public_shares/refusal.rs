//! What visitors of shares are refused with: the one place that maps [`VisitError`] to the REST contract.

use actix_web::http::StatusCode;
use entrepot_core::shares::VisitError;

use crate::{error::ApiError, files};

/// The answer to a visit that is refused (API-179, API-195, API-199).
pub(super) fn refused(error: VisitError) -> ApiError {
    use VisitError as E;
    let status = match &error {
        E::Unknown | E::Closed | E::UsedUp | E::Expired => StatusCode::NOT_FOUND,
        E::Scope | E::Address | E::Refused(_) | E::PagesOnly | E::Agreement => StatusCode::FORBIDDEN,
        E::Credentials => return ApiError::credentials_wrong(),
        E::Code | E::Method | E::NotOneDirectory | E::Outside | E::Path(_) => StatusCode::BAD_REQUEST,
        E::TooMany => StatusCode::TOO_MANY_REQUESTS,
        E::Other(error) => return files::refused(error.clone()),
    };
    ApiError::new(status, error.to_string())
}

/// As [`refused`], for uploads: what leaves the share is refused as what may not be written (API-188).
pub(super) fn refused_upload(error: VisitError) -> ApiError {
    match error {
        VisitError::Outside => ApiError::new(StatusCode::FORBIDDEN, "Uploading outside the share is not allowed"),
        other => refused(other),
    }
}

#[cfg(test)]
mod tests {
    use entrepot_core::{Denial, Error};

    use super::*;

    // API-179, API-182, API-199
    #[test]
    fn refusals_have_their_codes() {
        for (error, code) in [
            (VisitError::Unknown, 404),
            (VisitError::Closed, 404),
            (VisitError::UsedUp, 404),
            (VisitError::Expired, 404),
            (VisitError::Scope, 403),
            (VisitError::Address, 403),
            (VisitError::Refused(Denial::new("x", "y")), 403),
            (VisitError::PagesOnly, 403),
            (VisitError::Credentials, 401),
            (VisitError::Outside, 400),
            (VisitError::TooMany, 429),
            (VisitError::Other(Error::NotFound), 404),
            (VisitError::Other(Error::Busy), 503),
        ] {
            assert_eq!(refused(error.clone()).status().as_u16(), code, "{error}");
        }
        assert_eq!(refused_upload(VisitError::Outside).status().as_u16(), 403);
    }
}
