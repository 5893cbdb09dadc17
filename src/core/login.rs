//! Login: from credentials to an account that may open sessions.
//!
//! Everything that can refuse a login is checked here, in one order, for every protocol. The client learns that it failed
//! and nothing else; the rule that fired stands in the log and in the log events.

pub mod api_key;
mod cache;
pub(crate) mod checks;
pub mod enforced;
pub(crate) mod outcome;
pub(crate) mod passwords;
mod prepare;
mod throttle;

use std::sync::Arc;

use entrepot_model::Protocol;

use crate::{Authenticated, Core, Error, Peer, Result, accounts::Account, policy::Denial, transfer::overlay::Overlay};
pub(crate) use cache::{CredentialCache, Holder};
use outcome::Refusal;

/// Who wants in, and from where.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The name as the client sent it.
    pub username: String,
    /// Over which protocol.
    pub protocol: Protocol,
    /// From where.
    pub peer: Peer,
}

/// What a client shows. Its `Debug` tells the method only.
#[derive(Clone, Copy)]
pub enum Credentials<'a> {
    /// A password.
    Password(&'a str),
    /// The answer to the first prompt of SSH keyboard-interactive (RFC 4256): the password.
    KeyboardInteractive(&'a str),
    /// A public key whose signature was verified.
    PublicKey {
        /// Algorithm and base64 blob, as in an authorized-keys line without comment: `ssh-ed25519 AAAA…`.
        authorized: &'a str,
        /// SHA-256 fingerprint, for logs.
        fingerprint: &'a str,
    },
}

impl Credentials<'_> {
    /// Name of the method in logs (LOG-007).
    pub fn method_name(&self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::KeyboardInteractive(_) => "keyboard-interactive",
            Self::PublicKey { .. } => "publickey",
        }
    }
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(***)", self.method_name())
    }
}

impl Core {
    /// Checks credentials and every rule that can refuse a login. A failure with a password answers only after a pause.
    ///
    /// Cancelling: dropping the future abandons the answer; a failed attempt may then go unrecorded.
    ///
    /// # Errors
    /// `Auth` for every refusal (over HTTP also `Denied` and `TooMany`, once the password was right, SEC-053); an error of
    /// the storage when the account's root cannot be used (ACC-085); `Busy` when too many passwords wait.
    pub async fn authenticate(&self, attempt: &Attempt, credentials: Credentials<'_>) -> Result<Authenticated> {
        let mut role = String::new();
        let since = self.0.registry.moment();
        match self.login(attempt, &credentials, &mut role).await {
            Ok(account) => {
                self.0.credentials.throttle.succeeded(&account.user.user.username);
                outcome::succeeded(self, attempt, &credentials, &role).await;
                let overlay = Arc::new(Overlay::default());
                Ok(Authenticated { core: self.clone(), account, peer: attempt.peer.clone(), overlay, since })
            }
            Err(refusal) => Err(outcome::refused(self, attempt, &credentials, refusal, &role).await),
        }
    }

    /// Whether a key that a client merely asks about would be looked at (RFC 4252 section 7). It counts as no attempt.
    pub async fn is_public_key_known(&self, attempt: &Attempt, authorized: &str) -> bool {
        let account = self.0.accounts.load(self, &attempt.username).await;
        let Ok(Some(account)) = account else { return false };
        account.has_public_key(authorized)
    }

    async fn login(&self, attempt: &Attempt, credentials: &Credentials<'_>, role: &mut String) -> Result<Arc<Account>, Refusal> {
        let account = match self.0.accounts.load(self, &attempt.username).await {
            Ok(account) => account,
            Err(Error::Denied(denial)) => {
                // It exists and cannot be used: that must cost what a wrong password does.
                if !matches!(credentials, Credentials::PublicKey { .. }) {
                    passwords::verify(self, None, "unusable").await.map_err(Refusal::Unavailable)?;
                }
                return Err(denial.into());
            }
            Err(error) => return Err(Refusal::Unavailable(error)),
        };
        if let Some(account) = &account {
            role.clone_from(&account.user.user.role);
        }
        let account = self.check_credentials(attempt, credentials, account).await?;
        let now = self.clock().millis();
        checks::account(self, &account.user, now)?;
        let sessions = self.0.registry.sessions_of(&account.user.user.username);
        checks::login(&account.user, attempt, credentials, sessions, now)?;
        prepare::storage(self, &account).await.map_err(Refusal::Storage)?;
        if account.note_login(now) {
            let noted = self.0.store.users().set_last_login(&account.user.user.username, now).await;
            noted.map_err(|error| Refusal::Unavailable(Error::internal("noting a login", error)))?;
        }
        Ok(account)
    }

    async fn check_credentials(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        match credentials {
            Credentials::PublicKey { authorized, .. } => {
                let account = account.ok_or(Refusal::UnknownUser)?;
                let is_known = account.has_public_key(authorized);
                is_known.then_some(account).ok_or(Refusal::Credentials("the public key is not one of the account's"))
            }
            Credentials::Password(plain) | Credentials::KeyboardInteractive(plain) => {
                self.check_password(attempt, plain, account).await
            }
        }
    }

    async fn check_password(
        &self,
        attempt: &Attempt,
        plain: &str,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        let is_anonymous = account.as_ref().is_some_and(|account| account.user.user.filters.base.is_anonymous);
        if is_anonymous && matches!(attempt.protocol, Protocol::Ftp | Protocol::Dav) {
            // ACC-300: any password, or none.
            return account.ok_or(Refusal::UnknownUser);
        }
        if plain.is_empty() {
            // SEC-046
            return Err(Refusal::Credentials("the password is empty"));
        }
        let Some(account) = account else {
            passwords::verify(self, None, plain).await.map_err(Refusal::Unavailable)?;
            return Err(Refusal::UnknownUser);
        };
        let name = &account.user.user.username;
        let settings = self.settings();
        let now = self.clock().millis();
        let hash = account.password_hash();
        if let Some(hash) = hash.filter(|_| settings.data_provider.password_caching)
            && self.0.credentials.is_verified(Holder::User, name, hash, plain, now)
        {
            return Ok(account);
        }
        if !passwords::verify(self, hash, plain).await.map_err(Refusal::Unavailable)? {
            return Err(Refusal::Credentials("wrong password"));
        }
        if let Some(hash) = hash {
            self.0.credentials.remember(Holder::User, name, hash, plain, now);
            self.renew_hash(name, hash, plain).await;
        }
        Ok(account)
    }

    /// Stores the password in the preferred format, if it is in another (SEC-041). A failure is no reason to refuse a login.
    async fn renew_hash(&self, username: &str, old: &str, plain: &str) {
        if !entrepot_secrets::password::needs_rehash(old, &passwords::parameters(self)) {
            return;
        }
        let Ok(new) = passwords::hash(self, plain).await else { return };
        match self.0.store.users().replace_password_hash(username, old.to_owned(), new).await {
            Ok(_) => self.0.accounts.invalidate(username),
            Err(error) => tracing::warn!(username, %error, "a password hash could not be renewed"),
        }
    }
}

/// A refusal by the named rule.
pub(crate) fn refuse<T>(rule: &'static str, detail: impl Into<String>) -> std::result::Result<T, Refusal> {
    Err(Refusal::Rule(Denial::new(rule, detail)))
}

#[cfg(test)]
pub(crate) mod tests;
