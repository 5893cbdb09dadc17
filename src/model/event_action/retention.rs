//! Data retention.

use serde::{Deserialize, Serialize};

use crate::{retention::FolderRetention, wire::is_default};

/// Deletes or archives old files (ACT-027…ACT-034).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionConfig {
    /// Directories; the most specific one holds.
    #[serde(skip_serializing_if = "is_default")]
    pub folders: Vec<FolderRetention>,
    /// Virtual folder that old files are moved to instead of being deleted.
    #[serde(skip_serializing_if = "is_default")]
    pub archive_folder: String,
    /// Directory in it; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub archive_path: String,
    /// One report per user.
    #[serde(skip_serializing_if = "is_default")]
    pub split_reports: bool,
    /// Virtual folder to look after instead of users (extension member, API-216).
    #[serde(skip_serializing_if = "is_default")]
    pub source_folder: String,
    /// Only report (extension member, API-216).
    #[serde(skip_serializing_if = "is_default")]
    pub dry_run: bool,
}
