//! Small answers of the REST API.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// Answer of operations that return no object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiResponse {
    /// May be empty.
    pub message: String,
    /// What went wrong, if anything.
    #[serde(skip_serializing_if = "is_default")]
    pub error: String,
}

/// The running build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionInfo {
    /// Version number.
    pub version: String,
    /// RFC 3339.
    pub build_date: String,
    /// Commit of the sources.
    pub commit_hash: String,
    /// `+name` for what is there, `-name` for what is not.
    pub features: Vec<String>,
}

/// A bearer token.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    /// To be sent back as bearer.
    pub access_token: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("access_token", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// A change of the own password (SEC-127).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct PwdChange {
    /// The one that holds.
    pub current_password: String,
    /// The one that shall hold.
    pub new_password: String,
}
tolerant!(PwdChange);

/// Shows neither.
impl fmt::Debug for PwdChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PwdChange(***)")
    }
}

/// Answer to the making of an API key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiKeyCreated {
    /// Says that the key is shown only now.
    pub message: String,
    /// `id.secret`.
    pub key: String,
}

impl fmt::Debug for ApiKeyCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyCreated").field("message", &self.message).field("key", &"***").finish()
    }
}

/// A configuration for one-time passwords that the server offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TotpOffer {
    /// Name that accounts refer to.
    pub name: String,
    /// Issuer shown by authenticator programs.
    pub issuer: String,
    /// `sha1`, `sha256` or `sha512`.
    pub algo: String,
}
