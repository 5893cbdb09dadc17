//! A server of the HTTP storage interface as storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// An HTTP storage server (HFS-001..022).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpFsConfig {
    /// Base URL, required.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// For Basic authentication.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// For Basic authentication.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// Sent as `X-API-KEY`.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub api_key: Secret,
    /// Accept any certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
    /// 0: same server if user name and endpoint match, 1: if the endpoint matches.
    #[serde(skip_serializing_if = "is_default")]
    pub equality_check_mode: i64,
    /// Put in front of every path (STO-019).
    #[serde(skip_serializing_if = "is_default")]
    pub remote_directory: String,
}
