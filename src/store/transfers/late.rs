//! Changes for which the disk of the database had no room.
//!
//! A file that was renamed, removed or published is so whatever the database says. What quota, partials and the audit trail
//! must learn of it waits here, in memory and in its order, and goes in front of the next change; so a disk that was full for
//! a while leaves no trace. A start after a crash judges what was noted before, as always.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::StoreError;

/// Changes that may wait. Past it they are lost, which is logged: the disk has been full for long.
const MOST: usize = 20_000;

/// What is to be changed; carried out again if the transaction fails.
pub(super) type Change = Arc<dyn Fn(&Connection) -> Result<(), StoreError> + Send + Sync>;

/// Changes that wait for room.
#[derive(Default)]
pub(crate) struct Late {
    waiting: Mutex<VecDeque<Change>>,
}

/// The changes of one operation of the writer, until its transaction has ended.
pub(super) struct Carried {
    late: Arc<Late>,
    /// Those that waited, in their order.
    before: Mutex<Vec<Change>>,
    own: Option<Change>,
}

impl Late {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Change>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carried {
    /// An operation that does `own` after what waits; `None` = only what waits.
    pub(super) fn new(late: &Arc<Late>, own: Option<Change>) -> Arc<Self> {
        Arc::new(Self { late: Arc::clone(late), before: Mutex::default(), own })
    }

    /// Carries everything out, inside the transaction.
    ///
    /// # Errors
    /// `Full`; whatever its own change fails with.
    pub(super) fn apply(&self, connection: &Connection) -> Result<(), StoreError> {
        let before: Vec<Change> = self.late.waiting().drain(..).collect();
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = before.clone();
        for change in &before {
            alone(connection, change)?;
        }
        self.own.as_ref().map_or(Ok(()), |own| own(connection))
    }

    /// The transaction has ended: what it had no room for waits (again). Answers whether the own change is safe: stored, or
    /// waiting.
    pub(super) fn ended(&self, outcome: Result<(), &StoreError>) -> bool {
        let Err(error) = outcome else { return true };
        let waits = matches!(error, StoreError::Full | StoreError::Undone);
        let before = std::mem::take(&mut *self.before.lock().unwrap_or_else(PoisonError::into_inner));
        let own = self.own.clone().filter(|_| waits);
        let mut waiting = self.late.waiting();
        let room = MOST.saturating_sub(waiting.len());
        let (all, has_own) = (before.len() + usize::from(own.is_some()), own.is_some());
        waiting.extend(before.into_iter().chain(own).take(room));
        if all > room {
            tracing::error!(lost = all - room, "too many changes wait for room on the disk of the data folder");
        }
        has_own && all <= room
    }
}

/// One that fails for itself must not keep those behind it from ever being stored.
fn alone(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    connection.execute_batch("SAVEPOINT late")?;
    match change(connection) {
        Ok(()) => {}
        Err(error @ (StoreError::Full | StoreError::Undone)) => return Err(error),
        Err(error) => {
            tracing::error!(%error, "a change that waited for room cannot be stored");
            connection.execute_batch("ROLLBACK TO late")?;
        }
    }
    Ok(connection.execute_batch("RELEASE late")?)
}

#[cfg(test)]
mod tests {
    use entrepot_model::{User, event::FsEvent};

    use super::*;
    use crate::{
        IntentEnd, OutboxEvent, QuotaChange, QuotaOwner, Settlement, Store, StoreOptions, UploadIntent, engine::Durability,
    };

    const NOW: i64 = 1_800_000_000_000;

    fn on_disk() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(StoreOptions::new(folder.path())).expect("store opens");
        (folder, store)
    }

    fn intent(id: &str) -> UploadIntent {
        UploadIntent { id: id.into(), username: "alice".into(), created_at: NOW, updated_at: NOW, ..UploadIntent::default() }
    }

    fn event(id: &str) -> OutboxEvent {
        let event = FsEvent { id: id.into(), timestamp: NOW * 1_000_000, username: "alice".into(), ..FsEvent::default() };
        OutboxEvent::fs(&event).expect("event")
    }

    /// Lets the database grow by no more than `pages`.
    async fn limit_growth(store: &Store, pages: i64) {
        let limit = move |c: &Connection| {
            let now: i64 = c.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(c.query_row(&format!("PRAGMA max_page_count = {}", now + pages), [], |_| Ok(()))?)
        };
        store.transfers().database.write(Durability::Normal, limit).await.expect("limit");
    }

    /// Fills what is left, so that every change that needs a page fails.
    async fn fill(store: &Store) {
        let fill = |c: &Connection| {
            c.execute_batch("CREATE TABLE IF NOT EXISTS filling (data BLOB)")?;
            Ok(c.execute("INSERT INTO filling VALUES (zeroblob(3500))", []).map(drop)?)
        };
        while store.transfers().database.write(Durability::Normal, fill).await.is_ok() {}
    }

    #[tokio::test]
    async fn settlements_wait_for_a_disk_that_is_full() {
        let (_directory, store) = on_disk();
        let alice = User { username: "alice".into(), status: 1, home_dir: "/srv/alice".into(), ..User::default() };
        store.users().insert(alice, None, NOW).await.expect("insert");
        let transfers = store.transfers();
        transfers.begin(intent("a")).expect("begin");
        store.flush().await.expect("flush");
        limit_growth(&store, 4).await;
        fill(&store).await;
        let change = |id: &str, size| Settlement {
            intent: IntentEnd::Delete(id.to_owned()),
            quota: vec![QuotaChange { owner: QuotaOwner::User("alice".into()), files: 1, size }],
            events: vec![event(&id.repeat(2_000))],
            now: NOW,
            ..Settlement::default()
        };
        transfers.submit_settle(change("a", 100)).expect("submit");
        transfers.settle_surely(change("b", 20)).await.expect("what was done is no error");
        transfers.submit_settle(change("c", 3)).expect("submit");
        assert_eq!(transfers.barrier().await, Err(StoreError::Full));
        assert!(transfers.has_late());
        let used = |store: Store| async move {
            let user = store.users().usage("alice").await.expect("usage").expect("alice");
            (user.used_quota_files, user.used_quota_size)
        };
        assert_eq!(used(store.clone()).await, (0, 0));
        assert_eq!(transfers.get("a").await.expect("get"), Some(intent("a")));

        limit_growth(&store, 1_000).await;
        transfers.settle_surely(change("d", 4_000)).await.expect("settle");
        assert!(!transfers.has_late());
        assert_eq!(used(store.clone()).await, (4, 4_123), "each once");
        assert_eq!(transfers.get("a").await.expect("get"), None);
        while store.events().move_outbox().await.expect("move") > 0 {}
        assert_eq!(store.events().search_fs(crate::FsEventFilter::default()).await.expect("search").len(), 4);
    }

    #[tokio::test]
    async fn change_that_can_never_be_stored_holds_up_no_other() {
        let (_directory, store) = on_disk();
        let transfers = store.transfers();
        transfers.late.waiting().push_back(Arc::new(|c| Ok(c.execute_batch("INSERT INTO no_such_table VALUES (1)")?)));
        transfers.submit_partial(intent("a")).expect("submit");
        transfers.barrier().await.expect("barrier");
        assert!(!transfers.has_late());
        assert_eq!(transfers.get("a").await.expect("get"), Some(intent("a")));
    }
}
