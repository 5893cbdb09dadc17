//! Event rules.

use std::sync::Arc;

use entrepot_model::EventRule;
use rusqlite::{Connection, params};

use super::document::Document;
use super::event_actions::load_action;
use super::listing::{ListOptions, Listed};
use super::relations::{find, refer, require, require_free};
use super::status;
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::EventRule;
const LISTED: Listed = Listed { table: "event_rule", has_role: false };
/// Members that have columns or rows of their own.
const ELSEWHERE: [&str; 2] = ["id", "updated_at"];
/// How an action runs in a rule: members of `relation_options`, and columns.
const OPTIONS: [&str; 4] = ["is_failure_action", "stop_on_failure", "execute_sync", "execute_before_file_publish"];

/// The event rules.
#[derive(Clone)]
pub struct EventRules {
    database: Arc<Database>,
}

impl EventRules {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The rule of this name, with its whole actions in order.
    pub async fn get(&self, name: &str) -> Result<Option<EventRule>, StoreError> {
        let name = name.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of rules.
    pub async fn list(&self, options: ListOptions) -> Result<Vec<EventRule>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// How many rules the list has without paging.
    pub async fn count(&self, options: ListOptions) -> Result<u64, StoreError> {
        self.database.read(move |c| LISTED.count(c, &options)).await
    }

    /// Adds a rule; its id and times are set here. Of its actions only names, order and relation are saved.
    ///
    /// # Errors
    /// `Conflict` if the name is taken; `Reference` if an action does not exist; `Invalid` if the actions do not fit
    /// together. Then nothing is saved.
    pub async fn insert(&self, rule: EventRule, now: i64) -> Result<EventRule, StoreError> {
        self.add(EventRule { created_at: 0, ..rule }, now).await
    }

    /// Adds a rule from a backup: as `insert`, but the time of its creation is kept.
    ///
    /// # Errors
    /// As `insert`.
    pub async fn restore(&self, rule: EventRule, now: i64) -> Result<EventRule, StoreError> {
        self.add(rule, now).await
    }

    async fn add(&self, rule: EventRule, now: i64) -> Result<EventRule, StoreError> {
        let mut document = Document::of(KIND, &rule)?;
        self.database
            .write(Durability::Full, move |c| {
                let name = document.take_text("name");
                require_free(c, KIND, &name)?;
                let actions = document.take_list("actions");
                let (status, trigger) = (document.take_integer("status"), document.take_integer("trigger"));
                let created_at = Some(document.take_integer("created_at")).filter(|time| *time > 0).unwrap_or(now);
                document.drop_members(&ELSEWHERE);
                c.prepare_cached(
                    "INSERT INTO event_rule (name, status, trigger_type, created_at, updated_at, document) VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![name, status, trigger, created_at, now, document.text()?])?;
                let id = c.last_insert_rowid();
                save_actions(c, id, actions)?;
                check_types(c, id)
            })
            .await
    }

    /// Replaces what can be changed of a rule.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` and `Invalid` as `insert`.
    pub async fn update(&self, rule: EventRule, now: i64) -> Result<EventRule, StoreError> {
        let mut document = Document::of(KIND, &rule)?;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("name"))?;
                let actions = document.take_list("actions");
                let (status, trigger) = (document.take_integer("status"), document.take_integer("trigger"));
                document.drop_members(&ELSEWHERE);
                document.drop_members(&["created_at"]);
                c.prepare_cached(
                    "UPDATE event_rule SET status = ?, trigger_type = ?, updated_at = ?, document = ? WHERE id = ?",
                )?
                .execute(params![status, trigger, now, document.text()?, id])?;
                save_actions(c, id, actions)?;
                check_types(c, id)
            })
            .await
    }

    /// Sets the status alone. False if it is so already: then nothing is written.
    ///
    /// # Errors
    /// `NotFound` if the rule does not exist.
    pub async fn set_status(&self, name: &str, status: i64, now: i64) -> Result<bool, StoreError> {
        let name = name.to_string();
        self.database.write(Durability::Full, move |c| status::set(c, (KIND, "event_rule"), &name, status, now)).await
    }

    /// Deletes a rule; its actions stay.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                c.prepare_cached("DELETE FROM event_rule WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }
}

/// The rule, if its actions fit together (EVT-005, EVT-036). Asked in the transaction that changes it or one of them.
pub(super) fn check_types(connection: &Connection, id: i64) -> Result<EventRule, StoreError> {
    let rule = load(connection, id)?;
    match rule.check_action_types() {
        Ok(()) => Ok(rule),
        Err(error) => Err(StoreError::Invalid { name: rule.name, error }),
    }
}

fn save_actions(connection: &Connection, rule: i64, actions: Vec<Document>) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM event_rule_action WHERE rule_id = ?")?.execute([rule])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO event_rule_action (rule_id, execution_order, action_id, is_failure_action, stop_on_failure, \
         execute_sync, execute_before_file_publish) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for mut action in actions {
        let id = refer(connection, ObjectKind::EventAction, &action.take_text("name"))?;
        let mut options = action.take_object("relation_options");
        let [failure, stop, sync, publish] = OPTIONS.map(|member| options.take_flag(member));
        insert.execute(params![rule, action.take_integer("order"), id, failure, stop, sync, publish])?;
    }
    Ok(())
}

fn load(connection: &Connection, id: i64) -> Result<EventRule, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT name, status, trigger_type, created_at, updated_at, document FROM event_rule WHERE id = ?")?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::database("a listed event rule is missing"))?;
    let name: String = row.get(0)?;
    let mut document = Document::parse(KIND, &name, row.get_ref(5)?.as_str().map_err(StoreError::database)?)?;
    document.put("id", id);
    document.put("name", name.clone());
    for (index, member) in (1..).zip(["status", "trigger", "created_at", "updated_at"]) {
        document.put(member, row.get::<_, i64>(index)?);
    }
    document.put_list("actions", load_actions(connection, id)?);
    document.into_object(KIND, &name)
}

fn load_actions(connection: &Connection, rule: i64) -> Result<Vec<Document>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT action_id, execution_order, is_failure_action, stop_on_failure, execute_sync, execute_before_file_publish \
         FROM event_rule_action WHERE rule_id = ? ORDER BY execution_order",
    )?;
    let mut rows = statement.query([rule])?;
    let mut actions = Vec::new();
    while let Some(row) = rows.next()? {
        let (_, mut action) = load_action(connection, row.get(0)?)?;
        action.put("order", row.get::<_, i64>(1)?);
        let mut options = Document::default();
        for (index, member) in (2..).zip(OPTIONS) {
            options.put(member, row.get::<_, bool>(index)?);
        }
        action.put("relation_options", options);
        actions.push(action);
    }
    Ok(actions)
}
