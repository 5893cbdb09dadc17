//! Moving a file or directory anywhere an account may: a rename where there is one, a copy and a removal elsewhere.

use entrepot_model::VirtualPath;

use super::{
    Progress, UserFs,
    unnameable::{self, Unnameable},
};
use crate::{
    error::{Error, Result},
    operation::Operation,
    transfer::upload_end_present as present,
};

impl UserFs {
    /// Moves a file or directory; an existing file at the target is replaced if that is permitted, an existing directory
    /// never is (API-149). Between storages of different kinds it is a copy that is removed at the source when all of it
    /// is there, with the permissions of both; links and special files do not come along.
    ///
    /// # Errors
    /// As [`UserFs::rename`]; between storages of different kinds as [`UserFs::copy`] and [`UserFs::remove_tree`], and `Conflict`
    /// where something is left at the source that was not copied. `Cancelled`.
    pub async fn move_with(&self, from: &VirtualPath, to: &VirtualPath, progress: &Progress) -> Result<()> {
        progress.check()?;
        if self.is_one_rename(from, to) {
            return self.rename_with(from, to, progress).await;
        }
        let is_directory = self.stat(from, false).await?.is_directory();
        // What may not go in the end is not copied.
        self.authorize(if is_directory { Operation::RemoveDirectory } else { Operation::RemoveFile }, from)?;
        let probe = self.probe(Operation::Copy, to)?;
        let found = present(self.0.account.door.stat(&probe, false).await)?;
        if found.is_some_and(|found| found.is_directory()) || self.is_mount_point(to) || self.user().contains_mounts(to) {
            return Err(Error::Unsupported);
        }
        if is_directory {
            unnameable::refuse(self, from, progress).await?;
        }
        self.copy_with(from, to, progress).await?;
        // What was not copied does not go.
        match self.remove_all(from, Unnameable::Stays, &Progress::default()).await {
            Err(Error::NotEmpty) => Err(Error::Conflict(format!(
                "{from} was copied to {to}, and is still there with what was not copied: something came meanwhile, or cannot be seen"
            ))),
            other => other,
        }
    }

    /// That there is something to move or remove, for those who begin it and do not wait.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, or what the storage says.
    pub async fn is_movable(&self, from: &VirtualPath) -> Result<()> {
        let probe = self.probe(Operation::RenameFile, from)?;
        match self.0.account.door.stat(&probe, false).await {
            Err(Error::NotFound) if self.is_mount_point(from) || self.user().contains_mounts(from) => Ok(()),
            // An unfinished upload of the name can be moved and removed as well.
            Err(Error::NotFound) => match self.stat(from, false).await {
                Err(Error::Denied(_)) => Err(Error::NotFound),
                other => other.map(drop),
            },
            other => other.map(drop),
        }
    }

    /// Both are on storages between which a rename is possible.
    fn is_one_rename(&self, from: &VirtualPath, to: &VirtualPath) -> bool {
        let (door, one, other) = (&self.0.account.door, self.place(from).storage, self.place(to).storage);
        let is_local = |index| door.origin(index).provider == 0;
        door.same_resource(one, other) || (is_local(one) && is_local(other))
    }
}
