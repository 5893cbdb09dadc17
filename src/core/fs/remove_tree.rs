//! Removing a file, or a directory with everything in it.

use entrepot_model::VirtualPath;
use entrepot_storage::Metadata;

use super::UserFs;
use crate::error::{Error, Result};

/// Deepest nesting that is followed (SCMD-014).
const DEPTH: usize = 1000;
/// Entries that are looked at in one go.
const BATCH: usize = 256;

impl UserFs {
    /// Removes a file, a link, or a directory with all that the account sees in it. Every entry is removed by the rules for
    /// it, and recorded. What the account may not see keeps its directory there.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Unsupported` where a mount is in the way (SCMD-019), `TooLarge` when it is nested too deep, or
    /// what the storage says. What was removed before the error stays removed.
    pub async fn remove_tree(&self, path: &VirtualPath) -> Result<()> {
        if path.is_root() || self.user().is_mount_point(path) || self.user().contains_mounts(path) {
            return Err(Error::Unsupported);
        }
        if !self.stat(path, false).await.as_ref().is_ok_and(Metadata::is_directory) {
            return self.remove_file(path).await;
        }
        // Directories on the way down; each is removed when nothing is left in it.
        let mut open = vec![path.clone()];
        while let Some(directory) = open.last().cloned() {
            if open.len() > DEPTH {
                return Err(Error::TooLarge);
            }
            match self.remove_files_of(&directory).await? {
                Some(child) => open.push(child),
                None => {
                    self.remove_directory(&directory).await?;
                    open.pop();
                }
            }
        }
        Ok(())
    }

    /// Removes what is no directory, and answers the first directory that is left.
    async fn remove_files_of(&self, directory: &VirtualPath) -> Result<Option<VirtualPath>> {
        let mut listing = self.list(directory).await?;
        let mut found = None;
        loop {
            let entries = listing.next(BATCH).await?;
            if entries.is_empty() {
                return Ok(found);
            }
            for entry in entries {
                let Ok(path) = directory.child(&entry.name) else { return Err(Error::Unsupported) };
                if entry.metadata.is_directory() {
                    found.get_or_insert(path);
                } else {
                    self.remove_file(&path).await?;
                }
            }
        }
    }
}
