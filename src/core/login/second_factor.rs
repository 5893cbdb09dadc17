//! The second factor of a login: codes of authenticator programs (SEC-098…SEC-125).
//!
//! Six digits are few: somebody who knows the password could try them all. So a code works once, and an account whose
//! wrong codes add up is asked to wait, wherever they come from.

use std::collections::HashMap;

use entrepot_model::{EffectiveUser, Protocol, TotpConfig};
use entrepot_secrets::{KeyedHash, TotpDigest, TotpSecret};
use parking_lot::Mutex;

use super::{Attempt, Credentials, Holder, outcome::Refusal, refuse};
use crate::{Core, accounts::Account, admin::sealing};

/// Milliseconds for which a used code is remembered (SEC-100); none is valid for longer than 90 seconds.
const REMEMBERED: i64 = 2 * 60 * 1000;
/// Wrong codes of one account that are looked at in a minute. One in 300,000 is right by chance.
const TRIES: u32 = 5;
const MINUTE: i64 = 60 * 1000;
/// Accounts that are remembered. Only who knew a password gets here.
const ACCOUNTS: usize = 10_000;
/// Digits of a code.
const DIGITS: usize = 6;

/// What a code is shown for: one that was tried out at the enrolment still logs in (SEC-103).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Login,
    Trial,
}

/// Whose code it is.
type Key = (Holder, Purpose, String);

/// Codes that were used, and tries that failed, of the last two minutes.
#[derive(Default)]
pub(crate) struct UsedCodes {
    key: KeyedHash,
    accounts: Mutex<HashMap<Key, Tries>>,
}

#[derive(Default)]
struct Tries {
    /// A keyed hash of the code, and when it was used.
    used: Vec<([u8; 32], i64)>,
    /// The minute of the failures, and how many it has seen.
    failed: (i64, u32),
    touched: i64,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeOutcome {
    Accepted,
    Wrong,
    /// It was right, and it was used before.
    Used,
    /// Too many wrong codes in this minute: it was not looked at.
    TooMany,
}

impl UsedCodes {
    /// Looks at a code, of which `is_right` says whether it fits, and uses it up. `now` is in milliseconds.
    pub(crate) fn take(&self, holder: Holder, purpose: Purpose, name: &str, code: &str, is_right: bool, now: i64) -> CodeOutcome {
        let mut accounts = self.accounts.lock();
        let key = (holder, purpose, name.to_owned());
        if accounts.len() >= ACCOUNTS && !accounts.contains_key(&key) {
            accounts.retain(|_, tries| (0..REMEMBERED).contains(&(now - tries.touched)));
            if accounts.len() >= ACCOUNTS {
                // Nobody knows so many passwords; who does is not helped by forgetting codes that were used.
                return CodeOutcome::TooMany;
            }
        }
        let tries = accounts.entry(key).or_default();
        tries.touched = now;
        if tries.failed.0 != now / MINUTE {
            tries.failed = (now / MINUTE, 0);
        }
        if tries.failed.1 >= TRIES {
            return CodeOutcome::TooMany;
        }
        tries.used.retain(|(_, at)| (0..REMEMBERED).contains(&(now - at)));
        let tag = self.key.digest(&[code.as_bytes()]);
        if !is_right || tries.used.iter().any(|(used, _)| *used == tag) {
            tries.failed.1 += 1;
            return if is_right { CodeOutcome::Used } else { CodeOutcome::Wrong };
        }
        tries.used.push((tag, now));
        CodeOutcome::Accepted
    }
}

impl CodeOutcome {
    /// For the log; `None` when the code was accepted.
    pub(crate) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Accepted => None,
            Self::Wrong => Some("wrong authentication code"),
            Self::Used => Some("the authentication code was used before"),
            Self::TooMany => Some("too many wrong authentication codes in a minute"),
        }
    }
}

/// Checks a code against the configuration of an account, and uses it up.
pub(crate) fn check(core: &Core, holder: Holder, name: &str, config: &TotpConfig, code: &str) -> CodeOutcome {
    let now = core.clock().millis();
    let is_right = match secret_of(core, config) {
        Some((secret, digest)) => secret.accepts(digest, code, u64::try_from(core.clock().seconds()).unwrap_or_default()),
        None => {
            // SEC-031, SEC-246: the account cannot log in with it; whoever runs the server finds out here why.
            tracing::warn!(username = name, config_name = config.config_name, "a second factor cannot be verified");
            false
        }
    };
    core.0.credentials.codes.take(holder, Purpose::Login, name, code, is_right, now)
}

/// The secret and the digest; `None` if the secret does not open or its configuration is gone from the settings.
fn secret_of(core: &Core, config: &TotpConfig) -> Option<(TotpSecret, TotpDigest)> {
    let digest = digest_of(core, &config.config_name)?;
    let opened = sealing::open(&core.0.sealer, &config.secret)
        .inspect_err(|error| tracing::warn!(%error, "the secret of a second factor does not open"))
        .ok()?;
    let secret = TotpSecret::parse(std::str::from_utf8(&opened).ok()?).ok()?;
    Some((secret, digest))
}

/// The digest of a configuration of the settings (SEC-098).
pub(crate) fn digest_of(core: &Core, config_name: &str) -> Option<TotpDigest> {
    let settings = core.settings();
    let config = settings.mfa.totp.iter().find(|config| config.name == config_name)?;
    TotpDigest::from_name(&config.algo)
}

/// Whether the account has a second factor for the protocol (SEC-104).
pub(crate) fn is_active(user: &EffectiveUser, protocol: Protocol) -> bool {
    let config = &user.user.filters.totp_config;
    config.enabled && config.protocols.iter().any(|name| name == protocol.as_str())
}

/// Password and code of an FTP login: the last six characters are the code (SEC-122). `None` if there is no room for both.
pub fn split_password(password: &str) -> Option<(&str, &str)> {
    let (at, _) = password.char_indices().nth_back(DIGITS - 1)?;
    (at > 0).then(|| password.split_at(at))
}

/// The part of what was sent as a password that is one.
pub(super) fn password_of<'a>(attempt: &Attempt, sent: &'a str, account: Option<&Account>) -> &'a str {
    if attempt.protocol == Protocol::Ftp && account.is_some_and(|account| is_active(&account.user, Protocol::Ftp)) {
        return split_password(sent).map_or("", |(password, _)| password);
    }
    sent
}

/// Whether these credentials over that protocol come with a code, if the account has a second factor for it. Over SSH only
/// keyboard-interactive does (SEC-118…SEC-120), over WebDAV nothing (SEC-123).
pub(super) fn asks(protocol: Protocol, credentials: &Credentials<'_>) -> bool {
    match protocol {
        Protocol::Ssh => matches!(credentials, Credentials::KeyboardInteractive { .. }),
        Protocol::Ftp | Protocol::Http => !matches!(credentials, Credentials::PublicKey { .. } | Credentials::Certificate { .. }),
        Protocol::Dav => false,
    }
}

/// The code of a login whose password was right. It is not asked for twice: what came is used up.
pub(super) fn verify(core: &Core, account: &Account, attempt: &Attempt, credentials: &Credentials<'_>) -> Result<(), Refusal> {
    let user = &account.user;
    if !is_active(user, attempt.protocol) {
        return Ok(());
    }
    if !asks(attempt.protocol, credentials) {
        // SEC-119
        let is_refused = attempt.protocol == Protocol::Ssh && core.settings().ssh.refuse_password_with_second_factor;
        return match credentials {
            Credentials::Password(_) if is_refused => refuse(
                "refuse_password_with_second_factor",
                "the second factor of the account is asked for by keyboard-interactive only",
            ),
            _ => Ok(()),
        };
    }
    let code = match credentials {
        Credentials::KeyboardInteractive { passcode: Some(code), .. } | Credentials::PasswordAndCode { code, .. } => code,
        Credentials::Password(password) if attempt.protocol == Protocol::Ftp => {
            split_password(password).map(|(_, code)| code).unwrap_or_default()
        }
        Credentials::Password(_)
        | Credentials::KeyboardInteractive { .. }
        | Credentials::PublicKey { .. }
        | Credentials::Certificate { .. } => {
            return Err(Refusal::Credentials("an authentication code is needed"));
        }
    };
    match check(core, Holder::User, &user.user.username, &user.user.filters.totp_config, code).refusal() {
        None => Ok(()),
        Some(reason) => Err(Refusal::Credentials(reason)),
    }
}

#[cfg(test)]
mod tests;
