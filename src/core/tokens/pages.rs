//! Sessions of pages: tokens that live in cookies, are renewed while somebody is there, and end after half a day
//! (SEC-165…SEC-169).

use std::net::IpAddr;

use entrepot_secrets::{constant_time_eq, token_hash};

use super::{Claims, Subject, Token, TokenError, TokenKind};
use crate::{Authenticated, Core, Error, Peer, Result, UserCaller, accounts::Account, admin::AdminSession};

/// Minutes between the password and the code (SEC-061).
pub(super) const PENDING: u32 = 5;
/// Seconds that a session lives at most, however often its cookie is renewed (SEC-167).
pub(super) const LONGEST: i64 = 12 * 3600;

impl Core {
    /// A session of the pages of administrators, for one that has just logged in.
    ///
    /// # Errors
    /// `Auth` when the password was changed since the login; `Internal` when the account cannot be read or the token not be
    /// signed.
    pub async fn issue_admin_page_token(&self, session: &AdminSession) -> Result<Token> {
        self.issue_to_admin(TokenKind::WebAdmin, session).await
    }

    /// A session of the pages of users, for one that has just logged in over HTTP.
    ///
    /// # Errors
    /// `Internal` when the token cannot be signed.
    pub fn issue_user_page_token(&self, login: &Authenticated) -> Result<Token> {
        self.issue_to_user(TokenKind::WebClient, &login.account, login.peer.remote.ip())
    }

    pub(crate) async fn issue_to_admin(&self, kind: TokenKind, session: &AdminSession) -> Result<Token> {
        let hash = self.0.store.admins().password_hash(session.username()).await;
        let hash = hash.map_err(|error| Error::internal("reading an administrator", error))?;
        if hash.is_none() || hash.as_deref() != session.password_hash() {
            return Err(Error::Auth);
        }
        self.issue(Subject::of_admin(kind, session, hash.as_deref()))
    }

    pub(crate) fn issue_to_user(&self, kind: TokenKind, account: &Account, ip: IpAddr) -> Result<Token> {
        self.issue(Subject::of_user(kind, account, ip, self.clock().millis()))
    }

    /// The administrator that shows the cookie of a page.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn admin_by_cookie(&self, token: &str, ip: IpAddr) -> Result<AdminSession, TokenError> {
        self.admin_by_token(token, TokenKind::WebAdmin, ip).await
    }

    /// The user that shows the cookie of a page.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn user_by_cookie(&self, token: &str, peer: Peer) -> Result<UserCaller, TokenError> {
        self.caller_by_token(token, TokenKind::WebClient, peer).await
    }

    /// A cookie that goes on where this one is about to end (SEC-166): in its second half, for half a day, and as long as the
    /// account is what it was. `updated_at` is the account's.
    pub fn renewed(&self, claims: &Claims, updated_at: i64) -> Option<Token> {
        let kind = [TokenKind::WebAdmin, TokenKind::WebClient].into_iter().find(|kind| claims.is_kind(*kind))?;
        let (now, lifetime) = (self.clock().seconds(), self.lifetime(kind) * 60);
        let is_due = (claims.exp - now) * 2 <= lifetime;
        if !is_due || now - claims.began() >= LONGEST || claims.sub != updated_at.to_string() {
            return None;
        }
        let claims = Claims { exp: (now + lifetime).min(claims.began() + LONGEST), ..claims.clone() };
        let signed = self.0.tokens.ring.sign(&claims);
        let signed = signed.inspect_err(|error| tracing::error!(%error, "a session cannot be renewed")).ok()?;
        Some(Token { access_token: signed, expires_at: claims.exp })
    }
}

impl Claims {
    /// What every form of the session carries, so that no other site can send one (SEC-164). It outlives renewals (SEC-165)
    /// and tells nothing about the cookie.
    pub fn form_token(&self) -> String {
        let mut token = token_hash(&format!("form:{}:{}", self.jti, self.pwd));
        token.truncate(32);
        token
    }

    /// Whether a form carries what [`Claims::form_token`] gave it; in constant time.
    pub fn is_form_token(&self, shown: &str) -> bool {
        constant_time_eq(self.form_token().as_bytes(), shown.as_bytes())
    }
}
