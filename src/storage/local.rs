//! Files of this machine (provider 0), confined to one folder.
//!
//! Every path is resolved beneath a descriptor of the root; changes open the parent directory and then name one
//! component, without following links. On fast file systems metadata calls and writes are made where they are asked for,
//! on network and user-space file systems every call goes through the pool.

pub mod alone;
mod attributes;
mod copy;
pub mod disks;
mod extent;
mod file;
pub mod inspection;
mod listing;
mod names;
mod relocate;
mod rename;
mod root;
mod staged;
pub mod trial;
mod whole;

use std::{any::Any, path::PathBuf, sync::Arc};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, OFlags, fstat, fstatvfs, statat, unlinkat},
};

pub use self::root::real_path;
use self::{
    file::LocalFile,
    listing::Listing,
    root::{Held, Root},
    staged::LocalStaged,
};
pub use crate::system::Resolution;
use crate::{
    Attributes, Backend, Capabilities, Directories, DirectoryStream, Error, ErrorKind, InPlaceOptions, Metadata, Origin, Owner,
    Partial, Pool, ReadFile, RenameSupport, Result, RootLook, RootUse, Space, StageOptions, StagedFile, Staging, VirtualPath,
    Wait, WriteFile, WriteSupport,
    system::{Resolver, metadata, split},
};

/// Names that begin with it are unfinished uploads; listings leave them out.
pub const HIDDEN_PREFIX: &str = ".entrepot-";

/// Removing more bytes than this at once takes a while even on a fast file system: such calls go through the pool.
const BULKY: u64 = 64 << 20;

/// What a local backend is made of, besides its root.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Where calls run that may wait.
    pub pool: Pool,
    /// Owner of new files and directories (LOC-002); a failure to set it is logged only.
    pub owner: Owner,
    /// Bits taken from the mode of new files and directories; `None` leaves the umask of the process (UPL-010).
    pub umask: Option<u32>,
    /// How paths are resolved.
    pub resolution: Resolution,
    /// Takes the file system for a slow one, whatever it is: every call goes through the pool. For disks that sleep.
    pub assume_slow: bool,
}

impl LocalOptions {
    /// Options that leave owner and umask to the system.
    pub fn new(pool: Pool) -> Self {
        Self { pool, owner: Owner::default(), umask: None, resolution: Resolution::Auto, assume_slow: false }
    }
}

/// A folder of this machine. Cheap to make: the root is opened at the first call, and made by [`Backend::check_root`].
pub struct LocalBackend {
    inner: Arc<Inner>,
    origin: Origin,
    fast: Capabilities,
    slow: Capabilities,
}

/// What calls need that outlive the backend's borrow.
pub(crate) struct Inner {
    root: Root,
    resolver: Resolver,
    options: LocalOptions,
}

/// A directory that a change is about to be made in.
pub(crate) enum Directory {
    /// The root itself.
    Root(Arc<Held>),
    /// One beneath it, opened for this change.
    Beneath(OwnedFd),
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(held) => held.as_fd(),
            Self::Beneath(fd) => fd.as_fd(),
        }
    }
}

impl Inner {
    /// Opens what `path` names.
    fn open(&self, root: &Held, path: &[u8], flags: OFlags, follow: bool) -> Result<OwnedFd> {
        Ok(self.resolver.open(root.as_fd(), path, flags, follow)?)
    }

    /// Opens a directory for changes in it.
    fn directory(&self, root: &Arc<Held>, path: &[u8]) -> Result<Directory> {
        if path == b"/" {
            return Ok(Directory::Root(Arc::clone(root)));
        }
        Ok(Directory::Beneath(self.open(root, path, OFlags::PATH | OFlags::DIRECTORY, true)?))
    }

    /// Opens the directory of `path`; the root has none and is nothing that could be changed.
    fn parent<'p>(&self, root: &Arc<Held>, path: &'p [u8]) -> Result<(Directory, &'p [u8])> {
        let (parent, name) = split(path).ok_or(ErrorKind::Denied)?;
        Ok((self.directory(root, parent)?, name))
    }

    fn umask(&self, wanted: Option<u32>) -> Option<u32> {
        wanted.or(self.options.umask)
    }

    fn owner(&self, wanted: Owner) -> Owner {
        Owner { uid: wanted.uid.or(self.options.owner.uid), gid: wanted.gid.or(self.options.owner.gid) }
    }

    fn stat(&self, root: &Arc<Held>, path: &[u8], follow: bool) -> Result<Metadata> {
        if !follow && split(path).is_some() {
            let (parent, name) = self.parent(root, path)?;
            return Ok(metadata(&statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?));
        }
        Ok(metadata(&fstat(self.open(root, path, OFlags::PATH, follow)?)?))
    }

    /// Opens a regular file; without `NONBLOCK` a FIFO would wait for its other end (LOC-012).
    fn open_file(&self, root: &Held, path: &[u8], access: OFlags) -> Result<LocalFile> {
        let fd = self.open(root, path, access | OFlags::NONBLOCK | OFlags::NOCTTY, true)?;
        LocalFile::new(fd, root, &self.options.pool, access)
    }

    fn space(&self, root: &Arc<Held>, path: &[u8]) -> Result<Space> {
        let stat = match self.open(root, path, OFlags::PATH, true) {
            Ok(fd) => fstatvfs(fd)?,
            Err(error) => return Err(error),
        };
        let block = if stat.f_frsize == 0 { stat.f_bsize } else { stat.f_frsize };
        Ok(Space {
            total: stat.f_blocks.saturating_mul(block),
            available: stat.f_bavail.saturating_mul(block),
            free: stat.f_bfree.saturating_mul(block),
            block_size: block,
            files: stat.f_files,
            files_free: stat.f_favail,
            name_max: stat.f_namemax,
        })
    }
}

impl LocalBackend {
    /// A backend for the folder `root` (absolute; links in it are the administrator's business and are followed).
    pub fn new(root: PathBuf, options: LocalOptions) -> Self {
        let slow = Capabilities {
            write: WriteSupport::Random,
            staging: Staging::Rename,
            in_place: true,
            read_write: true,
            truncate: true,
            random_read: true,
            chmod: true,
            chown: true,
            chtimes: true,
            symlinks: true,
            rename_file: RenameSupport::Native,
            rename_directory: RenameSupport::Native,
            server_copy: true,
            space: true,
            directories: Directories::Real,
            utf8_only: false,
            immediate: false,
        };
        let resource = format!("local:{}", root.as_os_str().as_encoded_bytes().escape_ascii());
        let resolver = Resolver::new(options.resolution);
        Self {
            inner: Arc::new(Inner { root: Root::new(root, options.assume_slow), resolver, options }),
            origin: Origin { resource, ..Origin::default() },
            fast: Capabilities { immediate: true, ..slow.clone() },
            slow,
        }
    }

    /// Makes a call on one path: at once where nothing waits, else in the pool.
    fn call<'a, T, F>(&'a self, path: &'a VirtualPath, job: F) -> Wait<'a, T>
    where
        T: Send + 'static,
        F: Fn(&Arc<Inner>, &Arc<Held>, &[u8]) -> Result<T> + Send + 'static,
    {
        Box::pin(async move {
            if self.inner.root.is_fast() {
                return self.inner.root.with(|root| job(&self.inner, root, path.as_bytes()));
            }
            self.pooled(path, job).await
        })
    }

    /// Makes a call on one path in the pool.
    fn pooled<'a, T, F>(&'a self, path: &'a VirtualPath, job: F) -> Wait<'a, T>
    where
        T: Send + 'static,
        F: Fn(&Arc<Inner>, &Arc<Held>, &[u8]) -> Result<T> + Send + 'static,
    {
        let (inner, path) = (Arc::clone(&self.inner), path.clone());
        let pool = &self.inner.options.pool;
        let run = pool.run(move || inner.root.with(|root| job(&inner, root, path.as_bytes())));
        Box::pin(async move { run.await? })
    }
}

impl Backend for LocalBackend {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn capabilities(&self) -> &Capabilities {
        if self.inner.root.is_fast() { &self.fast } else { &self.slow }
    }

    fn check_root(&self) -> Wait<'_, ()> {
        let inner = Arc::clone(&self.inner);
        let run = self.inner.options.pool.run(move || inner.root.check(inner.options.owner, inner.options.umask));
        Box::pin(async move { run.await? })
    }

    fn look_at_root(&self, wanted: RootUse) -> RootLook {
        let inner = Arc::clone(&self.inner);
        Box::new(move || inner.root.look(wanted))
    }

    fn stat<'a>(&'a self, path: &'a VirtualPath, follow: bool) -> Wait<'a, Metadata> {
        self.call(path, move |inner, root, path| inner.stat(root, path, follow))
    }

    fn list<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Box<dyn DirectoryStream>> {
        self.call(path, |inner, root, path| {
            let fd = inner.open(root, path, OFlags::RDONLY | OFlags::DIRECTORY, true)?;
            Ok(Box::new(Listing::new(fd, root, &inner.options.pool)) as Box<dyn DirectoryStream>)
        })
    }

    fn open_read<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Arc<dyn ReadFile>> {
        self.call(path, |inner, root, path| Ok(Arc::new(inner.open_file(root, path, OFlags::RDONLY)?) as Arc<dyn ReadFile>))
    }

    fn stage<'a>(&'a self, target: &'a VirtualPath, options: StageOptions) -> Wait<'a, Arc<dyn StagedFile>> {
        self.call(target, move |inner, root, target| {
            Ok(Arc::new(LocalStaged::begin(inner, root, target, &options)?) as Arc<dyn StagedFile>)
        })
    }

    fn partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, _token: &'a [u8]) -> Wait<'a, Option<Partial>> {
        let id = id.to_owned();
        self.call(target, move |inner, root, target| staged::find(inner, root, target, &id))
    }

    fn discard_partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, _token: &'a [u8]) -> Wait<'a, ()> {
        let id = id.to_owned();
        self.call(target, move |inner, root, target| staged::discard(inner, root, target, &id))
    }

    fn open_in_place<'a>(&'a self, path: &'a VirtualPath, options: InPlaceOptions) -> Wait<'a, Arc<dyn WriteFile>> {
        let access = if options.readable { OFlags::RDWR } else { OFlags::WRONLY };
        self.call(path, move |inner, root, path| Ok(Arc::new(inner.open_file(root, path, access)?) as Arc<dyn WriteFile>))
    }

    fn create_directory<'a>(&'a self, path: &'a VirtualPath, owner: Owner, umask: Option<u32>) -> Wait<'a, ()> {
        self.call(path, move |inner, root, path| names::create_directory(inner, root, path, owner, umask))
    }

    fn remove_file<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()> {
        Box::pin(async move {
            if self.call(path, names::remove_unless_bulky).await? {
                return Ok(());
            }
            self.pooled(path, |inner, root, path| {
                let (parent, name) = inner.parent(root, path)?;
                Ok(unlinkat(parent, name, AtFlags::empty())?)
            })
            .await
        })
    }

    fn remove_directory<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()> {
        self.call(path, |inner, root, path| {
            let (parent, name) = inner.parent(root, path)?;
            Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
        })
    }

    fn remove_unnameable<'a>(&'a self, directory: &'a VirtualPath) -> Wait<'a, ()> {
        self.pooled(directory, |inner, root, path| {
            relocate::remove_unnameable(inner.open(root, path, OFlags::RDONLY | OFlags::DIRECTORY, true)?)
        })
    }

    fn rename<'a>(&'a self, from: &'a VirtualPath, to: &'a VirtualPath, replace: bool) -> Wait<'a, ()> {
        Box::pin(async move {
            let target = to.clone();
            let native = move |inner: &Arc<Inner>, root: &Arc<Held>, from: &[u8]| {
                rename::native(inner, root, from, target.as_bytes(), replace)
            };
            if self.call(from, native).await? {
                return Ok(());
            }
            let target = to.clone();
            self.pooled(from, move |inner, root, from| relocate::across(inner, root, from, target.as_bytes(), replace)).await
        })
    }

    fn copy_staged<'a>(
        &'a self,
        from: &'a VirtualPath,
        target: &'a VirtualPath,
        options: StageOptions,
    ) -> Wait<'a, Arc<dyn StagedFile>> {
        copy::staged(&self.inner, from.clone(), target.clone(), options)
    }

    fn set_attributes<'a>(&'a self, path: &'a VirtualPath, attributes: &'a Attributes, follow: bool) -> Wait<'a, ()> {
        let wanted = *attributes;
        let job = move |inner: &Arc<Inner>, root: &Arc<Held>, path: &[u8]| attributes::set(inner, root, path, &wanted, follow);
        // Freeing the blocks of a large file takes a while.
        if wanted.size.is_some() { self.pooled(path, job) } else { self.call(path, job) }
    }

    fn symlink<'a>(&'a self, target: &'a [u8], link: &'a VirtualPath) -> Wait<'a, ()> {
        let target = target.to_vec();
        self.call(link, move |inner, root, link| names::symlink(inner, root, &target, link))
    }

    fn read_link<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Vec<u8>> {
        self.call(path, names::read_link)
    }

    fn resolve<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, VirtualPath> {
        self.call(path, |inner, root, path| {
            let resolved = inner.resolver.resolve(root.as_fd(), path)?;
            // A name on the disk can hold bytes that a virtual path reads as something else (STO-018).
            let unnameable = || Error::new(ErrorKind::Unsupported, "a link leads to a name that no virtual path can have");
            VirtualPath::parse(&resolved).ok().filter(|parsed| parsed.as_bytes() == resolved).ok_or_else(unnameable)
        })
    }

    fn space<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Space> {
        self.call(path, |inner, root, path| inner.space(root, path))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
