//! API keys in place of a login: `id.secret`, or `id.secret.username` for a key that is bound to nobody (SEC-078).

use std::{net::IpAddr, sync::Arc};

use entrepot_model::{ApiKey, ApiKeyScope, Protocol};
use entrepot_store::StoreError;

use super::{
    Holder, checks,
    outcome::{self, EVENT_FAILED, EVENT_OK, EVENT_UNKNOWN_USER, Refusal},
    passwords, prepare,
};
use crate::{
    Authenticated, Core, Error, Peer,
    accounts::naming_rules,
    admin::AdminSession,
    audit::LoginOutcome,
    caller::{Shown, UserCaller},
    gates::Score,
    policy::Denial,
    tokens::Duties,
    transfer::overlay::Overlay,
};

/// The last use of a key is stored at most that often, in milliseconds (SEC-088).
const USE_INTERVAL: i64 = 10 * 60 * 1000;

/// Why a key is not taken (SEC-082). What exactly is wrong with the account stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No dot in it, or nobody knows its id: 400.
    #[error("the provided api key is not valid")]
    Malformed,
    /// It is for users where administrators are asked for, or the other way round: 403.
    #[error("the provided api key is invalid for this request")]
    Scope,
    /// A wrong secret, an expired key, or an account that does not take it: 401.
    #[error("the provided api key cannot be authenticated")]
    Rejected,
    /// The account may not use the REST API (ACC-317): 403.
    #[error("the REST API is disabled for this account")]
    RestDisabled,
    /// Ours: overloaded, a fault, or a storage that cannot be used. It says nothing about the key.
    #[error("{0}")]
    Unavailable(Error),
}

/// A key as it was shown. The username may hold dots.
struct ShownKey<'a> {
    id: &'a str,
    secret: &'a str,
    username: &'a str,
}

impl<'a> ShownKey<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (id, rest) = text.trim().split_once('.')?;
        let (secret, username) = rest.split_once('.').unwrap_or((rest, ""));
        (!id.is_empty() && !secret.is_empty()).then_some(Self { id, secret, username })
    }
}

/// How far a key came, for the records.
#[derive(Default)]
struct Trace {
    id: String,
    account: String,
    role: String,
}

enum Failure {
    Key(KeyError, &'static str),
    Account(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Account(refusal)
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Account(denial.into())
    }
}

fn unavailable(context: &'static str) -> impl Fn(StoreError) -> Failure {
    move |error| Failure::Account(Refusal::Unavailable(Error::internal(context, error)))
}

impl Core {
    /// The administrator that an API key stands for.
    ///
    /// # Errors
    /// See [`KeyError`]; a failure answers only after a pause (SEC-096).
    pub async fn admin_by_key(&self, shown: &str, ip: IpAddr) -> Result<AdminSession, KeyError> {
        let mut trace = Trace::default();
        match self.admin_of_key(shown, ip, &mut trace).await {
            Ok(session) => Ok(session),
            Err(failure) => Err(self.key_refused(ip, failure, &trace).await),
        }
    }

    /// The user that an API key stands for.
    ///
    /// # Errors
    /// See [`KeyError`]; a failure answers only after a pause (SEC-096).
    pub async fn user_by_key(&self, shown: &str, peer: Peer) -> Result<UserCaller, KeyError> {
        let (mut trace, ip) = (Trace::default(), peer.remote.ip());
        match self.user_of_key(shown, peer, &mut trace).await {
            Ok(caller) => Ok(caller),
            Err(failure) => Err(self.key_refused(ip, failure, &trace).await),
        }
    }

    async fn admin_of_key(&self, shown: &str, ip: IpAddr, trace: &mut Trace) -> Result<AdminSession, Failure> {
        let key = self.check_key(shown, ApiKeyScope::Admin, trace).await?;
        let found = self.0.administrators.load(self, &trace.account).await;
        let found = found.map_err(unavailable("reading an administrator"))?.ok_or(Refusal::UnknownUser)?;
        let admin = &found.admin;
        trace.role.clone_from(&admin.role);
        if !admin.filters.allow_api_key_auth {
            return Err(Denial::new("allow_api_key_auth", "API keys may not stand for this administrator").into());
        }
        checks::admin(admin, ip)?;
        if self.note_use(&key, ip, trace).await {
            let noted = self.0.store.admins().set_last_login(&admin.username, self.clock().millis()).await;
            noted.map_err(unavailable("noting a login"))?;
        }
        let hash = found.password_hash().map(ToOwned::to_owned);
        Ok(AdminSession::new(admin.clone(), hash, ip).under(&self.settings()).with_key(key.id))
    }

    async fn user_of_key(&self, shown: &str, peer: Peer, trace: &mut Trace) -> Result<UserCaller, Failure> {
        let since = self.0.registry.moment();
        let key = self.check_key(shown, ApiKeyScope::User, trace).await?;
        let account = self.0.accounts.load(self, &trace.account).await.map_err(|error| match error {
            Error::Denied(denial) => denial.into(),
            other => Refusal::Unavailable(other),
        })?;
        let account = account.ok_or(Refusal::UnknownUser)?;
        let user = &account.user;
        trace.role.clone_from(&user.user.role);
        let (ip, now) = (peer.remote.ip(), self.clock().millis());
        checks::key(self, user, ip, now)?;
        if checks::may_use_rest(user).is_err() {
            return Err(Failure::Key(KeyError::RestDisabled, "rest-api-disabled"));
        }
        prepare::storage(self, &account).await.map_err(Refusal::Storage)?;
        if account.note_login(now) {
            let noted = self.0.store.users().set_last_login(&user.user.username, now).await;
            noted.map_err(unavailable("noting a login"))?;
        }
        self.note_use(&key, ip, trace).await;
        let login = Authenticated { core: self.clone(), account, peer, overlay: Arc::new(Overlay::off()), since };
        Ok(UserCaller::new(login, Shown::Key(key.id), Duties::default()))
    }

    /// The stored key, if scope, time and secret fit; the account it stands for is in `trace` then (SEC-080, SEC-081).
    async fn check_key(&self, shown: &str, scope: ApiKeyScope, trace: &mut Trace) -> Result<ApiKey, Failure> {
        let Some(shown) = ShownKey::parse(shown) else {
            return Err(Failure::Key(KeyError::Malformed, "malformed API key"));
        };
        let found = self.0.store.api_keys().get(shown.id).await.map_err(unavailable("reading an API key"))?;
        let Some(key) = found else { return Err(Failure::Key(KeyError::Malformed, "unknown API key")) };
        trace.id.clone_from(&key.id);
        trace.account = key.account().map_or_else(|| naming_rules(self).apply(shown.username), str::to_owned);
        if key.scope() != Some(scope) {
            return Err(Failure::Key(KeyError::Scope, "API key of the other scope"));
        }
        if key.is_expired(self.clock().millis()) {
            return Err(Failure::Key(KeyError::Rejected, "expired API key"));
        }
        if !self.is_secret(&key, shown.secret).await? {
            return Err(Failure::Key(KeyError::Rejected, "wrong API key"));
        }
        if trace.account.is_empty() {
            return Err(Failure::Key(KeyError::Rejected, "the API key is bound to nobody and names nobody"));
        }
        Ok(key)
    }

    async fn is_secret(&self, key: &ApiKey, secret: &str) -> Result<bool, Failure> {
        let Some(hash) = key.key.as_deref() else { return Ok(false) };
        let now = self.clock().millis();
        let caches = self.settings().data_provider.password_caching;
        if caches && self.0.credentials.is_verified(Holder::ApiKey, &key.id, hash, secret, now) {
            return Ok(true);
        }
        let fits = passwords::verify(self, Some(hash), secret).await.map_err(Refusal::Unavailable)?;
        if fits {
            self.0.credentials.remember(Holder::ApiKey, &key.id, hash, secret, now);
        }
        Ok(fits)
    }

    /// Stores and records a use, at most every ten minutes; answers whether it did. A failure is no reason to refuse.
    async fn note_use(&self, key: &ApiKey, ip: IpAddr, trace: &Trace) -> bool {
        self.0.credentials.throttle.succeeded(&throttle_key(&trace.id, ip));
        let now = self.clock().millis();
        if (0..USE_INTERVAL).contains(&(now - key.last_use_at)) {
            return false;
        }
        if let Err(error) = self.0.store.api_keys().set_last_use(&key.id, now).await {
            tracing::warn!(key = key.id, %error, "the use of an API key cannot be noted");
            return false;
        }
        let (key, username) = (key.id.as_str(), trace.account.as_str());
        tracing::info!(sender = "login", %ip, username, method = "api_key", protocol = "HTTP", key, "login");
        self.record_key(ip, EVENT_OK, format!("API key {key}"), trace);
        true
    }

    async fn key_refused(&self, ip: IpAddr, failure: Failure, trace: &Trace) -> KeyError {
        let (event, reason, error) = match failure {
            Failure::Account(Refusal::Unavailable(error)) => return KeyError::Unavailable(error),
            Failure::Account(Refusal::Storage(_)) => return KeyError::Unavailable(Error::Homeless),
            Failure::Key(error, reason) => (EVENT_FAILED, reason.to_owned(), error),
            Failure::Account(Refusal::UnknownUser) => (EVENT_UNKNOWN_USER, "unknown account".to_owned(), KeyError::Rejected),
            Failure::Account(Refusal::Rule(denial)) => (EVENT_FAILED, denial.to_string(), KeyError::Rejected),
            Failure::Account(Refusal::Credentials(reason)) => (EVENT_FAILED, reason.to_owned(), KeyError::Rejected),
            Failure::Account(Refusal::TooMany) => (EVENT_FAILED, "too many sessions".to_owned(), KeyError::Rejected),
        };
        let (key, username) = (trace.id.as_str(), trace.account.as_str());
        tracing::info!(
            sender = "connection_failed", client_ip = %ip, username, login_type = "api_key", protocol = "HTTP", key,
            error = reason, "login failed"
        );
        // A key of the other scope was not tried: it is a mistake, no guess.
        if error != KeyError::Scope {
            self.record_key(ip, event, format!("API key {key}: {reason}"), trace);
            // SEC-183: an id that nobody has is as an unknown user.
            let is_unknown = error == KeyError::Malformed || event == EVENT_UNKNOWN_USER;
            let score = if is_unknown { Score::UnknownUser } else { Score::LoginFailed };
            self.note_name(ip, &format!("api_key/{}", trace.id), false);
            self.score(ip, Protocol::Http, score);
            let base = outcome::failure_delay(self);
            outcome::pause(self.0.credentials.throttle.failed(&throttle_key(&trace.id, ip), base)).await;
        }
        error
    }

    fn record_key(&self, ip: IpAddr, event: i64, message: String, trace: &Trace) {
        let username: String = trace.account.chars().take(255).collect();
        let protocol = Protocol::Http.as_str();
        self.0.audit.login(&LoginOutcome { username: &username, protocol, ip, event, message, role: &trace.role });
    }
}

/// Guesses at one key slow it down, guesses at ids the address that they come from.
fn throttle_key(id: &str, ip: IpAddr) -> String {
    if id.is_empty() { format!("api_key/{ip}") } else { format!("api_key/{id}") }
}

#[cfg(test)]
mod tests;
