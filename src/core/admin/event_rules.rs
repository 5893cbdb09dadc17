//! Event rules (EVT-001…EVT-039): stored here, carried out by an engine that this build does not have.

use entrepot_model::{AdminPermission as P, EventRule, Trigger};
use entrepot_store::{ListOptions, ObjectKind, StoreError};

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, rules, stored,
};
use crate::{Core, Error, Result};

const KIND: &str = "event_rule";
/// What a rule lacks that is asked to run.
pub const NO_ENGINE: &str = "event rules are stored; this build has no engine that executes them";

/// A page of rules with their actions, without what is confidential.
///
/// # Errors
/// `Denied` without `*` (ACC-234).
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<EventRule>> {
    session.require(P::Any)?;
    let mut found = core.0.store.event_rules().list(options).await.map_err(stored)?;
    found.iter_mut().for_each(EventRule::hide_confidential);
    Ok(found)
}

/// How many rules such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::Any)?;
    core.0.store.event_rules().count(options).await.map_err(stored)
}

/// One rule; `confidential` leaves the keys of sealed secrets in its actions (SEC-008).
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, name: &str, confidential: bool) -> Result<EventRule> {
    session.require(P::Any)?;
    let mut rule = existing(core, name).await?;
    if !confidential {
        rule.hide_confidential();
    }
    Ok(rule)
}

/// Adds a rule.
///
/// # Errors
/// `Denied` without `*`; `Invalid`, also for an action that does not exist (API-115) or does not fit; `Conflict` when the
/// name is taken.
pub async fn add(core: &Core, session: &AdminSession, mut rule: EventRule) -> Result<EventRule> {
    session.require(P::Any)?;
    rule.validate(&rules(core, true)).map_err(invalid)?;
    let added = core.0.store.event_rules().insert(rule, core.clock().millis()).await.map_err(unsaved)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Replaces a rule.
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` as for [`add`].
pub async fn update(core: &Core, session: &AdminSession, name: &str, mut rule: EventRule) -> Result<EventRule> {
    session.require(P::Any)?;
    let old = existing(core, name).await?;
    rule.name.clone_from(&old.name);
    rule.validate(&rules(core, false)).map_err(invalid)?;
    let updated = core.0.store.event_rules().update(rule, core.clock().millis()).await.map_err(unsaved)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Enables or disables a rule, and changes nothing else. False if it is so already.
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` for a rule that would be refused if it were added.
pub async fn set_status(core: &Core, session: &AdminSession, name: &str, is_enabled: bool) -> Result<bool> {
    session.require(P::Any)?;
    let mut rule = existing(core, name).await?;
    if is_enabled {
        rule.validate(&rules(core, false)).map_err(invalid)?;
    }
    let found = core.0.store.event_rules();
    if !found.set_status(&rule.name, i64::from(is_enabled), core.clock().millis()).await.map_err(stored)? {
        return Ok(false);
    }
    finish(core, session, Action::Update, existing(core, &rule.name).await?);
    Ok(true)
}

/// Deletes a rule; its actions stay.
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::Any)?;
    let rule = existing(core, name).await?;
    core.0.store.event_rules().delete(&rule.name).await.map_err(stored)?;
    finish(core, session, Action::Delete, rule);
    Ok(())
}

/// Starts a rule that is there to be asked for (API-114).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` for a rule that cannot be started: its trigger is another one, it is disabled
/// (EVT-008), or its actions do not fit (EVT-039); `Unavailable` for every other one as long as there is no engine.
pub async fn run(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::Any)?;
    let rule = existing(core, name).await?;
    if rule.trigger() != Some(Trigger::OnDemand) {
        return Err(Error::invalid("trigger", format!("the rule {:?} is not one that is started on demand", rule.name)));
    }
    if !rule.is_enabled() {
        return Err(Error::invalid("status", format!("the rule {:?} is disabled", rule.name)));
    }
    rule.check_runnable().map_err(|error| Error::invalid("actions", error.to_string()))?;
    Err(Error::Unavailable(NO_ENGINE))
}

/// Every rule with its complete actions, for a backup (API-089).
///
/// # Errors
/// When the database cannot be read.
pub async fn all(core: &Core) -> Result<Vec<EventRule>> {
    core.0.store.event_rules().list(ListOptions::all()).await.map_err(stored)
}

/// Stores a rule from a backup, after its actions; one that exists is replaced, or kept if `keeps_existing`. Answers whether it
/// existed.
///
/// # Errors
/// `Invalid` as for [`add`].
pub async fn restore(core: &Core, session: &AdminSession, mut rule: EventRule, keeps_existing: bool) -> Result<bool> {
    session.require(P::Any)?;
    let stored_rules = core.0.store.event_rules();
    let existed = stored_rules.get(&rules(core, true).names.apply(&rule.name)).await.map_err(stored)?.is_some();
    if existed && keeps_existing {
        return Ok(true);
    }
    rule.validate(&rules(core, true)).map_err(invalid)?;
    let now = core.clock().millis();
    let restored = if existed { stored_rules.update(rule, now).await } else { stored_rules.restore(rule, now).await };
    finish(core, session, if existed { Action::Update } else { Action::Add }, restored.map_err(unsaved)?);
    Ok(existed)
}

/// API-115: an action that does not exist is a mistake in the rule, not a conflict.
fn unsaved(error: StoreError) -> Error {
    match error {
        StoreError::Reference { kind: ObjectKind::EventAction, .. } => Error::invalid("actions", error.to_string()),
        other => stored(other),
    }
}

async fn existing(core: &Core, name: &str) -> Result<EventRule> {
    let name = rules(core, false).names.apply(name);
    core.0.store.event_rules().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

fn finish(core: &Core, session: &AdminSession, action: Action, mut rule: EventRule) -> EventRule {
    rule.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &rule.name, role: "", object: &rule });
    rule
}
