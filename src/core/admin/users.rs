//! Users (ACC-056…ACC-071).

use std::collections::HashMap;

use entrepot_model::{AdminPermission as P, EffectiveUser, Group, GroupMapping, TotpConfig, User};
use entrepot_store::{ListOptions, PasswordChange};

use super::{
    AdminSession, Faults,
    changes::{self, Action, Change},
    check_root, invalid, passwords, rules, sealing, settled, stored,
};
use crate::{Core, Error, Result, login::Holder, quota::QuotaOwner, transfer::departed::Departing};

pub(super) const KIND: &str = "user";
/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;

/// A page of users, without what is confidential. Role administrators get those of their role (ACC-225, API-033).
///
/// # Errors
/// `Denied` without `view_users`.
pub async fn list(core: &Core, session: &AdminSession, mut options: ListOptions) -> Result<Vec<User>> {
    session.require(P::ViewUsers)?;
    if let Some(role) = session.role() {
        options.role = Some(role.to_owned());
    }
    settled(core).await?;
    let mut users = core.0.store.users().list(options).await.map_err(stored)?;
    users.iter_mut().for_each(User::hide_confidential);
    Ok(users)
}

/// How many users such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, mut options: ListOptions) -> Result<u64> {
    session.require(P::ViewUsers)?;
    if let Some(role) = session.role() {
        options.role = Some(role.to_owned());
    }
    core.0.store.users().count(options).await.map_err(stored)
}

/// The same page with the quotas that hold, those of the groups included (ACC-196): for showing, not for saving.
///
/// # Errors
/// As [`list`].
pub async fn list_with_quotas(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<User>> {
    let mut users = list(core, session, options).await?;
    let mut known: HashMap<String, Option<Group>> = HashMap::new();
    for user in users.iter_mut().filter(|user| !user.groups.is_empty()) {
        for mapping in &user.groups {
            if !known.contains_key(&mapping.name) {
                let group = core.0.store.groups().get(&mapping.name).await.map_err(stored)?;
                known.insert(mapping.name.clone(), group);
            }
        }
        let groups: Vec<Group> = user.groups.iter().filter_map(|mapping| known.get(&mapping.name)?.clone()).collect();
        // Groups that cannot be merged let nobody in: there is no other figure to show.
        if let Ok(merged) = EffectiveUser::merge(user, &groups) {
            (user.quota_size, user.quota_files) = (merged.user.quota_size, merged.user.quota_files);
        }
    }
    Ok(users)
}

/// One user. With `confidential`, an administrator with `*` also gets the password hash and the keys of sealed secrets
/// (SEC-008); for others it changes nothing.
///
/// # Errors
/// `Denied` without `view_users`; `NotFound`, also for users of another role.
pub async fn get(core: &Core, session: &AdminSession, username: &str, confidential: bool) -> Result<User> {
    session.require(P::ViewUsers)?;
    settled(core).await?;
    let mut user = visible(core, session, username).await?;
    if confidential && session.may(P::Any) {
        user.password = core.0.store.users().password_hash(&user.username).await.map_err(stored)?;
    } else {
        user.hide_confidential();
    }
    Ok(user)
}

/// Adds a user.
///
/// # Errors
/// `Denied` without `add_users`; `Invalid`; `Conflict` when the name is taken or a role, group or folder is unknown.
pub async fn add(core: &Core, session: &AdminSession, mut user: User) -> Result<User> {
    session.require(P::AddUsers)?;
    let now = core.clock().millis();
    // ACC-057
    user.filters.totp_config = TotpConfig::default();
    user.filters.recovery_codes.clear();
    user.oidc_custom_fields.clear();
    let days = session.admin().filters.preferences.default_users_expiration;
    if user.expiration_date == 0 && days > 0 {
        user.expiration_date = now.saturating_add(days.saturating_mul(DAY));
    }
    if let Some(role) = session.role() {
        role.clone_into(&mut user.role);
    }
    assign(session, &mut user);
    let mut faults = Faults::default();
    faults.note(user.validate(&rules(core, true)).map_err(invalid))?;
    faults.note(check_root(core, "home_dir", &user.filesystem, &user.home_dir).await)?;
    let password = user.password.take().filter(|password| !password.is_empty());
    if let Some(password) = &password {
        faults.note(passwords::check_of_user(core, &user, password).await)?;
    }
    faults.end()?;
    // ACC-057: the age of a password that came as a hash is not known.
    user.last_password_change = 0;
    let hash = match password {
        Some(password) => {
            if !entrepot_secrets::password::is_hash_prefix(&password) {
                user.last_password_change = now;
            }
            Some(passwords::of_user(core, &user, &password).await?)
        }
        None => None,
    };
    let owner = user.username.clone();
    sealing::seal_filesystem(core, &mut user.filesystem, &owner)?;
    let added = core.0.store.users().insert(user, hash, now).await.map_err(stored)?;
    // An attempt may have remembered that there was nobody of that name.
    forget(core, &added.username);
    Ok(finish(core, session, Action::Add, added))
}

/// What saving a user would say of its members; nothing is saved.
///
/// # Errors
/// `Denied` without `view_users`; `NotFound`; `Invalid`.
pub async fn check(core: &Core, session: &AdminSession, mut user: User, is_new: bool) -> Result<()> {
    session.require(P::ViewUsers)?;
    if !is_new {
        let old = visible(core, session, &user.username).await?;
        user.filesystem.keep_secrets_from(&old.filesystem);
    }
    user.validate(&rules(core, is_new)).map_err(invalid)
}

/// Replaces a user: what the body does not hold is reset, but for what ACC-063 names. With `disconnect` its sessions end.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`; `Invalid`; `Conflict` when a role, group or folder is unknown.
pub async fn update(core: &Core, session: &AdminSession, username: &str, mut user: User, disconnect: bool) -> Result<User> {
    session.require(P::EditUsers)?;
    let old = visible(core, session, username).await?;
    user.username.clone_from(&old.username);
    user.filters.totp_config = old.filters.totp_config.clone();
    user.filters.recovery_codes = old.filters.recovery_codes.clone();
    user.oidc_custom_fields.clear();
    if let Some(role) = session.role() {
        role.clone_into(&mut user.role);
    }
    keep_unseen(session, &mut user, &old);
    user.filesystem.keep_secrets_from(&old.filesystem);
    let mut faults = Faults::default();
    faults.note(user.validate(&rules(core, false)).map_err(invalid))?;
    faults.note(check_root(core, "home_dir", &user.filesystem, &user.home_dir).await)?;
    if let Some(password) = user.password.as_deref().filter(|password| !password.is_empty()) {
        faults.note(passwords::check_of_user(core, &user, password).await)?;
    }
    faults.end()?;
    let password = match user.password.take() {
        None => PasswordChange::Keep,
        Some(password) if password.is_empty() => PasswordChange::Clear,
        // ACC-062
        Some(hash) if entrepot_secrets::password::is_hash_prefix(&hash) => {
            PasswordChange::Replace(passwords::of_user(core, &user, &hash).await?)
        }
        Some(password) => PasswordChange::Set(passwords::of_user(core, &user, &password).await?),
    };
    sealing::seal_filesystem(core, &mut user.filesystem, &old.username)?;
    let updated = core.0.store.users().update(user, password, core.clock().millis()).await.map_err(stored)?;
    forget(core, &updated.username);
    if disconnect {
        core.end_sessions(&updated.username);
    } else {
        apply_bandwidth(core, &updated.username).await;
    }
    Ok(finish(core, session, Action::Update, updated))
}

/// Enables or disables a user, and changes nothing else of it; who is disabled has to leave. False if it is so already.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`.
pub async fn set_status(core: &Core, session: &AdminSession, username: &str, is_enabled: bool) -> Result<bool> {
    session.require(P::EditUsers)?;
    let user = visible(core, session, username).await?;
    let users = core.0.store.users();
    if !users.set_status(&user.username, i64::from(is_enabled), core.clock().millis()).await.map_err(stored)? {
        return Ok(false);
    }
    forget(core, &user.username);
    if !is_enabled {
        core.end_sessions(&user.username);
    }
    let changed = users.get(&user.username).await.map_err(stored)?.ok_or(Error::NotFound)?;
    finish(core, session, Action::Update, changed);
    Ok(true)
}

/// Adds a user to a group, and changes nothing else of it. False if it belongs to the group already, in whatever way.
///
/// # Errors
/// `Denied` without `edit_users` or without a view of groups; `NotFound`; `Invalid` for a second primary group; `Conflict` when
/// the group is unknown.
pub async fn join_group(core: &Core, session: &AdminSession, username: &str, mapping: GroupMapping) -> Result<bool> {
    session.require(P::EditUsers)?;
    session.require(P::ViewGroups)?;
    let mut user = get(core, session, username, false).await?;
    if user.groups.iter().any(|group| group.name == mapping.name) {
        return Ok(false);
    }
    user.groups.push(mapping);
    update(core, session, username, user, false).await.map(|_| true)
}

/// Takes a user out of a group. False if it does not belong to it.
///
/// # Errors
/// `Denied` without `edit_users` or without a view of groups; `NotFound`.
pub async fn leave_group(core: &Core, session: &AdminSession, username: &str, group: &str) -> Result<bool> {
    session.require(P::EditUsers)?;
    session.require(P::ViewGroups)?;
    let mut user = get(core, session, username, false).await?;
    let before = user.groups.len();
    user.groups.retain(|mapping| mapping.name != group);
    if user.groups.len() == before {
        return Ok(false);
    }
    update(core, session, username, user, false).await.map(|_| true)
}

/// Deletes a user, ends its sessions, and removes what it did not finish; its files stay (ACC-067).
///
/// # Errors
/// `Denied` without `del_users`; `NotFound`.
pub async fn delete(core: &Core, session: &AdminSession, username: &str) -> Result<()> {
    session.require(P::DelUsers)?;
    let user = visible(core, session, username).await?;
    let departing = Departing::look(core, &user.username).await?;
    core.0.store.users().delete(&user.username).await.map_err(stored)?;
    core.0.accounts.retire(&user.username);
    core.0.credentials.forget(Holder::User, &user.username);
    core.end_sessions(&user.username);
    core.0.ledger.forget(&QuotaOwner::User(user.username.clone()));
    departing.leave(core);
    finish(core, session, Action::Delete, user);
    Ok(())
}

/// The user, if it exists for this administrator (ACC-225).
pub(super) async fn visible(core: &Core, session: &AdminSession, username: &str) -> Result<User> {
    let name = rules(core, false).names.apply(username);
    let user = core.0.store.users().get(&name).await.map_err(stored)?;
    user.filter(|user| session.sees_role(&user.role)).ok_or(Error::NotFound)
}

/// Groups and folders of a new user whose administrator may not see the catalogues (ACC-246, ACC-361).
fn assign(session: &AdminSession, user: &mut User) {
    let own = &session.admin().groups;
    if !session.may(P::ViewGroups) {
        if !own.is_empty() {
            let kind = |add_as| match add_as {
                1 => 1,
                2 => 2,
                _ => 3,
            };
            let mapping = |group: &entrepot_model::AdminGroupMapping| GroupMapping {
                name: group.name.clone(),
                kind: kind(group.options.add_to_users_as),
            };
            user.groups = own.iter().map(mapping).collect();
        } else if session.is_granular() {
            user.groups.clear();
        }
    }
    if session.is_granular() && !session.may(P::ViewFolders) {
        user.virtual_folders.clear();
    }
}

/// What the administrator may not see stays as it is (ACC-246, ACC-363).
fn keep_unseen(session: &AdminSession, user: &mut User, old: &User) {
    let attaches_own = !session.admin().groups.is_empty();
    if !session.may(P::ViewGroups) && (session.is_granular() || attaches_own) {
        user.groups.clone_from(&old.groups);
    }
    if session.is_granular() && !session.may(P::ViewFolders) {
        user.virtual_folders.clone_from(&old.virtual_folders);
    }
}

/// Running transfers feel new rates at once, also those of networks (LIM-011).
async fn apply_bandwidth(core: &Core, username: &str) {
    let Ok(Some(account)) = core.0.accounts.load(core, username).await else { return };
    core.0.registry.follow(&account);
}

pub(super) fn forget(core: &Core, username: &str) {
    core.0.accounts.invalidate(username);
    core.0.credentials.forget(Holder::User, username);
}

pub(super) fn finish(core: &Core, session: &AdminSession, action: Action, mut user: User) -> User {
    user.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &user.username, role: &user.role, object: &user });
    user
}
