//! Symbolic links.

use entrepot_model::{PatternVerdict, Permission, VirtualPath};

use super::{UserFs, door::Door};
use crate::{
    Core,
    audit::lines,
    error::{Error, Result},
    operation::Operation,
    place::StorageIndex,
    policy::{self, Denial},
};

impl UserFs {
    /// Makes a symbolic link at `link` that leads to `target`: relative to the link's directory, or an absolute virtual
    /// path, which is stored as a relative link (SFTP-038), as is one that climbs above the root.
    ///
    /// # Errors
    /// `Unsupported` unless `common.symlink_mode` allows it and both lie in one storage; `Denied`; `NotFound` for a target
    /// that is hidden; `Exists`.
    pub async fn create_symlink(&self, target: &[u8], link: &VirtualPath) -> Result<()> {
        let directory = link.parent().unwrap_or_else(VirtualPath::root);
        let Ok(target_path) = directory.join(target) else { return Err(Error::Unsupported) };
        let (from, to) = (self.place(&target_path), self.place(link));
        if from.storage != to.storage {
            return Err(Error::Unsupported);
        }
        if let Err(denial) = are_possible(&self.0.core, &self.0.account.door, to.storage) {
            tracing::debug!(%denial, "unsupported");
            return Err(Error::Unsupported);
        }
        if target_path.is_root() || link.is_root() || from.path.is_root() || to.path.is_root() {
            return Err(Denial::new("root", "a root is neither a link nor the target of one").into());
        }
        if matches!(self.user().patterns.check(&target_path), PatternVerdict::Denied { hide: true, .. }) {
            return Err(Error::NotFound);
        }
        let granted = self.authorize(Operation::CreateSymlink, link)?;
        self.authorize(Operation::CreateSymlink, &target_path)?;
        // Rules are about the names that clients use (ACC-354): through the link, those of directories below would not hold.
        if !self.user().permissions.all_within(&target_path, &[Permission::CreateSymlinks]) {
            let error =
                Denial::new("permissions", format!("{target_path} or a directory below it does not grant create_symlinks"))
                    .into();
            self.note_denial(Operation::CreateSymlink, &target_path, &error);
            return Err(error);
        }
        let above = leaves_root(&to.path.parent().unwrap_or_else(VirtualPath::root), target);
        // A text that climbs above the root means a path below it: who meets the link under another root must not be led
        // out by it.
        let text = if target.first() == Some(&b'/') || above { relative(&to.path, &from.path) } else { target.to_vec() };
        self.0.account.door.symlink(&granted, &text).await?;
        lines::command(&self.0, &from, &lines::Command { sender: "Symlink", target: Some(&to), ..lines::Command::default() });
        Ok(())
    }

    /// The virtual path that a link leads to (SFTP-040).
    ///
    /// # Errors
    /// `NotFound` for a hidden target, `Denied` without `list` on the link's or the target's directory, `StorageDenied` for
    /// a target outside the root.
    pub async fn read_link(&self, path: &VirtualPath) -> Result<VirtualPath> {
        let granted = self.authorize(Operation::ReadLink, path)?;
        let text = self.0.account.door.read_link(&granted).await?;
        if text.first() == Some(&b'/') {
            return Err(Error::StorageDenied);
        }
        let place = granted.place();
        let directory = place.path.parent().unwrap_or_else(VirtualPath::root);
        if leaves_root(&directory, &text) {
            return Err(Error::StorageDenied);
        }
        let Ok(target) = directory.join(&text) else { return Err(Error::StorageDenied) };
        let target = place.to_virtual(&target).ok_or(Error::StorageDenied)?;
        policy::authorize(self.user(), Operation::ReadLink, &target)?;
        Ok(target)
    }
}

/// Whether links can be made in a storage: `common.symlink_mode` names the kinds, bit 1 every kind but SFTP, which is bit 2.
pub(crate) fn are_possible(core: &Core, door: &Door, storage: StorageIndex) -> std::result::Result<(), Denial> {
    let mode = core.settings().common.symlink_mode;
    let bit = if door.origin(storage).provider == 5 { 2 } else { 1 };
    if mode & bit == 0 {
        return Err(Denial::new(
            "symlink_mode",
            format!("common.symlink_mode is {mode}, links in this storage need {bit} in it"),
        ));
    }
    if !door.capabilities(storage).symlinks {
        return Err(Denial::new("storage", "this storage has no links"));
    }
    Ok(())
}

/// Whether a relative link text climbs above the root of its storage.
fn leaves_root(directory: &VirtualPath, text: &[u8]) -> bool {
    let mut depth = i64::try_from(directory.depth()).unwrap_or(i64::MAX);
    for component in text.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

/// The text of a relative link at `link` that leads to `target`.
fn relative(link: &VirtualPath, target: &VirtualPath) -> Vec<u8> {
    let directory = link.parent().unwrap_or_else(VirtualPath::root);
    let from: Vec<&[u8]> = directory.components().collect();
    let to: Vec<&[u8]> = target.components().collect();
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let mut parts: Vec<&[u8]> = vec![b"..".as_slice(); from.len() - shared];
    parts.extend(&to[shared..]);
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VirtualPath {
        VirtualPath::parse(text.as_bytes()).unwrap()
    }

    // SFTP-038
    #[test]
    fn absolute_targets_are_stored_relative_to_the_link() {
        assert_eq!(relative(&path("/a/b/link"), &path("/a/c/file")), b"../c/file");
        assert_eq!(relative(&path("/link"), &path("/file")), b"file");
        assert_eq!(relative(&path("/a/link"), &path("/a")), b".");
        assert_eq!(relative(&path("/a/b/c/link"), &path("/x")), b"../../../x");
    }

    // SFTP-040
    #[test]
    fn link_text_that_climbs_above_the_root_is_seen() {
        assert!(leaves_root(&path("/a"), b"../../etc"));
        assert!(leaves_root(&VirtualPath::root(), b"../x"));
        assert!(!leaves_root(&path("/a/b"), b"../../etc"));
        assert!(leaves_root(&path("/a"), b"x/../../../a/y"));
    }
}
