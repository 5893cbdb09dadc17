//! Locks of files that are open in editors. Editors agree on the text of a lock among themselves; here it is only compared.

use std::collections::HashMap;

use parking_lot::Mutex;

/// Seconds that a lock holds without being refreshed (API-204).
pub(super) const LIFETIME: i64 = 30 * 60;
/// Bytes of a lock.
pub const LONGEST_LOCK: usize = 1024;
/// Files that are locked at most; beyond that the one that would end first makes room.
const MOST: usize = 20_000;

/// The file is not locked with the lock that was shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document is locked by another editor, or not locked any more")]
pub struct Conflict {
    /// The lock that it has; empty for none.
    pub current: String,
}

struct Held {
    lock: String,
    /// Seconds since the epoch.
    until: i64,
}

/// Locks by the ids of files.
#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<String, Held>>);

impl Locks {
    /// The lock of a file; empty if there is none.
    pub(super) fn current(&self, file: &str, now: i64) -> String {
        live(&self.0.lock(), file, now).to_owned()
    }

    /// Locks what is not locked, or refreshes the same lock.
    pub(super) fn lock(&self, file: &str, lock: &str, now: i64) -> Result<(), Conflict> {
        self.set(file, now, lock, |current| current.is_empty() || current == lock)
    }

    /// Locks what is locked with `before`.
    pub(super) fn relock(&self, file: &str, before: &str, lock: &str, now: i64) -> Result<(), Conflict> {
        self.set(file, now, lock, |current| current == before)
    }

    /// Locks what nobody locked since.
    pub(super) fn take_up(&self, file: &str, lock: &str, now: i64) {
        let _ = self.set(file, now, lock, str::is_empty);
    }

    /// Takes a lock away.
    pub(super) fn unlock(&self, file: &str, lock: &str, now: i64) -> Result<(), Conflict> {
        let mut locks = self.0.lock();
        let current = live(&locks, file, now);
        if current != lock {
            return Err(Conflict { current: current.to_owned() });
        }
        locks.remove(file);
        Ok(())
    }

    fn set(&self, file: &str, now: i64, lock: &str, fits: impl FnOnce(&str) -> bool) -> Result<(), Conflict> {
        let mut locks = self.0.lock();
        let current = live(&locks, file, now);
        if !fits(current) {
            return Err(Conflict { current: current.to_owned() });
        }
        if locks.len() >= MOST && !locks.contains_key(file) {
            make_room(&mut locks, now);
        }
        locks.insert(file.to_owned(), Held { lock: lock.to_owned(), until: now + LIFETIME });
        Ok(())
    }
}

/// The lock that holds a file now; empty if there is none.
fn live<'a>(locks: &'a HashMap<String, Held>, file: &str, now: i64) -> &'a str {
    locks.get(file).filter(|held| held.until > now).map_or("", |held| held.lock.as_str())
}

fn make_room(locks: &mut HashMap<String, Held>, now: i64) {
    locks.retain(|_, held| held.until > now);
    if locks.len() >= MOST {
        let first = locks.iter().min_by_key(|(_, held)| held.until).map(|(file, _)| file.clone());
        first.and_then(|file| locks.remove(&file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(current: &str) -> Result<(), Conflict> {
        Err(Conflict { current: current.to_owned() })
    }

    // API-204, API-205
    #[test]
    fn a_lock_keeps_others_out_until_it_is_given_back_or_ends() {
        let locks = Locks::default();
        assert_eq!(locks.unlock("a", "one", 0), conflict(""));
        assert_eq!(locks.relock("a", "one", "one", 0), conflict(""));
        assert_eq!(locks.lock("a", "one", 0), Ok(()));
        assert_eq!(locks.lock("a", "two", 0), conflict("one"));
        assert_eq!(locks.lock("b", "two", 0), Ok(()), "another file");
        assert_eq!(locks.lock("a", "one", 1000), Ok(()), "the same lock is refreshed");
        assert_eq!(locks.current("a", 1000 + LIFETIME - 1), "one");
        assert_eq!(locks.current("a", 1000 + LIFETIME), "");
        assert_eq!(locks.relock("a", "one", "two", 2000), Ok(()));
        assert_eq!(locks.relock("a", "one", "three", 2000), conflict("two"));
        assert_eq!(locks.unlock("a", "one", 2000), conflict("two"));
        assert_eq!(locks.unlock("a", "two", 2000), Ok(()));
        assert_eq!(locks.lock("a", "three", 2000), Ok(()));
        locks.take_up("a", "one", 2000);
        assert_eq!(locks.current("a", 2000), "three");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_make_room() {
        let locks = Locks::default();
        for number in 0..MOST {
            locks.lock(&number.to_string(), "x", i64::try_from(number).expect("small") / 1000).expect("locked");
        }
        locks.lock("more", "x", 100).expect("locked");
        assert_eq!(locks.0.lock().len(), MOST);
        assert_eq!((locks.current("more", 100).as_str(), locks.current(&(MOST - 1).to_string(), 100).as_str()), ("x", "x"));
    }
}
