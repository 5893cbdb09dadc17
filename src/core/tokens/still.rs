//! Whether somebody who was let in a while ago would be let in now, with what he showed then: for answers that go on for long.

use std::sync::Arc;

use super::{Claims, TokenError, TokenKind};
use crate::{Core, UserCaller, accounts::Account, admin::AdminSession, caller::Shown, login::checks};

impl Core {
    /// The account of a caller as it is now; `None` = what he showed would not be accepted any more. A fault of the database
    /// cuts nobody off.
    pub(crate) async fn still_there(&self, caller: &UserCaller) -> Option<Arc<Account>> {
        let ip = caller.ip();
        let found = match caller.shown() {
            Shown::Token(claims) => {
                if self.has_ended(Some(claims)) {
                    return None;
                }
                match self.account_of(claims, ip).await {
                    Ok(account) => account,
                    Err(TokenError::Unavailable) => return Some(caller.login().account.clone()),
                    Err(_) => return None,
                }
            }
            shown => {
                if let Some(id) = shown.key()
                    && !self.has_key(id).await
                {
                    return None;
                }
                match self.0.accounts.load(self, caller.username()).await {
                    Ok(account) => account?,
                    Err(_) => return Some(caller.login().account.clone()),
                }
            }
        };
        checks::may_go_on(self, &found.user, ip).ok()?;
        let is_page = caller.claims().is_some_and(|claims| claims.is_kind(TokenKind::WebClient));
        (is_page || checks::may_use_rest(&found.user).is_ok()).then_some(found)
    }

    /// An administrator as he is now; `None` = what he showed would not be accepted any more.
    pub(crate) async fn still_admin(&self, session: &AdminSession) -> Option<AdminSession> {
        let key = session.api_key().map(str::to_owned);
        if self.has_ended(session.claims()) {
            return None;
        }
        if let Some(id) = &key
            && !self.has_key(id).await
        {
            return None;
        }
        let (admin, hash) = match self.0.store.admins().load_for_login(session.username()).await {
            Ok(found) => found?,
            Err(_) => return Some(session.clone()),
        };
        checks::admin(&admin, session.ip()).ok()?;
        if let Some(claims) = session.claims() {
            self.check_state(claims, admin.updated_at, hash.as_deref()).ok()?;
        }
        let fresh = AdminSession::new(admin, hash, session.ip()).under(&self.settings());
        match (session.claims(), key) {
            (Some(claims), _) => Some(fresh.with_token(claims.clone())),
            (None, Some(id)) => Some(fresh.with_key(id)),
            (None, None) => Some(fresh),
        }
    }

    /// Whether what was shown is a token that is over or was revoked. Asks memory alone.
    pub(crate) fn has_ended(&self, claims: Option<&Claims>) -> bool {
        claims.is_some_and(|claims| claims.exp <= self.clock().seconds() || self.0.tokens.revoked.contains(&claims.jti))
    }

    async fn has_key(&self, id: &str) -> bool {
        let now = self.clock().millis();
        match self.0.store.api_keys().get(id).await {
            Ok(key) => key.is_some_and(|key| key.expires_at == 0 || key.expires_at > now),
            Err(_) => true,
        }
    }
}
