//! Checks of data retention.

use serde::{Deserialize, Serialize};

/// Retention of a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FolderRetention {
    /// Virtual path.
    pub path: String,
    /// Hours; 0 leaves the directory out.
    pub retention: i64,
    /// Directories that became empty are removed.
    pub delete_empty_dirs: bool,
}

/// A check that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionCheck {
    /// The user.
    pub username: String,
    /// What is checked.
    pub folders: Vec<FolderRetention>,
    /// Unix milliseconds.
    pub start_time: i64,
}
