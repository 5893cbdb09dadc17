//! Uploads of the file-system kind: a hidden name beside the target.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{MemoryFile, Shared, faults::Operation};
use crate::{
    Attributes, CommitOptions, ErrorKind, Metadata, Partial, ReadFile, Result, StageOptions, StagedFile, VirtualPath, Wait,
    WriteFile, local::HIDDEN_PREFIX, system::split,
};

/// An upload under its hidden name.
pub(super) struct MemoryStaged {
    shared: Arc<Shared>,
    file: MemoryFile,
    ended: Mutex<bool>,
}

/// Path of the hidden file of an upload.
pub(super) fn hidden_path(target: &VirtualPath, id: &str) -> Result<Vec<u8>> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(ErrorKind::Unsupported.into());
    }
    let (parent, _) = split(target.as_bytes()).ok_or(ErrorKind::IsDirectory)?;
    let parent = if parent == b"/" { &b""[..] } else { parent };
    Ok([parent, b"/", HIDDEN_PREFIX.as_bytes(), id.as_bytes()].concat())
}

impl MemoryStaged {
    pub(super) fn begin(
        shared: &Arc<Shared>,
        target: &VirtualPath,
        options: &StageOptions,
        data: Option<Vec<u8>>,
    ) -> Result<Self> {
        let hidden = hidden_path(target, &options.id)?;
        let mut tree = shared.tree.lock();
        let inode = match &options.resume {
            None => {
                let mode = options.mode.unwrap_or(0o666 & !options.umask.unwrap_or(0o022));
                let inode = tree.inode(false, data.unwrap_or_default(), options.owner, mode);
                tree.add(&hidden, Arc::clone(&inode))?;
                inode
            }
            Some(partial) => {
                let inode = tree.file(&hidden)?;
                if inode.size() < partial.durable {
                    return Err(ErrorKind::Corrupt.into());
                }
                inode.set_attributes(&Attributes { size: Some(partial.durable), ..Attributes::default() })?;
                inode
            }
        };
        drop(tree);
        let file = MemoryFile::new(shared, inode, options.readable);
        Ok(Self { shared: Arc::clone(shared), file, ended: Mutex::new(false) })
    }
}

impl WriteFile for MemoryStaged {
    fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool> {
        self.file.try_write_at(offset, data)
    }

    fn write_at(&self, offset: u64, data: Bytes) -> Wait<'_, ()> {
        self.file.write_at(offset, data)
    }

    fn size(&self) -> u64 {
        self.file.size()
    }

    fn durable(&self) -> u64 {
        self.file.durable()
    }

    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()> {
        self.file.set_attributes(attributes)
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        WriteFile::metadata(&self.file)
    }

    fn sync(&self) -> Wait<'_, ()> {
        self.file.sync()
    }

    fn reader(&self) -> Option<&dyn ReadFile> {
        self.file.reader()
    }
}

impl StagedFile for MemoryStaged {
    fn commit<'a>(&'a self, target: &'a VirtualPath, options: CommitOptions) -> Wait<'a, Metadata> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Commit).await?;
            let mut ended = self.ended.lock();
            if *ended {
                return Err(ErrorKind::Unsupported.into());
            }
            let mut tree = self.shared.tree.lock();
            tree.publish(target.as_bytes(), Arc::clone(self.file.inode()), options.replace)?;
            tree.forget_hidden(self.file.inode());
            *ended = true;
            self.shared.faults.count(Operation::Named)?;
            Ok(self.file.inode().metadata())
        })
    }

    fn abandon(&self, keep: bool) -> Wait<'_, Option<Partial>> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Abandon).await?;
            if std::mem::replace(&mut *self.ended.lock(), true) {
                return Ok(None);
            }
            let durable = self.file.size();
            if keep && durable > 0 {
                return Ok(Some(Partial { durable, token: Vec::new() }));
            }
            self.shared.tree.lock().forget_hidden(self.file.inode());
            Ok(None)
        })
    }
}
