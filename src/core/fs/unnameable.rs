//! Entries of storages whose names no virtual path can have (STO-018): nobody sees them, and nobody can reach them.

use entrepot_model::VirtualPath;

use super::{Progress, UserFs};
use crate::{
    error::{Error, Result},
    operation::Operation,
    policy,
};

/// Deepest nesting that is followed (XFS-006).
const DEPTH: usize = 1000;

/// What becomes of such entries when nothing else is left in their directory, which is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unnameable {
    /// They go with it: whoever removes a directory means all of it.
    Goes,
    /// They keep it there.
    Stays,
}

/// Whether a virtual path can have this name: in one, a backslash separates (STO-018).
pub(super) fn is_nameable(name: &[u8]) -> bool {
    !name.contains(&b'\\')
}

/// Such an entry of a directory can neither be moved with it nor be left behind. Nothing was moved yet.
pub(super) fn keeps(directory: &VirtualPath) -> Error {
    Error::Conflict(format!(
        "{directory} holds an entry that cannot be moved, because its name contains a backslash: rename it on the server itself, \
         or delete it there. Nothing was moved"
    ))
}

/// That nothing in a tree has such a name: it is to be copied, and removed when it is.
///
/// # Errors
/// `Conflict`; `TooLarge` when it is nested too deep; `Cancelled`, or what the storage says.
pub(super) async fn refuse(fs: &UserFs, tree: &VirtualPath, progress: &Progress) -> Result<()> {
    let mut directories = vec![tree.clone()];
    while let Some(directory) = directories.pop() {
        if directory.depth() > DEPTH {
            return Err(Error::TooLarge);
        }
        progress.check()?;
        let granted = policy::own_work(Operation::Copy, fs.place(&directory));
        let mut stream = fs.0.account.door.list(&granted).await?;
        loop {
            let entries = stream.next(256).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                if !is_nameable(&entry.name) {
                    return Err(keeps(&directory));
                }
                if entry.metadata.is_directory() {
                    directories.push(directory.child(&entry.name).map_err(|_| Error::Unsupported)?);
                }
            }
        }
    }
    Ok(())
}
