//! The live sessions and transfers: what the connections list shows, what limits count, what can be ended from outside.

mod progress;
mod rates;
mod stopping;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::IpAddr,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use entrepot_model::connection::{ConnectionStatus, Transfer};
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use progress::{Begin, Progress, Running};
pub(crate) use rates::History;
pub(crate) use rates::sample;
pub(crate) use stopping::{Shown, stopped_by_administrator};

use crate::{
    Core,
    accounts::Account,
    error::{Error, Result},
    live::{News, TransferNews, TransferState},
    login::checks,
    metrics::TransferScope,
    session::SessionState,
};

/// Milliseconds that an upload in several requests is shown without one.
const RESTING: i64 = 30_000;

#[derive(Default)]
struct State {
    sessions: HashMap<String, Weak<SessionState>>,
    sessions_by_user: HashMap<String, usize>,
    /// Sessions that count against limits of sessions.
    counted: usize,
    transfers: HashMap<u64, Arc<Progress>>,
    /// Uploads in several requests that wait for the next one, and until when they are shown.
    resting: HashMap<u64, (Arc<Progress>, i64)>,
    /// Bytes of transfers that ended since the last sample: up, down.
    ended_bytes: [u64; 2],
    /// Ids of uploads in several requests that were stopped, the newest last.
    stopped: VecDeque<String>,
    transfers_by_user: HashMap<String, usize>,
    transfers_by_host: HashMap<IpAddr, usize>,
    /// How often an account was told to end, and at which of these moments each was last.
    endings: u64,
    ended_at: HashMap<String, u64>,
    /// The server is stopping: nothing new is taken (LIM-009).
    closed: bool,
}

/// Counts are taken and given back under one lock, so that a burst never exceeds a limit (ACC-369, LIM-003).
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
    next: AtomicU64,
    /// Signalled when a transfer ends.
    ended: Notify,
    rates: rates::Rates,
    numbers: progress::Numbers,
}

impl Registry {
    /// The moment before which a login must have begun to be ended by the next [`Registry::close_user`].
    pub(crate) fn moment(&self) -> u64 {
        self.state.lock().endings
    }

    /// Enters a session of a login that began at `since`. An account that was told to end has to log in again: what it
    /// was allowed then may not hold any more.
    pub(crate) fn open(&self, session: &Arc<SessionState>, since: u64) -> Result<()> {
        let most = usize::try_from(session.account.user.user.max_sessions).unwrap_or(0);
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Shutdown);
        }
        if state.ended_at.get(session.username()).is_some_and(|ended| *ended > since) {
            return Err(Error::Auth);
        }
        if state.sessions.contains_key(&session.id) {
            return Err(Error::internal("opening a session", format!("the id {} is in use", session.id)));
        }
        if session.is_counted {
            let total = usize::try_from(session.core.settings().common.max_total_connections).unwrap_or(0);
            if total > 0 && state.counted >= total {
                return Err(Error::TooMany);
            }
            let count = state.sessions_by_user.entry(session.username().to_owned()).or_default();
            if most > 0 && *count >= most {
                return Err(Error::TooMany);
            }
            *count += 1;
            state.counted += 1;
        }
        state.sessions.insert(session.id.clone(), Arc::downgrade(session));
        Ok(())
    }

    /// Removes a session.
    pub(crate) fn close(&self, session: &SessionState) {
        let mut state = self.state.lock();
        let is_its_own = state.sessions.get(&session.id).is_some_and(|found| std::ptr::eq(found.as_ptr(), session));
        if is_its_own && state.sessions.remove(&session.id).is_some() && session.is_counted {
            state.counted -= 1;
            decrease(&mut state.sessions_by_user, session.username());
        }
    }

    /// Number of open sessions of an account.
    pub(crate) fn sessions_of(&self, username: &str) -> usize {
        self.state.lock().sessions_by_user.get(username).copied().unwrap_or(0)
    }

    /// Sessions of the account take over the rates that it has now.
    pub(crate) fn follow(&self, account: &Account) {
        let username = &account.user.user.username;
        self.live().iter().filter(|session| session.username() == username).for_each(|session| session.follow(account));
    }

    /// Number of open sessions of all accounts.
    pub(crate) fn sessions(&self) -> usize {
        self.state.lock().sessions.len()
    }

    /// Number of open sessions per account.
    pub(crate) fn sessions_by_user(&self) -> HashMap<String, usize> {
        self.state.lock().sessions_by_user.clone()
    }

    /// Tells every session of an account to end, and lets its logins open no other. Answers how many sessions there were.
    pub(crate) fn close_user(&self, username: &str) -> usize {
        {
            let mut state = self.state.lock();
            state.endings += 1;
            let moment = state.endings;
            state.ended_at.insert(username.to_owned(), moment);
        }
        let sessions = self.live();
        let mut closed = 0;
        for session in sessions.iter().filter(|session| session.username() == username) {
            session.cut();
            closed += 1;
        }
        closed
    }

    /// Tells the visitors of a share to leave.
    pub(crate) fn close_share(&self, id: &str) {
        let is_visit = |session: &Arc<SessionState>| session.confines.as_ref().is_some_and(|confines| confines.share == id);
        self.live().iter().filter(|session| is_visit(session)).for_each(|session| session.cut());
    }

    /// Number of running transfers.
    pub(crate) fn running_transfers(&self) -> usize {
        self.state.lock().transfers.len()
    }

    /// Tells all sessions to end, and takes no new one.
    pub(crate) fn close_all(&self) {
        self.state.lock().closed = true;
        for session in self.live() {
            session.kill.cancel();
        }
    }

    fn live(&self) -> Vec<Arc<SessionState>> {
        self.state.lock().sessions.values().filter_map(Weak::upgrade).collect()
    }

    /// Tells a session of a user whose role is wanted to end, with what carries it. Answers whose it was.
    pub(crate) fn close_session(&self, id: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        let session = self.state.lock().sessions.get(id).and_then(Weak::upgrade)?;
        if !is_wanted(&session.account.user.user.role) {
            return None;
        }
        session.cut();
        Some(session.username().to_owned())
    }

    /// The sessions of users whose role is wanted, as the connections list shows them.
    pub(crate) fn statuses(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<ConnectionStatus> {
        let mut sessions = self.live();
        sessions.retain(|session| is_wanted(&session.account.user.user.role));
        let mut transfers: HashMap<String, Vec<Arc<Progress>>> = HashMap::new();
        for transfer in self.state.lock().transfers.values() {
            transfers.entry(transfer.session.clone()).or_default().push(transfer.clone());
        }
        let status = |session: &Arc<SessionState>| {
            let mut own = transfers.remove(&session.id).unwrap_or_default();
            own.sort_by_key(|transfer| transfer.id);
            describe(session, own.iter().map(|transfer| transfer.status()).collect())
        };
        sessions.iter().map(status).collect()
    }

    /// A session as the connections list shows it (LIM-013).
    pub(crate) fn status_of(&self, session: &SessionState) -> ConnectionStatus {
        let state = self.state.lock();
        let transfers = state.transfers.values().filter(|transfer| transfer.session == session.id);
        describe(session, transfers.map(|transfer| transfer.status()).collect())
    }

    /// Waits until no transfer is running.
    pub(crate) async fn idle(&self) {
        loop {
            let ended = self.ended.notified();
            if self.state.lock().transfers.is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Counts a transfer in, if no limit forbids it (LIM-006, LIM-014, ACC-266).
    pub(crate) fn begin_transfer(&self, session: &SessionState, begin: Begin<'_>) -> Result<Running> {
        let settings = session.core.settings();
        let per_user = usize::try_from(session.account.user.user.max_sessions).unwrap_or(0);
        let per_host = usize::try_from(settings.common.max_per_host_transfers).unwrap_or(0);
        let total = usize::try_from(settings.common.max_total_transfers).unwrap_or(0);
        let host = session.peer.remote.ip();
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Shutdown);
        }
        let of_user = state.transfers_by_user.get(session.username()).copied().unwrap_or(0);
        let of_host = state.transfers_by_host.get(&host).copied().unwrap_or(0);
        let full = |count: usize, limit: usize| limit > 0 && count >= limit;
        let limits = [
            (full(of_user, per_user), TransferScope::User),
            (full(of_host, per_host), TransferScope::Host),
            (full(state.transfers.len(), total), TransferScope::Total),
        ];
        if let Some((_, scope)) = limits.into_iter().find(|(is_full, _)| *is_full) {
            session.core.0.metrics.deny_transfer(begin.direction, scope);
            return Err(Error::TooMany);
        }
        *state.transfers_by_user.entry(session.username().to_owned()).or_default() += 1;
        *state.transfers_by_host.entry(host).or_default() += 1;
        // All requests of one upload have one number, unless two of them run at once.
        let id = begin.upload.map(|upload| self.numbers.of(upload)).filter(|id| !state.transfers.contains_key(id));
        let before = id.and_then(|id| state.resting.remove(&id));
        let id = id.unwrap_or_else(|| self.next.fetch_add(1, Ordering::Relaxed));
        let progress = Arc::new(Progress::begin(id, session, begin, before.as_ref().map(|(before, _)| before.as_ref())));
        state.transfers.insert(progress.id, progress.clone());
        drop(state);
        session.core.0.live.tell(|| News::Transfer(Arc::new(progress.news(TransferState::Running))));
        Ok(Running { core: session.core.clone(), progress })
    }

    /// The running transfers that `is_wanted` picks, the oldest first.
    pub(crate) fn transfers(&self, is_wanted: impl Fn(&Progress) -> bool) -> Vec<TransferNews> {
        let state = self.state.lock();
        let wanted = state.transfers.values().filter(|transfer| is_wanted(transfer));
        let mut wanted: Vec<_> = wanted.map(|transfer| transfer.news(TransferState::Running)).collect();
        wanted.sort_unstable_by_key(|transfer| transfer.id);
        wanted
    }

    /// Counts a transfer out; false if it was already.
    fn end_transfer(&self, progress: &Arc<Progress>, now: i64) -> bool {
        let mut state = self.state.lock();
        let was_running = state.transfers.remove(&progress.id).is_some();
        if was_running {
            decrease(&mut state.transfers_by_user, &progress.user);
            if let Some(count) = state.transfers_by_host.get_mut(&progress.host) {
                *count -= 1;
                if *count == 0 {
                    state.transfers_by_host.remove(&progress.host);
                }
            }
            match progress.rests() {
                true => {
                    let until = now + RESTING;
                    state.resting.insert(progress.id, (progress.clone(), until));
                }
                false => state.ended_bytes[progress.direction.index()] += progress.sample(),
            }
            self.ended.notify_waiters();
        }
        was_running
    }

    fn idle_since(&self, moment: i64) -> Vec<Arc<SessionState>> {
        let mut idle = self.live();
        idle.retain(|session| session.last_activity.load(Ordering::Relaxed) < moment);
        idle
    }
}

fn describe(session: &SessionState, active_transfers: Vec<Transfer>) -> ConnectionStatus {
    ConnectionStatus {
        username: session.username().to_owned(),
        connection_id: session.id.clone(),
        client_version: session.peer.client_version.clone(),
        remote_address: session.peer.remote.to_string(),
        connection_time: session.connected_at,
        command: session.command.lock().clone(),
        last_activity: session.last_activity.load(Ordering::Relaxed),
        protocol: session.protocol.to_owned(),
        active_transfers,
        ..ConnectionStatus::default()
    }
}

fn decrease(counts: &mut HashMap<String, usize>, key: &str) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// Ends sessions that did nothing for `common.idle_timeout` minutes (LIM-004). A transfer that moves data counts as activity.
pub(crate) async fn close_idle(core: Core) {
    while core.tasks().rest(Duration::from_secs(60)).await {
        review(&core).await;
        close_idle_now(&core);
    }
}

/// One pass of [`close_idle`].
pub(crate) fn close_idle_now(core: &Core) {
    let minutes = i64::from(core.settings().common.idle_timeout);
    if minutes <= 0 {
        return;
    }
    for session in core.0.registry.idle_since(core.clock().millis() - minutes * 60_000) {
        tracing::info!(connection_id = %session.id, username = session.username(), minutes, "closed: idle");
        session.kill.cancel();
    }
}

/// Ends sessions of accounts that may no longer log in (LIM-005), and lets the others follow what their groups say about
/// rates.
pub(crate) async fn review(core: &Core) {
    let sessions = core.0.registry.live();
    let names: HashSet<&str> = sessions.iter().map(|session| session.username()).collect();
    for name in names {
        let of_account = || sessions.iter().filter(|session| session.username() == name);
        match core.0.accounts.load(core, name).await {
            Ok(Some(account)) => match checks::still_welcome(core, &account.user) {
                Ok(()) => of_account().for_each(|session| session.follow(&account)),
                Err(denial) => of_account().for_each(|session| {
                    let rule = denial.rule();
                    tracing::info!(connection_id = %session.id, username = name, rule, "closed: no login would be possible now");
                    session.kill.cancel();
                }),
            },
            Ok(None) => of_account().for_each(|session| session.kill.cancel()),
            // A fault of the database, or groups that do not merge for a moment, cut nobody off.
            Err(error) => tracing::warn!(username = name, %error, "sessions could not be reviewed"),
        }
    }
}
