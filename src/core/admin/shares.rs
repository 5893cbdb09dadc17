//! Shares as administrators have to do with them: whole in backups, and all of them in a list, to take one back. Their owners
//! manage them in [`crate::shares`].

use entrepot_model::{AdminPermission as P, Share};
use entrepot_store::ListOptions;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    invalid, passwords, rules, stored,
};
use crate::{
    Core, Error, Result,
    shares::{KIND, end},
};

/// Every share with the hash of its password, for a backup (API-089).
///
/// # Errors
/// When the database cannot be read.
pub async fn all(core: &Core) -> Result<Vec<Share>> {
    core.0.store.shares().list(ListOptions::all()).await.map_err(stored)
}

/// Stores a share from a backup with its id, uses and times, even one that has expired (API-096); one of the same id is
/// replaced, or kept if `keeps_existing`. Answers whether it existed.
///
/// # Errors
/// `Invalid`; `Conflict` when the owner or a group does not exist.
pub async fn restore(core: &Core, session: &AdminSession, mut share: Share, keeps_existing: bool) -> Result<bool> {
    session.require(P::Any)?;
    let existed = core.0.store.shares().get(&share.id).await.map_err(stored)?.is_some();
    if existed && keeps_existing {
        return Ok(true);
    }
    share.validate(&rules(core, true), None).map_err(invalid)?;
    let Some(owner) = core.0.store.users().get(&share.username).await.map_err(stored)? else {
        return Err(Error::Conflict(format!("unknown user {:?}, the owner of the share: create it first", share.username)));
    };
    if !share.password.is_empty() {
        share.password = passwords::of_share(core, &owner, &share.password).await?;
    }
    let mut restored = core.0.store.shares().restore(share, core.clock().millis()).await.map_err(stored)?;
    restored.hide_confidential();
    let action = if existed { Action::Update } else { Action::Add };
    // Whoever knows the id of a share without a password can open it: it stays out of the log.
    let change = Change { action, kind: KIND, name: &restored.id, role: "", object: &restored };
    changes::record_unnamed(core, session, &change, &restored.name);
    Ok(existed)
}

/// A page of the shares of the users that the administrator sees, by id unless something else is asked for; with `username`, of
/// that user. It needs `view_users`:
/// shares are a part of what users have, and administrators of a role see those of their users (ACC-225).
///
/// # Errors
/// `Denied` without `view_users`.
pub async fn list(core: &Core, session: &AdminSession, username: Option<&str>, options: ListOptions) -> Result<Vec<Share>> {
    session.require(P::ViewUsers)?;
    let options = ListOptions { role: session.role().map(str::to_owned), ..options };
    let mut shares = core.0.store.shares().list_of(username, options).await.map_err(stored)?;
    shares.iter_mut().for_each(Share::hide_confidential);
    Ok(shares)
}

/// How many such a list has without paging.
///
/// # Errors
/// `Denied` without `view_users`.
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::ViewUsers)?;
    let options = ListOptions { role: session.role().map(str::to_owned), ..options };
    core.0.store.shares().count_of(None, options).await.map_err(stored)
}

/// One of those shares.
///
/// # Errors
/// `Denied` without `view_users`; `NotFound`, also for a user whom the administrator does not see.
pub async fn get(core: &Core, session: &AdminSession, id: &str) -> Result<Share> {
    session.require(P::ViewUsers)?;
    let mut share = visible(core, session, id).await?;
    share.hide_confidential();
    Ok(share)
}

/// The share, if its owner exists for this administrator (ACC-225).
async fn visible(core: &Core, session: &AdminSession, id: &str) -> Result<Share> {
    let share = core.0.store.shares().get(id).await.map_err(stored)?.ok_or(Error::NotFound)?;
    let owner = core.0.store.users().get(&share.username).await.map_err(stored)?;
    owner.filter(|owner| session.sees_role(&owner.role)).map(|_| share).ok_or(Error::NotFound)
}

/// Takes a share back: its link leads nowhere from now on, and its visitors have to leave. It needs `edit_users`, as other
/// changes of what a user has.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`, also for a user whom the administrator does not see.
pub async fn revoke(core: &Core, session: &AdminSession, id: &str) -> Result<()> {
    session.require(P::EditUsers)?;
    let mut share = visible(core, session, id).await?;
    end(core, &share.id).await?;
    share.hide_confidential();
    let change = Change { action: Action::Delete, kind: KIND, name: &share.id, role: "", object: &share };
    changes::record_unnamed(core, session, &change, &share.name);
    Ok(())
}
