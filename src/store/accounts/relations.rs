//! Rows that tie objects to each other. They keep the order in which they were saved (ACC-357).

use rusqlite::{Connection, OptionalExtension, params};

use super::document::Document;
use crate::{ObjectKind, StoreError};

/// Members of a mapping that belong to it and not to the folder it names.
const MAPPING: [&str; 4] = ["virtual_path", "subpath", "quota_size", "quota_files"];

/// The table of a kind of object.
fn table(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::User => "user_account",
        ObjectKind::Group => "user_group",
        ObjectKind::Folder => "virtual_folder",
        ObjectKind::Admin => "admin",
        ObjectKind::Role => "role",
        ObjectKind::ApiKey => "api_key",
        ObjectKind::EventAction => "event_action",
        ObjectKind::EventRule => "event_rule",
        ObjectKind::Share => "share",
        ObjectKind::IpListEntry => "ip_list_entry",
        ObjectKind::HostKey => "host_key",
    }
}

/// The id of an object, if it exists.
pub(super) fn find(connection: &Connection, kind: ObjectKind, name: &str) -> Result<Option<i64>, StoreError> {
    let sql = format!("SELECT id FROM {} WHERE name = ?", table(kind));
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// The id of an object that must exist.
pub(super) fn require(connection: &Connection, kind: ObjectKind, name: &str) -> Result<i64, StoreError> {
    find(connection, kind, name)?.ok_or_else(|| StoreError::NotFound { kind, name: name.to_string() })
}

/// Refuses a name that is taken (ACC-013).
pub(super) fn require_free(connection: &Connection, kind: ObjectKind, name: &str) -> Result<(), StoreError> {
    match find(connection, kind, name)? {
        None => Ok(()),
        Some(_) => Err(StoreError::Conflict { kind, name: name.to_string() }),
    }
}

/// The id of an object that another one refers to (ACC-060).
pub(crate) fn refer(connection: &Connection, kind: ObjectKind, name: &str) -> Result<i64, StoreError> {
    find(connection, kind, name)?.ok_or_else(|| StoreError::Reference { kind, name: name.to_string() })
}

/// The id of a role; None for no role.
pub(super) fn refer_role(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    if name.is_empty() {
        return Ok(None);
    }
    refer(connection, ObjectKind::Role, name).map(Some)
}

/// Who owns folder mappings.
#[derive(Debug, Clone, Copy)]
pub(super) enum FolderOwner {
    /// A user, by id.
    User(i64),
    /// A group, by id.
    Group(i64),
}

impl FolderOwner {
    fn sql(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::User(id) => ("user_folder", "user_id", id),
            Self::Group(id) => ("group_folder", "group_id", id),
        }
    }
}

/// Replaces the folder mappings of a user or group.
pub(super) fn save_folders(connection: &Connection, owner: FolderOwner, mappings: Vec<Document>) -> Result<(), StoreError> {
    let (table, column, id) = owner.sql();
    connection.prepare_cached(&format!("DELETE FROM {table} WHERE {column} = ?"))?.execute([id])?;
    let sql = format!(
        "INSERT INTO {table} ({column}, position, folder_id, virtual_path, subpath, quota_size, quota_files) \
         VALUES (?, ?, ?, ?, ?, ?, ?)"
    );
    for (position, mut mapping) in (0_i64..).zip(mappings) {
        let folder = refer(connection, ObjectKind::Folder, &mapping.take_text("name"))?;
        connection.prepare_cached(&sql)?.execute(params![
            id,
            position,
            folder,
            mapping.take_text("virtual_path"),
            mapping.take_text("subpath"),
            mapping.take_integer("quota_size"),
            mapping.take_integer("quota_files"),
        ])?;
    }
    Ok(())
}

/// The folder mappings of a user or group, each with all of the folder it names.
pub(super) fn load_folders(connection: &Connection, owner: FolderOwner) -> Result<Vec<Document>, StoreError> {
    let (table, column, id) = owner.sql();
    let sql = format!(
        "SELECT folder_id, virtual_path, subpath, quota_size, quota_files FROM {table} WHERE {column} = ? \
         ORDER BY position"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let mut mappings = Vec::new();
    while let Some(row) = rows.next()? {
        let (_, mut mapping) = load_folder(connection, row.get(0)?)?;
        mapping.put("virtual_path", row.get::<_, String>(1)?);
        mapping.put_text("subpath", row.get(2)?);
        mapping.put("quota_size", row.get::<_, i64>(3)?);
        mapping.put("quota_files", row.get::<_, i64>(4)?);
        mappings.push(mapping);
    }
    Ok(mappings)
}

/// A folder with its usage, without the names of those that use it.
pub(super) fn load_folder(connection: &Connection, id: i64) -> Result<(String, Document), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT f.name, f.document, u.used_quota_size, u.used_quota_files, u.last_quota_update \
         FROM virtual_folder f LEFT JOIN folder_usage u ON u.folder_id = f.id WHERE f.id = ?",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::database("a mapped folder is missing"))?;
    let name: String = row.get(0)?;
    let mut folder = Document::parse(ObjectKind::Folder, &name, row.get_ref(1)?.as_str().map_err(StoreError::database)?)?;
    folder.drop_members(&MAPPING);
    folder.put("id", id);
    folder.put("name", name.clone());
    folder.put("used_quota_size", row.get::<_, Option<i64>>(2)?.unwrap_or(0));
    folder.put("used_quota_files", row.get::<_, Option<i64>>(3)?.unwrap_or(0));
    folder.put("last_quota_update", row.get::<_, Option<i64>>(4)?.unwrap_or(0));
    Ok((name, folder))
}

/// Replaces the groups of a user.
pub(super) fn save_user_groups(connection: &Connection, user: i64, groups: Vec<Document>) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM user_group_member WHERE user_id = ?")?.execute([user])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO user_group_member (user_id, position, group_id, type) VALUES (?, ?, ?, ?)")?;
    for (position, mut group) in (0_i64..).zip(groups) {
        let id = refer(connection, ObjectKind::Group, &group.take_text("name"))?;
        insert.execute(params![user, position, id, group.take_integer("type")])?;
    }
    Ok(())
}

/// The groups of a user, as mappings.
pub(super) fn load_user_groups(connection: &Connection, user: i64) -> Result<Vec<Document>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT g.name, m.type FROM user_group_member m JOIN user_group g ON g.id = m.group_id \
         WHERE m.user_id = ? ORDER BY m.position",
    )?;
    let rows = statement.query_map([user], |row| {
        let mut group = Document::default();
        group.put("name", row.get::<_, String>(0)?);
        group.put("type", row.get::<_, i64>(1)?);
        Ok(group)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces the groups that an administrator gives to new users.
pub(super) fn save_admin_groups(connection: &Connection, admin: i64, groups: Vec<Document>) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM admin_group WHERE admin_id = ?")?.execute([admin])?;
    let mut insert = connection
        .prepare_cached("INSERT INTO admin_group (admin_id, position, group_id, add_to_users_as) VALUES (?, ?, ?, ?)")?;
    for (position, mut group) in (0_i64..).zip(groups) {
        let id = refer(connection, ObjectKind::Group, &group.take_text("name"))?;
        let add_as = group.take_object("options").take_integer("add_to_users_as");
        insert.execute(params![admin, position, id, add_as])?;
    }
    Ok(())
}

/// The groups of an administrator, as mappings.
pub(super) fn load_admin_groups(connection: &Connection, admin: i64) -> Result<Vec<Document>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT g.name, m.add_to_users_as FROM admin_group m JOIN user_group g ON g.id = m.group_id \
         WHERE m.admin_id = ? ORDER BY m.position",
    )?;
    let rows = statement.query_map([admin], |row| {
        let mut options = Document::default();
        options.put("add_to_users_as", row.get::<_, i64>(1)?);
        let mut group = Document::default();
        group.put("name", row.get::<_, String>(0)?);
        group.put("options", options);
        Ok(group)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The names that a statement with one id finds, in its order.
pub(super) fn names(connection: &Connection, sql: &str, id: i64) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
