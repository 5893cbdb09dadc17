//! A transfer as it runs.

use std::{
    net::IpAddr,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use entrepot_model::connection::Transfer;
use parking_lot::Mutex;

use crate::{
    Core,
    live::{News, Outcome, TransferNews, TransferState},
    session::{Direction, SessionState},
};

/// A running transfer.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(super) id: u64,
    pub(super) session: String,
    pub(super) user: String,
    role: String,
    protocol: &'static str,
    pub(super) host: IpAddr,
    direction: Direction,
    path: String,
    started_at: i64,
    /// Bytes moved so far.
    pub bytes: AtomicU64,
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
        if self.core.0.registry.end_transfer(&self.progress) {
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
    pub(super) fn begin(id: u64, session: &SessionState, direction: Direction, path: String) -> Self {
        Self {
            id,
            session: session.id.clone(),
            user: session.username().to_owned(),
            role: session.account.user.user.role.clone(),
            protocol: session.protocol,
            host: session.peer.remote.ip(),
            direction,
            path,
            started_at: session.core.0.clock.millis(),
            bytes: AtomicU64::new(0),
            outcome: Mutex::new(Outcome::Failed),
        }
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
