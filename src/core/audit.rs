//! The audit trail: what happened, to whom, and which rule refused it.
//!
//! Rows go into the outbox of the main database, in the transaction that settles the change where there is one. A mover
//! copies them into the events database, idempotent by the id of the event, so that a crash neither loses nor doubles one.

pub(crate) mod lines;
mod retention;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use entrepot_model::event::{FsEvent, LogEvent, ProviderEvent};
use entrepot_store::{Events, OutboxEvent, Store, StoreError};
use uuid::Uuid;

use crate::{
    Clock, Core, EventSink, Tasks,
    error::{Error, Result},
    metrics::Metrics,
    place::Place,
    policy::Denial,
    session::SessionState,
};

pub(crate) use retention::expire;
#[cfg(test)]
pub(crate) use retention::expire_now;

/// Where events are written.
pub(crate) struct Audit {
    store: Store,
    clock: Arc<dyn Clock>,
    sink: Arc<dyn EventSink>,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    moved: tokio::sync::Notify,
}

/// How an operation ended, as events have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done.
    Ok,
    /// Failed or was given up.
    Failed,
    /// A quota forbade it.
    Quota,
}

impl Status {
    /// The status that an error leaves.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Quota | Error::FileQuota | Error::TransferQuota => Self::Quota,
            _ => Self::Failed,
        }
    }

    const fn code(self) -> i64 {
        match self {
            Self::Ok => 1,
            Self::Failed => 2,
            Self::Quota => 3,
        }
    }
}

/// What a file system event tells beyond session and place.
#[derive(Debug, Default)]
pub(crate) struct FsDetails<'a> {
    pub target: Option<&'a Place>,
    pub size: u64,
    pub started_at: i64,
    pub command: String,
    /// What went wrong, for the log.
    pub error: Option<&'a Error>,
    /// A rule refused it: it was never begun, and is no line of a transfer or command.
    pub is_denied: bool,
    /// The session that did it, where that is not ours: protocol, address, id.
    pub done_by: Option<(&'a str, &'a str, &'a str)>,
}

/// How a login ended.
#[derive(Debug)]
pub(crate) struct LoginOutcome<'a> {
    pub username: &'a str,
    pub protocol: &'a str,
    pub ip: IpAddr,
    /// Type of log event: 1 failed, 2 unknown user, 3 nothing tried, 4 not negotiated, 5 succeeded (AUD-004).
    pub event: i64,
    pub message: String,
    pub role: &'a str,
}

impl Audit {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
        tasks: Tasks,
        metrics: Arc<Metrics>,
    ) -> Self {
        let moved = tokio::sync::Notify::new();
        // What the last run left in the outbox goes first.
        moved.notify_one();
        Self { store, clock, sink, tasks, metrics, moved }
    }

    /// A row for a file system event; the caller puts it into its settlement.
    pub(crate) fn fs_event(
        &self,
        session: &SessionState,
        action: &str,
        place: &Place,
        status: Status,
        details: &FsDetails<'_>,
    ) -> Option<OutboxEvent> {
        let door = &session.account.door;
        let origin = door.origin(place.storage);
        let now = self.clock.nanos();
        let user = &session.account.user.user;
        let (protocol, ip, session_id) = match details.done_by {
            Some((protocol, ip, id)) => (protocol.to_owned(), ip.to_owned(), id.to_owned()),
            None => (session.protocol.to_owned(), session.peer.remote.ip().to_string(), session.id.clone()),
        };
        let event = FsEvent {
            id: Uuid::now_v7().to_string(),
            timestamp: now,
            action: action.to_owned(),
            username: user.username.clone(),
            external_username: session.visitor().to_owned(),
            fs_path: door.real_path(place),
            virtual_path: place.virtual_path.to_string_lossy(),
            fs_target_path: details.target.map(|target| door.real_path(target)).unwrap_or_default(),
            virtual_target_path: details.target.map(|t| t.virtual_path.to_string_lossy()).unwrap_or_default(),
            ssh_cmd: details.command.clone(),
            file_size: i64::try_from(details.size).unwrap_or(i64::MAX),
            elapsed: if details.started_at > 0 { (now / 1_000_000 - details.started_at).max(0) } else { 0 },
            status: status.code(),
            protocol,
            ip,
            session_id,
            fs_provider: i64::from(origin.provider),
            bucket: origin.bucket.clone(),
            endpoint: origin.endpoint.clone(),
            role: user.role.clone(),
            ..FsEvent::default()
        };
        if !details.is_denied {
            self.metrics.operation(&event);
            let error = details.error.map(ToString::to_string);
            lines::event(session, &event, details.done_by.is_some(), error.as_deref());
            if status == Status::Ok {
                crate::live::tell_operation(session, action, place, details.target);
            }
        }
        let event = Arc::new(event);
        self.sink.fs_event(&event);
        row(OutboxEvent::fs(&event))
    }

    /// Records rows without waiting for the database; they are in order with everything recorded before and after.
    pub(crate) fn record_later(&self, rows: Vec<OutboxEvent>) {
        let events = self.store.events();
        if let Err(StoreError::Overloaded) = events.record(rows.clone()) {
            self.tasks.spawn(async move { events.record_and_wait(rows).await });
        }
        self.moved.notify_one();
    }

    /// Tells the mover that a settlement brought rows.
    pub(crate) fn wake(&self) {
        self.moved.notify_one();
    }

    /// Records how a login ended.
    pub(crate) fn login(&self, outcome: &LoginOutcome<'_>) {
        let event = LogEvent {
            id: Uuid::now_v7().to_string(),
            timestamp: self.clock.nanos(),
            event: outcome.event,
            protocol: outcome.protocol.to_owned(),
            username: outcome.username.to_owned(),
            ip: outcome.ip.to_string(),
            message: outcome.message.clone(),
            role: outcome.role.to_owned(),
            ..LogEvent::default()
        };
        self.record_later(row(OutboxEvent::log(&event)).into_iter().collect());
    }

    /// Tells the rules that an address was banned.
    pub(crate) fn certificate_attempted(&self, domains: &str, error: Option<&str>) {
        self.sink.certificate_attempted(domains, error);
    }

    pub(crate) fn ip_blocked(&self, ip: IpAddr, protocol: entrepot_model::Protocol) {
        self.sink.ip_blocked(ip, protocol);
    }

    /// Records a change of an object; `id` and `timestamp` are filled in here.
    pub(crate) fn provider(&self, mut event: ProviderEvent) {
        event.id = Uuid::now_v7().to_string();
        event.timestamp = self.clock.nanos();
        self.record_later(
            row(OutboxEvent::provider(&event, Some(&event.role).filter(|role| !role.is_empty()).map(String::as_str)))
                .into_iter()
                .collect(),
        );
    }

    /// Records that a rule refused an operation that changes or transfers files: the answer to "why was this refused?".
    pub(crate) fn denied(&self, session: &SessionState, action: &str, place: &Place, denial: &Denial) {
        tracing::info!(
            connection_id = %session.id, username = session.username(), action, virtual_path = %place.virtual_path,
            rule = denial.rule(), detail = denial.detail(), "denied"
        );
        if !session.denials.take(self.clock.seconds()) {
            return;
        }
        let details = FsDetails { command: format!("denied by {denial}"), is_denied: true, ..FsDetails::default() };
        let event = self.fs_event(session, action, place, Status::Failed, &details);
        self.record_later(event.into_iter().collect());
    }
}

/// A row that cannot be made is a fault of ours: the operation goes on, the log has it.
fn row(row: std::result::Result<OutboxEvent, StoreError>) -> Option<OutboxEvent> {
    row.inspect_err(|error| tracing::error!(%error, "an event cannot be stored")).ok()
}

/// How many denials a session may have recorded per minute: a client that hammers on a closed door must not fill the
/// database. The log has them all.
#[derive(Debug, Default)]
pub(crate) struct DenialBudget {
    minute: AtomicI64,
    used: AtomicU32,
}

impl DenialBudget {
    const PER_MINUTE: u32 = 60;

    /// Whether one more may be recorded.
    pub(crate) fn take(&self, seconds: i64) -> bool {
        let minute = seconds / 60;
        if self.minute.swap(minute, Ordering::Relaxed) != minute {
            self.used.store(0, Ordering::Relaxed);
        }
        self.used.fetch_add(1, Ordering::Relaxed) < Self::PER_MINUTE
    }
}

/// Moves rows from the outbox to the events database whenever there are some.
pub(crate) async fn move_outbox(core: Core) {
    let stop = core.tasks().stopping();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = core.0.audit.moved.notified() => {}
        }
        // Many rows in one go: idle servers write nothing, busy ones write in batches.
        if !core.tasks().rest(Duration::from_secs(1)).await {
            return;
        }
        flush(&core).await;
    }
}

/// Moves what is in the outbox now. A batch that is not full was the last one: what comes meanwhile waits for the next
/// time, or it would go row by row.
pub(crate) async fn flush(core: &Core) {
    if let Err(error) = core.0.store.transfers().barrier().await {
        tracing::error!(%error, "storing events");
    }
    loop {
        match core.0.store.events().move_outbox().await {
            Ok(moved) if moved < Events::BATCH => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "moving events to their database");
                return;
            }
        }
    }
}

impl Core {
    /// Searches file system events, newest first unless asked otherwise.
    ///
    /// # Errors
    /// `Internal` when the events database cannot be read.
    pub async fn search_fs_events(&self, filter: entrepot_store::FsEventFilter) -> Result<Vec<FsEvent>> {
        flush(self).await;
        self.0.store.events().search_fs(filter).await.map_err(|error| Error::internal("searching events", error))
    }
}
