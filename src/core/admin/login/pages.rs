//! Administrators log in to their pages: the password first, then the code.

use std::net::IpAddr;

use super::{Lead, Refusal, Second, may_come_in};
use crate::{
    Core, Result,
    accounts::naming_rules,
    admin::{AdminSession, stored},
    login::{Holder, PageCode, PageRefusal, PageStep},
    tokens::{Token, TokenKind},
};

impl Core {
    /// The password of an administrator on the login page.
    ///
    /// # Errors
    /// As [`Core::admin_login`].
    pub async fn admin_page_login(&self, username: &str, password: &str, ip: IpAddr) -> Result<PageStep> {
        let name = naming_rules(self).apply(username);
        match self.check_admin(&name, password, Second::Later, ip).await {
            Ok(Lead::In(session)) => {
                self.admin_is_in(&session, "password");
                Ok(PageStep::In(self.issue_admin_page_token(&session).await?))
            }
            Ok(Lead::On(session)) => Ok(PageStep::CodeNeeded(self.issue_to_admin(TokenKind::WebAdminPending, &session).await?)),
            Err(refusal) => Err(self.refuse_admin(&name, refusal, ip).await),
        }
    }

    /// The code that an administrator shows after the password; `pending` is the token that stands for that.
    ///
    /// # Errors
    /// See [`PageRefusal`].
    pub async fn admin_page_code(&self, pending: &str, code: PageCode<'_>, ip: IpAddr) -> Result<Token, PageRefusal> {
        let session = self.admin_by_token(pending, TokenKind::WebAdminPending, ip).await?;
        let name = session.username().to_owned();
        let entered = match self.take_admin_code(&session, code).await {
            Ok(entered) => entered,
            Err(refusal) => return Err(PageRefusal::Refused(self.refuse_admin(&name, refusal, ip).await)),
        };
        if let Some(claims) = session.claims() {
            self.revoke_token(claims);
        }
        self.admin_is_in(&entered, code.method());
        self.issue_admin_page_token(&entered).await.map_err(PageRefusal::Refused)
    }

    async fn take_admin_code(&self, session: &AdminSession, code: PageCode<'_>) -> Result<AdminSession, Refusal> {
        let unavailable = |error| Refusal::Unavailable(stored(error));
        let name = session.username();
        let admins = self.0.store.admins();
        let (admin, _) = admins.load_for_login(name).await.map_err(unavailable)?.ok_or(Refusal::Unknown)?;
        // Whoever is refused by a rule keeps the code.
        may_come_in(&admin, session.ip())?;
        let filters = &admin.filters;
        let left = code.take(self, Holder::Admin, name, &filters.totp_config, &filters.recovery_codes);
        if let Some(left) = left.map_err(Refusal::Code)? {
            let totp = filters.totp_config.clone();
            admins.set_second_factor(name, totp, left, self.clock().millis()).await.map_err(unavailable)?;
        }
        admins.set_last_login(name, self.clock().millis()).await.map_err(unavailable)?;
        let (admin, hash) = admins.load_for_login(name).await.map_err(unavailable)?.ok_or(Refusal::Unknown)?;
        Ok(AdminSession::new(admin, hash, session.ip()).under(&self.settings()))
    }
}
