//! Counters per user (TEL-017…TEL-020): only while somebody can ask for them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use parking_lot::Mutex;

use super::{Both, Counter};

/// More users than these, and the quiet ones are dropped (TEL-019).
const TRACKED: usize = 2000;
/// What quiet means, in milliseconds.
const QUIET: i64 = 24 * 3600 * 1000;

/// What one user did.
#[derive(Debug, Default)]
pub(super) struct UserCounters {
    pub transfers: Both,
    pub logins_ok: Counter,
    pub logins_ko: Counter,
    last: AtomicI64,
}

/// All users that did something.
#[derive(Debug, Default)]
pub(super) struct Users {
    is_watched: AtomicBool,
    counters: Mutex<HashMap<String, Arc<UserCounters>>>,
}

impl Users {
    pub(super) fn watch(&self) {
        self.is_watched.store(true, Ordering::Relaxed);
    }

    /// Counts something of a user. A name is copied when it is seen for the first time only.
    pub(super) fn change(&self, name: &str, now: i64, change: impl FnOnce(&UserCounters)) {
        if !self.is_watched.load(Ordering::Relaxed) {
            return;
        }
        let counters = {
            let mut all = self.counters.lock();
            match all.get(name) {
                Some(counters) => counters.clone(),
                None => all.entry(name.to_owned()).or_default().clone(),
            }
        };
        counters.last.store(now, Ordering::Relaxed);
        change(&counters);
    }

    /// Every user in the order of names, after the quiet ones were dropped if there are too many.
    pub(super) fn list(&self, now: i64, is_connected: impl Fn(&str) -> bool) -> Vec<(String, Arc<UserCounters>)> {
        let mut all = self.counters.lock();
        if all.len() > TRACKED {
            all.retain(|name, user| is_connected(name) || now - user.last.load(Ordering::Relaxed) < QUIET);
        }
        let mut list: Vec<_> = all.iter().map(|(name, user)| (name.clone(), user.clone())).collect();
        list.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // TEL-019
    #[test]
    fn quiet_users_are_dropped_when_there_are_too_many() {
        let users = Users::default();
        users.change("nobody asks yet", 0, |_| {});
        users.watch();
        for number in 0..=TRACKED {
            let now = if number < 10 { 0 } else { QUIET + 1 };
            users.change(&format!("user{number}"), now, |user| user.logins_ok.add(1));
        }
        let left = users.list(QUIET + 2, |name| name == "user3");
        assert_eq!(left.len(), TRACKED + 1 - 9, "ten were quiet for a day, one of them is connected");
    }
}
