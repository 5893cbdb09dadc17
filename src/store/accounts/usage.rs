//! Counters of users and folders: they change with transfers and scans, never with a save (ACC-290). No counter
//! of usage ever falls below 0.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::relations::require;
use super::users::{KIND, Users};
use crate::StoreError;
use crate::engine::Durability;

/// Shortest time between two stored logins of an account, in milliseconds (ACC-070).
const LOGIN_INTERVAL: i64 = 10 * 60 * 1000;

/// The counters of a user. Sizes are bytes, times Unix milliseconds (0: never).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserUsage {
    /// Bytes stored.
    pub used_quota_size: i64,
    /// Files stored.
    pub used_quota_files: i64,
    /// When the two last changed.
    pub last_quota_update: i64,
    /// Bytes uploaded since the last reset.
    pub used_upload_data_transfer: i64,
    /// Bytes downloaded since the last reset.
    pub used_download_data_transfer: i64,
    /// Last login.
    pub last_login: i64,
    /// First completed upload.
    pub first_upload: i64,
    /// First completed download.
    pub first_download: i64,
}

/// The counters of a virtual folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FolderUsage {
    /// Bytes stored.
    pub used_quota_size: i64,
    /// Files stored.
    pub used_quota_files: i64,
    /// When the two last changed, in Unix milliseconds.
    pub last_quota_update: i64,
}

/// The direction of a transfer, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferDirection {
    /// To the server.
    Upload,
    /// From the server.
    Download,
}

impl Users {
    /// The counters of a user.
    pub async fn usage(&self, name: &str) -> Result<Option<UserUsage>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| user_usage(c, &name)).await
    }

    /// Bytes stored by all users and in all folders, and bytes transferred by all users (API-072).
    pub async fn total_usage(&self) -> Result<(i64, i64), StoreError> {
        self.database
            .read(|c| {
                // Floating point, because sums of sizes that clients made up may exceed every integer.
                let sql = "SELECT (SELECT total(used_quota_size) FROM user_usage) + (SELECT total(used_quota_size) FROM folder_usage), \
                           (SELECT total(used_upload_data_transfer) + total(used_download_data_transfer) FROM user_usage)";
                let (stored, moved): (f64, f64) = c.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                #[allow(clippy::cast_possible_truncation, reason = "the cast ends at the largest number, as it shall")]
                Ok((stored as i64, moved as i64))
            })
            .await
    }

    /// Replaces the quota figures (ACC-287); those below 0 become 0.
    ///
    /// # Errors
    /// `NotFound` if the user does not exist; this holds for the other writers of counters, too.
    pub async fn set_usage(&self, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                require(c, KIND, &name)?;
                set_user_usage(c, &name, files, size, now)
            })
            .await
    }

    /// Adds to the quota figures (ACC-287).
    pub async fn add_usage(&self, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                require(c, KIND, &name)?;
                add_user_usage(c, &name, files, size, now)
            })
            .await
    }

    /// Replaces the transferred bytes (API-059); those below 0 become 0.
    pub async fn set_transfer_usage(&self, name: &str, upload: i64, download: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                c.prepare_cached(
                    "UPDATE user_usage SET used_upload_data_transfer = MAX(0, ?), \
                     used_download_data_transfer = MAX(0, ?), last_quota_update = ? WHERE user_id = ?",
                )?
                .execute([upload, download, now, id])?;
                Ok(())
            })
            .await
    }

    /// Adds to the transferred bytes (API-059).
    pub async fn add_transfer_usage(&self, name: &str, upload: i64, download: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                require(c, KIND, &name)?;
                add_user_transfer(c, &name, upload, download, now)
            })
            .await
    }

    /// Notes a login, at most once every 10 minutes (ACC-070). True if it was stored.
    pub async fn set_last_login(&self, name: &str, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Normal, move |c| {
                // A clock that was set back must not silence the logins until it has caught up.
                let changed = c
                    .prepare_cached(
                        "UPDATE user_usage SET last_login = ?1 WHERE user_id = (SELECT id FROM user_account \
                         WHERE name = ?2) AND abs(?1 - last_login) >= ?3",
                    )?
                    .execute(params![now, name, LOGIN_INTERVAL])?;
                Ok(changed > 0)
            })
            .await
    }

    /// Notes the first completed transfer (ACC-071). True if it was the first.
    pub async fn set_first_transfer(&self, name: &str, direction: TransferDirection, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database.write(Durability::Normal, move |c| mark_first_transfer(c, &name, direction, now)).await
    }
}

/// Shortest time between two stored logins, for administrators, too.
pub(super) fn login_interval() -> i64 {
    LOGIN_INTERVAL
}

fn user_usage(connection: &Connection, name: &str) -> Result<Option<UserUsage>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(UserUsage {
            used_quota_size: row.get(0)?,
            used_quota_files: row.get(1)?,
            last_quota_update: row.get(2)?,
            used_upload_data_transfer: row.get(3)?,
            used_download_data_transfer: row.get(4)?,
            last_login: row.get(5)?,
            first_upload: row.get(6)?,
            first_download: row.get(7)?,
        })
    };
    Ok(connection
        .prepare_cached(
            "SELECT used_quota_size, used_quota_files, last_quota_update, used_upload_data_transfer, \
             used_download_data_transfer, last_login, first_upload, first_download \
             FROM user_usage WHERE user_id = (SELECT id FROM user_account WHERE name = ?)",
        )?
        .query_row([name], read)
        .optional()?)
}

pub(super) fn folder_usage(connection: &Connection, name: &str) -> Result<Option<FolderUsage>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(FolderUsage { used_quota_size: row.get(0)?, used_quota_files: row.get(1)?, last_quota_update: row.get(2)? })
    };
    Ok(connection
        .prepare_cached(
            "SELECT used_quota_size, used_quota_files, last_quota_update FROM folder_usage \
             WHERE folder_id = (SELECT id FROM virtual_folder WHERE name = ?)",
        )?
        .query_row([name], read)
        .optional()?)
}

pub(super) fn set_folder_usage(connection: &Connection, id: i64, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE folder_usage SET used_quota_files = MAX(0, ?), used_quota_size = MAX(0, ?), last_quota_update = ? \
             WHERE folder_id = ?",
        )?
        .execute([files, size, now, id])?;
    Ok(())
}

/// Replaces the quota figures of a user; nothing happens if it is gone.
pub(crate) fn set_user_usage(connection: &Connection, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE user_usage SET used_quota_files = MAX(0, ?), used_quota_size = MAX(0, ?), last_quota_update = ? \
             WHERE user_id = (SELECT id FROM user_account WHERE name = ?)",
        )?
        .execute(params![files, size, now, name])?;
    Ok(())
}

/// Replaces the figures of a folder; nothing happens if it is gone.
pub(crate) fn set_named_folder_usage(
    connection: &Connection,
    name: &str,
    files: i64,
    size: i64,
    now: i64,
) -> Result<(), StoreError> {
    let id = connection
        .prepare_cached("SELECT id FROM virtual_folder WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    id.map_or(Ok(()), |id| set_folder_usage(connection, id, files, size, now))
}

/// Adds to the quota figures of a user, as far as they can be counted; nothing happens if it is gone.
pub(crate) fn add_user_usage(connection: &Connection, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE user_usage SET used_quota_files = MAX(0, used_quota_files + ?), \
             used_quota_size = CAST(MIN(9223372036854775807, MAX(0, used_quota_size + ?)) AS INTEGER), last_quota_update = ? \
             WHERE user_id = (SELECT id FROM user_account WHERE name = ?)",
        )?
        .execute(params![files, size, now, name])?;
    Ok(())
}

/// Adds to the figures of a folder; nothing happens if it is gone.
pub(crate) fn add_folder_usage(connection: &Connection, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE folder_usage SET used_quota_files = MAX(0, used_quota_files + ?), \
             used_quota_size = CAST(MIN(9223372036854775807, MAX(0, used_quota_size + ?)) AS INTEGER), last_quota_update = ? \
             WHERE folder_id = (SELECT id FROM virtual_folder WHERE name = ?)",
        )?
        .execute(params![files, size, now, name])?;
    Ok(())
}

/// Adds to the transferred bytes of a user; nothing happens if it is gone.
pub(crate) fn add_user_transfer(
    connection: &Connection,
    name: &str,
    upload: i64,
    download: i64,
    now: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE user_usage SET used_upload_data_transfer = MAX(0, used_upload_data_transfer + ?), \
             used_download_data_transfer = MAX(0, used_download_data_transfer + ?), last_quota_update = ? \
             WHERE user_id = (SELECT id FROM user_account WHERE name = ?)",
        )?
        .execute(params![upload, download, now, name])?;
    Ok(())
}

/// Notes the first transfer of a user, unless one is noted. True if it was.
pub(crate) fn mark_first_transfer(
    connection: &Connection,
    name: &str,
    direction: TransferDirection,
    now: i64,
) -> Result<bool, StoreError> {
    let sql = match direction {
        TransferDirection::Upload => {
            "UPDATE user_usage SET first_upload = ? WHERE first_upload = 0 \
             AND user_id = (SELECT id FROM user_account WHERE name = ?)"
        }
        TransferDirection::Download => {
            "UPDATE user_usage SET first_download = ? WHERE first_download = 0 \
             AND user_id = (SELECT id FROM user_account WHERE name = ?)"
        }
    };
    Ok(connection.prepare_cached(sql)?.execute(params![now, name])? > 0)
}
