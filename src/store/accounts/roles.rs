//! Roles.

use std::sync::Arc;

use entrepot_model::Role;
use rusqlite::{Connection, params};

use super::document::Document;
use super::listing::{ListOptions, Listed};
use super::relations::{find, names, require, require_free};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::Role;
const LISTED: Listed = Listed { table: "role", has_role: false };
const USERS: &str = "SELECT name FROM user_account WHERE role_id = ? ORDER BY name";
const ADMINS: &str = "SELECT name FROM admin WHERE role_id = ? ORDER BY name";

/// The roles.
#[derive(Clone)]
pub struct Roles {
    database: Arc<Database>,
}

impl Roles {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The role of this name, with the names of its users and administrators.
    pub async fn get(&self, name: &str) -> Result<Option<Role>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of roles.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<Role>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// Names of a page of roles, without the rest.
    pub async fn names(&self, options: ListOptions) -> Result<Vec<String>, StoreError> {
        self.database.read(move |c| LISTED.names(c, &options)).await
    }

    /// How many roles the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// Adds a role; its id and times are set here.
    ///
    /// # Errors
    /// `Conflict` if the name is taken.
    pub async fn insert(&self, role: Role, now: i64) -> Result<Role, StoreError> {
        let mut document = Document::of(KIND, &role)?;
        self.database
            .write(Durability::Full, move |c| {
                let name = document.take_text("name");
                require_free(c, KIND, &name)?;
                c.prepare_cached("INSERT INTO role (name, description, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)")?
                    .execute(params![name, document.take_text("description"), now])?;
                load(c, c.last_insert_rowid())
            })
            .await
    }

    /// Replaces what can be changed of a role.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn update(&self, role: Role, now: i64) -> Result<Role, StoreError> {
        let mut document = Document::of(KIND, &role)?;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("name"))?;
                c.prepare_cached("UPDATE role SET description = ?, updated_at = ? WHERE id = ?")?.execute(params![
                    document.take_text("description"),
                    now,
                    id
                ])?;
                load(c, id)
            })
            .await
    }

    /// Deletes a role; users that have it get none (ACC-231).
    ///
    /// # Errors
    /// `NotFound`; `InUse` while administrators have it.
    pub async fn delete(&self, name: &str, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                let by = names(c, ADMINS, id)?;
                if !by.is_empty() {
                    return Err(StoreError::InUse { kind: KIND, name, by });
                }
                c.prepare_cached("UPDATE user_account SET role_id = NULL, updated_at = ? WHERE role_id = ?")?
                    .execute(params![now, id])?;
                c.prepare_cached("DELETE FROM role WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }
}

fn load(connection: &Connection, id: i64) -> Result<Role, StoreError> {
    let mut document = Document::default();
    let name = connection.prepare_cached("SELECT name, description, created_at, updated_at FROM role WHERE id = ?")?.query_row(
        [id],
        |row| {
            document.put("id", id);
            document.put("name", row.get::<_, String>(0)?);
            document.put_text("description", row.get(1)?);
            document.put("created_at", row.get::<_, i64>(2)?);
            document.put("updated_at", row.get::<_, i64>(3)?);
            row.get::<_, String>(0)
        },
    )?;
    document.put("users", names(connection, USERS, id)?);
    document.put("admins", names(connection, ADMINS, id)?);
    document.into_object(KIND, &name)
}
