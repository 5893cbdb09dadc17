//! Settings under which whoever saves them could not come back to take them back.

use entrepot_config::Settings;
use entrepot_model::Protocol;

use crate::{Core, Error, Result, admin::AdminSession};

const ALLOW_LIST: &str = "common.allowlist_status";
const CONNECTIONS: &str = "common.max_total_connections";

/// Refuses what would keep the address that asks from asking again. The server itself comes from no address.
///
/// # Errors
/// `Invalid` with what to do first.
pub(super) fn refuse(core: &Core, session: &AdminSession, wanted: &Settings) -> Result<()> {
    if session.is_system() {
        return Ok(());
    }
    let (now, wanted) = (core.settings(), &wanted.common);
    let ip = session.ip();
    if wanted.allowlist_status == 1 && now.common.allowlist_status != 1 && !core.is_on_allow_list(ip, Protocol::Http) {
        let message = format!("your own address {ip} would be refused: add it to the allow list first");
        return Err(Error::invalid(ALLOW_LIST, message));
    }
    let (most, before) = (wanted.max_total_connections, now.common.max_total_connections);
    let is_tighter = most > 0 && (before == 0 || most < before);
    let open = core.open_connections();
    if is_tighter && open >= most as usize {
        let message = format!("{open} connections are open now: with at most {most} your next request would be refused");
        return Err(Error::invalid(CONNECTIONS, message));
    }
    Ok(())
}
