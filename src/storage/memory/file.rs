//! Open files of the file-system kind.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Shared,
    faults::{OpenHandle, Operation},
    tree::Inode,
};
use crate::{Attributes, ErrorKind, Metadata, ReadFile, Result, Wait, WriteFile};

/// An open file.
pub(super) struct MemoryFile {
    shared: Arc<Shared>,
    inode: Arc<Inode>,
    readable: bool,
    _open: OpenHandle,
}

impl MemoryFile {
    pub(super) fn new(shared: &Arc<Shared>, inode: Arc<Inode>, readable: bool) -> Self {
        let open = shared.faults.open();
        Self { shared: Arc::clone(shared), inode, readable, _open: open }
    }

    pub(super) fn inode(&self) -> &Arc<Inode> {
        &self.inode
    }

    fn check_readable(&self) -> Result<()> {
        if self.readable { Ok(()) } else { Err(ErrorKind::Unsupported.into()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        if let Some((kept, kind)) = self.shared.faults.take_short_write() {
            self.inode.write(offset, &data[..kept.min(data.len())])?;
            return Err(kind.into());
        }
        let end = offset.saturating_add(data.len() as u64);
        self.shared.reserve(end.saturating_sub(self.inode.size()))?;
        self.inode.write(offset, data)
    }
}

impl ReadFile for MemoryFile {
    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.check_readable()?;
        if self.shared.faults.is_slow(Operation::Read) {
            return Ok(None);
        }
        self.shared.faults.count(Operation::Read)?;
        let data = self.inode.read(offset, buffer.len());
        buffer[..data.len()].copy_from_slice(&data);
        Ok(Some(data.len()))
    }

    fn read_at(&self, offset: u64, length: usize) -> Wait<'_, Bytes> {
        Box::pin(async move {
            self.check_readable()?;
            self.shared.faults.enter(Operation::Read).await?;
            Ok(self.inode.read(offset, length).into())
        })
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Stat).await?;
            Ok(self.inode.metadata())
        })
    }
}

impl WriteFile for MemoryFile {
    fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool> {
        if self.shared.faults.is_slow(Operation::Write) {
            return Ok(false);
        }
        self.shared.faults.count(Operation::Write)?;
        self.write(offset, data)?;
        Ok(true)
    }

    fn write_at(&self, offset: u64, data: Bytes) -> Wait<'_, ()> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Write).await?;
            self.write(offset, &data)
        })
    }

    fn size(&self) -> u64 {
        self.inode.size()
    }

    fn durable(&self) -> u64 {
        self.inode.size()
    }

    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()> {
        let wanted = *attributes;
        Box::pin(async move {
            self.shared.faults.enter(Operation::SetAttributes).await?;
            if let Some(size) = wanted.size {
                self.shared.reserve(size.saturating_sub(self.inode.size()))?;
            }
            self.inode.set_attributes(&wanted)
        })
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        ReadFile::metadata(self)
    }

    fn sync(&self) -> Wait<'_, ()> {
        Box::pin(async move { self.shared.faults.enter(Operation::Sync).await })
    }

    fn reader(&self) -> Option<&dyn ReadFile> {
        self.readable.then_some(self as &dyn ReadFile)
    }
}
