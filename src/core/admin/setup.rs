//! The first start: a token that proves access to the machine, and the first administrator. Also what the command line does
//! for administrators that cannot log in.

use entrepot_model::{Admin, AdminPermission as P};
use entrepot_secrets::{constant_time_eq, random_token, token_hash};
use parking_lot::Mutex;

use super::{AdminSession, admins, passwords, stored};
use crate::{Core, Error, Result, policy::Denial};

/// Wrong tokens that are answered per minute, wherever they come from.
const TRIES_PER_MINUTE: u32 = 10;

/// What somebody fills in at the first start.
#[derive(Clone, Copy)]
pub struct SetupRequest<'a> {
    /// The token that the server showed on its terminal.
    pub token: &'a str,
    /// Name of the first administrator.
    pub username: &'a str,
    /// Its password.
    pub password: &'a str,
    /// The answer to `httpd.setup.installation_code`; empty if none is asked for (ACC-256).
    pub installation_code: &'a str,
    /// Address of who asks.
    pub ip: std::net::IpAddr,
}

impl std::fmt::Debug for SetupRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupRequest").field("username", &self.username).field("ip", &self.ip).finish_non_exhaustive()
    }
}

/// Counts tries in the running minute.
#[derive(Debug, Default)]
pub(crate) struct SetupLimit(Mutex<(i64, u32)>);

impl SetupLimit {
    /// Counts a try.
    fn take(&self, seconds: i64) -> Result<()> {
        let mut state = self.0.lock();
        if state.0 != seconds / 60 {
            *state = (seconds / 60, 0);
        }
        state.1 += 1;
        if state.1 > TRIES_PER_MINUTE { Err(Error::TooMany) } else { Ok(()) }
    }

    /// Whether there is a try left.
    fn check(&self, seconds: i64) -> Result<()> {
        let (minute, tries) = *self.0.lock();
        if minute == seconds / 60 && tries >= TRIES_PER_MINUTE { Err(Error::TooMany) } else { Ok(()) }
    }
}

impl Core {
    /// Whether no administrator exists yet.
    ///
    /// # Errors
    /// `Internal` when the database cannot be read.
    pub async fn setup_required(&self) -> Result<bool> {
        self.0.store.setup().is_needed().await.map_err(stored)
    }

    /// Makes the token of the first start, 256 bit; an older one ends. It is stored hashed: show it to whoever may read the
    /// terminal or the data folder, never in a log.
    ///
    /// # Errors
    /// `Conflict` when an administrator exists.
    pub async fn create_setup_token(&self) -> Result<String> {
        if !self.setup_required().await? {
            return Err(Error::Conflict("an administrator exists already".to_owned()));
        }
        let token = random_token(32);
        self.0.store.setup().put(token_hash(&token).into_bytes(), self.clock().millis()).await.map_err(stored)?;
        Ok(token)
    }

    /// Whether `token` is the one of the first start, without using it up: for the page that asks for name and password.
    ///
    /// # Errors
    /// `TooMany` after some tries in a minute; `Auth` for a wrong token or when setup is done.
    pub async fn check_setup_token(&self, token: &str) -> Result<()> {
        self.setup_hash(token).await.map(|_| ())
    }

    /// Whether `code` is the answer to `httpd.setup.installation_code` (ACC-256); any is where none is asked for. Whoever makes
    /// this server somebody's asks, once the token was right: only who has the link can use the tries up.
    ///
    /// # Errors
    /// `Denied` for a wrong one; `TooMany` for any after some wrong ones in a minute.
    pub(crate) fn check_installation_code(&self, code: &str) -> Result<()> {
        let settings = self.settings();
        let wanted = settings.httpd.setup.installation_code.as_bytes();
        if wanted.is_empty() {
            return Ok(());
        }
        let (codes, now) = (&self.0.credentials.installation_codes, self.clock().seconds());
        codes.check(now)?;
        if constant_time_eq(wanted, code.as_bytes()) {
            return Ok(());
        }
        codes.take(now)?;
        Err(Error::Denied(Denial::new("installation_code", "the installation code does not match")))
    }

    /// Adds the first administrator, with `*`, and uses the token up. Of two requests at once one succeeds.
    ///
    /// # Errors
    /// `TooMany` after some tries in a minute; `Auth` for a wrong token; `Denied` for a wrong installation code; `Invalid` for
    /// name or password; `Conflict` when an administrator exists.
    pub async fn complete_setup(&self, request: SetupRequest<'_>) -> Result<Admin> {
        let hash = self.setup_hash(request.token).await?;
        self.check_installation_code(request.installation_code)?;
        let restored = || Error::Conflict("a backup is being restored: open the server again in a moment".to_owned());
        let _founding = self.services().founding().set_up().ok_or_else(restored)?;
        let mut admin = first_admin(request.username, request.password);
        let password = admins::prepare(self, &mut admin).await?;
        let completed = self.0.store.setup().complete(hash, admin, Some(password), self.clock().millis()).await;
        let admin = completed.map_err(stored)?.ok_or(Error::Auth)?;
        let session = AdminSession::new(admin.clone(), None, request.ip);
        Ok(admins::finish_added(self, &session, admin))
    }

    /// Adds an administrator with `*` if there is none (INIT-003). Answers whether one was added.
    ///
    /// # Errors
    /// `Invalid` for name or password.
    pub async fn create_default_admin(&self, username: &str, password: &str) -> Result<bool> {
        if !self.setup_required().await? {
            return Ok(false);
        }
        admins::add(self, &AdminSession::system(), first_admin(username, password)).await?;
        Ok(true)
    }

    /// Gives an administrator a new password and enables the account, for who has access to the machine.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for the password.
    pub async fn reset_admin_password(&self, username: &str, password: &str) -> Result<()> {
        let system = AdminSession::system();
        let mut admin = admins::get(self, &system, username, true).await?;
        let hash = passwords::of_admin(self, password).await?;
        admin.password = None;
        admin.status = 1;
        admin.filters.require_password_change = false;
        let change = entrepot_store::PasswordChange::Set(hash);
        let updated = self.0.store.admins().update(admin, change, self.clock().millis()).await.map_err(stored)?;
        admins::finish_updated(self, &system, updated);
        Ok(())
    }

    /// The stored hash that `token` belongs to. Only wrong tokens count: nobody can keep the right one out by guessing.
    async fn setup_hash(&self, token: &str) -> Result<Vec<u8>> {
        let known = self.0.store.setup().token().await.map_err(stored)?;
        let hash = token_hash(token).into_bytes();
        match known {
            Some(known) if constant_time_eq(&known.hash, &hash) && self.setup_required().await? => Ok(known.hash),
            _ => {
                self.0.credentials.setup.take(self.clock().seconds())?;
                Err(Error::Auth)
            }
        }
    }
}

fn first_admin(username: &str, password: &str) -> Admin {
    Admin {
        username: username.to_owned(),
        password: Some(password.to_owned()),
        status: 1,
        permissions: vec![P::Any],
        ..Admin::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_limited_per_minute() {
        let limit = SetupLimit::default();
        for _ in 0..TRIES_PER_MINUTE {
            assert_eq!(limit.take(120), Ok(()));
        }
        assert_eq!((limit.take(179), limit.check(179)), (Err(Error::TooMany), Err(Error::TooMany)));
        assert_eq!(limit.check(180), Ok(()));
        assert_eq!(limit.take(180), Ok(()));
    }
}
