//! Looking at shares.

use entrepot_model::Share;
use entrepot_store::ListOptions;

use super::{bindings, require, seen};
use crate::{Core, Result, UserCaller, admin::stored};

/// A page of the shares that the caller may see, its own and those that its groups let it see, by id. `user_permissions` says
/// what it may do with each; passwords are hidden (API-166, API-175).
///
/// # Errors
/// `Denied` when the account may not share.
pub async fn list(core: &Core, caller: &UserCaller, options: ListOptions) -> Result<Vec<Share>> {
    require(caller)?;
    let mut shares = core.0.store.shares().list_visible(caller.username(), options).await.map_err(stored)?;
    for share in &mut shares {
        share.user_permissions = bindings::permissions(share, caller.user());
        share.hide_confidential();
    }
    Ok(shares)
}

/// One share that the caller may see.
///
/// # Errors
/// `Denied` when the account may not share; `NotFound`, also for somebody else's (API-177).
pub async fn get(core: &Core, caller: &UserCaller, id: &str) -> Result<Share> {
    require(caller)?;
    let found = seen(core, caller, id).await?;
    let mut share = found.share;
    share.user_permissions = found.permissions;
    share.hide_confidential();
    Ok(share)
}
