//! What visitors of a share can reach: the paths of the share, and nothing that a link or a `..` leads to (API-184, API-188).
//!
//! A session of a visitor carries its [`Confines`]. Every way to files asks them, beside the rules of the owner's account:
//! paths are compared as they are named, and again with all links resolved.

use std::sync::{Arc, Weak};

use entrepot_model::{Share, ShareScope, VirtualPath};
use entrepot_storage::Metadata;
use parking_lot::Mutex;

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::{Place, StorageIndex},
    policy::{self, Denial},
    shares::Taken,
};

/// Where a session may go, what it may do there, and who its visitor is.
#[derive(Debug)]
pub(crate) struct Confines {
    /// Id of the share.
    pub share: String,
    /// Paths of the share.
    pub roots: Vec<VirtualPath>,
    /// What the share is for.
    pub scope: ShareScope,
    /// Mail address that the visitor proved; empty if none was asked for.
    pub visitor: String,
    /// The uses that were counted last, and are not given back yet.
    pub uses: Mutex<Weak<Taken>>,
}

impl Confines {
    /// Those of a share, for a visitor with that mail address.
    pub(crate) fn of(share: &Share, scope: ShareScope, visitor: &str) -> Self {
        let roots = share.paths.iter().filter_map(|path| VirtualPath::parse(path.as_bytes()).ok());
        let (share, visitor, uses) = (share.id.clone(), visitor.to_owned(), Mutex::default());
        Self { share, roots: roots.collect(), scope, visitor, uses }
    }

    /// The uses of which an upload that begins may hold one.
    pub(super) fn uses(&self) -> Option<Arc<Taken>> {
        self.uses.lock().upgrade()
    }

    /// The path of the share that holds `path`.
    fn root_of(&self, path: &VirtualPath) -> Option<&VirtualPath> {
        self.roots.iter().find(|root| path.starts_with(root))
    }

    /// API-193, API-194: nothing is replaced, renamed or removed.
    fn allows(&self, operation: Operation) -> bool {
        use Operation as O;
        match operation {
            O::Stat | O::List | O::Download | O::Hash => self.scope.can_read(),
            O::Upload | O::CreateDirectory | O::ChangeTimes => self.scope.can_write(),
            O::Overwrite
            | O::ReadLink
            | O::RemoveFile
            | O::RemoveDirectory
            | O::RenameFile
            | O::RenameDirectory
            | O::Copy
            | O::ChangeMode
            | O::ChangeOwner
            | O::Truncate
            | O::CreateSymlink => false,
        }
    }
}

impl UserFs {
    /// Whether the session may name `path` for `operation` at all.
    pub(super) fn within(&self, operation: Operation, path: &VirtualPath) -> Result<()> {
        let Some(confines) = &self.0.confines else { return Ok(()) };
        if confines.root_of(path).is_none() {
            return Err(outside(path));
        }
        if !confines.allows(operation) {
            return Err(Denial::new("share", format!("{operation:?} is not what the share is for")).into());
        }
        self.may_visit(path)
    }

    /// A path that the owner may not share is not reached through a share of what is above it either.
    pub(super) fn may_visit(&self, path: &VirtualPath) -> Result<()> {
        self.user().may_share_path(path).map_err(|rule| Denial::new(rule.name, rule.detail).into())
    }

    /// Whether a visitor may name `path`.
    pub(super) fn is_inside(&self, path: &VirtualPath) -> bool {
        self.0.confines.as_ref().is_none_or(|confines| confines.root_of(path).is_some())
    }

    /// Whether the session is one of a visitor.
    pub(super) fn is_confined(&self) -> bool {
        self.0.confines.is_some()
    }

    /// Refuses a path that links lead out of the share, or to what its owner may not share. Answers where it leads, for a
    /// visitor. Entries that are missing are for the operation itself to find.
    pub(super) async fn confined(&self, path: &VirtualPath) -> Result<Option<VirtualPath>> {
        let Some(confines) = &self.0.confines else { return Ok(None) };
        let root = confines.root_of(path).ok_or_else(|| outside(path))?;
        let (storage, real) = self.behind_links(path).await?;
        let (root_storage, mut real_root) = self.behind_links(root).await?;
        if storage != root_storage {
            // A folder that is mounted below the path of the share: its own beginning counts.
            let index = storage.0.checked_sub(1).ok_or_else(|| outside(path))?;
            let mount = self.user().mounts.get(index).ok_or_else(|| outside(path))?;
            let mount = VirtualPath::parse(mount.virtual_path.as_bytes()).map_err(|_| outside(path))?;
            real_root = self.behind_links(&mount).await?.1;
        }
        if !real.starts_with(&real_root) {
            return Err(outside(path));
        }
        let leads_to = Place::of(self.user(), path).to_virtual(&real).ok_or_else(|| outside(path))?;
        self.may_visit(&leads_to)?;
        Ok(Some(leads_to))
    }

    /// As [`UserFs::confined`] for an entry itself, whatever it leads to: what it lies in counts, and its name there.
    pub(super) async fn confined_entry(&self, path: &VirtualPath) -> Result<()> {
        let Some(directory) = path.parent().filter(|directory| self.is_inside(directory)) else { return Ok(()) };
        let Some(directory) = self.confined(&directory).await? else { return Ok(()) };
        let entry = path.file_name().and_then(|name| directory.child(name).ok());
        entry.map_or(Ok(()), |entry| self.may_visit(&entry))
    }

    /// Whether `path` is one that the owner shares: a visitor does not see whether it is a link.
    pub(super) fn is_shared_path(&self, path: &VirtualPath) -> bool {
        self.0.confines.as_ref().is_some_and(|confines| confines.roots.contains(path))
    }

    async fn behind_links(&self, path: &VirtualPath) -> Result<(StorageIndex, VirtualPath)> {
        let place = Place::of(self.user(), path);
        if place.path.is_root() {
            return Ok((place.storage, place.path));
        }
        let storage = place.storage;
        Ok((storage, self.0.account.door.resolve(&policy::own_work(Operation::Stat, place)).await?))
    }

    /// Metadata of a path of the share, behind links: its owner may share one.
    ///
    /// # Errors
    /// `NotFound`, or what the storage says.
    pub(crate) async fn stat_root(&self, root: &VirtualPath) -> Result<Metadata> {
        if root.is_root() || self.user().is_mount_point(root) || self.user().contains_mounts(root) {
            return Ok(Metadata::virtual_directory());
        }
        self.0.account.door.stat(&policy::own_work(Operation::Stat, self.place(root)), true).await
    }

    /// Metadata of an entry itself, for whoever may download or list it: a visitor is not sent along links (API-185).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, or what the storage says.
    pub async fn look_at(&self, operation: Operation, path: &VirtualPath) -> Result<Metadata> {
        let granted = self.authorize(operation, path)?;
        self.confined_entry(path).await?;
        if self.user().is_mount_point(path) || self.user().contains_mounts(path) {
            return Ok(Metadata::virtual_directory());
        }
        self.0.account.door.stat(&granted, false).await
    }
}

fn outside(path: &VirtualPath) -> Error {
    Denial::new("share", format!("{path} is not in the share")).into()
}
