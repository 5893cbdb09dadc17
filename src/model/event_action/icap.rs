//! Scanners.

use serde::{Deserialize, Serialize};

use super::KeyValue;
use crate::wire::is_default;

/// A scan by an ICAP server (ACT-067…ACT-072).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IcapConfig {
    /// `icap://host[:port]/service` or `icaps://…`.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Seconds; 0 is 15 (ACT-113).
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: i64,
    /// Accept any certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
    /// Files to scan; templates.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: Vec<String>,
    /// `REQMOD`.
    #[serde(skip_serializing_if = "is_default")]
    pub method: String,
    /// Headers of the ICAP request; values are templates.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Vec<KeyValue>,
    /// For infected files: 1 ignore, 2 delete, 3 quarantine.
    #[serde(skip_serializing_if = "is_default")]
    pub block_action: i64,
    /// For files that the server changed: 1 ignore, 2 delete, 3 quarantine, 4 overwrite.
    #[serde(skip_serializing_if = "is_default")]
    pub adapt_action: i64,
    /// When the scan fails: 1 ignore, 2 delete, 3 quarantine.
    #[serde(skip_serializing_if = "is_default")]
    pub failure_policy: i64,
    /// Virtual folder for quarantined files.
    #[serde(skip_serializing_if = "is_default")]
    pub quarantine_folder: String,
    /// Path for quarantined files; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub quarantine_path: String,
}
