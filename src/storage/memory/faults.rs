//! What goes wrong, and what was counted.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use crate::{ErrorKind, Result};

/// Kinds of calls that can be made to fail or to take time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the method of that name
pub enum Operation {
    CheckRoot,
    Stat,
    List,
    /// The next entries of an open listing.
    ListNext,
    OpenRead,
    Read,
    Stage,
    /// `partial` and `discard_partial`.
    Partial,
    OpenInPlace,
    Write,
    /// Attributes, by path or by handle.
    SetAttributes,
    Sync,
    Commit,
    /// What a commit does when the file has its name.
    Named,
    Abandon,
    CreateDirectory,
    /// Files and directories.
    Remove,
    Rename,
    Copy,
    Space,
}

/// Faults of a storage in memory, changed while it is used. Clones share the same plan.
#[derive(Clone, Default)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    calls: HashMap<Operation, u64>,
    /// Errors by the number of the call, counted from the first one ever.
    once: HashMap<Operation, BTreeMap<u64, ErrorKind>>,
    always: HashMap<Operation, ErrorKind>,
    delays: HashMap<Operation, Duration>,
    short_write: Option<(usize, ErrorKind)>,
    capacity: Option<u64>,
    open: usize,
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan").finish_non_exhaustive()
    }
}

impl FaultPlan {
    /// The `nth` call from now on (1 = the next) fails.
    pub fn fail(&self, operation: Operation, nth: u64, kind: ErrorKind) {
        let mut state = self.state.lock();
        let number = state.calls.get(&operation).copied().unwrap_or(0) + nth.max(1);
        state.once.entry(operation).or_default().insert(number, kind);
    }

    /// All calls fail from now on.
    pub fn fail_always(&self, operation: Operation, kind: ErrorKind) {
        self.state.lock().always.insert(operation, kind);
    }

    /// Calls take `delay` (of tokio's clock) from now on; those that never wait refuse instead.
    pub fn delay(&self, operation: Operation, delay: Duration) {
        self.state.lock().delays.insert(operation, delay);
    }

    /// The next write stores `kept` bytes of its data, then fails.
    pub fn short_write(&self, kept: usize, kind: ErrorKind) {
        self.state.lock().short_write = Some((kept, kind));
    }

    /// The storage is full at `bytes`, unfinished uploads included.
    pub fn set_capacity(&self, bytes: u64) {
        self.state.lock().capacity = Some(bytes);
    }

    /// Ends all faults; counters stay.
    pub fn clear(&self) {
        let mut state = self.state.lock();
        *state = State { calls: std::mem::take(&mut state.calls), open: state.open, ..State::default() };
    }

    /// Calls of that kind so far, failed ones included.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.state.lock().calls.get(&operation).copied().unwrap_or(0)
    }

    /// Files and uploads that are open now.
    pub fn open_handles(&self) -> usize {
        self.state.lock().open
    }

    pub(super) fn has_delays(&self) -> bool {
        !self.state.lock().delays.is_empty()
    }

    pub(super) fn capacity(&self) -> Option<u64> {
        self.state.lock().capacity
    }

    pub(super) fn is_slow(&self, operation: Operation) -> bool {
        self.state.lock().delays.contains_key(&operation)
    }

    pub(super) fn take_short_write(&self) -> Option<(usize, ErrorKind)> {
        self.state.lock().short_write.take()
    }

    /// Counts a call and fails it if that is the plan.
    pub(super) fn count(&self, operation: Operation) -> Result<()> {
        let mut state = self.state.lock();
        let number = state.calls.entry(operation).or_default();
        *number += 1;
        let number = *number;
        let once = state.once.get_mut(&operation).and_then(|planned| planned.remove(&number));
        once.or_else(|| state.always.get(&operation).copied()).map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Waits as planned, then counts.
    pub(super) async fn enter(&self, operation: Operation) -> Result<()> {
        let delay = self.state.lock().delays.get(&operation).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        self.count(operation)
    }

    pub(super) fn open(&self) -> OpenHandle {
        self.state.lock().open += 1;
        OpenHandle(self.clone())
    }
}

/// Counts a file as open for as long as it lives.
pub(super) struct OpenHandle(FaultPlan);

impl Drop for OpenHandle {
    fn drop(&mut self) {
        self.0.state.lock().open -= 1;
    }
}
