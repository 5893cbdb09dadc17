//! What went wrong, in the words of SFTP.

use std::borrow::Cow;

use bytes::BytesMut;
use entrepot_core::Error;
use entrepot_model::PathError;

use crate::packet::{StatusCode, write_status};

/// A failure as the client is told: never a path of the storage, nor anything internal (SFTP-044).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Status code.
    pub code: StatusCode,
    /// Text for a human.
    pub text: Cow<'static, str>,
}

impl Failure {
    /// A failure with a text of its own.
    pub const fn new(code: StatusCode, text: &'static str) -> Self {
        Self { code, text: Cow::Borrowed(text) }
    }

    /// A failure with the text that every client knows.
    pub fn plain(code: StatusCode) -> Self {
        Self::new(code, code.text())
    }

    /// A READ or READDIR past the end.
    pub fn end_of_file() -> Self {
        Self::plain(StatusCode::Eof)
    }

    /// A handle that is not open, or not of that kind.
    pub fn invalid_handle() -> Self {
        Self::new(StatusCode::Failure, "invalid handle")
    }

    /// Not possible here.
    pub fn unsupported() -> Self {
        Self::plain(StatusCode::OpUnsupported)
    }

    /// A fault of ours; the panic hook has logged it.
    pub fn panicked() -> Self {
        Self::new(StatusCode::Failure, "internal error")
    }

    /// Appends the STATUS that answers request `id`.
    pub fn write(&self, out: &mut BytesMut, id: u32) {
        write_status(out, id, self.code, &self.text);
    }

    /// The STATUS that answers request `id`.
    pub fn reply(&self, id: u32) -> BytesMut {
        let mut out = BytesMut::with_capacity(64);
        self.write(&mut out, id);
        out
    }
}

impl From<Error> for Failure {
    /// The one map from what went wrong inside to what SFTP says (SFTP-044). The texts of `core` name no storage path.
    fn from(error: Error) -> Self {
        use StatusCode as C;
        let code = match &error {
            Error::NotFound => return Self::plain(C::NoSuchFile),
            Error::StorageDenied => return Self::plain(C::PermissionDenied),
            Error::Denied(denial) if denial.is_hidden() => return Self::plain(C::NoSuchFile),
            // SFTP-015: a limit of transfers is a refusal too.
            Error::Denied(_) | Error::Auth | Error::TooMany => C::PermissionDenied,
            Error::Unsupported => C::OpUnsupported,
            Error::Exists
            | Error::NotDirectory
            | Error::IsDirectory
            | Error::NotEmpty
            | Error::NoSpace
            | Error::TooLarge
            | Error::Busy
            | Error::Timeout
            | Error::Corrupt
            | Error::Io(_)
            | Error::Quota
            | Error::FileQuota
            | Error::TransferQuota
            | Error::Invalid { .. }
            | Error::Conflict(_)
            | Error::InUse(_)
            | Error::Cancelled
            | Error::Shutdown
            | Error::Internal(_) => C::Failure,
            // The enum may grow: what is new fails until it has a row here.
            _ => C::Failure,
        };
        Self { code, text: Cow::Owned(error.to_string()) }
    }
}

impl From<PathError> for Failure {
    fn from(error: PathError) -> Self {
        match error {
            // A name with NUL is on no storage (STO-009), nor is one that is too long.
            PathError::Nul => Self::plain(StatusCode::NoSuchFile),
            _ => Self { code: StatusCode::Failure, text: Cow::Owned(error.to_string()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use entrepot_core::Denial;

    use super::*;

    // SFTP-044
    #[test]
    fn errors_map_to_their_codes() {
        let code = |error: Error| Failure::from(error).code;
        assert_eq!(code(Error::NotFound), StatusCode::NoSuchFile);
        assert_eq!(code(Error::StorageDenied), StatusCode::PermissionDenied);
        assert_eq!(code(Error::Denied(Denial::new("permissions", "secret detail"))), StatusCode::PermissionDenied);
        assert_eq!(code(Error::TooMany), StatusCode::PermissionDenied); // SFTP-015
        assert_eq!(code(Error::Unsupported), StatusCode::OpUnsupported);
        for error in
            [Error::Quota, Error::FileQuota, Error::NoSpace, Error::Exists, Error::NotEmpty, Error::Cancelled, Error::Busy]
        {
            assert_eq!(code(error), StatusCode::Failure);
        }
    }

    // SFTP-044
    #[test]
    fn quota_has_its_text_and_details_of_rules_stay_inside() {
        assert_eq!(Failure::from(Error::Quota).text, "denying write due to space limit");
        assert!(!Failure::from(Error::Denied(Denial::new("permissions", "secret detail"))).text.contains("secret"));
    }
}
