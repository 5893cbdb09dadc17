//! Logins of pages: the password first, then, on a page of its own, the code of the second factor (SEC-169, UI-030, UI-031).
//!
//! Between the two the browser holds a token that is good for the code only and for five minutes.

use std::{net::IpAddr, sync::Arc};

use entrepot_model::{RecoveryCode, TotpConfig};
use entrepot_secrets::constant_time_eq;

use super::{
    Attempt, Credentials, Holder,
    outcome::{self, Refusal},
    second_factor::{self, Purpose},
    steps::Lead,
};
use crate::{
    Authenticated, Core, Error, Peer, Result,
    accounts::Account,
    admin::sealing,
    tokens::{Token, TokenError, TokenKind},
    transfer::overlay::Overlay,
};

/// How far a login got.
#[derive(Debug)]
pub enum PageStep {
    /// In: the session.
    In(Token),
    /// The password was right; this is what the page of the code shows.
    CodeNeeded(Token),
}

/// What stands in for the second factor.
#[derive(Clone, Copy)]
pub enum PageCode<'a> {
    /// Six digits of an authenticator program.
    Totp(&'a str),
    /// A recovery code, which is used up (SEC-113).
    Recovery(&'a str),
}

/// Why a code led nowhere.
#[derive(Debug)]
pub enum PageRefusal {
    /// Too long ago, or the account is another one now: begin with the password.
    Expired,
    /// The code, or a rule.
    Refused(Error),
}

impl From<TokenError> for PageRefusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Unavailable => Self::Refused(Error::Busy),
            _ => Self::Expired,
        }
    }
}

impl PageCode<'_> {
    /// Name of the way in, for the records.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Totp(_) => "password and code",
            Self::Recovery(_) => "password and recovery code",
        }
    }

    /// Looks at the code and uses it up. Answers the recovery codes that are left to be stored, or why it is refused.
    pub(crate) fn take(
        &self,
        core: &Core,
        holder: Holder,
        name: &str,
        totp: &TotpConfig,
        codes: &[RecoveryCode],
    ) -> Result<Option<Vec<RecoveryCode>>, &'static str> {
        match self {
            Self::Totp(code) => match second_factor::check(core, holder, name, totp, code.trim()).refusal() {
                None => Ok(None),
                Some(reason) => Err(reason),
            },
            Self::Recovery(code) => take_recovery(core, holder, name, codes, code.trim()).map(Some),
        }
    }
}

/// Every code is opened and compared, whichever fits.
fn take_recovery(
    core: &Core,
    holder: Holder,
    name: &str,
    codes: &[RecoveryCode],
    shown: &str,
) -> Result<Vec<RecoveryCode>, &'static str> {
    let mut left = codes.to_vec();
    let mut is_right = false;
    for code in left.iter_mut().filter(|code| !code.used) {
        let opened = sealing::open(&core.0.sealer, &code.secret).unwrap_or_default();
        if constant_time_eq(&opened, shown.as_bytes()) && !opened.is_empty() {
            (is_right, code.used) = (true, true);
        }
    }
    let now = core.clock().millis();
    match core.0.credentials.codes.take(holder, Purpose::Login, name, shown, is_right, now).refusal() {
        None => Ok(left),
        Some(_) => Err("wrong recovery code"),
    }
}

impl Core {
    /// The password of a user on the login page.
    ///
    /// # Errors
    /// As [`Core::authenticate`].
    pub async fn user_page_login(&self, attempt: &Attempt, password: &str) -> Result<PageStep> {
        let account = self.0.accounts.load(self, &attempt.username).await;
        let needs_code = matches!(&account, Ok(Some(account)) if second_factor::is_active(&account.user, attempt.protocol));
        if !needs_code {
            let login = self.authenticate(attempt, Credentials::Password(password)).await?;
            return Ok(PageStep::In(self.issue_user_page_token(&login)?));
        }
        let credentials = Credentials::Password(password);
        let account = account.ok().flatten();
        let role = account.as_ref().map(|account| account.user.user.role.clone()).unwrap_or_default();
        match self.check_password(attempt, password, account).await {
            Ok(account) => {
                let token = self.issue_to_user(TokenKind::WebClientPending, &account, attempt.peer.remote.ip())?;
                Ok(PageStep::CodeNeeded(token))
            }
            Err(refusal) => Err(outcome::refused(self, attempt, &credentials, refusal, &role).await),
        }
    }

    /// The code that a user shows after the password; `pending` is the token that stands for that.
    ///
    /// # Errors
    /// See [`PageRefusal`].
    pub async fn user_page_code(&self, pending: &str, code: PageCode<'_>, peer: Peer) -> Result<Token, PageRefusal> {
        let caller = self.caller_by_token(pending, TokenKind::WebClientPending, peer.clone()).await?;
        let attempt =
            Attempt { username: caller.username().to_owned(), protocol: entrepot_model::Protocol::Http, peer: peer.clone() };
        let user = caller.user().user.clone();
        let credentials = Credentials::PasswordAndCode { password: "", code: "" };
        let login = match self.take_user_code(&attempt, &user.username, code, &caller.login().account).await {
            Ok(account) => {
                outcome::succeeded(self, &attempt, &credentials, entrepot_model::LoginMethod::Password, &user).await;
                let since = self.0.registry.moment();
                Authenticated { core: self.clone(), account, peer, overlay: Arc::new(Overlay::default()), since }
            }
            Err(refusal) => {
                return Err(PageRefusal::Refused(outcome::refused(self, &attempt, &credentials, refusal, &user.role).await));
            }
        };
        if let Some(claims) = caller.claims() {
            self.revoke_token(claims);
        }
        self.issue_user_page_token(&login).map_err(PageRefusal::Refused)
    }

    async fn take_user_code(
        &self,
        attempt: &Attempt,
        name: &str,
        code: PageCode<'_>,
        account: &Arc<Account>,
    ) -> Result<Arc<Account>, Refusal> {
        let credentials = Credentials::PasswordAndCode { password: "", code: "" };
        // Whoever is refused by a rule keeps the code; which rule it is may be told after the password (SEC-053).
        if let Lead::On(_) = self.check_rules(attempt, &credentials, None, account, self.clock().millis())? {
            return Err(Refusal::Credentials("this login takes more steps than a page has"));
        }
        let filters = &account.user.user.filters;
        let unavailable = |error| Refusal::Unavailable(Error::internal("using a recovery code", error));
        // The account in the cache has no recovery codes that could be older than those of the database.
        let stored = self.0.store.users().get(name).await.map_err(unavailable)?.ok_or(Refusal::UnknownUser)?;
        let left = code.take(self, Holder::User, name, &filters.totp_config, &stored.filters.recovery_codes);
        let left = left.map_err(Refusal::Credentials)?;
        let load = async || self.0.accounts.load(self, name).await.map_err(Refusal::Unavailable)?.ok_or(Refusal::UnknownUser);
        let (account, _) = self.let_in(attempt, &credentials, None, load().await?).await?;
        let Some(left) = left else { return Ok(account) };
        let totp = stored.filters.totp_config.clone();
        self.0.store.users().set_second_factor(name, totp, left, self.clock().millis()).await.map_err(unavailable)?;
        self.0.accounts.invalidate(name);
        load().await
    }

    /// Whether a pending login still waits for its code.
    pub async fn is_login_pending(&self, pending: &str, kind: TokenKind, ip: IpAddr) -> bool {
        self.verify_token(pending, kind, ip).await.is_ok()
    }
}

#[cfg(test)]
mod tests;
