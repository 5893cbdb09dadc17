//! Making and removing directories.

use entrepot_model::VirtualPath;

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
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
            // Unfinished uploads are no content that anybody sees: they go with their directory.
            for (place, partial) in fs.0.core.0.partials.take_in(fs.0.username(), granted.place()) {
                partials::discard(&fs.0, &place, partial).await?;
            }
            fs.0.account.door.remove_directory(&granted).await?;
            fs.settlement("rmdir", granted.place(), None, 0).write(&fs.0).await?;
            fs.after(Operation::RemoveDirectory, &path, None, None).await;
            Ok(())
        })
        .await
    }
}
