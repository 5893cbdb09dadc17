//! The quota ledger: what is used, and what running transfers have reserved, in one place and atomically.
//!
//! While the server runs the ledger is the truth; every settlement writes the same change to the database. A transfer of
//! known size reserves all of it when it begins. One of unknown size takes leases that shrink as the space gets scarce.

mod nightly;
mod scan;
mod scans;
mod tally;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicI64},
};

use parking_lot::Mutex;

use crate::error::{Error, Result};

pub(crate) use entrepot_store::QuotaOwner;
pub(crate) use nightly::reconcile;
#[cfg(test)]
pub(crate) use nightly::reconcile_now;
pub(crate) use scan::{Subject, run as scan, stored as stored_usage};
pub(crate) use scans::{Running, Scans};

/// Files and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    pub files: i64,
    pub size: i64,
}

impl Usage {
    /// The sum, as far as it can be counted.
    pub(crate) fn plus(self, more: Self) -> Self {
        Self { files: self.files.saturating_add(more.files), size: self.size.saturating_add(more.size) }
    }
}

/// Limits of a counter as one account sees them; 0 = none (ACC-276, ACC-183).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Limits {
    pub files: i64,
    pub size: i64,
}

#[derive(Debug, Default)]
struct State {
    used: Usage,
    reserved: Usage,
}

impl State {
    /// Sizes come from clients: a file may be said to have 2^63 - 1 bytes and take none. The sum ends there, and never wraps.
    fn add(&mut self, change: Usage) {
        self.used = self.used.plus(change);
        self.used = Usage { files: self.used.files.max(0), size: self.used.size.max(0) };
    }
}

impl State {
    /// Whether anything of the kind fits at all.
    fn has_room(&self, limits: Limits, files: i64, size: Option<u64>, credit: u64) -> Result<()> {
        if files > 0 && limits.files > 0 && self.used.files + self.reserved.files + files > limits.files {
            return Err(Error::FileQuota);
        }
        let left = limits.size.saturating_sub(self.used.size).saturating_sub(self.reserved.size).saturating_add(signed(credit));
        if limits.size > 0 && left <= 0 && size != Some(0) {
            return Err(Error::Quota);
        }
        Ok(())
    }
}

/// Usage of one user or folder.
#[derive(Debug, Default)]
pub(crate) struct Counter(Mutex<State>);

/// Bytes that an account has transferred since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Transferred {
    pub upload: AtomicI64,
    pub download: AtomicI64,
}

/// All counters in use.
#[derive(Debug, Default)]
pub(crate) struct QuotaLedger(Mutex<HashMap<QuotaOwner, Arc<Counter>>>, Mutex<HashMap<String, Arc<Transferred>>>);

impl QuotaLedger {
    /// The counter of `owner`, made from the stored usage if it is not here yet.
    pub(crate) fn ensure(&self, owner: &QuotaOwner, stored: Usage) -> Arc<Counter> {
        let mut counters = self.0.lock();
        if let Some(counter) = counters.get(owner) {
            return counter.clone();
        }
        let counter = Arc::new(Counter(Mutex::new(State { used: stored, reserved: Usage::default() })));
        counters.insert(owner.clone(), counter.clone());
        counter
    }

    /// Forgets a counter, when its user or folder is gone.
    pub(crate) fn forget(&self, owner: &QuotaOwner) {
        self.0.lock().remove(owner);
        if let QuotaOwner::User(name) = owner {
            self.1.lock().remove(name);
        }
    }

    /// What an account has transferred, made from the stored figures if it is not here yet.
    pub(crate) fn transferred(&self, username: &str, upload: i64, download: i64) -> Arc<Transferred> {
        let mut accounts = self.1.lock();
        if let Some(transferred) = accounts.get(username) {
            return transferred.clone();
        }
        let transferred = Arc::new(Transferred { upload: AtomicI64::new(upload), download: AtomicI64::new(download) });
        accounts.insert(username.to_owned(), transferred.clone());
        transferred
    }
}

/// An upload of unknown size takes this part of what is left at a time: large steps while there is plenty, and never so
/// much that it would starve the others when there is not.
const SHARE: u64 = 64;

impl Counter {
    /// What is used, without reservations.
    pub(crate) fn usage(&self) -> Usage {
        self.0.lock().used
    }

    /// Replaces what is used by what `change` makes of it. `store` is called before any other change can be: what it hands
    /// to the database comes before what later changes hand to it. Answers what was used before.
    pub(crate) fn replace<T>(&self, change: impl FnOnce(Usage) -> Usage, store: impl FnOnce(Usage) -> T) -> (Usage, T) {
        let mut state = self.0.lock();
        let before = state.used;
        let Usage { files, size } = change(before);
        state.used = Usage { files: files.max(0), size: size.max(0) };
        let stored = store(state.used);
        (before, stored)
    }

    /// Applies a change that is settled already.
    pub(crate) fn apply(&self, change: Usage) {
        self.0.lock().add(change);
    }

    /// Whether `files` new files, of a size that is not known, would find room now; and what is used and reserved. Nothing is
    /// reserved.
    ///
    /// # Errors
    /// As [`Counter::reserve`].
    pub(crate) fn has_room(&self, limits: Limits, files: i64) -> (Usage, Result<()>) {
        let state = self.0.lock();
        (state.used.plus(state.reserved), state.has_room(limits, files, None, 0))
    }

    /// Reserves room for `files` new files, and for `size` bytes if they are known. `credit` bytes of a file that will be
    /// replaced may be used again (ACC-281).
    ///
    /// # Errors
    /// `FileQuota` when a file is too many; `Quota` when the known size does not fit, or when no byte is left.
    pub(crate) fn reserve(self: &Arc<Self>, limits: Limits, files: i64, size: Option<u64>, credit: u64) -> Result<Reservation> {
        let mut state = self.0.lock();
        state.has_room(limits, files, size, credit)?;
        state.reserved.files += files;
        drop(state);
        let reservation = Reservation { counter: self.clone(), limits, credit, files, taken: Mutex::new(0) };
        if let Some(size) = size
            && reservation.extend(size, true)? < size
        {
            return Err(Error::Quota);
        }
        Ok(reservation)
    }
}

/// Room for one upload. Dropping it gives back what was not settled.
#[derive(Debug)]
pub(crate) struct Reservation {
    counter: Arc<Counter>,
    limits: Limits,
    credit: u64,
    files: i64,
    taken: Mutex<u64>,
}

impl Reservation {
    /// Makes sure that the upload may be `total` bytes long. Answers up to which length it may grow before asking again.
    ///
    /// # Errors
    /// `Quota` when `total` does not fit.
    pub(crate) fn extend(&self, total: u64, exact: bool) -> Result<u64> {
        if self.limits.size <= 0 {
            return Ok(u64::MAX);
        }
        let mut taken = self.taken.lock();
        if total <= *taken {
            return Ok(*taken);
        }
        let mut state = self.counter.0.lock();
        let mine = signed(taken.saturating_sub(self.credit));
        let others = state.reserved.size - mine;
        let most = unsigned(self.limits.size.saturating_sub(state.used.size).saturating_sub(others)).saturating_add(self.credit);
        if total > most {
            return Err(Error::Quota);
        }
        let lease = if exact { total } else { total + (most - total) / SHARE };
        state.reserved.size = state.reserved.size.saturating_add(signed(lease.saturating_sub(self.credit)) - mine);
        *taken = lease;
        Ok(lease)
    }

    /// Up to which length the upload may grow without asking again.
    pub(crate) fn granted(&self) -> u64 {
        if self.limits.size <= 0 { u64::MAX } else { *self.taken.lock() }
    }

    /// The change will be another one than was reserved for: `files` more files, and `total` bytes of which `credit` take
    /// the place of others. Needed when what was to be replaced went meanwhile.
    ///
    /// # Errors
    /// `FileQuota` or `Quota` when that is more than was reserved and does not fit; the reservation stays as it was.
    pub(crate) fn rebase(&mut self, files: i64, total: u64, credit: u64) -> Result<()> {
        let counter = self.counter.clone();
        let mut state = counter.0.lock();
        let total = if self.limits.size > 0 { total } else { 0 };
        let taken = self.taken.get_mut();
        let (mine, need) = (signed(taken.saturating_sub(self.credit)), signed(total.saturating_sub(credit)));
        let (more_files, more) = (files - self.files, need - mine);
        let over = |limit: i64, used: i64, more: i64| limit > 0 && more > 0 && used.saturating_add(more) > limit;
        if over(self.limits.files, state.used.files + state.reserved.files, more_files) {
            return Err(Error::FileQuota);
        }
        if over(self.limits.size, state.used.size.saturating_add(state.reserved.size), more) {
            return Err(Error::Quota);
        }
        state.reserved.files += more_files;
        state.reserved.size = state.reserved.size.saturating_add(more);
        (self.files, self.credit, *taken) = (files, credit, total);
        Ok(())
    }

    /// Ends the reservation: what really changed becomes usage, in one step.
    pub(crate) fn settle(mut self, change: Usage) {
        let counter = self.counter.clone();
        let mut state = counter.0.lock();
        self.release(&mut state);
        state.add(change);
    }

    fn release(&mut self, state: &mut State) {
        let taken = std::mem::take(self.taken.get_mut());
        state.reserved.files -= std::mem::take(&mut self.files);
        state.reserved.size = state.reserved.size.saturating_sub(signed(taken.saturating_sub(self.credit)));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let counter = self.counter.clone();
        self.release(&mut counter.0.lock());
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(files: i64, size: i64) -> Arc<Counter> {
        QuotaLedger::default().ensure(&QuotaOwner::User("u".into()), Usage { files, size })
    }

    // ACC-346
    #[test]
    fn replaced_file_gives_its_bytes_back() {
        let counter = counter(3, 120);
        let limits = Limits { files: 0, size: 150 };
        let new = counter.reserve(limits, 1, None, 0).unwrap();
        assert_eq!(new.extend(30, false).unwrap(), 30);
        assert_eq!(new.extend(31, false), Err(Error::Quota));
        drop(new);
        let replacing = counter.reserve(limits, 0, None, 50).unwrap();
        assert_eq!(replacing.extend(60, false).unwrap(), 60);
        assert_eq!(replacing.extend(80, false).unwrap(), 80);
        assert_eq!(replacing.extend(81, false), Err(Error::Quota));
        replacing.settle(Usage { files: 0, size: 10 });
        assert_eq!(counter.usage(), Usage { files: 3, size: 130 });
    }

    // ACC-280
    #[test]
    fn file_limit_counts_new_files_only() {
        let counter = counter(2, 0);
        let limits = Limits { files: 2, size: 0 };
        assert_eq!(counter.reserve(limits, 1, None, 0).err(), Some(Error::FileQuota));
        assert!(counter.reserve(limits, 0, None, 0).is_ok());
    }

    // ACC-369
    #[test]
    fn reservations_of_parallel_uploads_never_exceed_the_limit() {
        let counter = counter(0, 0);
        let limits = Limits { files: 0, size: 100 };
        let first = counter.reserve(limits, 1, Some(60), 0).unwrap();
        assert!(counter.reserve(limits, 1, Some(60), 0).is_err());
        let second = counter.reserve(limits, 1, None, 0).unwrap();
        assert_eq!(second.extend(40, false).unwrap(), 40);
        assert_eq!(second.extend(41, false), Err(Error::Quota));
        drop(first);
        assert_eq!(second.extend(100, false).unwrap(), 100);
        drop(second);
        assert!(counter.reserve(limits, 1, Some(100), 0).is_ok());
    }

    // Decisions on quota: uploads side by side do not starve each other.
    #[test]
    fn upload_of_unknown_size_leaves_room_for_others() {
        let counter = counter(0, 0);
        let limits = Limits { files: 0, size: 64_000 };
        let first = counter.reserve(limits, 1, None, 0).unwrap();
        assert_eq!(first.extend(1, false).unwrap(), 1000);
        let second = counter.reserve(limits, 1, None, 0).unwrap();
        assert!(second.extend(60_000, false).is_ok());
    }

    // LIM-003: what was to be replaced went meanwhile, and its room was taken.
    #[test]
    fn credit_is_not_spent_twice() {
        let counter = counter(2, 100);
        let limits = Limits { files: 2, size: 100 };
        let mut replacing = counter.reserve(limits, 0, Some(60), 60).unwrap();
        counter.apply(Usage { files: -1, size: -60 });
        let other = counter.reserve(limits, 1, Some(50), 0).unwrap();
        assert!(replacing.rebase(1, 60, 0).is_err());
        drop(other);
        assert_eq!(replacing.rebase(1, 60, 0), Ok(()));
        assert!(counter.reserve(limits, 0, Some(1), 0).is_err());
        replacing.settle(Usage { files: 1, size: 60 });
        assert_eq!(counter.usage(), Usage { files: 2, size: 100 });
        assert!(counter.reserve(limits, 0, Some(1), 1).is_ok());
    }

    // Files of 2^63 - 1 bytes that take none can be made on many a file system.
    #[test]
    fn sizes_that_exceed_every_number_neither_wrap_nor_fail() {
        let (counter, huge) = (counter(0, 0), Usage { files: 1, size: i64::MAX });
        counter.apply(huge);
        counter.apply(huge);
        assert_eq!(counter.usage(), Usage { files: 2, size: i64::MAX });
        let limits = Limits { files: 0, size: i64::MAX };
        assert!(counter.reserve(limits, 1, None, 0).is_err());
        let mut replacing = counter.reserve(limits, 0, None, u64::MAX).unwrap();
        assert!(replacing.extend(u64::MAX, false).is_ok());
        assert_eq!(replacing.rebase(0, u64::MAX, u64::MAX), Ok(()));
        replacing.settle(huge);
        assert_eq!(counter.usage(), Usage { files: 3, size: i64::MAX });
        assert!(counter.reserve(limits, 1, Some(1), 0).is_err());
    }

    // ACC-280, ACC-279
    #[test]
    fn exhausted_quota_refuses_at_open_but_takes_an_empty_file_of_known_size() {
        let counter = counter(1, 100);
        let limits = Limits { files: 0, size: 100 };
        assert!(counter.reserve(limits, 1, None, 0).is_err());
        assert!(counter.reserve(limits, 1, Some(0), 0).is_ok());
    }
}
