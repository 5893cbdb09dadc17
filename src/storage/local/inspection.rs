//! Looking at a folder from outside: whose it is, whether this process can use it, and how much room is left.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};

/// What a folder is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderFacts {
    /// It is a folder, links followed.
    pub is_folder: bool,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// This process may list it and change what is in it.
    pub is_usable: bool,
    /// Number of the device it lies on.
    pub device: u64,
    /// Bytes that accounts without privileges may still write there.
    pub free: u64,
    /// Bytes of the file system.
    pub total: u64,
}

/// Looks at a folder; `None` if nothing is there. Blocks.
///
/// # Errors
/// It cannot be looked at, for example because a folder above it is closed to this account.
pub fn inspect(path: &Path) -> io::Result<Option<FolderFacts>> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let space = statvfs(path)?;
    Ok(Some(FolderFacts {
        is_folder: found.is_dir(),
        uid: found.uid(),
        gid: found.gid(),
        mode: found.mode() & 0o7777,
        // The effective account counts: it is what opens files.
        is_usable: accessat(CWD, path, needed, AtFlags::EACCESS).is_ok(),
        device: found.dev(),
        free: space.f_bavail.saturating_mul(space.f_frsize),
        total: space.f_blocks.saturating_mul(space.f_frsize),
    }))
}

/// The nearest folder above `path` that is there. Blocks.
pub fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|above| above.is_dir()).map(Path::to_owned)
}

/// The account of this process, as it opens files: user and group.
pub fn own_identity() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_of_our_own_is_usable_and_has_room() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let facts = inspect(folder.path()).expect("it can be looked at").expect("it is there");
        assert!(facts.is_folder && facts.is_usable && facts.total >= facts.free, "{facts:?}");
        assert_eq!(facts.uid, own_identity().0);
        let missing = folder.path().join("a/b");
        assert_eq!(inspect(&missing).expect("it can be looked for"), None);
        assert_eq!(nearest(&missing).as_deref(), Some(folder.path()));
    }
}
