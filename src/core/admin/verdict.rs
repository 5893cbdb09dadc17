//! "Why was this refused?": what the server would say to a user, an operation, a path, a protocol and an address. Nothing is
//! decided here: every stage is the code that the protocols ask.

use std::net::IpAddr;

use entrepot_model::{
    AdminPermission as P, EffectiveUser, LoginMethod, Protocol, VirtualPath,
    verdict::{Check, Stage, Verdict},
};

use super::{AdminSession, users};
use crate::{
    Core, Decision, Denial, Direction, Error, Operation, Result,
    gates::Refused,
    login::{checks, outcome::Refusal, steps},
    place::Place,
    policy,
    quota::{QuotaOwner, Usage},
    transfer::{allowance_of, quota_of},
};

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
        Err(error) => return Err(error),
    };
    let user = &account.user;
    checks.push(check(Stage::Account, checks::still_welcome(core, user)));
    checks.push(sign_in(core, user, question));
    if let Some((operation, path)) = &question.file {
        checks.push(check(Stage::Files, files(user, *operation, path)));
        checks.extend(quota(core, user, *operation, path));
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

fn sign_in(core: &Core, user: &EffectiveUser, question: &Question) -> Check {
    let protocol = question.protocol;
    let sessions = core.0.registry.sessions_of(&user.user.username);
    let asked = checks::before_credentials(user, protocol, sessions)
        .and_then(|()| steps::some_way_in(user, protocol))
        .and_then(|()| checks::after_credentials(user, protocol, question.ip));
    if let Err(denial) = rule(asked, sessions) {
        return check(Stage::SignIn, Err(denial));
    }
    // Over HTTP there is a way to change it.
    if protocol == Protocol::Http {
        return check(Stage::SignIn, Ok(()));
    }
    match rule(checks::password_must_change(user, core.clock().millis()), sessions) {
        // Keys are not asked for the age of a password (ACC-103).
        Err(denial) if takes_keys(core, user, protocol) => {
            noted(Stage::SignIn, format!("with a key; a password would not do ({denial})"))
        }
        outcome => check(Stage::SignIn, outcome),
    }
}

fn rule(asked: std::result::Result<(), Refusal>, sessions: usize) -> Outcome {
    match asked {
        Err(Refusal::Rule(denial)) => Err(denial),
        Err(Refusal::TooMany) => Err(Denial::new("max_sessions", format!("{sessions} sessions are open"))),
        _ => Ok(()),
    }
}

/// Whether the account can sign in with a key, or a certificate for one.
fn takes_keys(core: &Core, user: &EffectiveUser, protocol: Protocol) -> bool {
    let settings = core.settings();
    let (authorities, program) = (&settings.sftpd.trusted_user_ca_keys, &settings.sftpd.opkssh_path);
    let has_one = !user.user.public_keys.is_empty() || !authorities.is_empty() || !program.is_empty();
    protocol == Protocol::Ssh && has_one && !user.is_method_denied(LoginMethod::PublicKey)
}

fn files(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Outcome {
    match policy::decide(user, operation, path) {
        Decision::Allow => Ok(()),
        Decision::Deny(denial) | Decision::Unsupported(denial) => Err(denial),
    }
}

/// What the quotas say that count at the path, with what running transfers have reserved; `None` for what needs none.
fn quota(core: &Core, user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Option<Check> {
    use Operation as O;
    let (direction, grows) = match operation {
        O::Upload | O::Overwrite => (Some(Direction::Upload), true),
        O::Copy => (None, true),
        O::Download | O::Hash => (Some(Direction::Download), false),
        _ => return None,
    };
    if let Some(direction) = direction
        && allowance_of(core, &user.user, direction).is_err()
    {
        let rule = match direction {
            _ if user.user.total_data_transfer > 0 => "total_data_transfer",
            Direction::Upload => "upload_data_transfer",
            Direction::Download => "download_data_transfer",
        };
        return Some(check(Stage::Quota, Err(Denial::new(rule, "all of it is used up"))));
    }
    if !grows {
        return Some(check(Stage::Quota, Ok(())));
    }
    let (owner, limits) = quota_of(core, user, &Place::of(user, path));
    let counter = core.0.ledger.ensure(&owner, Usage::default());
    // What is replaced is no new file.
    let (used, room) = counter.has_room(limits, i64::from(operation != O::Overwrite));
    let whose = match &owner {
        QuotaOwner::User(_) => String::new(),
        QuotaOwner::Folder(name) => format!(" in the folder {name}"),
    };
    let bytes = format!("{} of {} bytes are used{whose}", used.size, limits.size);
    Some(match room {
        Ok(()) => check(Stage::Quota, Ok(())),
        Err(Error::FileQuota) => {
            let detail = format!("{} of {} files are there{whose}", used.files, limits.files);
            check(Stage::Quota, Err(Denial::new("quota_files", detail)))
        }
        // Its bytes are given back (ACC-281).
        Err(_) if operation == O::Overwrite => {
            noted(Stage::Quota, format!("{bytes}: only what needs no more room than the file it replaces"))
        }
        Err(_) => check(Stage::Quota, Err(Denial::new("quota_size", bytes))),
    })
}
