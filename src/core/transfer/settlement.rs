//! Settlement: the end of a change, in the ledger and in one transaction of the database.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use entrepot_model::{EffectiveUser, User};
use entrepot_store::{
    FirstTransfer, IntentEnd, OutboxEvent, QuotaChange, QuotaOwner, Settlement as Rows, StoreError, TransferDirection,
    TransferUsage,
};

use crate::{
    Core,
    error::{Error, Result},
    metrics::EndedTransfer,
    place::Place,
    quota::{Limits, Transferred, Usage},
    session::{Direction, SessionState},
};

impl SessionState {
    /// Counts a transfer that ended, for monitoring.
    pub(crate) fn count_transfer(&self, direction: Direction, place: &Place, is_ok: bool, bytes: u64) {
        self.core.0.metrics.transfer(self.ended_transfer(direction, place, is_ok, bytes));
    }

    /// Counts what a request brought of an upload that goes on later, for monitoring.
    pub(crate) fn count_part(&self, place: &Place, bytes: u64) {
        self.core.0.metrics.part(self.ended_transfer(Direction::Upload, place, true, bytes));
    }

    fn ended_transfer(&self, direction: Direction, place: &Place, is_ok: bool, bytes: u64) -> EndedTransfer<'_> {
        EndedTransfer {
            direction,
            username: self.username(),
            provider: i64::from(self.account.door.origin(place.storage).provider),
            is_ok,
            bytes,
            now: self.core.0.clock.millis(),
        }
    }

    /// Who is charged for a place, and with which limits: the folder with limits of its own, else the user (ACC-182, ACC-183).
    pub(crate) fn quota_of(&self, place: &Place) -> (QuotaOwner, Limits) {
        quota_of(&self.core, &self.account.user, place)
    }

    /// Whether its account was deleted meanwhile.
    pub(crate) fn is_of_the_gone(&self) -> bool {
        self.core.0.accounts.is_gone(&self.account)
    }

    /// Whether changes at a place are counted (ACC-274): never, always, or only where there are limits, and in folders.
    pub(crate) fn tracks(&self, owner: &QuotaOwner) -> bool {
        match self.core.settings().data_provider.track_quota {
            0 => false,
            1 => true,
            _ => match owner {
                QuotaOwner::Folder(_) => true,
                QuotaOwner::User(_) => {
                    let user = &self.account.user.user;
                    user.quota_size > 0 || user.quota_files > 0
                }
            },
        }
    }
}

/// Who is charged for a place of an account, and with which limits (ACC-182, ACC-183).
pub(crate) fn quota_of(core: &Core, user: &EffectiveUser, place: &Place) -> (QuotaOwner, Limits) {
    let mount = place.storage.0.checked_sub(1).and_then(|index| user.mounts.get(index));
    let (owner, limits) = match mount {
        Some(mount) if mount.quota_size >= 0 && mount.quota_files >= 0 => {
            let limits = Limits { files: mount.quota_files, size: mount.quota_size };
            (QuotaOwner::Folder(mount.folder.name.clone()), limits)
        }
        _ => {
            let limits = Limits { files: user.user.quota_files, size: user.user.quota_size };
            (QuotaOwner::User(user.user.username.clone()), limits)
        }
    };
    // What is not tracked cannot be compared with a limit.
    let is_tracked = core.settings().data_provider.track_quota != 0;
    (owner, if is_tracked { limits } else { Limits::default() })
}

/// Changes to be settled together.
#[derive(Default)]
pub(crate) struct Settlement {
    rows: Rows,
    changes: Vec<(QuotaOwner, Usage)>,
}

impl Settlement {
    /// Usage of a place changes. The ledger follows at once for changes without a reservation (`reserved` = false).
    pub(crate) fn change(mut self, session: &SessionState, place: &Place, change: Usage, reserved: bool) -> Self {
        let (owner, _) = session.quota_of(place);
        // Its counters went with it; those of an account of the same name are another's.
        if matches!(owner, QuotaOwner::User(_)) && session.is_of_the_gone() {
            return self;
        }
        if change != Usage::default() && session.tracks(&owner) {
            self.rows.quota.push(QuotaChange { owner: owner.clone(), files: change.files, size: change.size });
        }
        if !reserved {
            self.changes.push((owner, change));
        }
        self
    }

    /// An upload or download moved bytes; counted where the account has a transfer quota (ACC-295).
    pub(crate) fn moved(mut self, session: &SessionState, direction: Direction, bytes: u64) -> Self {
        let user = &session.account.user.user;
        if counts_transfers(user) && bytes > 0 {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            let (upload, download) = if direction == Direction::Upload { (bytes, 0) } else { (0, bytes) };
            self.rows.transfer = Some(TransferUsage { username: user.username.clone(), upload, download });
        }
        self
    }

    /// The intent of an upload ends, or becomes a partial.
    pub(crate) fn intent(mut self, end: IntentEnd) -> Self {
        self.rows.intent = end;
        self
    }

    /// The row of the audit trail.
    pub(crate) fn event(mut self, event: Option<OutboxEvent>) -> Self {
        self.rows.events.extend(event);
        self
    }

    /// The first successful transfer of an account is stamped (UPL-008).
    pub(crate) fn first(mut self, session: &SessionState, direction: Direction, event: Option<OutboxEvent>) -> Self {
        let user = &session.account.user.user;
        if event.is_some() {
            let direction = match direction {
                Direction::Upload => TransferDirection::Upload,
                Direction::Download => TransferDirection::Download,
            };
            self.rows.first = Some(FirstTransfer { username: user.username.clone(), direction, event });
        }
        self
    }

    /// Writes everything in one transaction and waits for it, unless the disk of the database is full: what this settles is
    /// done, so it waits for room. Dropping the future abandons the answer only.
    pub(crate) async fn write(mut self, session: &SessionState) -> Result<()> {
        let core = &session.core.0;
        self.rows.now = core.clock.millis();
        for (owner, change) in &self.changes {
            core.ledger.ensure(owner, Usage::default()).apply(*change);
        }
        let written = core.store.transfers().settle_surely(self.rows).await;
        core.audit.wake();
        written.map_err(|error| Error::internal("settling a transfer", error))
    }

    /// Hands everything to the writer without waiting; for ends that nobody waits for.
    pub(crate) fn write_later(mut self, session: &SessionState) {
        let core = &session.core.0;
        self.rows.now = core.clock.millis();
        for (owner, change) in &self.changes {
            core.ledger.ensure(owner, Usage::default()).apply(*change);
        }
        let transfers = core.store.transfers();
        if let Err(StoreError::Overloaded) = transfers.submit_settle(self.rows.clone()) {
            // The queue is full: a task waits in our place, so that no row is lost.
            let rows = self.rows;
            core.tasks.spawn(async move { transfers.settle_surely(rows).await });
        }
        core.audit.wake();
    }
}

/// Stores what had to wait because the disk of the database was full.
pub(crate) async fn store_late(core: Core) {
    while core.tasks().rest(Duration::from_secs(5)).await {
        let transfers = core.0.store.transfers();
        if transfers.has_late() && transfers.barrier().await.is_ok() {
            tracing::info!("what waited for room in the database is stored");
            core.0.audit.wake();
        }
    }
}

/// Records the end of a download. Nobody waits for it: the file was read.
pub(crate) fn after_download(session: &Arc<SessionState>, event: Option<OutboxEvent>, bytes: u64, first: Option<OutboxEvent>) {
    let mut settlement = Settlement::default().event(event).moved(session, Direction::Download, bytes);
    if first.is_some() {
        settlement = settlement.first(session, Direction::Download, first);
    }
    settlement.write_later(session);
}

fn counts_transfers(user: &User) -> bool {
    user.total_data_transfer > 0 || user.upload_data_transfer > 0 || user.download_data_transfer > 0
}

/// What an account may still transfer in one direction, shared by all its transfers (ACC-294, LIM-012).
#[derive(Debug, Clone)]
pub(crate) struct TransferAllowance {
    used: Arc<Transferred>,
    direction: Direction,
    /// Bytes; 0 = no limit.
    limit: i64,
    /// The limit is for both directions together.
    total: bool,
    /// The account has a limit for some direction, so everything is counted.
    counted: bool,
}

impl TransferAllowance {
    /// Whether nothing is left: no new transfer may begin.
    pub(crate) fn is_spent(&self) -> bool {
        self.limit > 0 && self.used() >= self.limit
    }

    /// Whether more was moved than is allowed: a running transfer must end.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.limit > 0 && self.used() > self.limit
    }

    /// Whether `bytes` more may be moved.
    pub(crate) fn allows(&self, bytes: usize) -> bool {
        self.limit == 0 || self.used().saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX)) <= self.limit
    }

    fn used(&self) -> i64 {
        let upload = self.used.upload.load(Ordering::Relaxed);
        let download = self.used.download.load(Ordering::Relaxed);
        match self.direction {
            _ if self.total => upload.saturating_add(download),
            Direction::Upload => upload,
            Direction::Download => download,
        }
    }

    /// Adds what was moved.
    pub(crate) fn spend(&self, bytes: u64) {
        if self.counted {
            let counter = if self.direction == Direction::Upload { &self.used.upload } else { &self.used.download };
            counter.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}

/// The allowance of a new transfer.
///
/// # Errors
/// `TransferQuota` when nothing is left.
pub(crate) fn allowance(session: &SessionState, direction: Direction) -> Result<TransferAllowance> {
    allowance_of(&session.core, &session.account.user.user, direction)
}

/// The same for an account without a session.
///
/// # Errors
/// `TransferQuota` when nothing is left.
pub(crate) fn allowance_of(core: &Core, user: &User, direction: Direction) -> Result<TransferAllowance> {
    const MEGABYTE: i64 = 1 << 20;
    let (limit, total) = if user.total_data_transfer > 0 {
        (user.total_data_transfer, true)
    } else if direction == Direction::Upload {
        (user.upload_data_transfer, false)
    } else {
        (user.download_data_transfer, false)
    };
    let (upload, download) = (user.used_upload_data_transfer, user.used_download_data_transfer);
    let used = core.0.ledger.transferred(&user.username, upload, download);
    let limit = limit.max(0).saturating_mul(MEGABYTE);
    let allowance = TransferAllowance { used, direction, limit, total, counted: counts_transfers(user) };
    if allowance.is_spent() { Err(Error::TransferQuota) } else { Ok(allowance) }
}
