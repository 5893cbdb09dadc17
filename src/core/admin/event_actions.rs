//! Event actions (EVT-001…EVT-009): what rules may do.

use entrepot_model::{AdminPermission as P, BaseEventAction};
use entrepot_store::ListOptions;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, rules, sealing, stored,
};
use crate::{Core, Error, Result};

const KIND: &str = "event_action";

/// A page of actions, without what is confidential.
///
/// # Errors
/// `Denied` without `*` (ACC-234).
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<BaseEventAction>> {
    session.require(P::Any)?;
    let mut actions = core.0.store.event_actions().list(options).await.map_err(stored)?;
    actions.iter_mut().for_each(BaseEventAction::hide_confidential);
    Ok(actions)
}

/// Names of a page of them, without the rest: what fields suggest.
///
/// # Errors
/// As [`list`].
pub async fn names(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<String>> {
    session.require(P::Any)?;
    core.0.store.event_actions().names(options).await.map_err(stored)
}

/// How many actions such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::Any)?;
    core.0.store.event_actions().count(options).await.map_err(stored)
}

/// One action; `confidential` leaves the keys of sealed secrets in (SEC-008).
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, name: &str, confidential: bool) -> Result<BaseEventAction> {
    session.require(P::Any)?;
    let mut action = existing(core, name).await?;
    if !confidential {
        action.hide_confidential();
    }
    Ok(action)
}

/// Adds an action.
///
/// # Errors
/// `Denied` without `*`; `Invalid`, also for a virtual folder that does not exist (ACT-087); `Conflict` when the name is
/// taken.
pub async fn add(core: &Core, session: &AdminSession, mut action: BaseEventAction) -> Result<BaseEventAction> {
    session.require(P::Any)?;
    action.validate(&rules(core, true)).map_err(invalid)?;
    check_folders(core, &action).await?;
    seal(core, &mut action)?;
    let added = core.0.store.event_actions().insert(action).await.map_err(stored)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Replaces an action; rules that use it do the new thing from now on (EVT-005).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid`, also when a rule that uses it no longer fits together.
pub async fn update(core: &Core, session: &AdminSession, name: &str, mut action: BaseEventAction) -> Result<BaseEventAction> {
    session.require(P::Any)?;
    let old = existing(core, name).await?;
    action.name.clone_from(&old.name);
    action.keep_secrets_from(&old);
    action.validate(&rules(core, false)).map_err(invalid)?;
    check_folders(core, &action).await?;
    seal(core, &mut action)?;
    let updated = core.0.store.event_actions().update(action, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Deletes an action that no rule uses (EVT-004).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `InUse`, naming the rules.
pub async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::Any)?;
    let action = existing(core, name).await?;
    core.0.store.event_actions().delete(&action.name).await.map_err(stored)?;
    finish(core, session, Action::Delete, action);
    Ok(())
}

/// Every action, complete: with the keys of sealed secrets, for a backup (API-089).
///
/// # Errors
/// When the database cannot be read.
pub async fn all(core: &Core) -> Result<Vec<BaseEventAction>> {
    core.0.store.event_actions().list(ListOptions::all()).await.map_err(stored)
}

/// Checks an action from a backup as a new one (API-213) and seals what is plain (API-097). Folders that it names may be
/// missing: then it fails when it runs.
///
/// # Errors
/// `Invalid`.
pub fn prepare_restored(core: &Core, action: &mut BaseEventAction) -> Result<()> {
    action.validate(&rules(core, true)).map_err(invalid)?;
    seal(core, action)
}

/// Stores an action from a backup; one that exists is replaced, or kept if `keeps_existing`. Answers whether it existed.
///
/// # Errors
/// `Invalid`, also when a rule that uses it no longer fits together.
pub async fn restore(core: &Core, session: &AdminSession, mut action: BaseEventAction, keeps_existing: bool) -> Result<bool> {
    session.require(P::Any)?;
    let actions = core.0.store.event_actions();
    let existed = actions.get(&rules(core, true).names.apply(&action.name)).await.map_err(stored)?.is_some();
    if existed && keeps_existing {
        return Ok(true);
    }
    prepare_restored(core, &mut action)?;
    let restored = if existed { actions.update(action, core.clock().millis()).await } else { actions.insert(action).await };
    finish(core, session, if existed { Action::Update } else { Action::Add }, restored.map_err(stored)?);
    Ok(existed)
}

/// A folder that does not exist makes the action fail; better that is said now (ACT-087).
async fn check_folders(core: &Core, action: &BaseEventAction) -> Result<()> {
    for (field, name) in action.folders() {
        if core.0.store.folders().get(name).await.map_err(stored)?.is_none() {
            return Err(Error::invalid(field, format!("the folder {name:?} does not exist")));
        }
    }
    Ok(())
}

/// Secrets of an action are sealed for it: `action_<name>`, as `group_<name>` and `folder_<name>` (SEC-019).
fn seal(core: &Core, action: &mut BaseEventAction) -> Result<()> {
    let owner = format!("action_{}", action.name);
    sealing::seal_all(core, action.secrets_mut(), &owner)
}

async fn existing(core: &Core, name: &str) -> Result<BaseEventAction> {
    let name = rules(core, false).names.apply(name);
    core.0.store.event_actions().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

fn finish(core: &Core, session: &AdminSession, action: Action, mut object: BaseEventAction) -> BaseEventAction {
    object.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &object.name, role: "", object: &object });
    object
}
