//! Settings, sealed keys and the token of the first start.

mod aside;

use std::sync::Arc;

use entrepot_model::Admin;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::accounts::insert_admin;
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};
pub use aside::{Displaced, SetAside, set_settings_aside};

/// Settings that an administrator saved: the database layer of the configuration.
#[derive(Clone)]
pub struct Settings {
    database: Arc<Database>,
}

impl Settings {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The value of a key.
    pub async fn get(&self, key: &str) -> Result<Option<Value>, StoreError> {
        let key = key.to_string();
        self.database
            .read(move |c| {
                let text: Option<String> = c
                    .prepare_cached("SELECT value FROM setting WHERE key = ?")?
                    .query_row([&key], |row| row.get(0))
                    .optional()?;
                text.map(|text| parse(&key, &text)).transpose()
            })
            .await
    }

    /// All keys with their values, in the order of the keys.
    pub async fn list(&self) -> Result<Vec<(String, Value)>, StoreError> {
        self.database
            .read(|c| {
                let mut statement = c.prepare_cached("SELECT key, value FROM setting WHERE key NOT IN (?, ?) ORDER BY key")?;
                let mut rows = statement.query([CONFIGURATIONS, ASIDE])?;
                let mut settings = Vec::new();
                while let Some(row) = rows.next()? {
                    let key: String = row.get(0)?;
                    let value = parse(&key, row.get_ref(1)?.as_str().map_err(StoreError::database)?)?;
                    settings.push((key, value));
                }
                Ok(settings)
            })
            .await
    }

    /// Changes several keys at once, or none: a value is stored, None removes the key. What was set aside of them goes.
    pub async fn change(&self, changes: Vec<(String, Option<Value>)>, now: i64) -> Result<(), StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                aside::forget(c, &changes.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), now)?;
                for (key, value) in changes {
                    match value {
                        Some(value) => c
                            .prepare_cached(
                                "INSERT INTO setting (key, value, updated_at) VALUES (?1, ?2, ?3) \
                                 ON CONFLICT (key) DO UPDATE SET value = ?2, updated_at = ?3",
                            )?
                            .execute(params![key, value.to_string(), now])?,
                        None => c.prepare_cached("DELETE FROM setting WHERE key = ?")?.execute([key])?,
                    };
                }
                Ok(())
            })
            .await
    }
}

/// Key of the row of [`Settings::configurations`]; keys of settings have a section and a dot.
const CONFIGURATIONS: &str = "configs";
/// Key of the row of [`Settings::aside`].
const ASIDE: &str = "set_aside";

impl Settings {
    /// The member `configs` of backups as a whole: sections with their settings and sealed secrets, whether or not this
    /// program uses them.
    pub async fn configurations(&self) -> Result<Option<Value>, StoreError> {
        self.get(CONFIGURATIONS).await
    }

    /// Replaces it.
    pub async fn put_configurations(&self, configurations: Value, now: i64) -> Result<(), StoreError> {
        self.change(vec![(CONFIGURATIONS.to_string(), Some(configurations))], now).await
    }
}

fn parse(key: &str, text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::document(format!("stored setting \"{key}\""), error))
}

/// A key that was sealed before it came here.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// Its id, as it stands in the header of tokens.
    pub kid: String,
    /// What it is for.
    pub purpose: String,
    /// The sealed key.
    pub sealed: String,
    /// When it was made, in Unix milliseconds.
    pub created_at: i64,
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretKey")
            .field("kid", &self.kid)
            .field("purpose", &self.purpose)
            .field("sealed", &"***")
            .field("created_at", &self.created_at)
            .finish()
    }
}

/// Sealed keys.
#[derive(Clone)]
pub struct SecretKeys {
    database: Arc<Database>,
}

impl SecretKeys {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The keys of a purpose, the newest first.
    pub async fn list(&self, purpose: &str) -> Result<Vec<SecretKey>, StoreError> {
        let purpose = purpose.to_string();
        self.database.read(move |c| keys(c, &purpose)).await
    }

    /// Stores a key; one of the same id is replaced.
    pub async fn put(&self, key: SecretKey) -> Result<(), StoreError> {
        self.database.write(Durability::Full, move |c| put_key(c, &key)).await
    }

    /// Stores the key unless its purpose has one already; the keys of the purpose afterwards, the newest first. Two
    /// callers at once so agree on one key.
    pub async fn put_first(&self, key: SecretKey) -> Result<Vec<SecretKey>, StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                if keys(c, &key.purpose)?.is_empty() {
                    put_key(c, &key)?;
                }
                keys(c, &key.purpose)
            })
            .await
    }

    /// Removes a key; nothing happens if there is none.
    pub async fn delete(&self, kid: &str) -> Result<(), StoreError> {
        let kid = kid.to_string();
        self.database
            .write(Durability::Full, move |c| {
                c.prepare_cached("DELETE FROM secret_key WHERE kid = ?")?.execute([kid])?;
                Ok(())
            })
            .await
    }
}

fn put_key(connection: &Connection, key: &SecretKey) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO secret_key (kid, purpose, sealed, created_at) VALUES (?, ?, ?, ?)")?
        .execute(params![key.kid, key.purpose, key.sealed, key.created_at])?;
    Ok(())
}

fn keys(connection: &Connection, purpose: &str) -> Result<Vec<SecretKey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT kid, purpose, sealed, created_at FROM secret_key WHERE purpose = ? ORDER BY created_at DESC, kid",
    )?;
    let read =
        |row: &Row<'_>| Ok(SecretKey { kid: row.get(0)?, purpose: row.get(1)?, sealed: row.get(2)?, created_at: row.get(3)? });
    Ok(statement.query_map([purpose], read)?.collect::<Result<_, _>>()?)
}

/// The token of the first start, as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupToken {
    /// Hash of the token; compare it in constant time.
    pub hash: Vec<u8>,
    /// When it was made, in Unix milliseconds.
    pub created_at: i64,
}

impl std::fmt::Debug for SetupToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupToken").field("hash", &"***").field("created_at", &self.created_at).finish()
    }
}

/// The first start: a token, and the first administrator.
#[derive(Clone)]
pub struct Setup {
    database: Arc<Database>,
}

impl Setup {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Whether no administrator exists.
    pub async fn is_needed(&self) -> Result<bool, StoreError> {
        self.database.read(|c| Ok(!has_admin(c)?)).await
    }

    /// The stored token.
    pub async fn token(&self) -> Result<Option<SetupToken>, StoreError> {
        self.database.read(token).await
    }

    /// Stores a token; an older one is no longer valid.
    pub async fn put(&self, hash: Vec<u8>, now: i64) -> Result<(), StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                c.prepare_cached("INSERT OR REPLACE INTO setup_token (id, hash, created_at) VALUES (1, ?, ?)")?
                    .execute(params![hash, now])?;
                Ok(())
            })
            .await
    }

    /// Uses the token up, if this is its hash (which the caller took from `token` after a comparison in constant
    /// time). Of two callers one gets true.
    pub async fn take(&self, hash: Vec<u8>) -> Result<bool, StoreError> {
        self.database.write(Durability::Full, move |c| take(c, &hash)).await
    }

    /// Adds the first administrator and uses the token up, both or none. None if the token is not this one any more.
    ///
    /// # Errors
    /// `Conflict` if an administrator exists.
    pub async fn complete(
        &self,
        hash: Vec<u8>,
        admin: Admin,
        password_hash: Option<String>,
        now: i64,
    ) -> Result<Option<Admin>, StoreError> {
        self.database
            .write(Durability::Full, move |c| {
                if token(c)?.is_none_or(|token| token.hash != hash) {
                    return Ok(None);
                }
                if let Some(name) = first_admin(c)? {
                    let kind = ObjectKind::Admin;
                    return Err(StoreError::Conflict { kind, name });
                }
                let admin = insert_admin(c, &admin, password_hash, false, now)?;
                take(c, &hash)?;
                Ok(Some(admin))
            })
            .await
    }
}

fn token(connection: &Connection) -> Result<Option<SetupToken>, StoreError> {
    let read = |row: &Row<'_>| Ok(SetupToken { hash: row.get(0)?, created_at: row.get(1)? });
    Ok(connection.prepare_cached("SELECT hash, created_at FROM setup_token WHERE id = 1")?.query_row([], read).optional()?)
}

fn take(connection: &Connection, hash: &[u8]) -> Result<bool, StoreError> {
    let taken = connection.prepare_cached("DELETE FROM setup_token WHERE id = 1 AND hash = ?")?.execute([hash])?;
    Ok(taken > 0)
}

fn first_admin(connection: &Connection) -> Result<Option<String>, StoreError> {
    Ok(connection.prepare_cached("SELECT name FROM admin ORDER BY name LIMIT 1")?.query_row([], |row| row.get(0)).optional()?)
}

fn has_admin(connection: &Connection) -> Result<bool, StoreError> {
    first_admin(connection).map(|admin| admin.is_some())
}
