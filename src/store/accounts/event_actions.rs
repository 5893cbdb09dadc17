//! Event actions.

use std::sync::Arc;

use entrepot_model::BaseEventAction;
use rusqlite::{Connection, params};

use super::document::Document;
use super::event_rules::check_types;
use super::listing::{ListOptions, Listed};
use super::relations::{find, names, require, require_free};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

pub(super) const KIND: ObjectKind = ObjectKind::EventAction;
const LISTED: Listed = Listed { table: "event_action", has_role: false };
const RULES: &str = "SELECT r.name FROM event_rule_action m JOIN event_rule r ON r.id = m.rule_id \
                     WHERE m.action_id = ? ORDER BY r.name";
const RULE_IDS: &str = "SELECT rule_id FROM event_rule_action WHERE action_id = ? ORDER BY rule_id";
/// Members that have columns or rows of their own.
const ELSEWHERE: [&str; 2] = ["id", "rules"];

/// The event actions.
#[derive(Clone)]
pub struct EventActions {
    database: Arc<Database>,
}

impl EventActions {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The action of this name, with the names of the rules that use it.
    pub async fn get(&self, name: &str) -> Result<Option<BaseEventAction>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of actions.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<BaseEventAction>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// Names of a page of actions, without the rest.
    pub async fn names(&self, options: ListOptions) -> Result<Vec<String>, StoreError> {
        self.database.read(move |c| LISTED.names(c, &options)).await
    }

    /// How many actions the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// Adds an action; its id is set here. Its rules are not looked at: they name it.
    ///
    /// # Errors
    /// `Conflict` if the name is taken.
    pub async fn insert(&self, action: BaseEventAction) -> Result<BaseEventAction, StoreError> {
        let mut document = Document::of(KIND, &action)?;
        self.database
            .write(Durability::Full, move |c| {
                let name = document.take_text("name");
                require_free(c, KIND, &name)?;
                let kind = document.take_integer("type");
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("INSERT INTO event_action (name, type, document) VALUES (?, ?, ?)")?.execute(params![
                    name,
                    kind,
                    document.text()?
                ])?;
                load(c, c.last_insert_rowid())
            })
            .await
    }

    /// Replaces an action; every rule that uses it has the new one at once, and gets a new `updated_at` (EVT-005).
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Invalid` if it no longer fits into a rule: then nothing is saved.
    pub async fn update(&self, action: BaseEventAction, now: i64) -> Result<BaseEventAction, StoreError> {
        let mut document = Document::of(KIND, &action)?;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("name"))?;
                let kind = document.take_integer("type");
                document.drop_members(&ELSEWHERE);
                c.prepare_cached("UPDATE event_action SET type = ?, document = ? WHERE id = ?")?.execute(params![
                    kind,
                    document.text()?,
                    id
                ])?;
                let rules: Vec<i64> = c.prepare_cached(RULE_IDS)?.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
                for rule in rules {
                    check_types(c, rule)?;
                    c.prepare_cached("UPDATE event_rule SET updated_at = ? WHERE id = ?")?.execute([now, rule])?;
                }
                load(c, id)
            })
            .await
    }

    /// Deletes an action that no rule uses.
    ///
    /// # Errors
    /// `NotFound`; `InUse` while rules use it (EVT-004, API-046).
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                let by = names(c, RULES, id)?;
                if !by.is_empty() {
                    return Err(StoreError::InUse { kind: KIND, name, by });
                }
                c.prepare_cached("DELETE FROM event_action WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }
}

fn load(connection: &Connection, id: i64) -> Result<BaseEventAction, StoreError> {
    let (name, mut document) = load_action(connection, id)?;
    document.put("rules", names(connection, RULES, id)?);
    document.into_object(KIND, &name)
}

/// An action without the names of the rules that use it.
pub(super) fn load_action(connection: &Connection, id: i64) -> Result<(String, Document), StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, type, document FROM event_action WHERE id = ?")?;
    let (name, kind, text): (String, i64, String) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut action = Document::parse(KIND, &name, &text)?;
    action.put("id", id);
    action.put("name", name.clone());
    action.put("type", kind);
    Ok((name, action))
}
