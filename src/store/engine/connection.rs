//! Opening connections: flags, pragmas, file modes.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::StoreError;

/// How long a connection waits for a lock that another process holds (CFG-190).
const BUSY_TIMEOUT: Duration = Duration::from_millis(5000);
/// Page cache of each connection in KiB; negative in the pragma means KiB instead of pages. Small: an idle server
/// shall be small, and the page cache of the system holds the rest.
const CACHE_KIB: i32 = 2000;
/// Prepared statements kept by the writer.
const WRITER_STATEMENTS: usize = 128;
/// Prepared statements kept by each reader.
const READER_STATEMENTS: usize = 48;
/// Page cache of the connection that only folds the log.
const FOLDER_CACHE_KIB: i32 = 64;
/// Pages in the log after which the writer folds it itself: the checkpointer could not keep up.
const LOG_PAGES: i32 = 16_000;
/// The log is cut to this size after a burst.
const LOG_LIMIT_BYTES: i64 = 16 * 1024 * 1024;

/// Makes the file if it is missing, readable by its owner only; the log files take over its mode.
pub(crate) fn create_private_file(path: &Path) -> Result<(), StoreError> {
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let given = opened.and_then(|file| super::place::give_to_owner(&file, path));
    given.map_err(|error| super::place::unusable(path, &error))
}

/// Opens the connection that writes. With `reclaim` the file gives back free pages after deletions (it takes
/// effect on a new file only).
pub(crate) fn open_writer(path: &Path, reclaim: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if reclaim {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Directory {
            path: path.to_path_buf(),
            detail: "its file system has no shared memory for a write-ahead log; use a local disk".into(),
        });
    }
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT_BYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    prepare_writer(&connection)?;
    Ok(connection)
}

/// Closes a copy that is going to be moved: the file alone moves on, so everything must be in it.
pub(crate) fn close_for_moving(connection: Connection, path: &Path) -> Result<(), StoreError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| error)?;
    if mode.eq_ignore_ascii_case("delete") {
        return Ok(());
    }
    Err(StoreError::Directory { path: path.to_path_buf(), detail: "its log cannot be folded into it".into() })
}

/// Opens the connection of the checkpointer.
pub(crate) fn open_folder(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -FOLDER_CACHE_KIB)?;
    Ok(connection)
}

/// Opens a database in memory.
pub(crate) fn open_memory() -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory()?;
    prepare_writer(&connection)?;
    Ok(connection)
}

fn prepare_writer(connection: &Connection) -> Result<(), StoreError> {
    common_pragmas(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(WRITER_STATEMENTS);
    Ok(())
}

/// Opens a connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    common_pragmas(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(READER_STATEMENTS);
    Ok(connection)
}

/// Opens a connection to a file that nobody writes meanwhile and that has no log: nothing is made beside it, and no lock of it
/// is looked at.
pub(crate) fn open_still(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable(path), flags)?;
    common_pragmas(&connection)?;
    Ok(connection)
}

/// The file as a URI (<https://www.sqlite.org/uri.html>).
fn immutable(path: &Path) -> String {
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "file:" });
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(*byte)),
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn common_pragmas(connection: &Connection) -> Result<(), StoreError> {
    // A plan does not hang on the values of one call: else the engine parses a kept statement again for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    // Names come from the network; a schema that was tampered with must not run functions.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_file_can_be_opened() {
        assert_eq!(immutable(Path::new("/srv/a b/50%?#ä.db")), "file:///srv/a%20b/50%25%3F%23%C3%A4.db?immutable=1");
        assert_eq!(immutable(Path::new("x.db")), "file:x.db?immutable=1");
    }
}
