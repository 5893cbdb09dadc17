//! A new share.

use entrepot_model::{Share, ShareDraft};
use entrepot_secrets::random_alphanumeric;

use super::{bindings, bindings::Wish, checks, record, require};
use crate::{
    Core, Result, UserCaller,
    admin::{changes::Action, passwords, stored},
};

/// Characters of an id: 131 bits, so that nobody finds one by trying (API-161).
const ID_LENGTH: usize = 22;

/// Makes a share of the caller. Its id is drawn here, whatever the draft says; the answer has it, and no password.
///
/// # Errors
/// `Denied` when the account may not share, or not so (API-168); `Invalid`, naming the member; `Busy` when too many passwords
/// wait.
pub async fn add(core: &Core, caller: &UserCaller, draft: ShareDraft) -> Result<Share> {
    require(caller)?;
    let owner = caller.user();
    let ShareDraft { mut share, names_expiration, names_groups } = draft;
    share.id = random_alphanumeric(ID_LENGTH);
    caller.username().clone_into(&mut share.username);
    // API-167
    share.used_tokens = 0;
    if !names_expiration {
        share.expires_at = owner.default_share_expiration(core.clock().millis());
    }
    checks::save(core, owner, &mut share, true)?;
    bindings::settle(core, owner, &mut share, if names_groups { Wish::Named } else { Wish::Suggested }).await?;
    if !share.password.is_empty() {
        share.password = passwords::of_share(core, &owner.user, &share.password).await?;
    }
    let mut added = core.0.store.shares().insert(share, core.clock().millis()).await.map_err(stored)?;
    added.hide_confidential();
    record(core, caller, Action::Add, &added);
    Ok(added)
}
