//! Quota figures as their endpoints take and give them.

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// Disk usage of a user or folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuotaUsage {
    /// Bytes.
    pub used_quota_size: i64,
    /// Files.
    pub used_quota_files: i64,
}

/// Transferred bytes of a user (ACC-297).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransferQuotaUsage {
    /// Bytes.
    pub used_upload_data_transfer: i64,
    /// Bytes.
    pub used_download_data_transfer: i64,
}

/// A running quota scan of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuotaScan {
    /// The user.
    pub username: String,
    /// Role of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
    /// Unix milliseconds.
    pub start_time: i64,
}

/// A running quota scan of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FolderQuotaScan {
    /// The folder.
    pub name: String,
    /// Unix milliseconds.
    pub start_time: i64,
}
