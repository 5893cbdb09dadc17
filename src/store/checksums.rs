//! Checksums of files, by what the files were when they were computed.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    StoreError,
    engine::{Database, Durability},
};

/// A file in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// Kind of storage, as the contract numbers them.
    pub provider: i32,
    /// Device of the file.
    pub device: u64,
    /// Inode of the file.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Last change, Unix seconds.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
    /// Last change of any kind, Unix seconds.
    pub changed_seconds: i64,
    /// Nanoseconds within the second.
    pub changed_nanoseconds: u32,
}

/// SHA-256 checksums.
#[derive(Clone)]
pub struct Checksums {
    database: Arc<Database>,
}

/// Bits as they are: the database has signed numbers only.
const fn bits(value: u64) -> i64 {
    i64::from_ne_bytes(value.to_ne_bytes())
}

impl Checksums {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The checksum of the file, if it was computed in exactly this state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn get(&self, file: FileState) -> Result<Option<[u8; 32]>, StoreError> {
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT sha256 FROM checksum
                     WHERE provider = ? AND device = ? AND inode = ? AND size = ? AND seconds = ? AND nanoseconds = ?
                     AND changed_seconds = ? AND changed_nanoseconds = ?",
                )?;
                let key = params![
                    file.provider,
                    bits(file.device),
                    bits(file.inode),
                    bits(file.size),
                    file.seconds,
                    file.nanoseconds,
                    file.changed_seconds,
                    file.changed_nanoseconds
                ];
                Ok(statement.query_row(key, |row| row.get(0)).optional()?)
            })
            .await
    }

    /// Remembers a checksum in place of one of an earlier state of the file, and forgets those computed before `oldest`
    /// (milliseconds since the epoch).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put(&self, file: FileState, sha256: [u8; 32], now: i64, oldest: i64) -> Result<(), StoreError> {
        self.database.write(Durability::Normal, move |connection| put(connection, file, sha256, now, oldest)).await
    }

    /// As [`Checksums::put`], without waiting.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn submit(&self, file: FileState, sha256: [u8; 32], now: i64, oldest: i64) -> Result<(), StoreError> {
        self.database.submit("a checksum", move |connection| put(connection, file, sha256, now, oldest))
    }
}

fn put(connection: &Connection, file: FileState, sha256: [u8; 32], now: i64, oldest: i64) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM checksum WHERE computed_at < ?")?.execute([oldest])?;
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO checksum
         (provider, device, inode, size, seconds, nanoseconds, changed_seconds, changed_nanoseconds, sha256, computed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        file.provider,
        bits(file.device),
        bits(file.inode),
        bits(file.size),
        file.seconds,
        file.nanoseconds,
        file.changed_seconds,
        file.changed_nanoseconds,
        sha256,
        now
    ])?;
    Ok(())
}
