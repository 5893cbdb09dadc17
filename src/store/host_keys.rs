//! Keys by which SSH clients know the server (SSH-036). The private halves were sealed before they came here.

use std::{fmt, sync::Arc};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    ObjectKind, StoreError,
    engine::{Database, Durability},
};

const KIND: ObjectKind = ObjectKind::HostKey;

/// A host key.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHostKey {
    /// Made of its fingerprint: the same key is the same row.
    pub id: String,
    /// As a line of `known_hosts` has it, without the name of the host.
    pub public_key: String,
    /// The sealed private key.
    pub sealed: String,
    /// When it came here, in Unix milliseconds.
    pub created_at: i64,
}

impl fmt::Debug for StoredHostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHostKey").field("id", &self.id).field("sealed", &"***").finish_non_exhaustive()
    }
}

/// Where new keys stand among those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    First,
    /// After all others.
    Last,
}

/// The host keys that are kept in the database.
#[derive(Clone)]
pub struct HostKeys {
    database: Arc<Database>,
}

impl HostKeys {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// All of them, the preferred ones first.
    pub async fn list(&self) -> Result<Vec<StoredHostKey>, StoreError> {
        self.database.read(keys).await
    }

    /// Adds keys, in their order.
    ///
    /// # Errors
    /// `Conflict` if one of them is there; none is added then.
    pub async fn add(&self, keys: Vec<StoredHostKey>, place: Place) -> Result<(), StoreError> {
        self.database
            .write(Durability::Full, move |connection| {
                let positions = beside(connection, place, keys.len())?..;
                for (position, key) in positions.zip(keys) {
                    if is_there(connection, &key.id)? {
                        return Err(StoreError::Conflict { kind: KIND, name: key.id });
                    }
                    connection
                        .prepare_cached(
                            "INSERT INTO host_key (id, position, public_key, sealed, created_at) VALUES (?, ?, ?, ?, ?)",
                        )?
                        .execute(params![key.id, position, key.public_key, key.sealed, key.created_at])?;
                }
                Ok(())
            })
            .await
    }

    /// Puts a key before all others.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn put_first(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.database
            .write(Durability::Full, move |connection| {
                let position = beside(connection, Place::First, 1)?;
                let changed =
                    connection.prepare_cached("UPDATE host_key SET position = ? WHERE id = ?")?.execute(params![position, id])?;
                if changed == 0 { Err(StoreError::NotFound { kind: KIND, name: id }) } else { Ok(()) }
            })
            .await
    }

    /// Removes a key, unless it is the only one; answers whether it was removed.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.database
            .write(Durability::Full, move |connection| {
                if !is_there(connection, &id)? {
                    return Err(StoreError::NotFound { kind: KIND, name: id });
                }
                let removed = connection
                    .prepare_cached("DELETE FROM host_key WHERE id = ? AND (SELECT count(*) FROM host_key) > 1")?
                    .execute([id])?;
                Ok(removed > 0)
            })
            .await
    }
}

fn keys(connection: &Connection) -> Result<Vec<StoredHostKey>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, public_key, sealed, created_at FROM host_key ORDER BY position, id")?;
    let read = |row: &Row<'_>| {
        Ok(StoredHostKey { id: row.get(0)?, public_key: row.get(1)?, sealed: row.get(2)?, created_at: row.get(3)? })
    };
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn is_there(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let found = connection.prepare_cached("SELECT 1 FROM host_key WHERE id = ?")?.query_row([id], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// The first of so many free positions in a row.
fn beside(connection: &Connection, place: Place, count: usize) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let sql = match place {
        Place::First => "SELECT coalesce(min(position), 0) FROM host_key",
        Place::Last => "SELECT coalesce(max(position), -1) FROM host_key",
    };
    let end: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(if place == Place::First { end - count } else { end + 1 })
}
