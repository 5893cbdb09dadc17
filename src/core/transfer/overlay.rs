//! The overlay: what a connection is writing, under the names it gave.
//!
//! A file in flight is not under its name yet, but the client that writes it expects to find it there: sshfs stats,
//! renames and sets times before it closes (SFTP-013, SFTP-045, SFTP-051, SFTP-056).

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use entrepot_model::VirtualPath;
use entrepot_storage::{ErrorKind, Metadata, ReadFile, Result as StorageResult, Wait, WriteFile};
use parking_lot::Mutex;

use super::UploadState;
use crate::error::{Error, Result};

/// Uploads in flight of one connection, by virtual path.
#[derive(Default)]
pub(crate) struct Overlay {
    uploads: Mutex<HashMap<VirtualPath, Weak<UploadState>>>,
    is_off: bool,
}

impl Overlay {
    /// One that stays empty: requests over HTTP have nothing to do with each other, so a file is not there for one while
    /// another sends it.
    pub(crate) fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Enters an upload; the newest one of a name wins.
    pub(crate) fn insert(&self, path: VirtualPath, upload: &Arc<UploadState>) {
        if !self.is_off {
            self.uploads.lock().insert(path, Arc::downgrade(upload));
        }
    }

    /// The staged upload in flight under that name.
    pub(crate) fn get(&self, path: &VirtualPath) -> Option<Arc<UploadState>> {
        let mut uploads = self.uploads.lock();
        let found = uploads.get(path)?.upgrade().filter(|upload| !upload.is_ended());
        if found.is_none() {
            uploads.remove(path);
        }
        found
    }

    /// Takes an upload out, if it is the one under that name; answers whether it was.
    pub(crate) fn remove(&self, path: &VirtualPath, upload: &UploadState) -> bool {
        let mut uploads = self.uploads.lock();
        let is_there = uploads.get(path).is_some_and(|found| std::ptr::eq(found.as_ptr(), upload));
        if is_there {
            uploads.remove(path);
        }
        is_there
    }
}

/// A file in flight, to be read by the connection that writes it.
///
/// # Errors
/// `Unsupported` where the storage cannot read what is being written.
pub(crate) fn reader(upload: Arc<UploadState>) -> Result<Arc<dyn ReadFile>> {
    if upload.file().reader().is_none() {
        return Err(Error::Unsupported);
    }
    Ok(Arc::new(InFlight(upload)))
}

struct InFlight(Arc<UploadState>);

impl InFlight {
    fn reader(&self) -> StorageResult<&dyn ReadFile> {
        self.0.file().reader().ok_or_else(|| ErrorKind::Unsupported.into())
    }
}

impl ReadFile for InFlight {
    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> StorageResult<Option<usize>> {
        self.reader()?.try_read_at(offset, buffer)
    }

    fn read_at(&self, offset: u64, length: usize) -> Wait<'_, Bytes> {
        Box::pin(async move { self.reader()?.read_at(offset, length).await })
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        WriteFile::metadata(self.0.file())
    }
}
