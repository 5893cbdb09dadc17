//! The audit trail: events go through the outbox of the main database into a database of their own, where they
//! are searched and expire.

mod outbox;
mod search;
mod table;

use std::sync::Arc;

use entrepot_model::event::{FsEvent, LogEvent, ProviderEvent};
use rusqlite::{Connection, params};

pub(crate) use outbox::put_outbox;
pub use outbox::{EventKind, OutboxEvent};
pub use search::{FsEventFilter, LogEventFilter, Page, ProviderEventFilter};

use crate::StoreError;
use crate::engine::{Database, Durability};

/// Rows that one transaction of the retention deletes, so that events that arrive never wait long.
const DELETE_BATCH: i64 = 1000;
/// Free pages given back to the file system after each such transaction.
const FREED_PAGES: i64 = 256;

/// The stored events.
#[derive(Clone)]
pub struct Events {
    main: Arc<Database>,
    events: Arc<Database>,
}

impl Events {
    /// Events that one call of [`Events::move_outbox`] takes along at the most.
    pub const BATCH: usize = 500;

    pub(crate) fn new(main: Arc<Database>, events: Arc<Database>) -> Self {
        Self { main, events }
    }

    /// Records events without waiting. They survive a crash once written, and can be searched once moved.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn record(&self, events: Vec<OutboxEvent>) -> Result<(), StoreError> {
        self.main.submit("events", move |c| put_outbox(c, &events))
    }

    /// Records events and waits until they are stored.
    pub async fn record_and_wait(&self, events: Vec<OutboxEvent>) -> Result<(), StoreError> {
        self.main.write(Durability::Full, move |c| put_outbox(c, &events)).await
    }

    /// Moves a batch of recorded events to where they are searched; how many. Events are copied first and removed
    /// when the copy is on the disk; a copy that was made before a crash is not made twice. Call it until it
    /// answers 0.
    pub async fn move_outbox(&self) -> Result<usize, StoreError> {
        let batch = self.main.read(|c| outbox::take_batch(c, Self::BATCH)).await?;
        let Some(last) = batch.last().map(|(sequence, _)| *sequence) else {
            return Ok(0);
        };
        let sequences: Vec<i64> = batch.iter().map(|(sequence, _)| *sequence).collect();
        let moved = batch.len();
        self.events.write(Durability::Full, move |c| batch.iter().try_for_each(|(_, event)| table::insert(c, event))).await?;
        tracing::trace!(moved, last, "events moved");
        self.main.write(Durability::Normal, move |c| outbox::remove(c, &sequences)).await?;
        Ok(moved)
    }

    /// File system events of a filter (AUD-002).
    pub async fn search_fs(&self, filter: FsEventFilter) -> Result<Vec<FsEvent>, StoreError> {
        self.events.read(move |c| table::FS.search(c, &filter.query())).await
    }

    /// Provider events of a filter (AUD-003).
    pub async fn search_provider(&self, filter: ProviderEventFilter) -> Result<Vec<ProviderEvent>, StoreError> {
        self.events.read(move |c| table::PROVIDER.search(c, &filter.query())).await
    }

    /// Log events of a filter (AUD-004).
    pub async fn search_log(&self, filter: LogEventFilter) -> Result<Vec<LogEvent>, StoreError> {
        self.events.read(move |c| table::LOG.search(c, &filter.query())).await
    }

    /// Logins since a moment (Unix nanoseconds), by which of the `count` steps of `step` nanoseconds they fall into: those that
    /// succeeded, and the others. With a role, those of its users only.
    pub async fn count_logins(&self, since: i64, step: i64, count: usize, role: String) -> Result<Vec<(u64, u64)>, StoreError> {
        const SQL: &str = "SELECT (timestamp - ?1) / ?2 AS step, count(*) FILTER (WHERE event = 5), count(*) FROM log_event \
             WHERE timestamp >= ?1 AND (?3 = '' OR role = ?3) GROUP BY step";
        let steps = self.events.read(move |c| {
            let mut statement = c.prepare_cached(SQL)?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
            Ok(statement.query_map(params![since, step.max(1), role], read)?.collect::<Result<Vec<_>, _>>()?)
        });
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let mut counted = vec![(0, 0); count];
        for (step, good, all) in steps.await? {
            // Clocks that were put back: what is later than the last step falls into it.
            let step = usize::try_from(step).unwrap_or(usize::MAX).min(count.saturating_sub(1));
            if let Some((ok, failed)) = counted.get_mut(step) {
                *ok += number(good);
                *failed += number(all - good);
            }
        }
        Ok(counted)
    }

    /// Deletes some of the events of a kind that are older than `timestamp` (Unix nanoseconds); how many. 0 is the end: who
    /// calls it again and again lets others write in between.
    pub async fn delete_before(&self, kind: EventKind, timestamp: i64) -> Result<u64, StoreError> {
        let table = table::of(kind).name;
        self.events
            .write(Durability::Normal, move |c| {
                let sql = format!(
                    "DELETE FROM {table} WHERE sequence IN \
                     (SELECT sequence FROM {table} WHERE timestamp < ? ORDER BY timestamp LIMIT ?)"
                );
                let deleted = c.prepare_cached(&sql)?.execute(params![timestamp, DELETE_BATCH])?;
                give_back(c)?;
                Ok(deleted as u64)
            })
            .await
    }

    /// Deletes some of the oldest events, of whatever kind they are; how many. 0 is the end.
    pub async fn delete_oldest(&self) -> Result<u64, StoreError> {
        self.events
            .write(Durability::Normal, |c| {
                let mut oldest: Option<(i64, &str)> = None;
                for kind in [EventKind::Fs, EventKind::Provider, EventKind::Log] {
                    let table = table::of(kind).name;
                    let sql = format!("SELECT min(timestamp) FROM {table}");
                    let first: Option<i64> = c.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
                    if let Some(first) = first
                        && oldest.is_none_or(|(found, _)| first < found)
                    {
                        oldest = Some((first, table));
                    }
                }
                let Some((_, table)) = oldest else { return Ok(0) };
                let sql =
                    format!("DELETE FROM {table} WHERE sequence IN (SELECT sequence FROM {table} ORDER BY timestamp LIMIT ?)");
                let deleted = c.prepare_cached(&sql)?.execute([DELETE_BATCH])?;
                give_back(c)?;
                Ok(deleted as u64)
            })
            .await
    }

    /// Bytes that the events take in their file; what was freed in it does not count.
    pub async fn size(&self) -> Result<u64, StoreError> {
        self.events
            .read(|c| {
                let number = |name: &str| c.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
                let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
                Ok(u64::try_from(pages.saturating_mul(number("page_size")?)).unwrap_or(0))
            })
            .await
    }
}

/// Gives free pages back to the file system.
fn give_back(connection: &Connection) -> Result<(), StoreError> {
    // Each step of the pragma frees a page.
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}
