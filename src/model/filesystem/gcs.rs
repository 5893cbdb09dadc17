//! Google Cloud Storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// A Google Cloud Storage bucket, or a prefix in it (GCS-001..015).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GcsConfig {
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub bucket: String,
    /// JSON key of a service account.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub credentials: Secret,
    /// 1: credentials of the environment.
    #[serde(skip_serializing_if = "is_default")]
    pub automatic_credentials: i64,
    /// 1: the bucket has a hierarchical namespace.
    #[serde(skip_serializing_if = "is_default")]
    pub hns: i64,
    /// Of uploaded objects.
    #[serde(skip_serializing_if = "is_default")]
    pub storage_class: String,
    /// Predefined access list of uploaded objects.
    #[serde(skip_serializing_if = "is_default")]
    pub acl: String,
    /// Relative, ends with `/`.
    #[serde(skip_serializing_if = "is_default")]
    pub key_prefix: String,
    /// MB, 0 for 16.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_part_size: i64,
    /// Seconds for one part, 0 for 32.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_part_max_time: i64,
    /// Domain of another cloud than the public one.
    #[serde(skip_serializing_if = "is_default")]
    pub universe_domain: String,
    /// Accept any certificate (STO-021).
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
}
