//! Virtual folders and where accounts mount them.

use serde::{Deserialize, Serialize};

use crate::{
    filesystem::FilesystemConfig,
    wire::{is_default, tolerant},
};

/// A storage of its own, to be mounted by users and groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct BaseVirtualFolder {
    /// Assigned by the server.
    #[serde(skip_serializing_if = "is_default")]
    pub id: i64,
    /// Unique and immutable.
    pub name: String,
    /// Absolute local path.
    #[serde(skip_serializing_if = "is_default")]
    pub mapped_path: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Bytes in use.
    #[serde(skip_serializing_if = "is_default")]
    pub used_quota_size: i64,
    /// Files in use.
    #[serde(skip_serializing_if = "is_default")]
    pub used_quota_files: i64,
    /// Unix milliseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub last_quota_update: i64,
    /// Users that mount it; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub users: Vec<String>,
    /// Groups that mount it; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Vec<String>,
    /// Where its files are.
    #[serde(skip_serializing_if = "is_default")]
    pub filesystem: FilesystemConfig,
}
tolerant!(BaseVirtualFolder);

impl BaseVirtualFolder {
    /// Prepares it for a response (SEC-007).
    pub fn hide_confidential(&mut self) {
        self.filesystem.hide_secrets();
    }
}

/// A virtual folder mounted in a user or group. Only `folder.name` refers to the stored folder on input (ACC-175).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtualFolder {
    /// The folder.
    #[serde(flatten)]
    pub folder: BaseVirtualFolder,
    /// Absolute virtual path of the mount.
    pub virtual_path: String,
    /// Bytes; 0 unlimited, -1 part of the user's quota.
    pub quota_size: i64,
    /// Files; 0 unlimited, -1 part of the user's quota.
    pub quota_files: i64,
    /// Directory of the folder that is mounted; empty for its root (ACC-180).
    #[serde(skip_serializing_if = "is_default")]
    pub subpath: String,
}

impl VirtualFolder {
    /// Whether what it holds counts toward the user's quota (ACC-182).
    pub fn is_included_in_user_quota(&self) -> bool {
        self.quota_size == -1 && self.quota_files == -1
    }
}
