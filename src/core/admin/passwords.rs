//! New passwords of users and administrators: the rules they must satisfy, and their hashes.

use entrepot_model::{Group, GroupType, User};
use entrepot_secrets::{PasswordPolicy, check_entropy, check_policy, password};

use super::stored;
use crate::{Core, Error, Result, login::passwords};

/// What a new password must have.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Requirements {
    entropy: f64,
    policy: PasswordPolicy,
}

/// Whether people may choose this for themselves at all: the rules of the settings are asked when it is hashed.
///
/// # Errors
/// `Invalid` for `password`: blanks only, or what would be taken for a hash.
pub(super) fn check_new(password: &str) -> Result<()> {
    if password.trim().is_empty() || password::is_hash_prefix(password.trim()) {
        return Err(Error::invalid("password", "a password is required, and it must not look like the hash of one"));
    }
    Ok(())
}

/// The hash to store for a user: a hash is taken as it is, a plain password must satisfy the rules (ACC-110, SEC-038).
///
/// # Errors
/// `Invalid` for `password`.
pub(super) async fn of_user(core: &Core, user: &User, password: &str) -> Result<String> {
    if password::is_hash_prefix(password) {
        return as_given(password);
    }
    plain_of_user(core, user, password).await
}

/// Whether a user may have this password, without hashing it.
///
/// # Errors
/// `Invalid` for `password`.
pub(super) async fn check_of_user(core: &Core, user: &User, password: &str) -> Result<()> {
    if password::is_hash_prefix(password) {
        return as_given(password).map(drop);
    }
    if password.trim().is_empty() {
        // ACC-053
        return Err(Error::invalid("password", "a password cannot consist of blanks"));
    }
    check_for(core, user, password).await
}

/// The hash to store for a user that chose the password: what looks like a hash is a password as well.
///
/// # Errors
/// `Invalid` for `password`.
pub(super) async fn plain_of_user(core: &Core, user: &User, password: &str) -> Result<String> {
    if password.trim().is_empty() {
        // ACC-053
        return Err(Error::invalid("password", "a password cannot consist of blanks"));
    }
    check_for(core, user, password).await?;
    passwords::hash(core, password).await
}

/// The hash to store for an administrator; the password is trimmed (ACC-239, ACC-113).
///
/// # Errors
/// `Invalid` for `password`.
pub(super) async fn of_admin(core: &Core, password: &str) -> Result<String> {
    let password = password.trim();
    if password::is_own_hash_prefix(password) {
        return as_given(password);
    }
    plain_of_admin(core, password).await
}

/// The hash to store for an administrator that chose the password; it is trimmed as well.
///
/// # Errors
/// `Invalid` for `password`.
pub(super) async fn plain_of_admin(core: &Core, password: &str) -> Result<String> {
    let password = password.trim();
    if password.is_empty() {
        return Err(Error::invalid("password", "a password is required"));
    }
    let rules = &core.settings().data_provider.password_validation.admins;
    check(password, Requirements { entropy: rules.min_entropy, policy: rules.policy() })?;
    passwords::hash(core, password).await
}

/// The hash to store for a share of `owner`: own hashes are taken as they are (SEC-039), a plain password must satisfy the
/// rules for the owner's (API-166).
///
/// # Errors
/// `Invalid` for `password`.
pub(crate) async fn of_share(core: &Core, owner: &User, password: &str) -> Result<String> {
    if password::is_own_hash_prefix(password) {
        return as_given(password);
    }
    if password.trim().is_empty() {
        return Err(Error::invalid("password", "a password cannot consist of blanks"));
    }
    check_for(core, owner, password).await?;
    passwords::hash(core, password).await
}

/// What the user's own rules and those of its primary group say of a plain password.
async fn check_for(core: &Core, user: &User, password: &str) -> Result<()> {
    let primary = user.groups.iter().find(|group| group.group_type() == Some(GroupType::Primary));
    let primary = match primary {
        Some(group) => core.0.store.groups().get(&group.name).await.map_err(stored)?,
        None => None,
    };
    check(password, of_effective(core, user, primary.as_ref()))
}

/// SEC-040: what looks like a hash and is none is refused, not stored.
fn as_given(hash: &str) -> Result<String> {
    match password::validate_hash(hash) {
        Ok(()) => Ok(hash.to_owned()),
        Err(error) => Err(Error::invalid("password", error.to_string())),
    }
}

/// Every plain password that somebody sets comes by here, whoever it is for.
fn check(password: &str, required: Requirements) -> Result<()> {
    // Who asks for it elsewhere takes this for its end: two passwords would be one.
    if password.contains('\0') {
        return Err(Error::invalid("password", "a password cannot hold the character U+0000"));
    }
    check_policy(password, &required.policy)
        .and_then(|()| check_entropy(password, required.entropy))
        .map_err(|violation| Error::invalid("password", violation.to_string()))
}

/// The user's value, else the primary group's, else the system's; each on its own (ACC-108, ACC-109).
fn of_effective(core: &Core, user: &User, primary: Option<&Group>) -> Requirements {
    let settings = core.settings();
    let system = &settings.data_provider.password_validation.users;
    let own = &user.filters.base;
    let group = primary.map(|group| &group.user_settings.filters.base);
    let pick = |value: fn(&entrepot_model::BaseUserFilters) -> i64, system: u32| {
        let values = [Some(value(own)), group.map(value)];
        let set = values.into_iter().flatten().find(|value| *value > 0);
        set.map_or(system, |value| u32::try_from(value).unwrap_or(u32::MAX))
    };
    let system_policy = system.policy();
    let strength = pick(|filters| filters.password_strength, 0);
    Requirements {
        entropy: if strength > 0 { f64::from(strength) } else { system.min_entropy },
        policy: PasswordPolicy {
            length: pick(|filters| filters.password_policy.length, system_policy.length),
            uppers: pick(|filters| filters.password_policy.uppers, system_policy.uppers),
            lowers: pick(|filters| filters.password_policy.lowers, system_policy.lowers),
            digits: pick(|filters| filters.password_policy.digits, system_policy.digits),
            specials: pick(|filters| filters.password_policy.specials, system_policy.specials),
        },
    }
}
