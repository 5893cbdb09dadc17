//! Events on their way: rows of the main database, written with what they tell about.

use entrepot_model::event::{FsEvent, LogEvent, ProviderEvent};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value;

use crate::StoreError;

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Something happened to a file.
    Fs,
    /// An object of the administration was changed.
    Provider,
    /// A login succeeded or failed.
    Log,
}

impl EventKind {
    fn number(self) -> i64 {
        match self {
            Self::Fs => 1,
            Self::Provider => 2,
            Self::Log => 3,
        }
    }

    fn from_number(number: i64) -> Result<Self, StoreError> {
        match number {
            1 => Ok(Self::Fs),
            2 => Ok(Self::Provider),
            3 => Ok(Self::Log),
            _ => Err(StoreError::document("event", format!("kind {number} is not known"))),
        }
    }
}

/// An event to record. Its id makes it unique: recorded twice, it is stored once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    id: String,
    kind: EventKind,
    payload: String,
}

impl OutboxEvent {
    /// A file system event; its `id` must be set.
    ///
    /// # Errors
    /// `Document` if it has no id or cannot be written as JSON; this holds for the other kinds, too.
    pub fn fs(event: &FsEvent) -> Result<Self, StoreError> {
        Self::new(EventKind::Fs, event, None)
    }

    /// A provider event. `object_role` is the role of the object that was changed: administrators of this role
    /// find the event, too (AUD-007).
    pub fn provider(event: &ProviderEvent, object_role: Option<&str>) -> Result<Self, StoreError> {
        Self::new(EventKind::Provider, event, object_role)
    }

    /// A log event.
    pub fn log(event: &LogEvent) -> Result<Self, StoreError> {
        Self::new(EventKind::Log, event, None)
    }

    /// The id of the event.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its kind.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Its members as JSON.
    pub(super) fn members(&self) -> Result<Value, StoreError> {
        serde_json::from_str(&self.payload).map_err(|error| StoreError::document("event", error))
    }

    fn new<T: Serialize>(kind: EventKind, event: &T, object_role: Option<&str>) -> Result<Self, StoreError> {
        let mut members = serde_json::to_value(event).map_err(|error| StoreError::document("event", error))?;
        let id = members.get("id").and_then(Value::as_str).unwrap_or_default().to_string();
        if id.is_empty() {
            return Err(StoreError::document("event", "it has no id"));
        }
        if let (Some(role), Some(members)) = (object_role, members.as_object_mut()) {
            members.insert("object_role".into(), role.into());
        }
        Ok(Self { id, kind, payload: members.to_string() })
    }
}

/// Writes events into the outbox, inside a running transaction.
pub(crate) fn put_outbox(connection: &Connection, events: &[OutboxEvent]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO outbox (event_id, kind, payload) VALUES (?, ?, ?)")?;
    for event in events {
        insert.execute(params![event.id, event.kind.number(), event.payload])?;
    }
    Ok(())
}

/// The oldest events of the outbox, with their places.
pub(super) fn take_batch(connection: &Connection, limit: usize) -> Result<Vec<(i64, OutboxEvent)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT sequence, event_id, kind, payload FROM outbox ORDER BY sequence LIMIT ?")?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut batch = Vec::new();
    while let Some(row) = rows.next()? {
        let event = OutboxEvent { id: row.get(1)?, kind: EventKind::from_number(row.get(2)?)?, payload: row.get(3)? };
        batch.push((row.get(0)?, event));
    }
    Ok(batch)
}

/// Removes moved events by their places.
pub(super) fn remove(connection: &Connection, sequences: &[i64]) -> Result<(), StoreError> {
    let mut delete = connection.prepare_cached("DELETE FROM outbox WHERE sequence = ?")?;
    for sequence in sequences {
        delete.execute([sequence])?;
    }
    Ok(())
}
