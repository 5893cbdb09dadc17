//! The own profile (API-051, API-052).

use entrepot_model::{AdminProfile, User, UserProfile};
use entrepot_store::PasswordChange;

use super::not_through_a_key;
use crate::{
    Core, Error, Result, UserCaller,
    admin::{
        AdminSession,
        changes::{self, Action, Change},
        invalid, rules, stored,
    },
    login::Holder,
    policy::Denial,
};

/// The profile of an administrator.
///
/// # Errors
/// `Denied` through an API key.
pub fn of_admin(session: &AdminSession) -> Result<AdminProfile> {
    not_through_a_key(session.api_key())?;
    let admin = session.admin();
    Ok(AdminProfile {
        email: admin.email.clone(),
        description: admin.description.clone(),
        allow_api_key_auth: admin.filters.allow_api_key_auth,
    })
}

/// Replaces the profile of an administrator.
///
/// # Errors
/// `Denied` through an API key; `Invalid`.
pub async fn update_admin(core: &Core, session: &AdminSession, profile: AdminProfile) -> Result<()> {
    not_through_a_key(session.api_key())?;
    let mut admin = core.0.store.admins().get(session.username()).await.map_err(stored)?.ok_or(Error::NotFound)?;
    admin.email = profile.email;
    admin.description = profile.description;
    admin.filters.allow_api_key_auth = profile.allow_api_key_auth;
    admin.validate(&rules(core, false)).map_err(invalid)?;
    let updated = core.0.store.admins().update(admin, PasswordChange::Keep, core.clock().millis()).await;
    let mut admin = updated.map_err(stored)?;
    core.0.credentials.forget(Holder::Admin, &admin.username);
    admin.hide_confidential();
    let (name, role) = (admin.username.as_str(), admin.role.as_str());
    changes::record_own(core, session.ip(), &Change { action: Action::Update, kind: "admin", name, role, object: &admin });
    Ok(())
}

/// The profile of a user, as it holds with its groups.
///
/// # Errors
/// `Denied` through an API key.
pub fn of_user(caller: &UserCaller) -> Result<UserProfile> {
    not_through_a_key(caller.api_key())?;
    let user = &caller.user().user;
    Ok(UserProfile {
        email: user.email.clone(),
        description: user.description.clone(),
        allow_api_key_auth: user.filters.base.allow_api_key_auth,
        public_keys: user.public_keys.clone(),
        additional_emails: Some(user.filters.additional_emails.clone()),
        tls_certs: Some(user.filters.tls_certs.clone()),
    })
}

/// Replaces what of its profile a user may change; what it may not stays as it is, in silence (API-051). The two members
/// that the published contract does not name stay when they are absent: its clients cannot send them back.
///
/// # Errors
/// `Denied` when nothing may be changed (ACC-311) or through an API key; `Invalid`.
pub async fn update_user(core: &Core, caller: &UserCaller, profile: UserProfile) -> Result<()> {
    not_through_a_key(caller.api_key())?;
    let options = &caller.user().user.filters.base;
    let may = |option: &str| !options.has_web_client_option(option);
    // ACC-304, ACC-305, ACC-309, ACC-310
    let (keys, certificates) = (may("publickey-change-disabled"), may("tls-cert-change-disabled"));
    let (api_keys, info) = (may("api-key-auth-change-disabled"), may("info-change-disabled"));
    if !(keys || certificates || api_keys || info) {
        return Err(Error::Denied(Denial::new("profile", "every part of the profile is closed to the user")));
    }
    let mut user: User = core.0.store.users().get(caller.username()).await.map_err(stored)?.ok_or(Error::NotFound)?;
    if info {
        user.email = profile.email;
        user.description = profile.description;
        if let Some(addresses) = profile.additional_emails {
            user.filters.additional_emails = addresses;
        }
    }
    if keys {
        user.public_keys = profile.public_keys;
    }
    if let Some(given) = profile.tls_certs.filter(|_| certificates) {
        user.filters.tls_certs = given;
    }
    if api_keys {
        user.filters.base.allow_api_key_auth = profile.allow_api_key_auth;
    }
    user.validate(&rules(core, false)).map_err(invalid)?;
    let updated = core.0.store.users().update(user, PasswordChange::Keep, core.clock().millis()).await;
    let mut user = updated.map_err(stored)?;
    core.0.accounts.invalidate(&user.username);
    core.0.credentials.forget(Holder::User, &user.username);
    user.hide_confidential();
    let (name, role) = (user.username.as_str(), user.role.as_str());
    changes::record_own(core, caller.ip(), &Change { action: Action::Update, kind: "user", name, role, object: &user });
    Ok(())
}
