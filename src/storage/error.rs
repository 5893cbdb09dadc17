//! The first ring of errors: neutral to protocols and to users.

use std::{fmt, io};

/// What went wrong, in terms that every backend shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No such file or directory.
    NotFound,
    /// The name is taken.
    Exists,
    /// A directory was needed.
    NotDirectory,
    /// A file was needed.
    IsDirectory,
    /// The directory has entries.
    NotEmpty,
    /// The storage refuses, or the path leads outside the root.
    Denied,
    /// The storage is full (or its own quota is).
    NoSpace,
    /// The file, name or request is larger than the storage takes.
    TooLarge,
    /// This storage cannot do that.
    Unsupported,
    /// Somebody else is at it; trying again later may help.
    Busy,
    /// The storage did not answer in time.
    Timeout,
    /// Stored data is damaged, or a checksum differs.
    Corrupt,
    /// Everything else.
    Io,
}

/// An error of a backend. Its text may name real paths: it belongs into the log, never into an answer.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Result of a storage call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` caused by `source`.
    pub fn new(kind: ErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the kind is `kind`.
    pub fn is(&self, kind: ErrorKind) -> bool {
        self.kind == kind
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{:?}: {source}", self.kind),
            None => write!(f, "{:?}", self.kind),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

impl From<rustix::io::Errno> for Error {
    fn from(errno: rustix::io::Errno) -> Self {
        use rustix::io::Errno as E;
        let kind = match errno {
            E::NOENT => ErrorKind::NotFound,
            E::EXIST => ErrorKind::Exists,
            E::NOTDIR => ErrorKind::NotDirectory,
            E::ISDIR => ErrorKind::IsDirectory,
            E::NOTEMPTY => ErrorKind::NotEmpty,
            // XDEV is how openat2 reports a path that leaves the root; a rename across devices is handled before this.
            E::ACCESS | E::PERM | E::ROFS | E::XDEV | E::LOOP => ErrorKind::Denied,
            E::NOSPC | E::DQUOT => ErrorKind::NoSpace,
            E::FBIG | E::NAMETOOLONG | E::OVERFLOW => ErrorKind::TooLarge,
            E::OPNOTSUPP | E::NOSYS | E::INVAL | E::NXIO => ErrorKind::Unsupported,
            E::BUSY | E::AGAIN | E::TXTBSY | E::MFILE | E::NFILE => ErrorKind::Busy,
            E::TIMEDOUT => ErrorKind::Timeout,
            _ => ErrorKind::Io,
        };
        Self::new(kind, io::Error::from(errno))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match rustix::io::Errno::from_io_error(&error) {
            Some(errno) => errno.into(),
            None => Self::new(ErrorKind::Io, error),
        }
    }
}
