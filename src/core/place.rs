//! Where a virtual path lies: which of the account's storages, and the path in it.

use std::sync::Arc;

use entrepot_model::{EffectiveUser, VirtualPath};

use crate::error::{Error, Result};

/// Index of a storage of an account: 0 is the user's own root, `n + 1` the mount at `mounts[n]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageIndex(pub(crate) usize);

/// A place in one of the account's storages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which storage.
    pub(crate) storage: StorageIndex,
    /// Name of the virtual folder; `None` is the user's own root.
    pub(crate) folder: Option<Arc<str>>,
    /// Path within the storage.
    pub(crate) path: VirtualPath,
    /// Path as the client sees it.
    pub(crate) virtual_path: VirtualPath,
}

impl Place {
    /// The place of `path`: the deepest mount that contains it, else the user's root (STO-006).
    pub(crate) fn of(user: &EffectiveUser, path: &VirtualPath) -> Self {
        match user.mount_index_for(path) {
            Some((index, relative)) => Self {
                storage: StorageIndex(index + 1),
                folder: Some(Arc::from(user.mounts[index].folder.name.as_str())),
                path: relative,
                virtual_path: path.clone(),
            },
            None => Self { storage: StorageIndex(0), folder: None, path: path.clone(), virtual_path: path.clone() },
        }
    }

    /// Another path in the same storage, for example behind a link.
    pub(crate) fn at(&self, path: VirtualPath) -> Self {
        Self { path, ..self.clone() }
    }
}

impl Place {
    /// The place of another name in the same directory.
    ///
    /// # Errors
    /// `Unsupported` for what is no name, or too long.
    pub(crate) fn named(&self, name: &[u8]) -> Result<Self> {
        let named = |path: &VirtualPath| {
            let directory = path.parent().unwrap_or_else(VirtualPath::root);
            directory.child(name).map_err(|_| Error::Unsupported)
        };
        Ok(Self { path: named(&self.path)?, virtual_path: named(&self.virtual_path)?, ..self.clone() })
    }

    /// The virtual path of another path in the same storage; `None` if the mount does not show it.
    pub(crate) fn to_virtual(&self, path: &VirtualPath) -> Option<VirtualPath> {
        if self.path == self.virtual_path {
            return Some(path.clone());
        }
        // The mount's virtual path and its directory in the storage end where the two paths begin to be alike.
        let (own, shown) = (self.path.components().count(), self.virtual_path.components().count());
        let mut tail = 0;
        for (one, other) in self.path.components().rev().zip(self.virtual_path.components().rev()) {
            if one != other {
                break;
            }
            tail += 1;
        }
        let prefix = |path: &VirtualPath, count: usize| {
            let mut result = VirtualPath::root();
            for component in path.components().take(count) {
                result = result.child(component).ok()?;
            }
            Some(result)
        };
        let (storage_root, mount) = (prefix(&self.path, own - tail)?, prefix(&self.virtual_path, shown - tail)?);
        path.rebase(&storage_root, &mount)?.ok()
    }
}
