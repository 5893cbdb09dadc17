//! Listing a directory in pieces: a buffer of names, and metadata for as many entries as were asked for.
//!
//! On a fast file system the first piece is read in place, so that small directories need no other thread; of larger ones
//! the next piece is read in the pool while the caller works on the last.

use std::{collections::VecDeque, mem};

use rustix::{
    fd::OwnedFd,
    fs::{AtFlags, FileType, RawDir, statat},
    io::Errno,
};

use super::{HIDDEN_PREFIX, Held};
use crate::{
    DirectoryEntry, DirectoryStream, Metadata, Pool, Result, Wait,
    pool::Started,
    system::{kind_of, metadata},
};

/// Bytes of raw entries read at once: about a thousand names.
const BUFFER: usize = 32 << 10;
/// Entries that are read where nothing may wait.
const INLINE: usize = 256;
/// Most entries of one piece, whatever was asked for.
const MOST: usize = 4096;

/// A directory being listed.
pub(super) struct Listing {
    state: State,
    pool: Pool,
    /// Entries of a piece that was larger than what is asked for now.
    left: VecDeque<DirectoryEntry>,
}

enum State {
    /// Nothing was read yet; `true` = the first piece may be read in place.
    Fresh(Cursor, bool),
    /// The next piece is being read.
    Ahead(Started<(Cursor, Result<Vec<DirectoryEntry>>)>),
    /// All was read, or an error ended it.
    Ended,
}

/// Where the reading of the directory stands.
struct Cursor {
    fd: OwnedFd,
    buffer: Vec<u8>,
    names: VecDeque<(Vec<u8>, FileType)>,
    ended: bool,
}

impl Listing {
    /// Lists the open directory `fd`.
    pub(super) fn new(fd: OwnedFd, root: &Held, pool: &Pool) -> Self {
        let identity = rustix::fs::fstat(&fd).ok().and_then(|stat| metadata(&stat).identity);
        let fast = root.class_of(&fd, identity).is_fast();
        let cursor = Cursor { fd, buffer: Vec::new(), names: VecDeque::new(), ended: false };
        Self { state: State::Fresh(cursor, fast), pool: pool.clone(), left: VecDeque::new() }
    }

    fn read_ahead(&self, mut cursor: Cursor, limit: usize) -> State {
        if cursor.is_exhausted() {
            return State::Ended;
        }
        State::Ahead(self.pool.start(move || {
            let piece = cursor.piece(limit);
            (cursor, piece)
        }))
    }

    async fn advance(&mut self, limit: usize) -> Result<Vec<DirectoryEntry>> {
        let (cursor, piece) = match &mut self.state {
            State::Ended => return Ok(Vec::new()),
            State::Ahead(started) => {
                let answer = started.await;
                self.state = State::Ended;
                answer?
            }
            State::Fresh(_, fast) => {
                let fast = *fast;
                let State::Fresh(mut cursor, _) = mem::replace(&mut self.state, State::Ended) else {
                    return Ok(Vec::new());
                };
                if !fast {
                    self.state = self.read_ahead(cursor, limit);
                    return Box::pin(self.advance(limit)).await;
                }
                let piece = cursor.piece(limit.min(INLINE));
                (cursor, piece)
            }
        };
        let piece = piece?;
        self.state = self.read_ahead(cursor, limit);
        Ok(piece)
    }
}

impl DirectoryStream for Listing {
    fn next(&mut self, limit: usize) -> Wait<'_, Vec<DirectoryEntry>> {
        Box::pin(async move {
            let limit = limit.clamp(1, MOST);
            if self.left.is_empty() {
                let piece = self.advance(limit).await?;
                if piece.len() <= limit {
                    return Ok(piece);
                }
                self.left = piece.into();
            }
            let count = limit.min(self.left.len());
            Ok(self.left.drain(..count).collect())
        })
    }
}

impl Cursor {
    fn is_exhausted(&self) -> bool {
        self.ended && self.names.is_empty()
    }

    /// The next `limit` entries; fewer only at the end.
    fn piece(&mut self, limit: usize) -> Result<Vec<DirectoryEntry>> {
        let mut entries = Vec::with_capacity(limit.min(INLINE));
        while entries.len() < limit {
            let Some((name, kind)) = self.names.pop_front() else {
                if self.ended {
                    break;
                }
                self.refill()?;
                continue;
            };
            let found = match statat(&self.fd, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => metadata(&stat),
                // Removed since its name was read.
                Err(Errno::NOENT) => continue,
                // One entry that cannot be asked (a dead mount) must not hide all the others.
                Err(_) => Metadata { kind: kind_of(kind), mode: 0, ..Metadata::virtual_directory() },
            };
            entries.push(DirectoryEntry { name, metadata: found });
        }
        if self.names.is_empty() && !self.ended {
            self.refill()?;
        }
        Ok(entries)
    }

    /// Reads names until the buffer was used up once.
    fn refill(&mut self) -> Result<()> {
        self.buffer.clear();
        self.buffer.reserve_exact(BUFFER);
        let mut entries = RawDir::new(&self.fd, self.buffer.spare_capacity_mut());
        loop {
            let Some(entry) = entries.next() else {
                self.ended = true;
                break;
            };
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." && !name.starts_with(HIDDEN_PREFIX.as_bytes()) {
                self.names.push_back((name.to_vec(), entry.file_type()));
            }
            if entries.is_buffer_empty() {
                break;
            }
        }
        if self.ended {
            self.buffer = Vec::new();
        }
        Ok(())
    }
}
