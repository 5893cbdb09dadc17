//! Making and removing directories.

use entrepot_model::VirtualPath;

use super::UserFs;
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
        let granted = self.authorize(Operation::RemoveDirectory, path)?;
        self.before(Operation::RemoveDirectory, path, None, None).await?;
        let (fs, path) = (self.clone(), path.clone());
        self.finish(async move {
            if let Err(error) = fs.0.account.door.remove_directory(&granted).await {
                fs.remove_partials_only(&granted, error).await?;
                fs.0.account.door.remove_directory(&granted).await?;
            }
            fs.settlement("rmdir", granted.place(), None, 0).write(&fs.0).await?;
            fs.after(Operation::RemoveDirectory, &path, None, None).await;
            Ok(())
        })
        .await
    }

    /// A directory that holds nothing but unfinished uploads is empty for everybody: they go with it. Anything else keeps
    /// the `error` of the removal.
    async fn remove_partials_only(&self, directory: &Granted, error: Error) -> Result<()> {
        if error != Error::NotEmpty {
            return Err(error);
        }
        let mut listing = self.0.account.door.list(directory).await?;
        if !listing.next(1).await?.is_empty() {
            return Err(error);
        }
        for (place, partial) in self.0.core.0.partials.take_in(self.0.username(), directory.place()) {
            partials::discard(&self.0, &place, partial).await?;
        }
        Ok(())
    }
}
