//! Renames within one file system.

use std::sync::Arc;

use rustix::{
    fd::AsFd,
    fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, statat, unlinkat},
    io::{Errno, Result as SystemResult},
};

use super::{BULKY, Held, Inner};
use crate::{Error, ErrorKind, Metadata, Result, system::metadata};

/// Renames by one system call. `false` = not possible or not wise here: source and target lie on different file systems,
/// or the blocks of a large file would be freed.
pub(super) fn native(inner: &Inner, root: &Arc<Held>, from: &[u8], to: &[u8], replace: bool) -> Result<bool> {
    let (source, name) = inner.parent(root, from)?;
    let (target, new_name) = inner.parent(root, to)?;
    let moved = metadata(&statat(&source, name, AtFlags::SYMLINK_NOFOLLOW)?);
    let replaced = look(&target, new_name)?;
    if replace && replaced.as_ref().is_some_and(|found| found.is_file() && found.size > BULKY) {
        return Ok(false);
    }
    let replace = check(&moved, replaced.as_ref(), replace)?;
    match move_entry(&source, name, &target, new_name, replace) {
        Ok(()) => Ok(true),
        Err(Errno::XDEV) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Metadata of a name that may be free.
pub(super) fn look(directory: impl AsFd, name: &[u8]) -> Result<Option<Metadata>> {
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(metadata(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether `moved` may take the place of `replaced`, and whether the system may be told to replace: never for
/// directories, which the system would put in the place of empty ones.
pub(super) fn check(moved: &Metadata, replaced: Option<&Metadata>, replace: bool) -> Result<bool> {
    let Some(replaced) = replaced else {
        return Ok(replace && !moved.is_directory());
    };
    if replaced.is_directory() {
        return Err(ErrorKind::IsDirectory.into());
    }
    if !replace {
        return Err(ErrorKind::Exists.into());
    }
    if moved.is_directory() {
        return Err(Error::new(ErrorKind::NotDirectory, "a directory cannot replace a file"));
    }
    Ok(true)
}

/// Renames one entry; with `replace` as rename(2) does, without it the new name must be free.
pub(super) fn move_entry(from: impl AsFd, name: &[u8], to: impl AsFd, new_name: &[u8], replace: bool) -> SystemResult<()> {
    if replace {
        return renameat(from, name, to, new_name);
    }
    match renameat_with(&from, name, &to, new_name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => move_without_flag(from, name, to, new_name),
        other => other,
    }
}

/// For file systems that do not know the flag: a hard link fails where a name is taken. Where links do not exist, or for
/// directories, looking first is the best that can be done.
fn move_without_flag(from: impl AsFd, name: &[u8], to: impl AsFd, new_name: &[u8]) -> SystemResult<()> {
    match linkat(&from, name, &to, new_name, AtFlags::empty()) {
        Ok(()) => return unlinkat(from, name, AtFlags::empty()),
        Err(error @ (Errno::EXIST | Errno::NOENT | Errno::XDEV)) => return Err(error),
        Err(_) => {}
    }
    match statat(&to, new_name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => renameat(from, name, to, new_name),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests look at the files behind the calls")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_are_not_taken_where_the_flag_is_unknown() {
        let folder = tempfile::tempdir().expect("folder");
        let fd = fs::File::open(folder.path()).expect("open");
        fs::write(folder.path().join("a"), "a").expect("write");
        fs::write(folder.path().join("b"), "b").expect("write");
        fs::create_dir(folder.path().join("d")).expect("directory");
        assert_eq!(move_without_flag(&fd, b"a", &fd, b"b"), Err(Errno::EXIST));
        assert_eq!(move_without_flag(&fd, b"d", &fd, b"b"), Err(Errno::EXIST));
        move_without_flag(&fd, b"a", &fd, b"c").expect("rename");
        move_without_flag(&fd, b"d", &fd, b"e").expect("rename");
        assert_eq!(fs::read(folder.path().join("c")).expect("read"), b"a");
        assert!(folder.path().join("e").is_dir() && !folder.path().join("a").exists());
    }
}
