//! Groups: settings that are merged into their members.

use serde::{Deserialize, Serialize};

use crate::{
    filesystem::FilesystemConfig,
    filters::GroupFilters,
    folder::VirtualFolder,
    permissions::PermissionMap,
    wire::{is_default, tolerant},
};

/// How a user belongs to a group (ACC-195).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupType {
    /// Its settings apply; at most one.
    Primary,
    /// Its additive settings apply.
    Secondary,
    /// Nothing is inherited.
    Membership,
}

/// Membership of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupMapping {
    /// Name of the group.
    pub name: String,
    /// 1 primary, 2 secondary, 3 membership only.
    #[serde(rename = "type")]
    pub kind: i64,
}

impl GroupMapping {
    /// The kind of membership, if the number is a known one.
    pub fn group_type(&self) -> Option<GroupType> {
        match self.kind {
            1 => Some(GroupType::Primary),
            2 => Some(GroupType::Secondary),
            3 => Some(GroupType::Membership),
            _ => None,
        }
    }
}

/// What a group gives to its members.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupUserSettings {
    /// Absolute local path with placeholders.
    #[serde(skip_serializing_if = "is_default")]
    pub home_dir: String,
    /// Open connections, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub max_sessions: i64,
    /// Bytes, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub quota_size: i64,
    /// Files, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub quota_files: i64,
    /// Permissions by directory; may be empty.
    #[serde(skip_serializing_if = "is_default")]
    pub permissions: PermissionMap,
    /// KB/s, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_bandwidth: i64,
    /// KB/s, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub download_bandwidth: i64,
    /// MB, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_data_transfer: i64,
    /// MB, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub download_data_transfer: i64,
    /// MB, 0 unset.
    #[serde(skip_serializing_if = "is_default")]
    pub total_data_transfer: i64,
    /// Days from the creation of the user until it expires, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub expires_in: i64,
    /// Options.
    pub filters: GroupFilters,
    /// Where the files are; provider 0 leaves the user's.
    pub filesystem: FilesystemConfig,
}

/// A group of users.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct Group {
    /// Assigned by the server.
    pub id: i64,
    /// Unique and immutable.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Settings for the members.
    pub user_settings: GroupUserSettings,
    /// Mounts for the members.
    #[serde(skip_serializing_if = "is_default")]
    pub virtual_folders: Vec<VirtualFolder>,
    /// Members; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub users: Vec<String>,
    /// Admins that attach it to new users; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub admins: Vec<String>,
}
tolerant!(Group);

impl Group {
    /// Prepares it for a response (SEC-007).
    pub fn hide_confidential(&mut self) {
        self.user_settings.filesystem.hide_secrets();
        self.virtual_folders.iter_mut().for_each(|mount| mount.folder.hide_confidential());
    }
}
