//! The budget of open handles.
//!
//! Each handle may hold a file descriptor. A process has a limited number of them, and needs some to accept connections and
//! to write its database: clients get a half, and one account a quarter of
//! that.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where the system sets no limit, or a very high one.
const MOST: usize = 1 << 20;

/// Handles that may be open, of all channels together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HandleBudget {
    all: Arc<Semaphore>,
    each: usize,
    accounts: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

/// What one account may have of them, over all its connections.
#[derive(Debug)]
pub struct AccountHandles {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// Room for one handle, as long as it lives.
#[derive(Debug)]
pub struct HandlePlace {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl HandleBudget {
    /// The half of what the process may open.
    pub fn of_process() -> Self {
        let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
        Self::new(limit.map_or(MOST, |limit| (limit / 2).min(MOST)))
    }

    /// A budget of `handles`.
    pub fn new(handles: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(handles)), each: handles.div_ceil(4), accounts: Arc::default() }
    }

    /// The part of an account.
    pub fn of(&self, username: &str) -> AccountHandles {
        let mut accounts = self.accounts.lock();
        let known = accounts.get(username).and_then(Weak::upgrade);
        let own = known.unwrap_or_else(|| {
            accounts.retain(|_, account| account.strong_count() > 0);
            let own = Arc::new(Semaphore::new(self.each));
            accounts.insert(username.to_owned(), Arc::downgrade(&own));
            own
        });
        AccountHandles { all: self.all.clone(), own }
    }
}

impl AccountHandles {
    /// Room for one handle, if there is any.
    pub fn take(&self) -> Option<HandlePlace> {
        let own = self.own.clone().try_acquire_owned().ok()?;
        Some(HandlePlace { _own: own, _all: self.all.clone().try_acquire_owned().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_takes_all_it_can_leaves_room_for_others() {
        let budget = HandleBudget::new(40);
        let (one, again) = (budget.of("mallory"), budget.of("mallory"));
        let mut places: Vec<HandlePlace> = (0..6).map_while(|_| one.take()).collect();
        places.extend((0..20).map_while(|_| again.take()));
        assert_eq!(places.len(), 10, "over all its connections");
        assert!(budget.of("alice").take().is_some());
        places.pop();
        assert!(one.take().is_some());
        drop((one, again, places));
        assert!(budget.of("mallory").take().is_some());
        budget.of("bob");
        assert_eq!(budget.accounts.lock().len(), 1, "accounts without channels are forgotten");
    }
}
