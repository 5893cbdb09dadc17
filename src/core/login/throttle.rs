//! Repeated failures for one account slow the answers down, wherever they come from; nobody is locked out (SEC-188).

use std::collections::HashMap;

use parking_lot::Mutex;

/// Failures in a row after which the pause begins to double.
const FREE: u32 = 10;
/// Longest pause in milliseconds.
const LONGEST: i64 = 10_000;
/// Names that are remembered; unknown ones count as well, so that the pause tells nothing.
const NAMES: usize = 4096;

/// Failures in a row, by name.
#[derive(Debug, Default)]
pub(crate) struct FailureThrottle(Mutex<HashMap<String, u32>>);

impl FailureThrottle {
    /// Counts a failure and answers how long to wait: `base` milliseconds, doubled for each failure beyond the tenth.
    pub fn failed(&self, username: &str, base: i64) -> i64 {
        let mut failures = self.0.lock();
        if failures.len() >= NAMES && !failures.contains_key(username) {
            // Somebody walks through names: those with few failures are not the ones under attack.
            failures.retain(|_, count| *count > FREE);
            if failures.len() >= NAMES {
                failures.clear();
            }
        }
        let count = failures.entry(username.to_owned()).or_default();
        *count = count.saturating_add(1);
        wait(*count, base)
    }

    /// How long the next failure would have to wait; nothing is counted.
    pub fn next(&self, username: &str, base: i64) -> i64 {
        wait(self.0.lock().get(username).copied().unwrap_or(0).saturating_add(1), base)
    }

    /// Forgets the failures of an account.
    pub fn succeeded(&self, username: &str) {
        self.0.lock().remove(username);
    }
}

/// After `count` failures.
fn wait(count: u32, base: i64) -> i64 {
    let doublings = count.saturating_sub(FREE).min(16);
    (base << doublings).min(LONGEST.max(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_after_ten_failures_up_to_ten_seconds() {
        // SEC-178, SEC-188
        let throttle = FailureThrottle::default();
        for _ in 0..10 {
            assert_eq!((throttle.next("u", 1000), throttle.next("u", 1000)), (1000, 1000), "looking counts nothing");
            assert_eq!(throttle.failed("u", 1000), 1000);
        }
        assert_eq!(throttle.failed("u", 1000), 2000);
        assert_eq!(throttle.failed("u", 1000), 4000);
        for _ in 0..40 {
            throttle.failed("u", 1000);
        }
        assert_eq!(throttle.failed("u", 1000), 10_000);
        assert_eq!(throttle.failed("v", 1000), 1000);
        throttle.succeeded("u");
        assert_eq!(throttle.failed("u", 1000), 1000);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = FailureThrottle::default();
        for index in 0..NAMES * 2 {
            throttle.failed(&format!("u{index}"), 0);
        }
        assert!(throttle.0.lock().len() <= NAMES);
    }
}
