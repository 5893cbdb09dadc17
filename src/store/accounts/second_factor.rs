//! Second factors of users and administrators: members of their documents that have a writer of their own, so that a save of
//! the rest and a change of these do not undo each other.

use entrepot_model::{Admin, RecoveryCode, TotpConfig, User};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value;

use super::admins::{self, Admins};
use super::document::Document;
use super::relations::require;
use super::user_rows;
use super::users::Users;
use crate::engine::Durability;
use crate::{ObjectKind, StoreError};

impl Users {
    /// Replaces configuration and recovery codes of the second factor, and bumps `updated_at`.
    ///
    /// # Errors
    /// `NotFound` if the user does not exist.
    pub async fn set_second_factor(
        &self,
        name: &str,
        totp: TotpConfig,
        codes: Vec<RecoveryCode>,
        now: i64,
    ) -> Result<User, StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = replace(c, ObjectKind::User, &name, &totp, &codes, now)?;
                user_rows::load(c, id)
            })
            .await
    }
}

impl Admins {
    /// As [`Users::set_second_factor`].
    ///
    /// # Errors
    /// `NotFound` if the administrator does not exist.
    pub async fn set_second_factor(
        &self,
        name: &str,
        totp: TotpConfig,
        codes: Vec<RecoveryCode>,
        now: i64,
    ) -> Result<Admin, StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = replace(c, ObjectKind::Admin, &name, &totp, &codes, now)?;
                admins::load(c, id)
            })
            .await
    }
}

/// Where it stands in the filters of an account.
const MEMBERS: [&str; 2] = ["totp_config", "recovery_codes"];

fn table(kind: ObjectKind) -> &'static str {
    if kind == ObjectKind::Admin { "admin" } else { "user_account" }
}

fn replace(
    connection: &Connection,
    kind: ObjectKind,
    name: &str,
    totp: &TotpConfig,
    codes: &[RecoveryCode],
    now: i64,
) -> Result<i64, StoreError> {
    let id = require(connection, kind, name)?;
    let mut document = document(connection, kind, name, id)?;
    let mut filters = document.take_object("filters");
    filters.drop_members(&MEMBERS);
    if *totp != TotpConfig::default() {
        filters.put(MEMBERS[0], value(kind, totp)?);
    }
    if !codes.is_empty() {
        filters.put(MEMBERS[1], value(kind, &codes)?);
    }
    document.put("filters", Value::from(filters));
    let sql = format!("UPDATE {} SET document = ?, updated_at = ? WHERE id = ?", table(kind));
    connection.prepare_cached(&sql)?.execute(params![document.text()?, now, id])?;
    Ok(id)
}

/// Puts the stored second factor into a document that is about to replace the stored one: only what is made for it changes it,
/// and a save that began before such a change does not undo it.
pub(super) fn keep(connection: &Connection, kind: ObjectKind, replacing: &mut Document) -> Result<(), StoreError> {
    let name = replacing.text_of("username");
    let id = require(connection, kind, &name)?;
    let mut stored = document(connection, kind, &name, id)?.take_object("filters");
    let mut filters = replacing.take_object("filters");
    for member in MEMBERS {
        filters.drop_members(&[member]);
        if let Some(value) = stored.take(member) {
            filters.put(member, value);
        }
    }
    replacing.put("filters", Value::from(filters));
    Ok(())
}

fn document(connection: &Connection, kind: ObjectKind, name: &str, id: i64) -> Result<Document, StoreError> {
    let sql = format!("SELECT document FROM {} WHERE id = ?", table(kind));
    let text: String = connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?;
    Document::parse(kind, name, &text)
}

fn value(kind: ObjectKind, object: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(object).map_err(|error| StoreError::document(kind.to_string(), error))
}
