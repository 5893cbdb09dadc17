//! A transfer as it runs.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    ops::Deref,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use entrepot_model::{VirtualPath, connection::Transfer};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::stopping::{STOPPED, stopped_by_administrator};
use crate::{
    Core,
    error::Error,
    live::{News, Outcome, TransferNews, TransferState},
    session::{Direction, SessionState},
    transfer::UploadState,
};

/// A size that is not known.
const UNKNOWN: u64 = u64::MAX;
/// Numbers of uploads in several requests begin here; all stay exact in JSON.
const OF_UPLOADS: u64 = 1 << 52;

/// What a transfer begins with.
pub(crate) struct Begin<'a> {
    pub direction: Direction,
    pub path: String,
    /// Id of the upload that this is one of several requests of.
    pub upload: Option<&'a str>,
    /// Bytes of the whole file, where they are known.
    pub total: Option<u64>,
}

impl Begin<'_> {
    /// In one request, of an unknown size.
    pub(crate) fn new(direction: Direction, path: &VirtualPath) -> Self {
        Self { direction, path: path.to_string_lossy(), upload: None, total: None }
    }
}

/// Numbers of uploads in several requests: the same for all of them, and nothing that leads back to their ids, which are
/// secrets.
#[derive(Default)]
pub(super) struct Numbers(RandomState);

impl Numbers {
    pub(super) fn of(&self, upload: &str) -> u64 {
        OF_UPLOADS | self.0.hash_one(upload) & (OF_UPLOADS - 1)
    }
}

/// A running transfer.
pub(crate) struct Progress {
    pub(super) id: u64,
    pub(super) session: String,
    pub(super) user: String,
    pub(super) role: String,
    protocol: &'static str,
    pub(super) host: IpAddr,
    pub(super) direction: Direction,
    pub(super) path: String,
    started_at: i64,
    /// Bytes moved so far, by this request.
    pub bytes: AtomicU64,
    /// Bytes that were there before.
    base: AtomicU64,
    total: AtomicU64,
    pub(super) upload: Option<String>,
    /// How far it was at the last sample, and bytes per second then.
    sampled: AtomicU64,
    rate: AtomicU64,
    is_sampled: AtomicBool,
    /// Who stopped it.
    stopped: OnceLock<String>,
    woken: Notify,
    written: OnceLock<Weak<UploadState>>,
    /// Until it is known otherwise, it failed.
    outcome: Mutex<Outcome>,
}

/// A transfer that is counted as running. Dropping it counts it out.
pub(crate) struct Running {
    pub(super) core: Core,
    pub(super) progress: Arc<Progress>,
}

impl Running {
    /// Counts it out, if it was not yet, and tells how it ended.
    pub(crate) fn end(&self, outcome: Outcome) {
        *self.progress.outcome.lock() = outcome;
        self.end_unknown();
    }

    fn end_unknown(&self) {
        if self.core.0.registry.end_transfer(&self.progress, self.core.0.clock.millis()) {
            let outcome = *self.progress.outcome.lock();
            self.core.0.live.tell(|| News::Transfer(Arc::new(self.progress.news(outcome.into()))));
        }
    }
}

impl Deref for Running {
    type Target = Progress;

    fn deref(&self) -> &Progress {
        &self.progress
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_unknown();
    }
}

impl Progress {
    /// `before` is an earlier request of the same upload.
    pub(super) fn begin(id: u64, session: &SessionState, begin: Begin<'_>, before: Option<&Self>) -> Self {
        let Begin { direction, path, upload, total } = begin;
        let kept =
            |value: fn(&Self) -> &AtomicU64| AtomicU64::new(before.map_or(0, |before| value(before).load(Ordering::Relaxed)));
        Self {
            id,
            session: session.id.clone(),
            user: session.username().to_owned(),
            role: session.account.user.user.role.clone(),
            protocol: session.protocol,
            host: session.peer.remote.ip(),
            direction,
            path,
            started_at: before.map_or_else(|| session.core.0.clock.millis(), |before| before.started_at),
            bytes: AtomicU64::new(0),
            base: AtomicU64::new(before.map_or(0, Self::done)),
            total: AtomicU64::new(total.unwrap_or(UNKNOWN)),
            upload: upload.map(str::to_owned),
            sampled: kept(|before| &before.sampled),
            rate: kept(|before| &before.rate),
            is_sampled: AtomicBool::new(before.is_some_and(|before| before.is_sampled.load(Ordering::Relaxed))),
            stopped: OnceLock::new(),
            woken: Notify::new(),
            written: OnceLock::new(),
            outcome: Mutex::new(Outcome::Failed),
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Its direction.
    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    /// The file.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// When it began, in milliseconds since the epoch.
    pub(crate) fn started_at(&self) -> i64 {
        self.started_at
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// His role.
    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    /// This many bytes are all that there will be.
    pub(crate) fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So much was there before it began.
    pub(crate) fn goes_on_at(&self, offset: u64) {
        self.base.store(offset, Ordering::Relaxed);
        if self.is_sampled.load(Ordering::Relaxed) {
            self.sampled.fetch_min(offset, Ordering::Relaxed);
        } else {
            self.sampled.store(offset, Ordering::Relaxed);
        }
    }

    /// How far the file is.
    pub(crate) fn done(&self) -> u64 {
        self.base.load(Ordering::Relaxed).saturating_add(self.bytes.load(Ordering::Relaxed))
    }

    /// Its size, where it is known.
    pub(crate) fn total(&self) -> Option<u64> {
        let total = self.total.load(Ordering::Relaxed);
        (total != UNKNOWN).then_some(total)
    }

    /// Bytes since the last sample.
    pub(super) fn sample(&self) -> u64 {
        let done = self.done();
        done.saturating_sub(self.sampled.swap(done, Ordering::Relaxed))
    }

    /// Takes a sample after `millis` milliseconds. Answers the bytes since the one before.
    pub(super) fn meter(&self, millis: u64) -> u64 {
        let moved = self.sample();
        self.rate.store(moved.saturating_mul(1000) / millis.max(1), Ordering::Relaxed);
        self.is_sampled.store(true, Ordering::Relaxed);
        moved
    }

    /// Bytes per second: those of the last sample, or since the beginning.
    pub(crate) fn rate(&self, now: i64) -> u64 {
        if self.is_sampled.load(Ordering::Relaxed) {
            return self.rate.load(Ordering::Relaxed);
        }
        let millis = u64::try_from(now - self.started_at).unwrap_or(0).max(1);
        self.bytes.load(Ordering::Relaxed).saturating_mul(1000) / millis
    }

    /// It ended for now, and goes on with the next request.
    pub(super) fn rests(&self) -> bool {
        self.upload.is_some() && *self.outcome.lock() == Outcome::Paused && self.stopped.get().is_none()
    }

    /// It is that upload.
    pub(crate) fn is_of(&self, upload: Weak<UploadState>) {
        let _ = self.written.set(upload);
    }

    /// Stops it, in the name of `administrator`. Answers the upload, if it is one that runs.
    pub(super) fn halt(&self, administrator: &str) -> Option<Arc<UploadState>> {
        let _ = self.stopped.set(administrator.to_owned());
        self.woken.notify_waiters();
        self.written.get().and_then(Weak::upgrade)
    }

    /// Why it does not go on, if an administrator stopped it.
    pub(crate) fn stop(&self) -> Option<Error> {
        self.stopped.get().map(|_| stopped_by_administrator())
    }

    /// Who stopped it, as events have it.
    pub(crate) fn stopped_by(&self) -> Option<String> {
        self.stopped.get().map(|name| format!("denied by {STOPPED}: {name}"))
    }

    /// Resolves when an administrator stops it.
    pub(crate) async fn stopped(&self) -> Error {
        loop {
            let woken = self.woken.notified();
            if let Some(error) = self.stop() {
                return error;
            }
            woken.await;
        }
    }

    pub(super) fn news(&self, state: TransferState) -> TransferNews {
        TransferNews {
            id: self.id,
            username: self.user.clone(),
            role: self.role.clone(),
            direction: self.direction,
            path: self.path.clone(),
            protocol: self.protocol,
            started_at: self.started_at,
            bytes: self.bytes.load(Ordering::Relaxed),
            state,
        }
    }

    pub(super) fn status(&self) -> Transfer {
        Transfer {
            operation_type: match self.direction {
                Direction::Upload => "upload".to_owned(),
                Direction::Download => "download".to_owned(),
            },
            path: self.path.clone(),
            start_time: self.started_at,
            size: i64::try_from(self.bytes.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
        }
    }
}
