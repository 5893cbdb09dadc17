//! A forgotten password: a code by mail, and a new password for the code (SEC-131…SEC-140).
//!
//! Whoever asks is not logged in. An account that does not exist answers as one that does: the mail is written and sent
//! after the answer.

use std::{collections::HashMap, net::IpAddr};

use entrepot_model::{Admin, EffectiveUser, LoginMethod, Protocol, User};
use entrepot_outbound::{Delivery, Field, Mail, MailError, MailKind};
use entrepot_secrets::{constant_time_eq, random_token, token_hash};
use entrepot_store::PasswordChange;
use parking_lot::Mutex;

use super::{
    admins,
    changes::{self, Action, Change},
    passwords, stored, users,
};
use crate::{
    Core, Error, Result,
    accounts::naming_rules,
    gates::Score,
    login::{Holder, checks},
};

/// Milliseconds for which a code is valid (SEC-135).
const VALID: i64 = 10 * 60 * 1000;
/// Milliseconds between two codes for one account (SEC-140).
const BETWEEN: i64 = 60 * 1000;
/// Codes that are remembered. Each was sent to an account that exists.
const CODES: usize = 10_000;
/// Random bytes of a code.
const CODE_BYTES: usize = 16;

/// Whose password it is: users and administrators have name spaces of their own (ACC-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetKind {
    /// A user's.
    User,
    /// An administrator's.
    Admin,
}

impl ResetKind {
    fn holder(self) -> Holder {
        match self {
            Self::User => Holder::User,
            Self::Admin => Holder::Admin,
        }
    }
}

/// Codes that were sent, one per account, as hashes.
#[derive(Default)]
pub(crate) struct ResetCodes(Mutex<HashMap<(Holder, String), Sent>>);

struct Sent {
    hash: String,
    sent_at: i64,
}

impl ResetCodes {
    /// Remembers a new code instead of an older one (SEC-140). False if the last is less than a minute old, or there is no
    /// room: then none is to be sent.
    fn put(&self, holder: Holder, name: &str, code: &str, now: i64) -> bool {
        let mut codes = self.0.lock();
        let key = (holder, name.to_owned());
        if codes.get(&key).is_some_and(|sent| (0..BETWEEN).contains(&(now - sent.sent_at))) {
            return false;
        }
        if codes.len() >= CODES && !codes.contains_key(&key) {
            codes.retain(|_, sent| sent.is_valid(now));
            if codes.len() >= CODES {
                return false;
            }
        }
        codes.insert(key, Sent { hash: token_hash(code), sent_at: now });
        true
    }

    /// Whether it is the code of this account now.
    fn is_right(&self, holder: Holder, name: &str, code: &str, now: i64) -> bool {
        let codes = self.0.lock();
        let sent = codes.get(&(holder, name.to_owned()));
        sent.is_some_and(|sent| sent.is_valid(now) && constant_time_eq(sent.hash.as_bytes(), token_hash(code).as_bytes()))
    }

    /// Uses the code up. Of two callers one gets true.
    fn take(&self, holder: Holder, name: &str, code: &str, now: i64) -> bool {
        let is_right = self.is_right(holder, name, code, now);
        is_right && self.0.lock().remove(&(holder, name.to_owned())).is_some_and(|sent| sent.hash == token_hash(code))
    }
}

impl Sent {
    fn is_valid(&self, now: i64) -> bool {
        (0..VALID).contains(&(now - self.sent_at))
    }
}

/// Sends a code to the addresses of an account (SEC-136). What nobody may learn (that there is no such account, that it is
/// disabled, that a code was just sent) ends like a success.
///
/// Cancelling: dropping the future before it ends may leave the mail unsent.
///
/// # Errors
/// `Invalid` without a mail server (SEC-131), without an address (SEC-133), or when the account may not (SEC-134).
pub async fn request(core: &Core, kind: ResetKind, username: &str, ip: IpAddr) -> Result<()> {
    let settings = core.settings();
    if !settings.smtp.is_configured() {
        return Err(Error::invalid("smtp", "no mail server is configured: an administrator has to set a new password"));
    }
    let name = naming_rules(core).apply(username);
    let Some(addresses) = addresses(core, kind, &name, ip).await? else {
        tracing::info!(username = log_name(&name), %ip, ?kind, "a password reset was asked for an account that cannot have one");
        core.score(ip, Protocol::Http, Score::UnknownUser);
        return Ok(());
    };
    if addresses.is_empty() {
        return Err(Error::invalid("email", "this account has no email address: an administrator has to set a new password"));
    }
    let code = random_token(CODE_BYTES);
    if !core.0.credentials.resets.put(kind.holder(), &name, &code, core.clock().millis()) {
        tracing::info!(username = name, %ip, ?kind, "a password reset was asked for again: no further code is sent");
        return Ok(());
    }
    tracing::info!(username = name, %ip, ?kind, "a code for a new password is sent");
    let sender = core.clone();
    core.tasks().spawn(async move { send(&sender, name, code, addresses).await });
    Ok(())
}

/// Gives the account a new password for a code that was sent to it (SEC-137, SEC-138). Tokens of the old one end.
///
/// # Errors
/// `Invalid`: `code` when it is not the account's, has expired or was used; `password` for what the rules do not take, and
/// the code can be used again then.
pub async fn complete(core: &Core, kind: ResetKind, username: &str, code: &str, new: &str, ip: IpAddr) -> Result<()> {
    let name = naming_rules(core).apply(username);
    let codes = &core.0.credentials.resets;
    let now = core.clock().millis();
    let wrong = || {
        tracing::info!(username = log_name(&name), %ip, ?kind, "a wrong code for a new password");
        core.score(ip, Protocol::Http, Score::LoginFailed);
        Error::invalid("code", "confirmation code not found")
    };
    if !codes.is_right(kind.holder(), &name, code, now) {
        return Err(wrong());
    }
    // It may have changed since the code was sent.
    if addresses(core, kind, &name, ip).await?.is_none() {
        return Err(wrong());
    }
    passwords::check_new(new)?;
    match kind {
        ResetKind::User => {
            let user = core.0.store.users().get(&name).await.map_err(stored)?.ok_or_else(wrong)?;
            let hash = passwords::of_user(core, &user, new).await?;
            if !codes.take(kind.holder(), &name, code, now) {
                return Err(wrong());
            }
            set_of_user(core, &name, hash, ip).await
        }
        ResetKind::Admin => {
            let hash = passwords::of_admin(core, new).await?;
            if !codes.take(kind.holder(), &name, code, now) {
                return Err(wrong());
            }
            set_of_admin(core, &name, hash, ip).await
        }
    }
}

/// Stores the new password of a user who set it.
async fn set_of_user(core: &Core, name: &str, hash: String, ip: IpAddr) -> Result<()> {
    let mut user = core.0.store.users().get(name).await.map_err(stored)?.ok_or(Error::NotFound)?;
    user.filters.require_password_change = false;
    let now = core.clock().millis();
    let user = core.0.store.users().update(user, PasswordChange::Set(hash), now).await.map_err(stored)?;
    user_was_changed(core, user, ip);
    Ok(())
}

/// What comes after a user's own change of the stored password.
pub(in crate::admin) fn user_was_changed(core: &Core, mut user: User, ip: IpAddr) {
    users::forget(core, &user.username);
    user.hide_confidential();
    let change = Change { action: Action::Update, kind: users::KIND, name: &user.username, role: &user.role, object: &user };
    changes::record_by(core, &changes::Executor::itself(ip), &change);
}

async fn set_of_admin(core: &Core, name: &str, hash: String, ip: IpAddr) -> Result<()> {
    let mut admin = core.0.store.admins().get(name).await.map_err(stored)?.ok_or(Error::NotFound)?;
    admin.filters.require_password_change = false;
    let now = core.clock().millis();
    let mut admin = core.0.store.admins().update(admin, PasswordChange::Set(hash), now).await.map_err(stored)?;
    core.0.credentials.forget(Holder::Admin, name);
    admin.hide_confidential();
    let change = Change { action: Action::Update, kind: admins::KIND, name, role: &admin.role, object: &admin };
    changes::record_by(core, &changes::Executor::itself(ip), &change);
    Ok(())
}

/// The addresses of an account that may have a new password; `None` if nobody may learn why not.
async fn addresses(core: &Core, kind: ResetKind, name: &str, ip: IpAddr) -> Result<Option<Vec<String>>> {
    let addresses = match kind {
        ResetKind::Admin => {
            let admin = core.0.store.admins().get(name).await.map_err(stored)?;
            let Some(admin) = admin.filter(|admin| checks::admin(admin, ip).is_ok()) else { return Ok(None) };
            may_reset_admin(&admin)?;
            vec![admin.email]
        }
        ResetKind::User => {
            let account = match core.0.accounts.load(core, name).await {
                Ok(Some(account)) => account,
                Ok(None) | Err(Error::Denied(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            let user = &account.user;
            if !user.user.is_enabled() || user.is_expired(core.clock().millis()) {
                return Ok(None);
            }
            may_reset_user(user, ip)?;
            let mut addresses = vec![user.user.email.clone()];
            addresses.extend(user.user.filters.additional_emails.iter().cloned());
            addresses
        }
    };
    Ok(Some(addresses.into_iter().filter(|address| !address.trim().is_empty()).collect()))
}

/// SEC-134.
fn may_reset_user(user: &EffectiveUser, ip: IpAddr) -> Result<()> {
    let is_denied = user.user.filters.base.has_web_client_option("password-reset-disabled")
        || user.is_protocol_denied(Protocol::Http)
        || user.is_method_denied(LoginMethod::Password)
        || user.login_allowed_ip(ip).is_err();
    if is_denied { Err(not_allowed()) } else { Ok(()) }
}

fn may_reset_admin(admin: &Admin) -> Result<()> {
    if admin.filters.disable_password_auth { Err(not_allowed()) } else { Ok(()) }
}

fn not_allowed() -> Error {
    Error::invalid("username", "you are not allowed to reset your password")
}

async fn send(core: &Core, name: String, code: String, to: Vec<String>) {
    let settings = core.settings();
    let username = name.clone();
    let deliver = move || -> std::result::Result<(), MailError> {
        let values = [("Username", Field::Text(username)), ("Code", Field::Text(code))];
        let rendered = entrepot_outbound::render(&settings, MailKind::PasswordReset, &values);
        Delivery::new(&settings.smtp, &Mail { to, subject: rendered.subject, html: rendered.html })?.send()
    };
    let sent = match core.tasks().mail().run(deliver).await {
        Ok(sent) => sent.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = sent {
        tracing::error!(username = name, error, "a mail with a code for a new password is not sent");
    }
}

/// A name that a stranger sent, short enough for the log.
fn log_name(name: &str) -> String {
    name.chars().take(255).collect()
}

#[cfg(test)]
pub(crate) mod tests;
