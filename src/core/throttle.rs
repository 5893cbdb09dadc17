//! Bandwidth: one bucket per account, direction and source override, shared by all its transfers (ACC-269, ACC-367, ACC-368).

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::session::Direction;

/// A token bucket that may go into debt: who finds it positive goes on, who finds it empty waits. So pieces larger than
/// the bucket pass, and the rate holds in the mean.
#[derive(Debug)]
pub(crate) struct Bucket {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Bytes per second; 0 is no limit.
    rate: f64,
    tokens: f64,
    filled: Instant,
}

/// A quarter of a second's worth may come at once.
const BURST: f64 = 0.25;

impl Bucket {
    fn new(rate: u64) -> Self {
        let rate = rate as f64;
        Self { state: Mutex::new(State { rate, tokens: rate * BURST, filled: Instant::now() }) }
    }

    /// A bucket of nobody, without a limit.
    pub(crate) fn unlimited() -> Self {
        Self::new(0)
    }

    /// Whether a transfer may go on now.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.wait_time().is_zero()
    }

    /// Whether a rate holds at all.
    pub(crate) fn is_limited(&self) -> bool {
        self.state.lock().rate > 0.0
    }

    /// KB (1024 bytes) a second; 0 = no limit.
    pub(crate) fn kilobytes(&self) -> u64 {
        (self.state.lock().rate / 1024.0) as u64
    }

    /// A bucket with that many KB (1024 bytes) a second, for one session alone.
    pub(crate) fn of(kilobytes: u64) -> Self {
        Self::new(kilobytes.saturating_mul(1024))
    }

    /// Takes `bytes` that were moved.
    pub(crate) fn take(&self, bytes: usize) {
        let mut state = self.state.lock();
        if state.rate > 0.0 {
            state.tokens -= bytes as f64;
        }
    }

    /// Waits until the bucket is positive. Cancelling it takes nothing.
    #[cfg(test)]
    pub(crate) async fn wait(&self) {
        loop {
            let wait = self.wait_time();
            if wait.is_zero() {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn set_rate(&self, rate: u64) {
        let mut state = self.state.lock();
        if state.rate == 0.0 {
            (state.tokens, state.filled) = (rate as f64 * BURST, Instant::now());
        }
        state.rate = rate as f64;
    }

    /// How long to wait before looking again, at most a second.
    pub(crate) fn wait_time(&self) -> Duration {
        let mut state = self.state.lock();
        if state.rate <= 0.0 {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let gained = now.duration_since(state.filled).as_secs_f64() * state.rate;
        state.tokens = (state.tokens + gained).min(state.rate * BURST);
        state.filled = now;
        if state.tokens > 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64((1.0 - state.tokens) / state.rate).clamp(Duration::from_millis(1), Duration::from_secs(1))
        }
    }
}

type Key = (String, Option<usize>, Direction);

/// The buckets in use; each lives as long as a session of its account.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<Key, Weak<Bucket>>>);

impl Buckets {
    /// The bucket of an account. `entry` is the index of the source override that applies, `kilobytes` the rate per
    /// second (1 KB = 1024 bytes), which holds for all who have the bucket from now on; 0 = no limit.
    pub(crate) fn get(&self, user: &str, entry: Option<usize>, direction: Direction, kilobytes: u64) -> Arc<Bucket> {
        let rate = kilobytes.saturating_mul(1024);
        let mut buckets = self.0.lock();
        buckets.retain(|_, bucket| bucket.strong_count() > 0);
        let slot = buckets.entry((user.to_owned(), entry, direction)).or_default();
        if let Some(bucket) = slot.upgrade() {
            bucket.set_rate(rate);
            return bucket;
        }
        let bucket = Arc::new(Bucket::new(rate));
        *slot = Arc::downgrade(&bucket);
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-378, ACC-269
    #[tokio::test(start_paused = true)]
    async fn two_transfers_share_one_rate() {
        let buckets = Buckets::default();
        let one = buckets.get("u", None, Direction::Upload, 100);
        let two = buckets.get("u", None, Direction::Upload, 100);
        let start = Instant::now();
        let mut moved = 0;
        while start.elapsed() < Duration::from_secs(10) {
            for bucket in [&one, &two] {
                bucket.wait().await;
                bucket.take(32 * 1024);
                moved += 32 * 1024;
            }
        }
        let rate = moved as f64 / start.elapsed().as_secs_f64() / 1024.0;
        assert!((90.0..115.0).contains(&rate), "{rate}");
    }

    // ACC-368
    #[test]
    fn override_and_direction_have_buckets_of_their_own() {
        let buckets = Buckets::default();
        let general = buckets.get("u", None, Direction::Upload, 1);
        general.take(1 << 20);
        assert!(!general.is_ready());
        assert!(buckets.get("u", Some(0), Direction::Upload, 1).is_ready());
        assert!(buckets.get("u", None, Direction::Download, 1).is_ready());
        buckets.get("u", None, Direction::Upload, 0);
        assert!(general.is_ready() && !general.is_limited(), "a limit that is taken away holds nobody back");
        general.take(1 << 20);
        buckets.get("u", None, Direction::Upload, 1);
        assert!(general.is_ready() && general.is_limited(), "what was moved without a limit is no debt");
    }
}
