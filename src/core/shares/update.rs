//! Changing a share.

use entrepot_model::{
    Share, ShareDraft,
    share::{REDACTED_PASSWORD, share_permission},
};

use super::{bindings, bindings::Wish, checks, owner_of, record, require, seen};
use crate::{
    Core, Error, Result, UserCaller,
    admin::{changes::Action, passwords, stored},
    login::Holder,
    policy::Denial,
};

/// How often a save begins anew, when others save the same share.
const TRIES: u32 = 5;

/// Replaces a share (API-178): what the draft does not name gets its default, and an absent password is none; the redacted one
/// keeps what is stored (API-043). Id, owner, uses and the time of its creation stay (API-176).
///
/// Members of a bound group may change what is not about files and groups; what they do not name of that stays (API-174).
///
/// # Errors
/// `NotFound`, also for somebody else's; `Denied` for members who may not, and for what the owner's account does not allow;
/// `Invalid`, naming the member; `Busy` when too many passwords wait; `Conflict` while others change it all the time.
pub async fn update(core: &Core, caller: &UserCaller, id: &str, draft: ShareDraft) -> Result<()> {
    require(caller)?;
    for _ in 0..TRIES {
        if let Some(mut updated) = save(core, caller, id, draft.clone()).await? {
            core.0.credentials.forget(Holder::Share, &updated.id);
            updated.hide_confidential();
            record(core, caller, Action::Update, &updated);
            return Ok(());
        }
    }
    Err(Error::Conflict("somebody else changes the share just now".to_owned()))
}

/// Saves what the draft makes of the share as it is now. `None` = it was changed meanwhile: what stays of it would be lost.
async fn save(core: &Core, caller: &UserCaller, id: &str, draft: ShareDraft) -> Result<Option<Share>> {
    let found = seen(core, caller, id).await?;
    found.require(share_permission::EDIT, "change")?;
    let old = found.share;
    let owner = owner_of(core, caller, &old).await?;
    let is_owner = old.username == caller.username();
    let ShareDraft { mut share, names_groups, .. } = draft;
    share.id.clone_from(&old.id);
    share.username.clone_from(&old.username);
    share.used_tokens = old.used_tokens;
    share.updated_at = old.updated_at;
    let keeps_password = share.password == REDACTED_PASSWORD;
    if keeps_password {
        share.password.clone_from(&old.password);
    }
    if !is_owner && !names_groups {
        share.groups.clone_from(&old.groups);
    }
    checks::save(core, &owner, &mut share, false)?;
    if is_owner {
        bindings::settle(core, &owner, &mut share, if names_groups { Wish::Named } else { Wish::None }).await?;
    } else {
        members_keep(&share, &old)?;
    }
    if !share.password.is_empty() && !keeps_password {
        share.password = passwords::of_share(core, &owner.user, &share.password).await?;
    }
    core.0.store.shares().update(share, core.clock().millis()).await.map_err(stored)
}

/// What only the owner has a say about (API-174).
fn members_keep(share: &Share, old: &Share) -> Result<()> {
    let changed =
        [(share.paths != old.paths, "paths"), (share.scope != old.scope, "scope"), (share.groups != old.groups, "groups")];
    match changed.into_iter().find(|(is_changed, _)| *is_changed) {
        Some((_, member)) => {
            let denial = Denial::told("share_owner", format!("only the owner of the share can change its {member}"));
            Err(Error::Denied(denial))
        }
        None => Ok(()),
    }
}
