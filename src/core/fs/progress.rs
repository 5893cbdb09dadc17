//! How far an operation on many entries is, and the way to stop it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

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

    pub(crate) fn add_entry(&self) {
        self.0.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.0.bytes.fetch_add(count, Ordering::Relaxed);
    }
}
