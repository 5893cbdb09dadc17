//! Rows of users: saving and loading.

use entrepot_model::User;
use rusqlite::{Connection, OptionalExtension, params};

use super::document::Document;
use super::invitations;
use super::relations::{
    FolderOwner, load_folders, load_user_groups, refer_role, require, require_free, save_folders, save_user_groups,
};
use super::users::{KIND, PasswordChange};
use crate::StoreError;

/// Members that are computed or never written by a save: counters and times have their own writers (ACC-063).
const ELSEWHERE: [&str; 8] = [
    "id",
    // Given to hooks, never stored (ACC-050).
    "oidc_custom_fields",
    "password",
    "has_password",
    "updated_at",
    "used_quota_size",
    "used_quota_files",
    "last_quota_update",
];

pub(super) fn insert_user(
    connection: &Connection,
    mut document: Document,
    password_hash: Option<String>,
    now: i64,
) -> Result<User, StoreError> {
    let name = document.take_text("username");
    require_free(connection, KIND, &name)?;
    let role = refer_role(connection, &document.take_text("role"))?;
    let folders = document.take_list("virtual_folders");
    let groups = document.take_list("groups");
    let or_now = |time: i64| if time > 0 { time } else { now };
    let created_at = or_now(document.take_integer("created_at"));
    let changed = document.take_integer("last_password_change");
    let (status, email) = (document.take_integer("status"), document.take_text("email"));
    let expiration_date = document.take_integer("expiration_date");
    let times = ["last_login", "first_upload", "first_download"].map(|member| document.take_integer(member));
    document.drop_members(&ELSEWHERE);
    document.drop_members(&["used_upload_data_transfer", "used_download_data_transfer"]);
    connection
        .prepare_cached(
            "INSERT INTO user_account (name, status, role_id, email, expiration_date, created_at, updated_at, \
             last_password_change, password_hash, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            name,
            status,
            role,
            email,
            expiration_date,
            created_at,
            now,
            changed,
            password_hash,
            document.text()?
        ])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO user_usage (user_id, last_login, first_upload, first_download) VALUES (?, ?, ?, ?)")?
        .execute([id, times[0], times[1], times[2]])?;
    save_user_groups(connection, id, groups)?;
    save_folders(connection, FolderOwner::User(id), folders)?;
    load(connection, id)
}

pub(super) fn update_user(
    connection: &Connection,
    mut document: Document,
    password: &PasswordChange,
    now: i64,
) -> Result<User, StoreError> {
    let id = require(connection, KIND, &document.take_text("username"))?;
    let role = refer_role(connection, &document.take_text("role"))?;
    let folders = document.take_list("virtual_folders");
    let groups = document.take_list("groups");
    let (status, email) = (document.take_integer("status"), document.take_text("email"));
    let expiration_date = document.take_integer("expiration_date");
    document.drop_members(&ELSEWHERE);
    document.drop_members(&[
        "used_upload_data_transfer",
        "used_download_data_transfer",
        "created_at",
        "last_login",
        "first_upload",
        "first_download",
        "last_password_change",
    ]);
    connection
        .prepare_cached(
            "UPDATE user_account SET status = ?, role_id = ?, email = ?, expiration_date = ?, updated_at = ?, \
             document = ? WHERE id = ?",
        )?
        .execute(params![status, role, email, expiration_date, now, document.text()?, id])?;
    change_password(connection, id, password, now)?;
    save_user_groups(connection, id, groups)?;
    save_folders(connection, FolderOwner::User(id), folders)?;
    load(connection, id)
}

/// As [`update_user`], with the password of a backup. Without a time for it, a hash that is another one is of now.
pub(super) fn overwrite_user(
    connection: &Connection,
    mut document: Document,
    password_hash: Option<&str>,
    now: i64,
) -> Result<User, StoreError> {
    let changed = document.take_integer("last_password_change");
    let user = update_user(connection, document, &PasswordChange::Keep, now)?;
    connection
        .prepare_cached(
            "UPDATE user_account SET password_hash = ?1, last_password_change = CASE WHEN ?2 > 0 THEN ?2 \
             WHEN password_hash IS ?1 THEN last_password_change ELSE ?3 END WHERE id = ?4",
        )?
        .execute(params![password_hash, changed, now, user.id])?;
    invitations::end(connection, user.id)?;
    load(connection, user.id)
}

/// The duty to change the password is done (ACC-104).
pub(super) fn end_duty(connection: &Connection, id: i64, now: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE user_account SET updated_at = ?, \
             document = json_remove(document, '$.filters.require_password_change') WHERE id = ?",
        )?
        .execute([now, id])?;
    Ok(())
}

/// Changes the password. Who was invited to set one comes too late then.
pub(super) fn change_password(connection: &Connection, id: i64, change: &PasswordChange, now: i64) -> Result<(), StoreError> {
    if *change != PasswordChange::Keep {
        invitations::end(connection, id)?;
    }
    let hash = match change {
        PasswordChange::Keep => return Ok(()),
        PasswordChange::Clear => None,
        PasswordChange::Set(hash) => Some(hash),
        PasswordChange::Replace(hash) => {
            connection.prepare_cached("UPDATE user_account SET password_hash = ? WHERE id = ?")?.execute(params![hash, id])?;
            return Ok(());
        }
    };
    connection
        .prepare_cached("UPDATE user_account SET password_hash = ?, last_password_change = ? WHERE id = ?")?
        .execute(params![hash, now, id])?;
    Ok(())
}

pub(super) fn password_hash(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let hash: Option<Option<String>> = connection
        .prepare_cached("SELECT password_hash FROM user_account WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(hash.flatten())
}

/// A user with everything but the password.
pub(super) fn load(connection: &Connection, id: i64) -> Result<User, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT u.name, u.document, u.status, u.expiration_date, u.created_at, u.updated_at, u.last_password_change, \
         u.email, r.name, u.password_hash IS NOT NULL, \
         c.used_quota_size, c.used_quota_files, c.last_quota_update, c.used_upload_data_transfer, \
         c.used_download_data_transfer, c.last_login, c.first_upload, c.first_download \
         FROM user_account u LEFT JOIN role r ON r.id = u.role_id LEFT JOIN user_usage c ON c.user_id = u.id \
         WHERE u.id = ?",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::database("a listed user is missing"))?;
    let name: String = row.get(0)?;
    let text = row.get_ref(1)?.as_str().map_err(StoreError::database)?;
    let mut user = User::from_stored(text).map_err(|error| StoreError::document(format!("stored {KIND} \"{name}\""), error))?;
    user.id = id;
    user.status = row.get(2)?;
    user.expiration_date = row.get(3)?;
    user.created_at = row.get(4)?;
    user.updated_at = row.get(5)?;
    user.last_password_change = row.get(6)?;
    user.email = row.get(7)?;
    user.role = row.get::<_, Option<String>>(8)?.unwrap_or_default();
    user.has_password = row.get(9)?;
    let counters = [
        &mut user.used_quota_size,
        &mut user.used_quota_files,
        &mut user.last_quota_update,
        &mut user.used_upload_data_transfer,
        &mut user.used_download_data_transfer,
        &mut user.last_login,
        &mut user.first_upload,
        &mut user.first_download,
    ];
    for (index, counter) in (10..).zip(counters) {
        *counter = row.get::<_, Option<i64>>(index)?.unwrap_or(0);
    }
    let groups = load_user_groups(connection, id)?.into_iter();
    user.groups = groups.map(|group| group.into_object(KIND, &name)).collect::<Result<_, _>>()?;
    let folders = load_folders(connection, FolderOwner::User(id))?.into_iter();
    user.virtual_folders = folders.map(|folder| folder.into_object(KIND, &name)).collect::<Result<_, _>>()?;
    user.username = name;
    Ok(user)
}
