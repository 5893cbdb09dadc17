//! One request at a time for each upload.
//!
//! A client whose line broke comes back while the server still waits for the rest of the old request. So a request that has
//! brought nothing for a while gives way to the next one; one that runs is not disturbed, and the next one is told to wait.
//! A look at how far an upload is takes a moment: whoever comes meanwhile waits for its end and is not refused.
//!
//! What is known of an upload can be left to the next turn: all that changes it takes a turn, or says that it went. So one
//! piece after the other needs no look at the database.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use entrepot_store::ResumableUpload;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    error::{Error, Result},
};

/// Milliseconds without a byte after which a request gives way.
const STALLED: i64 = 2000;
/// How long the next one waits for it to do so.
const PATIENCE: Duration = Duration::from_secs(5);
/// Uploads of which something is left. Past it all of it is forgotten, which costs each of them one look at the database.
const MOST_LEFT: usize = 1024;

/// The uploads that somebody is at.
#[derive(Default)]
pub(crate) struct Turns {
    running: Mutex<HashMap<String, Arc<Running>>>,
    /// What the last turn at an upload left; whoever takes the next one takes it away.
    left: Mutex<HashMap<String, ResumableUpload>>,
    ended: Notify,
    /// Turns that have ended.
    ends: AtomicU64,
}

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To see how far the upload is.
    Look,
    /// To bring bytes.
    Bring,
    /// To end the upload: whoever has the turn must let go, even if it runs.
    End,
}

struct Running {
    purpose: Purpose,
    release: CancellationToken,
    moved_at: AtomicI64,
    offset: AtomicU64,
    /// For the next turn.
    leaves: Mutex<Option<ResumableUpload>>,
}

/// The right to be at an upload, until it is dropped.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    id: String,
    running: Arc<Running>,
}

impl Turns {
    /// Waits for the turn at an upload.
    ///
    /// # Errors
    /// `Busy` while another request brings bytes.
    pub(crate) async fn take(self: &Arc<Self>, id: &str, clock: &dyn Clock, purpose: Purpose) -> Result<Turn> {
        let until = Instant::now() + PATIENCE;
        loop {
            let ended = self.ended.notified();
            let now = clock.millis();
            {
                let mut running = self.running.lock();
                let Some(other) = running.get(id) else {
                    let mine = Arc::new(Running {
                        purpose,
                        release: CancellationToken::new(),
                        moved_at: AtomicI64::new(now),
                        offset: AtomicU64::new(u64::MAX),
                        leaves: Mutex::default(),
                    });
                    running.insert(id.to_owned(), mine.clone());
                    self.left.lock().remove(id);
                    return Ok(Turn { turns: self.clone(), id: id.to_owned(), running: mine });
                };
                if other.purpose != Purpose::Look {
                    if purpose != Purpose::End && now - other.moved_at.load(Ordering::Relaxed) < STALLED {
                        return Err(Error::Busy);
                    }
                    other.release.cancel();
                }
            }
            tokio::time::timeout_at(until, ended).await.map_err(|_| Error::Busy)?;
        }
    }

    /// What the last turn at an upload left, while nobody else has taken one.
    pub(crate) fn left(&self, id: &str) -> Option<ResumableUpload> {
        self.left.lock().get(id).cloned()
    }

    /// The upload went without a turn, with what it belonged to: nothing that was left of it holds.
    pub(crate) fn forget(&self, id: &str) {
        self.left.lock().remove(id);
    }

    /// How many turns have ended: while it stays the same, what was read of an upload before a turn at it holds within the
    /// turn as well.
    pub(crate) fn ends(&self) -> u64 {
        self.ends.load(Ordering::SeqCst)
    }

    /// How far the request is that is at an upload now.
    pub(crate) fn offset(&self, id: &str) -> Option<u64> {
        let offset = self.running.lock().get(id)?.offset.load(Ordering::Relaxed);
        (offset != u64::MAX).then_some(offset)
    }

    /// Whether somebody is at it.
    pub(crate) fn is_taken(&self, id: &str) -> bool {
        self.running.lock().contains_key(id)
    }
}

impl Turn {
    /// The upload.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The upload is this far.
    pub(crate) fn reach(&self, offset: u64, now: i64) {
        self.running.offset.store(offset, Ordering::Relaxed);
        self.running.moved_at.store(now, Ordering::Relaxed);
    }

    /// What the database says of the upload, or is about to, once this turn has ended.
    pub(crate) fn leave(&self, upload: ResumableUpload) {
        *self.running.leaves.lock() = Some(upload);
    }

    /// When the answer is dropped, nobody listens any more: the next request need not wait until this one has stalled, only
    /// until what it brought is settled.
    pub(crate) fn attend(self: &Arc<Self>) -> Attending {
        Attending(self.running.clone())
    }

    /// Resolves when the next request asks this one to let go.
    pub(crate) async fn asked_to_end(&self) {
        self.running.release.cancelled().await;
    }
}

/// A request that is being answered.
pub(crate) struct Attending(Arc<Running>);

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.moved_at.store(0, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Before anybody else can have the turn.
        self.turns.ends.fetch_add(1, Ordering::SeqCst);
        let mut running = self.turns.running.lock();
        if let Some(upload) = self.running.leaves.lock().take() {
            let mut left = self.turns.left.lock();
            if left.len() >= MOST_LEFT {
                left.clear();
            }
            left.insert(self.id.clone(), upload);
        }
        running.remove(&self.id);
        drop(running);
        self.turns.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn upload(id: &str) -> ResumableUpload {
        ResumableUpload { id: id.to_owned(), length: 8, ..ResumableUpload::default() }
    }

    #[tokio::test]
    async fn what_a_turn_leaves_holds_until_somebody_takes_the_next() {
        let turns = Arc::new(Turns::default());
        let turn = turns.take("a", &SystemClock, Purpose::Bring).await.expect("turn");
        turn.leave(upload("a"));
        assert_eq!(turns.left("a"), None, "it goes on");
        drop(turn);
        assert_eq!(turns.left("a"), Some(upload("a")));
        assert_eq!(turns.left("b"), None);
        let look = turns.take("a", &SystemClock, Purpose::Look).await.expect("turn");
        assert_eq!(turns.left("a"), None);
        drop(look);
        assert_eq!(turns.left("a"), None, "nothing was left");
    }
}
