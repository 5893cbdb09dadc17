//! IP lists: only administrators with `*` have to do with them (ACC-381). A change holds at once, for every protocol.

use entrepot_model::{AdminPermission as P, IpListEntry, IpListType, Protocol, ip_list};
use entrepot_store::{IpListPage, StoreError};

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, stored,
};
use crate::{Core, Error, Result};

const KIND: &str = "ip_list_entry";

/// A page of a list, ordered by the text of the network (API-079).
///
/// # Errors
/// `Denied` without `*`.
pub async fn page(core: &Core, session: &AdminSession, list: IpListType, page: IpListPage) -> Result<Vec<IpListEntry>> {
    session.require(P::Any)?;
    core.0.store.ip_lists().page(list, page).await.map_err(stored)
}

/// One entry; the network may be written in any way that means it.
///
/// # Errors
/// `Denied` without `*`; `Invalid` if it is no network; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, list: IpListType, network: &str) -> Result<IpListEntry> {
    session.require(P::Any)?;
    existing(core, list, network).await
}

/// Adds an entry.
///
/// # Errors
/// `Denied` without `*`; `Invalid`; `Conflict` when the list has the network.
pub async fn add(core: &Core, session: &AdminSession, mut entry: IpListEntry) -> Result<IpListEntry> {
    session.require(P::Any)?;
    entry.validate().map_err(invalid)?;
    entry.created_at = 0;
    let now = core.clock().millis();
    let added = change(core, async |store| store.insert(entry, now).await).await?;
    Ok(finish(core, session, Action::Add, added))
}

/// Changes mode, protocols and description of an entry (API-081).
///
/// # Errors
/// `Denied` without `*`; `Invalid`; `NotFound`; `Conflict` where that shuts the caller out.
pub async fn update(
    core: &Core,
    session: &AdminSession,
    list: IpListType,
    network: &str,
    mut entry: IpListEntry,
) -> Result<IpListEntry> {
    session.require(P::Any)?;
    let before = existing(core, list, network).await?;
    entry.ipornet.clone_from(&before.ipornet);
    entry.list = list.code();
    entry.validate().map_err(invalid)?;
    let now = core.clock().millis();
    keeps_own_address(core, session, &before, Some(&entry))?;
    let updated = change(core, async |store| store.update(entry, now).await).await?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Puts a validated entry of a backup in its place; `action` says whether it is new.
pub(super) async fn put(core: &Core, session: &AdminSession, action: Action, entry: IpListEntry) -> Result<IpListEntry> {
    let now = core.clock().millis();
    let put = match action {
        Action::Add => change(core, async |store| store.insert(entry, now).await).await?,
        _ => change(core, async |store| store.update(entry, now).await).await?,
    };
    Ok(finish(core, session, action, put))
}

/// Deletes an entry.
///
/// # Errors
/// `Denied` without `*`; `Invalid` if it is no network; `NotFound`; `Conflict` where that shuts the caller out.
pub async fn delete(core: &Core, session: &AdminSession, list: IpListType, network: &str) -> Result<()> {
    session.require(P::Any)?;
    let entry = existing(core, list, network).await?;
    let turn = core.0.gates.turn.acquire().await;
    keeps_own_address(core, session, &entry, None)?;
    core.0.store.ip_lists().delete(list, &entry.ipornet).await.map_err(stored)?;
    if let Some(network) = entry.network() {
        core.0.gates.lists.write().remove(list, network);
    }
    drop(turn);
    finish(core, session, Action::Delete, entry);
    Ok(())
}

/// Whoever takes the own address off the allow list could not put it back (IPL-006).
fn keeps_own_address(core: &Core, session: &AdminSession, before: &IpListEntry, after: Option<&IpListEntry>) -> Result<()> {
    let is_on = core.settings().common.allowlist_status == 1;
    let ip = session.ip();
    let (list, protocol) = (before.list_type(), Protocol::Http);
    if list != Some(IpListType::Allow) || !is_on || session.is_system() || !core.is_on_allow_list(ip, protocol) {
        return Ok(());
    }
    if core.is_on_allow_list_with(before, after, ip, protocol) {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "the allow list is on, and without this entry your own address {ip} would be refused: add another entry for it first"
    )))
}

async fn existing(core: &Core, list: IpListType, network: &str) -> Result<IpListEntry> {
    let wanted = ip_list::network(network)
        .ok_or_else(|| Error::invalid("ipornet", "ipornet is neither an IP address nor a network such as 10.0.0.0/8"))?;
    let found = core.0.store.ip_lists().get(list, &wanted.to_string()).await.map_err(stored)?;
    found.ok_or(Error::NotFound)
}

/// Stores an entry and puts it into memory; the turn keeps both in the same order.
async fn change<F>(core: &Core, store: F) -> Result<IpListEntry>
where
    F: AsyncFnOnce(entrepot_store::IpLists) -> std::result::Result<IpListEntry, StoreError>,
{
    let turn = core.0.gates.turn.acquire().await;
    let entry = store(core.0.store.ip_lists()).await.map_err(stored)?;
    core.0.gates.lists.write().set(&entry);
    drop(turn);
    Ok(entry)
}

fn finish(core: &Core, session: &AdminSession, action: Action, entry: IpListEntry) -> IpListEntry {
    changes::record(core, session, &Change { action, kind: KIND, name: &entry.ipornet, role: "", object: &entry });
    entry
}
