//! API keys.

use std::sync::Arc;

use entrepot_model::ApiKey;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::choosing::{self, Only};
use super::listing::ListOptions;
use super::relations::refer;
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::ApiKey;
const TABLE: &str = "api_key";
const SELECT: &str = "SELECT k.id, k.name, k.key_hash, k.scope, k.description, u.name, a.name, k.created_at, k.updated_at, \
     k.last_use_at, k.expires_at FROM api_key k LEFT JOIN user_account u ON u.id = k.user_id \
     LEFT JOIN admin a ON a.id = k.admin_id";

/// The API keys. Each comes with the hash of its secret part, and is saved with it.
#[derive(Clone)]
pub struct ApiKeys {
    database: Arc<Database>,
}

impl ApiKeys {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The key with this id.
    pub async fn get(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        let id = id.to_string();
        self.database.read(move |c| load(c, &id)).await
    }

    /// A page of keys, by default in the order of their ids; roles are not looked at.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<ApiKey>, StoreError> {
        self.database
            .read(move |c| {
                let (condition, mut values) = condition(&options);
                let order = options.order.sql();
                let first = choosing::order(TABLE, options.sort).map(|by| format!("{by} {order}, ")).unwrap_or_default();
                let sql = format!("{SELECT} WHERE {condition} ORDER BY {first}k.id {order} LIMIT ? OFFSET ?");
                values.extend(
                    [options.limit, options.offset].map(|value| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))),
                );
                let mut statement = c.prepare_cached(&sql)?;
                let rows = statement.query_map(params_from_iter(values), from_row)?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// How many keys the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database
            .read(move |c| {
                let (condition, values) = condition(&options);
                let sql = format!("SELECT count(*) FROM api_key k WHERE {condition}");
                let count: i64 = c.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
                Ok(u64::try_from(count).unwrap_or(0))
            })
            .await
    }

    /// Adds a key; its times are set here.
    ///
    /// # Errors
    /// `Conflict` if the id is taken; `Reference` if the account does not exist; `Document` without a hash.
    pub async fn insert(&self, key: ApiKey, now: i64) -> Result<ApiKey, StoreError> {
        let key = ApiKey { created_at: now, updated_at: now, last_use_at: 0, ..key };
        self.database
            .write(Durability::Full, move |c| {
                if load(c, &key.id)?.is_some() {
                    return Err(StoreError::Conflict { kind: KIND, name: key.id });
                }
                put(c, &key)
            })
            .await
    }

    /// Puts a key from a backup in place, with the hash and the times it carries (API-096). `None` if there is one with this
    /// id and `replace` is off.
    ///
    /// # Errors
    /// `Reference` if the account does not exist; `Document` without a hash.
    pub async fn restore(&self, key: ApiKey, replace: bool, now: i64) -> Result<Option<ApiKey>, StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                if !replace && load(c, &key.id)?.is_some() {
                    return Ok(None);
                }
                let or_now = |time: i64| if time > 0 { time } else { now };
                let (created_at, updated_at) = (or_now(key.created_at), or_now(key.updated_at));
                put(c, &ApiKey { created_at, updated_at, ..key }).map(Some)
            })
            .await
    }

    /// Replaces what a save can change of a key: not its id, hash, `created_at` or `last_use_at` (SEC-089).
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` if the account does not exist.
    pub async fn update(&self, key: ApiKey, now: i64) -> Result<ApiKey, StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                let Some(old) = load(c, &key.id)? else {
                    return Err(StoreError::NotFound { kind: KIND, name: key.id });
                };
                let (created_at, last_use_at) = (old.created_at, old.last_use_at);
                put(c, &ApiKey { key: old.key, created_at, last_use_at, updated_at: now, ..key })
            })
            .await
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_string();
        self.database
            .write(Durability::Full, move |c| match c.prepare_cached("DELETE FROM api_key WHERE id = ?")?.execute([&id])? {
                0 => Err(StoreError::NotFound { kind: KIND, name: id }),
                _ => Ok(()),
            })
            .await
    }

    /// Notes a use of the key.
    pub async fn set_last_use(&self, id: &str, now: i64) -> Result<(), StoreError> {
        let id = id.to_string();
        self.database
            .write(Durability::Normal, move |c| {
                c.prepare_cached("UPDATE api_key SET last_use_at = ? WHERE id = ?")?.execute(params![now, id])?;
                Ok(())
            })
            .await
    }
}

/// What the keys of a list have in common, with its values.
fn condition(options: &ListOptions) -> (String, Vec<Value>) {
    let mut conditions = vec!["k.id > ?"];
    let mut values = vec![Value::Text(options.after.clone().unwrap_or_default())];
    let text = options.name.clone().filter(|name| !name.is_empty()).map(Only::Text);
    for only in text.iter().chain(&options.only) {
        let (condition, places) = choosing::condition(TABLE, only);
        conditions.push(condition);
        values.extend(places);
    }
    (conditions.join(" AND "), values)
}

fn put(connection: &Connection, key: &ApiKey) -> Result<ApiKey, StoreError> {
    let Some(hash) = key.key.as_ref().filter(|hash| !hash.is_empty()) else {
        return Err(StoreError::document(format!("{KIND} \"{}\"", key.id), "the hash of the key is missing"));
    };
    let account = |kind, name: &str| match name {
        "" => Ok(None),
        name => refer(connection, kind, name).map(Some),
    };
    let user = account(ObjectKind::User, &key.user)?;
    let admin = account(ObjectKind::Admin, &key.admin)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO api_key (id, name, key_hash, scope, description, user_id, admin_id, created_at, updated_at, \
             last_use_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key.id,
            key.name,
            hash,
            key.scope,
            key.description,
            user,
            admin,
            key.created_at,
            key.updated_at,
            key.last_use_at,
            key.expires_at
        ])?;
    load(connection, &key.id)?.ok_or_else(|| StoreError::database("a saved API key is missing"))
}

fn load(connection: &Connection, id: &str) -> Result<Option<ApiKey>, StoreError> {
    let sql = format!("{SELECT} WHERE k.id = ?");
    Ok(connection.prepare_cached(&sql)?.query_row([id], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        key: Some(row.get(2)?),
        scope: row.get(3)?,
        description: row.get(4)?,
        user: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        admin: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        last_use_at: row.get(9)?,
        expires_at: row.get(10)?,
    })
}
