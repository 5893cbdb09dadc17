//! "Why was this refused?": what the server would say to a user, an operation, a path, a protocol and an address. Nothing is
//! decided here: every stage is the code that the protocols ask.

use std::net::IpAddr;

use entrepot_model::{
    AdminPermission as P, EffectiveUser, Protocol, User, VirtualPath,
    verdict::{Check, Stage, Verdict},
};

use super::{AdminSession, users};
use crate::{
    Core, Decision, Denial, Error, Operation, Result,
    gates::Refused,
    login::{checks, outcome::Refusal},
    policy,
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

/// What the server would say now. Nothing is changed, counted or recorded by asking.
///
/// # Errors
/// `Denied` without `view_users`; `NotFound`, also for users of another role.
pub async fn judge(core: &Core, session: &AdminSession, question: &Question) -> Result<Verdict> {
    session.require(P::ViewUsers)?;
    let stored = users::get(core, session, &question.username, false).await?;
    let mut checks = Vec::new();
    if let Some(ip) = question.ip {
        checks.push(check(Stage::Address, address(core, ip, question.protocol)));
    }
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
    checks.push(check(Stage::SignIn, sign_in(core, user, question)));
    if let Some((operation, path)) = &question.file {
        checks.push(check(Stage::Files, files(user, *operation, path)));
        if grows(*operation) {
            checks.push(check(Stage::Quota, quota(&stored, path)));
        }
    }
    Ok(Verdict::of(checks))
}

fn check(stage: Stage, outcome: std::result::Result<(), Denial>) -> Check {
    match outcome {
        Ok(()) => Check { stage, allowed: true, rule: String::new(), detail: String::new() },
        Err(denial) => Check { stage, allowed: false, rule: denial.rule().to_owned(), detail: denial.detail().to_owned() },
    }
}

fn address(core: &Core, ip: IpAddr, protocol: Protocol) -> std::result::Result<(), Denial> {
    core.would_admit(ip, protocol).map_err(|refused| match refused {
        Refused::Banned => Denial::new("defender", format!("{ip} is banned")),
        Refused::NotAllowed => Denial::new("ip_list", format!("{ip} is not on the allow list for {protocol}")),
        Refused::Stopping => Denial::new("stopping", "the server is about to stop"),
        Refused::TooMany | Refused::RateLimited { .. } => Denial::new("limits", format!("too many connections from {ip}")),
    })
}

fn sign_in(core: &Core, user: &EffectiveUser, question: &Question) -> std::result::Result<(), Denial> {
    let sessions = core.0.registry.sessions_of(&user.user.username);
    let outcome = checks::before_credentials(user, question.protocol, sessions)
        .and_then(|()| checks::after_credentials(user, question.protocol, question.ip))
        .and_then(|()| match question.protocol {
            Protocol::Http => Ok(()),
            _ => checks::password_must_change(user, core.clock().millis()),
        });
    match outcome {
        Err(Refusal::Rule(denial)) => Err(denial),
        Err(Refusal::TooMany) => Err(Denial::new("max_sessions", format!("{sessions} sessions are open"))),
        _ => Ok(()),
    }
}

fn files(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> std::result::Result<(), Denial> {
    match policy::decide(user, operation, path) {
        Decision::Allow => Ok(()),
        Decision::Deny(denial) | Decision::Unsupported(denial) => Err(denial),
    }
}

/// It needs space.
fn grows(operation: Operation) -> bool {
    matches!(operation, Operation::Upload | Operation::Overwrite | Operation::Copy)
}

/// The quota that counts at the path, as it was counted last.
fn quota(user: &User, path: &VirtualPath) -> std::result::Result<(), Denial> {
    let mount = user.virtual_folders.iter().find(|mount| {
        let at = VirtualPath::parse(mount.virtual_path.as_bytes());
        mount.quota_size >= 0 && mount.quota_files >= 0 && at.is_ok_and(|at| path.starts_with(&at))
    });
    let (size, files, used_size, used_files) = match mount {
        Some(mount) => (mount.quota_size, mount.quota_files, mount.folder.used_quota_size, mount.folder.used_quota_files),
        None => (user.quota_size, user.quota_files, user.used_quota_size, user.used_quota_files),
    };
    if size > 0 && used_size >= size {
        return Err(Denial::new("quota_size", format!("{used_size} of {size} bytes are used")));
    }
    if files > 0 && used_files >= files {
        return Err(Denial::new("quota_files", format!("{used_files} of {files} files are there")));
    }
    Ok(())
}
