//! Looking: metadata of an entry, and the path behind links.

use entrepot_model::VirtualPath;
use entrepot_storage::{FileKind, Metadata, Partial, Timestamp};
use entrepot_store::UploadIntent;

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    transfer::{partials, upload_end_present as present},
};

impl UserFs {
    /// Metadata of an entry; `follow` resolves a link at its end. A file in flight of this connection, and a partial whose
    /// name has no finished file, answer with the size that is there (decisions on uploads in ARCHITECTURE.md).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, or what the storage says.
    pub async fn stat(&self, path: &VirtualPath, follow: bool) -> Result<Metadata> {
        let granted = self.authorize(Operation::Stat, path)?;
        self.confined(path).await?;
        if self.user().is_mount_point(path) {
            return Ok(Metadata::virtual_directory());
        }
        if let Some(upload) = self.0.overlay.get(path) {
            return upload.metadata().await;
        }
        let follow = follow || self.is_shared_path(path);
        if let Some(found) = present(self.0.account.door.stat(&granted, follow).await)? {
            return Ok(found);
        }
        if self.user().contains_mounts(path) {
            return Ok(Metadata::virtual_directory());
        }
        if self.is_confined() {
            // Unfinished uploads are for those who can go on with them.
            return Err(Error::NotFound);
        }
        self.stat_partial(granted.place()).await
    }

    /// Metadata of what a download would give; links are followed. It needs leave to download, not to list.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, or what the storage says.
    pub async fn stat_download(&self, path: &VirtualPath) -> Result<Metadata> {
        let granted = self.authorize(Operation::Download, path)?;
        self.confined(path).await?;
        if self.user().is_mount_point(path) {
            return Ok(Metadata::virtual_directory());
        }
        match present(self.0.account.door.stat(&granted, true).await)? {
            Some(found) => Ok(found),
            None if self.user().contains_mounts(path) => Ok(Metadata::virtual_directory()),
            None => Err(Error::NotFound),
        }
    }

    /// What an unfinished upload of the name left. One that is being given up just now is waited for.
    async fn stat_partial(&self, place: &Place) -> Result<Metadata> {
        let index = &self.0.core.0.partials;
        index.settled(self.0.username(), place).await?;
        let partial = index.get(self.0.username(), place).ok_or(Error::NotFound)?;
        let found = partials::look(&self.0, place, &partial).await?.ok_or(Error::NotFound)?;
        Ok(shown(&partial, &found))
    }

    /// Where a partial of the account lies; `None` = its folder is gone.
    pub(crate) fn place_of_partial(&self, partial: &UploadIntent) -> Option<Place> {
        let place = self.place(&VirtualPath::parse(&partial.virtual_path).ok()?);
        let path = VirtualPath::parse(&partial.backend_path).ok()?;
        (place.folder.as_deref() == partial.folder.as_deref()).then(|| place.at(path))
    }

    /// Bytes of a partial that the storage has.
    ///
    /// # Errors
    /// What the storage says.
    pub(crate) async fn partial_size(&self, partial: &UploadIntent) -> Result<u64> {
        let Some(place) = self.place_of_partial(partial) else { return Ok(0) };
        Ok(partials::look(&self.0, &place, partial).await?.map_or(0, |found| found.durable))
    }

    /// The path with links resolved, as the client sees paths; missing entries stay as they are named (SFTP-009).
    ///
    /// # Errors
    /// `StorageDenied` when a link leads outside the root.
    pub async fn real_path(&self, path: &VirtualPath) -> Result<VirtualPath> {
        if path.is_root() || self.user().is_mount_point(path) || self.user().contains_mounts(path) {
            return Ok(path.clone());
        }
        let granted = match self.authorize(Operation::Stat, path) {
            Ok(granted) => granted,
            // Without leave to look, the answer is what the client could have worked out itself.
            Err(Error::Denied(_)) => return Ok(path.clone()),
            Err(error) => return Err(error),
        };
        match self.0.account.door.resolve(&granted).await {
            Ok(resolved) => Ok(granted.place().to_virtual(&resolved).unwrap_or_else(|| path.clone())),
            Err(Error::NotFound | Error::NotDirectory) => Ok(path.clone()),
            Err(error) => Err(error),
        }
    }
}

/// A partial as metadata: what its owner is told about the name (decisions on uploads in ARCHITECTURE.md).
fn shown(intent: &UploadIntent, found: &Partial) -> Metadata {
    let modified = Timestamp::from_seconds(intent.updated_at / 1000);
    Metadata {
        kind: FileKind::File,
        size: found.durable,
        mode: 0o600,
        modified,
        accessed: modified,
        ..Metadata::virtual_directory()
    }
}
