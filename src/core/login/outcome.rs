//! How a login ends: what is recorded, what is logged, and the little that the client is told.

use std::time::Duration;

use entrepot_model::{LoginMethod, Protocol, User};

use super::{Attempt, Credentials, Factor};
use crate::{
    Core, Error,
    accounts::{comment, naming_rules},
    audit::LoginOutcome,
    gates::Score,
    policy::Denial,
};

/// Types of log events (SEC-189).
pub(crate) const EVENT_FAILED: i64 = 1;
pub(crate) const EVENT_UNKNOWN_USER: i64 = 2;
pub(crate) const EVENT_OK: i64 = 5;

/// Longest name that is recorded: what an unknown client sends is not trusted to be short.
const RECORDED_NAME: usize = 255;

/// Rules that a REST client is told about, once its password was right (SEC-053).
const TOLD_OVER_HTTP: &[&str] = &["denied_protocols", "ip_filters", "denied_login_methods", "not_enforced"];

/// Why a login was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody has that name.
    UnknownUser,
    /// The password, key or name does not fit.
    Credentials(&'static str),
    /// A rule of the account.
    Rule(Denial),
    /// Too many sessions are open.
    TooMany,
    /// The root storage of the account cannot be used (ACC-085).
    Storage(Error),
    /// Ours: overloaded, or a fault. It says nothing about the credentials.
    Unavailable(Error),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Rule(denial)
    }
}

impl Refusal {
    /// For the log and for administrators.
    fn reason(&self) -> String {
        match self {
            Self::UnknownUser => "unknown user".to_owned(),
            Self::Credentials(reason) => (*reason).to_owned(),
            Self::Rule(denial) => denial.to_string(),
            Self::TooMany => "max_sessions: too many sessions are open".to_owned(),
            Self::Storage(error) => format!("root storage: {error}"),
            Self::Unavailable(error) => error.to_string(),
        }
    }

    /// What the defender is told (DEF-013).
    fn score(&self) -> Option<Score> {
        match self {
            Self::UnknownUser => Some(Score::UnknownUser),
            Self::Credentials(_) | Self::Rule(_) | Self::TooMany => Some(Score::LoginFailed),
            Self::Storage(_) | Self::Unavailable(_) => None,
        }
    }

    /// For the client (ACC-077): over SSH, FTP and DAV every refusal looks the same.
    fn public(self, protocol: Protocol) -> Error {
        match self {
            // Its kind would be taken for that of what was asked for.
            Self::Storage(_) if protocol == Protocol::Http => Error::Homeless,
            Self::Storage(error) | Self::Unavailable(error) => error,
            Self::Rule(denial) if protocol == Protocol::Http && TOLD_OVER_HTTP.contains(&denial.rule()) => Error::Denied(denial),
            Self::TooMany if protocol == Protocol::Http => Error::TooMany,
            Self::UnknownUser | Self::Credentials(_) | Self::Rule(_) | Self::TooMany => Error::Auth,
        }
    }
}

/// Records a success (LOG-008).
pub(super) async fn succeeded(core: &Core, attempt: &Attempt, credentials: &Credentials<'_>, method: LoginMethod, user: &User) {
    let ip = attempt.peer.remote.ip().to_canonical();
    let peer = &attempt.peer;
    let proof = match credentials {
        // SSH-011
        Credentials::PublicKey { authorized, fingerprint } => {
            format!("{fingerprint} {}", comment(&user.public_keys, authorized)).trim_end().to_owned()
        }
        Credentials::Certificate { description } => (*description).to_owned(),
        Credentials::Password(_) | Credentials::PasswordAndCode { .. } | Credentials::KeyboardInteractive { .. } => String::new(),
    };
    // TLS-005, SSH-030
    let info = [proof.as_str(), &peer.encryption].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" - ");
    let encrypted = attempt.protocol == Protocol::Ssh || !peer.encryption.is_empty();
    let connection_id = Some(peer.connection_id.as_str()).filter(|id| !id.is_empty());
    // SSH-007: what two steps are called stands in the records; a single one as the client calls it.
    let method = if method.is_multi_step() { method.as_str() } else { credentials.method_name() };
    tracing::info!(
        sender = "login", %ip, username = attempt.username, method, protocol = %attempt.protocol, connection_id,
        client = peer.client_version, encrypted, info, "login"
    );
    core.0.metrics.login(method, true, Some(&naming_rules(core).apply(&attempt.username)), core.clock().millis());
    core.0.audit.login(&LoginOutcome {
        username: &attempt.username,
        protocol: attempt.protocol.as_str(),
        ip,
        event: EVENT_OK,
        message: method.to_owned(),
        role: &user.role,
    });
    core.0.gates.note(attempt.peer.remote, |tries| (tries.any, tries.logged_in) = (true, true));
    core.note_name(ip, &naming_rules(core).apply(&attempt.username), true);
    pause(success_delay(core)).await;
}

/// Milliseconds before a success is confirmed (DEF-007).
pub(crate) fn success_delay(core: &Core) -> i64 {
    let settings = core.settings();
    let defender = &settings.common.defender;
    if defender.enabled { i64::from(defender.login_delay.success) } else { 0 }
}

/// Milliseconds before a failure is answered (DEF-007, SEC-178).
pub(crate) fn failure_delay(core: &Core) -> i64 {
    let settings = core.settings();
    let defender = &settings.common.defender;
    if defender.enabled { i64::from(defender.login_delay.password_failed) } else { 0 }
}

/// Tells the defender. Clients try several keys: a refused one counts once, when the connection ends without a login
/// (SSH-013).
fn score(core: &Core, attempt: &Attempt, credentials: &Credentials<'_>, score: Score, name: &str) {
    let ip = attempt.peer.remote.ip();
    let is_key = credentials.factor() == Factor::Key;
    // The name first: it may tell that several stand behind the address.
    core.note_name(ip, name, false);
    core.0.gates.note(attempt.peer.remote, |tries| {
        tries.any = true;
        if is_key {
            tries.refused_key = Some(score);
        }
    });
    if !is_key {
        core.score(ip, attempt.protocol, score);
    }
}

/// Records a refusal (LOG-007), waits as long as it should cost, and answers what the client may know.
pub(super) async fn refused(
    core: &Core,
    attempt: &Attempt,
    credentials: &Credentials<'_>,
    refusal: Refusal,
    role: &str,
) -> Error {
    let ip = attempt.peer.remote.ip().to_canonical();
    let username: String = attempt.username.chars().take(RECORDED_NAME).collect();
    let reason = refusal.reason();
    let login_type = credentials.method_name();
    tracing::debug!(
        sender = "connection_failed", client_ip = %ip, username, login_type, protocol = %attempt.protocol, error = reason,
        "login failed"
    );
    if let Refusal::Rule(denial) = &refusal {
        // An administrator looks for this line when somebody with the right password cannot get in.
        tracing::info!(username, %ip, protocol = %attempt.protocol, rule = denial.rule(), detail = denial.detail(), "login denied");
    }
    // By the name that is looked up: blanks and case must not make a fresh one.
    let name = naming_rules(core).apply(&username);
    let account = (!matches!(refusal, Refusal::UnknownUser | Refusal::Unavailable(_))).then_some(name.as_str());
    core.0.metrics.login(login_type, false, account, core.clock().millis());
    if let Some(what) = refusal.score() {
        score(core, attempt, credentials, what, &name);
    } else {
        core.0.gates.note(attempt.peer.remote, |tries| tries.any = true);
    }
    if matches!(refusal, Refusal::Unavailable(_)) {
        return refusal.public(attempt.protocol);
    }
    core.0.audit.login(&LoginOutcome {
        username: &username,
        protocol: attempt.protocol.as_str(),
        ip,
        event: if matches!(refusal, Refusal::UnknownUser) { EVENT_UNKNOWN_USER } else { EVENT_FAILED },
        message: format!("{login_type}: {reason}"),
        role,
    });
    // Clients try several keys; only passwords are slowed down (SSH-013).
    if credentials.factor() != Factor::Key {
        pause(core.0.credentials.throttle.failed(&name, failure_delay(core))).await;
    }
    refusal.public(attempt.protocol)
}

/// Waits for some milliseconds.
pub(crate) async fn pause(millis: i64) {
    if let Ok(millis) = u64::try_from(millis)
        && millis > 0
    {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-077, ACC-101, DEF-013
    #[test]
    fn methods_that_are_denied_fail_and_score_as_wrong_passwords_do() {
        let denied = || Refusal::Rule(Denial::new("denied_login_methods", "password is denied"));
        let wrong = || Refusal::Credentials("wrong password");
        for protocol in [Protocol::Ssh, Protocol::Ftp, Protocol::Dav] {
            assert_eq!(denied().public(protocol), wrong().public(protocol));
        }
        assert!(matches!((denied().score(), wrong().score()), (Some(Score::LoginFailed), Some(Score::LoginFailed))));
    }

    // ACC-085
    #[test]
    fn roots_that_cannot_be_used_are_one_thing_over_http_and_score_nothing() {
        for error in [Error::NotFound, Error::NotDirectory, Error::StorageDenied, Error::Unsupported] {
            assert_eq!(Refusal::Storage(error.clone()).public(Protocol::Http), Error::Homeless);
            assert_eq!(Refusal::Storage(error.clone()).public(Protocol::Ssh), error);
            assert!(Refusal::Storage(error).score().is_none());
        }
    }
}
