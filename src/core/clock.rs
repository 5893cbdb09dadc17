//! Time, so that tests can jump.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// The source of wall-clock time.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since the Unix epoch.
    fn nanos(&self) -> i64;

    /// Milliseconds since the Unix epoch: the unit of stored objects.
    fn millis(&self) -> i64 {
        self.nanos() / 1_000_000
    }

    /// Seconds since the Unix epoch.
    fn seconds(&self) -> i64 {
        self.nanos() / 1_000_000_000
    }
}

/// The clock of the operating system.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn nanos(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still until it is told.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at `millis` since the epoch.
    pub fn at_millis(millis: i64) -> Self {
        Self(AtomicI64::new(millis.saturating_mul(1_000_000)))
    }

    /// Moves it forward (or back).
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn nanos(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
