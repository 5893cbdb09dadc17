//! Administrators.

mod permission;

pub use permission::AdminPermission;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    filters::{RecoveryCode, TotpConfig},
    wire::{is_default, tolerant},
};

/// What the pages show an admin; not a security control (ACC-247).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminPreferences {
    /// Bit mask of hidden sections of the user page, 0 to 127.
    #[serde(skip_serializing_if = "is_default")]
    pub hide_user_page_sections: i64,
    /// Days until new users expire, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub default_users_expiration: i64,
}

/// Options of an admin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminFilters {
    /// Networks the admin may come from; empty for any.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_list: Vec<String>,
    /// API keys may impersonate the admin.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_api_key_auth: bool,
    /// A second factor must be configured.
    #[serde(skip_serializing_if = "is_default")]
    pub require_two_factor: bool,
    /// The password must be changed at the next login.
    #[serde(skip_serializing_if = "is_default")]
    pub require_password_change: bool,
    /// No login by password (ACC-242).
    #[serde(skip_serializing_if = "is_default")]
    pub disable_password_auth: bool,
    /// Second factor.
    #[serde(skip_serializing_if = "is_default")]
    pub totp_config: TotpConfig,
    /// Codes for a lost second factor.
    #[serde(skip_serializing_if = "is_default")]
    pub recovery_codes: Vec<RecoveryCode>,
    /// What the pages show.
    #[serde(skip_serializing_if = "is_default")]
    pub preferences: AdminPreferences,
}

/// How a group is attached to new users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminGroupMappingOptions {
    /// 0 membership, 1 primary, 2 secondary.
    pub add_to_users_as: i64,
}

/// A group that the admin attaches to new users (ACC-246).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminGroupMapping {
    /// Name of the group.
    pub name: String,
    /// How.
    pub options: AdminGroupMappingOptions,
}

/// An administrator.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct Admin {
    /// Assigned by the server.
    pub id: i64,
    /// 1 enabled, 0 disabled.
    pub status: i64,
    /// Unique and immutable.
    pub username: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Clear text or hash; `None` or empty keeps the stored one (ACC-240).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Mail address.
    #[serde(skip_serializing_if = "is_default")]
    pub email: String,
    /// At least one.
    pub permissions: Vec<AdminPermission>,
    /// Options.
    pub filters: AdminFilters,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub additional_info: String,
    /// Groups for new users.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Vec<AdminGroupMapping>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds.
    pub last_login: i64,
    /// Name of the role the admin is confined to.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
}
tolerant!(Admin);

impl Admin {
    /// Whether the account is enabled.
    pub fn is_enabled(&self) -> bool {
        self.status == 1
    }

    /// Whether the admin may do what `permission` stands for. `legacy` forces the umbrella model (ACC-223, ACC-361, ACC-364).
    pub fn may(&self, permission: AdminPermission, legacy: bool) -> bool {
        use AdminPermission as P;
        if self.permissions.contains(&P::Any) || self.permissions.contains(&permission) {
            return true;
        }
        let umbrella = legacy || !self.permissions.iter().any(|p| p.is_granular());
        let over = match permission {
            P::ViewGroups | P::DelGroups => P::ManageGroups,
            P::ViewFolders | P::DelFolders => P::ManageFolders,
            _ => return false,
        };
        umbrella && self.permissions.contains(&over)
    }

    /// Prepares it for a response: no password hash, no keys of secrets (SEC-007).
    pub fn hide_confidential(&mut self) {
        self.password = None;
        self.filters.totp_config.secret.hide();
        self.filters.recovery_codes.iter_mut().for_each(|code| code.secret.hide());
    }
}

/// Shows who it is, never the password.
impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("username", &self.username).field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{AdminPermission as P, *};

    fn admin(permissions: &[P]) -> Admin {
        Admin { permissions: permissions.to_vec(), ..Admin::default() }
    }

    #[test]
    fn without_granular_values_manage_is_an_umbrella() {
        // ACC-223, ACC-376
        let admin = admin(&[P::ManageGroups]);
        for allowed in [P::ManageGroups, P::ViewGroups, P::DelGroups] {
            assert!(admin.may(allowed, false), "{allowed:?}");
        }
        assert!(!admin.may(P::ViewFolders, false) && !admin.may(P::ManageFolders, false));
    }

    #[test]
    fn one_granular_value_ends_the_umbrella() {
        // ACC-361, ACC-364, ACC-375
        let admin = admin(&[P::ViewGroups, P::ManageGroups, P::ViewFolders]);
        assert!(admin.may(P::ManageGroups, false) && !admin.may(P::DelGroups, false) && !admin.may(P::ManageFolders, false));
        assert!(admin.may(P::DelGroups, true));
    }

    #[test]
    fn debug_never_shows_the_password() {
        let admin = Admin { password: Some("hunter2".into()), ..Admin::default() };
        assert!(!format!("{admin:?}").contains("hunter2"));
    }
}
