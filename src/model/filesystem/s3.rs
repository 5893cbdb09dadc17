//! S3 compatible storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// An S3 bucket, or a prefix in it (S3-001..028).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct S3Config {
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub bucket: String,
    /// Required without `endpoint`.
    #[serde(skip_serializing_if = "is_default")]
    pub region: String,
    /// Empty: credentials of the environment or instance.
    #[serde(skip_serializing_if = "is_default")]
    pub access_key: String,
    /// Set together with `access_key`.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub access_secret: Secret,
    /// Key for server-side encryption with customer keys.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub sse_customer_key: Secret,
    /// Role to assume.
    #[serde(skip_serializing_if = "is_default")]
    pub role_arn: String,
    /// Of temporary credentials.
    #[serde(skip_serializing_if = "is_default")]
    pub session_token: String,
    /// URL of the service.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Of uploaded objects.
    #[serde(skip_serializing_if = "is_default")]
    pub storage_class: String,
    /// Canned access list of uploaded objects.
    #[serde(skip_serializing_if = "is_default")]
    pub acl: String,
    /// MB, 5 to 2000, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_part_size: i64,
    /// Parts at once, 0 to 64, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_concurrency: i64,
    /// Seconds for one part.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_part_max_time: i64,
    /// MB, 5 to 2000, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub download_part_size: i64,
    /// Parts at once, 0 to 64, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub download_concurrency: i64,
    /// Seconds for one part.
    #[serde(skip_serializing_if = "is_default")]
    pub download_part_max_time: i64,
    /// Bucket in the path instead of the host name.
    #[serde(skip_serializing_if = "is_default")]
    pub force_path_style: bool,
    /// Relative, ends with `/`.
    #[serde(skip_serializing_if = "is_default")]
    pub key_prefix: String,
    /// Empty, `crc32`, `crc32c`, `crc64nvme`, `sha1` or `sha256`.
    #[serde(skip_serializing_if = "is_default")]
    pub checksum_algorithm: String,
    /// Accept any certificate (STO-021).
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
}
