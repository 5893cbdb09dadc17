//! The typed tree of settings. Field names are the keys of the registry; a test proves that both
//! have the same keys. Defaults are not repeated here: every value is set when the tree is read.

use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

mod acme;
mod general;
mod mail;
mod own;
mod provider;
mod secret_text;
mod ssh;
mod web;

pub use acme::{Acme, Http01Challenge, TlsAlpn01Challenge};
pub(crate) use acme::{name_problem, names};
pub use general::{
    Common, CommonActions, Defender, EventManager, Hook, Kms, KmsSecrets, LoginDelay, Metadata, Mfa, RateLimiter, Telemetry, Totp,
};
pub(crate) use mail::SMTP_OAUTH2;
pub use mail::{MailTemplate, MailTemplates, Smtp, SmtpOauth2};
pub(crate) use own::time_of_day;
pub use own::{Backup, Events, LoadData, Log, Quota, Shutdown, Ssh, Transfers};
pub use provider::{
    Argon2Options, BcryptOptions, DataProvider, Node, PasswordHashing, PasswordRules, PasswordValidation, Pbkdf2Options,
    ProviderActions,
};
pub use secret_text::SecretText;
pub use ssh::{Sftpd, SshBinding};
pub use web::{HeaderValue, Http, HttpBinding, Httpd, Security, Setup, UrlPrefix, Wopi};

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The data folder.
    #[serde(skip)]
    pub data_dir: PathBuf,
    /// Section `common`.
    pub common: Common,
    /// Section `sftpd`.
    pub sftpd: Sftpd,
    /// Section `data_provider`.
    pub data_provider: DataProvider,
    /// Section `httpd`.
    pub httpd: Httpd,
    /// Section `http`.
    pub http: Http,
    /// Section `acme`.
    pub acme: Acme,
    /// Section `telemetry`.
    pub telemetry: Telemetry,
    /// Section `kms`.
    pub kms: Kms,
    /// Section `mfa`.
    pub mfa: Mfa,
    /// Section `smtp`.
    pub smtp: Smtp,
    /// Section `mail_templates`.
    pub mail_templates: MailTemplates,
    /// Section `hook`.
    pub hook: Hook,
    /// Section `transfers`.
    pub transfers: Transfers,
    /// Section `quota`.
    pub quota: Quota,
    /// Section `events`.
    pub events: Events,
    /// Section `ssh`.
    pub ssh: Ssh,
    /// Section `log`.
    pub log: Log,
    /// Section `loaddata`.
    pub loaddata: LoadData,
    /// Section `backup`.
    pub backup: Backup,
    /// Section `shutdown`.
    pub shutdown: Shutdown,
}

impl Settings {
    /// A path of the settings: relative ones are below the data folder.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.data_dir.join(path)
    }
}

/// A list of networks; an address is the network of itself.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|text| crate::convert::network(text).ok_or_else(|| D::Error::custom("not a network")))
        .collect()
}
