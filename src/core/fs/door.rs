//! The door to storages. The only place of the core that holds a [`Backend`]; every function takes the proof that policy
//! allowed it, and uses the place in that proof, never another path.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use entrepot_model::{BaseVirtualFolder, EffectiveUser, FilesystemConfig, FsProvider, User, VirtualPath};
use entrepot_storage::{
    Attributes, Backend, Capabilities, DirectoryStream, InPlaceOptions, Metadata, Owner, Partial, ReadFile, RootLook, RootUse,
    Space, StageOptions, StagedFile, WriteFile,
    local::{LocalBackend, LocalOptions},
};

use crate::{
    Operation, Tasks,
    error::{Error, Result},
    place::{Place, StorageIndex},
    policy::Granted,
};

/// What is to be opened.
#[derive(Debug)]
pub struct StorageRequest<'a> {
    /// Kind of storage and its settings, secrets opened.
    pub filesystem: &'a FilesystemConfig,
    /// Local root: the home directory, or the mapped path of a folder.
    pub root: PathBuf,
    /// Owner of new files (LOC-002).
    pub owner: Owner,
    /// Bits taken from the modes of new entries; `None` = those of the process.
    pub umask: Option<u32>,
}

/// Opens storages. The server has [`BuiltInStorages`]; tests of the core bring their own.
pub trait Storages: Send + Sync + 'static {
    /// Opens a storage; nothing is contacted yet.
    ///
    /// # Errors
    /// `Unsupported` for a kind of storage that this build does not have.
    fn open(&self, request: &StorageRequest<'_>, tasks: &Tasks) -> Result<Arc<dyn Backend>>;
}

/// The storages of this build.
#[derive(Debug, Default, Clone, Copy)]
pub struct BuiltInStorages;

impl BuiltInStorages {
    /// Whether this build has storages of that kind.
    pub fn has(provider: FsProvider) -> bool {
        matches!(provider, FsProvider::Local)
    }
}

impl Storages for BuiltInStorages {
    fn open(&self, request: &StorageRequest<'_>, tasks: &Tasks) -> Result<Arc<dyn Backend>> {
        match FsProvider::from_number(request.filesystem.provider) {
            Some(FsProvider::Local) => {
                let mut options = LocalOptions::new(tasks.storage().clone());
                options.owner = request.owner;
                options.umask = request.umask;
                Ok(Arc::new(LocalBackend::new(request.root.clone(), options)))
            }
            _ => {
                tracing::warn!(provider = request.filesystem.provider, "this build has no storage of that kind");
                Err(Error::Unsupported)
            }
        }
    }
}

/// The storages of an account: its own root, then its mounts in the order of [`EffectiveUser::mounts`].
pub(crate) struct Door {
    storages: Vec<Arc<dyn Backend>>,
    roots: Vec<PathBuf>,
}

impl Door {
    /// Opens the storages of `user`. Nothing is contacted before the first operation.
    pub(crate) fn open(user: &EffectiveUser, storages: &dyn Storages, tasks: &Tasks, umask: Option<u32>) -> Result<Self> {
        let owner = crate::accounts::owner(user);
        let own = (PathBuf::from(&user.user.home_dir), &user.user.filesystem);
        let mounts = user.mounts.iter().map(|mount| (PathBuf::from(&mount.folder.mapped_path), &mount.folder.filesystem));
        let mut door = Self { storages: Vec::new(), roots: Vec::new() };
        for (root, filesystem) in std::iter::once(own).chain(mounts) {
            door.storages.push(storages.open(&StorageRequest { filesystem, root: root.clone(), owner, umask }, tasks)?);
            door.roots.push(root);
        }
        Ok(door)
    }

    /// Opens the storage of a folder as if it were somebody's own: nobody's permissions matter to what it holds.
    pub(crate) fn of_folder(
        folder: &BaseVirtualFolder,
        storages: &dyn Storages,
        tasks: &Tasks,
        umask: Option<u32>,
    ) -> Result<Self> {
        let user = User { home_dir: folder.mapped_path.clone(), filesystem: folder.filesystem.clone(), ..User::default() };
        let user = EffectiveUser::merge(&user, &[]).map_err(|error| Error::internal("a folder by itself", error))?;
        Self::open(&user, storages, tasks, umask)
    }

    /// Checks the account's own root and makes it (ACC-084).
    pub(crate) async fn check_root(&self) -> Result<()> {
        Ok(self.storages[0].check_root().await?)
    }

    /// Checks the root of a mount and makes it.
    pub(crate) async fn check_mount(&self, index: usize) -> Result<()> {
        match self.storages.get(index + 1) {
            Some(storage) => Ok(storage.check_root().await?),
            None => Err(Error::NotFound),
        }
    }

    /// Whether the root of a storage can be used so. Nothing is made.
    pub(crate) fn look_at_root(&self, index: StorageIndex, wanted: RootUse) -> RootLook {
        self.storages[index.0].look_at_root(wanted)
    }

    /// Where the storage at `index` begins.
    pub(crate) fn root(&self, index: StorageIndex) -> &Path {
        &self.roots[index.0]
    }

    /// What the storage at `index` can do.
    pub(crate) fn capabilities(&self, index: StorageIndex) -> &Capabilities {
        self.storages[index.0].capabilities()
    }

    /// Provider, bucket and endpoint of the storage at `index`, for events.
    pub(crate) fn origin(&self, index: StorageIndex) -> &entrepot_storage::Origin {
        self.storages[index.0].origin()
    }

    /// Path of a place on the storage, for events and logs; never for a client.
    pub(crate) fn real_path(&self, place: &Place) -> String {
        let root =
            if self.origin(place.storage).provider == 0 { self.roots[place.storage.0].to_string_lossy() } else { "".into() };
        format!("{}{}", root.trim_end_matches('/'), place.path)
    }

    /// Whether two storages hold the same files, so that a rename between them is one (ACC-143).
    pub(crate) fn same_resource(&self, one: StorageIndex, other: StorageIndex) -> bool {
        one == other || self.origin(one).resource == self.origin(other).resource
    }

    fn at<'a>(&'a self, granted: &'a Granted, allowed: &[Operation]) -> Result<(&'a Arc<dyn Backend>, &'a Place)> {
        if granted.is_probe() || !allowed.contains(&granted.operation()) {
            return Err(Error::internal("storage door", format!("{:?} does not open it", granted.operation())));
        }
        Ok((&self.storages[granted.place().storage.0], granted.place()))
    }

    fn anywhere<'a>(&'a self, granted: &'a Granted) -> (&'a Arc<dyn Backend>, &'a Place) {
        (&self.storages[granted.place().storage.0], granted.place())
    }

    /// Metadata; any proof is enough, for each decision needs to know what is there.
    pub(crate) async fn stat(&self, granted: &Granted, follow: bool) -> Result<Metadata> {
        let (storage, place) = self.anywhere(granted);
        Ok(storage.stat(&place.path, follow).await?)
    }

    /// The path behind links; any proof is enough.
    pub(crate) async fn resolve(&self, granted: &Granted) -> Result<VirtualPath> {
        let (storage, place) = self.anywhere(granted);
        Ok(storage.resolve(&place.path).await?)
    }

    pub(crate) async fn list(&self, granted: &Granted) -> Result<Box<dyn DirectoryStream>> {
        // Trees are also listed to copy them, to check a rename, and to remove them.
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::List, O::Copy, O::RenameDirectory, O::RemoveDirectory])?;
        Ok(storage.list(&place.path).await?)
    }

    pub(crate) async fn open_read(&self, granted: &Granted) -> Result<Arc<dyn ReadFile>> {
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::Download, O::Hash, O::Copy, O::RenameFile, O::RenameDirectory])?;
        Ok(storage.open_read(&place.path).await?)
    }

    pub(crate) async fn stage(
        &self,
        granted: &Granted,
        target: &VirtualPath,
        options: StageOptions,
    ) -> Result<Arc<dyn StagedFile>> {
        use Operation as O;
        let (storage, _) = self.at(granted, &[O::Upload, O::Overwrite, O::Copy, O::RenameFile, O::RenameDirectory])?;
        Ok(storage.stage(target, options).await?)
    }

    /// Copies within one storage without moving the data through us.
    pub(crate) async fn copy_staged(&self, from: &Granted, to: &Granted, options: StageOptions) -> Result<Arc<dyn StagedFile>> {
        use Operation as O;
        let (storage, source) = self.at(from, &[O::Copy, O::RenameFile, O::RenameDirectory])?;
        let (_, target) = self.at(to, &[O::Upload, O::Overwrite, O::Copy, O::RenameFile, O::RenameDirectory])?;
        if source.storage != target.storage {
            return Err(Error::Unsupported);
        }
        Ok(storage.copy_staged(&source.path, &target.path, options).await?)
    }

    pub(crate) async fn open_in_place(&self, granted: &Granted, options: InPlaceOptions) -> Result<Arc<dyn WriteFile>> {
        let (storage, place) = self.at(granted, &[Operation::Overwrite, Operation::Upload])?;
        Ok(storage.open_in_place(&place.path, options).await?)
    }

    /// What a staged upload left behind.
    pub(crate) async fn partial(&self, granted: &Granted, id: &str, token: &[u8]) -> Result<Option<Partial>> {
        let (storage, place) = self.at(granted, &[Operation::Upload, Operation::Overwrite])?;
        Ok(storage.partial(&place.path, id, token).await?)
    }

    /// Removes what a staged upload left behind.
    pub(crate) async fn discard_partial(&self, granted: &Granted, id: &str, token: &[u8]) -> Result<()> {
        let (storage, place) = self.at(granted, &[Operation::Upload, Operation::Overwrite, Operation::RemoveFile])?;
        Ok(storage.discard_partial(&place.path, id, token).await?)
    }

    pub(crate) async fn create_directory(&self, granted: &Granted, owner: Owner, umask: Option<u32>) -> Result<()> {
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::CreateDirectory, O::Copy, O::RenameDirectory])?;
        Ok(storage.create_directory(&place.path, owner, umask).await?)
    }

    pub(crate) async fn remove_file(&self, granted: &Granted) -> Result<()> {
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::RemoveFile, O::RenameFile, O::RenameDirectory])?;
        Ok(storage.remove_file(&place.path).await?)
    }

    pub(crate) async fn remove_directory(&self, granted: &Granted) -> Result<()> {
        let (storage, place) = self.at(granted, &[Operation::RemoveDirectory, Operation::RenameDirectory])?;
        Ok(storage.remove_directory(&place.path).await?)
    }

    /// Removes what no path can name from a directory that is going.
    pub(crate) async fn remove_unnameable(&self, granted: &Granted) -> Result<()> {
        let (storage, place) = self.at(granted, &[Operation::RemoveDirectory])?;
        Ok(storage.remove_unnameable(&place.path).await?)
    }

    pub(crate) async fn rename(&self, from: &Granted, to: &Granted, replace: bool) -> Result<()> {
        use Operation as O;
        let (storage, source) = self.at(from, &[O::RenameFile, O::RenameDirectory])?;
        let (_, target) = self.at(to, &[O::RenameFile, O::RenameDirectory])?;
        if source.storage != target.storage {
            return Err(Error::Unsupported);
        }
        Ok(storage.rename(&source.path, &target.path, replace).await?)
    }

    pub(crate) async fn set_attributes(&self, granted: &Granted, attributes: &Attributes, follow: bool) -> Result<()> {
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::ChangeMode, O::ChangeOwner, O::ChangeTimes, O::Truncate])?;
        Ok(storage.set_attributes(&place.path, attributes, follow).await?)
    }

    pub(crate) async fn symlink(&self, granted: &Granted, target: &[u8]) -> Result<()> {
        let (storage, place) = self.at(granted, &[Operation::CreateSymlink])?;
        Ok(storage.symlink(target, &place.path).await?)
    }

    pub(crate) async fn read_link(&self, granted: &Granted) -> Result<Vec<u8>> {
        use Operation as O;
        let (storage, place) = self.at(granted, &[O::ReadLink, O::RenameFile])?;
        Ok(storage.read_link(&place.path).await?)
    }

    pub(crate) async fn space(&self, granted: &Granted) -> Result<Space> {
        let (storage, place) = self.anywhere(granted);
        Ok(storage.space(&place.path).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-067: what the build says of its storages is what it opens.
    #[tokio::test]
    async fn storages_that_are_said_to_be_there_can_be_opened() {
        let tasks = Tasks::new(tokio::runtime::Handle::current(), 1);
        for provider in FsProvider::ALL {
            let filesystem = FilesystemConfig { provider: provider as i64, ..FilesystemConfig::default() };
            let root = std::env::temp_dir();
            let request = StorageRequest { filesystem: &filesystem, root, owner: Owner::default(), umask: None };
            assert_eq!(BuiltInStorages.open(&request, &tasks).is_ok(), BuiltInStorages::has(provider), "{provider:?}");
        }
    }
}
