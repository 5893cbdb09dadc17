//! Invitations: which link lets a user set a password. A user has one at most, and every change of the password ends it.

use entrepot_model::User;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::relations::{find, require};
use super::user_rows;
use super::users::{KIND, PasswordChange, Users};
use crate::StoreError;
use crate::engine::Durability;

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Id of its token.
    pub id: String,
    /// Name of the administrator who made it.
    pub made_by: String,
    /// Milliseconds since the epoch.
    pub made_at: i64,
    /// Milliseconds since the epoch.
    pub ends_at: i64,
}

impl Users {
    /// The invitation of a user, also one that is too old by now.
    pub async fn invitation(&self, name: &str) -> Result<Option<Invitation>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map_or(Ok(None), |id| of(c, id))).await
    }

    /// The invitations that end after `now` (Unix milliseconds), those that end first at the top, with the names of their users:
    /// of the users of a role, if one is named.
    pub async fn invitations(&self, role: Option<&str>, now: i64, limit: u64) -> Result<Vec<(String, Invitation)>, StoreError> {
        let role = role.map(str::to_owned);
        self.database
            .read(move |c| {
                let mut statement = c.prepare_cached(
                    "SELECT u.name, i.id, i.made_by, i.made_at, i.ends_at FROM invitation i JOIN user_account u ON u.id = i.user_id \
                     WHERE i.ends_at > ?1 AND (?2 IS NULL OR u.role_id = (SELECT id FROM role WHERE name = ?2)) \
                     ORDER BY i.ends_at, u.name LIMIT ?3",
                )?;
                let rows = statement.query_map(params![now, role, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    let (id, made_by) = (row.get(1)?, row.get(2)?);
                    Ok((row.get(0)?, Invitation { id, made_by, made_at: row.get(3)?, ends_at: row.get(4)? }))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Invites a user. An earlier invitation ends.
    ///
    /// # Errors
    /// `NotFound` if the user does not exist.
    pub async fn invite(&self, name: &str, invitation: Invitation) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let user = require(c, KIND, &name)?;
                let Invitation { id, made_by, made_at, ends_at } = invitation;
                let sql = "INSERT OR REPLACE INTO invitation (user_id, id, made_by, made_at, ends_at) VALUES (?, ?, ?, ?, ?)";
                c.prepare_cached(sql)?.execute(params![user, id, made_by, made_at, ends_at])?;
                Ok(())
            })
            .await
    }

    /// Takes the invitation of a user back. False if there is none.
    ///
    /// # Errors
    /// `NotFound` if the user does not exist.
    pub async fn withdraw_invitation(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database.write(Durability::Full, move |c| end(c, require(c, KIND, &name)?)).await
    }

    /// Uses the invitation `id` up: the password becomes `new`, and the duty to change it is done, in one step. `None`, and
    /// nothing has changed, if the user is gone, has another invitation or none, or if the hash of the password is not `old`
    /// any more.
    pub async fn accept_invitation(
        &self,
        name: &str,
        id: &str,
        old: Option<String>,
        new: String,
        now: i64,
    ) -> Result<Option<User>, StoreError> {
        let (name, id) = (name.to_string(), id.to_string());
        self.database
            .write(Durability::Full, move |c| {
                let Some(user) = find(c, KIND, &name)? else { return Ok(None) };
                if of(c, user)?.is_none_or(|open| open.id != id) || user_rows::password_hash(c, &name)? != old {
                    return Ok(None);
                }
                user_rows::change_password(c, user, &PasswordChange::Set(new), now)?;
                user_rows::end_duty(c, user, now)?;
                user_rows::load(c, user).map(Some)
            })
            .await
    }
}

fn of(connection: &Connection, user: i64) -> Result<Option<Invitation>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, made_by, made_at, ends_at FROM invitation WHERE user_id = ?")?;
    let found = statement.query_row([user], |row| {
        Ok(Invitation { id: row.get(0)?, made_by: row.get(1)?, made_at: row.get(2)?, ends_at: row.get(3)? })
    });
    Ok(found.optional()?)
}

/// Ends the invitation of a user; answers whether there was one.
pub(super) fn end(connection: &Connection, user: i64) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("DELETE FROM invitation WHERE user_id = ?")?.execute([user])? > 0)
}
