//! The API keys that stand for a user, who can take them back. Administrators make them.

use entrepot_model::ApiKey;
use entrepot_store::{ListOptions, Only, Sort};

use super::not_through_a_key;
use crate::{
    Core, Error, Result, UserCaller,
    admin::{
        api_keys::KIND,
        changes::{self, Action, Change},
        stored,
    },
    login::Holder,
};

/// The keys that stand for this user, by name and without hashes.
///
/// # Errors
/// `Denied` through an API key.
pub async fn of_user(core: &Core, caller: &UserCaller) -> Result<Vec<ApiKey>> {
    not_through_a_key(caller.api_key())?;
    let only = vec![Only::User(caller.username().to_owned())];
    let options = ListOptions { only, sort: Sort::Label, ..ListOptions::all() };
    let mut keys = core.0.store.api_keys().list(options).await.map_err(stored)?;
    keys.iter_mut().for_each(ApiKey::hide_confidential);
    Ok(keys)
}

/// Takes a key back: programs with it are refused from now on.
///
/// # Errors
/// `Denied` through an API key; `NotFound`, also for a key that stands for somebody else.
pub async fn withdraw(core: &Core, caller: &UserCaller, id: &str) -> Result<()> {
    not_through_a_key(caller.api_key())?;
    let found = core.0.store.api_keys().get(id).await.map_err(stored)?;
    let mut key = found.filter(|key| key.user == caller.username()).ok_or(Error::NotFound)?;
    core.0.store.api_keys().delete(&key.id).await.map_err(stored)?;
    core.0.credentials.forget(Holder::ApiKey, &key.id);
    key.hide_confidential();
    let change = Change { action: Action::Delete, kind: KIND, name: &key.id, role: "", object: &key };
    changes::record_of_user(core, caller, &change, &key.id);
    Ok(())
}
