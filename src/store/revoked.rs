//! Tokens that were logged out.

use std::sync::Arc;

use rusqlite::params;

use crate::{
    StoreError,
    engine::{Database, Durability},
};

/// Ids of revoked tokens.
#[derive(Clone)]
pub struct RevokedTokens {
    database: Arc<Database>,
}

impl RevokedTokens {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Remembers a token until `expires_at` (Unix seconds), and forgets those that expired before `now`.
    pub async fn add(&self, jti: &str, expires_at: i64, now: i64) -> Result<(), StoreError> {
        let jti = jti.to_owned();
        self.database
            .write(Durability::Full, move |connection| {
                connection.prepare_cached("DELETE FROM revoked_token WHERE expires_at < ?")?.execute([now])?;
                connection
                    .prepare_cached("INSERT OR REPLACE INTO revoked_token (jti, expires_at) VALUES (?, ?)")?
                    .execute(params![jti, expires_at])?;
                Ok(())
            })
            .await
    }

    /// The tokens that have not expired at `now`, with their expiry in Unix seconds.
    pub async fn list(&self, now: i64) -> Result<Vec<(String, i64)>, StoreError> {
        self.database
            .read(move |connection| {
                let mut statement =
                    connection.prepare_cached("SELECT jti, expires_at FROM revoked_token WHERE expires_at >= ?")?;
                let rows = statement.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }
}
