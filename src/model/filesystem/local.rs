//! Local storage, plain and encrypted (LOC, CRY).

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// Local files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OsFsConfig {
    /// MB, 0 to 10, 0 off.
    #[serde(skip_serializing_if = "is_default")]
    pub read_buffer_size: i64,
    /// MB, 0 to 10, 0 off.
    #[serde(skip_serializing_if = "is_default")]
    pub write_buffer_size: i64,
}

/// Encrypted local files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CryptFsConfig {
    /// Required.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub passphrase: Secret,
    /// MB, 0 to 10, 0 off.
    #[serde(skip_serializing_if = "is_default")]
    pub read_buffer_size: i64,
    /// MB, 0 to 10, 0 off.
    #[serde(skip_serializing_if = "is_default")]
    pub write_buffer_size: i64,
}
