//! Tokens: what a client shows instead of its password, for some minutes.
//!
//! A token names its account and nothing that the account may do: that is read with every request, so that a change is
//! felt at once (SEC-069). It ends with its time, when it is revoked, when the account is gone or disabled, and when the
//! password of the account changes (SEC-065, SEC-068).

mod claims;
mod document;
mod duties;
mod keys;
mod pages;
mod revoked;
mod share;
mod still;

use std::{net::IpAddr, sync::Arc};

use entrepot_config::Settings;
use entrepot_secrets::{Sealer, Sensitive, constant_time_eq, random_token, token_hash};
use entrepot_store::{SecretKey, Store};
use uuid::Uuid;

pub use claims::{Claims, DocumentClaims, Token, TokenError, TokenKind};
pub use duties::Duties;

use crate::{
    Authenticated, Clock, Core, Error, Peer, Result,
    accounts::Account,
    admin::{AdminSession, sealing},
    caller::{Shown, UserCaller},
    login::checks,
    transfer::overlay::Overlay,
};
use keys::{KeyRing, SigningKey};
use revoked::Revoked;

/// Purpose of the stored keys, and the owner that they are sealed for.
const PURPOSE: &str = "token_signing";
/// Milliseconds after which a new key signs.
const ROTATION: i64 = 90 * 24 * 3600 * 1000;
/// Milliseconds that a superseded key still verifies: longer than any token lives.
const OVERLAP: i64 = 8 * 24 * 3600 * 1000;
/// Seconds before it was issued from which a token is valid (SEC-058).
const NOT_BEFORE: i64 = 10;
/// Minutes that an invitation to the first password lives: who is invited may be away.
const INVITED: i64 = 7 * 24 * 60;
/// Minutes that it lives where there is a password to lose.
const INVITED_AGAIN: i64 = 60;
/// Minutes that a token may live, and what other values mean (SEC-060).
const LIFETIMES: std::ops::RangeInclusive<i64> = 1..=720;
const DEFAULT_LIFETIME: i64 = 20;

/// What signs tokens and knows which were revoked.
#[derive(Debug)]
pub(crate) struct TokenKeys {
    ring: KeyRing,
    revoked: Revoked,
}

impl TokenKeys {
    /// The keys of the settings, else those of the database; the first is made here.
    ///
    /// # Errors
    /// `Internal` when the database cannot be read or written.
    pub(crate) async fn load(store: &Store, sealer: &Sealer, settings: &Settings, clock: &dyn Clock) -> Result<Self> {
        let ring = match passphrase(settings)? {
            Some(passphrase) => KeyRing::new(SigningKey::from_passphrase(passphrase.expose()), Vec::new()),
            None => stored_ring(store, sealer, clock.millis()).await?,
        };
        let revoked = Revoked::default();
        let now = clock.seconds();
        let stored = store.revoked_tokens().list(now).await.map_err(|error| Error::internal("reading revoked tokens", error))?;
        for (jti, expires_at) in stored {
            revoked.add(&jti, expires_at, now);
        }
        Ok(Self { ring, revoked })
    }
}

/// `httpd.signing_passphrase`, which the settings room has read from its file where one is named.
fn passphrase(settings: &Settings) -> Result<Option<Sensitive<String>>> {
    let passphrase = settings.httpd.signing_passphrase.trim();
    Ok((!passphrase.is_empty()).then(|| Sensitive::new(passphrase.to_owned())))
}

async fn stored_ring(store: &Store, sealer: &Sealer, now: i64) -> Result<KeyRing> {
    let failed = |error| Error::internal("reading the keys of tokens", error);
    let mut stored = store.secret_keys().list(PURPOSE).await.map_err(failed)?;
    match stored.first() {
        // Whoever comes first decides, should two programs start at once.
        None => stored = store.secret_keys().put_first(new_key(sealer, now)?).await.map_err(failed)?,
        Some(newest) if now - newest.created_at > ROTATION || open_key(sealer, newest).is_none() => {
            let key = new_key(sealer, now)?;
            store.secret_keys().put(key.clone()).await.map_err(failed)?;
            stored.insert(0, key);
        }
        Some(_) => {}
    }
    let mut keys = Vec::new();
    for (index, key) in stored.iter().enumerate() {
        let superseded_at = index.checked_sub(1).map(|next| stored[next].created_at);
        if superseded_at.is_some_and(|moment| now - moment > OVERLAP) {
            store.secret_keys().delete(&key.kid).await.map_err(failed)?;
        } else {
            keys.extend(open_key(sealer, key));
        }
    }
    if keys.is_empty() {
        return Err(Error::internal("reading the keys of tokens", "no key can be opened"));
    }
    let active = keys.remove(0);
    Ok(KeyRing::new(active, keys))
}

fn new_key(sealer: &Sealer, now: i64) -> Result<SecretKey> {
    let secret = Sensitive::new(random_token(32));
    let sealed = sealing::seal(sealer, secret.expose(), PURPOSE)?;
    let sealed = serde_json::to_string(&sealed).map_err(|error| Error::internal("storing a key of tokens", error))?;
    Ok(SecretKey { kid: Uuid::new_v4().to_string(), purpose: PURPOSE.to_owned(), sealed, created_at: now })
}

/// A key that does not open (another master key, perhaps) is as good as none: its tokens end.
fn open_key(sealer: &Sealer, key: &SecretKey) -> Option<SigningKey> {
    let sealed = serde_json::from_str(&key.sealed).ok()?;
    let secret = sealing::open(sealer, &sealed)
        .inspect_err(|error| tracing::warn!(kid = key.kid, %error, "a key of tokens cannot be opened"))
        .ok()?;
    Some(SigningKey::new(key.kid.clone(), &secret))
}

/// Stands for a password hash in a token, so that a new password ends it. Without the hash nothing can be learned from it.
fn password_mark(id: &str, hash: Option<&str>) -> String {
    let mut mark = token_hash(&format!("{id}:{}", hash.unwrap_or_default()));
    mark.truncate(32);
    mark
}

/// Whom a token is for.
struct Subject<'a> {
    kind: TokenKind,
    username: &'a str,
    updated_at: i64,
    ip: IpAddr,
    hash: Option<&'a str>,
    duties: Duties,
}

impl<'a> Subject<'a> {
    fn of_admin(kind: TokenKind, session: &'a AdminSession, hash: Option<&'a str>) -> Self {
        Self {
            kind,
            username: session.username(),
            updated_at: session.admin().updated_at,
            ip: session.ip(),
            hash,
            duties: session.duties().clone(),
        }
    }

    fn of_user(kind: TokenKind, account: &'a Account, ip: IpAddr, now: i64) -> Self {
        Self {
            kind,
            username: &account.user.user.username,
            updated_at: account.user.user.updated_at,
            ip,
            hash: account.password_hash(),
            duties: Duties::of_user(&account.user, now),
        }
    }
}

impl Core {
    /// A token for an administrator that has just logged in.
    ///
    /// # Errors
    /// `Auth` when the password was changed since the login; `Internal` when the account cannot be read or the token not be
    /// signed.
    pub async fn issue_admin_token(&self, session: &AdminSession) -> Result<Token> {
        self.issue_to_admin(TokenKind::ApiAdmin, session).await
    }

    /// A token for a user that has just logged in over HTTP.
    ///
    /// # Errors
    /// `Denied` when the account may not use the REST API (ACC-317); `Internal` when the token cannot be signed.
    pub fn issue_user_token(&self, login: &Authenticated) -> Result<Token> {
        let account = &login.account;
        checks::may_use_rest(&account.user)?;
        self.issue(Subject::of_user(TokenKind::ApiUser, account, login.peer.remote.ip(), self.clock().millis()))
    }

    /// Minutes that a token of this kind lives (SEC-060, SEC-061).
    fn lifetime(&self, kind: TokenKind) -> i64 {
        let settings = self.settings();
        let minutes = match kind {
            TokenKind::ApiAdmin | TokenKind::ApiUser => settings.httpd.jwt_lifetime,
            TokenKind::WebAdmin | TokenKind::WebClient => settings.httpd.cookie_lifetime,
            TokenKind::WebAdminPending | TokenKind::WebClientPending => pages::PENDING,
            TokenKind::WebShare => settings.httpd.share_cookie_lifetime,
            // The shorter of the two that it has: `issue_invite` knows which.
            TokenKind::Invite => return INVITED_AGAIN,
            TokenKind::Document => settings.httpd.wopi_token_lifetime,
        };
        let minutes = i64::from(minutes);
        if LIFETIMES.contains(&minutes) { minutes } else { DEFAULT_LIFETIME }
    }

    fn issue(&self, subject: Subject<'_>) -> Result<Token> {
        self.sign(self.claims_of(subject))
    }

    fn sign(&self, claims: Claims) -> Result<Token> {
        let access_token = self.0.tokens.ring.sign(&claims).map_err(|error| Error::internal("signing a token", error))?;
        Ok(Token { access_token, expires_at: claims.exp })
    }

    fn claims_of(&self, subject: Subject<'_>) -> Claims {
        let minutes = self.lifetime(subject.kind);
        self.claims_for(subject, minutes)
    }

    /// What a token says that lives so long.
    fn claims_for(&self, subject: Subject<'_>, minutes: i64) -> Claims {
        let now = self.clock().seconds();
        let jti = Uuid::new_v4().to_string();
        Claims {
            aud: vec![subject.kind.audience().to_owned(), subject.ip.to_canonical().to_string()],
            iat: now,
            nbf: now - NOT_BEFORE,
            exp: now + minutes * 60,
            sub: subject.updated_at.to_string(),
            username: subject.username.to_owned(),
            pwd: password_mark(&jti, subject.hash),
            duties: subject.duties,
            visitor: String::new(),
            agreed: false,
            document: None,
            jti,
        }
    }

    /// Checks a token with all that can end one, its account included. `ip` is the address that shows it.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn verify_token(&self, token: &str, kind: TokenKind, ip: IpAddr) -> Result<Claims, TokenError> {
        if matches!(kind, TokenKind::WebShare | TokenKind::Document) {
            // Those are no accounts: what they are for is checked with them.
            return Err(TokenError::Audience);
        }
        if kind.is_admin() {
            let session = self.admin_by_token(token, kind, ip).await?;
            return session.claims().cloned().ok_or(TokenError::Invalid);
        }
        let claims = self.verify_claims(token, kind, ip)?;
        self.account_of(&claims, ip).await?;
        Ok(claims)
    }

    /// The session of an administrator that shows a token.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn admin_session(&self, token: &str, ip: IpAddr) -> Result<AdminSession, TokenError> {
        self.admin_by_token(token, TokenKind::ApiAdmin, ip).await
    }

    /// The user that shows a token.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn user_by_token(&self, token: &str, peer: Peer) -> Result<UserCaller, TokenError> {
        let caller = self.caller_by_token(token, TokenKind::ApiUser, peer).await?;
        checks::may_use_rest(caller.user()).map_err(|_| TokenError::RestDisabled)?;
        Ok(caller)
    }

    pub(crate) async fn caller_by_token(&self, token: &str, kind: TokenKind, peer: Peer) -> Result<UserCaller, TokenError> {
        let (ip, since) = (peer.remote.ip(), self.0.registry.moment());
        let claims = self.verify_claims(token, kind, ip)?;
        let account = self.account_of(&claims, ip).await?;
        let duties = claims.duties.clone().and(Duties::of_user(&account.user, self.clock().millis()));
        let login = Authenticated { core: self.clone(), account, peer, overlay: Arc::new(Overlay::off()), since };
        Ok(UserCaller::new(login, Shown::Token(Box::new(claims)), duties))
    }

    /// Ends a token before its time: logout, or the change of the own password (SEC-066, SEC-068).
    pub fn revoke_token(&self, claims: &Claims) {
        let now = self.clock().seconds();
        // A cookie may have been renewed meanwhile: its id lives as long as the longest session.
        let expires_at = if claims.is_cookie() { claims.exp.max(now + pages::LONGEST) } else { claims.exp };
        self.0.tokens.revoked.add(&claims.jti, expires_at, now);
        let (tokens, jti) = (self.0.store.revoked_tokens(), claims.jti.clone());
        self.tasks().spawn(async move {
            if let Err(error) = tokens.add(&jti, expires_at, now).await {
                tracing::error!(%error, "a logout is not remembered beyond a restart");
            }
        });
    }

    /// A token with which the user of an account sets a password, and its id: it stands for the password that the account has
    /// now. Who has one to lose has an hour, others a week.
    pub(crate) fn issue_invite(&self, account: &Account) -> Result<(Token, String)> {
        let anywhere = IpAddr::from([0, 0, 0, 0]);
        let minutes = if account.password_hash().is_some() { INVITED_AGAIN } else { INVITED };
        let claims = self.claims_for(Subject::of_user(TokenKind::Invite, account, anywhere, self.clock().millis()), minutes);
        let id = claims.jti.clone();
        self.sign(claims).map(|token| (token, id))
    }

    /// The claims of an invitation whose account could use it now, and the account. Whether it is the last one that was made
    /// is another question.
    pub(crate) async fn invited(&self, token: &str, ip: IpAddr) -> Result<(Claims, Arc<Account>), TokenError> {
        let claims = self.verify_claims(token, TokenKind::Invite, ip)?;
        let account = self.account_of(&claims, ip).await?;
        Ok((claims, account))
    }

    fn verify_claims(&self, token: &str, kind: TokenKind, ip: IpAddr) -> Result<Claims, TokenError> {
        let claims = self.0.tokens.ring.verify(token, self.clock().seconds())?;
        if !claims.is_kind(kind) {
            return Err(TokenError::Audience);
        }
        if self.0.tokens.revoked.contains(&claims.jti) {
            return Err(TokenError::Revoked);
        }
        if !kind.roams() && self.settings().httpd.token_validation & 1 == 0 && !claims.is_for(ip) {
            return Err(TokenError::NotValid);
        }
        Ok(claims)
    }

    /// With bit 2 of `httpd.token_validation` any change of the account ends its tokens (SEC-064).
    fn check_state(&self, claims: &Claims, updated_at: i64, hash: Option<&str>) -> Result<(), TokenError> {
        if !constant_time_eq(password_mark(&claims.jti, hash).as_bytes(), claims.pwd.as_bytes()) {
            return Err(TokenError::Invalid);
        }
        if self.settings().httpd.token_validation & 2 != 0 && claims.sub != updated_at.to_string() {
            return Err(TokenError::NotValid);
        }
        Ok(())
    }

    pub(crate) async fn admin_by_token(&self, token: &str, kind: TokenKind, ip: IpAddr) -> Result<AdminSession, TokenError> {
        let claims = self.verify_claims(token, kind, ip)?;
        let found = self.0.administrators.load(self, &claims.username).await;
        let found = found.map_err(|error| unavailable(&error))?;
        let found = found.ok_or(TokenError::Invalid)?;
        self.check_state(&claims, found.admin.updated_at, found.password_hash())?;
        checks::admin(&found.admin, ip).map_err(|_| TokenError::Invalid)?;
        let hash = found.password_hash().map(ToOwned::to_owned);
        Ok(AdminSession::new(found.admin.clone(), hash, ip).under(&self.settings()).with_token(claims))
    }

    async fn account_of(&self, claims: &Claims, ip: IpAddr) -> Result<Arc<Account>, TokenError> {
        let found = self.0.accounts.load(self, &claims.username).await.map_err(|error| match error {
            Error::Denied(_) => TokenError::Invalid,
            other => unavailable(&other),
        })?;
        let account = found.ok_or(TokenError::Invalid)?;
        self.check_state(claims, account.user.user.updated_at, account.password_hash())?;
        checks::may_go_on(self, &account.user, ip).map_err(|_| TokenError::Invalid)?;
        Ok(account)
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> TokenError {
    tracing::error!(%error, "the account of a token cannot be read");
    TokenError::Unavailable
}

#[cfg(test)]
mod tests;
