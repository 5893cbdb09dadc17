//! Per-directory permissions of users (ACC-115..119).

mod directory;

pub use directory::DirectoryPermissions;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Permission lists by directory, as on the wire.
pub type PermissionMap = BTreeMap<String, Vec<Permission>>;

/// One thing an account may do in a directory (ACC-115).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Everything.
    Any,
    /// See the entries of a directory.
    List,
    /// Read files.
    Download,
    /// Create files.
    Upload,
    /// Replace or change existing files.
    Overwrite,
    /// Delete files and directories.
    Delete,
    /// Delete files.
    DeleteFiles,
    /// Delete directories.
    DeleteDirs,
    /// Rename files and directories.
    Rename,
    /// Rename files.
    RenameFiles,
    /// Rename directories.
    RenameDirs,
    /// Create directories.
    CreateDirs,
    /// Create symbolic links.
    CreateSymlinks,
    /// Change permission bits.
    Chmod,
    /// Change owner and group.
    Chown,
    /// Change access and modification times.
    Chtimes,
    /// Copy on the server's side.
    Copy,
}

impl Permission {
    /// All values, in the order of the contract.
    pub const ALL: [Self; 17] = [
        Self::Any,
        Self::List,
        Self::Download,
        Self::Upload,
        Self::Overwrite,
        Self::Delete,
        Self::DeleteFiles,
        Self::DeleteDirs,
        Self::Rename,
        Self::RenameFiles,
        Self::RenameDirs,
        Self::CreateDirs,
        Self::CreateSymlinks,
        Self::Chmod,
        Self::Chown,
        Self::Chtimes,
        Self::Copy,
    ];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::List => "list",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Overwrite => "overwrite",
            Self::Delete => "delete",
            Self::DeleteFiles => "delete_files",
            Self::DeleteDirs => "delete_dirs",
            Self::Rename => "rename",
            Self::RenameFiles => "rename_files",
            Self::RenameDirs => "rename_dirs",
            Self::CreateDirs => "create_dirs",
            Self::CreateSymlinks => "create_symlinks",
            Self::Chmod => "chmod",
            Self::Chown => "chown",
            Self::Chtimes => "chtimes",
            Self::Copy => "copy",
        }
    }

    /// The permission called `name` on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom(format_args!("permissions: invalid permission {name:?}")))
    }
}

/// A set of permissions with its implications worked out (ACC-116).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether `permission` is granted. `delete` and `rename` are granted by `*`, by name, or by both of their halves.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether at least one of `permissions` is granted.
    pub fn has_any(self, permissions: &[Permission]) -> bool {
        permissions.iter().any(|p| self.has(*p))
    }

    /// Whether all of `permissions` are granted.
    pub fn has_all(self, permissions: &[Permission]) -> bool {
        permissions.iter().all(|p| self.has(*p))
    }

    /// Whether nothing is granted.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        use Permission as P;
        let mut set = Self(permissions.into_iter().fold(0, |bits, p| bits | p.bit()));
        if set.has(P::Any) {
            return Self(P::ALL.into_iter().fold(0, |bits, p| bits | p.bit()));
        }
        for (whole, halves) in [(P::Delete, [P::DeleteFiles, P::DeleteDirs]), (P::Rename, [P::RenameFiles, P::RenameDirs])] {
            if set.has(whole) {
                set.0 |= halves[0].bit() | halves[1].bit();
            } else if set.has_all(&halves) {
                set.0 |= whole.bit();
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_grants_everything() {
        // ACC-116
        let set: PermissionSet = [Permission::Any].into_iter().collect();
        assert!(set.has_all(&Permission::ALL));
    }

    #[test]
    fn delete_and_rename_are_the_sum_of_their_halves() {
        // ACC-116
        use Permission as P;
        let set: PermissionSet = [P::Delete, P::RenameFiles].into_iter().collect();
        assert!(set.has_all(&[P::Delete, P::DeleteFiles, P::DeleteDirs, P::RenameFiles]));
        assert!(!set.has_any(&[P::Rename, P::RenameDirs, P::List, P::Any]));
        let halves: PermissionSet = [P::DeleteFiles, P::DeleteDirs].into_iter().collect();
        assert!(halves.has(P::Delete));
    }

    #[test]
    fn names_are_those_of_the_contract() {
        // ACC-115
        for permission in Permission::ALL {
            let json = serde_json::to_string(&permission).unwrap();
            assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), permission);
        }
        let error = serde_json::from_str::<Permission>("\"fly\"").unwrap_err().to_string();
        assert!(error.contains("permissions") && error.contains("fly"), "{error}");
    }
}
