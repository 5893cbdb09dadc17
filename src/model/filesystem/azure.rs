//! Azure Blob Storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// An Azure container, or a prefix in it (AZ-001..013).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AzureBlobFsConfig {
    /// Required unless the SAS URL names it.
    #[serde(skip_serializing_if = "is_default")]
    pub container: String,
    /// Empty with a SAS URL.
    #[serde(skip_serializing_if = "is_default")]
    pub account_name: String,
    /// Shared key.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub account_key: Secret,
    /// Shared access signature.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub sas_url: Secret,
    /// Default `blob.core.windows.net`.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// MB, 0 to 2000, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_part_size: i64,
    /// Parts at once, 0 to 64, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_concurrency: i64,
    /// MB, 0 to 2000, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub download_part_size: i64,
    /// Parts at once, 0 to 64, 0 for 5.
    #[serde(skip_serializing_if = "is_default")]
    pub download_concurrency: i64,
    /// Empty, `Archive`, `Hot`, `Cool` or `Cold`.
    #[serde(skip_serializing_if = "is_default")]
    pub access_tier: String,
    /// Relative, ends with `/`.
    #[serde(skip_serializing_if = "is_default")]
    pub key_prefix: String,
    /// The endpoint is the storage emulator.
    #[serde(skip_serializing_if = "is_default")]
    pub use_emulator: bool,
    /// User-assigned identity of the default credential chain (AZ-011).
    #[serde(skip_serializing_if = "is_default")]
    pub managed_identity_client_id: String,
    /// Accept any certificate (STO-021).
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
}
