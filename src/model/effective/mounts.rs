//! Where the account's virtual folders are mounted.

use super::{EffectiveUser, MergeError, MountPoint};
use crate::{folder::VirtualFolder, path::VirtualPath};

/// Sorts the mounts deepest first.
pub(super) fn compile(folders: &[VirtualFolder]) -> Result<(Vec<VirtualFolder>, Vec<MountPoint>), MergeError> {
    let mut mounts = Vec::with_capacity(folders.len());
    for folder in folders {
        let parse = |text: &str| {
            VirtualPath::parse(text.as_bytes())
                .map_err(|e| MergeError::Invalid { field: "virtual_folders".into(), message: e.to_string() })
        };
        let point = MountPoint { path: parse(&folder.virtual_path)?, subpath: parse(&folder.subpath)? };
        mounts.push((point, folder.clone()));
    }
    mounts.sort_by_key(|(point, _)| std::cmp::Reverse(point.path.depth()));
    let (points, folders) = mounts.into_iter().unzip();
    Ok((folders, points))
}

impl EffectiveUser {
    /// The deepest mount that contains `path` (STO-006), as an index into [`EffectiveUser::mounts`], and the path in the
    /// folder's storage. The sub-path of the mapping is part of it (ACC-180).
    pub fn mount_index_for(&self, path: &VirtualPath) -> Option<(usize, VirtualPath)> {
        let (index, point) = self.mount_points.iter().enumerate().find(|(_, point)| path.starts_with(&point.path))?;
        // A path too long for the folder cannot be opened; it must not fall through to another storage.
        let inside = path.rebase(&point.path, &point.subpath).and_then(Result::ok).unwrap_or_else(|| point.subpath.clone());
        Some((index, inside))
    }

    /// Whether the SHA-256 of uploads is computed while they arrive, in the storage of that mount, or in the user's own.
    pub fn checksums_uploads(&self, mount: Option<usize>) -> bool {
        let filesystem = match mount {
            Some(index) => self.mounts.get(index).map(|mount| &mount.folder.filesystem),
            None => Some(&self.user.filesystem),
        };
        filesystem.is_some_and(|filesystem| filesystem.checksum_uploads)
    }

    /// Like [`EffectiveUser::mount_index_for`], with the mount itself.
    pub fn mount_for(&self, path: &VirtualPath) -> Option<(&VirtualFolder, VirtualPath)> {
        self.mount_index_for(path).and_then(|(index, inside)| Some((self.mounts.get(index)?, inside)))
    }

    /// Names that mounts give to `directory`: mount points in it, and the virtual parents of deeper ones (ACC-185, ACC-186).
    pub fn mounts_in(&self, directory: &VirtualPath) -> Vec<Vec<u8>> {
        let mut names: Vec<Vec<u8>> = self
            .mount_points
            .iter()
            .filter_map(|point| point.path.strip_prefix(directory))
            .filter_map(|below| below.split(|b| *b == b'/').next())
            .filter(|name| !name.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether a folder is mounted exactly at `path`.
    pub fn is_mount_point(&self, path: &VirtualPath) -> bool {
        self.mount_points.iter().any(|point| point.path == *path)
    }

    /// Whether a folder is mounted somewhere strictly below `path`.
    pub fn contains_mounts(&self, path: &VirtualPath) -> bool {
        self.mounts_within(path).next().is_some()
    }

    /// The virtual folders strictly below `path`.
    pub fn mounts_within<'a>(&'a self, path: &'a VirtualPath) -> impl Iterator<Item = &'a VirtualPath> {
        self.mount_points.iter().map(|point| &point.path).filter(move |point| *point != path && point.starts_with(path))
    }
}
