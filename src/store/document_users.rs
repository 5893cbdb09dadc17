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

    /// Whether the user of this id is one of at most `most` users (0 = any number), the first ones of those who opened something
    /// since `since`; if so, that is noted at `now`. A user that is gone is none of them. Times are Unix milliseconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn admit(&self, user: i64, most: u32, since: i64, now: i64) -> Result<bool, StoreError> {
        self.database
            .write(Durability::Full, move |connection| {
                connection.prepare_cached("DELETE FROM document_user WHERE last_used < ?")?.execute([since])?;
                if !is_among(connection, user, most, since)? {
                    return Ok(false);
                }
                let noted = connection
                    .prepare_cached(
                        "INSERT INTO document_user (user_id, first_used, last_used)
                         SELECT id, ?2, ?2 FROM user_account WHERE id = ?1
                         ON CONFLICT (user_id) DO UPDATE SET last_used = max(last_used, excluded.last_used)",
                    )?
                    .execute(params![user, now])?;
                Ok(noted > 0)
            })
            .await
    }

    /// Whether [`DocumentUsers::admit`] would admit, without noting anything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn would_admit(&self, user: i64, most: u32, since: i64) -> Result<bool, StoreError> {
        self.database.read(move |connection| is_among(connection, user, most, since)).await
    }
}

fn is_among(connection: &Connection, user: i64, most: u32, since: i64) -> Result<bool, StoreError> {
    if most == 0 {
        return Ok(true);
    }
    let own: Option<i64> = connection
        .prepare_cached("SELECT first_used FROM document_user WHERE user_id = ? AND last_used >= ?")?
        .query_row(params![user, since], |row| row.get(0))
        .optional()?;
    let before: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM document_user
             WHERE last_used >= ?1 AND user_id <> ?2 AND (first_used < ?3 OR (first_used = ?3 AND user_id < ?2))",
        )?
        .query_row(params![since, user, own.unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(before < i64::from(most))
}
