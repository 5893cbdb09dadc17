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
    /// Bytes per second.
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

    /// Whether a transfer may go on now.
    pub(crate) fn is_ready(&self) -> bool {
        self.wait_time().is_zero()
    }

    /// Takes `bytes` that were moved.
    pub(crate) fn take(&self, bytes: usize) {
        self.state.lock().tokens -= bytes as f64;
    }

    /// Waits until the bucket is positive. Cancelling it takes nothing.
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
        self.state.lock().rate = rate as f64;
    }

    fn wait_time(&self) -> Duration {
        let mut state = self.state.lock();
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
    /// second (1 KB = 1024 bytes); 0 = no limit, no bucket.
    pub(crate) fn get(&self, user: &str, entry: Option<usize>, direction: Direction, kilobytes: u64) -> Option<Arc<Bucket>> {
        let rate = Some(kilobytes).filter(|&rate| rate > 0)?.saturating_mul(1024);
        let mut buckets = self.0.lock();
        buckets.retain(|_, bucket| bucket.strong_count() > 0);
        let slot = buckets.entry((user.to_owned(), entry, direction)).or_default();
        if let Some(bucket) = slot.upgrade() {
            bucket.set_rate(rate);
            return Some(bucket);
        }
        let bucket = Arc::new(Bucket::new(rate));
        *slot = Arc::downgrade(&bucket);
        Some(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-378, ACC-269
    #[tokio::test(start_paused = true)]
    async fn two_transfers_share_one_rate() {
        let buckets = Buckets::default();
        let one = buckets.get("u", None, Direction::Upload, 100).unwrap();
        let two = buckets.get("u", None, Direction::Upload, 100).unwrap();
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
        let general = buckets.get("u", None, Direction::Upload, 1).unwrap();
        general.take(1 << 20);
        assert!(!general.is_ready());
        assert!(buckets.get("u", Some(0), Direction::Upload, 1).unwrap().is_ready());
        assert!(buckets.get("u", None, Direction::Download, 1).unwrap().is_ready());
        assert!(buckets.get("u", None, Direction::Upload, 0).is_none());
    }
}
