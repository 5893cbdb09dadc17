//! Login: from credentials to an account that may open sessions.
//!
//! Everything that can refuse a login is checked here, in one order, for every protocol. The client learns that it failed
//! and nothing else; the rule that fired stands in the log and in the log events.

pub mod api_key;
mod cache;
pub(crate) mod checks;
pub mod enforced;
pub(crate) mod outcome;
mod pages;
pub(crate) mod passwords;
pub(crate) mod prepare;
pub(crate) mod second_factor;
pub(crate) mod steps;
mod throttle;

use std::sync::Arc;

use entrepot_model::Protocol;

use crate::{
    Authenticated, Core, Error, Peer, Result, accounts::Account, gates::Score, policy::Denial, transfer::overlay::Overlay,
};
pub(crate) use cache::{CredentialCache, Holder};
use outcome::Refusal;
pub use pages::{PageCode, PageRefusal, PageStep};
use steps::Lead;
pub use steps::{Factor, FirstFactor};

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
    /// A password. Over FTP the code of a second factor stands at its end (SEC-122).
    Password(&'a str),
    /// A password and, beside it, the code of the second factor (SEC-050).
    PasswordAndCode {
        /// The password.
        password: &'a str,
        /// Six digits; not looked at where the account has no second factor.
        code: &'a str,
    },
    /// The answers of SSH keyboard-interactive (RFC 4256), as far as [`Core::dialogue`] had them asked for.
    KeyboardInteractive {
        /// The password.
        password: Option<&'a str>,
        /// The code of the second factor.
        passcode: Option<&'a str>,
    },
    /// A public key whose signature was verified.
    PublicKey {
        /// Algorithm and base64 blob, as in an authorized-keys line without comment: `ssh-ed25519 AAAA…`.
        authorized: &'a str,
        /// SHA-256 fingerprint, for logs.
        fingerprint: &'a str,
    },
    /// A certificate for a key, whose signatures, authority and conditions were verified for this very name (SSH-048).
    Certificate {
        /// Fingerprint, id, serial and authority, for logs (SSH-052).
        description: &'a str,
    },
}

/// What keyboard-interactive is to ask for, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialogue {
    /// The password.
    pub password: bool,
    /// The code of the second factor.
    pub passcode: bool,
}

/// How far a login got.
pub enum Step {
    /// In.
    In(Authenticated),
    /// A second factor is needed (ACC-091).
    On(FirstFactor),
    /// Whoever it is may come in, and the account's root cannot be used (ACC-085). It is recorded as a failure.
    Homeless(Error),
}

impl Credentials<'_> {
    /// Name of the method in logs (LOG-007).
    pub fn method_name(&self) -> &'static str {
        match self {
            Self::Password(_) | Self::PasswordAndCode { .. } => "password",
            Self::KeyboardInteractive { .. } => "keyboard-interactive",
            Self::PublicKey { .. } | Self::Certificate { .. } => "publickey",
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
        match self.authenticate_step(attempt, credentials, None).await? {
            Step::In(authenticated) => Ok(authenticated),
            Step::On(_) => Err(Error::Auth),
            Step::Homeless(error) => Err(error),
        }
    }

    /// The same for protocols that can ask for a second factor, and that can say later why nothing is there. `first` is what the connection showed before, under the same
    /// name. A first factor that leads on leaves no login in any record (SSH-009, SSH-056).
    ///
    /// # Errors
    /// As [`Core::authenticate`].
    pub async fn authenticate_step(
        &self,
        attempt: &Attempt,
        credentials: Credentials<'_>,
        first: Option<&FirstFactor>,
    ) -> Result<Step> {
        let mut role = String::new();
        let since = self.0.registry.moment();
        match self.login(attempt, &credentials, first, &mut role).await {
            Ok((account, Lead::In(method))) => {
                self.0.credentials.throttle.succeeded(&account.user.user.username);
                outcome::succeeded(self, attempt, &credentials, method, &account.user.user).await;
                let overlay = Arc::new(Overlay::default());
                Ok(Step::In(Authenticated { core: self.clone(), account, peer: attempt.peer.clone(), overlay, since }))
            }
            Ok((_, Lead::On(first))) => {
                tracing::debug!(username = attempt.username, method = credentials.method_name(), "first factor of a login");
                Ok(Step::On(first))
            }
            Err(refusal) => {
                let is_storage = matches!(refusal, Refusal::Storage(_));
                let error = outcome::refused(self, attempt, &credentials, refusal, &role).await;
                if is_storage { Ok(Step::Homeless(error)) } else { Err(error) }
            }
        }
    }

    /// Records that a protocol refused credentials that it judges itself: a certificate. Answers as a failed login does.
    pub async fn refuse_login(&self, attempt: &Attempt, credentials: Credentials<'_>, reason: String) -> Error {
        let refusal = Refusal::Rule(Denial::new("certificate", reason));
        outcome::refused(self, attempt, &credentials, refusal, "").await
    }

    /// Records that a connection ended without a login after it had asked about keys, none of which is the account's: one
    /// failure, however many there were (SSH-013).
    pub async fn note_unknown_keys(&self, attempt: &Attempt, fingerprint: &str) {
        let account = self.0.accounts.load(self, &attempt.username).await;
        let refusal = match account {
            Ok(None) => Refusal::UnknownUser,
            _ => Refusal::Credentials("none of the public keys is one of the account's"),
        };
        outcome::refused(self, attempt, &Credentials::PublicKey { authorized: "", fingerprint }, refusal, "").await;
    }

    /// What keyboard-interactive asks for (SSH-017, SSH-019): after a key only what the key does not prove. An unknown name
    /// is asked for its password, as any other.
    pub async fn dialogue(&self, attempt: &Attempt, first: Option<&FirstFactor>) -> Dialogue {
        let account = self.0.accounts.load(self, &attempt.username).await;
        let passcode = match account {
            Ok(Some(account)) => second_factor::is_active(&account.user, attempt.protocol),
            _ => false,
        };
        let follows_key = first.is_some_and(|first| first.factor() == Factor::Key);
        Dialogue { password: !(passcode && follows_key), passcode }
    }

    /// Whether a key that a client merely asks about would be looked at (RFC 4252 section 7). It counts as no attempt.
    pub async fn is_public_key_known(&self, attempt: &Attempt, authorized: &str) -> bool {
        let account = self.0.accounts.load(self, &attempt.username).await;
        let (is_known, refused) = match &account {
            Ok(Some(account)) => (account.has_public_key(authorized), Score::LoginFailed),
            Ok(None) => (false, Score::UnknownUser),
            Err(_) => (false, Score::LoginFailed),
        };
        self.0.gates.note(attempt.peer.remote, |tries| {
            tries.any = true;
            if !is_known {
                tries.refused_key = Some(refused);
            }
        });
        is_known
    }

    async fn login(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        first: Option<&FirstFactor>,
        role: &mut String,
    ) -> Result<(Arc<Account>, Lead), Refusal> {
        let account = match self.0.accounts.load(self, &attempt.username).await {
            Ok(account) => account,
            Err(Error::Denied(denial)) => {
                // It exists and cannot be used: that must cost what a wrong password does.
                if credentials.factor() != Factor::Key {
                    passwords::verify(self, None, "unusable").await.map_err(Refusal::Unavailable)?;
                }
                return Err(denial.into());
            }
            Err(error) => return Err(Refusal::Unavailable(error)),
        };
        if let Some(account) = &account {
            role.clone_from(&account.user.user.role);
        }
        let account = self.check_credentials(attempt, credentials, first, account).await?;
        self.let_in(attempt, credentials, first, account).await
    }

    /// Every rule but the credentials, and what has to be there before anybody comes in.
    async fn let_in(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        first: Option<&FirstFactor>,
        account: Arc<Account>,
    ) -> Result<(Arc<Account>, Lead), Refusal> {
        let now = self.clock().millis();
        let lead = self.check_rules(attempt, credentials, first, &account, now)?;
        if matches!(lead, Lead::On(_)) {
            return Ok((account, lead));
        }
        prepare::storage(self, &account).await.map_err(Refusal::Storage)?;
        if account.note_login(now) {
            let noted = self.0.store.users().set_last_login(&account.user.user.username, now).await;
            noted.map_err(|error| Refusal::Unavailable(Error::internal("noting a login", error)))?;
        }
        Ok((account, lead))
    }

    /// Every rule but the credentials. Nothing is changed.
    fn check_rules(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        first: Option<&FirstFactor>,
        account: &Account,
        now: i64,
    ) -> Result<Lead, Refusal> {
        checks::account(self, &account.user, now)?;
        let sessions = self.0.registry.sessions_of(&account.user.user.username);
        checks::login(&account.user, attempt, credentials, first, sessions, now)
    }

    async fn check_credentials(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        first: Option<&FirstFactor>,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        // ACC-094
        if let (Some(first), Some(account)) = (first, &account)
            && first.username != account.user.user.username
        {
            return Err(Refusal::Credentials("the first step was made by another account"));
        }
        match credentials {
            // SSH-048: the certificate alone authenticates.
            Credentials::Certificate { .. } => account.ok_or(Refusal::UnknownUser),
            Credentials::PublicKey { authorized, .. } => {
                let account = account.ok_or(Refusal::UnknownUser)?;
                let is_known = account.has_public_key(authorized);
                is_known.then_some(account).ok_or(Refusal::Credentials("the public key is not one of the account's"))
            }
            Credentials::Password(password) => {
                let plain = second_factor::password_of(attempt, password, account.as_deref());
                self.check_password_and_code(attempt, credentials, plain, account).await
            }
            Credentials::PasswordAndCode { password, .. } => {
                self.check_password_and_code(attempt, credentials, password, account).await
            }
            Credentials::KeyboardInteractive { password, .. } => {
                self.check_dialogue(attempt, credentials, *password, first, account).await
            }
        }
    }

    /// SSH-017, SSH-019: everything that [`Core::dialogue`] asks for must be there, whatever the client answered.
    async fn check_dialogue(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        password: Option<&str>,
        first: Option<&FirstFactor>,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        let asks_code = account.as_ref().is_some_and(|account| second_factor::is_active(&account.user, attempt.protocol));
        let follows_key = first.is_some_and(|first| first.factor() == Factor::Key);
        match account {
            Some(account) if asks_code && follows_key => {
                second_factor::verify(self, &account, attempt, credentials)?;
                Ok(account)
            }
            account => self.check_password_and_code(attempt, credentials, password.unwrap_or_default(), account).await,
        }
    }

    /// The code is looked at, and used up, only after the right password.
    async fn check_password_and_code(
        &self,
        attempt: &Attempt,
        credentials: &Credentials<'_>,
        plain: &str,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        let account = self.check_password(attempt, plain, account).await?;
        second_factor::verify(self, &account, attempt, credentials)?;
        Ok(account)
    }

    async fn check_password(
        &self,
        attempt: &Attempt,
        plain: &str,
        account: Option<Arc<Account>>,
    ) -> Result<Arc<Account>, Refusal> {
        if account.as_ref().is_some_and(|account| steps::takes_any_password(&account.user, attempt.protocol)) {
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
        // Where a code is needed as well, a quick answer would tell that the password alone was right.
        let caches = settings.data_provider.password_caching && !second_factor::is_active(&account.user, attempt.protocol);
        if let Some(hash) = hash.filter(|_| caches)
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
