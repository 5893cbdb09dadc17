//! What a login reads, in one go.

use std::collections::BTreeMap;

use entrepot_model::{BaseVirtualFolder, Group, User};
use rusqlite::Connection;

use super::groups::load_document;
use super::relations::{find, load_folder};
use super::user_rows::{load, password_hash};
use super::users::KIND;
use crate::{ObjectKind, StoreError};

/// A user and everything its effective settings are made of, of one moment.
#[derive(Clone)]
pub struct LoginRecord {
    /// The user as saved, with counters.
    pub user: User,
    /// Its primary and secondary groups, in the order of the mapping, with their folders; `users` and `admins` of
    /// the groups are left empty.
    pub groups: Vec<Group>,
    /// Every folder that the user or one of these groups maps, once, in the order of names.
    pub folders: Vec<BaseVirtualFolder>,
    /// The stored hash of the password.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for LoginRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginRecord")
            .field("groups", &self.groups.len())
            .field("folders", &self.folders.len())
            .field("password_hash", &self.password_hash.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

pub(super) fn load_for_login(connection: &Connection, name: &str) -> Result<Option<LoginRecord>, StoreError> {
    let Some(id) = find(connection, KIND, name)? else {
        return Ok(None);
    };
    let user = load(connection, id)?;
    // Types 1 and 2 give settings, 3 is membership alone.
    let groups =
        ids(connection, "SELECT group_id FROM user_group_member WHERE user_id = ? AND type IN (1, 2) ORDER BY position", id)?;
    let groups = groups.into_iter().map(|group| {
        let (name, document) = load_document(connection, group)?;
        document.into_object(ObjectKind::Group, &name)
    });
    let groups = groups.collect::<Result<_, StoreError>>()?;
    let folders = ids(
        connection,
        "SELECT folder_id FROM user_folder WHERE user_id = ?1 \
         UNION SELECT f.folder_id FROM user_group_member m JOIN group_folder f ON f.group_id = m.group_id \
         WHERE m.user_id = ?1 AND m.type IN (1, 2)",
        id,
    )?;
    let mut by_name = BTreeMap::new();
    for folder in folders {
        let (name, document) = load_folder(connection, folder)?;
        by_name.insert(name.clone(), document.into_object(ObjectKind::Folder, &name)?);
    }
    Ok(Some(LoginRecord {
        user,
        groups,
        folders: by_name.into_values().collect(),
        password_hash: password_hash(connection, name)?,
    }))
}

fn ids(connection: &Connection, sql: &str, id: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
