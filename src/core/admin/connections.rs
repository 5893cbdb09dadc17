//! What is connected, and ending it from outside (API-060…API-065, LIM-013).

use entrepot_model::{AdminPermission as P, connection::ConnectionStatus};

use super::AdminSession;
use crate::{Core, Error, Result};

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
