//! Why a visitor is not let in, or cannot go on.

use std::fmt;

use crate::{Error, policy::Denial, tokens::TokenError};

/// What a visit can end with. The REST API and the pages map it to their codes, each in one place; its text is for the visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitError {
    /// No share has this id: it was deleted, or the link was never one (404).
    Unknown,
    /// All its uses are used up (404).
    UsedUp,
    /// It is past its date (404).
    Expired,
    /// Its owner is gone, disabled, expired, or may not share this any more (404).
    Closed,
    /// It is for something else: reading instead of writing, or the other way round (403).
    Scope,
    /// The visitor's address is not among those that the share lets in (403).
    Address,
    /// A rule of the owner's account refuses it; the log says which (403).
    Refused(Denial),
    /// A password is needed, or it was wrong; or the session of a browser has ended (401).
    Credentials,
    /// The pages of the share let in, nothing else: it asks for a code by mail, or for an agreement (403).
    PagesOnly,
    /// The visitor has to accept the agreement first (403).
    Agreement,
    /// The code is wrong, was used, or has expired (400).
    Code,
    /// The share does not ask for what was given: a code where it wants a password, for example (400).
    Method,
    /// It needs a share of exactly one path, which is a directory (400).
    NotOneDirectory,
    /// The path leads out of the share (400; 403 for an upload).
    Outside,
    /// The path is none: too long, or with a NUL (400).
    Path(String),
    /// Too many sessions of the owner are open (429).
    TooMany,
    /// Anything that operations on files end with as well.
    Other(Error),
}

impl fmt::Display for VisitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown | Self::Closed => "Not Found",
            Self::UsedUp => "max share usage exceeded",
            Self::Expired => "share expired",
            Self::Scope => "invalid share scope",
            Self::Address => "connection not allowed from your ip",
            Self::Refused(_) => "permission denied",
            Self::Credentials => "invalid credentials",
            Self::PagesOnly => "please use your browser to open the page of this share",
            Self::Agreement => "the agreement has to be accepted first",
            Self::Code => "the code is not valid",
            Self::Method => "this share does not ask for that",
            Self::NotOneDirectory => "the share must have exactly one path, which must be a directory",
            Self::Outside => "the path is not in the share",
            Self::Path(what) => return f.write_str(what),
            Self::TooMany => "too many open sessions",
            Self::Other(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for VisitError {}

impl From<Error> for VisitError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<TokenError> for VisitError {
    fn from(_: TokenError) -> Self {
        Self::Credentials
    }
}
