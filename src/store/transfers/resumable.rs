//! Uploads of a file in several requests. Their bytes are the partial of the same id.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::{
    ObjectKind, StoreError,
    accounts::refer,
    engine::{Database, Durability},
};

/// An upload that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResumableUpload {
    /// Its id, which is also that of its partial.
    pub id: String,
    /// Whose storage takes the file.
    pub username: String,
    /// Id of the share through which it comes; `None` = from the user.
    pub share: Option<String>,
    /// The final name as the user sees it, when the upload was announced.
    pub virtual_path: Vec<u8>,
    /// Bytes that the file will have.
    pub length: i64,
    /// What the client said of it, as it said it.
    pub metadata: String,
    /// Modification time that the file shall have, in Unix milliseconds.
    pub modified_at: Option<i64>,
    /// The file has its name.
    pub completed: bool,
    /// When it was announced, in Unix milliseconds.
    pub created_at: i64,
    /// When it is forgotten unless more comes, in Unix milliseconds.
    pub expires_at: i64,
}

const SELECT: &str = "SELECT r.id, u.name, s.name, r.virtual_path, r.length, r.metadata, r.modified_at, r.completed, \
                      r.created_at, r.expires_at \
                      FROM resumable_upload r JOIN user_account u ON u.id = r.user_id LEFT JOIN share s ON s.id = r.share_id";

/// Uploads in several requests.
#[derive(Clone)]
pub struct ResumableUploads {
    database: Arc<Database>,
}

impl ResumableUploads {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Stores an upload; one of the same id is replaced.
    ///
    /// # Errors
    /// `Reference` if its user or share does not exist.
    pub async fn put(&self, upload: ResumableUpload) -> Result<(), StoreError> {
        self.database.write(Durability::Normal, move |c| put(c, &upload)).await
    }

    /// The upload of this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, id: &str) -> Result<Option<ResumableUpload>, StoreError> {
        let id = id.to_owned();
        self.database.read(move |c| Ok(select(c, "WHERE r.id = ?", [id])?.pop())).await
    }

    /// The unfinished uploads of a user to this path, not those of visitors.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unfinished(&self, username: &str, virtual_path: &[u8]) -> Result<Vec<ResumableUpload>, StoreError> {
        let (username, virtual_path) = (username.to_owned(), virtual_path.to_vec());
        let rest =
            "WHERE u.name = ? AND r.virtual_path = ? AND r.share_id IS NULL AND r.completed = 0 ORDER BY r.created_at, r.id";
        self.database.read(move |c| select(c, rest, params![username, virtual_path])).await
    }

    /// The unfinished uploads through a share.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unfinished_through(&self, share: &str) -> Result<Vec<ResumableUpload>, StoreError> {
        let share = share.to_owned();
        let rest = "WHERE s.name = ? AND r.completed = 0 ORDER BY r.created_at, r.id";
        self.database.read(move |c| select(c, rest, [share])).await
    }

    /// The unfinished uploads into the storages of a user, also those of visitors.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unfinished_of(&self, username: &str) -> Result<Vec<ResumableUpload>, StoreError> {
        let username = username.to_owned();
        let rest = "WHERE u.name = ? AND r.completed = 0 ORDER BY r.created_at, r.id";
        self.database.read(move |c| select(c, rest, [username])).await
    }

    /// How many unfinished uploads a user has, or visitors of one of its shares.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count(&self, username: &str, share: Option<&str>) -> Result<i64, StoreError> {
        let (username, share) = (username.to_owned(), share.map(str::to_owned));
        let sql = "SELECT count(*) FROM resumable_upload r JOIN user_account u ON u.id = r.user_id \
                   LEFT JOIN share s ON s.id = r.share_id WHERE u.name = ? AND s.name IS ? AND r.completed = 0";
        self.database.read(move |c| Ok(c.prepare_cached(sql)?.query_row(params![username, share], |row| row.get(0))?)).await
    }

    /// The uploads that expired before `time` (Unix milliseconds), the oldest first, at most `limit`: those that come after
    /// `last`, the one that an earlier answer ended with.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn expired(
        &self,
        time: i64,
        last: Option<&ResumableUpload>,
        limit: u32,
    ) -> Result<Vec<ResumableUpload>, StoreError> {
        let (moment, id) = last.map_or((i64::MIN, String::new()), |last| (last.expires_at, last.id.clone()));
        let rest = "WHERE r.expires_at < ? AND (r.expires_at, r.id) > (?, ?) ORDER BY r.expires_at, r.id LIMIT ?";
        self.database.read(move |c| select(c, rest, params![time, moment, id, limit])).await
    }

    /// Puts the expiry of an upload off, without waiting.
    ///
    /// # Errors
    /// `Overloaded` or `Closed`; a failure of the write itself is logged.
    pub fn submit_expiry(&self, id: String, expires_at: i64) -> Result<(), StoreError> {
        self.database.submit("the expiry of an upload", move |c| {
            c.prepare_cached("UPDATE resumable_upload SET expires_at = ? WHERE id = ?")?.execute(params![expires_at, id])?;
            Ok(())
        })
    }

    /// Forgets an upload; false if there was none. One that is unfinished gives its use of the share back (API-159).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.database.write(Durability::Normal, move |c| delete(c, &id)).await
    }
}

fn put(connection: &Connection, upload: &ResumableUpload) -> Result<(), StoreError> {
    let user = refer(connection, ObjectKind::User, &upload.username)?;
    let share = upload.share.as_deref().map(|share| refer(connection, ObjectKind::Share, share)).transpose()?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO resumable_upload (id, user_id, share_id, virtual_path, length, metadata, modified_at, \
             completed, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            upload.id,
            user,
            share,
            upload.virtual_path,
            upload.length,
            upload.metadata,
            upload.modified_at,
            upload.completed,
            upload.created_at,
            upload.expires_at,
        ])?;
    Ok(())
}

/// The file of this id has its name, whoever finished it: if it is what was announced, the upload is complete, else there
/// is none any more.
pub(super) fn complete(connection: &Connection, id: &str, size: i64) -> Result<(), StoreError> {
    let length: Option<i64> = connection
        .prepare_cached("SELECT length FROM resumable_upload WHERE id = ? AND completed = 0")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match length {
        None => {}
        Some(length) if length == size => {
            connection.prepare_cached("UPDATE resumable_upload SET completed = 1 WHERE id = ?")?.execute([id])?;
        }
        Some(_) => {
            delete(connection, id)?;
        }
    }
    Ok(())
}

fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "UPDATE share SET used_tokens = max(used_tokens - 1, 0) \
             WHERE id = (SELECT share_id FROM resumable_upload WHERE id = ? AND completed = 0)",
        )?
        .execute([id])?;
    // What may still lie on the storage holds it no longer.
    connection.prepare_cached("UPDATE upload_intent SET share = '' WHERE id = ?")?.execute([id])?;
    Ok(connection.prepare_cached("DELETE FROM resumable_upload WHERE id = ?")?.execute([id])? > 0)
}

fn select(connection: &Connection, rest: &str, values: impl Params) -> Result<Vec<ResumableUpload>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} {rest}"))?;
    let rows = statement.query_map(values, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ResumableUpload> {
    Ok(ResumableUpload {
        id: row.get(0)?,
        username: row.get(1)?,
        share: row.get(2)?,
        virtual_path: row.get(3)?,
        length: row.get(4)?,
        metadata: row.get(5)?,
        modified_at: row.get(6)?,
        completed: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
    })
}
