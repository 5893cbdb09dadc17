//! What is connected, and ending it from outside (API-060…API-065, LIM-013).

use std::sync::{Arc, atomic::Ordering};

use entrepot_model::{AdminPermission as P, connection::ConnectionStatus};
use serde::Serialize;

use super::AdminSession;
use crate::{
    Core, Direction, Error, Result,
    registry::{History, Progress, Shown},
    resumable,
    session::SessionState,
    transfer::stop_upload,
};

/// The open sessions with their running transfers, the oldest first; role administrators get those of their users (API-065).
///
/// # Errors
/// `Denied` without `view_conns`.
pub fn list(core: &Core, session: &AdminSession) -> Result<Vec<ConnectionStatus>> {
    session.require(P::ViewConns)?;
    let now = core.clock().millis();
    let mut list = core.0.registry.statuses(|role| session.sees_role(role));
    list.iter_mut().for_each(|status| status.current_time = now);
    list.sort_by(|one, other| (one.connection_time, &one.connection_id).cmp(&(other.connection_time, &other.connection_id)));
    Ok(list)
}

/// Ends a session: its transfers are aborted, and what carries it is closed, with every other session on it (API-064).
///
/// # Errors
/// `Denied` without `close_conns`; `NotFound`, also for sessions of users of another role.
pub fn close(core: &Core, session: &AdminSession, id: &str) -> Result<()> {
    session.require(P::CloseConns)?;
    let username = core.0.registry.close_session(id, |role| session.sees_role(role)).ok_or(Error::NotFound)?;
    core.0.leases.forget(id);
    tracing::info!(executor = session.username(), ip = %session.ip(), connection_id = id, username, "closed a connection");
    Ok(())
}

/// A session as administrators see it, with what it moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveSession {
    /// Its id, as in `/connections`.
    pub connection_id: String,
    /// Whose it is.
    pub username: String,
    /// Over which protocol.
    pub protocol: &'static str,
    /// What the client says it is.
    pub client_version: String,
    /// Address and port.
    pub remote_address: String,
    /// When it began, in Unix milliseconds.
    pub connection_time: i64,
    /// When it last did something, in Unix milliseconds.
    pub last_activity: i64,
    /// The command that it carries out, if any.
    pub command: String,
    /// KB (1024 bytes) a second that were set for this session alone; 0 = none.
    pub upload_bandwidth: u64,
    /// As `upload_bandwidth`.
    pub download_bandwidth: u64,
    /// KB a second that the account has, for all its sessions together; 0 = none. The lower of both holds.
    pub account_upload_bandwidth: u64,
    /// As `account_upload_bandwidth`.
    pub account_download_bandwidth: u64,
    /// What it moves, the oldest first.
    pub transfers: Vec<LiveTransfer>,
}

/// A transfer as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveTransfer {
    /// Its number; that of an upload in several requests stays the same for all of them.
    pub id: u64,
    /// `upload` or `download`.
    pub operation_type: &'static str,
    /// Virtual path.
    pub path: String,
    /// Unix milliseconds.
    pub start_time: i64,
    /// How far the file is, in bytes.
    pub bytes: u64,
    /// Size of the whole file, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Bytes per second now.
    pub rate: u64,
    /// Seconds until the end at this rate, where the size is known and something moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// An upload in several requests that waits for the next of them.
    pub waiting: bool,
}

impl LiveTransfer {
    fn of(progress: &Progress, runs: bool, now: i64) -> Self {
        let (bytes, rate) = (progress.done(), if runs { progress.rate(now) } else { 0 });
        let size = progress.total().map(|size| size.max(bytes));
        Self {
            id: progress.id(),
            operation_type: match progress.direction() {
                Direction::Upload => "upload",
                Direction::Download => "download",
            },
            path: progress.path().to_owned(),
            start_time: progress.started_at(),
            bytes,
            size,
            rate,
            remaining: size.filter(|_| rate > 0).map(|size| (size - bytes).div_ceil(rate)),
            waiting: !runs,
        }
    }

    /// Whether it comes to us.
    pub fn is_upload(&self) -> bool {
        self.operation_type == "upload"
    }

    /// How much of it is done, in percent, where its size is known.
    pub fn percent(&self) -> Option<u64> {
        self.size.map(|size| if size == 0 { 100 } else { (u128::from(self.bytes) * 100 / u128::from(size)) as u64 })
    }
}

/// The open sessions with what they move, the oldest first; role administrators get those of their users.
///
/// # Errors
/// `Denied` without `view_conns`.
pub fn live(core: &Core, session: &AdminSession) -> Result<Vec<LiveSession>> {
    session.require(P::ViewConns)?;
    let now = core.clock().millis();
    let found = core.0.registry.sessions_with_transfers(now, |role| session.sees_role(role));
    let of = |(state, transfers): (Arc<SessionState>, Vec<Shown>)| {
        let (upload, download) = (state.rates(Direction::Upload), state.rates(Direction::Download));
        LiveSession {
            connection_id: state.id.clone(),
            username: state.username().to_owned(),
            protocol: state.protocol,
            client_version: state.peer.client_version.clone(),
            remote_address: state.peer.remote.to_string(),
            connection_time: state.connected_at,
            last_activity: state.last_activity.load(Ordering::Relaxed),
            command: state.command.lock().clone(),
            upload_bandwidth: upload.0,
            download_bandwidth: download.0,
            account_upload_bandwidth: upload.1,
            account_download_bandwidth: download.1,
            transfers: transfers.iter().map(|(progress, runs)| LiveTransfer::of(progress, *runs, now)).collect(),
        }
    };
    Ok(found.into_iter().map(of).collect())
}

/// Most KB a second that a session can be limited to: what is more is no limit.
pub const MOST_BANDWIDTH: u64 = 1 << 40;

/// Sets the rates of one session, in KB (1024 bytes) a second; 0 = none. They hold at once, beside those of the account, and end
/// with the session.
///
/// # Errors
/// `Denied` without `close_conns`; `Invalid` for a rate beyond [`MOST_BANDWIDTH`]; `NotFound`, also for sessions of users of
/// another role.
pub fn limit(core: &Core, session: &AdminSession, id: &str, upload: u64, download: u64) -> Result<()> {
    session.require(P::CloseConns)?;
    for (field, rate) in [("upload_bandwidth", upload), ("download_bandwidth", download)] {
        if rate > MOST_BANDWIDTH {
            return Err(Error::invalid(field, format!("at most {MOST_BANDWIDTH} KB a second can be set; 0 is no limit")));
        }
    }
    let found = core.0.registry.session(id, |role| session.sees_role(role)).ok_or(Error::NotFound)?;
    found.limit(Direction::Upload, upload);
    found.limit(Direction::Download, download);
    let username = found.username();
    tracing::info!(
        executor = session.username(), ip = %session.ip(), connection_id = id, username, upload, download, "limited a session"
    );
    Ok(())
}

/// Stops one transfer. What had arrived of an upload is removed, nothing of it gets the name of the file, and an upload in several
/// requests has ended; its client is told so. A file that is changed in place is left as it is. The event of the transfer says
/// who stopped it.
///
/// # Errors
/// `Denied` without `close_conns`; `NotFound` when it has ended, and for those of users of another role.
pub async fn stop(core: &Core, session: &AdminSession, id: u64) -> Result<()> {
    session.require(P::CloseConns)?;
    let registry = &core.0.registry;
    let stopped = registry.stop_transfer(id, session.username(), core.clock().millis(), |role| session.sees_role(role));
    let stopped = stopped.ok_or(Error::NotFound)?;
    let (username, path) = (&stopped.username, &stopped.path);
    tracing::info!(executor = session.username(), ip = %session.ip(), transfer = id, username, path, "stopped a transfer");
    let ending = core.clone();
    let end = async move {
        // It holds the turn of an upload in several requests: it goes before that is waited for.
        if let Some(upload) = stopped.written {
            stop_upload(&upload).await;
        }
        let Some(id) = stopped.upload else { return };
        if let Err(error) = resumable::end_stopped(&ending, &id).await {
            tracing::warn!(%error, "ending an upload that was stopped");
        }
    };
    core.tasks().complete(end).await;
    Ok(())
}

/// Bytes per second that came in and went out in the last quarter of an hour, a pair each five seconds, the newest last.
///
/// # Errors
/// `Denied` without `view_conns`, and for administrators with a role, who see no more than their users.
pub fn history(core: &Core, session: &AdminSession) -> Result<History> {
    session.require(P::ViewConns)?;
    if !session.sees_role("") {
        return Err(crate::Denial::new("role", "the whole server is not theirs to see").into());
    }
    Ok(core.0.registry.history())
}
