//! Uses of a share, counted before something is done, and given back if nothing came of it (API-190…API-192).

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use entrepot_model::Share;
use parking_lot::Mutex;

use super::VisitError;
use crate::{Core, Error, Upload, admin::stored};

/// Milliseconds in which a browser session goes on with a file that it began, without another use (API-191).
const GOING_ON: i64 = 10 * 60 * 1000;
/// Files that browser sessions are at; the oldest make room.
const READS: usize = 10_000;

/// Uses that are counted. Dropping it gives them back; [`Uses::keep`] does not. The use of an upload that was begun is given
/// back with what is settled of the upload, so that a crash neither loses it nor gives it back twice.
#[must_use = "dropped, the uses are given back"]
pub struct Uses {
    taken: Arc<Taken>,
    /// What a browser session reads for it.
    read: Option<Read>,
}

/// Uses that were taken.
pub(crate) struct Taken {
    core: Core,
    share: String,
    /// Those that no upload holds.
    count: AtomicU32,
    /// There is nothing to give back.
    is_kept: AtomicBool,
    /// When the share was used before, and when these uses were taken.
    moments: (i64, i64),
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken").field("count", &self.count).field("is_kept", &self.is_kept).finish_non_exhaustive()
    }
}

impl Taken {
    /// The share, if there is a use left for an upload that begins.
    pub(crate) fn share(&self) -> Option<&str> {
        (self.count.load(Ordering::SeqCst) > 0).then_some(self.share.as_str())
    }

    /// An upload holds one of the uses from now on: its intent is noted.
    pub(crate) fn hand_over(&self) {
        let _ = self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if *self.is_kept.get_mut() {
            return;
        }
        // Of those that uploads hold only the moment of the last use is set right.
        let count = *self.count.get_mut();
        let (shares, share, (before, taken)) = (self.core.0.store.shares(), std::mem::take(&mut self.share), self.moments);
        self.core.tasks().spawn(async move {
            if let Err(error) = shares.give_back(&share, count, taken, before).await {
                tracing::error!(%error, count, "uses of a share are not given back");
            }
        });
    }
}

impl Uses {
    /// Counts `count` uses of the share, if it has as many left: callers at once never get more than there are. Where uses are
    /// not limited, a full disk under the database keeps nobody away: then they are not counted.
    ///
    /// # Errors
    /// `UsedUp`; `Unknown` when the share was deleted.
    pub(super) async fn take(core: &Core, share: &Share, count: u32) -> Result<Self, VisitError> {
        let now = core.clock().millis();
        let (before, count) = match core.0.store.shares().spend(&share.id, count, now).await.map_err(stored) {
            Ok(Some(before)) => (before, count),
            Ok(None) => return Err(VisitError::UsedUp),
            Err(Error::NotFound) => return Err(VisitError::Unknown),
            Err(Error::NoSpace) if share.max_tokens == 0 => (share.last_use_at, 0),
            Err(error) => return Err(error.into()),
        };
        let (core, share, is_kept) = (core.clone(), share.id.clone(), AtomicBool::new(count == 0));
        let taken = Taken { core, share, count: AtomicU32::new(count), is_kept, moments: (before, now) };
        Ok(Self { taken: Arc::new(taken), read: None })
    }

    /// A use for reading a file in a browser session, from the byte `start` on; none if the session goes on with what it paid
    /// for (API-191).
    pub(super) async fn take_for_read(core: &Core, share: &Share, read: Read, start: u64) -> Result<Self, VisitError> {
        let goes_on = core.0.shares.reads.goes_on(&read, start, core.clock().millis());
        let mut uses = Self::take(core, share, u32::from(!goes_on)).await?;
        uses.read = Some(read).filter(|_| !goes_on);
        Ok(uses)
    }

    /// What an upload of the visit takes over.
    pub(super) fn taken(&self) -> &Arc<Taken> {
        &self.taken
    }

    /// The visitor is being sent what the uses are for: reading on is paid for from now, unless they are given back.
    pub fn begin(&self) {
        if let Some(read) = &self.read {
            let core = &self.taken.core;
            core.0.shares.reads.begin(read.clone(), core.clock().millis());
        }
    }

    /// The visitor got what the uses are for.
    pub fn keep(self) {
        self.taken.is_kept.store(true, Ordering::SeqCst);
    }

    /// Gives an upload its name and keeps the uses with it, even if the visitor goes away meanwhile.
    ///
    /// # Errors
    /// As [`Upload::commit`]; then the uses are given back.
    pub async fn commit(self, upload: Upload) -> Result<(), Error> {
        Self::commit_all(vec![(upload, self)]).await
    }

    /// [`Uses::commit`] for several uploads: one after the other, until one fails.
    ///
    /// # Errors
    /// As [`Upload::commit`]; those before the one that failed are stored, the uses of the others are given back.
    pub async fn commit_all(uploads: Vec<(Upload, Self)>) -> Result<(), Error> {
        let Some((_, uses)) = uploads.first() else { return Ok(()) };
        let core = uses.taken.core.clone();
        let work = async move {
            for (upload, uses) in uploads {
                upload.commit().await?;
                uses.keep();
            }
            Ok(())
        };
        core.tasks().complete(work).await
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        if let Some(read) = &self.read
            && !self.taken.is_kept.load(Ordering::SeqCst)
        {
            self.taken.core.0.shares.reads.forget(read);
        }
    }
}

/// A file that a browser session reads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Read {
    /// Id of the session.
    pub session: String,
    /// Its path.
    pub path: Vec<u8>,
}

/// Which files browser sessions paid for, and when they last went on.
#[derive(Default)]
pub(super) struct Reads(Mutex<HashMap<Read, i64>>);

impl Reads {
    /// Whether reading from `start` on goes on with what the session paid for, and read from less than ten minutes ago.
    fn goes_on(&self, read: &Read, start: u64, now: i64) -> bool {
        let mut reads = self.0.lock();
        let Some(then) = reads.get_mut(read).filter(|then| start > 0 && is_recent(**then, now)) else { return false };
        *then = now;
        true
    }

    /// Whether the session is at anything.
    pub(super) fn is_reading(&self, session: &str, now: i64) -> bool {
        self.0.lock().iter().any(|(read, then)| read.session == session && is_recent(*then, now))
    }

    /// A use was paid for it.
    fn begin(&self, read: Read, now: i64) {
        let mut reads = self.0.lock();
        if reads.len() >= READS && !reads.contains_key(&read) {
            reads.retain(|_, then| is_recent(*then, now));
            if reads.len() >= READS
                && let Some(oldest) = reads.iter().min_by_key(|(_, then)| **then).map(|(read, _)| read.clone())
            {
                reads.remove(&oldest);
            }
        }
        reads.insert(read, now);
    }

    /// The use was given back.
    fn forget(&self, read: &Read) {
        self.0.lock().remove(read);
    }
}

fn is_recent(then: i64, now: i64) -> bool {
    (0..GOING_ON).contains(&(now - then))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(session: &str, path: &str) -> Read {
        Read { session: session.to_owned(), path: path.as_bytes().to_vec() }
    }

    // API-191
    #[test]
    fn a_player_that_seeks_is_one_use() {
        let reads = Reads::default();
        assert!(!reads.goes_on(&read("s", "/f"), 5, 0));
        reads.begin(read("s", "/f"), 0);
        assert!(!reads.goes_on(&read("s", "/f"), 0, 1));
        assert!(reads.goes_on(&read("s", "/f"), 5, 1));
        assert!(reads.goes_on(&read("s", "/f"), 9, GOING_ON));
        assert!(!reads.goes_on(&read("s", "/f"), 9, 2 * GOING_ON));
        assert!(!reads.goes_on(&read("s", "/g"), 5, 2) && !reads.goes_on(&read("t", "/f"), 5, 2));
        reads.begin(read("s", "/f"), 0);
        assert!(reads.is_reading("s", 1) && !reads.is_reading("t", 1) && !reads.is_reading("s", GOING_ON));
        reads.forget(&read("s", "/f"));
        assert!(!reads.goes_on(&read("s", "/f"), 5, 1));
    }

    #[test]
    fn memory_is_bounded() {
        let reads = Reads::default();
        for number in 0..READS + 10 {
            reads.begin(read(&number.to_string(), "/f"), i64::try_from(number).unwrap_or(0));
        }
        assert_eq!(reads.0.lock().len(), READS);
        assert!(reads.goes_on(&read(&(READS + 9).to_string(), "/f"), 1, 20_000));
    }
}
