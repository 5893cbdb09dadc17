//! Virtual folders.

use std::sync::Arc;

use entrepot_model::BaseVirtualFolder;
use rusqlite::{Connection, params};

use super::document::Document;
use super::listing::{ListOptions, Listed};
use super::relations::{find, load_folder, names, require, require_free};
use super::usage::{FolderUsage, add_folder_usage, folder_usage, set_folder_usage};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::Folder;
const LISTED: Listed = Listed { table: "virtual_folder", has_role: false };
const USERS: &str = "SELECT DISTINCT u.name FROM user_folder m JOIN user_account u ON u.id = m.user_id \
                     WHERE m.folder_id = ? ORDER BY u.name";
const GROUPS: &str = "SELECT DISTINCT g.name FROM group_folder m JOIN user_group g ON g.id = m.group_id \
                      WHERE m.folder_id = ? ORDER BY g.name";
/// Members that have columns or rows of their own, and those of a mapping.
const ELSEWHERE: [&str; 10] = [
    "id",
    "used_quota_size",
    "used_quota_files",
    "last_quota_update",
    "users",
    "groups",
    "virtual_path",
    "subpath",
    "quota_size",
    "quota_files",
];

/// The virtual folders.
#[derive(Clone)]
pub struct Folders {
    database: Arc<Database>,
}

impl Folders {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The folder of this name, with its usage and the names of the users and groups that map it.
    pub async fn get(&self, name: &str) -> Result<Option<BaseVirtualFolder>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of folders.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<BaseVirtualFolder>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// Names of a page of folders, without the rest.
    pub async fn names(&self, options: ListOptions) -> Result<Vec<String>, StoreError> {
        self.database.read(move |c| LISTED.names(c, &options)).await
    }

    /// How many folders the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// Adds a folder; its id is set here, its usage is zero.
    ///
    /// # Errors
    /// `Conflict` if the name is taken.
    pub async fn insert(&self, folder: BaseVirtualFolder) -> Result<BaseVirtualFolder, StoreError> {
        let mut document = Document::of(KIND, &folder)?;
        self.database
            .write(Durability::Full, move |c| {
                let name = document.take_text("name");
                require_free(c, KIND, &name)?;
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("INSERT INTO virtual_folder (name, document) VALUES (?, ?)")?
                    .execute(params![name, document.text()?])?;
                let id = c.last_insert_rowid();
                c.prepare_cached("INSERT INTO folder_usage (folder_id) VALUES (?)")?.execute([id])?;
                load(c, id)
            })
            .await
    }

    /// Replaces what can be changed of a folder; its usage stays (ACC-290). The users that reach it, directly or
    /// through a group, get a new `updated_at` (ACC-189).
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn update(&self, folder: BaseVirtualFolder, now: i64) -> Result<BaseVirtualFolder, StoreError> {
        let mut document = Document::of(KIND, &folder)?;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("name"))?;
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("UPDATE virtual_folder SET document = ? WHERE id = ?")?
                    .execute(params![document.text()?, id])?;
                touch_users(c, id, now)?;
                load(c, id)
            })
            .await
    }

    /// Deletes a folder and every mapping to it; its users get a new `updated_at` (ACC-188, ACC-069).
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, name: &str, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                touch_users(c, id, now)?;
                c.prepare_cached("DELETE FROM virtual_folder WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }

    /// The usage of a folder.
    pub async fn usage(&self, name: &str) -> Result<Option<FolderUsage>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| folder_usage(c, &name)).await
    }

    /// Replaces the usage of a folder (ACC-287); figures below 0 become 0.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn set_usage(&self, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                set_folder_usage(c, id, files, size, now)
            })
            .await
    }

    /// Adds to the usage of a folder (ACC-287); it never falls below 0.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn add_usage(&self, name: &str, files: i64, size: i64, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                require(c, KIND, &name)?;
                add_folder_usage(c, &name, files, size, now)
            })
            .await
    }
}

/// Users that map the folder, or belong to a group that does.
fn touch_users(connection: &Connection, folder: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE user_account SET updated_at = ?1 WHERE id IN ( \
               SELECT user_id FROM user_folder WHERE folder_id = ?2 \
               UNION SELECT m.user_id FROM user_group_member m JOIN group_folder f ON f.group_id = m.group_id \
               WHERE f.folder_id = ?2)",
        )?
        .execute(params![now, folder])?;
    Ok(())
}

fn load(connection: &Connection, id: i64) -> Result<BaseVirtualFolder, StoreError> {
    let (name, mut document) = load_folder(connection, id)?;
    document.put("users", names(connection, USERS, id)?);
    document.put("groups", names(connection, GROUPS, id)?);
    document.into_object(KIND, &name)
}
