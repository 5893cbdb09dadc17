//! Groups of users.

use std::sync::Arc;

use entrepot_model::Group;
use rusqlite::{Connection, params};

use super::document::Document;
use super::listing::{ListOptions, Listed};
use super::relations::{FolderOwner, find, load_folders, names, require, require_free, save_folders};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::Group;
const LISTED: Listed = Listed { table: "user_group", has_role: false };
const USERS: &str = "SELECT u.name FROM user_group_member m JOIN user_account u ON u.id = m.user_id \
                     WHERE m.group_id = ? ORDER BY u.name";
const ADMINS: &str = "SELECT a.name FROM admin_group m JOIN admin a ON a.id = m.admin_id \
                      WHERE m.group_id = ? ORDER BY a.name";
/// Members that have columns or rows of their own.
const ELSEWHERE: [&str; 5] = ["id", "created_at", "updated_at", "users", "admins"];

/// The groups.
#[derive(Clone)]
pub struct Groups {
    database: Arc<Database>,
}

impl Groups {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The group of this name, with the names of its users and administrators.
    pub async fn get(&self, name: &str) -> Result<Option<Group>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of groups.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<Group>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// Names of a page of groups, without the rest.
    pub async fn names(&self, options: ListOptions) -> Result<Vec<String>, StoreError> {
        self.database.read(move |c| LISTED.names(c, &options)).await
    }

    /// How many groups the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// Adds a group; its id and times are set here. Its users and administrators are not looked at: they name it.
    ///
    /// # Errors
    /// `Conflict` if the name is taken; `Reference` if a folder does not exist.
    pub async fn insert(&self, group: Group, now: i64) -> Result<Group, StoreError> {
        let mut document = Document::of(KIND, &group)?;
        self.database
            .write(Durability::Full, move |c| {
                let name = document.take_text("name");
                require_free(c, KIND, &name)?;
                let folders = document.take_list("virtual_folders");
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("INSERT INTO user_group (name, created_at, updated_at, document) VALUES (?1, ?2, ?2, ?3)")?
                    .execute(params![name, now, document.text()?])?;
                let id = c.last_insert_rowid();
                save_folders(c, FolderOwner::Group(id), folders)?;
                load(c, id)
            })
            .await
    }

    /// Replaces what can be changed of a group; its users get a new `updated_at` (ACC-221).
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` if a folder does not exist.
    pub async fn update(&self, group: Group, now: i64) -> Result<Group, StoreError> {
        let mut document = Document::of(KIND, &group)?;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("name"))?;
                let folders = document.take_list("virtual_folders");
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("UPDATE user_group SET updated_at = ?, document = ? WHERE id = ?")?.execute(params![
                    now,
                    document.text()?,
                    id
                ])?;
                save_folders(c, FolderOwner::Group(id), folders)?;
                c.prepare_cached(
                    "UPDATE user_account SET updated_at = ? WHERE id IN \
                     (SELECT user_id FROM user_group_member WHERE group_id = ?)",
                )?
                .execute(params![now, id])?;
                load(c, id)
            })
            .await
    }

    /// Deletes a group; administrators that give it to new users lose the reference (ACC-220).
    ///
    /// # Errors
    /// `NotFound`; `InUse` while users belong to it.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                let by = names(c, USERS, id)?;
                if !by.is_empty() {
                    return Err(StoreError::InUse { kind: KIND, name, by });
                }
                c.prepare_cached("DELETE FROM user_group WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }
}

fn load(connection: &Connection, id: i64) -> Result<Group, StoreError> {
    let (name, mut document) = load_document(connection, id)?;
    document.put("users", names(connection, USERS, id)?);
    document.put("admins", names(connection, ADMINS, id)?);
    document.into_object(KIND, &name)
}

/// A group with its folders, without the names of those that use it (a group may have many users, and a login
/// does not ask for them).
pub(super) fn load_document(connection: &Connection, id: i64) -> Result<(String, Document), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT name, created_at, updated_at, document FROM user_group WHERE id = ?")?;
    let (name, created_at, updated_at, text): (String, i64, i64, String) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let mut document = Document::parse(KIND, &name, &text)?;
    document.put("id", id);
    document.put("name", name.clone());
    document.put("created_at", created_at);
    document.put("updated_at", updated_at);
    document.put_list("virtual_folders", load_folders(connection, FolderOwner::Group(id))?);
    Ok((name, document))
}
