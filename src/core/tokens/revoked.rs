//! Tokens that were logged out, remembered until they would have expired anyway (SEC-067).

use std::collections::HashMap;

use parking_lot::Mutex;

/// Seconds beyond its expiry that a token is remembered: verification tolerates skew.
const GRACE: i64 = 60;

/// Ids of revoked tokens with their expiry, in seconds since the epoch.
#[derive(Debug, Default)]
pub(crate) struct Revoked(Mutex<HashMap<String, i64>>);

impl Revoked {
    /// Remembers `jti` until `exp` plus one minute.
    pub fn add(&self, jti: &str, exp: i64, now: i64) {
        let mut entries = self.0.lock();
        entries.retain(|_, until| *until > now);
        entries.insert(jti.to_owned(), exp.saturating_add(GRACE));
    }

    /// Whether `jti` was revoked.
    pub fn contains(&self, jti: &str) -> bool {
        self.0.lock().contains_key(jti)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revoked_tokens_are_remembered_until_a_minute_after_expiry() {
        // SEC-067
        let revoked = Revoked::default();
        revoked.add("a", 100, 50);
        revoked.add("b", 1000, 159);
        assert!(revoked.contains("a"));
        revoked.add("c", 1000, 160);
        assert!(!revoked.contains("a"));
        assert!(revoked.contains("b"));
    }
}
