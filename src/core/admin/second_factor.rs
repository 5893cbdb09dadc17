//! Second factors: an account sets up its own, an administrator takes it away (SEC-098…SEC-117).
//!
//! Nothing is stored before the account says so with [`save`]; the secret is sealed for its name, as its recovery codes are.

mod recovery;

use entrepot_model::{Admin, AdminPermission as P, RecoveryCode, Secret, TotpConfig, User};
use entrepot_secrets::{TotpDigest, TotpSecret};
use serde::{Deserialize, Serialize};

use super::{
    AdminSession, admins,
    changes::{self, Action, Change},
    sealing, stored, users,
};
use crate::{
    Authenticated, Core, Error, Result,
    login::{
        Holder,
        second_factor::{CodeOutcome, Purpose, digest_of},
    },
    policy::Denial,
};
pub use recovery::{Recovery, recovery_codes, renew_recovery_codes};

/// Protocols that can ask for a code.
const PROTOCOLS: [&str; 3] = ["HTTP", "SSH", "FTP"];
/// Option of users that closes all of this to them.
const DISABLED: &str = "mfa-disabled";

/// Whose second factor it is: who is logged in.
#[derive(Clone, Copy)]
pub enum FactorOwner<'a> {
    /// An administrator.
    Admin(&'a AdminSession),
    /// A user.
    User(&'a Authenticated),
}

/// A configuration of the settings (SEC-101).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactorConfig {
    /// Unique name.
    pub name: String,
    /// What authenticator programs show.
    pub issuer: String,
    /// `sha1`, `sha256` or `sha512`.
    pub algo: String,
}

/// A secret that was made and not stored (SEC-102). Its `Debug` would show it, so it has none.
pub struct Enrolment {
    /// Name of the configuration.
    pub config_name: String,
    /// Issuer of the configuration.
    pub issuer: String,
    /// Base32.
    pub secret: String,
    /// What authenticator programs read.
    pub url: String,
}

/// What is to change of a second factor; what is absent stays as it is (SEC-107).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct FactorChange {
    /// Whether it is active.
    pub enabled: Option<bool>,
    /// Name of the configuration.
    pub config_name: Option<String>,
    /// A new secret in clear text; in any other form it stands for the stored one (SEC-105).
    pub secret: Option<Secret>,
    /// Protocols that ask for it; users only.
    pub protocols: Option<Vec<String>>,
}

/// An account as it is stored, as far as it matters here.
struct Stored {
    totp: TotpConfig,
    codes: Vec<RecoveryCode>,
}

impl FactorOwner<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Admin(session) => session.username(),
            Self::User(login) => &login.user().user.username,
        }
    }

    fn holder(&self) -> Holder {
        match self {
            Self::Admin(_) => Holder::Admin,
            Self::User(_) => Holder::User,
        }
    }

    /// SEC-110.
    fn check_allowed(&self) -> Result<()> {
        match self {
            Self::User(login) if login.user().user.filters.base.has_web_client_option(DISABLED) => {
                Err(Denial::new(DISABLED, "second factors are disabled for this account").into())
            }
            Self::User(_) | Self::Admin(_) => Ok(()),
        }
    }

    async fn load(&self, core: &Core) -> Result<Stored> {
        let name = self.name();
        match self {
            Self::Admin(_) => {
                let admin = core.0.store.admins().get(name).await.map_err(stored)?.ok_or(Error::NotFound)?;
                Ok(Stored { totp: admin.filters.totp_config, codes: admin.filters.recovery_codes })
            }
            Self::User(_) => {
                let user = core.0.store.users().get(name).await.map_err(stored)?.ok_or(Error::NotFound)?;
                Ok(Stored { totp: user.filters.totp_config, codes: user.filters.recovery_codes })
            }
        }
    }

    async fn store(&self, core: &Core, totp: TotpConfig, codes: Vec<RecoveryCode>) -> Result<()> {
        let executor = match self {
            Self::Admin(session) => changes::Executor::itself(session.ip()),
            Self::User(login) => changes::Executor::itself(login.peer.remote.ip().to_canonical()),
        };
        match self {
            Self::Admin(_) => store_admin(core, &executor, self.name(), totp, codes).await,
            Self::User(_) => store_user(core, &executor, self.name(), totp, codes).await,
        }
    }

    /// Protocols for which the account must have a second factor, after its groups (SEC-106, SEC-108). An administrator that
    /// must have one has nothing to name.
    fn required(&self) -> Option<&[String]> {
        match self {
            Self::Admin(session) => session.admin().filters.require_two_factor.then_some(&[]),
            Self::User(login) => {
                let required = login.user().user.filters.base.two_factor_protocols.as_slice();
                (!required.is_empty()).then_some(required)
            }
        }
    }
}

/// What the settings offer (SEC-101).
///
/// # Errors
/// `Denied` when second factors are disabled for the user.
pub fn configs(core: &Core, owner: FactorOwner<'_>) -> Result<Vec<FactorConfig>> {
    owner.check_allowed()?;
    let settings = core.settings();
    let configs = settings.mfa.totp.iter();
    Ok(configs
        .map(|config| FactorConfig { name: config.name.clone(), issuer: config.issuer.clone(), algo: config.algo.clone() })
        .collect())
}

/// A new secret; nothing is stored (SEC-102).
///
/// # Errors
/// `Denied` when second factors are disabled for the user; `Invalid` for an unknown configuration.
pub fn generate(core: &Core, owner: FactorOwner<'_>, config_name: &str) -> Result<Enrolment> {
    owner.check_allowed()?;
    let settings = core.settings();
    let config = settings.mfa.totp.iter().find(|config| config.name == config_name).ok_or_else(unknown_config)?;
    let digest = TotpDigest::from_name(&config.algo).ok_or_else(unknown_config)?;
    let secret = TotpSecret::generate();
    let kind = if owner.holder() == Holder::Admin { "Admin" } else { "User" };
    let url = secret.url(digest, &config.issuer, &format!("{kind} \"{}\"", owner.name()));
    let url = url.map_err(|error| Error::invalid("username", error.to_string()))?;
    Ok(Enrolment { config_name: config.name.clone(), issuer: config.issuer.clone(), secret: secret.to_base32(), url })
}

/// Tries a code out before the secret is saved (SEC-103). It is used up for this only: the same code still logs in once.
///
/// # Errors
/// `Denied` as [`generate`]; `Invalid` for an unknown configuration, a secret that is none, or (`passcode`) a wrong code.
pub fn validate(core: &Core, owner: FactorOwner<'_>, config_name: &str, passcode: &str, secret: &str) -> Result<()> {
    owner.check_allowed()?;
    let digest = digest_of(core, config_name).ok_or_else(unknown_config)?;
    let secret = TotpSecret::parse(secret).map_err(|error| Error::invalid("secret", error.to_string()))?;
    let seconds = u64::try_from(core.clock().seconds()).unwrap_or_default();
    let is_right = secret.accepts(digest, passcode, seconds);
    let codes = &core.0.credentials.codes;
    match codes.take(owner.holder(), Purpose::Trial, owner.name(), passcode, is_right, core.clock().millis()) {
        CodeOutcome::Accepted => Ok(()),
        CodeOutcome::Wrong | CodeOutcome::Used | CodeOutcome::TooMany => Err(Error::invalid("passcode", "invalid passcode")),
    }
}

/// Stores a second factor, or takes it away (SEC-104…SEC-109).
///
/// # Errors
/// `Denied` as [`generate`]; `Invalid` for what cannot be: an unknown configuration or protocol, no secret, none where one is
/// required.
pub async fn save(core: &Core, owner: FactorOwner<'_>, change: FactorChange) -> Result<()> {
    owner.check_allowed()?;
    let Stored { mut totp, mut codes } = owner.load(core).await?;
    totp.enabled = change.enabled.unwrap_or(totp.enabled);
    if !totp.enabled {
        if owner.required().is_some() {
            return Err(Error::invalid("enabled", "two-factor authentication must be enabled"));
        }
        return owner.store(core, TotpConfig::default(), Vec::new()).await;
    }
    totp.config_name = change.config_name.unwrap_or(totp.config_name);
    digest_of(core, &totp.config_name).ok_or_else(unknown_config)?;
    match owner {
        FactorOwner::Admin(_) => totp.protocols.clear(),
        FactorOwner::User(_) => {
            totp.protocols = protocols(change.protocols.unwrap_or(totp.protocols), owner.required().unwrap_or_default())?;
        }
    }
    totp.secret = secret(core, owner.name(), change.secret, totp.secret)?;
    if recovery::unused(&codes) < recovery::LEAST {
        codes = recovery::seal(core, owner.name(), &recovery::fresh())?;
    }
    owner.store(core, totp, codes).await
}

/// Takes the second factor of a user away (SEC-115).
///
/// # Errors
/// `Denied` without `disable_mfa`; `NotFound`, also for users of another role; `Invalid` when there is none.
pub async fn disable_of_user(core: &Core, session: &AdminSession, username: &str) -> Result<()> {
    session.require(P::DisableMfa)?;
    let user = users::visible(core, session, username).await?;
    check_enabled(&user.filters.totp_config)?;
    store_user(core, &changes::Executor::of(session), &user.username, TotpConfig::default(), Vec::new()).await
}

/// Takes the second factor of an administrator away (SEC-115, ACC-253).
///
/// # Errors
/// `Denied` without `*`; `NotFound`; `Invalid` when there is none, or for oneself when one is required.
pub async fn disable_of_admin(core: &Core, session: &AdminSession, username: &str) -> Result<()> {
    session.require(P::Any)?;
    let admin = admins::existing(core, username).await?;
    check_enabled(&admin.filters.totp_config)?;
    if admin.filters.require_two_factor && admins::is_self(session, &admin) {
        return Err(Error::invalid("username", "two-factor authentication must be enabled"));
    }
    store_admin(core, &changes::Executor::of(session), &admin.username, TotpConfig::default(), Vec::new()).await
}

fn check_enabled(totp: &TotpConfig) -> Result<()> {
    if totp.enabled { Ok(()) } else { Err(Error::invalid("username", "two-factor authentication is not enabled")) }
}

fn unknown_config() -> Error {
    Error::invalid("config_name", "there is no such configuration")
}

/// SEC-104, SEC-108.
fn protocols(asked: Vec<String>, required: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = asked.iter().find(|name| !PROTOCOLS.contains(&name.as_str())) {
        return Err(Error::invalid("protocols", format!("{unknown:?} is not one of {}", PROTOCOLS.join(", "))));
    }
    if asked.is_empty() {
        return Err(Error::invalid("protocols", "at least one protocol is needed"));
    }
    let missing: Vec<&str> =
        required.iter().map(String::as_str).filter(|name| !asked.iter().any(|asked| asked == name)).collect();
    if !missing.is_empty() {
        return Err(Error::invalid("protocols", format!("required for this account are also: {}", missing.join(", "))));
    }
    let mut protocols: Vec<String> = Vec::new();
    for name in asked {
        if !protocols.contains(&name) {
            protocols.push(name);
        }
    }
    Ok(protocols)
}

/// The secret to store: a new one sealed, else the stored one (SEC-105).
fn secret(core: &Core, owner: &str, sent: Option<Secret>, old: Secret) -> Result<Secret> {
    let Some(sent) = sent.filter(|secret| secret.is_plain() && !secret.payload.trim().is_empty()) else {
        if old.is_empty() {
            return Err(Error::invalid("secret", "a secret in clear text is needed"));
        }
        return Ok(old);
    };
    let secret = TotpSecret::parse_new(&sent.payload).map_err(|error| Error::invalid("secret", error.to_string()))?;
    sealing::seal(&core.0.sealer, &secret.to_base32(), owner)
}

async fn store_user(
    core: &Core,
    executor: &changes::Executor,
    name: &str,
    totp: TotpConfig,
    codes: Vec<RecoveryCode>,
) -> Result<()> {
    let now = core.clock().millis();
    let mut user: User = core.0.store.users().set_second_factor(name, totp, codes, now).await.map_err(stored)?;
    users::forget(core, name);
    user.hide_confidential();
    let change = Change { action: Action::Update, kind: users::KIND, name, role: &user.role, object: &user };
    changes::record_by(core, executor, &change);
    Ok(())
}

async fn store_admin(
    core: &Core,
    executor: &changes::Executor,
    name: &str,
    totp: TotpConfig,
    codes: Vec<RecoveryCode>,
) -> Result<()> {
    let now = core.clock().millis();
    let mut admin: Admin = core.0.store.admins().set_second_factor(name, totp, codes, now).await.map_err(stored)?;
    admin.hide_confidential();
    let change = Change { action: Action::Update, kind: admins::KIND, name, role: &admin.role, object: &admin };
    changes::record_by(core, executor, &change);
    Ok(())
}

#[cfg(test)]
mod tests;
