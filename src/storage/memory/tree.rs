//! Names and contents.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::UNIX_EPOCH,
};

use parking_lot::Mutex;

use super::faults::{FaultPlan, Operation};
use crate::{
    Attributes, DirectoryEntry, DirectoryStream, Error, ErrorKind, FileKind, Identity, Metadata, Owner, Result, Timestamp, Wait,
    local::HIDDEN_PREFIX, system::split,
};

/// Files larger than this are refused: a test that writes at a huge offset must not take all memory.
pub(super) const LARGEST: u64 = 1 << 30;

/// A file or a directory.
pub(super) struct Inode {
    number: u64,
    pub(super) is_directory: bool,
    pub(super) state: Mutex<InodeState>,
}

pub(super) struct InodeState {
    pub(super) data: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
    modified: Timestamp,
    changed: Timestamp,
    accessed: Timestamp,
}

fn now() -> Timestamp {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanoseconds: since.subsec_nanos() }
}

impl Inode {
    pub(super) fn size(&self) -> u64 {
        self.state.lock().data.len() as u64
    }

    pub(super) fn metadata(&self) -> Metadata {
        let state = self.state.lock();
        Metadata {
            kind: if self.is_directory { FileKind::Directory } else { FileKind::File },
            size: state.data.len() as u64,
            mode: state.mode,
            uid: state.owner.0,
            gid: state.owner.1,
            links: 1,
            modified: state.modified,
            changed: state.changed,
            accessed: state.accessed,
            identity: Some(Identity { device: 0, inode: self.number }),
        }
    }

    pub(super) fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let end = offset.saturating_add(data.len() as u64);
        if end > LARGEST {
            return Err(ErrorKind::TooLarge.into());
        }
        let (offset, end) = (in_memory(offset)?, in_memory(end)?);
        let mut state = self.state.lock();
        if state.data.len() < end {
            state.data.resize(end, 0);
        }
        state.data[offset..end].copy_from_slice(data);
        state.modified = now();
        state.changed = state.modified;
        Ok(())
    }

    /// Bytes from `offset`, at most `length`.
    pub(super) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let state = self.state.lock();
        let start = usize::try_from(offset).map_or(state.data.len(), |offset| offset.min(state.data.len()));
        state.data[start..start.saturating_add(length).min(state.data.len())].to_vec()
    }

    pub(super) fn set_attributes(&self, wanted: &Attributes) -> Result<()> {
        if wanted.size.is_some() && self.is_directory {
            return Err(ErrorKind::IsDirectory.into());
        }
        let mut state = self.state.lock();
        if let Some(size) = wanted.size {
            if size > LARGEST {
                return Err(ErrorKind::TooLarge.into());
            }
            state.data.resize(in_memory(size)?, 0);
            state.modified = now();
        }
        if let Some((accessed, modified)) = wanted.times {
            (state.accessed, state.modified) = (accessed, modified);
        }
        if let Some(mode) = wanted.mode {
            state.mode = mode & 0o7777;
        }
        if let Some(owner) = wanted.owner {
            state.owner = (owner.uid.unwrap_or(state.owner.0), owner.gid.unwrap_or(state.owner.1));
        }
        state.changed = now();
        Ok(())
    }
}

fn in_memory(size: u64) -> Result<usize> {
    usize::try_from(size).map_err(|error| Error::new(ErrorKind::TooLarge, error))
}

/// All names, by their paths; the root has none.
pub(super) struct Tree {
    nodes: BTreeMap<Vec<u8>, Arc<Inode>>,
    emulated: bool,
    next: u64,
}

fn below(path: &[u8]) -> Vec<u8> {
    let mut prefix = if path == b"/" { Vec::new() } else { path.to_vec() };
    prefix.push(b'/');
    prefix
}

impl Tree {
    pub(super) fn new(emulated: bool) -> Self {
        Self { nodes: BTreeMap::new(), emulated, next: 1 }
    }

    pub(super) fn used(&self) -> u64 {
        self.nodes.values().map(|inode| inode.size()).sum()
    }

    pub(super) fn paths(&self) -> Vec<Vec<u8>> {
        self.nodes.keys().cloned().collect()
    }

    pub(super) fn inode(&mut self, is_directory: bool, data: Vec<u8>, owner: Owner, mode: u32) -> Arc<Inode> {
        self.next += 1;
        let (owner, time) = ((owner.uid.unwrap_or(0), owner.gid.unwrap_or(0)), now());
        let state = InodeState { data, mode, owner, modified: time, changed: time, accessed: time };
        Arc::new(Inode { number: self.next, is_directory, state: Mutex::new(state) })
    }

    pub(super) fn put(&mut self, path: &[u8], data: &[u8]) {
        let mut parent = split(path).map(|(parent, _)| parent);
        while let Some(directory) = parent.filter(|parent| *parent != b"/" && !self.emulated) {
            let made = self.inode(true, Vec::new(), Owner::default(), 0o755);
            self.nodes.entry(directory.to_vec()).or_insert(made);
            parent = split(directory).map(|(parent, _)| parent);
        }
        let inode = self.inode(false, data.to_vec(), Owner::default(), 0o644);
        self.nodes.insert(path.to_vec(), inode);
    }

    fn has_children(&self, path: &[u8]) -> bool {
        let prefix = below(path);
        self.nodes.range(prefix.clone()..).next().is_some_and(|(found, _)| found.starts_with(&prefix))
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        path == b"/" || self.nodes.get(path).is_some_and(|inode| inode.is_directory) || self.has_children(path)
    }

    /// The node of a path; directories that exist only by what is in them have none.
    pub(super) fn find(&self, path: &[u8]) -> Result<Arc<Inode>> {
        match self.nodes.get(path) {
            Some(inode) => Ok(Arc::clone(inode)),
            None if self.is_directory(path) => Err(ErrorKind::Unsupported.into()),
            None => Err(self.missing(path)),
        }
    }

    /// Why there is nothing: a file on the way is another reason than an absence.
    fn missing(&self, path: &[u8]) -> Error {
        let mut parent = split(path).map(|(parent, _)| parent);
        while let Some(directory) = parent.filter(|parent| *parent != b"/") {
            if self.nodes.get(directory).is_some_and(|inode| !inode.is_directory) && !self.emulated {
                return ErrorKind::NotDirectory.into();
            }
            parent = split(directory).map(|(parent, _)| parent);
        }
        ErrorKind::NotFound.into()
    }

    pub(super) fn file(&self, path: &[u8]) -> Result<Arc<Inode>> {
        if self.is_directory(path) {
            return Err(ErrorKind::IsDirectory.into());
        }
        self.find(path)
    }

    pub(super) fn metadata(&self, path: &[u8]) -> Result<Metadata> {
        match self.nodes.get(path) {
            Some(inode) => Ok(inode.metadata()),
            None if self.is_directory(path) => Ok(Metadata::virtual_directory()),
            None => Err(self.missing(path)),
        }
    }

    pub(super) fn check_parent(&self, parent: &[u8]) -> Result<()> {
        if self.emulated || self.is_directory(parent) {
            return Ok(());
        }
        Err(if self.nodes.contains_key(parent) { ErrorKind::NotDirectory.into() } else { self.missing(parent) })
    }

    pub(super) fn list(&self, path: &[u8]) -> Result<VecDeque<DirectoryEntry>> {
        if !self.is_directory(path) {
            return Err(if self.nodes.contains_key(path) { ErrorKind::NotDirectory.into() } else { self.missing(path) });
        }
        let prefix = below(path);
        let mut entries: BTreeMap<Vec<u8>, Metadata> = BTreeMap::new();
        for (found, inode) in self.nodes.range(prefix.clone()..).take_while(|(found, _)| found.starts_with(&prefix)) {
            let rest = &found[prefix.len()..];
            match rest.iter().position(|&byte| byte == b'/') {
                Some(slash) => {
                    entries.entry(rest[..slash].to_vec()).or_insert_with(Metadata::virtual_directory);
                }
                None if rest.starts_with(HIDDEN_PREFIX.as_bytes()) => {}
                None => {
                    entries.insert(rest.to_vec(), inode.metadata());
                }
            }
        }
        Ok(entries.into_iter().map(|(name, metadata)| DirectoryEntry { name, metadata }).collect())
    }

    /// Adds a file under a name that must be free.
    pub(super) fn add(&mut self, path: &[u8], inode: Arc<Inode>) -> Result<()> {
        let (parent, _) = split(path).ok_or(ErrorKind::IsDirectory)?;
        self.check_parent(parent)?;
        if self.nodes.contains_key(path) {
            return Err(ErrorKind::Exists.into());
        }
        self.nodes.insert(path.to_vec(), inode);
        Ok(())
    }

    /// Gives a finished file its name.
    pub(super) fn publish(&mut self, path: &[u8], inode: Arc<Inode>, replace: bool) -> Result<()> {
        let (parent, _) = split(path).ok_or(ErrorKind::IsDirectory)?;
        self.check_parent(parent)?;
        if self.is_directory(path) {
            return Err(ErrorKind::IsDirectory.into());
        }
        if !replace && self.nodes.contains_key(path) {
            return Err(ErrorKind::Exists.into());
        }
        self.nodes.insert(path.to_vec(), inode);
        Ok(())
    }

    /// Makes a directory; markers of object stores can be made again.
    pub(super) fn create_directory(&mut self, path: &[u8], owner: Owner, mode: u32) -> Result<()> {
        let Some((parent, _)) = split(path) else { return Err(ErrorKind::Exists.into()) };
        self.check_parent(parent)?;
        if self.nodes.contains_key(path) && !(self.emulated && self.is_directory(path)) {
            return Err(ErrorKind::Exists.into());
        }
        let inode = self.inode(true, Vec::new(), owner, mode);
        self.nodes.entry(path.to_vec()).or_insert(inode);
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &[u8]) -> Result<()> {
        self.file(path)?;
        self.nodes.remove(path);
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, path: &[u8]) -> Result<()> {
        if path == b"/" {
            return Err(ErrorKind::Denied.into());
        }
        if !self.is_directory(path) {
            return Err(if self.nodes.contains_key(path) { ErrorKind::NotDirectory.into() } else { self.missing(path) });
        }
        if self.has_children(path) {
            return Err(ErrorKind::NotEmpty.into());
        }
        self.nodes.remove(path);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &[u8], to: &[u8], replace: bool) -> Result<()> {
        if from == b"/" || to == b"/" {
            return Err(ErrorKind::Denied.into());
        }
        let is_directory = self.is_directory(from);
        if !is_directory {
            let inode = self.file(from)?;
            if from != to {
                self.publish(to, inode, replace)?;
                self.nodes.remove(from);
            }
            return Ok(());
        }
        let prefix = below(from);
        if to.starts_with(&prefix) {
            return Err(ErrorKind::Unsupported.into());
        }
        self.check_parent(split(to).map_or(b"/", |(parent, _)| parent))?;
        if self.is_directory(to) {
            return Err(ErrorKind::IsDirectory.into());
        }
        if self.nodes.contains_key(to) {
            return Err(if replace { ErrorKind::NotDirectory } else { ErrorKind::Exists }.into());
        }
        let moved: Vec<_> = self.nodes.keys().filter(|path| *path == from || path.starts_with(&prefix)).cloned().collect();
        for path in moved {
            if let Some(inode) = self.nodes.remove(&path) {
                self.nodes.insert([to, &path[from.len()..]].concat(), inode);
            }
        }
        Ok(())
    }

    /// Removes the hidden name of an unfinished upload, wherever renamed directories took it.
    pub(super) fn forget_hidden(&mut self, upload: &Arc<Inode>) {
        let is_hidden = |path: &[u8]| split(path).is_some_and(|(_, name)| name.starts_with(HIDDEN_PREFIX.as_bytes()));
        self.nodes.retain(|path, inode| !(Arc::ptr_eq(inode, upload) && is_hidden(path)));
    }
}

/// A listing as it was when it began.
pub(super) struct Listing {
    entries: VecDeque<DirectoryEntry>,
    faults: FaultPlan,
}

impl Listing {
    pub(super) fn new(entries: VecDeque<DirectoryEntry>, faults: FaultPlan) -> Self {
        Self { entries, faults }
    }
}

impl DirectoryStream for Listing {
    fn next(&mut self, limit: usize) -> Wait<'_, Vec<DirectoryEntry>> {
        Box::pin(async move {
            self.faults.enter(Operation::ListNext).await?;
            let count = limit.max(1).min(self.entries.len());
            Ok(self.entries.drain(..count).collect())
        })
    }
}
