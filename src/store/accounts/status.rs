//! Whether something is enabled, changed alone: whatever else somebody saves meanwhile stays.

use rusqlite::{Connection, params};

use super::relations::require;
use crate::{ObjectKind, StoreError};

/// Sets the status of a row and notes the time. False, and nothing is written, if it had it already.
///
/// # Errors
/// `NotFound` if there is no such object.
pub(super) fn set(
    connection: &Connection,
    (kind, table): (ObjectKind, &str),
    name: &str,
    status: i64,
    now: i64,
) -> Result<bool, StoreError> {
    let id = require(connection, kind, name)?;
    let sql = format!("UPDATE {table} SET status = ?1, updated_at = ?2 WHERE id = ?3 AND status <> ?1");
    Ok(connection.prepare_cached(&sql)?.execute(params![status, now, id])? > 0)
}
