//! Removing a file, or a directory with everything in it.

use std::collections::VecDeque;

use entrepot_model::{Permission, VirtualPath};
use entrepot_storage::Metadata;

use super::{Progress, UserFs, unnameable::Unnameable};
use crate::error::{Error, Result};

/// Deepest nesting that is followed (SCMD-014).
const DEPTH: usize = 1000;
/// Entries that are looked at in one go.
const BATCH: usize = 256;
/// Directories that are remembered while what is before them is removed; those that are more are found again later.
const REMEMBERED: usize = 4096;

/// A directory on the way down.
struct Open {
    path: VirtualPath,
    /// Directories in it that are still to be removed.
    left: VecDeque<VirtualPath>,
    /// There may be more than those.
    has_more: bool,
}

impl Open {
    fn new(path: VirtualPath) -> Self {
        Self { path, left: VecDeque::new(), has_more: true }
    }
}

impl UserFs {
    /// Removes a file, a link, or a directory with all that the account sees in it. Every entry is removed by the rules for
    /// it, and recorded. What the account may not see keeps its directory there; what no path can name goes with it, where the
    /// account may remove everything.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Unsupported` where a mount is in the way (SCMD-019), `TooLarge` when it is nested too deep, or
    /// what the storage says. What was removed before the error stays removed.
    pub async fn remove_tree(&self, path: &VirtualPath) -> Result<()> {
        self.remove_tree_with(path, &Progress::default()).await
    }

    /// [`UserFs::remove_tree`] that tells how far it is, and can be told to end at the next entry.
    ///
    /// # Errors
    /// As [`UserFs::remove_tree`]; `Cancelled`.
    pub async fn remove_tree_with(&self, path: &VirtualPath, progress: &Progress) -> Result<()> {
        self.remove_all(path, Unnameable::Goes, progress).await
    }

    /// [`UserFs::remove_tree_with`], and what becomes of entries that no path can name.
    pub(super) async fn remove_all(&self, path: &VirtualPath, unnameable: Unnameable, progress: &Progress) -> Result<()> {
        if path.is_root() || self.user().is_mount_point(path) || self.user().contains_mounts(path) {
            return Err(Error::Unsupported);
        }
        if !self.stat(path, false).await.as_ref().is_ok_and(Metadata::is_directory) {
            progress.check()?;
            self.remove_file(path).await.inspect_err(|_| progress.stops_at(path))?;
            progress.add_entry();
            return Ok(());
        }
        // Each directory is removed when nothing is left in it.
        let mut open = vec![Open::new(path.clone())];
        while let Some(directory) = open.last_mut() {
            progress.check()?;
            if let Some(child) = directory.left.pop_front() {
                open.push(Open::new(child));
                if open.len() > DEPTH {
                    return Err(Error::TooLarge);
                }
            } else if directory.has_more {
                (directory.left, directory.has_more) = self.remove_files_of(&directory.path, progress).await?;
            } else {
                let emptied = self.remove_emptied(&directory.path, unnameable).await;
                emptied.inspect_err(|_| progress.stops_at(&directory.path))?;
                progress.add_entry();
                open.pop();
            }
        }
        Ok(())
    }

    /// Removes a directory in which nothing is left that can be named. With what cannot be (STO-018) only for an account that
    /// may see and remove everything in it.
    async fn remove_emptied(&self, path: &VirtualPath, unnameable: Unnameable) -> Result<()> {
        let user = self.user();
        let is_all = user.patterns.is_empty() && !self.is_confined() && user.permissions.all_within(path, &[Permission::Delete]);
        self.remove_directory_with(path, if is_all { unnameable } else { Unnameable::Stays }).await
    }

    /// Removes what is no directory; answers the directories that are left, and whether those are not all.
    async fn remove_files_of(&self, directory: &VirtualPath, progress: &Progress) -> Result<(VecDeque<VirtualPath>, bool)> {
        let mut listing = self.list(directory).await.inspect_err(|_| progress.stops_at(directory))?;
        let mut found = VecDeque::new();
        let mut has_more = false;
        loop {
            let entries = listing.next(BATCH).await?;
            if entries.is_empty() {
                return Ok((found, has_more));
            }
            for entry in entries {
                let Ok(path) = directory.child(&entry.name) else { return Err(Error::Unsupported) };
                if !entry.metadata.is_directory() {
                    progress.check()?;
                    self.remove_file(&path).await.inspect_err(|_| progress.stops_at(&path))?;
                    progress.add_entry();
                } else if found.len() < REMEMBERED {
                    found.push_back(path);
                } else {
                    has_more = true;
                }
            }
        }
    }
}
