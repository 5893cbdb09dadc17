//! The second ring of errors: what a session can be told.

use std::fmt;

use entrepot_storage as storage;
use uuid::Uuid;

use crate::policy::Denial;

/// Result of a call into the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an operation of a session ended with. Protocols map it exhaustively to their codes, each in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No such file or directory, or the caller may not know that there is one.
    NotFound,
    /// The name is taken.
    Exists,
    /// A directory was needed.
    NotDirectory,
    /// A file was needed.
    IsDirectory,
    /// The directory has entries.
    NotEmpty,
    /// The storage refused (its own permissions, or a path that leads outside the root).
    StorageDenied,
    /// The storage is full.
    NoSpace,
    /// Larger than the storage, or a limit, takes.
    TooLarge,
    /// Not possible here.
    Unsupported,
    /// Somebody else is at it; trying again later may help.
    Busy,
    /// The storage did not answer in time.
    Timeout,
    /// Stored data is damaged.
    Corrupt,
    /// The storage failed in some other way; the id stands in the log beside the details.
    Io(Uuid),
    /// The root of the account cannot be used (ACC-085). The reason is in the log.
    Homeless,
    /// The credentials are not accepted. The reason is in the log only.
    Auth,
    /// A rule refuses it.
    Denied(Denial),
    /// A disk quota or the size limit of uploads is reached.
    Quota,
    /// The quota of files is reached.
    FileQuota,
    /// A transfer quota is reached.
    TransferQuota,
    /// Too many sessions or transfers.
    TooMany,
    /// A field of the request is wrong.
    Invalid {
        /// Name of the field in the contract.
        field: String,
        /// What is wrong with it, and what would be right.
        message: String,
        /// What else is wrong: field and message.
        others: Vec<(String, String)>,
    },
    /// An object of that name exists, or it refers to one that does not.
    Conflict(String),
    /// The object is still used and cannot go.
    InUse(String),
    /// What the request needs is not there; the text says what.
    Unavailable(&'static str),
    /// The transfer or session was ended from outside.
    Cancelled,
    /// The client went away in the middle.
    Disconnected,
    /// The server is shutting down.
    Shutdown,
    /// A fault of ours; the id stands in the log beside the details.
    Internal(Uuid),
}

impl Error {
    /// Logs `source` with a fresh id and returns an error that carries only the id.
    pub fn internal(context: &'static str, source: impl fmt::Display) -> Self {
        let id = Uuid::new_v4();
        tracing::error!(error_id = %id, %source, "{context}");
        Self::Internal(id)
    }

    /// A failure of the database: a full disk is `NoSpace`, and any other a failure of the server. Both are logged.
    pub(crate) fn of_store(context: &'static str, error: entrepot_store::StoreError) -> Self {
        match error {
            entrepot_store::StoreError::Full => {
                tracing::error!(%error, "{context}");
                Self::NoSpace
            }
            other => Self::internal(context, other),
        }
    }

    /// A wrong field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into(), others: Vec::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such file or directory"),
            Self::Exists => f.write_str("already exists"),
            Self::NotDirectory => f.write_str("not a directory"),
            Self::IsDirectory => f.write_str("is a directory"),
            Self::NotEmpty => f.write_str("directory not empty"),
            Self::StorageDenied => f.write_str("permission denied"),
            Self::NoSpace => f.write_str("no space left on the storage"),
            Self::TooLarge => f.write_str("too large"),
            Self::Unsupported => f.write_str("operation unsupported"),
            Self::Busy => f.write_str("busy, try again"),
            Self::Timeout => f.write_str("the storage did not answer in time"),
            Self::Corrupt => f.write_str("the stored data is damaged"),
            Self::Io(id) => write!(f, "storage error, id {id}"),
            Self::Homeless => f.write_str("the root file system of the account is invalid: its folder cannot be used"),
            Self::Auth => f.write_str("authentication failed"),
            Self::Denied(denial) => f.write_str(denial.public()),
            Self::Quota => f.write_str("denying write due to space limit"),
            Self::FileQuota => f.write_str("denying write due to the limit on the number of files"),
            Self::TransferQuota => f.write_str("denying transfer due to quota limit"),
            Self::TooMany => f.write_str("too many sessions or transfers"),
            // Many texts begin with the field already.
            Self::Invalid { field, message, .. } if message.starts_with(field.as_str()) => f.write_str(message),
            Self::Invalid { field, message, .. } => write!(f, "{field}: {message}"),
            Self::Conflict(message) | Self::InUse(message) => f.write_str(message),
            Self::Unavailable(what) => f.write_str(what),
            // By an administrator, for idleness, by a rule of the account: the line of who did it says which.
            Self::Cancelled => f.write_str("the session was ended"),
            Self::Disconnected => f.write_str("the client went away"),
            Self::Shutdown => f.write_str("the server is shutting down"),
            Self::Internal(id) => write!(f, "internal error, id {id}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        use storage::ErrorKind as K;
        match error.kind() {
            K::NotFound => Self::NotFound,
            K::Exists => Self::Exists,
            K::NotDirectory => Self::NotDirectory,
            K::IsDirectory => Self::IsDirectory,
            K::NotEmpty => Self::NotEmpty,
            K::Denied => {
                tracing::debug!(%error, "storage denied");
                Self::StorageDenied
            }
            K::NoSpace => Self::NoSpace,
            K::TooLarge => Self::TooLarge,
            K::Unsupported => {
                tracing::debug!(%error, "storage cannot");
                Self::Unsupported
            }
            K::Busy => Self::Busy,
            K::Timeout => Self::Timeout,
            K::Corrupt => Self::Corrupt,
            K::Io => {
                let id = Uuid::new_v4();
                tracing::error!(error_id = %id, %error, "storage error");
                Self::Io(id)
            }
        }
    }
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}
