//! Open files: reads from the page cache, writes at any offset.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{OFlags, fstat, fsync},
    io::Errno,
};

use super::{BULKY, Held, attributes, extent::Extent};
use crate::{
    Attributes, ErrorKind, Metadata, Pool, ReadFile, Result, Wait, WriteFile,
    system::{FileClass, metadata, read_cached, read_up_to, write_all},
};

/// An open regular file.
#[derive(Clone)]
pub(super) struct LocalFile {
    shared: Arc<Shared>,
    pool: Pool,
}

/// What jobs in the pool hold, too: the descriptor lives as long as the last of them.
pub(super) struct Shared {
    fd: OwnedFd,
    class: FileClass,
    /// The file system turned out not to know `RWF_NOWAIT`: reads go through the pool, writes stay as they are.
    reads_wait: AtomicBool,
    readable: bool,
    extent: Mutex<Extent>,
}

impl LocalFile {
    /// Takes an open file; anything but a regular file is refused.
    pub(super) fn new(fd: OwnedFd, root: &Held, pool: &Pool, access: OFlags) -> Result<Self> {
        let found = metadata(&fstat(&fd)?);
        if found.is_directory() {
            return Err(ErrorKind::IsDirectory.into());
        }
        if !found.is_file() {
            return Err(ErrorKind::Unsupported.into());
        }
        let class = root.class_of(&fd, found.identity);
        let readable = access.contains(OFlags::RDWR) || !access.contains(OFlags::WRONLY);
        let extent = Mutex::new(Extent::of(found.size));
        let shared = Shared { fd, class, reads_wait: AtomicBool::new(class == FileClass::Slow), readable, extent };
        Ok(Self { shared: Arc::new(shared), pool: pool.clone() })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.shared.fd.as_fd()
    }

    pub(super) fn is_fast(&self) -> bool {
        self.shared.class.is_fast()
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Makes a call on the file: at once where nothing waits, else in the pool.
    pub(super) fn call<'a, T, F>(&'a self, wait: bool, job: F) -> Wait<'a, T>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> Result<T> + Send + 'static,
    {
        Box::pin(async move {
            if self.is_fast() && !wait {
                return job(&self.shared);
            }
            let shared = Arc::clone(&self.shared);
            self.pool.run(move || job(&shared)).await?
        })
    }

    /// Whether everything up to the end was written.
    pub(super) fn is_gapless(&self) -> bool {
        let extent = self.shared.extent.lock();
        extent.gapless() == extent.end()
    }

    /// Forgets what lies beyond the first gap (an upload that ends before it is complete) and answers what is left.
    pub(super) fn cut_to_gapless(&self) -> Result<u64> {
        let mut extent = self.shared.extent.lock();
        let gapless = extent.gapless();
        if gapless < extent.end() {
            rustix::fs::ftruncate(&self.shared.fd, gapless)?;
            extent.resize(gapless);
        }
        Ok(gapless)
    }

    /// Goes on after `size` bytes.
    pub(super) fn resume_at(&self, size: u64) -> Result<()> {
        let mut extent = self.shared.extent.lock();
        if extent.end() > size {
            rustix::fs::ftruncate(&self.shared.fd, size)?;
        }
        *extent = Extent::of(size);
        Ok(())
    }
}

impl Shared {
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let answer = write_all(&self.fd, data, offset);
        let written = answer.err().map_or(data.len(), |(count, _)| count);
        self.extent.lock().write(offset, written as u64);
        Ok(answer.map_err(|(_, error)| error)?)
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        Ok(metadata(&fstat(&self.fd)?))
    }

    fn set_attributes(&self, wanted: &Attributes) -> Result<()> {
        attributes::apply(&self.fd, wanted)?;
        if let Some(size) = wanted.size {
            self.extent.lock().resize(size);
        }
        Ok(())
    }

    /// A file without room for the offset is at its end there.
    fn is_past_any_file(offset: u64) -> bool {
        i64::try_from(offset).is_err()
    }
}

impl ReadFile for LocalFile {
    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>> {
        let shared = &self.shared;
        if !shared.readable {
            return Err(ErrorKind::Unsupported.into());
        }
        if Shared::is_past_any_file(offset) {
            return Ok(Some(0));
        }
        if shared.class == FileClass::Memory {
            return Ok(Some(crate::system::fill(&shared.fd, buffer, offset)?));
        }
        if shared.reads_wait.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match read_cached(self.fd(), buffer, offset) {
            Err(Errno::OPNOTSUPP) => {
                shared.reads_wait.store(true, Ordering::Relaxed);
                Ok(None)
            }
            other => Ok(other?),
        }
    }

    fn read_at(&self, offset: u64, length: usize) -> Wait<'_, Bytes> {
        if !self.shared.readable {
            return Box::pin(async { Err(ErrorKind::Unsupported.into()) });
        }
        if Shared::is_past_any_file(offset) {
            return Box::pin(async { Ok(Bytes::new()) });
        }
        let wait = self.shared.class != FileClass::Memory;
        self.call(wait, move |shared| Ok(read_up_to(&shared.fd, offset, length)?.into()))
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        self.call(false, Shared::metadata)
    }
}

impl WriteFile for LocalFile {
    fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool> {
        if !self.is_fast() {
            return Ok(false);
        }
        self.shared.write(offset, data)?;
        Ok(true)
    }

    fn write_at(&self, offset: u64, data: Bytes) -> Wait<'_, ()> {
        self.call(false, move |shared| shared.write(offset, &data))
    }

    fn size(&self) -> u64 {
        self.shared.extent.lock().end()
    }

    fn durable(&self) -> u64 {
        self.shared.extent.lock().gapless()
    }

    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()> {
        let wanted = *attributes;
        let wait = wanted.size.is_some_and(|size| self.size().saturating_sub(size) > BULKY);
        self.call(wait, move |shared| shared.set_attributes(&wanted))
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        self.call(false, Shared::metadata)
    }

    fn sync(&self) -> Wait<'_, ()> {
        self.call(true, |shared| Ok(fsync(&shared.fd)?))
    }

    fn reader(&self) -> Option<&dyn ReadFile> {
        self.shared.readable.then_some(self as &dyn ReadFile)
    }
}
