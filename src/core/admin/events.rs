//! Searching events (API-102…API-110).

use entrepot_model::{
    AdminPermission as P,
    event::{FsEvent, LogEvent, ProviderEvent},
};
use entrepot_store::{FsEventFilter, LogEventFilter, ProviderEventFilter};

use super::{AdminSession, stored};
use crate::{Core, Result, audit, shares};

/// File system events of a filter; a role administrator finds those of the own role only (API-108).
///
/// # Errors
/// `Denied` without `view_events`.
pub async fn search_fs(core: &Core, session: &AdminSession, mut filter: FsEventFilter) -> Result<Vec<FsEvent>> {
    session.require(P::ViewEvents)?;
    confine(session, &mut filter.role);
    prepare(core, &filter.page.from_id).await;
    core.0.store.events().search_fs(filter).await.map_err(stored)
}

/// Provider events of a filter; a role administrator finds those about objects of the own role, too (AUD-007). Ids of shares are
/// whole for those alone who may edit users.
///
/// # Errors
/// `Denied` without `view_events`.
pub async fn search_provider(core: &Core, session: &AdminSession, mut filter: ProviderEventFilter) -> Result<Vec<ProviderEvent>> {
    session.require(P::ViewEvents)?;
    confine(session, &mut filter.role);
    prepare(core, &filter.page.from_id).await;
    let mut events = core.0.store.events().search_provider(filter).await.map_err(stored)?;
    if !session.may(P::EditUsers) {
        events.iter_mut().filter(|event| event.object_type == shares::KIND).for_each(hide_id);
    }
    Ok(events)
}

/// The id of a share is as good as its link: whoever could not end the share sees its beginning, which tells shares apart.
fn hide_id(event: &mut ProviderEvent) {
    let shown: String = event.object_name.chars().take(4).collect();
    event.object_name = format!("{shown}…");
    event.object_data.clear();
}

/// Log events of a filter; a role administrator finds those of the own role only.
///
/// # Errors
/// `Denied` without `view_events`.
pub async fn search_log(core: &Core, session: &AdminSession, mut filter: LogEventFilter) -> Result<Vec<LogEvent>> {
    session.require(P::ViewEvents)?;
    confine(session, &mut filter.role);
    prepare(core, &filter.page.from_id).await;
    core.0.store.events().search_log(filter).await.map_err(stored)
}

/// Logins of all protocols of the last 24 hours, hour by hour, the oldest first: those that succeeded, and the others; a role
/// administrator counts those of the own role only.
///
/// # Errors
/// `Denied` without `view_events`.
pub async fn count_logins(core: &Core, session: &AdminSession) -> Result<Vec<(u64, u64)>> {
    /// Nanoseconds of an hour.
    const HOUR: i64 = 3_600_000_000_000;
    /// Hours of a day.
    const HOURS: usize = 24;
    session.require(P::ViewEvents)?;
    let mut role = String::new();
    confine(session, &mut role);
    prepare(core, "").await;
    let since = core.clock().nanos() - HOUR * HOURS as i64;
    core.0.store.events().count_logins(since, HOUR, HOURS, role).await.map_err(stored)
}

fn confine(session: &AdminSession, role: &mut String) {
    if let Some(own) = session.role() {
        own.clone_into(role);
    }
}

/// What happened a moment ago is found; later pages are about what is there already.
async fn prepare(core: &Core, from_id: &str) {
    if from_id.is_empty() {
        audit::flush(core).await;
    }
}
