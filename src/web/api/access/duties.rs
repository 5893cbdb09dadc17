//! Where those may go who must change the password or configure a second factor first (SEC-070).

use actix_web::http::StatusCode;
use entrepot_core::tokens::Duties;

use crate::error::ApiError;

/// Operations that are a way to do what must be done, and the way out (ACC-103, ACC-243, ACC-244).
const OPEN: [&str; 4] = ["/logout", "/changepwd", "/2fa/recoverycodes", "/totp/"];

/// Whether an operation, by the pattern of its path, is open to them.
pub(super) fn are_open(pattern: &str) -> bool {
    let operation = pattern.rsplit("/api/v2").next().unwrap_or(pattern);
    let Some(operation) = ["/admin", "/user", ""].iter().find_map(|of| operation.strip_prefix(of)) else { return false };
    OPEN.iter().any(|open| if open.ends_with('/') { operation.starts_with(open) } else { operation == *open })
}

/// Refuses everything else, with the reason.
pub(super) fn check(is_open: bool, duties: &Duties) -> Result<(), ApiError> {
    match duties.message() {
        Some(message) if !is_open => Err(ApiError::saying(StatusCode::FORBIDDEN, message)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEC-070, ACC-103, ACC-243, ACC-244
    #[test]
    fn only_the_ways_to_do_it_are_open() {
        for open in [
            "/api/v2/logout",
            "/api/v2/user/logout",
            "/api/v2/admin/changepwd",
            "/files/api/v2/user/changepwd",
            "/api/v2/admin/totp/save",
            "/api/v2/user/totp/configs",
            "/api/v2/user/2fa/recoverycodes",
        ] {
            assert!(are_open(open), "{open}");
        }
        for closed in [
            "/api/v2/version",
            "/api/v2/admin/profile",
            "/api/v2/user/profile",
            "/api/v2/users",
            "/api/v2/users/{name}",
            "/api/v2/users/{username}/2fa/disable",
            "/api/v2/admins",
            "/api/v2/user/files",
        ] {
            assert!(!are_open(closed), "{closed}");
        }
    }
}
