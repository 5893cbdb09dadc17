//! Changes to names: one component of a directory that is held open.

use std::sync::Arc;

use rustix::fs::{AtFlags, readlinkat, statat, symlinkat, unlinkat};

use super::{BULKY, Held, Inner};
use crate::{
    Owner, Result,
    system::{make_directory, metadata},
};

/// Makes a directory; its parent must exist.
pub(super) fn create_directory(inner: &Inner, root: &Arc<Held>, path: &[u8], owner: Owner, umask: Option<u32>) -> Result<()> {
    // The root is there already, whatever else it is.
    if path == b"/" {
        return Err(crate::ErrorKind::Exists.into());
    }
    let (parent, name) = inner.parent(root, path)?;
    Ok(make_directory(parent, name, inner.owner(owner), inner.umask(umask))?)
}

/// Removes a file or a link, unless it is so large that it must not be done here: then `false`.
pub(super) fn remove_unless_bulky(inner: &Arc<Inner>, root: &Arc<Held>, path: &[u8]) -> Result<bool> {
    let (parent, name) = inner.parent(root, path)?;
    let found = metadata(&statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?);
    if found.is_file() && found.size > BULKY {
        return Ok(false);
    }
    unlinkat(parent, name, AtFlags::empty())?;
    Ok(true)
}

/// Makes a link with the text `target`, as given.
pub(super) fn symlink(inner: &Inner, root: &Arc<Held>, target: &[u8], link: &[u8]) -> Result<()> {
    let (parent, name) = inner.parent(root, link)?;
    Ok(symlinkat(target, parent, name)?)
}

/// Text of a link.
pub(super) fn read_link(inner: &Arc<Inner>, root: &Arc<Held>, path: &[u8]) -> Result<Vec<u8>> {
    let (parent, name) = inner.parent(root, path)?;
    Ok(readlinkat(parent, name, Vec::new())?.into_bytes())
}
