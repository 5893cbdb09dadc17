//! Partials: unfinished uploads that a later one can go on with, over any protocol.

use std::{collections::HashMap, time::Duration};

use entrepot_model::VirtualPath;
use entrepot_store::{IntentEnd, Store, UploadIntent};
use parking_lot::Mutex;
use tokio::sync::Notify;

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
    entries: Mutex<HashMap<Key, UploadIntent>>,
    /// Uploads that were given up and are not settled yet.
    closing: Mutex<HashMap<Key, usize>>,
    changed: Notify,
}

/// How long a resume waits for the end of the upload that it goes on with.
const PATIENCE: Duration = Duration::from_secs(5);

impl PartialIndex {
    /// Reads the partials from the database.
    pub(crate) async fn load(store: &Store) -> Result<Self> {
        let index = Self::default();
        let partials = store.transfers().list_partials_older_than(i64::MAX).await.map_err(|error| Error::internal("reading partials", error))?;
        for intent in partials {
            index.insert(intent);
        }
        Ok(index)
    }

    /// Enters a partial.
    pub(crate) fn insert(&self, intent: UploadIntent) {
        let key = (intent.username.clone(), intent.folder.clone(), intent.backend_path.clone());
        self.entries.lock().insert(key, intent);
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

    /// Takes the partials out whose names lie directly in `directory`.
    pub(crate) fn take_in(&self, username: &str, directory: &Place) -> Vec<(Place, UploadIntent)> {
        let mut entries = self.entries.lock();
        let folder = directory.folder.as_deref();
        let lies_in = |intent: &UploadIntent| {
            let path = VirtualPath::parse(&intent.backend_path).ok();
            intent.username == username && intent.folder.as_deref() == folder && path.and_then(|path| path.parent()).as_ref() == Some(&directory.path)
        };
        let keys: Vec<Key> = entries.iter().filter(|(_, intent)| lies_in(intent)).map(|(key, _)| key.clone()).collect();
        let taken = keys.iter().filter_map(|key| entries.remove(key));
        taken.filter_map(|intent| Some((directory.at(VirtualPath::parse(&intent.backend_path).ok()?), intent))).collect()
    }

    /// An upload of that name is being given up.
    pub(crate) fn closing(&self, username: &str, place: &Place) {
        *self.closing.lock().entry(key(username, place)).or_default() += 1;
    }

    /// An upload of that name ended.
    pub(crate) fn closed(&self, username: &str, place: &Place) {
        let mut closing = self.closing.lock();
        if closing.is_empty() {
            return;
        }
        let key = key(username, place);
        if let Some(count) = closing.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                closing.remove(&key);
            }
            self.changed.notify_waiters();
        }
    }

    /// Waits until no upload of that name is being given up.
    ///
    /// # Errors
    /// `Busy` after five seconds.
    pub(crate) async fn settled(&self, username: &str, place: &Place) -> Result<()> {
        if self.closing.lock().is_empty() {
            return Ok(());
        }
        let key = key(username, place);
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if !self.closing.lock().contains_key(&key) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.map_err(|_| Error::Busy)
    }

    fn older_than(&self, moment: i64) -> Vec<UploadIntent> {
        self.entries.lock().values().filter(|intent| intent.updated_at < moment).cloned().collect()
    }

    fn remove_exact(&self, intent: &UploadIntent) -> bool {
        let key = (intent.username.clone(), intent.folder.clone(), intent.backend_path.clone());
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

/// Removes a partial from storage, database and quota. It was taken out of the index already.
pub(crate) async fn discard(session: &SessionState, place: &Place, intent: UploadIntent) -> Result<()> {
    let granted = policy::own_work(Operation::Upload, place.clone());
    if let Err(error) = session.account.door.discard_partial(&granted, &intent.id, &intent.token).await {
        session.core.0.partials.insert(intent);
        return Err(error);
    }
    let change = Usage { files: -intent.charged_files, size: -intent.charged_size };
    Settlement::default().change(session, place, change, false).intent(IntentEnd::Delete(intent.id)).write(session).await
}

/// Removes partials that nobody went on with for `transfers.partial_retention_hours`.
pub(crate) async fn expire(core: Core) {
    let stop = core.tasks().stopping();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
        }
        expire_now(&core).await;
    }
}

/// One pass of [`expire`].
pub(crate) async fn expire_now(core: &Core) {
    let hours = i64::try_from(core.settings().transfers.partial_retention_hours).unwrap_or(0);
    if hours <= 0 {
        return;
    }
    for intent in core.0.partials.older_than(core.clock().millis() - hours * 3_600_000) {
        if !core.0.partials.remove_exact(&intent) {
            continue;
        }
        let username = intent.username.clone();
        if let Err(error) = expire_one(core, intent).await {
            tracing::warn!(%username, %error, "removing an expired partial");
        }
    }
}

async fn expire_one(core: &Core, intent: UploadIntent) -> Result<()> {
    let session = super::recovery::system_session(core, &intent.username).await?.ok_or(Error::NotFound)?;
    let path = VirtualPath::parse(&intent.virtual_path).map_err(|error| Error::internal("path of a partial", error))?;
    let place = Place::of(&session.account.user, &path);
    discard(&session, &place, intent).await
}

/// A partial as metadata: what its owner is told about the name (decisions on uploads in ARCHITECTURE.md).
pub(crate) fn metadata(intent: &UploadIntent) -> entrepot_storage::Metadata {
    let modified = entrepot_storage::Timestamp::from_seconds(intent.updated_at / 1000);
    entrepot_storage::Metadata {
        kind: entrepot_storage::FileKind::File,
        size: u64::try_from(intent.size).unwrap_or(0),
        mode: 0o600,
        modified,
        accessed: modified,
        ..entrepot_storage::Metadata::virtual_directory()
    }
}

