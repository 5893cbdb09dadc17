//! The archive as it is sent.

use actix_web::web::{Bytes, BytesMut};
use entrepot_core::{Download, Error, Result, UserFs};
use futures_util::{Stream, stream};

use super::{
    central::{Central, Ending},
    entry::{Entry, Totals},
    packing::Packer,
};
use crate::files::tree::{Found, Tree};

/// Bytes per read.
const CHUNK: usize = 256 << 10;
const LEAST: usize = 4 << 10;
/// Small pieces are sent together, from this size on.
const PIECE: usize = 32 << 10;

/// An archive under way.
pub(super) struct Zip {
    fs: UserFs,
    tree: Tree,
    packer: Packer,
    /// Bytes that were given out, those in `piece` included.
    offset: u64,
    piece: BytesMut,
    file: Option<File>,
    state: State,
}

enum State {
    Entries(Central),
    Ending(Ending),
    Ended,
}

/// A file that is being read.
struct File {
    download: Download,
    next: u64,
    /// Size when it was listed.
    expected: u64,
    is_complete: bool,
    entry: Entry,
}

impl File {
    /// What comes next, and whether that is the end. Whatever size it was listed with, what is there counts.
    async fn read(&mut self) -> Result<(Bytes, bool)> {
        // One more than expected shows the end of it at once.
        let rest = self.expected.saturating_sub(self.next) + 1;
        let length = usize::try_from(rest).unwrap_or(CHUNK).clamp(LEAST, CHUNK);
        let mut buffer = BytesMut::zeroed(length);
        let data = match self.download.try_read_at(self.next, &mut buffer)? {
            Some(count) => {
                buffer.truncate(count);
                buffer.freeze()
            }
            None => self.download.read_at(self.next, length).await?,
        };
        self.next += data.len() as u64;
        self.is_complete = data.len() < length;
        Ok((data, self.is_complete))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if !self.is_complete {
            self.download.break_off();
        }
    }
}

impl Zip {
    pub(super) fn new(fs: UserFs, tree: Tree) -> Self {
        let packer = Packer::new(fs.tasks().processor().clone());
        let state = State::Entries(Central::new());
        Self { fs, tree, packer, offset: 0, piece: BytesMut::new(), file: None, state }
    }

    /// Its bytes. An error ends them.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes>> {
        stream::unfold(Some(self), async |zip| {
            let mut zip = zip?;
            match zip.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(zip))),
                Ok(None) => None,
                Err(error) => {
                    tracing::info!(username = zip.fs.username(), %error, "a zip broke off");
                    Some((Err(error), None))
                }
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Entries(_) => {
                    self.step().await?;
                    let is_done = !matches!(self.state, State::Entries(_));
                    if self.piece.len() >= PIECE || (is_done && !self.piece.is_empty()) {
                        return Ok(Some(self.piece.split().freeze()));
                    }
                }
                State::Ending(ending) => match ending.next()? {
                    Some(piece) => return Ok(Some(piece)),
                    None => self.state = State::Ended,
                },
                State::Ended => return Ok(None),
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.piece.extend_from_slice(bytes);
    }

    /// A piece of the open file, the next entry, or the end of the entries.
    async fn step(&mut self) -> Result<()> {
        if self.file.is_some() {
            return self.read_on().await;
        }
        match self.tree.next().await? {
            Some(found) => self.begin(&found).await,
            None => {
                if let State::Entries(central) = std::mem::replace(&mut self.state, State::Ended) {
                    self.state = State::Ending(central.finish(self.offset)?);
                }
                Ok(())
            }
        }
    }

    async fn begin(&mut self, found: &Found) -> Result<()> {
        let Some(entry) = Entry::new(found, self.offset) else { return Err(Error::TooLarge) };
        if found.metadata.is_directory() {
            self.put(&entry.local());
            return self.note(&entry, &Totals::default());
        }
        let download = match self.fs.open_read(&found.path).await {
            Ok(download) => download,
            // It went since it was listed.
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.put(&entry.local());
        self.packer.begin(&found.name);
        self.file = Some(File { download, next: 0, expected: found.metadata.size, is_complete: false, entry });
        Ok(())
    }

    async fn read_on(&mut self) -> Result<()> {
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let (data, is_last) = file.read().await?;
        let packed = self.packer.pack(data, is_last).await?;
        let totals = self.packer.totals();
        if totals.size.max(totals.packed) > file.entry.limit() {
            return Err(Error::TooLarge);
        }
        self.put(&packed);
        if is_last && let Some(file) = self.file.take() {
            self.put(&file.entry.descriptor(&totals));
            self.note(&file.entry, &totals)?;
        }
        Ok(())
    }

    fn note(&mut self, entry: &Entry, totals: &Totals) -> Result<()> {
        match &mut self.state {
            State::Entries(central) => central.add(&entry.central(totals)),
            State::Ending(_) | State::Ended => Ok(()),
        }
    }
}
