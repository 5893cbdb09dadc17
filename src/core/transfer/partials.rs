//! Partials: unfinished uploads that a later one can go on with, over any protocol.

mod closing;
mod entries;

use std::{sync::Arc, time::Duration};

use entrepot_model::VirtualPath;
use entrepot_storage::Partial;
use entrepot_store::{IntentEnd, OutboxEvent, Store, UploadIntent};
use parking_lot::Mutex;

pub(crate) use closing::Closing;
use closing::ClosingNames;
use entries::Entries;

use super::Settlement;
use crate::{
    Core,
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy,
    quota::Usage,
    session::SessionState,
};

/// Account, folder (`None` = own root) and path within the storage.
type Key = (String, Option<String>, Vec<u8>);

/// The partials of all accounts, in memory; the database has the same.
#[derive(Default)]
pub(crate) struct PartialIndex {
    entries: Mutex<Entries>,
    closing: Arc<ClosingNames>,
}

impl PartialIndex {
    /// Reads the partials from the database.
    pub(crate) async fn load(store: &Store) -> Result<Self> {
        let index = Self::default();
        let partials = store
            .transfers()
            .list_partials_older_than(i64::MAX)
            .await
            .map_err(|error| Error::internal("reading partials", error))?;
        for intent in partials {
            index.entries.lock().insert(intent);
        }
        Ok(index)
    }

    /// Enters a partial. A name has one: the other, of two, is answered and must go.
    pub(crate) fn insert(&self, intent: UploadIntent) -> Option<UploadIntent> {
        let mut entries = self.entries.lock();
        match entries.get(&key_of(&intent)) {
            Some(found) if found.id != intent.id && found.created_at > intent.created_at => Some(intent),
            _ => {
                let id = intent.id.clone();
                entries.insert(intent).filter(|old| old.id != id)
            }
        }
    }

    /// Enters a partial again that was taken out in vain, unless there is a newer one.
    pub(crate) fn restore(&self, intent: UploadIntent) {
        let mut entries = self.entries.lock();
        if entries.get(&key_of(&intent)).is_none() {
            entries.insert(intent);
        }
    }

    /// The partial of a name, if there is one.
    pub(crate) fn get(&self, username: &str, place: &Place) -> Option<UploadIntent> {
        let entries = self.entries.lock();
        if entries.is_empty() {
            return None;
        }
        entries.get(&key(username, place)).cloned()
    }

    /// Takes the partial of a name out, to go on with it or to remove it.
    pub(crate) fn take(&self, username: &str, place: &Place) -> Option<UploadIntent> {
        let mut entries = self.entries.lock();
        if entries.is_empty() {
            return None;
        }
        entries.remove(&key(username, place))
    }

    /// The partial of this id, if the account has it.
    pub(crate) fn of_id(&self, username: &str, id: &str) -> Option<UploadIntent> {
        let entries = self.entries.lock();
        entries.of_id(id).filter(|intent| intent.username == username).cloned()
    }

    /// Takes the partials out whose names lie directly in `directory`.
    pub(crate) fn take_in(&self, username: &str, directory: &Place) -> Vec<(Place, UploadIntent)> {
        let mut entries = self.entries.lock();
        let folder = directory.folder.as_deref();
        let lies_in = |intent: &UploadIntent| {
            let path = VirtualPath::parse(&intent.backend_path).ok();
            intent.username == username
                && intent.folder.as_deref() == folder
                && path.and_then(|path| path.parent()).as_ref() == Some(&directory.path)
        };
        let names = entries.names_of(lies_in);
        let taken = names.iter().filter_map(|name| entries.remove(name));
        taken.filter_map(|intent| Some((directory.at(VirtualPath::parse(&intent.backend_path).ok()?), intent))).collect()
    }

    /// Takes all partials of an account out.
    pub(crate) fn take_of(&self, username: &str) -> Vec<UploadIntent> {
        let mut entries = self.entries.lock();
        let names = entries.names_of(|intent| intent.username == username);
        names.iter().filter_map(|name| entries.remove(name)).collect()
    }

    /// An upload of that name is being given up, until the answer is dropped.
    pub(crate) fn closing(&self, username: &str, place: &Place) -> Closing {
        self.closing.begin(key(username, place))
    }

    /// Waits until no upload of that name is being given up.
    ///
    /// # Errors
    /// `Busy` after five seconds.
    pub(crate) async fn settled(&self, username: &str, place: &Place) -> Result<()> {
        self.closing.ended(|| key(username, place)).await
    }

    /// A directory has another name: what was begun in it goes with it. Answers the partials as they are now.
    pub(crate) fn moved(&self, username: &str, from: &Place, to: &Place) -> Vec<UploadIntent> {
        let mut entries = self.entries.lock();
        let folder = from.folder.as_deref();
        let lies_below = |intent: &UploadIntent| {
            let is_its_storage = intent.folder.as_deref() == folder && (folder.is_some() || intent.username == username);
            is_its_storage && VirtualPath::parse(&intent.backend_path).is_ok_and(|path| path.starts_with(&from.path))
        };
        let mut moved = Vec::new();
        for name in entries.names_of(lies_below) {
            let Some(mut intent) = entries.remove(&name) else { continue };
            rebase(&mut intent.backend_path, &from.path, &to.path);
            rebase(&mut intent.virtual_path, &from.virtual_path, &to.virtual_path);
            entries.insert(intent.clone());
            moved.push(intent);
        }
        moved
    }

    /// A partial of a name below that of `place`, if there is one.
    pub(crate) fn below(&self, username: &str, place: &Place) -> Option<UploadIntent> {
        let folder = place.folder.as_deref();
        let lies_below = |intent: &UploadIntent| {
            let is_its_storage = intent.folder.as_deref() == folder && (folder.is_some() || intent.username == username);
            let path = VirtualPath::parse(&intent.backend_path);
            is_its_storage && path.is_ok_and(|path| path != place.path && path.starts_with(&place.path))
        };
        self.entries.lock().values().find(|intent| lies_below(intent)).cloned()
    }

    /// What quota counts of the partials that `is_counted` picks.
    pub(crate) fn charged(&self, is_counted: impl Fn(&UploadIntent) -> bool) -> Usage {
        let entries = self.entries.lock();
        let charged = entries.values().filter(|intent| is_counted(intent));
        charged.fold(Usage::default(), |sum, intent| sum.plus(Usage { files: intent.charged_files, size: intent.charged_size }))
    }

    /// The accounts that have partials in a virtual folder.
    pub(crate) fn owners_in(&self, folder: &str) -> Vec<String> {
        let entries = self.entries.lock();
        let mut owners: Vec<String> = entries
            .values()
            .filter(|intent| intent.folder.as_deref() == Some(folder))
            .map(|intent| intent.username.clone())
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    pub(super) fn older_than(&self, moment: i64) -> Vec<UploadIntent> {
        self.entries.lock().values().filter(|intent| intent.updated_at < moment).cloned().collect()
    }

    /// Takes exactly this partial out; false if it is no longer there.
    pub(crate) fn remove_exact(&self, intent: &UploadIntent) -> bool {
        let key = key_of(intent);
        let mut entries = self.entries.lock();
        if entries.get(&key).is_some_and(|found| found.id == intent.id) {
            entries.remove(&key);
            return true;
        }
        false
    }
}

fn key(username: &str, place: &Place) -> Key {
    (username.to_owned(), place.folder.as_deref().map(str::to_owned), place.path.as_bytes().to_vec())
}

/// Gives a path its place below another directory; one that lies elsewhere stays.
fn rebase(path: &mut Vec<u8>, from: &VirtualPath, to: &VirtualPath) {
    let rebased = VirtualPath::parse(path).ok().and_then(|path| path.rebase(from, to)).and_then(Result::ok);
    if let Some(rebased) = rebased {
        *path = rebased.as_bytes().to_vec();
    }
}

fn key_of(intent: &UploadIntent) -> Key {
    (intent.username.clone(), intent.folder.clone(), intent.backend_path.clone())
}

/// Enters a partial that was settled, and removes the one that has to give way.
pub(crate) async fn keep(session: &SessionState, place: &Place, intent: UploadIntent) {
    if let Some(older) = session.core.0.partials.insert(intent) {
        discard_older(session, place, older).await;
    }
}

/// Removes a partial that has to give way. A failure is logged: its retention ends it.
pub(crate) async fn discard_older(session: &SessionState, place: &Place, older: UploadIntent) {
    if let Err(error) = discard(session, place, older).await {
        tracing::warn!(connection_id = %session.id, virtual_path = %place.virtual_path, %error, "removing an older partial");
    }
}

/// Removes a partial from storage, database and quota. It was taken out of the index already.
pub(crate) async fn discard(session: &SessionState, place: &Place, intent: UploadIntent) -> Result<()> {
    discard_recorded(session, place, intent, None).await
}

/// As [`discard`], with the row of the audit trail for the end of the upload.
pub(crate) async fn discard_recorded(
    session: &SessionState,
    place: &Place,
    intent: UploadIntent,
    event: Option<OutboxEvent>,
) -> Result<()> {
    let _changing = session.core.0.names.changing(session, place);
    let granted = policy::own_work(Operation::Upload, place.clone());
    if let Err(error) = session.account.door.discard_partial(&granted, &intent.id, &intent.token).await {
        session.core.0.partials.restore(intent);
        return Err(error);
    }
    let change = Usage { files: -intent.charged_files, size: -intent.charged_size };
    let end = IntentEnd::Delete(intent.id);
    Settlement::default().change(session, place, change, false).intent(end).event(event).write(session).await
}

/// A partial as the storage has it now, with what quota counts of it set right; `None` = nothing is left. It was taken out
/// of the index already.
pub(crate) async fn verify(session: &SessionState, place: &Place, intent: UploadIntent) -> Result<Option<UploadIntent>> {
    let _changing = session.core.0.names.changing(session, place);
    let found = match look(session, place, &intent).await {
        Ok(found) => found,
        Err(error) => {
            session.core.0.partials.restore(intent);
            return Err(error);
        }
    };
    let durable = found.as_ref().map(|found| i64::try_from(found.durable).unwrap_or(i64::MAX));
    if durable == Some(intent.charged_size) {
        return Ok(Some(UploadIntent { token: found.map(|found| found.token).unwrap_or_default(), ..intent }));
    }
    let charged = Usage { files: i64::from(durable.is_some()), size: durable.unwrap_or(0) };
    let change = Usage { files: charged.files - intent.charged_files, size: charged.size - intent.charged_size };
    let is = found.map(|found| UploadIntent {
        size: charged.size,
        charged_size: charged.size,
        charged_files: charged.files,
        token: found.token,
        ..intent.clone()
    });
    let end = is.clone().map_or(IntentEnd::Delete(intent.id), |is| IntentEnd::Partial(Box::new(is)));
    Settlement::default().change(session, place, change, false).intent(end).write(session).await?;
    Ok(is)
}

/// What the storage has of a partial.
pub(crate) async fn look(session: &SessionState, place: &Place, intent: &UploadIntent) -> Result<Option<Partial>> {
    let granted = policy::own_work(Operation::Upload, place.clone());
    session.account.door.partial(&granted, &intent.id, &intent.token).await
}

/// Removes partials that nobody went on with for `transfers.partial_retention_hours`.
pub(crate) async fn expire(core: Core) {
    while core.tasks().rest(Duration::from_secs(3600)).await {
        expire_now(&core).await;
    }
}

/// One pass of [`expire`].
pub(crate) async fn expire_now(core: &Core) {
    let hours = i64::from(core.settings().transfers.partial_retention_hours);
    if hours <= 0 {
        return;
    }
    for intent in core.0.partials.older_than(core.clock().millis() - hours * 3_600_000) {
        if !core.0.partials.remove_exact(&intent) {
            continue;
        }
        if let Err(error) = expire_one(core, &intent).await {
            tracing::warn!(username = intent.username, %error, "removing an expired partial");
            core.0.partials.restore(intent);
        }
    }
}

async fn expire_one(core: &Core, intent: &UploadIntent) -> Result<()> {
    match super::recovery::place_of(core, intent).await? {
        Some((session, place)) => discard(&session, &place, intent.clone()).await,
        // Nobody can reach what it was kept for.
        None => super::recovery::forget(core, intent).await,
    }
}
