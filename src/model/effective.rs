//! What holds for a user after its groups are merged into it, compiled for fast questions.

mod access;
mod anonymous;
mod merge;
mod mounts;
mod placeholders;
mod sharing;

pub use access::Rule;
pub(crate) use anonymous::transform as make_read_only_if_anonymous;
pub(crate) use placeholders::is_structural;

use ipnet::IpNet;

use crate::{
    folder::VirtualFolder, group::Group, path::VirtualPath, patterns::FilePatterns, permissions::DirectoryPermissions, user::User,
};

/// The groups cannot be merged; the login is refused, the reason is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The user belongs to a group that was not given.
    #[error("group {0:?} is missing")]
    UnknownGroup(String),
    /// A placeholder's value would change the structure of a path (ACC-217).
    #[error("the value of placeholder %{placeholder}% cannot be used in {field}")]
    UnsafePlaceholder {
        /// Name between the percent signs.
        placeholder: String,
        /// Setting it occurs in.
        field: String,
    },
    /// A placeholder without value would lead into a directory that users share (ACC-218, ACC-219).
    #[error("placeholder %{placeholder}% has no value, {field} needs one")]
    EmptyPlaceholder {
        /// Name between the percent signs.
        placeholder: String,
        /// Setting it occurs in.
        field: String,
    },
    /// A stored value cannot be understood; skipping it would open what it closes.
    #[error("{field}: {message}")]
    Invalid {
        /// The setting.
        field: String,
        /// What is wrong.
        message: String,
    },
}

/// A user with its groups merged (ACC-196), and the answers that follow from it.
#[derive(Debug, Clone, Default)]
pub struct EffectiveUser {
    /// The merged account.
    pub user: User,
    /// Permissions by directory.
    pub permissions: DirectoryPermissions,
    /// File patterns.
    pub patterns: FilePatterns,
    /// Mounts, deepest first.
    pub mounts: Vec<VirtualFolder>,
    /// Unix milliseconds at which the account expires, 0 never (ACC-206).
    pub expiration: i64,
    mount_points: Vec<MountPoint>,
    allowed_networks: Vec<IpNet>,
    denied_networks: Vec<IpNet>,
    bandwidth: Vec<SourceBandwidth>,
}

/// Paths of the mount with the same index.
#[derive(Debug, Clone)]
struct MountPoint {
    path: VirtualPath,
    subpath: VirtualPath,
}

#[derive(Debug, Clone)]
struct SourceBandwidth {
    networks: Vec<IpNet>,
    upload: u64,
    download: u64,
}

impl EffectiveUser {
    /// Merges `user` with those of `groups` it belongs to; their order comes from the user (ACC-208).
    ///
    /// # Errors
    /// See [`MergeError`].
    pub fn merge(user: &User, groups: &[Group]) -> Result<Self, MergeError> {
        let mut merged = merge::merge(user, groups)?;
        anonymous::transform(&mut merged);
        Self::compile(merged)
    }

    fn compile(user: User) -> Result<Self, MergeError> {
        let patterns = FilePatterns::new(&user.filters.base.file_patterns)
            .map_err(|e| MergeError::Invalid { field: "filters.file_patterns".into(), message: e.to_string() })?;
        let (mounts, mount_points) = mounts::compile(&user.virtual_folders)?;
        Ok(Self {
            permissions: DirectoryPermissions::new(&user.permissions),
            patterns,
            mounts,
            mount_points,
            expiration: user.expiration_date,
            allowed_networks: access::networks("filters.allowed_ip", &user.filters.base.allowed_ip)?,
            denied_networks: access::networks("filters.denied_ip", &user.filters.base.denied_ip)?,
            bandwidth: access::bandwidth(&user.filters.base.bandwidth_limits)?,
            user,
        })
    }
}

#[cfg(test)]
mod tests;
