//! Second factor of users and admins.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// Time-based one-time passwords of an account. Admins have no `protocols`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TotpConfig {
    /// The second factor is active.
    #[serde(skip_serializing_if = "is_default")]
    pub enabled: bool,
    /// Name of a configuration in the server's `mfa.totp` section.
    #[serde(skip_serializing_if = "is_default")]
    pub config_name: String,
    /// Shared secret.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub secret: Secret,
    /// Protocols that ask for it: `SSH`, `FTP`, `HTTP`.
    #[serde(skip_serializing_if = "is_default")]
    pub protocols: Vec<String>,
}

/// A code that replaces a lost second factor once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecoveryCode {
    /// The code.
    pub secret: Secret,
    /// It was used.
    pub used: bool,
}
