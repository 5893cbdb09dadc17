//! What a token says.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Duties;

/// What a token is for (SEC-059). A token of one kind is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// REST API, administrators.
    ApiAdmin,
    /// REST API, users.
    ApiUser,
    /// Pages of administrators.
    WebAdmin,
    /// Pages of users.
    WebClient,
    /// Pages of administrators: the password was right, the code of the second factor is still to come.
    WebAdminPending,
    /// The same, for users.
    WebClientPending,
    /// Pages of a share, visitors; the name in the token is the id of the share.
    WebShare,
    /// A link with which a user sets a password.
    Invite,
    /// A document that is open in an office server, and nothing else (SEC-244).
    Document,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::ApiAdmin,
        Self::ApiUser,
        Self::WebAdmin,
        Self::WebClient,
        Self::WebAdminPending,
        Self::WebClientPending,
        Self::WebShare,
        Self::Invite,
        Self::Document,
    ];

    /// Name in the audience of a token.
    pub const fn audience(self) -> &'static str {
        match self {
            Self::ApiAdmin => "APIAdmin",
            Self::ApiUser => "APIUser",
            Self::WebAdmin => "WebAdmin",
            Self::WebClient => "WebClient",
            Self::WebAdminPending => "WebAdminPending",
            Self::WebClientPending => "WebClientPending",
            Self::WebShare => "WebShare",
            Self::Invite => "Invite",
            Self::Document => "Document",
        }
    }

    /// The account is an administrator.
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::ApiAdmin | Self::WebAdmin | Self::WebAdminPending)
    }

    /// It lives in a cookie.
    pub const fn is_cookie(self) -> bool {
        !matches!(self, Self::ApiAdmin | Self::ApiUser | Self::Document | Self::Invite)
    }

    /// A telephone changes its address while its pages are open, and documents are shown by an office server: these are valid
    /// wherever they are shown.
    pub(super) const fn roams(self) -> bool {
        matches!(self, Self::WebClient | Self::WebClientPending | Self::WebShare | Self::Document | Self::Invite)
    }
}

/// Claims of a token (SEC-058). Permissions are not among them: they are read with each request (SEC-069).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Kind, then the address that the token was given to.
    pub aud: Vec<String>,
    /// Unique id, for revocation.
    pub jti: String,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Not valid before, seconds since the epoch.
    pub nbf: i64,
    /// Not valid after, seconds since the epoch.
    pub exp: i64,
    /// Stands for the state of the account when the token was issued.
    pub sub: String,
    /// Name of the account.
    pub username: String,
    /// Stands for the password that the account had when the token was issued.
    pub pwd: String,
    /// What must be done before the token is good for anything else (SEC-070).
    #[serde(default, skip_serializing_if = "Duties::is_empty")]
    pub duties: Duties,
    /// Mail address that the visitor of a share proved; empty if none was asked for, and in every other token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub visitor: String,
    /// The visitor accepted the agreement of the share (API-197).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agreed: bool,
    /// What a token of the kind [`TokenKind::Document`] opens; absent in every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<DocumentClaims>>,
}

/// The document that a token opens (API-201).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentClaims {
    /// Id of the file, for everybody who opens it.
    pub file: String,
    /// Path of the file, as whoever opened it sees it: base64 of its bytes.
    pub path: String,
    /// Id of the session that it was opened in: the token ends when that one is logged out. Empty where there is none.
    pub session: String,
    /// Scheme and host of the page that the document is shown in.
    pub page: String,
}

impl Claims {
    /// Whether the token is of this kind.
    pub fn is_kind(&self, kind: TokenKind) -> bool {
        self.aud.first().is_some_and(|audience| audience == kind.audience())
    }

    /// Whether the token lives in a cookie.
    pub(super) fn is_cookie(&self) -> bool {
        TokenKind::ALL.into_iter().any(|kind| kind.is_cookie() && self.is_kind(kind))
    }

    /// Seconds since the epoch at which the session began: a renewed cookie keeps it.
    pub fn began(&self) -> i64 {
        self.iat
    }

    /// Whether the token was given to this address.
    pub fn is_for(&self, ip: IpAddr) -> bool {
        self.aud.get(1).is_some_and(|address| *address == ip.to_canonical().to_string())
    }
}

/// A token and how long it lives.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub access_token: String,
    /// Seconds since the epoch.
    pub expires_at: i64,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("access_token", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// Why a token is not taken; 401 where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Malformed, not ours, expired, or its account is gone, disabled or has another password now (SEC-065, SEC-068, SEC-073).
    #[error("Unauthorized")]
    Invalid,
    /// A token of another kind (SEC-059).
    #[error("Your token audience is not valid")]
    Audience,
    /// Given to another address, or older than a change of the account (SEC-063, SEC-064).
    #[error("Your token is not valid")]
    NotValid,
    /// Logged out (SEC-066).
    #[error("Your token is no longer valid")]
    Revoked,
    /// The account may not use the REST API (ACC-317): 403.
    #[error("the REST API is disabled for this account")]
    RestDisabled,
    /// The account cannot be looked up now: a fault of ours, not of the token.
    #[error("the account cannot be checked now")]
    Unavailable,
}
