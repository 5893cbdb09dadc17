//! Uploads that are not settled yet, and the settlement of transfers (quota, counters, audit) in one transaction.

mod intent;
mod journal;
mod late;
mod resumable;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use intent::{UploadIntent, UploadState};
pub(crate) use journal::Journal;
use journal::note_stored;
pub(crate) use late::Late;
use late::{Carried, Change};
pub use resumable::{ResumableUpload, ResumableUploads};

use crate::accounts::{
    add_folder_usage, add_user_transfer, add_user_usage, mark_first_transfer, set_named_folder_usage, set_user_usage,
};
use crate::engine::{Database, Durability};
use crate::events::put_outbox;
use crate::{OutboxEvent, StoreError, TransferDirection};

/// Whose quota changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum QuotaOwner {
    /// A user, by name.
    User(String),
    /// A virtual folder, by name.
    Folder(String),
}

/// A change of quota figures; they never fall below 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaChange {
    /// Whose.
    pub owner: QuotaOwner,
    /// Files more (or fewer).
    pub files: i64,
    /// Bytes more (or fewer).
    pub size: i64,
}

/// Bytes that a user transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferUsage {
    /// The user.
    pub username: String,
    /// Bytes uploaded.
    pub upload: i64,
    /// Bytes downloaded.
    pub download: i64,
}

/// A completed transfer that may be the first of its user (ACC-071).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstTransfer {
    /// The user.
    pub username: String,
    /// Its direction.
    pub direction: TransferDirection,
    /// Recorded only if it was the first.
    pub event: Option<OutboxEvent>,
}

/// What becomes of the intent of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IntentEnd {
    /// There is none (a download, a deletion, a rename).
    #[default]
    None,
    /// The upload came to nothing: the intent of this id is removed. The use of a share that it holds is given back (API-190),
    /// unless it was announced: then that goes with the announcement (API-159).
    Delete(String),
    /// The file has its name: the intent is removed, and the resumable upload of this id, if there is one, is complete.
    Publish {
        /// Id of the intent.
        id: String,
        /// Bytes of the file.
        size: i64,
    },
    /// The upload was given up and can be resumed: the intent is stored as it is here, as a partial.
    Partial(Box<UploadIntent>),
}

/// Everything that the end of a transfer or of a change of files writes.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// What becomes of the intent.
    pub intent: IntentEnd,
    /// Changes of quota figures.
    pub quota: Vec<QuotaChange>,
    /// Bytes transferred.
    pub transfer: Option<TransferUsage>,
    /// The mark of the first transfer.
    pub first: Option<FirstTransfer>,
    /// Events to record.
    pub events: Vec<OutboxEvent>,
    /// Now, in Unix milliseconds.
    pub now: i64,
}

/// What a settlement found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// It was the first transfer of the user in its direction.
    pub first_transfer: bool,
    /// The intent that was to be removed did not exist: the upload had been settled before.
    pub intent_missing: bool,
}

/// Unsettled uploads and settlements.
#[derive(Clone)]
pub struct Transfers {
    database: Arc<Database>,
    journal: Arc<Mutex<Journal>>,
    late: Arc<Late>,
}

impl Transfers {
    pub(crate) fn new(database: Arc<Database>, journal: Arc<Mutex<Journal>>, late: Arc<Late>) -> Self {
        Self { database, journal, late }
    }

    /// Notes that the file of an upload is about to be made: a restart finds it by [`Transfers::take_unbegun`] if the process
    /// ends before [`Transfers::begin`].
    ///
    /// # Errors
    /// `Full` or `Directory` when the journal cannot be written.
    pub fn announce(&self, intent: &UploadIntent) -> Result<(), StoreError> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).announce(intent)
    }

    /// The file of an announced upload could not be made.
    pub fn withdraw(&self, id: &str) {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).withdraw(id);
    }

    /// Uploads that were announced when the process before this one ended, and had not begun: nothing is charged or told of
    /// them, and their files may be there. They are answered once.
    pub fn take_unbegun(&self) -> Vec<UploadIntent> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).take_unbegun()
    }

    /// Notes an upload that begins, or what has changed of it. When this answers, a restart finds the note even if the
    /// process dies; it is in the database soon after, before anything that is asked for later.
    ///
    /// # Errors
    /// `Directory` when the journal cannot be written; `Overloaded` or `Closed`.
    pub fn begin(&self, intent: UploadIntent) -> Result<(), StoreError> {
        // Under the lock: the numbers reach the database in their order.
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let number = journal.append(&intent)?;
        let stored = Arc::clone(&self.journal);
        let change: Change = Arc::new(move |c| {
            intent.save(c)?;
            note_stored(c, number)
        });
        self.carry("the beginning of an upload", change, move || {
            let emptied = stored.lock().unwrap_or_else(PoisonError::into_inner).stored(number);
            if let Err(error) = emptied {
                tracing::warn!(%error, "the upload journal cannot be emptied");
            }
        })
    }

    /// Stores the partial of an upload under what has changed of it, without waiting; before anything asked for later.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn submit_partial(&self, intent: UploadIntent) -> Result<(), StoreError> {
        self.carry("a partial", Arc::new(move |c| intent.save(c)), || {})
    }

    /// The intent of this id.
    pub async fn get(&self, id: &str) -> Result<Option<UploadIntent>, StoreError> {
        let id = id.to_string();
        self.database.read(move |c| UploadIntent::find(c, &id)).await
    }

    /// The partial of this name in a storage (None: the user's own), the newest if there are several.
    pub async fn find_partial(
        &self,
        username: &str,
        folder: Option<&str>,
        backend_path: &[u8],
    ) -> Result<Option<UploadIntent>, StoreError> {
        let (username, backend_path) = (username.to_string(), backend_path.to_vec());
        let folder = folder.unwrap_or_default().to_string();
        self.database.read(move |c| UploadIntent::find_partial(c, &username, &folder, &backend_path)).await
    }

    /// The partials of a user, the oldest first.
    pub async fn list_partials(&self, username: &str) -> Result<Vec<UploadIntent>, StoreError> {
        let username = username.to_string();
        self.database.read(move |c| UploadIntent::partials_of(c, &username)).await
    }

    /// The intents that a crash left open or committing, the oldest first: to be replayed at start.
    pub async fn list_open(&self) -> Result<Vec<UploadIntent>, StoreError> {
        self.database.read(UploadIntent::unfinished).await
    }

    /// The partials that nobody has touched since before `time` (Unix milliseconds), the oldest first.
    pub async fn list_partials_older_than(&self, time: i64) -> Result<Vec<UploadIntent>, StoreError> {
        self.database.read(move |c| UploadIntent::partials_before(c, time)).await
    }

    /// Settles a transfer: intent, quota, counters and events, all or nothing. Users and folders that are gone are
    /// passed over.
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let carried = Carried::new(&self.late, None);
        let (applied, ended) = (Arc::clone(&carried), carried);
        let operation = move |c: &Connection| {
            applied.apply(c)?;
            settle(c, &settlement)
        };
        self.database.write_then(Durability::Normal, operation, move |outcome| _ = ended.ended(outcome)).await
    }

    /// Replaces the quota figures of a user or folder without waiting, in order with the settlements before and after it.
    /// One that is gone is passed over.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn submit_usage(&self, owner: QuotaOwner, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
        let change: Change = Arc::new(move |c| match &owner {
            QuotaOwner::User(name) => set_user_usage(c, name, files, size, now),
            QuotaOwner::Folder(name) => set_named_folder_usage(c, name, files, size, now),
        });
        self.carry("quota figures", change, || {})
    }

    /// Waits until everything that was submitted before is stored; at once if there is nothing. Whoever changes what a
    /// submitted settlement speaks of calls it first: a restart judges an intent by what lies on the storage.
    ///
    /// # Errors
    /// `Full` while something waits for room on the disk.
    pub async fn barrier(&self) -> Result<(), StoreError> {
        if self.late.is_empty() && !self.database.has_submitted() {
            return Ok(());
        }
        let carried = Carried::new(&self.late, None);
        let (applied, ended) = (Arc::clone(&carried), carried);
        let then = move |outcome: Result<(), &StoreError>| _ = ended.ended(outcome);
        self.database.write_then(Durability::Normal, move |c| applied.apply(c), then).await
    }

    /// Whether changes wait for room on the disk: they are stored with the next one that is, or with [`Transfers::barrier`].
    pub fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// As `settle`, without waiting. What the disk has no room for is stored once there is some.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn submit_settle(&self, settlement: Settlement) -> Result<(), StoreError> {
        self.carry("the settlement of a transfer", Arc::new(move |c| settle(c, &settlement).map(drop)), || {})
    }

    /// As `submit_settle`, and waits for it: what it speaks of was done, so a disk that is full is no error.
    ///
    /// # Errors
    /// Any other failure of the database.
    pub async fn settle_surely(&self, settlement: Settlement) -> Result<(), StoreError> {
        let carried = Carried::new(&self.late, Some(Arc::new(move |c| settle(c, &settlement).map(drop))));
        let (applied, ended) = (Arc::clone(&carried), Arc::clone(&carried));
        let (sender, mut safe) = tokio::sync::oneshot::channel();
        let then = move |outcome: Result<(), &StoreError>| {
            let _ = sender.send(ended.ended(outcome));
        };
        let outcome = self.database.write_then(Durability::Normal, move |c| applied.apply(c), then).await;
        match outcome {
            Err(error) if safe.try_recv().unwrap_or(false) => {
                tracing::error!(%error, "a change waits until the database has room");
                Ok(())
            }
            other => other,
        }
    }

    /// Submits a change, behind what waits for room; `then` runs once it is committed.
    fn carry(&self, what: &'static str, change: Change, then: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
        let carried = Carried::new(&self.late, Some(change));
        let applied = Arc::clone(&carried);
        self.database.submit_then(
            move |c| applied.apply(c),
            move |outcome| {
                let is_safe = carried.ended(outcome.as_ref().copied());
                match outcome {
                    Ok(()) => then(),
                    Err(error) if is_safe => tracing::error!(%error, what, "a change waits until the database has room"),
                    Err(error) => tracing::error!(%error, what, "a queued database write failed"),
                }
            },
        )
    }
}

fn settle(connection: &Connection, settlement: &Settlement) -> Result<Settled, StoreError> {
    let now = settlement.now;
    let mut settled = Settled::default();
    match &settlement.intent {
        IntentEnd::None => {}
        IntentEnd::Delete(id) => {
            UploadIntent::give_use_back(connection, id)?;
            settled.intent_missing = !UploadIntent::delete(connection, id)?;
        }
        IntentEnd::Publish { id, size } => {
            settled.intent_missing = !UploadIntent::delete(connection, id)?;
            resumable::complete(connection, id, *size)?;
        }
        IntentEnd::Partial(intent) => {
            let mut intent = intent.as_ref().clone();
            intent.state = UploadState::Partial;
            intent.updated_at = now;
            intent.save(connection)?;
        }
    }
    for change in &settlement.quota {
        match &change.owner {
            QuotaOwner::User(name) => add_user_usage(connection, name, change.files, change.size, now)?,
            QuotaOwner::Folder(name) => add_folder_usage(connection, name, change.files, change.size, now)?,
        }
    }
    if let Some(transfer) = &settlement.transfer {
        add_user_transfer(connection, &transfer.username, transfer.upload, transfer.download, now)?;
    }
    put_outbox(connection, &settlement.events)?;
    if let Some(first) = &settlement.first {
        settled.first_transfer = mark_first_transfer(connection, &first.username, first.direction, now)?;
        if settled.first_transfer {
            put_outbox(connection, first.event.as_slice())?;
        }
    }
    Ok(settled)
}
