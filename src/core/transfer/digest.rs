//! The SHA-256 of an upload, computed while it arrives, where the settings of its storage ask for that.
//!
//! It needs every byte once and in order. Clients that write otherwise get no checksum here: it is computed when somebody asks
//! for it. Between the requests of an upload in several it waits in memory; a restart forgets it.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{
    fs::{HashAlgorithm, Hasher, Sha256},
    place::Place,
    session::SessionState,
};

/// What has been taken in so far.
struct Running {
    hasher: Hasher,
    size: u64,
}

/// The checksum of one upload.
#[derive(Default)]
pub(crate) struct Digest(Option<Mutex<Option<Running>>>);

impl Digest {
    /// That of an upload that begins, or goes on with what `id` left at `size`.
    pub(crate) fn of(session: &SessionState, place: &Place, id: &str, size: u64) -> Self {
        if !session.account.user.checksums_uploads(place.storage.0.checked_sub(1)) {
            return Self::default();
        }
        let waiting = session.core.0.digests.take(id);
        let running = match size {
            0 => Some(Running { hasher: Hasher::new(HashAlgorithm::Sha256), size: 0 }),
            _ => waiting.filter(|waiting| waiting.size == size),
        };
        Self(running.map(|running| Mutex::new(Some(running))))
    }

    /// Takes in what is written.
    pub(crate) fn take(&self, offset: u64, data: &[u8]) {
        let Some(running) = &self.0 else { return };
        let mut running = running.lock();
        match running.as_mut() {
            Some(known) if known.size == offset => {
                known.hasher.update(data);
                known.size += data.len() as u64;
            }
            _ => *running = None,
        }
    }

    /// The file gets this size in another way than by being written.
    pub(crate) fn resize(&self, size: u64) {
        if let Some(running) = &self.0 {
            running.lock().take_if(|running| running.size != size);
        }
    }

    /// The checksum, if that of all `size` bytes is known.
    pub(crate) fn finish(&self, size: u64) -> Option<Sha256> {
        self.end(size)?.hasher.finish().try_into().ok()
    }

    fn end(&self, size: u64) -> Option<Running> {
        self.0.as_ref()?.lock().take().filter(|running| running.size == size)
    }
}

/// Checksums of uploads that will be gone on with, by the ids of the uploads.
#[derive(Default)]
pub(crate) struct WaitingDigests(Mutex<HashMap<String, Running>>);

impl WaitingDigests {
    /// So many wait; one more takes the place of any other.
    const MOST: usize = 4096;

    /// The upload ends at `size` for now.
    pub(crate) fn wait(&self, id: &str, digest: &Digest, size: u64) {
        let Some(running) = digest.end(size) else { return };
        let mut waiting = self.0.lock();
        if waiting.len() >= Self::MOST {
            let any = waiting.keys().next().cloned().unwrap_or_default();
            waiting.remove(&any);
        }
        waiting.insert(id.to_owned(), running);
    }

    fn take(&self, id: &str) -> Option<Running> {
        self.0.lock().remove(id)
    }
}
