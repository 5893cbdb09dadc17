//! Roles (ACC-224…ACC-232): only administrators with `*` have to do with them.

use entrepot_model::{AdminPermission as P, Role};
use entrepot_store::ListOptions;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, rules, stored,
};
use crate::{Core, Error, Result};

const KIND: &str = "role";

/// A page of roles.
///
/// # Errors
/// `Denied` without `*`.
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Role>> {
    session.require(P::Any)?;
    core.0.store.roles().list(options).await.map_err(stored)
}

/// Names of a page of them, without the rest: what fields suggest.
///
/// # Errors
/// As [`list`].
pub async fn names(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<String>> {
    session.require(P::Any)?;
    core.0.store.roles().names(options).await.map_err(stored)
}

/// How many roles such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::Any)?;
    core.0.store.roles().count(options).await.map_err(stored)
}

/// One role.
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Role> {
    session.require(P::Any)?;
    existing(core, name).await
}

/// Adds a role.
///
/// # Errors
/// `Denied` without `*`; `Invalid`; `Conflict` when the name is taken.
pub async fn add(core: &Core, session: &AdminSession, mut role: Role) -> Result<Role> {
    session.require(P::Any)?;
    role.validate(&rules(core, true)).map_err(invalid)?;
    let added = core.0.store.roles().insert(role, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Replaces a role.
///
/// # Errors
/// `Denied` without `*`; `Invalid`; `NotFound`.
pub async fn update(core: &Core, session: &AdminSession, name: &str, mut role: Role) -> Result<Role> {
    session.require(P::Any)?;
    role.name = existing(core, name).await?.name;
    role.validate(&rules(core, false)).map_err(invalid)?;
    let updated = core.0.store.roles().update(role, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Deletes a role that no administrator has; users that had it get none (ACC-231).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `InUse`.
pub async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::Any)?;
    let role = existing(core, name).await?;
    core.0.store.roles().delete(&role.name, core.clock().millis()).await.map_err(stored)?;
    core.0.accounts.invalidate_all();
    finish(core, session, Action::Delete, role);
    Ok(())
}

async fn existing(core: &Core, name: &str) -> Result<Role> {
    let name = rules(core, false).names.apply(name);
    core.0.store.roles().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

pub(super) fn finish(core: &Core, session: &AdminSession, action: Action, role: Role) -> Role {
    changes::record(core, session, &Change { action, kind: KIND, name: &role.name, role: "", object: &role });
    role
}
