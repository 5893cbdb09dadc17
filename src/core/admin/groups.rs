//! Groups of users (ACC-194…ACC-223).

use entrepot_model::{AdminPermission as P, Group};
use entrepot_store::ListOptions;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    check_root, invalid, rules, sealing, stored,
};
use crate::{Core, Error, Result};

const KIND: &str = "group";

/// A page of groups, without what is confidential.
///
/// # Errors
/// `Denied` without `view_groups`.
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Group>> {
    session.require(P::ViewGroups)?;
    let mut groups = core.0.store.groups().list(options).await.map_err(stored)?;
    groups.iter_mut().for_each(Group::hide_confidential);
    Ok(groups)
}

/// Names of a page of them, without the rest: what fields suggest.
///
/// # Errors
/// As [`list`].
pub async fn names(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<String>> {
    session.require(P::ViewGroups)?;
    core.0.store.groups().names(options).await.map_err(stored)
}

/// How many groups such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::ViewGroups)?;
    core.0.store.groups().count(options).await.map_err(stored)
}

/// One group; `confidential` as for users (SEC-008).
///
/// # Errors
/// `Denied` without `view_groups`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, name: &str, confidential: bool) -> Result<Group> {
    session.require(P::ViewGroups)?;
    let mut group = existing(core, name).await?;
    if !(confidential && session.may(P::Any)) {
        group.hide_confidential();
    }
    Ok(group)
}

/// Adds a group.
///
/// # Errors
/// `Denied` without `manage_groups`; `Invalid`; `Conflict` when the name is taken or a folder is unknown.
pub async fn add(core: &Core, session: &AdminSession, mut group: Group) -> Result<Group> {
    session.require(P::ManageGroups)?;
    group.validate(&rules(core, true)).map_err(invalid)?;
    check_home(core, &group).await?;
    let owner = owner(&group.name);
    sealing::seal_filesystem(core, &mut group.user_settings.filesystem, &owner)?;
    let added = core.0.store.groups().insert(group, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Replaces a group. Its users feel it with their next login; nobody is disconnected (ACC-221).
///
/// # Errors
/// `Denied` without `manage_groups`; `NotFound`; `Invalid`; `Conflict` when a folder is unknown.
pub async fn update(core: &Core, session: &AdminSession, name: &str, mut group: Group) -> Result<Group> {
    session.require(P::ManageGroups)?;
    let old = existing(core, name).await?;
    group.name.clone_from(&old.name);
    group.user_settings.filesystem.keep_secrets_from(&old.user_settings.filesystem);
    group.validate(&rules(core, false)).map_err(invalid)?;
    check_home(core, &group).await?;
    sealing::seal_filesystem(core, &mut group.user_settings.filesystem, &owner(&old.name))?;
    let updated = core.0.store.groups().update(group, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Deletes a group that no user belongs to (ACC-220).
///
/// # Errors
/// `Denied` without `del_groups`; `NotFound`; `InUse`.
pub async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::DelGroups)?;
    let group = existing(core, name).await?;
    core.0.store.groups().delete(&group.name).await.map_err(stored)?;
    finish(core, session, Action::Delete, group);
    Ok(())
}

/// A home with placeholders is checked again when it is merged into a user.
pub(super) async fn check_home(core: &Core, group: &Group) -> Result<()> {
    check_root(core, "user_settings.home_dir", &group.user_settings.filesystem, &group.user_settings.home_dir).await
}

/// Whom the secrets of a group are sealed for (SEC-019).
pub(super) fn owner(name: &str) -> String {
    format!("group_{name}")
}

async fn existing(core: &Core, name: &str) -> Result<Group> {
    let name = rules(core, false).names.apply(name);
    core.0.store.groups().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

pub(super) fn finish(core: &Core, session: &AdminSession, action: Action, mut group: Group) -> Group {
    core.0.accounts.invalidate_all();
    core.0.credentials.forget_all();
    group.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &group.name, role: "", object: &group });
    group
}
