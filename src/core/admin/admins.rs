//! Administrators (ACC-233…ACC-252): only those with `*` have to do with others.

use entrepot_model::{Admin, AdminPermission as P, TotpConfig};
use entrepot_store::{ListOptions, PasswordChange};

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, passwords, rules, stored,
};
use crate::{Core, Error, Result, login::Holder};

pub(super) const KIND: &str = "admin";
/// Who is disabled by accident could not come back.
const OWN_STATUS: &str = "you cannot disable yourself";

/// A page of administrators, without what is confidential.
///
/// # Errors
/// `Denied` without `*`.
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Admin>> {
    session.require(P::Any)?;
    let mut admins = core.0.store.admins().list(options).await.map_err(stored)?;
    admins.iter_mut().for_each(Admin::hide_confidential);
    Ok(admins)
}

/// How many administrators such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::Any)?;
    core.0.store.admins().count(options).await.map_err(stored)
}

/// One administrator; `confidential` as for users (SEC-008).
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, username: &str, confidential: bool) -> Result<Admin> {
    session.require(P::Any)?;
    let mut admin = existing(core, username).await?;
    if confidential {
        admin.password = core.0.store.admins().password_hash(&admin.username).await.map_err(stored)?;
    } else {
        admin.hide_confidential();
    }
    Ok(admin)
}

/// Adds an administrator; a password is required (ACC-238).
///
/// # Errors
/// `Denied` without `*`; `Invalid`; `Conflict` when the name is taken or the role or a group is unknown.
pub async fn add(core: &Core, session: &AdminSession, mut admin: Admin) -> Result<Admin> {
    session.require(P::Any)?;
    let hash = prepare(core, &mut admin).await?;
    let added = core.0.store.admins().insert(admin, Some(hash), core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Validates a new administrator and hashes the password.
pub(super) async fn prepare(core: &Core, admin: &mut Admin) -> Result<String> {
    admin.filters.totp_config = TotpConfig::default();
    admin.filters.recovery_codes.clear();
    admin.validate(&rules(core, true)).map_err(invalid)?;
    let password = admin.password.take().unwrap_or_default();
    passwords::of_admin(core, &password).await
}

/// Replaces an administrator; an empty or absent password keeps the stored one, the second factor stays (ACC-240).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid`, also for what one may not change of oneself (ACC-249); `Conflict` when the
/// role or a group is unknown.
pub async fn update(core: &Core, session: &AdminSession, username: &str, mut admin: Admin) -> Result<Admin> {
    session.require(P::Any)?;
    let old = existing(core, username).await?;
    admin.username.clone_from(&old.username);
    admin.filters.totp_config = old.filters.totp_config.clone();
    admin.filters.recovery_codes = old.filters.recovery_codes.clone();
    admin.validate(&rules(core, false)).map_err(invalid)?;
    not_through_its_key(session, &old)?;
    if is_self(session, &old) {
        check_own(&mut admin, &old)?;
    }
    let password = match admin.password.take().filter(|password| !password.trim().is_empty()) {
        Some(password) => PasswordChange::Set(passwords::of_admin(core, &password).await?),
        None => PasswordChange::Keep,
    };
    let updated = core.0.store.admins().update(admin, password, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Enables or disables an administrator, and changes nothing else. False if it is so already.
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` for oneself (ACC-249).
pub async fn set_status(core: &Core, session: &AdminSession, username: &str, is_enabled: bool) -> Result<bool> {
    session.require(P::Any)?;
    let admin = existing(core, username).await?;
    not_through_its_key(session, &admin)?;
    if is_self(session, &admin) && !is_enabled {
        return Err(Error::invalid("status", OWN_STATUS));
    }
    let admins = core.0.store.admins();
    if !admins.set_status(&admin.username, i64::from(is_enabled), core.clock().millis()).await.map_err(stored)? {
        return Ok(false);
    }
    let changed = admins.get(&admin.username).await.map_err(stored)?.ok_or(Error::NotFound)?;
    finish(core, session, Action::Update, changed);
    Ok(true)
}

/// Deletes an administrator, but not oneself (ACC-251).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` for oneself.
pub async fn delete(core: &Core, session: &AdminSession, username: &str) -> Result<()> {
    session.require(P::Any)?;
    let admin = existing(core, username).await?;
    not_through_its_key(session, &admin)?;
    if is_self(session, &admin) {
        return Err(Error::invalid("username", "you cannot delete yourself"));
    }
    core.0.store.admins().delete(&admin.username).await.map_err(stored)?;
    finish(core, session, Action::Delete, admin);
    Ok(())
}

pub(super) fn is_self(session: &AdminSession, admin: &Admin) -> bool {
    !session.is_system() && session.username() == admin.username
}

/// A program that acts for an administrator has no say about that account (ACC-250, SEC-087).
fn not_through_its_key(session: &AdminSession, admin: &Admin) -> Result<()> {
    if session.api_key().is_some() && is_self(session, admin) {
        return Err(Error::invalid("username", "an API key cannot change or delete the administrator that it stands for"));
    }
    Ok(())
}

/// What an administrator may not change of the own account (ACC-249).
fn check_own(admin: &mut Admin, old: &Admin) -> Result<()> {
    let sorted = |admin: &Admin| {
        let mut permissions = admin.permissions.clone();
        permissions.sort();
        permissions
    };
    if sorted(admin) != sorted(old) {
        return Err(Error::invalid("permissions", "you cannot change your permissions"));
    }
    if admin.role != old.role {
        return Err(Error::invalid("role", "you cannot add/change your role"));
    }
    if !admin.is_enabled() {
        return Err(Error::invalid("status", OWN_STATUS));
    }
    admin.filters.require_password_change = old.filters.require_password_change;
    admin.filters.require_two_factor = old.filters.require_two_factor;
    Ok(())
}

pub(super) async fn existing(core: &Core, username: &str) -> Result<Admin> {
    let name = rules(core, false).names.apply(username);
    core.0.store.admins().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

pub(super) fn finish_added(core: &Core, session: &AdminSession, admin: Admin) -> Admin {
    finish(core, session, Action::Add, admin)
}

/// After a change that was made elsewhere.
pub(super) fn finish_updated(core: &Core, session: &AdminSession, admin: Admin) -> Admin {
    finish(core, session, Action::Update, admin)
}

pub(super) fn finish(core: &Core, session: &AdminSession, action: Action, mut admin: Admin) -> Admin {
    core.0.credentials.forget(Holder::Admin, &admin.username);
    admin.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &admin.username, role: &admin.role, object: &admin });
    admin
}
