//! The own password (SEC-127…SEC-130). A new one ends every token of the account (SEC-068).

use entrepot_model::{Admin, User, api::PwdChange};

use super::not_through_a_key;
use crate::{
    Core, Error, Result, UserCaller,
    admin::{
        AdminSession,
        changes::{self, Action, Change},
        passwords as rules, stored,
    },
    login::{Holder, outcome, passwords},
    policy::Denial,
};

/// Changes the own password of an administrator.
///
/// # Errors
/// `Invalid` when one of the passwords is missing, both are the same, the current one is wrong, or the new one breaks a rule,
/// which the text names; `Denied` through an API key.
pub async fn change_admin(core: &Core, session: &AdminSession, change: &PwdChange) -> Result<()> {
    not_through_a_key(session.api_key())?;
    // As where it is set, and where it logs in (ACC-239).
    let trimmed = |password: &str| password.trim().to_owned();
    let change = &PwdChange { current_password: trimmed(&change.current_password), new_password: trimmed(&change.new_password) };
    check(core, change, session.password_hash(), &format!("admin/{}", session.username())).await?;
    let hash = rules::plain_of_admin(core, &change.new_password).await.map_err(of_new)?;
    let admins = core.0.store.admins();
    admins.set_password_hash(session.username(), Some(hash), core.clock().millis()).await.map_err(stored)?;
    if let Some(claims) = session.claims() {
        core.revoke_token(claims);
    }
    core.0.credentials.forget(Holder::Admin, session.username());
    let changed = admins.get(session.username()).await.map_err(stored)?;
    let mut admin: Admin = changed.ok_or(Error::NotFound)?;
    admin.hide_confidential();
    let (name, role) = (admin.username.as_str(), admin.role.as_str());
    changes::record_own(core, session.ip(), &Change { action: Action::Update, kind: "admin", name, role, object: &admin });
    Ok(())
}

/// Changes the own password of a user.
///
/// # Errors
/// As [`change_admin`]; `Denied` also with the option `password-change-disabled` (ACC-308).
pub async fn change_user(core: &Core, caller: &UserCaller, change: &PwdChange) -> Result<()> {
    not_through_a_key(caller.api_key())?;
    if caller.user().user.filters.base.has_web_client_option("password-change-disabled") {
        return Err(Error::Denied(Denial::new("password-change-disabled", "users may not change this password")));
    }
    check(core, change, caller.password_hash(), caller.username()).await?;
    let users = core.0.store.users();
    let user: User = users.get(caller.username()).await.map_err(stored)?.ok_or(Error::NotFound)?;
    let hash = rules::plain_of_user(core, &user, &change.new_password).await.map_err(of_new)?;
    users.set_password_hash(&user.username, Some(hash), core.clock().millis()).await.map_err(stored)?;
    if let Some(claims) = caller.claims() {
        core.revoke_token(claims);
    }
    core.0.accounts.invalidate(&user.username);
    core.0.credentials.forget(Holder::User, &user.username);
    let mut user: User = users.get(&user.username).await.map_err(stored)?.ok_or(Error::NotFound)?;
    user.hide_confidential();
    let (name, role) = (user.username.as_str(), user.role.as_str());
    changes::record_own(core, caller.ip(), &Change { action: Action::Update, kind: "user", name, role, object: &user });
    Ok(())
}

/// What the request must hold. A wrong current password costs what a failed login does: a stolen token is no way to guess.
async fn check(core: &Core, change: &PwdChange, hash: Option<&str>, throttle: &str) -> Result<()> {
    let current = change.current_password.as_str();
    for (field, value) in [("current_password", current), ("new_password", change.new_password.as_str())] {
        if value.is_empty() {
            return Err(Error::invalid(field, "a password is required"));
        }
    }
    if current == change.new_password {
        return Err(Error::invalid("new_password", "the new password must be different from the current one"));
    }
    if !passwords::verify(core, hash, current).await? {
        let base = outcome::failure_delay(core);
        outcome::pause(core.0.credentials.throttle.failed(throttle, base)).await;
        return Err(Error::invalid("current_password", "the current password does not match"));
    }
    core.0.credentials.throttle.succeeded(throttle);
    Ok(())
}

/// The body calls the password otherwise than the account does.
fn of_new(error: Error) -> Error {
    match error {
        Error::Invalid { message, .. } => Error::invalid("new_password", message),
        other => other,
    }
}
