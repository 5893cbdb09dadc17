//! Whether what is about to be read as one may be read, before anything of it is sent.

use entrepot_model::{Permission, VirtualPath};

use super::UserFs;
use crate::{error::Result, operation::Operation, session::Direction, transfer::allowance};

impl UserFs {
    /// Whether the rules let the account list every directory and download every file at and below `directory`, whatever is
    /// there. `false` says only that it depends on what is there.
    pub fn may_read_all(&self, directory: &VirtualPath) -> bool {
        const NEEDED: [Permission; 2] = [Permission::List, Permission::Download];
        self.user().patterns.is_empty() && self.user().permissions.all_within(directory, &NEEDED)
    }

    /// The virtual folders below `directory`, not the one that it may be.
    pub fn mounts_within<'a>(&'a self, directory: &'a VirtualPath) -> impl Iterator<Item = &'a VirtualPath> {
        self.user().mounts_within(directory)
    }

    /// Whether the file at `path` may be downloaded; nothing is opened.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn may_download(&self, path: &VirtualPath) -> Result<()> {
        self.authorize(Operation::Download, path)?;
        self.confined(path).await.map(drop)
    }

    /// Whether the transfer quota of the account has anything left for downloads.
    ///
    /// # Errors
    /// `TransferQuota`.
    pub fn has_download_left(&self) -> Result<()> {
        allowance(&self.0, Direction::Download).map(drop)
    }
}
