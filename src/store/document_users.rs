//! Who opened documents in an office server.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    StoreError,
    engine::{Database, Durability},
};

/// The users of an office server.
#[derive(Clone)]
pub struct DocumentUsers {
    database: Arc<Database>,
}

impl DocumentUsers {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Whether `username` is one of at most `most` users (0 = any number), the first ones of those who opened something since
    /// `since`; if so, that is noted at `now`. Times are Unix milliseconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn admit(&self, username: &str, most: u32, since: i64, now: i64) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.database
            .write(Durability::Full, move |connection| {
                connection.prepare_cached("DELETE FROM document_user WHERE last_used < ?")?.execute([since])?;
                if !is_among(connection, &username, most, since)? {
                    return Ok(false);
                }
                connection
                    .prepare_cached(
                        "INSERT INTO document_user (username, first_used, last_used) VALUES (?1, ?2, ?2)
                         ON CONFLICT (username) DO UPDATE SET last_used = max(last_used, excluded.last_used)",
                    )?
                    .execute(params![username, now])?;
                Ok(true)
            })
            .await
    }

    /// Whether [`DocumentUsers::admit`] would admit, without noting anything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn would_admit(&self, username: &str, most: u32, since: i64) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.database.read(move |connection| is_among(connection, &username, most, since)).await
    }
}

fn is_among(connection: &Connection, username: &str, most: u32, since: i64) -> Result<bool, StoreError> {
    if most == 0 {
        return Ok(true);
    }
    let own: Option<i64> = connection
        .prepare_cached("SELECT first_used FROM document_user WHERE username = ? AND last_used >= ?")?
        .query_row(params![username, since], |row| row.get(0))
        .optional()?;
    let before: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM document_user
             WHERE last_used >= ?1 AND username <> ?2 AND (first_used < ?3 OR (first_used = ?3 AND username < ?2))",
        )?
        .query_row(params![since, username, own.unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(before < i64::from(most))
}
