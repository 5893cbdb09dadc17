//! Schema changes: embedded, forward only, with a backup of the file before each upgrade.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use refinery::Runner;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::place::with_suffix;
use crate::StoreError;

mod main_schema {
    refinery::embed_migrations!("../../migrations/main");
}

mod events_schema {
    refinery::embed_migrations!("../../migrations/events");
}

/// Where the applied migrations are noted.
const HISTORY: &str = "refinery_schema_history";
/// The checksum of another text of V0014, which databases may have been brought up with: `document_user` by the account, as V0016
/// makes it of both.
const OTHER_V0014: &str = "1912355674879992273";

/// One of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Accounts, settings, transfers.
    Main,
    /// Events.
    Events,
}

impl Schema {
    /// The number in the header of the file that says whose it is; the first migration writes it.
    pub(crate) fn application_id(self) -> i32 {
        match self {
            Self::Main => 0x454E_5452,
            Self::Events => 0x454E_5445,
        }
    }

    /// The newest version that this program knows.
    pub(crate) fn newest(self) -> i32 {
        let runner = self.runner();
        runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
    }

    fn runner(self) -> Runner {
        match self {
            Self::Main => main_schema::migrations::runner(),
            Self::Events => events_schema::migrations::runner(),
        }
    }

    /// Brings the database to the newest version. Each step is a transaction of its own.
    pub(crate) fn migrate(self, connection: &mut Connection) -> Result<(), String> {
        let text = |error: rusqlite::Error| error.to_string();
        // A migration may rebuild a table that others refer to; the pragma does nothing inside a transaction.
        connection.pragma_update(None, "foreign_keys", false).map_err(text)?;
        if self == Self::Main {
            self.know_other_texts(connection).map_err(text)?;
        }
        self.runner().set_abort_divergent(true).run(connection).map_err(|error| error.to_string())?;
        connection.pragma_update(None, "foreign_keys", true).map_err(text)
    }

    /// Notes migrations that were applied with another text as the ones that are known: what they made is made alike later.
    fn know_other_texts(self, connection: &Connection) -> rusqlite::Result<()> {
        let runner = self.runner();
        let Some(known) = runner.get_migrations().iter().find(|migration| migration.version() == 14) else { return Ok(()) };
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
        if connection.query_row(tables, [HISTORY], |row| row.get::<_, i64>(0))? > 0 {
            let sql = format!("UPDATE {HISTORY} SET checksum = ?1 WHERE version = 14 AND checksum = ?2");
            connection.execute(&sql, (known.checksum().to_string(), OTHER_V0014))?;
        }
        Ok(())
    }

    /// The migrations, for tests that bring a database to an older version.
    #[cfg(test)]
    pub(crate) fn migrations(self) -> Vec<refinery::Migration> {
        self.runner().get_migrations().clone()
    }
}

/// Copies the database to `<file>.backup-v<version>` beside it; an older copy of that name is replaced.
pub(crate) fn back_up(connection: &Connection, path: &Path, version: i32) -> Result<PathBuf, StoreError> {
    let target = with_suffix(path, &format!(".backup-v{version}"));
    let part = with_suffix(&target, ".part");
    let failed =
        |detail: String| StoreError::Migration { path: path.to_path_buf(), detail: format!("no backup could be made: {detail}") };
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&part)
        .map_err(|error| failed(error.to_string()))?;
    copy(connection, &part).map_err(|error| failed(error.to_string()))?;
    std::fs::rename(&part, &target).map_err(|error| failed(error.to_string()))?;
    Ok(target)
}

/// Copies all pages, as they are at one moment, into the file `target`.
pub(super) fn copy(connection: &Connection, target: &Path) -> rusqlite::Result<()> {
    let mut copy = Connection::open(target)?;
    let backup = Backup::new(connection, &mut copy)?;
    // Readers of a write-ahead log wait for nobody: one step copies all of it, or fails.
    match backup.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::InvalidQuery),
    }
}

/// How the engine would run a statement on an empty database of this schema.
#[cfg(test)]
pub(crate) fn query_plan(schema: Schema, sql: &str, values: Vec<rusqlite::types::Value>) -> String {
    let mut connection = Connection::open_in_memory().expect("open");
    schema.migrate(&mut connection).expect("migrate");
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("prepare");
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).expect("query");
    rows.map(|row| row.expect("row")).collect::<Vec<_>>().join("; ")
}
