//! How fast bytes moved in the last quarter of an hour, and how fast each transfer moves now.

use std::{collections::VecDeque, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Registry;
use crate::Core;

/// Seconds between two samples.
pub const STEP: u64 = 5;
/// Samples that are kept: a quarter of an hour.
const KEPT: usize = 180;

/// Bytes per second, up and down, the newest last; a sample each [`STEP`] seconds, at most those of a quarter of an hour.
pub type History = Vec<[u64; 2]>;

/// The samples.
#[derive(Default)]
pub(super) struct Rates(Mutex<VecDeque<[u64; 2]>>);

impl Registry {
    /// Takes a sample of what moved in the last `millis` milliseconds.
    pub(crate) fn sample(&self, millis: u64, now: i64) {
        let moved = {
            let mut state = self.state.lock();
            state.resting.retain(|_, (_, until)| *until > now);
            let mut moved = std::mem::take(&mut state.ended_bytes);
            for progress in state.transfers.values().chain(state.resting.values().map(|(progress, _)| progress)) {
                moved[progress.direction.index()] += progress.meter(millis);
            }
            moved
        };
        let mut kept = self.rates.0.lock();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(moved.map(|bytes| bytes.saturating_mul(1000) / millis.max(1)));
    }

    /// The samples that are there.
    pub(crate) fn history(&self) -> History {
        self.rates.0.lock().iter().copied().collect()
    }
}

/// Takes a sample every few seconds.
pub(crate) async fn sample(core: Core) {
    let mut last = Instant::now();
    while core.tasks().rest(Duration::from_secs(STEP)).await {
        let passed = u64::try_from(last.elapsed().as_millis()).unwrap_or(u64::MAX);
        last = Instant::now();
        core.0.registry.sample(passed, core.clock().millis());
    }
}
