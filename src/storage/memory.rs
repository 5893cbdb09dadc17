//! A storage in memory, for tests: of the rooms above, with faults and delays on demand, and of the two kinds of storage
//! that they must cope with (files written anywhere, objects written front to back).
//!
//! Nothing a server offers is built on it.

mod faults;
mod file;
mod object;
mod staged;
mod tree;

use std::{any::Any, sync::Arc};

use parking_lot::Mutex;

pub use self::faults::{FaultPlan, Operation};
use self::{
    file::MemoryFile,
    object::{ObjectUpload, Uploads},
    staged::MemoryStaged,
    tree::{Listing, Tree},
};
use crate::{
    Attributes, Backend, Capabilities, Directories, DirectoryStream, ErrorKind, InPlaceOptions, Metadata, Origin, Owner, Partial,
    ReadFile, RenameSupport, Result, RootLook, RootUse, Space, StageOptions, StagedFile, Staging, VirtualPath, Wait, WriteFile,
    WriteSupport, system::split,
};

/// How files are written, and with it which kind of storage is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemoryWrites {
    /// As in a file system: any offset, in place, real directories, hidden names for uploads.
    #[default]
    Random,
    /// As in an object store: front to back with a reorder window of 4 MiB, implicit staging, emulated directories,
    /// UTF-8 names, no attributes.
    Sequential {
        /// Bytes of a part; only whole parts are durable.
        part_size: u64,
        /// Whether an unfinished upload can go on later.
        resumable: bool,
    },
}

/// What a storage in memory is made of.
#[derive(Debug, Clone, Default)]
pub struct MemoryOptions {
    /// How files are written.
    pub writes: MemoryWrites,
    /// What goes wrong; keep a clone to change it later.
    pub faults: FaultPlan,
}

/// A storage in memory. For tests.
pub struct MemoryBackend {
    shared: Arc<Shared>,
    origin: Origin,
    capabilities: Capabilities,
}

/// What open files hold, too.
struct Shared {
    writes: MemoryWrites,
    faults: FaultPlan,
    tree: Mutex<Tree>,
    uploads: Uploads,
}

impl Shared {
    /// Whether `more` bytes fit.
    fn reserve(&self, more: u64) -> Result<()> {
        let Some(capacity) = self.faults.capacity() else { return Ok(()) };
        let used = self.tree.lock().used() + self.uploads.used();
        if used.saturating_add(more) > capacity { Err(ErrorKind::NoSpace.into()) } else { Ok(()) }
    }
}

impl MemoryBackend {
    /// An empty storage.
    pub fn new(options: MemoryOptions) -> Self {
        let capabilities = capabilities(options.writes, !options.faults.has_delays());
        let emulated = capabilities.directories == Directories::Emulated;
        let shared = Arc::new(Shared {
            writes: options.writes,
            faults: options.faults,
            tree: Mutex::new(Tree::new(emulated)),
            uploads: Uploads::default(),
        });
        let origin = Origin {
            provider: i32::from(emulated),
            bucket: if emulated { "memory".to_owned() } else { String::new() },
            endpoint: String::new(),
            resource: format!("memory:{:p}", Arc::as_ptr(&shared)),
        };
        Self { shared, origin, capabilities }
    }

    /// The faults, to change them or to ask for counters.
    pub fn faults(&self) -> &FaultPlan {
        &self.shared.faults
    }

    /// Puts a file in place without faults, replacing what has the name; missing directories are made.
    pub fn put(&self, path: &VirtualPath, data: &[u8]) {
        self.shared.tree.lock().put(path.as_bytes(), data);
    }

    /// Content of a file, without faults; `None` = no such file.
    pub fn get(&self, path: &VirtualPath) -> Option<Vec<u8>> {
        let inode = self.shared.tree.lock().find(path.as_bytes()).ok()?;
        (!inode.is_directory).then(|| inode.state.lock().data.clone())
    }

    /// Paths of everything that is stored, hidden uploads included, in order.
    pub fn paths(&self) -> Vec<Vec<u8>> {
        self.shared.tree.lock().paths()
    }

    /// Number of unfinished uploads that a sequential storage keeps.
    pub fn kept_uploads(&self) -> usize {
        self.shared.uploads.len()
    }

    fn is_sequential(&self) -> bool {
        self.shared.writes != MemoryWrites::Random
    }

    /// Makes a call after the faults of its operation had their say.
    fn call<'a, T: 'a>(&'a self, operation: Operation, job: impl FnOnce(&mut Tree) -> Result<T> + Send + 'a) -> Wait<'a, T> {
        Box::pin(async move {
            self.shared.faults.enter(operation).await?;
            job(&mut self.shared.tree.lock())
        })
    }

    /// Refuses names that the storage cannot have.
    fn check_name(&self, path: &VirtualPath) -> Result<()> {
        let bytes = path.as_bytes();
        let long = bytes.split(|&byte| byte == b'/').any(|name| name.len() > 255);
        match (long, self.capabilities.utf8_only && std::str::from_utf8(bytes).is_err()) {
            (true, _) => Err(ErrorKind::TooLarge.into()),
            (_, true) => Err(ErrorKind::Unsupported.into()),
            _ => Ok(()),
        }
    }

    fn begin(&self, target: &VirtualPath, options: &StageOptions, data: Option<Vec<u8>>) -> Result<Arc<dyn StagedFile>> {
        self.check_name(target)?;
        match self.shared.writes {
            MemoryWrites::Random => Ok(Arc::new(MemoryStaged::begin(&self.shared, target, options, data)?)),
            MemoryWrites::Sequential { part_size, resumable } => {
                Ok(Arc::new(ObjectUpload::begin(&self.shared, part_size, resumable, options, data)?))
            }
        }
    }
}

fn capabilities(writes: MemoryWrites, immediate: bool) -> Capabilities {
    let random = writes == MemoryWrites::Random;
    let rename = if random { RenameSupport::Native } else { RenameSupport::CopyDelete };
    Capabilities {
        write: match writes {
            MemoryWrites::Random => WriteSupport::Random,
            MemoryWrites::Sequential { part_size, resumable } => WriteSupport::Sequential { part_size, resumable },
        },
        staging: if random { Staging::Rename } else { Staging::Implicit },
        in_place: random,
        read_write: random,
        truncate: random,
        random_read: random,
        chmod: random,
        chown: random,
        chtimes: random,
        symlinks: false,
        rename_file: rename,
        rename_directory: rename,
        server_copy: true,
        space: random,
        directories: if random { Directories::Real } else { Directories::Emulated },
        utf8_only: !random,
        immediate,
    }
}

impl Backend for MemoryBackend {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn check_root(&self) -> Wait<'_, ()> {
        self.call(Operation::CheckRoot, |_| Ok(()))
    }

    fn look_at_root(&self, _wanted: RootUse) -> RootLook {
        let faults = self.shared.faults.clone();
        Box::new(move || faults.count(Operation::CheckRoot))
    }

    fn stat<'a>(&'a self, path: &'a VirtualPath, _follow: bool) -> Wait<'a, Metadata> {
        self.call(Operation::Stat, |tree| tree.metadata(path.as_bytes()))
    }

    fn list<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Box<dyn DirectoryStream>> {
        self.call(Operation::List, |tree| {
            let entries = tree.list(path.as_bytes())?;
            Ok(Box::new(Listing::new(entries, self.shared.faults.clone())) as Box<dyn DirectoryStream>)
        })
    }

    fn open_read<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Arc<dyn ReadFile>> {
        self.call(Operation::OpenRead, |tree| {
            let inode = tree.file(path.as_bytes())?;
            Ok(Arc::new(MemoryFile::new(&self.shared, inode, true)) as Arc<dyn ReadFile>)
        })
    }

    fn stage<'a>(&'a self, target: &'a VirtualPath, options: StageOptions) -> Wait<'a, Arc<dyn StagedFile>> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Stage).await?;
            self.begin(target, &options, None)
        })
    }

    fn partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, token: &'a [u8]) -> Wait<'a, Option<Partial>> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Partial).await?;
            if self.is_sequential() {
                return Ok(self.shared.uploads.partial(id, token));
            }
            let hidden = staged::hidden_path(target, id)?;
            let found = self.shared.tree.lock().file(&hidden);
            match found {
                Ok(inode) => Ok(Some(Partial { durable: inode.size(), token: Vec::new() })),
                Err(error) if error.is(ErrorKind::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn discard_partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, _token: &'a [u8]) -> Wait<'a, ()> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Partial).await?;
            if self.is_sequential() {
                self.shared.uploads.remove(id);
                return Ok(());
            }
            let hidden = staged::hidden_path(target, id)?;
            match self.shared.tree.lock().remove_file(&hidden) {
                Err(error) if !error.is(ErrorKind::NotFound) => Err(error),
                _ => Ok(()),
            }
        })
    }

    fn open_in_place<'a>(&'a self, path: &'a VirtualPath, options: InPlaceOptions) -> Wait<'a, Arc<dyn WriteFile>> {
        self.call(Operation::OpenInPlace, move |tree| {
            if self.is_sequential() {
                return Err(ErrorKind::Unsupported.into());
            }
            let inode = tree.file(path.as_bytes())?;
            Ok(Arc::new(MemoryFile::new(&self.shared, inode, options.readable)) as Arc<dyn WriteFile>)
        })
    }

    fn create_directory<'a>(&'a self, path: &'a VirtualPath, owner: Owner, umask: Option<u32>) -> Wait<'a, ()> {
        self.call(Operation::CreateDirectory, move |tree| {
            self.check_name(path)?;
            tree.create_directory(path.as_bytes(), owner, 0o777 & !umask.unwrap_or(0o022))
        })
    }

    fn remove_file<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()> {
        self.call(Operation::Remove, |tree| tree.remove_file(path.as_bytes()))
    }

    fn remove_directory<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()> {
        self.call(Operation::Remove, |tree| tree.remove_directory(path.as_bytes()))
    }

    fn rename<'a>(&'a self, from: &'a VirtualPath, to: &'a VirtualPath, replace: bool) -> Wait<'a, ()> {
        self.call(Operation::Rename, move |tree| {
            self.check_name(to)?;
            tree.rename(from.as_bytes(), to.as_bytes(), replace)
        })
    }

    fn copy_staged<'a>(
        &'a self,
        from: &'a VirtualPath,
        target: &'a VirtualPath,
        options: StageOptions,
    ) -> Wait<'a, Arc<dyn StagedFile>> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Copy).await?;
            let source = self.shared.tree.lock().file(from.as_bytes())?;
            let data = source.state.lock().data.clone();
            self.shared.reserve(data.len() as u64)?;
            self.begin(target, &options, Some(data))
        })
    }

    fn set_attributes<'a>(&'a self, path: &'a VirtualPath, attributes: &'a Attributes, _follow: bool) -> Wait<'a, ()> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::SetAttributes).await?;
            let inode = self.shared.tree.lock().find(path.as_bytes())?;
            if self.is_sequential() {
                return Err(ErrorKind::Unsupported.into());
            }
            if let Some(size) = attributes.size {
                self.shared.reserve(size.saturating_sub(inode.size()))?;
            }
            inode.set_attributes(attributes)
        })
    }

    fn symlink<'a>(&'a self, _target: &'a [u8], _link: &'a VirtualPath) -> Wait<'a, ()> {
        Box::pin(async { Err(ErrorKind::Unsupported.into()) })
    }

    fn read_link<'a>(&'a self, _path: &'a VirtualPath) -> Wait<'a, Vec<u8>> {
        Box::pin(async { Err(ErrorKind::Unsupported.into()) })
    }

    fn resolve<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, VirtualPath> {
        self.call(Operation::Stat, |tree| {
            if let Some((parent, _)) = split(path.as_bytes()) {
                tree.check_parent(parent)?;
            }
            Ok(path.clone())
        })
    }

    fn space<'a>(&'a self, _path: &'a VirtualPath) -> Wait<'a, Space> {
        self.call(Operation::Space, |tree| {
            if self.is_sequential() {
                return Err(ErrorKind::Unsupported.into());
            }
            let total = self.shared.faults.capacity().unwrap_or(1 << 40);
            let free = total.saturating_sub(tree.used());
            Ok(Space { total, available: free, free, block_size: 4096, files: 0, files_free: 0, name_max: 255 })
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
