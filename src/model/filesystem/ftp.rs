//! Another FTP server as storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// An FTP server (FFS-001..010).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FtpFsConfig {
    /// `host[:port]`, required.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// Required.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// 0 none, 1 explicit, 2 implicit.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_mode: i64,
    /// Accept any certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
    /// Put in front of every path (STO-019).
    #[serde(skip_serializing_if = "is_default")]
    pub remote_directory: String,
}
