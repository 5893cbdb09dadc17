//! Listing a directory, streamed.

use std::{collections::HashSet, sync::Arc};

use entrepot_model::{PatternVerdict, VirtualPath};
use entrepot_storage::{DirectoryEntry, DirectoryStream, Metadata};

use super::{UserFs, unnameable::is_nameable};
use crate::{
    error::{Error, Result},
    operation::Operation,
    session::SessionState,
};

/// A directory being listed. What the account may not see is left out; mounts are added; memory stays bounded.
pub struct Listing {
    session: Arc<SessionState>,
    directory: VirtualPath,
    /// Where that leads, for a visitor of a share who came along a link.
    leads_to: Option<VirtualPath>,
    /// Mounts and virtual parents of mounts, not given out yet.
    mounts: Vec<DirectoryEntry>,
    /// Names that mounts take: real entries of these names are hidden by them (ACC-185).
    shadowed: HashSet<Vec<u8>>,
    stream: Option<Box<dyn DirectoryStream>>,
    filtered: bool,
    /// Entries that no virtual path can name.
    left_out: usize,
}

impl UserFs {
    /// Opens a directory for listing.
    ///
    /// # Errors
    /// `NotFound`, `NotDirectory`, `Denied`, or what the storage says.
    pub async fn list(&self, path: &VirtualPath) -> Result<Listing> {
        let granted = self.authorize(Operation::List, path)?;
        let leads_to = self.confined(path).await?.filter(|real| real != path);
        let names: Vec<Vec<u8>> = self.user().mounts_in(path);
        let stream = match self.0.account.door.list(&granted).await {
            Ok(stream) => Some(stream),
            Err(Error::NotFound) if !names.is_empty() => None,
            Err(error) => return Err(error),
        };
        let mut listing = Listing {
            mounts: Vec::new(),
            shadowed: names.iter().cloned().collect(),
            stream,
            filtered: !self.user().patterns.is_empty() || self.is_confined(),
            left_out: 0,
            session: self.0.clone(),
            directory: path.clone(),
            leads_to,
        };
        // Mounts are filtered by the same patterns (ACC-169).
        let visible = names.into_iter().filter(|name| listing.is_visible(name));
        listing.mounts = visible.map(|name| DirectoryEntry { name, metadata: Metadata::virtual_directory() }).collect();
        Ok(listing)
    }
}

impl Listing {
    /// The directory.
    pub fn directory(&self) -> &VirtualPath {
        &self.directory
    }

    /// The next entries, at most `limit`; empty = the end. Links are not followed.
    ///
    /// # Errors
    /// `Cancelled` when the session was ended, or what the storage says.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<DirectoryEntry>> {
        if self.session.kill.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if !self.mounts.is_empty() {
            let first = self.mounts.len().min(limit.max(1));
            return Ok(self.mounts.drain(..first).collect());
        }
        loop {
            let Some(stream) = self.stream.as_mut() else { return Ok(Vec::new()) };
            let mut entries = stream.next(limit).await?;
            if entries.is_empty() {
                self.stream = None;
                self.tell_left_out();
                return Ok(entries);
            }
            // A name that no virtual path can have (STO-018) could be seen and not be reached.
            let before = entries.len();
            entries.retain(|entry| is_nameable(&entry.name));
            self.left_out += before - entries.len();
            if self.filtered || !self.shadowed.is_empty() {
                entries.retain(|entry| !self.shadowed.contains(&entry.name) && self.is_visible(&entry.name));
            }
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    fn tell_left_out(&self) {
        if self.left_out > 0 {
            let (username, directory, count) = (self.session.username(), self.directory.to_string_lossy(), self.left_out);
            // Clients that poll would fill the log with it.
            tracing::debug!(username, %directory, count, "entries with a backslash in their names are left out of a listing");
        }
    }

    fn is_visible(&self, name: &[u8]) -> bool {
        if !self.filtered {
            return true;
        }
        let Ok(path) = self.directory.child(name) else { return true };
        let user = &self.session.account.user;
        if self.session.confines.is_some() {
            let behind = self.leads_to.as_ref().and_then(|directory| directory.child(name).ok());
            if [Some(&path), behind.as_ref()].into_iter().flatten().any(|path| user.may_share_path(path).is_err()) {
                return false;
            }
        }
        !matches!(user.patterns.check(&path), PatternVerdict::Denied { hide: true, .. })
    }
}
