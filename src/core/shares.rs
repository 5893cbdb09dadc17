//! Shares: files of a user that others reach by a link.
//!
//! Whoever owns a share manages it here, and so do members of groups that it is bound to, as far as the binding lets them
//! ([`add`], [`list`], [`get`], [`update`], [`delete`]). The id of a share is the secret part of its link: it stands in no
//! line of the log.

mod add;
mod bindings;
mod checks;
mod delete;
mod list;
mod update;

use std::sync::Arc;

use entrepot_model::{EffectiveUser, Rule, Share, share::share_permission};

pub use add::add;
pub use delete::delete;
pub use list::{get, list};
pub use update::update;

use crate::{
    Core, Error, Result, UserCaller,
    admin::{
        changes::{self, Action, Change},
        stored,
    },
    policy::Denial,
};

/// What provider events call it.
pub(crate) const KIND: &str = "share";

/// A share that somebody may see.
struct Seen {
    /// With the hash of its password.
    share: Share,
    /// Bits of [`share_permission`] that the caller has.
    permissions: i64,
}

impl Seen {
    /// Refuses who lacks a permission.
    fn require(&self, permission: i64, verb: &str) -> Result<()> {
        if self.permissions & permission != 0 {
            return Ok(());
        }
        let detail = format!("the groups that the share is bound to do not let their members {verb} it");
        Err(Denial::told("share_groups", detail).into())
    }
}

/// A share of the caller, or one that a group lets it see. Somebody else's does not exist (API-177).
async fn seen(core: &Core, caller: &UserCaller, id: &str) -> Result<Seen> {
    let share = core.0.store.shares().get(id).await.map_err(stored)?.ok_or(Error::NotFound)?;
    let permissions = bindings::permissions(&share, caller.user());
    if permissions & share_permission::VIEW == 0 {
        return Err(Error::NotFound);
    }
    Ok(Seen { share, permissions })
}

/// Refuses accounts that may not share (ACC-312).
fn require(caller: &UserCaller) -> Result<()> {
    caller.user().may_share().map_err(refused)
}

/// The account in whose name a share works: everything that is asked of a share is asked of its owner (API-225).
async fn owner_of(core: &Core, caller: &UserCaller, share: &Share) -> Result<Arc<EffectiveUser>> {
    if share.username == caller.username() {
        return Ok(caller.user().clone());
    }
    let account = core.0.accounts.load(core, &share.username).await?.ok_or(Error::NotFound)?;
    Ok(account.user.clone())
}

/// A rule of the account that refuses, as whoever shares may know it.
fn refused(rule: Rule) -> Error {
    Denial::told(rule.name, rule.detail).into()
}

/// Records a change by a user. Whoever knows the id of a share without a password can open it: it stays out of the log.
fn record(core: &Core, caller: &UserCaller, action: Action, share: &Share) {
    let change = Change { action, kind: KIND, name: &share.id, role: "", object: share };
    changes::record_of_user(core, caller, &change, &shown(share));
}

/// What logs call a share. A name may be the id.
fn shown(share: &Share) -> String {
    if share.name == share.id { format!("a share of {}", share.username) } else { share.name.clone() }
}
