//! SHA-256 of files: computed when somebody asks, or while they are uploaded, and known from then on until the file changes
//! (API-139).

use bytes::Bytes;
use entrepot_model::VirtualPath;
use entrepot_storage::Metadata;
use entrepot_store::FileState;

use super::{HashAlgorithm, Hasher, UserFs};
use crate::{
    error::{Error, Result},
    place::Place,
    session::SessionState,
    transfer::Download,
};

/// SHA-256 of a file.
pub type Sha256 = [u8; 32];

/// Bytes per read.
const CHUNK: usize = 1 << 20;
/// A checksum is forgotten after so many milliseconds: 400 days.
const REMEMBERED: i64 = 400 * 24 * 60 * 60 * 1000;
/// A file that changed less than so many seconds ago could change again without another time.
const SETTLED: i64 = 2;

impl UserFs {
    /// The SHA-256 of a file. Unless it is known, the whole file is read: that is a download, with its permission, its limits
    /// and its record.
    ///
    /// # Errors
    /// As [`UserFs::open_read`]; `IsDirectory` for a directory.
    pub async fn checksum(&self, path: &VirtualPath) -> Result<Sha256> {
        let found = self.stat_download(path).await?;
        if found.is_directory() {
            return Err(Error::IsDirectory);
        }
        if let Some(known) = self.known_checksum(path, &found).await {
            return Ok(known);
        }
        let download = self.open_read(path).await?;
        let before = download.metadata().await?;
        let computed = match self.compute(&download).await {
            Ok(computed) => computed,
            Err(error) => {
                download.break_off();
                return Err(error);
            }
        };
        let after = download.metadata().await?;
        self.remember(path, &before, &after, computed).await;
        Ok(computed)
    }

    /// The SHA-256 of the file at `path`, if it was computed in the state that `found` shows. A fault of the database is as if
    /// it was not known.
    pub async fn known_checksum(&self, path: &VirtualPath, found: &Metadata) -> Option<Sha256> {
        let state = state_of(&self.0, &self.place(path), found)?;
        let known = self.0.core.0.store.checksums().get(state).await;
        known.inspect_err(|error| tracing::warn!(%error, "a checksum cannot be looked up")).ok().flatten()
    }

    async fn compute(&self, download: &Download) -> Result<Sha256> {
        let mut hasher = Hasher::new(HashAlgorithm::Sha256);
        let mut offset = 0;
        loop {
            let data: Bytes = download.read_at(offset, CHUNK).await?;
            if data.is_empty() {
                return hasher.finish().try_into().map_err(|_| Error::internal("a checksum", "of another length"));
            }
            offset += data.len() as u64;
            let job = self.tasks().processor().run(move || {
                hasher.update(&data);
                hasher
            });
            hasher = job.await.map_err(|error| Error::internal("a checksum", error))?;
        }
    }

    /// Only of what did not change while it was read, and did not just before.
    async fn remember(&self, path: &VirtualPath, before: &Metadata, after: &Metadata, computed: Sha256) {
        let place = self.place(path);
        let (state, core) = (state_of(&self.0, &place, after), &self.0.core);
        let now = core.clock().millis();
        let is_settled = after.modified.max(after.changed).seconds + SETTLED <= now / 1000;
        let is_same = state_of(&self.0, &place, before) == state;
        let Some(state) = state.filter(|_| is_settled && is_same) else { return };
        if let Err(error) = core.0.store.checksums().put(state, computed, now, now - REMEMBERED).await {
            tracing::warn!(%error, "a checksum cannot be remembered");
        }
    }
}

fn state_of(session: &SessionState, place: &Place, found: &Metadata) -> Option<FileState> {
    let identity = found.identity.filter(|_| found.is_file())?;
    Some(FileState {
        provider: session.account.door.origin(place.storage).provider,
        device: identity.device,
        inode: identity.inode,
        size: found.size,
        seconds: found.modified.seconds,
        nanoseconds: found.modified.nanoseconds,
        changed_seconds: found.changed.seconds,
        changed_nanoseconds: found.changed.nanoseconds,
    })
}

/// Remembers the checksum of a file that has just got its name, without waiting. Nobody else had it before that.
pub(crate) fn remember_uploaded(session: &SessionState, place: &Place, found: &Metadata, computed: Sha256) {
    let Some(state) = state_of(session, place, found) else { return };
    let now = session.core.clock().millis();
    if let Err(error) = session.core.0.store.checksums().submit(state, computed, now, now - REMEMBERED) {
        tracing::warn!(%error, "a checksum cannot be remembered");
    }
}
