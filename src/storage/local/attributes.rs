//! Changes to attributes, by path and by handle.

use std::sync::Arc;

use rustix::{
    fd::AsFd,
    fs::{OFlags, fstat},
};

use super::{Held, Inner};
use crate::{
    Attributes, ErrorKind, FileKind, Result,
    system::{chmod, chown, metadata, set_times, truncate},
};

/// Sets attributes of what `path` names. The inode is opened once and all changes are made to it, whatever happens to
/// the name meanwhile.
pub(super) fn set(inner: &Inner, root: &Arc<Held>, path: &[u8], attributes: &Attributes, follow: bool) -> Result<()> {
    let fd = inner.open(root, path, OFlags::PATH, follow)?;
    let kind = metadata(&fstat(&fd)?).kind;
    if kind == FileKind::Symlink && (attributes.mode.is_some() || attributes.size.is_some()) {
        return Err(ErrorKind::Unsupported.into());
    }
    match kind {
        FileKind::Directory if attributes.size.is_some() => Err(ErrorKind::IsDirectory.into()),
        FileKind::Other(_) if attributes.size.is_some() => Err(ErrorKind::Unsupported.into()),
        _ => apply(fd, attributes),
    }
}

/// Applies attributes to an open inode in the order times, mode, owner, size; the first that fails stops (SFTP-025).
/// A new size would change the time of modification, so wanted times are set once more after it.
pub(super) fn apply(fd: impl AsFd, attributes: &Attributes) -> Result<()> {
    if let Some((accessed, modified)) = attributes.times {
        set_times(&fd, accessed, modified)?;
    }
    if let Some(mode) = attributes.mode {
        chmod(&fd, mode)?;
    }
    if let Some(owner) = attributes.owner {
        chown(&fd, owner)?;
    }
    if let Some(size) = attributes.size {
        truncate(&fd, size)?;
        if let Some((accessed, modified)) = attributes.times {
            set_times(&fd, accessed, modified)?;
        }
    }
    Ok(())
}
