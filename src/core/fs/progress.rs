//! How far an operation on many entries is, and the way to stop it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use entrepot_model::VirtualPath;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// What is done of an operation. Clones speak of the same operation.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    entries: AtomicU64,
    bytes: AtomicU64,
    cancelled: CancellationToken,
    stopped_at: Mutex<Option<VirtualPath>>,
}

impl Progress {
    /// Entries that are done.
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }

    /// Bytes that were copied.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// The entry that it could not go on at.
    pub fn stopped_at(&self) -> Option<VirtualPath> {
        self.0.stopped_at.lock().clone()
    }

    /// Ends the operation at the next entry.
    pub fn cancel(&self) {
        self.0.cancelled.cancel();
    }

    /// Whether it was told to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.is_cancelled()
    }

    /// Ends the operation when the answer is dropped: for callers that may go away.
    pub fn cancel_on_drop(&self) -> impl Drop + use<> {
        self.0.cancelled.clone().drop_guard()
    }

    /// Asked before each step.
    ///
    /// # Errors
    /// `Cancelled` once it was told to end.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Notes at which entry it ends: a deep one says more than the directory that the operation is about.
    pub(super) fn stops_at(&self, path: &VirtualPath) {
        self.0.stopped_at.lock().get_or_insert_with(|| path.clone());
    }

    pub(crate) fn add_entry(&self) {
        self.0.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.0.bytes.fetch_add(count, Ordering::Relaxed);
    }
}
