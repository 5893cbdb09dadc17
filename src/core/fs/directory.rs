//! Making and removing directories.

use entrepot_model::VirtualPath;

use super::{
    UserFs,
    unnameable::{Unnameable, is_nameable},
};
use crate::{
    error::{Error, Result},
    operation::Operation,
    policy::Granted,
    transfer::partials,
};

impl UserFs {
    /// Makes a directory; its parent must exist where the storage has real directories (ACC-130, SFTP-033).
    ///
    /// # Errors
    /// `Exists`, `NotFound` for a missing parent, `Denied`, or what the storage says.
    pub async fn create_directory(&self, path: &VirtualPath) -> Result<()> {
        if path.is_root() || (!self.user().is_mount_point(path) && self.user().contains_mounts(path)) {
            return Err(Error::Exists);
        }
        let granted = self.authorize(Operation::CreateDirectory, path)?;
        self.confined(path).await?;
        self.before(Operation::CreateDirectory, path, None, None).await?;
        let (fs, path) = (self.clone(), path.clone());
        self.finish(async move {
            fs.0.account.door.create_directory(&granted, crate::accounts::owner(fs.user()), fs.umask()).await?;
            fs.settlement("mkdir", granted.place(), None, 0).write(&fs.0).await?;
            fs.after(Operation::CreateDirectory, &path, None, None).await;
            Ok(())
        })
        .await
    }

    /// Removes an empty directory (SFTP-031, SFTP-032).
    ///
    /// # Errors
    /// `NotDirectory`, `NotEmpty`, `NotFound`, `Denied`, `Unsupported` for one that contains a mount.
    pub async fn remove_directory(&self, path: &VirtualPath) -> Result<()> {
        self.remove_directory_with(path, Unnameable::Stays).await
    }

    /// [`UserFs::remove_directory`] of a directory that may hold what no path can name.
    pub(super) async fn remove_directory_with(&self, path: &VirtualPath, unnameable: Unnameable) -> Result<()> {
        let granted = self.authorize(Operation::RemoveDirectory, path)?;
        self.before(Operation::RemoveDirectory, path, None, None).await?;
        let (fs, path) = (self.clone(), path.clone());
        self.finish(async move {
            if let Err(error) = fs.0.account.door.remove_directory(&granted).await {
                fs.remove_unseen(&granted, unnameable, error).await?;
                fs.0.account.door.remove_directory(&granted).await?;
            }
            fs.settlement("rmdir", granted.place(), None, 0).write(&fs.0).await?;
            fs.after(Operation::RemoveDirectory, &path, None, None).await;
            Ok(())
        })
        .await
    }

    /// A directory that holds nothing but unfinished uploads is empty for everybody: they go with it, and so may what no path
    /// can name. Anything else keeps all of it there, and the `error` of the removal.
    async fn remove_unseen(&self, directory: &Granted, unnameable: Unnameable, error: Error) -> Result<()> {
        if error != Error::NotEmpty {
            return Err(error);
        }
        let door = &self.0.account.door;
        let mut listing = door.list(directory).await?;
        let mut has_unnameable = false;
        loop {
            let entries = listing.next(256).await?;
            if entries.is_empty() {
                break;
            }
            if unnameable == Unnameable::Stays || entries.iter().any(|entry| is_nameable(&entry.name)) {
                return Err(error);
            }
            has_unnameable = true;
        }
        for (place, partial) in self.0.core.0.partials.take_in(self.0.username(), directory.place()) {
            partials::discard(&self.0, &place, partial).await?;
        }
        if has_unnameable { door.remove_unnameable(directory).await } else { Ok(()) }
    }
}
