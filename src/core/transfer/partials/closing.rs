//! Names of uploads that are being given up: who wants to go on with one waits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Key;
use crate::error::{Error, Result};

/// How long a resume waits for the end of the upload that it goes on with.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names of uploads that were given up and are not settled yet.
#[derive(Default)]
pub(super) struct ClosingNames {
    counts: Mutex<HashMap<Key, usize>>,
    changed: Notify,
}

/// An upload that is being given up: who wants to go on with it waits.
pub(crate) struct Closing {
    names: Arc<ClosingNames>,
    key: Key,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let mut counts = self.names.counts.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
        drop(counts);
        self.names.changed.notify_waiters();
    }
}

impl ClosingNames {
    /// An upload of that name is being given up, until the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>, key: Key) -> Closing {
        *self.counts.lock().entry(key.clone()).or_default() += 1;
        Closing { names: self.clone(), key }
    }

    /// Waits until no upload of that name is being given up.
    ///
    /// # Errors
    /// `Busy` after five seconds.
    pub(super) async fn ended(&self, key: impl FnOnce() -> Key) -> Result<()> {
        if self.counts.lock().is_empty() {
            return Ok(());
        }
        let key = key();
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if !self.counts.lock().contains_key(&key) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.map_err(|_| Error::Busy)
    }
}
