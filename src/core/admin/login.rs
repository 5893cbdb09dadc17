//! Administrators log in: by password, and by the code of a second factor where one is configured.

mod pages;

use std::net::IpAddr;

use entrepot_model::{Admin, Protocol};

use super::{AdminSession, stored};
use crate::{
    Core, Error, Result,
    accounts::naming_rules,
    audit::LoginOutcome,
    gates::Score,
    login::{
        Holder, checks,
        outcome::{self, EVENT_FAILED, EVENT_OK, EVENT_UNKNOWN_USER},
        passwords, second_factor,
    },
    policy::Denial,
};

enum Refusal {
    Unknown,
    Credentials,
    Code(&'static str),
    Rule(Denial),
    Unavailable(Error),
}

/// What a login brings for the second factor.
enum Second<'a> {
    /// A code, or none.
    Code(Option<&'a str>),
    /// Nothing yet: a page asks for it after the password.
    Later,
}

/// How far the credentials lead.
enum Lead {
    /// In.
    In(AdminSession),
    /// The code is still to come.
    On(AdminSession),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Rule(denial)
    }
}

impl Core {
    /// Checks password and, where a second factor is configured, its code (SEC-050), and every rule that can refuse the login (ACC-241, ACC-242, SEC-054). While
    /// there is no administrator it fails like any other (ACC-257).
    ///
    /// Cancelling: dropping the future abandons the answer; a failed attempt may then go unrecorded.
    ///
    /// # Errors
    /// `Auth` for every refusal, after a pause; `Busy` when too many passwords wait.
    pub async fn admin_login(&self, username: &str, password: &str, code: Option<&str>, ip: IpAddr) -> Result<AdminSession> {
        let name = naming_rules(self).apply(username);
        match self.check_admin(&name, password, Second::Code(code), ip).await {
            Ok(Lead::In(session)) => {
                self.admin_is_in(&session, "password");
                Ok(session)
            }
            // Only who says `Later` is sent on.
            Ok(Lead::On(_)) => Err(Error::Auth),
            Err(refusal) => Err(self.refuse_admin(&name, refusal, ip).await),
        }
    }

    fn admin_is_in(&self, session: &AdminSession, method: &str) {
        let (admin, ip) = (session.admin(), session.ip());
        let name = &admin.username;
        self.0.credentials.throttle.succeeded(&throttle_key(name));
        tracing::info!(sender = "login", %ip, username = name, method, protocol = "HTTP", "admin login");
        self.note_name(ip, &throttle_key(name), true);
        self.record_admin_login(name, ip, EVENT_OK, format!("admin {method}"), &admin.role);
    }

    async fn refuse_admin(&self, name: &str, refusal: Refusal, ip: IpAddr) -> Error {
        let (event, reason) = match refusal {
            Refusal::Unavailable(error) => return error,
            Refusal::Unknown => (EVENT_UNKNOWN_USER, "unknown administrator".to_owned()),
            Refusal::Credentials => (EVENT_FAILED, "wrong password".to_owned()),
            Refusal::Code(reason) => (EVENT_FAILED, reason.to_owned()),
            Refusal::Rule(denial) => {
                tracing::info!(username = name, %ip, rule = denial.rule(), detail = denial.detail(), "admin login denied");
                (EVENT_FAILED, denial.to_string())
            }
        };
        let recorded: String = name.chars().take(255).collect();
        tracing::debug!(
            sender = "connection_failed", client_ip = %ip, username = recorded, login_type = "password", protocol = "HTTP",
            error = reason, "admin login failed"
        );
        self.record_admin_login(&recorded, ip, event, reason, "");
        let key = throttle_key(&recorded);
        self.note_name(ip, &key, false);
        self.score(ip, Protocol::Http, if event == EVENT_UNKNOWN_USER { Score::UnknownUser } else { Score::LoginFailed });
        outcome::pause(self.0.credentials.throttle.failed(&key, outcome::failure_delay(self))).await;
        Error::Auth
    }

    async fn check_admin(&self, name: &str, plain: &str, second: Second<'_>, ip: IpAddr) -> std::result::Result<Lead, Refusal> {
        let unavailable = |error| Refusal::Unavailable(stored(error));
        // ACC-239: it was trimmed when it was set.
        let plain = plain.trim();
        if plain.is_empty() {
            return Err(Refusal::Credentials);
        }
        let found = self.0.store.admins().load_for_login(name).await.map_err(unavailable)?;
        let Some((admin, hash)) = found else {
            passwords::verify(self, None, plain).await.map_err(Refusal::Unavailable)?;
            return Err(Refusal::Unknown);
        };
        let factor = &admin.filters.totp_config;
        let hash = self.check_admin_password(name, hash, plain, factor.enabled).await?;
        match second {
            Second::Later if factor.enabled => {
                may_come_in(&admin, ip)?;
                return Ok(Lead::On(AdminSession::new(admin, Some(hash), ip).under(&self.settings())));
            }
            Second::Code(code) if factor.enabled => {
                let code = code.ok_or(Refusal::Code("an authentication code is needed"))?;
                if let Some(reason) = second_factor::check(self, Holder::Admin, name, factor, code).refusal() {
                    return Err(Refusal::Code(reason));
                }
            }
            Second::Later | Second::Code(_) => {}
        }
        may_come_in(&admin, ip)?;
        self.0.store.admins().set_last_login(name, self.clock().millis()).await.map_err(unavailable)?;
        Ok(Lead::In(AdminSession::new(admin, Some(hash), ip).under(&self.settings())))
    }

    /// Answers the hash that is stored now: a login may renew it (SEC-041).
    async fn check_admin_password(
        &self,
        name: &str,
        hash: Option<String>,
        plain: &str,
        needs_code: bool,
    ) -> std::result::Result<String, Refusal> {
        let now = self.clock().millis();
        // Where a code is needed as well, a quick answer would tell that the password alone was right.
        let caches = self.settings().data_provider.password_caching && !needs_code;
        if let Some(hash) = hash.as_ref().filter(|_| caches)
            && self.0.credentials.is_verified(Holder::Admin, name, hash, plain, now)
        {
            return Ok(hash.clone());
        }
        if !passwords::verify(self, hash.as_deref(), plain).await.map_err(Refusal::Unavailable)? {
            return Err(Refusal::Credentials);
        }
        let hash = hash.ok_or(Refusal::Credentials)?;
        if !entrepot_secrets::password::needs_rehash(&hash, &passwords::parameters(self)) {
            self.0.credentials.remember(Holder::Admin, name, &hash, plain, now);
            return Ok(hash);
        }
        let Ok(new) = passwords::hash(self, plain).await else { return Ok(hash) };
        match self.0.store.admins().replace_password_hash(name, hash.clone(), new.clone()).await {
            Ok(true) => Ok(new),
            Ok(false) => Ok(hash),
            Err(error) => {
                tracing::warn!(username = name, %error, "a password hash could not be renewed");
                Ok(hash)
            }
        }
    }

    fn record_admin_login(&self, username: &str, ip: IpAddr, event: i64, message: String, role: &str) {
        self.0.audit.login(&LoginOutcome { username, protocol: "HTTP", ip, event, message, role });
    }
}

/// Users and administrators of one name are different people.
fn throttle_key(name: &str) -> String {
    format!("admin/{name}")
}

/// Every rule but the credentials.
fn may_come_in(admin: &Admin, ip: IpAddr) -> std::result::Result<(), Denial> {
    checks::admin(admin, ip)?;
    may_use_password(admin)
}

/// Rules about passwords. What must be done after the login is not among them: the token says so (ACC-243, ACC-244).
fn may_use_password(admin: &Admin) -> std::result::Result<(), Denial> {
    let filters = &admin.filters;
    let refused = |rule, detail: &str| Err(Denial::new(rule, detail));
    if filters.disable_password_auth {
        return refused("disable_password_auth", "passwords are not accepted for this administrator");
    }
    Ok(())
}
