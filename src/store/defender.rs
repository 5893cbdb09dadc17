//! Scores and bans of hosts, for the defender that keeps them over a restart.

use std::sync::Arc;

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    engine::{Database, Durability},
};

/// What is kept of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefenderHost {
    /// Text of the address.
    pub ip: String,
    /// End of its ban in Unix milliseconds; 0 is none.
    pub banned_until: i64,
    /// What it did: Unix milliseconds, score, and the kind of event as the defender numbers them.
    pub events: Vec<(i64, u32, u8)>,
    /// Why it was banned.
    pub reason: String,
    /// Over which protocol its last event came.
    pub protocol: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default)]
    events: Vec<(i64, u32, u8)>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    protocol: String,
}

/// Hosts that the defender knows.
#[derive(Clone)]
pub struct DefenderHosts {
    database: Arc<Database>,
}

impl DefenderHosts {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// All hosts.
    ///
    /// # Errors
    /// Those of the database; a row that cannot be read is left out.
    pub async fn all(&self) -> Result<Vec<DefenderHost>, StoreError> {
        self.database
            .read(|connection| {
                let mut statement = connection.prepare("SELECT ip, banned_until, document FROM defender_host ORDER BY ip")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
                let mut hosts = Vec::new();
                for row in rows {
                    let (ip, banned_until, document) = row?;
                    let Ok(Document { events, reason, protocol }) = serde_json::from_str(&document) else { continue };
                    hosts.push(DefenderHost { ip, banned_until, events, reason, protocol });
                }
                Ok(hosts)
            })
            .await
    }

    /// Stores some hosts and forgets others, together.
    ///
    /// # Errors
    /// Those of the database; nothing is changed then.
    pub async fn save(&self, changed: Vec<DefenderHost>, gone: Vec<String>, now: i64) -> Result<(), StoreError> {
        self.database
            .write(Durability::Normal, move |connection| {
                let mut put = connection.prepare_cached(
                    "INSERT INTO defender_host (ip, banned_until, updated_at, document) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (ip) DO UPDATE SET banned_until = ?2, updated_at = ?3, document = ?4",
                )?;
                for DefenderHost { ip, banned_until, events, reason, protocol } in changed {
                    let document = serde_json::to_string(&Document { events, reason, protocol })
                        .map_err(|error| StoreError::document("defender host", error))?;
                    put.execute(params![ip, banned_until, now, document])?;
                }
                let mut delete = connection.prepare_cached("DELETE FROM defender_host WHERE ip = ?")?;
                for ip in gone {
                    delete.execute([ip])?;
                }
                Ok(())
            })
            .await
    }
}
