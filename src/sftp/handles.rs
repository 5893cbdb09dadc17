//! What a client has open on a channel.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use entrepot_core::{Attributes, DirectoryEntry, Download, Metadata, Upload, UserFs, fs::Listing};
use entrepot_model::VirtualPath;
use parking_lot::Mutex;

use crate::{
    descriptors::{AccountHandles, HandlePlace},
    lane::{BoxFuture, Order, ReadSource},
    packet::StatusCode,
    status::Failure,
};

/// Handles that a channel may have open. The protocol states no limit (SFTP-047); this one, and the budget of all channels,
/// keep a client that opens in an endless loop from taking the server's file descriptors.
const MAX_HANDLES: usize = 1024;

/// How a file was opened.
pub enum Access {
    /// For reading.
    Download(Download),
    /// For writing, perhaps for reading as well.
    Upload(Upload),
}

/// An open file.
pub struct OpenFile {
    /// Its jobs in the lane.
    pub order: Arc<Order>,
    /// Path as the client named it.
    pub path: VirtualPath,
    /// The lease.
    pub access: Access,
}

impl OpenFile {
    /// A file that was just opened.
    pub fn new(path: VirtualPath, access: Access) -> Self {
        Self { order: Arc::default(), path, access }
    }

    /// Whether WRITEs wait for a rate, and not for a storage.
    pub fn is_throttled(&self) -> bool {
        matches!(&self.access, Access::Upload(upload) if upload.is_throttled())
    }

    /// Writes all of `data` if that needs no waiting. `false` = nothing was written.
    pub fn try_write(&self, offset: u64, data: &[u8]) -> Result<bool, Failure> {
        match &self.access {
            Access::Upload(upload) => Ok(upload.try_write_at(offset, data)?),
            Access::Download(_) => Err(not_for_writing()),
        }
    }

    /// Writes all of `data`.
    pub async fn write(&self, offset: u64, data: Bytes) -> Result<(), Failure> {
        match &self.access {
            Access::Upload(upload) => Ok(upload.write_at(offset, data).await?),
            Access::Download(_) => Err(not_for_writing()),
        }
    }

    /// Attributes of the open file.
    pub async fn metadata(&self) -> Result<Metadata, Failure> {
        Ok(match &self.access {
            Access::Download(download) => download.metadata().await?,
            Access::Upload(upload) => upload.metadata().await?,
        })
    }

    /// Changes attributes of the open file.
    pub async fn set_attributes(&self, fs: &UserFs, attributes: &Attributes) -> Result<(), Failure> {
        match &self.access {
            Access::Download(_) => fs.set_attributes(&self.path, attributes, true).await?,
            Access::Upload(upload) => upload.set_attributes(attributes).await?,
        }
        Ok(())
    }

    /// Brings the file to stable storage; nothing to do for one that is only read (SFTP-005).
    pub async fn sync(&self) -> Result<(), Failure> {
        match &self.access {
            Access::Download(_) => Ok(()),
            Access::Upload(upload) => Ok(upload.sync().await?),
        }
    }
}

impl ReadSource for OpenFile {
    fn try_read(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        Ok(match &self.access {
            Access::Download(download) => download.try_read_at(offset, buffer)?,
            Access::Upload(upload) => upload.try_read_at(offset, buffer)?,
        })
    }

    fn read(self: Arc<Self>, offset: u64, length: usize) -> BoxFuture<'static, Result<Bytes, Failure>> {
        Box::pin(async move {
            Ok(match &self.access {
                Access::Download(download) => download.read_at(offset, length).await?,
                Access::Upload(upload) => upload.read_at(offset, length).await?,
            })
        })
    }
}

fn not_for_writing() -> Failure {
    Failure::new(StatusCode::PermissionDenied, "the file is not open for writing")
}

/// How far the listing of a directory has come.
pub struct ListingState {
    /// What is still to come from the storage.
    pub listing: Listing,
    /// `.` and `..` were not given out yet.
    pub first: bool,
    /// Entries that did not fit into the last answer.
    pub left: Vec<DirectoryEntry>,
}

/// An open directory.
pub struct OpenDirectory {
    /// Path as the client named it.
    pub path: VirtualPath,
    /// Its jobs in the lane.
    pub order: Arc<Order>,
    /// The listing. The request that goes on with it takes it out: only one runs at a time.
    pub state: Mutex<Option<ListingState>>,
}

/// Something open.
#[derive(Clone)]
pub enum Handle {
    /// A file.
    File(Arc<OpenFile>),
    /// A directory.
    Directory(Arc<OpenDirectory>),
}

impl Handle {
    /// Its jobs in the lane.
    pub fn order(&self) -> &Arc<Order> {
        match self {
            Self::File(file) => &file.order,
            Self::Directory(directory) => &directory.order,
        }
    }

    /// Path as the client named it.
    pub fn path(&self) -> &VirtualPath {
        match self {
            Self::File(file) => &file.path,
            Self::Directory(directory) => &directory.path,
        }
    }
}

/// Something open, and its place in the budget.
struct Entry {
    handle: Handle,
    _place: HandlePlace,
}

/// The handles of a channel. Numbers are not used again before all others were.
pub struct HandleTable {
    open: HashMap<u32, Entry>,
    next: u32,
    budget: AccountHandles,
}

impl HandleTable {
    /// An empty table.
    pub fn new(budget: AccountHandles) -> Self {
        Self { open: HashMap::new(), next: 0, budget }
    }

    /// Enters something open and returns its handle.
    pub fn insert(&mut self, handle: Handle) -> Result<u32, Failure> {
        let place = (self.open.len() < MAX_HANDLES).then(|| self.budget.take()).flatten();
        let place = place.ok_or(Failure::new(StatusCode::Failure, "too many open handles"))?;
        while self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(number, Entry { handle, _place: place });
        Ok(number)
    }

    /// What is open under a handle as the client sent it.
    pub fn get(&self, handle: &[u8]) -> Result<(u32, Handle), Failure> {
        let number = number(handle)?;
        let entry = self.open.get(&number).ok_or_else(Failure::invalid_handle)?;
        Ok((number, entry.handle.clone()))
    }

    /// The same for a handle that must be a file.
    pub fn file(&self, handle: &[u8]) -> Result<(u32, Arc<OpenFile>), Failure> {
        match self.get(handle)? {
            (number, Handle::File(file)) => Ok((number, file)),
            (_, Handle::Directory(_)) => Err(Failure::invalid_handle()),
        }
    }

    /// The same for a handle that must be a directory.
    pub fn directory(&self, handle: &[u8]) -> Result<(u32, Arc<OpenDirectory>), Failure> {
        match self.get(handle)? {
            (number, Handle::Directory(directory)) => Ok((number, directory)),
            (_, Handle::File(_)) => Err(Failure::invalid_handle()),
        }
    }

    /// Takes a handle out.
    pub fn remove(&mut self, handle: &[u8]) -> Result<(u32, Handle), Failure> {
        let number = number(handle)?;
        let entry = self.open.remove(&number).ok_or_else(Failure::invalid_handle)?;
        Ok((number, entry.handle))
    }
}

fn number(handle: &[u8]) -> Result<u32, Failure> {
    handle.try_into().map(u32::from_be_bytes).map_err(|_| Failure::invalid_handle())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptors::HandleBudget;

    fn directory() -> Handle {
        let open = OpenDirectory { path: VirtualPath::root(), order: Arc::default(), state: Mutex::new(None) };
        Handle::Directory(Arc::new(open))
    }

    #[test]
    fn handles_end_with_the_budget_that_channels_of_an_account_share() {
        let budget = HandleBudget::new((MAX_HANDLES + 2) * 4);
        let (mut one, mut other) = (HandleTable::new(budget.of("a")), HandleTable::new(budget.of("a")));
        for _ in 0..MAX_HANDLES {
            assert!(one.insert(directory()).is_ok());
        }
        assert!(one.insert(directory()).is_err(), "a channel has its own limit");
        let number = other.insert(directory()).expect("room");
        assert!(other.insert(directory()).is_ok());
        assert!(other.insert(directory()).is_err());
        assert!(other.remove(&number.to_be_bytes()).is_ok());
        assert!(other.insert(directory()).is_ok());
        drop(one);
        assert!(other.insert(directory()).is_ok());
    }
}
