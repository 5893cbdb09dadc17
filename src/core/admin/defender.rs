//! The list of the defender: hosts that are banned or were scored (API-074, API-075).

use std::net::IpAddr;

use entrepot_model::AdminPermission as P;

use super::AdminSession;
use crate::{Core, Error, Result, gates::WatchedHost};

/// All hosts, banned ones first. None if the defender is off.
///
/// # Errors
/// `Denied` without `view_defender`.
pub fn hosts(core: &Core, session: &AdminSession) -> Result<Vec<WatchedHost>> {
    session.require(P::ViewDefender)?;
    Ok(core.watched_hosts())
}

/// One host.
///
/// # Errors
/// `Denied` without `view_defender`; `NotFound` if it has neither ban nor score.
pub fn host(core: &Core, session: &AdminSession, ip: IpAddr) -> Result<WatchedHost> {
    session.require(P::ViewDefender)?;
    core.watched_host(ip).ok_or(Error::NotFound)
}

/// Lifts the ban of a host and forgets its score.
///
/// # Errors
/// `Denied` without `manage_defender`; `NotFound` if it has neither.
pub fn forgive(core: &Core, session: &AdminSession, ip: IpAddr) -> Result<()> {
    session.require(P::ManageDefender)?;
    if !core.forgive(ip) {
        return Err(Error::NotFound);
    }
    tracing::info!(sender = "defender", client_ip = %ip, executor = session.username(), event = "forgiven", "let back in");
    Ok(())
}
