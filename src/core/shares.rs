//! Shares: files of a user that others reach by a link.
//!
//! Whoever owns a share manages it here, and so do members of groups that it is bound to, as far as the binding lets them
//! ([`add`], [`list`], [`get`], [`update`], [`delete`]). The id of a share is the secret part of its link: it stands in no
//! line of the log.
//!
//! # Visitors
//!
//! Whoever has the link comes in by [`visit`], which makes every check and answers a [`Visit`]: the files of the share
//! ([`Visit::fs`]), confined to its paths, with the permissions and limits of its owner, and nothing that a visitor can
//! replace or remove. What a visitor takes or brings is paid for with uses, before it is done ([`Visit::spend`]).
//!
//! The REST API shows a password with each request ([`Proof::Password`]). The pages of a share go another way, because people
//! give a password once, and codes and agreements need a page:
//!
//! ```text
//! describe(id, cookie)                   what the page may show, and what the visitor has to do next:
//!   Next::Password   authenticate_password(id, password)          -> Token
//!   Next::Code       request_code(id, address), then
//!                    check_code(id, address, code)                -> Token
//!   Next::Agreement  agreement_template() is what to show, then
//!                    accept_agreement(id, cookie)                 -> Token, in place of the one before
//!   Next::Visit      visit(id, purpose, Proof::Session(cookie))   or Proof::Nothing where there is no cookie
//! leave(id, cookie)                      ends the session
//! ```
//!
//! The cookie holds `Token::access_token` until `Token::expires_at`. It is signed, good for this share alone, and
//! ends with the share; a new password or recipient does not end it. A page need not look into it: `describe` says whose it is.

mod add;
mod bindings;
mod checks;
mod codes;
mod delete;
mod describe;
mod list;
mod owner;
mod proof;
mod refusal;
mod sessions;
mod update;
mod uses;
mod visit;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use entrepot_model::{EffectiveUser, Rule, Share, share::share_permission};

pub use add::add;
pub use bindings::{GroupChoice, group_choices};
pub use codes::{check_code, request_code};
pub use delete::delete;
pub use describe::{About, Description, Next, describe};
pub use list::{get, list};
pub use proof::Proof;
pub use refusal::VisitError;
pub use sessions::{accept_agreement, agreement_template, authenticate_password, leave};
pub use update::update;
pub(crate) use uses::Taken;
pub use uses::Uses;
pub use visit::{Purpose, Visit, visit};

use crate::{
    Core, Error, Result, UserCaller,
    admin::{
        changes::{self, Action, Change},
        stored,
    },
    login::Holder,
    policy::Denial,
    resumable,
};

/// What provider events call it.
pub(crate) const KIND: &str = "share";
/// Protocol of visits in events, logs and the list of connections.
pub(crate) const PROTOCOL: &str = "HTTPShare";

/// What is known of visitors now: codes that were sent, and files that they read.
#[derive(Default)]
pub(crate) struct Desk {
    codes: codes::ShareCodes,
    reads: uses::Reads,
    /// How many shares have ended.
    endings: AtomicU64,
}

impl Desk {
    /// Which shares had ended by now.
    fn moment(&self) -> u64 {
        self.endings.load(Ordering::SeqCst)
    }
}

/// Deletes a share: its visitors have to leave, none comes in who was at the door already, and what they did not finish goes.
pub(crate) async fn end(core: &Core, id: &str) -> Result<()> {
    let unfinished = resumable::of_share(core, id).await?;
    core.0.store.shares().delete(id).await.map_err(stored)?;
    core.0.shares.endings.fetch_add(1, Ordering::SeqCst);
    core.0.credentials.forget(Holder::Share, id);
    core.0.registry.close_share(id);
    resumable::end_of_share(core, unfinished);
    Ok(())
}

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
