//! Users.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    filesystem::FilesystemConfig,
    filters::UserFilters,
    folder::VirtualFolder,
    group::GroupMapping,
    permissions::PermissionMap,
    wire::{is_default, tolerant},
};

/// A user account, with its own settings only; see [`crate::EffectiveUser`] for what holds after merging its groups.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct User {
    /// Assigned by the server.
    pub id: i64,
    /// 1 enabled, 0 disabled.
    pub status: i64,
    /// Unique and immutable.
    pub username: String,
    /// Mail address.
    #[serde(skip_serializing_if = "is_default")]
    pub email: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Unix milliseconds, 0 never.
    pub expiration_date: i64,
    /// Clear text or hash. `None`: absent or null, the stored one stays; empty: no password (ACC-064).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// OpenSSH authorized-key lines.
    pub public_keys: Vec<String>,
    /// A password is stored.
    pub has_password: bool,
    /// Absolute local path.
    pub home_dir: String,
    /// Mounts.
    #[serde(skip_serializing_if = "is_default")]
    pub virtual_folders: Vec<VirtualFolder>,
    /// Owner of local files, 0 for the server's.
    pub uid: i64,
    /// Group of local files, 0 for the server's.
    pub gid: i64,
    /// Open connections, 0 unlimited.
    pub max_sessions: i64,
    /// Bytes, 0 unlimited.
    pub quota_size: i64,
    /// Files, 0 unlimited.
    pub quota_files: i64,
    /// Permissions by directory; `/` is required.
    pub permissions: PermissionMap,
    /// Bytes in use.
    pub used_quota_size: i64,
    /// Files in use.
    pub used_quota_files: i64,
    /// Unix milliseconds.
    pub last_quota_update: i64,
    /// KB/s, 0 unlimited.
    pub upload_bandwidth: i64,
    /// KB/s, 0 unlimited.
    pub download_bandwidth: i64,
    /// MB, 0 unlimited.
    pub upload_data_transfer: i64,
    /// MB, 0 unlimited.
    pub download_data_transfer: i64,
    /// MB in both directions, 0 unlimited.
    pub total_data_transfer: i64,
    /// Bytes since the last reset.
    pub used_upload_data_transfer: i64,
    /// Bytes since the last reset.
    pub used_download_data_transfer: i64,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds.
    pub last_login: i64,
    /// Unix milliseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub first_download: i64,
    /// Unix milliseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub first_upload: i64,
    /// Unix milliseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub last_password_change: i64,
    /// Options.
    pub filters: UserFilters,
    /// Where the files are.
    pub filesystem: FilesystemConfig,
    /// Free text for external systems.
    #[serde(skip_serializing_if = "is_default")]
    pub additional_info: String,
    /// Memberships, in order of precedence.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Vec<GroupMapping>,
    /// Fields of an identity token; accepted, given to hooks, never stored (ACC-050).
    #[serde(skip_serializing_if = "is_default")]
    pub oidc_custom_fields: serde_json::Map<String, serde_json::Value>,
    /// Name of the role.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
}
tolerant!(User);

impl User {
    /// Whether the account is enabled (ACC-072).
    pub fn is_enabled(&self) -> bool {
        self.status == 1
    }

    /// Prepares it for a response: no password hash, no keys of secrets (ACC-052, SEC-007).
    pub fn hide_confidential(&mut self) {
        self.has_password |= self.password.as_deref().is_some_and(|p| !p.is_empty());
        self.password = None;
        self.oidc_custom_fields.clear();
        self.filesystem.hide_secrets();
        self.filters.totp_config.secret.hide();
        self.filters.recovery_codes.iter_mut().for_each(|code| code.secret.hide());
        self.virtual_folders.iter_mut().for_each(|mount| mount.folder.hide_confidential());
    }
}

/// Shows who it is, never the password.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("username", &self.username).field("status", &self.status).finish_non_exhaustive()
    }
}
