//! API keys (SEC-075…SEC-097): only administrators with `*` have to do with them, and none of it can be done through a key.

use entrepot_model::{AdminPermission as P, ApiKey};
use entrepot_secrets::{password, random_alphanumeric};
use entrepot_store::{ListOptions, ObjectKind, StoreError};

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, rules, stored,
};
use crate::{
    Core, Error, Result,
    login::{Holder, passwords},
    policy::Denial,
};

pub(super) const KIND: &str = "api_key";
/// Characters of an id and of a secret: 131 bits.
const LENGTH: usize = 22;

/// A key that was just made.
pub struct NewApiKey {
    /// The key, as it is stored.
    pub key: ApiKey,
    /// `id.secret`: nobody can ever see it again.
    pub shown: String,
}

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A page of keys, by default in the order of their ids, without hashes.
///
/// # Errors
/// `Denied` without `*`.
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<ApiKey>> {
    require(session)?;
    let mut keys = core.0.store.api_keys().list(options).await.map_err(stored)?;
    keys.iter_mut().for_each(ApiKey::hide_confidential);
    Ok(keys)
}

/// How many keys such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    require(session)?;
    core.0.store.api_keys().count(options).await.map_err(stored)
}

/// One key, without its hash.
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, id: &str) -> Result<ApiKey> {
    require(session)?;
    let mut key = existing(core, id).await?;
    key.hide_confidential();
    Ok(key)
}

/// Makes a key. Its id and secret are drawn here, whatever the body says.
///
/// # Errors
/// `Denied` without `*`; `Invalid`, also for an unknown account and an end in the past (SEC-079, SEC-090).
pub async fn add(core: &Core, session: &AdminSession, mut key: ApiKey) -> Result<NewApiKey> {
    require(session)?;
    let now = core.clock().millis();
    key.validate(&rules(core, true)).map_err(invalid)?;
    if key.is_expired(now) {
        return Err(Error::invalid("expires_at", "the expiration is in the past"));
    }
    let secret = random_alphanumeric(LENGTH);
    key.id = random_alphanumeric(LENGTH);
    key.key = Some(passwords::hash(core, &secret).await?);
    let added = core.0.store.api_keys().insert(key, now).await.map_err(unknown_account)?;
    let shown = format!("{}.{secret}", added.id);
    Ok(NewApiKey { key: finish(core, session, Action::Add, added), shown })
}

/// Replaces name, scope, account, expiration and description of a key. An end that was set can come earlier, not later
/// (SEC-089, SEC-091).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid`.
pub async fn update(core: &Core, session: &AdminSession, id: &str, mut key: ApiKey) -> Result<ApiKey> {
    require(session)?;
    let old = existing(core, id).await?;
    key.id.clone_from(&old.id);
    key.validate(&rules(core, false)).map_err(invalid)?;
    if old.expires_at > 0 && (key.expires_at == 0 || key.expires_at > old.expires_at) {
        return Err(Error::invalid("expires_at", "the expiration cannot be extended, only shortened"));
    }
    let updated = core.0.store.api_keys().update(key, core.clock().millis()).await.map_err(unknown_account)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Deletes a key.
///
/// # Errors
/// `Denied` without `*`; `NotFound`.
pub async fn delete(core: &Core, session: &AdminSession, id: &str) -> Result<()> {
    require(session)?;
    let key = existing(core, id).await?;
    core.0.store.api_keys().delete(&key.id).await.map_err(stored)?;
    finish(core, session, Action::Delete, key);
    Ok(())
}

/// Puts a key from a backup in place: with its id, its hash and its times, even if it has ended (SEC-090, API-096). With
/// `replace` off a key that exists stays, and `None` is answered. A secret in clear text is hashed (SEC-039).
///
/// # Errors
/// `Denied` without `*`; `Invalid`, also without `key` and for an unknown account.
pub async fn restore(core: &Core, session: &AdminSession, mut key: ApiKey, replace: bool) -> Result<Option<ApiKey>> {
    session.require(P::Any)?;
    prepare_restored(core, &mut key).await?;
    let existed = core.0.store.api_keys().get(&key.id).await.map_err(stored)?.is_some();
    let restored = core.0.store.api_keys().restore(key, replace, core.clock().millis()).await.map_err(unknown_account)?;
    let action = if existed { Action::Update } else { Action::Add };
    Ok(restored.map(|key| finish(core, session, action, key)))
}

/// Checks a key from a backup and hashes a secret that came in clear text.
///
/// # Errors
/// `Invalid`.
pub(super) async fn prepare_restored(core: &Core, key: &mut ApiKey) -> Result<()> {
    key.check_id().map_err(invalid)?;
    key.validate(&rules(core, false)).map_err(invalid)?;
    let Some(secret) = key.key.take().filter(|secret| !secret.is_empty()) else {
        return Err(Error::invalid("key", "the hash of the key is missing"));
    };
    key.key = Some(if password::is_own_hash_prefix(&secret) {
        password::validate_hash(&secret).map_err(|error| Error::invalid("key", error.to_string()))?;
        secret
    } else {
        passwords::hash(core, &secret).await?
    });
    Ok(())
}

/// Keys are not managed through keys (SEC-086).
fn require(session: &AdminSession) -> Result<()> {
    session.require(P::Any)?;
    match session.api_key() {
        Some(_) => Err(Error::Denied(Denial::new("api_key", "API keys are not managed through API keys"))),
        None => Ok(()),
    }
}

/// A key for an account that does not exist is a wrong key (SEC-079).
fn unknown_account(error: StoreError) -> Error {
    match error {
        StoreError::Reference { kind: ObjectKind::Admin, name } => {
            Error::invalid("admin", format!("the admin {name:?} does not exist"))
        }
        StoreError::Reference { name, .. } => Error::invalid("user", format!("the user {name:?} does not exist")),
        other => stored(other),
    }
}

async fn existing(core: &Core, id: &str) -> Result<ApiKey> {
    core.0.store.api_keys().get(id).await.map_err(stored)?.ok_or(Error::NotFound)
}

fn finish(core: &Core, session: &AdminSession, action: Action, mut key: ApiKey) -> ApiKey {
    core.0.credentials.forget(Holder::ApiKey, &key.id);
    key.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &key.id, role: "", object: &key });
    key
}

#[cfg(test)]
mod tests;
