//! What admins may do.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// One thing an admin may do (ACC-233, ACC-223).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AdminPermission {
    /// Everything.
    Any,
    /// Add users.
    AddUsers,
    /// Change users.
    EditUsers,
    /// Delete users.
    DelUsers,
    /// See users.
    ViewUsers,
    /// See connections.
    ViewConns,
    /// Close connections.
    CloseConns,
    /// See the server status.
    ViewStatus,
    /// Manage folders.
    ManageFolders,
    /// Manage groups.
    ManageGroups,
    /// See and start quota scans.
    QuotaScans,
    /// Remove hosts from the dynamic block list.
    ManageDefender,
    /// See the dynamic block list.
    ViewDefender,
    /// Search events.
    ViewEvents,
    /// Disable the second factor of users.
    DisableMfa,
    /// See groups (extension value).
    ViewGroups,
    /// Delete groups (extension value).
    DelGroups,
    /// See folders (extension value).
    ViewFolders,
    /// Delete folders (extension value).
    DelFolders,
}

impl AdminPermission {
    /// All values; the last four are extension values.
    pub const ALL: [Self; 19] = [
        Self::Any,
        Self::AddUsers,
        Self::EditUsers,
        Self::DelUsers,
        Self::ViewUsers,
        Self::ViewConns,
        Self::CloseConns,
        Self::ViewStatus,
        Self::ManageFolders,
        Self::ManageGroups,
        Self::QuotaScans,
        Self::ManageDefender,
        Self::ViewDefender,
        Self::ViewEvents,
        Self::DisableMfa,
        Self::ViewGroups,
        Self::DelGroups,
        Self::ViewFolders,
        Self::DelFolders,
    ];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::AddUsers => "add_users",
            Self::EditUsers => "edit_users",
            Self::DelUsers => "del_users",
            Self::ViewUsers => "view_users",
            Self::ViewConns => "view_conns",
            Self::CloseConns => "close_conns",
            Self::ViewStatus => "view_status",
            Self::ManageFolders => "manage_folders",
            Self::ManageGroups => "manage_groups",
            Self::QuotaScans => "quota_scans",
            Self::ManageDefender => "manage_defender",
            Self::ViewDefender => "view_defender",
            Self::ViewEvents => "view_events",
            Self::DisableMfa => "disable_mfa",
            Self::ViewGroups => "view_groups",
            Self::DelGroups => "del_groups",
            Self::ViewFolders => "view_folders",
            Self::DelFolders => "del_folders",
        }
    }

    /// Whether its presence switches to the granular model (ACC-223).
    pub fn is_granular(self) -> bool {
        matches!(self, Self::ViewGroups | Self::DelGroups | Self::ViewFolders | Self::DelFolders)
    }
}

impl Serialize for AdminPermission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AdminPermission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|p| p.as_str() == name);
        found.ok_or_else(|| D::Error::custom(format_args!("permissions: invalid permission {name:?}")))
    }
}
