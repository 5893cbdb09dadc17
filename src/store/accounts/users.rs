//! Users.

use std::sync::Arc;

use entrepot_model::User;

use super::document::Document;
use super::listing::{ListOptions, Listed};
use super::login::{LoginRecord, load_for_login};
use super::relations::{find, require};
use super::second_factor;
use super::status;
use super::user_rows::{change_password, end_duty, insert_user, load, overwrite_user, password_hash, update_user};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

pub(super) const KIND: ObjectKind = ObjectKind::User;
const LISTED: Listed = Listed { table: "user_account", has_role: true };
/// What a save does to the stored password (ACC-064).
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordChange {
    /// The stored one stays.
    Keep,
    /// There is none afterwards.
    Clear,
    /// This hash replaces it, and the time of the change is noted.
    Set(String),
    /// This hash replaces it. It came as a hash: nobody knows how old its password is, and the noted time stays (ACC-062).
    Replace(String),
}

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Clear => "Clear",
            Self::Set(_) => "Set(***)",
            Self::Replace(_) => "Replace(***)",
        })
    }
}

/// The users.
#[derive(Clone)]
pub struct Users {
    pub(crate) database: Arc<Database>,
}

impl Users {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The user of this name, with folders, groups and counters; never with a password.
    pub async fn get(&self, name: &str) -> Result<Option<User>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// All a login needs, of one moment: the user, the groups that give settings, the folders, the password hash.
    pub async fn load_for_login(&self, name: &str) -> Result<Option<LoginRecord>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| load_for_login(c, &name)).await
    }

    /// A page of users.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<User>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// A page of users with the hashes of their passwords: what a backup holds (API-089).
    pub async fn list_complete(&self, options: ListOptions) -> Result<Vec<User>, StoreError> {
        self.database
            .read(move |c| {
                let ids = LISTED.ids(c, &options)?.into_iter();
                let complete = |id| {
                    let mut user = load(c, id)?;
                    user.password = password_hash(c, &user.username)?;
                    Ok(user)
                };
                ids.map(complete).collect()
            })
            .await
    }

    /// How many users the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// The stored hash of the password, if the user has one.
    pub async fn password_hash(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| password_hash(c, &name)).await
    }

    /// Adds a user with the hash of its password. Id and times are set here but for the time of the password, which is the
    /// caller's word (ACC-057); counters are zero; `user.password` is
    /// not looked at.
    ///
    /// # Errors
    /// `Conflict` if the name is taken; `Reference` if the role, a group or a folder does not exist: then nothing
    /// is saved (ACC-060).
    pub async fn insert(&self, user: User, password_hash: Option<String>, now: i64) -> Result<User, StoreError> {
        let mut document = Document::of(KIND, &user)?;
        document.drop_members(&["created_at", "last_login", "first_upload", "first_download"]);
        self.add(document, password_hash, now).await
    }

    /// Adds a user from a backup: as `insert`, but the times it carries are kept (API-095).
    ///
    /// # Errors
    /// As `insert`.
    pub async fn restore(&self, user: User, password_hash: Option<String>, now: i64) -> Result<User, StoreError> {
        let document = Document::of(KIND, &user)?;
        self.add(document, password_hash, now).await
    }

    /// Replaces an existing user by one from a backup: as `update`, but the hash is that of the backup, and the time of the
    /// password's change is the one it carries (API-095). Counters and the other times stay.
    ///
    /// # Errors
    /// As `update`.
    pub async fn overwrite(&self, user: User, password_hash: Option<String>, now: i64) -> Result<User, StoreError> {
        let document = Document::of(KIND, &user)?;
        self.database.write(Durability::Full, move |c| overwrite_user(c, document, password_hash.as_deref(), now)).await
    }

    async fn add(&self, document: Document, password_hash: Option<String>, now: i64) -> Result<User, StoreError> {
        self.database.write(Durability::Full, move |c| insert_user(c, document, password_hash, now)).await
    }

    /// Replaces what a save can change of a user: not its id, counters, `created_at` or the times of logins and
    /// first transfers (ACC-063), nor the second factor.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` as `insert`.
    pub async fn update(&self, user: User, password: PasswordChange, now: i64) -> Result<User, StoreError> {
        let mut document = Document::of(KIND, &user)?;
        self.database
            .write(Durability::Full, move |c| {
                second_factor::keep(c, KIND, &mut document)?;
                update_user(c, document, &password, now)
            })
            .await
    }

    /// Sets the status alone. False if it is so already: then nothing is written.
    ///
    /// # Errors
    /// `NotFound` if the user does not exist.
    pub async fn set_status(&self, name: &str, status: i64, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database.write(Durability::Full, move |c| status::set(c, (KIND, "user_account"), &name, status, now)).await
    }

    /// Deletes a user with its mappings and counters. Files are not touched (ACC-067).
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                c.prepare_cached("DELETE FROM user_account WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }

    /// Changes the password alone, as its owner does: the time of the change is noted, `updated_at` is bumped (ACC-069), and
    /// the duty to change it is done (ACC-104).
    ///
    /// # Errors
    /// `NotFound` if the user does not exist.
    pub async fn set_password_hash(&self, name: &str, hash: Option<String>, now: i64) -> Result<(), StoreError> {
        let name = name.to_string();
        let change = hash.map_or(PasswordChange::Clear, PasswordChange::Set);
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                change_password(c, id, &change, now)?;
                end_duty(c, id, now)
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
                    .prepare_cached("UPDATE user_account SET password_hash = ? WHERE name = ? AND password_hash = ?")?
                    .execute([new, name, old])?;
                Ok(changed > 0)
            })
            .await
    }
}
