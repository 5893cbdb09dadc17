//! The scans that run: one per user or folder (QTA-009).

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::QuotaOwner;

/// Scans that look at storages at the same time; the others wait for their turn.
const AT_ONCE: usize = 2;

/// A scan as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    /// Role of the user; empty for folders.
    pub role: String,
    /// When it was asked for, in milliseconds since the epoch.
    pub started_at: i64,
}

/// All running scans. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Scans {
    running: Arc<Mutex<HashMap<QuotaOwner, Running>>>,
    turns: Arc<Semaphore>,
}

impl Default for Scans {
    fn default() -> Self {
        Self { running: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// The place of a scan in the list; dropping it takes the scan out.
pub(crate) struct Entry {
    scans: Scans,
    owner: QuotaOwner,
}

impl Scans {
    /// Enters a scan; `None` if one of that owner runs already.
    pub(crate) fn enter(&self, owner: &QuotaOwner, scan: Running) -> Option<Entry> {
        let mut running = self.running.lock();
        if running.contains_key(owner) {
            return None;
        }
        running.insert(owner.clone(), scan);
        Some(Entry { scans: self.clone(), owner: owner.clone() })
    }

    /// Whether a scan of that owner runs.
    pub(crate) fn is_running(&self, owner: &QuotaOwner) -> bool {
        self.running.lock().contains_key(owner)
    }

    /// How many scans run.
    pub(crate) fn running(&self) -> usize {
        self.running.lock().len()
    }

    /// The running scans, the oldest first.
    pub(crate) fn list(&self) -> Vec<(QuotaOwner, Running)> {
        let mut list: Vec<_> = self.running.lock().iter().map(|(owner, scan)| (owner.clone(), scan.clone())).collect();
        list.sort_by_key(|(_, scan)| scan.started_at);
        list
    }

    /// Waits for a turn to look at storages.
    pub(crate) fn turns(&self) -> Arc<Semaphore> {
        self.turns.clone()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.scans.running.lock().remove(&self.owner);
    }
}
