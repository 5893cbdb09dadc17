//! Administrators.

use std::sync::Arc;

use entrepot_model::Admin;
use rusqlite::{Connection, OptionalExtension, params};

use super::document::Document;
use super::listing::{ListOptions, Listed};
use super::relations::{find, load_admin_groups, refer_role, require, require_free, save_admin_groups};
use super::second_factor;
use super::status;
use super::usage::login_interval;
use super::users::PasswordChange;
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::Admin;
const LISTED: Listed = Listed { table: "admin", has_role: true };
/// Members that have columns or rows of their own.
const ELSEWHERE: [&str; 5] = ["id", "password", "created_at", "updated_at", "last_login"];

/// The administrators.
#[derive(Clone)]
pub struct Admins {
    pub(super) database: Arc<Database>,
}

impl Admins {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The administrator of this name; never with a password.
    pub async fn get(&self, name: &str) -> Result<Option<Admin>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// The administrator of this name with the stored hash of the password, of one moment.
    pub async fn load_for_login(&self, name: &str) -> Result<Option<(Admin, Option<String>)>, StoreError> {
        let name = name.to_string();
        self.database
            .read(move |c| match find(c, KIND, &name)? {
                Some(id) => Ok(Some((load(c, id)?, password_hash(c, &name)?))),
                None => Ok(None),
            })
            .await
    }

    /// A number that changes with every change of what administrators are read from, before the change is answered: what
    /// was read after it was taken may be kept for as long as it is the same.
    pub fn generation(&self) -> u64 {
        self.database.generation()
    }

    /// A page of administrators.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<Admin>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// A page of administrators with the hashes of their passwords: what a backup holds (API-089).
    pub async fn list_complete(&self, options: ListOptions) -> Result<Vec<Admin>, StoreError> {
        self.database
            .read(move |c| {
                let complete = |id| {
                    let mut admin = load(c, id)?;
                    admin.password = password_hash(c, &admin.username)?;
                    Ok(admin)
                };
                LISTED.ids(c, &options)?.into_iter().map(complete).collect()
            })
            .await
    }

    /// How many administrators the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// The stored hash of the password.
    pub async fn password_hash(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| password_hash(c, &name)).await
    }

    /// Adds an administrator with the hash of the password; id and times are set here.
    ///
    /// # Errors
    /// `Conflict` if the name is taken; `Reference` if the role or a group does not exist.
    pub async fn insert(&self, admin: Admin, password_hash: Option<String>, now: i64) -> Result<Admin, StoreError> {
        self.database.write(Durability::Full, move |c| insert_admin(c, &admin, password_hash, false, now)).await
    }

    /// Adds an administrator from a backup: as `insert`, but the times it carries are kept (API-095).
    ///
    /// # Errors
    /// As `insert`.
    pub async fn restore(&self, admin: Admin, password_hash: Option<String>, now: i64) -> Result<Admin, StoreError> {
        self.database.write(Durability::Full, move |c| insert_admin(c, &admin, password_hash, true, now)).await
    }

    /// Replaces what a save can change of an administrator: not its id, `created_at` or `last_login`, nor the second factor.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` as `insert`.
    pub async fn update(&self, admin: Admin, password: PasswordChange, now: i64) -> Result<Admin, StoreError> {
        let mut document = Document::of(KIND, &admin)?;
        self.database
            .write(Durability::Full, move |c| {
                second_factor::keep(c, KIND, &mut document)?;
                update_admin(c, document, &password, now)
            })
            .await
    }

    /// Replaces an existing administrator by one from a backup: as `update`, with the second factor that it carries.
    ///
    /// # Errors
    /// As `update`.
    pub async fn overwrite(&self, admin: Admin, password: PasswordChange, now: i64) -> Result<Admin, StoreError> {
        let document = Document::of(KIND, &admin)?;
        self.database.write(Durability::Full, move |c| update_admin(c, document, &password, now)).await
    }

    /// Sets the status alone. False if it is so already: then nothing is written.
    ///
    /// # Errors
    /// `NotFound` if the administrator does not exist.
    pub async fn set_status(&self, name: &str, status: i64, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database.write(Durability::Full, move |c| status::set(c, (KIND, "admin"), &name, status, now)).await
    }

    /// Deletes an administrator.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                c.prepare_cached("DELETE FROM admin WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }

    /// Changes the password alone, as its owner does: `updated_at` is bumped, and the duty to change it is done (ACC-244).
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn set_password_hash(&self, name: &str, hash: Option<String>, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        let change = hash.map_or(PasswordChange::Clear, PasswordChange::Set);
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                change_password(c, id, &change)?;
                c.prepare_cached(
                    "UPDATE admin SET updated_at = ?, document = json_remove(document, '$.filters.require_password_change') \
                     WHERE id = ?",
                )?
                .execute([now, id])?;
                Ok(())
            })
            .await
    }

    /// Replaces a hash by one of the same password (CFG-188): no time changes. False if the stored one is another
    /// by now.
    pub async fn replace_password_hash(&self, name: &str, old: String, new: String) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Normal, move |c| {
                let changed = c
                    .prepare_cached("UPDATE admin SET password_hash = ? WHERE name = ? AND password_hash = ?")?
                    .execute([new, name, old])?;
                Ok(changed > 0)
            })
            .await
    }

    /// Notes a login, at most once every 10 minutes (ACC-070). True if it was stored.
    pub async fn set_last_login(&self, name: &str, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Normal, move |c| {
                let changed = c
                    .prepare_cached("UPDATE admin SET last_login = ?1 WHERE name = ?2 AND abs(?1 - last_login) >= ?3")?
                    .execute(params![now, name, login_interval()])?;
                Ok(changed > 0)
            })
            .await
    }
}

/// Adds an administrator inside a running transaction.
pub(crate) fn insert_admin(
    connection: &Connection,
    admin: &Admin,
    password_hash: Option<String>,
    keep_times: bool,
    now: i64,
) -> Result<Admin, StoreError> {
    let mut document = Document::of(KIND, admin)?;
    let name = document.take_text("username");
    require_free(connection, KIND, &name)?;
    let role = refer_role(connection, &document.take_text("role"))?;
    let groups = document.take_list("groups");
    let (created_at, last_login) = match (document.take_integer("created_at"), document.take_integer("last_login")) {
        (created_at, last_login) if keep_times && created_at > 0 => (created_at, last_login),
        (_, last_login) if keep_times => (now, last_login),
        _ => (now, 0),
    };
    let (status, email) = (document.take_integer("status"), document.take_text("email"));
    document.drop_members(&ELSEWHERE);
    connection
        .prepare_cached(
            "INSERT INTO admin (name, status, role_id, email, created_at, updated_at, last_login, password_hash, document) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![name, status, role, email, created_at, now, last_login, password_hash, document.text()?])?;
    let id = connection.last_insert_rowid();
    save_admin_groups(connection, id, groups)?;
    load(connection, id)
}

fn update_admin(
    connection: &Connection,
    mut document: Document,
    password: &PasswordChange,
    now: i64,
) -> Result<Admin, StoreError> {
    let id = require(connection, KIND, &document.take_text("username"))?;
    let role = refer_role(connection, &document.take_text("role"))?;
    let groups = document.take_list("groups");
    let (status, email) = (document.take_integer("status"), document.take_text("email"));
    document.drop_members(&ELSEWHERE);
    connection
        .prepare_cached("UPDATE admin SET status = ?, role_id = ?, email = ?, updated_at = ?, document = ? WHERE id = ?")?
        .execute(params![status, role, email, now, document.text()?, id])?;
    change_password(connection, id, password)?;
    save_admin_groups(connection, id, groups)?;
    load(connection, id)
}

fn change_password(connection: &Connection, id: i64, change: &PasswordChange) -> Result<(), StoreError> {
    let hash = match change {
        PasswordChange::Keep => return Ok(()),
        PasswordChange::Clear => None,
        PasswordChange::Set(hash) | PasswordChange::Replace(hash) => Some(hash),
    };
    connection.prepare_cached("UPDATE admin SET password_hash = ? WHERE id = ?")?.execute(params![hash, id])?;
    Ok(())
}

fn password_hash(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let hash: Option<Option<String>> = connection
        .prepare_cached("SELECT password_hash FROM admin WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(hash.flatten())
}

pub(super) fn load(connection: &Connection, id: i64) -> Result<Admin, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.name, a.document, a.status, a.created_at, a.updated_at, a.last_login, a.email, r.name \
         FROM admin a LEFT JOIN role r ON r.id = a.role_id WHERE a.id = ?",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::database("a listed administrator is missing"))?;
    let name: String = row.get(0)?;
    let text = row.get_ref(1)?.as_str().map_err(StoreError::database)?;
    let mut document = Document::parse(KIND, &name, text)?;
    document.put("id", id);
    document.put("username", name.clone());
    for (index, member) in (2..).zip(["status", "created_at", "updated_at", "last_login"]) {
        document.put(member, row.get::<_, i64>(index)?);
    }
    document.put_text("email", row.get(6)?);
    document.put_text("role", row.get::<_, Option<String>>(7)?.unwrap_or_default());
    document.put_list("groups", load_admin_groups(connection, id)?);
    document.into_object(KIND, &name)
}
