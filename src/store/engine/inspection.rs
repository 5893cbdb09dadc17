//! Looking at an existing database before anything may change it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::connection::open_still;
use crate::StoreError;

/// How a database file begins (SQLite file format, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Files up to this size are checked page by page at every start (some tens of milliseconds).
const CHECKED_BYTES: u64 = 32 * 1024 * 1024;

/// Says which schema version an existing file has (None: new or empty). Nothing is written to it, whatever it is.
pub(crate) fn inspect(path: &Path, application: i32, known: i32) -> Result<Option<i32>, StoreError> {
    let open = |path: &Path| open_untouched(path).map_err(|error| error.to_string());
    inspect_with(path, application, known, open)
}

/// The same of a file that nobody writes meanwhile and that has no log: nothing is made beside it.
pub(crate) fn inspect_still(path: &Path, application: i32, known: i32) -> Result<Option<i32>, StoreError> {
    inspect_with(path, application, known, |path| open_still(path).map_err(|error| error.to_string()))
}

fn inspect_with(
    path: &Path,
    application: i32,
    known: i32,
    open: impl Fn(&Path) -> Result<Connection, String>,
) -> Result<Option<i32>, StoreError> {
    let corrupt = |detail: String| StoreError::Corrupt { path: path.to_path_buf(), detail };
    let Some(size) = check_magic(path)? else {
        return Ok(None);
    };
    let connection = open(path).map_err(corrupt)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| corrupt(error.to_string()))?;
    if tables == 0 {
        return Ok(None);
    }
    let found: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found != application {
        return Err(StoreError::Foreign { path: path.to_path_buf() });
    }
    let version = schema_version(&connection).map_err(|error| corrupt(error.to_string()))?;
    if version > known {
        return Err(StoreError::Newer { path: path.to_path_buf(), found: version, known });
    }
    if size <= CHECKED_BYTES {
        let answer: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| corrupt(error.to_string()))?;
        if answer != "ok" {
            return Err(corrupt(answer));
        }
    }
    Ok(Some(version))
}

/// The newest applied schema version, 0 if none is.
pub(crate) fn schema_version(connection: &Connection) -> rusqlite::Result<i32> {
    let history: Option<i64> = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'refinery_schema_history'", [], |row| row.get(0))
        .optional()?;
    if history.is_none() {
        return Ok(0);
    }
    connection.query_row("SELECT COALESCE(MAX(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

/// What is wrong in the pages of a database, ten lines at the most; empty if nothing is.
pub(crate) fn quick_check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("PRAGMA quick_check(10)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Size of the file if there is something in it; an error if that is no database.
#[expect(clippy::disallowed_methods, reason = "the store owns its files")]
fn check_magic(path: &Path) -> Result<Option<u64>, StoreError> {
    let unusable = |error: std::io::Error| StoreError::Directory { path: path.to_path_buf(), detail: error.to_string() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error)),
    };
    let size = file.metadata().map_err(unusable)?.len();
    if size == 0 {
        return Ok(None);
    }
    let mut start = Vec::with_capacity(MAGIC.len());
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(unusable)?;
    if start != MAGIC {
        return Err(StoreError::Corrupt { path: path.to_path_buf(), detail: "it does not begin like a database".into() });
    }
    Ok(Some(size))
}

/// A connection that neither writes nor folds the log into the file when it is closed.
fn open_untouched(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}
