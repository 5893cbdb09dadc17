//! IP lists.

use std::sync::Arc;

use entrepot_model::{IpListEntry, IpListType};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    ObjectKind, Order, StoreError,
    engine::{Database, Durability},
};

const KIND: ObjectKind = ObjectKind::IpListEntry;
const COLUMNS: &str = "ipornet, type, mode, protocols, description, created_at, updated_at";

/// Which part of a list (API-079).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpListPage {
    /// Only entries whose network begins with this text.
    pub filter: String,
    /// Only entries behind this one, in the order asked for; empty is from the beginning.
    pub from: String,
    /// At most so many.
    pub limit: u64,
    /// Order of the texts of the networks.
    pub order: Order,
}

/// The entries of all lists.
#[derive(Clone)]
pub struct IpLists {
    database: Arc<Database>,
}

impl IpLists {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// One entry; the network in the form that validation gives it.
    pub async fn get(&self, list: IpListType, network: &str) -> Result<Option<IpListEntry>, StoreError> {
        let network = network.to_owned();
        self.database.read(move |connection| find(connection, list, &network)).await
    }

    /// A page of a list.
    pub async fn page(&self, list: IpListType, page: IpListPage) -> Result<Vec<IpListEntry>, StoreError> {
        self.database.read(move |connection| entries(connection, list, &page)).await
    }

    /// Every entry of every list.
    pub async fn all(&self) -> Result<Vec<IpListEntry>, StoreError> {
        self.database
            .read(|connection| {
                let sql = format!("SELECT {COLUMNS} FROM ip_list_entry ORDER BY type, ipornet");
                let mut statement = connection.prepare(&sql)?;
                Ok(statement.query_map([], entry)?.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Adds a validated entry; its times are set here, but that a time of its making which it brings along is kept.
    ///
    /// # Errors
    /// `Conflict` if the list has the network.
    pub async fn insert(&self, added: IpListEntry, now: i64) -> Result<IpListEntry, StoreError> {
        self.database
            .write(Durability::Full, move |connection| {
                let created_at = if added.created_at > 0 { added.created_at } else { now };
                let done = connection
                    .prepare_cached(
                        "INSERT INTO ip_list_entry (type, ipornet, mode, protocols, description, created_at, updated_at) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![
                        added.list,
                        added.ipornet,
                        added.mode,
                        added.protocols,
                        added.description,
                        created_at,
                        now
                    ])?;
                if done == 0 {
                    return Err(StoreError::Conflict { kind: KIND, name: added.ipornet });
                }
                Ok(IpListEntry { created_at, updated_at: now, ..added })
            })
            .await
    }

    /// Replaces mode, protocols and description of an entry (API-081).
    ///
    /// # Errors
    /// `NotFound` if the list does not have the network.
    pub async fn update(&self, changed: IpListEntry, now: i64) -> Result<IpListEntry, StoreError> {
        self.database
            .write(Durability::Full, move |connection| {
                let done = connection
                    .prepare_cached(
                        "UPDATE ip_list_entry SET mode = ?3, protocols = ?4, description = ?5, updated_at = ?6 \
                         WHERE type = ?1 AND ipornet = ?2",
                    )?
                    .execute(params![changed.list, changed.ipornet, changed.mode, changed.protocols, changed.description, now])?;
                let missing = || StoreError::NotFound { kind: KIND, name: changed.ipornet.clone() };
                if done == 0 {
                    return Err(missing());
                }
                let list = changed.list_type().ok_or_else(missing)?;
                find(connection, list, &changed.ipornet)?.ok_or_else(missing)
            })
            .await
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// `NotFound` if the list does not have the network.
    pub async fn delete(&self, list: IpListType, network: &str) -> Result<(), StoreError> {
        let network = network.to_owned();
        self.database
            .write(Durability::Full, move |connection| {
                let done = connection
                    .prepare_cached("DELETE FROM ip_list_entry WHERE type = ? AND ipornet = ?")?
                    .execute(params![list.code(), network])?;
                if done == 0 { Err(StoreError::NotFound { kind: KIND, name: network }) } else { Ok(()) }
            })
            .await
    }
}

fn find(connection: &Connection, list: IpListType, network: &str) -> Result<Option<IpListEntry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM ip_list_entry WHERE type = ? AND ipornet = ?");
    Ok(connection.prepare_cached(&sql)?.query_row(params![list.code(), network], entry).optional()?)
}

/// Both the prefix and the cursor are ranges of the primary key.
fn entries(connection: &Connection, list: IpListType, page: &IpListPage) -> Result<Vec<IpListEntry>, StoreError> {
    let (cursor, order) = match page.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM ip_list_entry \
         WHERE type = ?1 AND ipornet >= ?2 AND ipornet < ?2 || char(1114111) AND (?3 = '' OR ipornet {cursor} ?3) \
         ORDER BY ipornet {order} LIMIT ?4"
    );
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![list.code(), page.filter, page.from, limit], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<IpListEntry> {
    Ok(IpListEntry {
        ipornet: row.get(0)?,
        list: row.get(1)?,
        mode: row.get(2)?,
        protocols: row.get(3)?,
        description: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}
