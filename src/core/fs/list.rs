//! Listing a directory, streamed.

use std::{collections::HashSet, sync::Arc};

use entrepot_model::{PatternVerdict, VirtualPath};
use entrepot_storage::{DirectoryEntry, DirectoryStream, Metadata};

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
    session::SessionState,
};

/// A directory being listed. What the account may not see is left out; mounts are added; memory stays bounded.
pub struct Listing {
    session: Arc<SessionState>,
    directory: VirtualPath,
    /// Mounts and virtual parents of mounts, not given out yet.
    mounts: Vec<DirectoryEntry>,
    /// Names that mounts take: real entries of these names are hidden by them (ACC-185).
    shadowed: HashSet<Vec<u8>>,
    stream: Option<Box<dyn DirectoryStream>>,
    filtered: bool,
}

impl UserFs {
    /// Opens a directory for listing.
    ///
    /// # Errors
    /// `NotFound`, `NotDirectory`, `Denied`, or what the storage says.
    pub async fn list(&self, path: &VirtualPath) -> Result<Listing> {
        if !path.is_root() {
            // A hidden directory is missing (ACC-167, ACC-168), whatever it may be listed for.
            crate::policy::probe(self.user(), Operation::List, path)?;
        }
        let granted = self.authorize(Operation::List, path)?;
        let names: Vec<Vec<u8>> = self.user().mounts_in(path);
        let stream = match self.0.account.door.list(&granted).await {
            Ok(stream) => Some(stream),
            Err(Error::NotFound) if !names.is_empty() => None,
            Err(error) => return Err(error),
        };
        let mounts = names.iter().map(|name| DirectoryEntry { name: name.clone(), metadata: Metadata::virtual_directory() });
        Ok(Listing {
            mounts: mounts.collect(),
            shadowed: names.into_iter().collect(),
            stream,
            filtered: !self.user().patterns.is_empty(),
            session: self.0.clone(),
            directory: path.clone(),
        })
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
            let first = self.mounts.len().min(limit);
            let mut entries: Vec<_> = self.mounts.drain(..first).collect();
            entries.retain(|entry| self.is_visible_mount(&entry.name));
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
        loop {
            let Some(stream) = self.stream.as_mut() else { return Ok(Vec::new()) };
            let mut entries = stream.next(limit).await?;
            if entries.is_empty() {
                self.stream = None;
                return Ok(entries);
            }
            if self.filtered || !self.shadowed.is_empty() {
                entries.retain(|entry| !self.shadowed.contains(&entry.name) && self.is_visible(&entry.name));
            }
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    /// Mounts are filtered by the same patterns (ACC-169).
    fn is_visible_mount(&self, name: &[u8]) -> bool {
        self.is_visible(name)
    }

    fn is_visible(&self, name: &[u8]) -> bool {
        if !self.filtered {
            return true;
        }
        let Ok(path) = self.directory.child(name) else { return true };
        !matches!(self.session.account.user.patterns.check(&path), PatternVerdict::Denied { hide: true, .. })
    }
}
