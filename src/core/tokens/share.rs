//! Tokens of visitors of a share: audience and name are those of the share, and they end with it (SEC-174, API-198).

use std::net::IpAddr;

use entrepot_model::Share;
use entrepot_secrets::constant_time_eq;
use uuid::Uuid;

use super::{Claims, Duties, LIFETIMES, NOT_BEFORE, Token, TokenError, TokenKind, password_mark};
use crate::{Core, Result};

/// Minutes that a token lives if the settings have no usable number (SEC-060).
const DEFAULT_LIFETIME: i64 = 120;

impl Core {
    /// A token for a visitor of `share`. `visitor` is the mail address that a code proved, if one was asked for.
    ///
    /// # Errors
    /// `Internal` when it cannot be signed.
    pub(crate) fn issue_share_token(&self, share: &Share, ip: IpAddr, visitor: &str, agreed: bool) -> Result<Token> {
        let minutes = i64::from(self.settings().httpd.share_cookie_lifetime);
        let minutes = if LIFETIMES.contains(&minutes) { minutes } else { DEFAULT_LIFETIME };
        let now = self.clock().seconds();
        let jti = Uuid::new_v4().to_string();
        let claims = Claims {
            aud: vec![TokenKind::WebShare.audience().to_owned(), ip.to_canonical().to_string()],
            iat: now,
            nbf: now - NOT_BEFORE,
            exp: now + minutes * 60,
            sub: String::new(),
            username: share.id.clone(),
            pwd: mark(&jti, share),
            duties: Duties::default(),
            visitor: visitor.to_owned(),
            agreed,
            document: None,
            jti,
        };
        self.sign(claims)
    }

    /// The token of a visitor who accepted the agreement meanwhile: the same session, which ends when it would have ended.
    ///
    /// # Errors
    /// `Internal` when it cannot be signed.
    pub(crate) fn agreed_share_token(&self, claims: Claims) -> Result<Token> {
        self.sign(Claims { agreed: true, ..claims })
    }

    /// Checks a token of a visitor. Another password or recipient of the share does not end it, its deletion does.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub(crate) fn verify_share_token(&self, token: &str, share: &Share, ip: IpAddr) -> Result<Claims, TokenError> {
        let claims = self.verify_claims(token, TokenKind::WebShare, ip)?;
        let is_of_share = constant_time_eq(claims.username.as_bytes(), share.id.as_bytes());
        // One of the same id that came from a backup is another.
        let is_same = constant_time_eq(mark(&claims.jti, share).as_bytes(), claims.pwd.as_bytes());
        if is_of_share && is_same { Ok(claims) } else { Err(TokenError::Invalid) }
    }
}

/// Stands for the share that the token was given for.
fn mark(jti: &str, share: &Share) -> String {
    password_mark(jti, Some(&share.created_at.to_string()))
}
