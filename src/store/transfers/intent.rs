//! The note of an upload that is not settled.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use serde::{Deserialize, Serialize};

use crate::StoreError;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum UploadState {
    /// Data arrives.
    #[default]
    Open,
    /// All data is there; the final name may or may not be.
    Committing,
    /// Given up by its client; it can be resumed.
    Partial,
}

impl ToSql for UploadState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number: i64 = match self {
            Self::Open => 0,
            Self::Committing => 1,
            Self::Partial => 2,
        };
        Ok(number.into())
    }
}

impl FromSql for UploadState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Open),
            1 => Ok(Self::Committing),
            2 => Ok(Self::Partial),
            number => Err(FromSqlError::OutOfRange(number)),
        }
    }
}

/// An upload that is not settled: what is needed to finish it, resume it or clean it up, even after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UploadIntent {
    /// Its id, which also names its staged file.
    pub id: String,
    /// Who uploads.
    pub username: String,
    /// The virtual folder that takes it; None for the user's own storage.
    pub folder: Option<String>,
    /// The final name in that storage, as bytes.
    pub backend_path: Vec<u8>,
    /// The final name as the client sees it, as bytes.
    pub virtual_path: Vec<u8>,
    /// Bytes that are there.
    pub size: i64,
    /// Bytes that quota was charged with for a partial.
    pub charged_size: i64,
    /// Files that quota was charged with for a partial.
    pub charged_files: i64,
    /// Size of the file that is replaced.
    pub replaced_size: Option<i64>,
    /// How far it is.
    pub state: UploadState,
    /// What the storage needs to go on (upload id, parts, hash state); empty if nothing.
    pub token: Vec<u8>,
    /// The protocol of the upload.
    pub protocol: String,
    /// The address of the client.
    pub ip: String,
    /// The session.
    pub session_id: String,
    /// Id of the share of which it holds a use, to be given back if it comes to nothing.
    pub share: Option<String>,
    /// Device and inode of the staged file, where it has them: after a crash they tell whether it got its name.
    pub identity: Option<(u64, u64)>,
    /// When it began, in Unix milliseconds.
    pub created_at: i64,
    /// When it was last changed, in Unix milliseconds.
    pub updated_at: i64,
}

const COLUMNS: &str = "id, username, folder, backend_path, virtual_path, size, charged_size, charged_files, \
                       replaced_size, state, token, protocol, ip, session_id, device, inode, created_at, updated_at, share";

impl UploadIntent {
    pub(super) fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT OR REPLACE INTO upload_intent ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        );
        connection.prepare_cached(&sql)?.execute(params![
            self.id,
            self.username,
            self.folder.as_deref().unwrap_or_default(),
            self.backend_path,
            self.virtual_path,
            self.size,
            self.charged_size,
            self.charged_files,
            self.replaced_size,
            self.state,
            self.token,
            self.protocol,
            self.ip,
            self.session_id,
            self.identity.map(|identity| identity.0.cast_signed()),
            self.identity.map(|identity| identity.1.cast_signed()),
            self.created_at,
            self.updated_at,
            self.share.as_deref().unwrap_or_default(),
        ])?;
        Ok(())
    }

    /// True if there was one.
    pub(super) fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
        let deleted = connection.prepare_cached("DELETE FROM upload_intent WHERE id = ?")?.execute([id])?;
        Ok(deleted > 0)
    }

    /// Gives back the use of a share that this intent holds; that of an announced upload is the announcement's.
    pub(super) fn give_use_back(connection: &Connection, id: &str) -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "UPDATE share SET used_tokens = max(used_tokens - 1, 0) \
                 WHERE name = (SELECT share FROM upload_intent WHERE id = ?1 AND share <> '') \
                 AND NOT EXISTS (SELECT 1 FROM resumable_upload WHERE id = ?1)",
            )?
            .execute([id])?;
        Ok(())
    }

    pub(super) fn find(connection: &Connection, id: &str) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upload_intent WHERE id = ?");
        Ok(connection.prepare_cached(&sql)?.query_row([id], Self::read).optional()?)
    }

    pub(super) fn find_partial(
        connection: &Connection,
        username: &str,
        folder: &str,
        path: &[u8],
    ) -> Result<Option<Self>, StoreError> {
        let rest = "username = ? AND folder = ? AND backend_path = ? AND state = 2 ORDER BY updated_at DESC LIMIT 1";
        Ok(Self::select(connection, rest, params![username, folder, path])?.pop())
    }

    pub(super) fn partials_of(connection: &Connection, username: &str) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "username = ? AND state = 2 ORDER BY updated_at, id", [username])
    }

    pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "state IN (0, 1) ORDER BY created_at, id", [])
    }

    pub(super) fn partials_before(connection: &Connection, time: i64) -> Result<Vec<Self>, StoreError> {
        Self::select(connection, "state = 2 AND updated_at < ? ORDER BY updated_at, id", [time])
    }

    fn select(connection: &Connection, condition: &str, values: impl Params) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upload_intent WHERE {condition}");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(values, Self::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let folder: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            username: row.get(1)?,
            folder: Some(folder).filter(|folder| !folder.is_empty()),
            backend_path: row.get(3)?,
            virtual_path: row.get(4)?,
            size: row.get(5)?,
            charged_size: row.get(6)?,
            charged_files: row.get(7)?,
            replaced_size: row.get(8)?,
            state: row.get(9)?,
            token: row.get(10)?,
            protocol: row.get(11)?,
            ip: row.get(12)?,
            session_id: row.get(13)?,
            identity: row
                .get::<_, Option<i64>>(14)?
                .zip(row.get::<_, Option<i64>>(15)?)
                .map(|(d, i)| (d.cast_unsigned(), i.cast_unsigned())),
            created_at: row.get(16)?,
            updated_at: row.get(17)?,
            share: row.get::<_, Option<String>>(18)?.filter(|share| !share.is_empty()),
        })
    }
}
