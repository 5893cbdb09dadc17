//! "Why was this refused?": what the server would say to a user, an operation, a path, a protocol and an address. Nothing is
//! decided here: every stage is the code that the protocols ask.

mod files;
mod quota;
mod sign_in;

use std::net::IpAddr;

use entrepot_model::{
    AdminPermission as P, Protocol, VirtualPath,
    verdict::{Check, Stage, Verdict},
};
use entrepot_storage::RootUse;

use super::{AdminSession, first_steps::PATIENCE, users};
use crate::{Core, Denial, Error, Operation, Result, accounts::Account, gates::Refused, login::checks, place::StorageIndex};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The user.
    pub username: String,
    /// Over what.
    pub protocol: Protocol,
    /// From where; without it lists and bans are not asked.
    pub ip: Option<IpAddr>,
    /// What with which path; without it only the login is asked.
    pub file: Option<(Operation, VirtualPath)>,
}

/// What the server would say now. Nothing is changed, counted or recorded by asking. Bans are told to who may see them, lists
/// of addresses to who may do everything: for others those are not asked.
///
/// # Errors
/// `Denied` without `view_users`; `NotFound`, also for users of another role.
pub async fn judge(core: &Core, session: &AdminSession, question: &Question) -> Result<Verdict> {
    session.require(P::ViewUsers)?;
    let stored = users::get(core, session, &question.username, false).await?;
    let mut checks = Vec::new();
    checks.extend(question.ip.and_then(|ip| address(core, session, ip, question.protocol)));
    let account = match core.0.accounts.load(core, &stored.username).await {
        Ok(Some(account)) => account,
        Ok(None) => return Err(Error::NotFound),
        Err(Error::Denied(denial)) => {
            checks.push(check(Stage::Account, Err(denial)));
            return Ok(Verdict::of(checks));
        }
        // A storage that this server does not have, or cannot use as it is described.
        Err(error @ (Error::Unsupported | Error::StorageDenied | Error::NotFound | Error::NotDirectory)) => {
            let detail = format!("the storage of the account or of one of its folders cannot be used: {error}");
            checks.push(check(Stage::Account, Err(Denial::new("filesystem", detail))));
            return Ok(Verdict::of(checks));
        }
        Err(error) => return Err(error),
    };
    checks.push(check(Stage::Account, checks::still_welcome(core, &account.user)));
    checks.push(sign_in::judge(core, &account, question).await);
    if let Some((operation, path)) = &question.file {
        checks.push(files::judge(core, &account, question.protocol, *operation, path).await);
        checks.extend(quota::judge(core, &account.user, question.protocol, *operation, path));
    }
    Ok(Verdict::of(checks))
}

type Outcome = std::result::Result<(), Denial>;

fn check(stage: Stage, outcome: Outcome) -> Check {
    let (rule, detail) = match &outcome {
        Ok(()) => ("", ""),
        Err(denial) => (denial.rule(), denial.detail()),
    };
    Check { stage, allowed: outcome.is_ok(), rule: rule.to_owned(), detail: detail.to_owned(), note: String::new() }
}

fn noted(stage: Stage, note: String) -> Check {
    Check { note, ..check(stage, Ok(())) }
}

/// What the administrator may know of bans and lists.
fn address(core: &Core, session: &AdminSession, ip: IpAddr, protocol: Protocol) -> Option<Check> {
    let outcome = core.would_admit(ip, protocol);
    if session.may(P::Any) {
        return Some(check(Stage::Address, outcome.map_err(|refused| refusal(ip, protocol, refused))));
    }
    if !session.may(P::ViewDefender) {
        return None;
    }
    // A list says the same of an address: only a ban that stands among the hosts of the defender is told.
    let is_banned = core.watched_host(ip).is_some_and(|host| host.banned_until.is_some());
    Some(match outcome {
        Err(refused @ Refused::Banned) if is_banned => check(Stage::Address, Err(refusal(ip, protocol, refused))),
        _ => noted(Stage::Address, "only bans are told here: the lists of addresses need the permission *".to_owned()),
    })
}

fn refusal(ip: IpAddr, protocol: Protocol, refused: Refused) -> Denial {
    match refused {
        Refused::Banned => Denial::new("defender", format!("{ip} is banned")),
        Refused::NotAllowed => Denial::new("ip_list", format!("{ip} is not on the allow list for {protocol}")),
        Refused::Stopping => Denial::new("stopping", "the server is about to stop"),
        Refused::TooMany | Refused::RateLimited { .. } => Denial::new("limits", format!("too many connections from {ip}")),
    }
}

/// Whether the root of a storage can be used so, looking only. A storage that hangs answers nobody either, and keeps no thread
/// from others however often it is asked about.
async fn root(core: &Core, account: &Account, index: StorageIndex, wanted: RootUse) -> std::result::Result<(), String> {
    let path = account.door.root(index);
    let told = match core.0.lookout.look(path, account.door.look_at_root(index, wanted)).await {
        Ok(Some(Ok(()))) => return Ok(()),
        Ok(Some(Err(error))) => error.to_string(),
        Ok(None) => format!("no answer within {} s", PATIENCE.as_secs()),
        Err(error) => error.to_string(),
    };
    Err(format!("{}: {told}", path.display()))
}
