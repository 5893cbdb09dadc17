//! Uses of a share, counted before something is done, and given back if nothing came of it (API-190…API-192).

use std::collections::HashMap;

use parking_lot::Mutex;

use super::VisitError;
use crate::{Core, admin::stored};

/// Milliseconds in which a browser session goes on with a file that it began, without another use (API-191).
const GOING_ON: i64 = 10 * 60 * 1000;
/// Files that browser sessions are at; the oldest make room.
const READS: usize = 10_000;

/// Uses that are counted. Dropping it gives them back; [`Uses::keep`] does not.
#[must_use = "dropped, the uses are given back"]
pub struct Uses {
    core: Core,
    id: String,
    count: u32,
}

impl Uses {
    /// Counts `count` uses of the share, if it has as many left: callers at once never get more than there are.
    ///
    /// # Errors
    /// `UsedUp`; `Unknown` when the share was deleted.
    pub(super) async fn take(core: &Core, id: &str, count: u32) -> Result<Self, VisitError> {
        match core.0.store.shares().spend(id, count, core.clock().millis()).await.map_err(stored) {
            Ok(true) => Ok(Self { core: core.clone(), id: id.to_owned(), count }),
            Ok(false) => Err(VisitError::UsedUp),
            Err(crate::Error::NotFound) => Err(VisitError::Unknown),
            Err(error) => Err(error.into()),
        }
    }

    /// None: what goes on is no use of its own.
    pub(super) fn none(core: &Core, id: &str) -> Self {
        Self { core: core.clone(), id: id.to_owned(), count: 0 }
    }

    /// The visitor got what the uses are for.
    pub fn keep(mut self) {
        self.count = 0;
    }

    /// The visitor got `count` of them; the others are given back.
    pub fn keep_of(mut self, count: u32) {
        self.count = self.count.saturating_sub(count);
    }

    /// Makes one of two.
    pub fn join(&mut self, mut other: Self) {
        self.count += std::mem::take(&mut other.count);
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return;
        }
        let (shares, id) = (self.core.0.store.shares(), std::mem::take(&mut self.id));
        self.core.tasks().spawn(async move {
            if let Err(error) = shares.give_back(&id, count).await {
                tracing::error!(%error, count, "uses of a share are not given back");
            }
        });
    }
}

/// Which files browser sessions began to read, and when they last went on.
#[derive(Default)]
pub(super) struct Reads(Mutex<HashMap<(String, Vec<u8>), i64>>);

impl Reads {
    /// Whether reading from `start` on goes on with what the session began less than ten minutes ago.
    pub(super) fn goes_on(&self, session: &str, path: &[u8], start: u64, now: i64) -> bool {
        let mut reads = self.0.lock();
        let key = (session.to_owned(), path.to_vec());
        let is_recent = |then: &i64| (0..GOING_ON).contains(&(now - then));
        if reads.len() >= READS && !reads.contains_key(&key) {
            reads.retain(|_, then| is_recent(then));
            if reads.len() >= READS
                && let Some(oldest) = reads.iter().min_by_key(|(_, then)| **then).map(|(key, _)| key.clone())
            {
                reads.remove(&oldest);
            }
        }
        let before = reads.insert(key, now);
        start > 0 && before.is_some_and(|then| is_recent(&then))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-191
    #[test]
    fn a_player_that_seeks_is_one_use() {
        let reads = Reads::default();
        assert!(!reads.goes_on("s", b"/f", 0, 0));
        assert!(reads.goes_on("s", b"/f", 5, 1));
        assert!(reads.goes_on("s", b"/f", 9, GOING_ON));
        assert!(!reads.goes_on("s", b"/f", 9, 2 * GOING_ON));
        assert!(!reads.goes_on("s", b"/f", 0, 2 * GOING_ON + 1));
        assert!(!reads.goes_on("s", b"/g", 5, 2 * GOING_ON + 1));
        assert!(!reads.goes_on("t", b"/f", 5, 2 * GOING_ON + 1));
    }

    #[test]
    fn memory_is_bounded() {
        let reads = Reads::default();
        for number in 0..READS + 10 {
            reads.goes_on(&number.to_string(), b"/f", 0, i64::try_from(number).unwrap_or(0));
        }
        assert_eq!(reads.0.lock().len(), READS);
        assert!(reads.goes_on(&(READS + 9).to_string(), b"/f", 1, 20_000));
    }
}
