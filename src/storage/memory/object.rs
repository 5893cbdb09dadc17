//! Uploads of the object-store kind: front to back, whole parts durable, visible when complete.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{
    Shared,
    faults::{OpenHandle, Operation},
    tree::LARGEST,
};
use crate::{
    Attributes, CommitOptions, Error, ErrorKind, FileKind, Metadata, Owner, Partial, ReadFile, Result, StageOptions, StagedFile,
    VirtualPath, Wait, WriteFile,
};

/// Bytes that may wait for those before them.
const WINDOW: u64 = 4 << 20;

/// Unfinished uploads that the storage keeps, by their ids.
#[derive(Default)]
pub(super) struct Uploads {
    kept: Mutex<BTreeMap<String, Kept>>,
}

struct Kept {
    data: Vec<u8>,
    part_size: u64,
}

impl Uploads {
    pub(super) fn used(&self) -> u64 {
        self.kept.lock().values().map(|kept| kept.data.len() as u64).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.lock().len()
    }

    pub(super) fn remove(&self, id: &str) {
        self.kept.lock().remove(id);
    }

    /// What is kept of an upload; only the token that was given for it finds it.
    pub(super) fn partial(&self, id: &str, token: &[u8]) -> Option<Partial> {
        let kept = self.kept.lock();
        let found = kept.get(id)?;
        let durable = found.data.len() as u64;
        let expected = make_token(id, durable / found.part_size);
        (expected == token).then_some(Partial { durable, token: expected })
    }
}

fn make_token(id: &str, parts: u64) -> Vec<u8> {
    format!("{id}:{parts}").into_bytes()
}

/// An upload to an object store.
pub(super) struct ObjectUpload {
    shared: Arc<Shared>,
    id: String,
    part_size: u64,
    resumable: bool,
    state: Mutex<State>,
    _open: OpenHandle,
}

#[derive(Default)]
struct State {
    data: Vec<u8>,
    /// Data beyond the next offset.
    waiting: BTreeMap<u64, Bytes>,
    ended: bool,
    failed: bool,
}

impl State {
    fn next(&self) -> u64 {
        self.data.len() as u64
    }

    fn end(&self) -> u64 {
        self.waiting.iter().map(|(offset, data)| offset + data.len() as u64).max().unwrap_or(0).max(self.next())
    }

    fn drain(&mut self) {
        while let Some(data) = self.waiting.remove(&self.next()) {
            self.data.extend_from_slice(&data);
        }
    }
}

impl ObjectUpload {
    pub(super) fn begin(
        shared: &Arc<Shared>,
        part_size: u64,
        resumable: bool,
        options: &StageOptions,
        data: Option<Vec<u8>>,
    ) -> Result<Self> {
        if options.readable {
            return Err(ErrorKind::Unsupported.into());
        }
        let data = match &options.resume {
            None => data.unwrap_or_default(),
            Some(partial) if resumable => {
                shared.uploads.partial(&options.id, &partial.token).ok_or(ErrorKind::NotFound)?;
                shared.uploads.kept.lock().get(&options.id).map(|kept| kept.data.clone()).unwrap_or_default()
            }
            Some(_) => return Err(ErrorKind::Unsupported.into()),
        };
        let state = Mutex::new(State { data, ..State::default() });
        let (id, open) = (options.id.clone(), shared.faults.open());
        Ok(Self { shared: Arc::clone(shared), id, part_size: part_size.max(1), resumable, state, _open: open })
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state.lock();
        let result = self.accept(&mut state, offset, data);
        // A stream that lost bytes cannot be completed any more.
        state.failed |= result.is_err();
        result
    }

    fn accept(&self, state: &mut State, offset: u64, data: &[u8]) -> Result<()> {
        if let Some((kept, kind)) = self.shared.faults.take_short_write() {
            if offset == state.next() {
                state.data.extend_from_slice(&data[..kept.min(data.len())]);
            }
            return Err(kind.into());
        }
        let end = offset.saturating_add(data.len() as u64);
        if end > LARGEST {
            return Err(ErrorKind::TooLarge.into());
        }
        self.shared.reserve(state.end().max(end))?;
        if offset < state.next() || end - state.next() > WINDOW.max(data.len() as u64) || state.waiting.contains_key(&offset) {
            return Err(Error::new(ErrorKind::Unsupported, "this storage is written front to back"));
        }
        if offset == state.next() {
            state.data.extend_from_slice(data);
            state.drain();
        } else {
            state.waiting.insert(offset, Bytes::copy_from_slice(data));
        }
        Ok(())
    }

    fn whole_parts(&self, state: &State) -> u64 {
        if self.resumable { state.next() / self.part_size * self.part_size } else { 0 }
    }
}

impl WriteFile for ObjectUpload {
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
        self.state.lock().end()
    }

    fn durable(&self) -> u64 {
        self.whole_parts(&self.state.lock())
    }

    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()> {
        // SFTP-029: a size of 0 before any data changes nothing.
        let empty = attributes.size == Some(0) && self.size() == 0;
        let only_size = Attributes { size: None, ..*attributes } == Attributes::default();
        let nothing = *attributes == Attributes::default() || (empty && only_size);
        Box::pin(async move { if nothing { Ok(()) } else { Err(ErrorKind::Unsupported.into()) } })
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        Box::pin(
            async move { Ok(Metadata { kind: FileKind::File, size: self.size(), mode: 0o644, ..Metadata::virtual_directory() }) },
        )
    }

    fn sync(&self) -> Wait<'_, ()> {
        Box::pin(async move { self.shared.faults.enter(Operation::Sync).await })
    }

    fn reader(&self) -> Option<&dyn ReadFile> {
        None
    }
}

impl StagedFile for ObjectUpload {
    fn commit<'a>(&'a self, target: &'a VirtualPath, options: CommitOptions) -> Wait<'a, Metadata> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Commit).await?;
            let mut state = self.state.lock();
            if state.ended {
                return Err(ErrorKind::Unsupported.into());
            }
            // SFTP-022: a gap that was never closed makes the end fail.
            if !state.waiting.is_empty() || state.failed {
                return Err(Error::new(ErrorKind::Corrupt, "bytes are missing in the upload"));
            }
            let mut tree = self.shared.tree.lock();
            let inode = tree.inode(false, state.data.clone(), Owner::default(), 0o644);
            tree.publish(target.as_bytes(), Arc::clone(&inode), options.replace)?;
            drop(tree);
            state.ended = true;
            state.data = Vec::new();
            self.shared.uploads.remove(&self.id);
            Ok(inode.metadata())
        })
    }

    fn abandon(&self, keep: bool) -> Wait<'_, Option<Partial>> {
        Box::pin(async move {
            self.shared.faults.enter(Operation::Abandon).await?;
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.ended, true) {
                return Ok(None);
            }
            let durable = self.whole_parts(&state);
            self.shared.uploads.remove(&self.id);
            if !keep || durable == 0 {
                return Ok(None);
            }
            let mut data = std::mem::take(&mut state.data);
            data.truncate(usize::try_from(durable).unwrap_or(usize::MAX));
            self.shared.uploads.kept.lock().insert(self.id.clone(), Kept { data, part_size: self.part_size });
            Ok(Some(Partial { durable, token: make_token(&self.id, durable / self.part_size) }))
        })
    }
}
