//! Options of users and groups.

mod totp;

pub use totp::{RecoveryCode, TotpConfig};

use serde::{Deserialize, Serialize};

use crate::{patterns::PatternsFilter, wire::is_default};

/// Values of `filters.web_client` (ACC-304…ACC-317); the last is an extension value (ACC-318).
pub const WEB_CLIENT_OPTIONS: [&str; 14] = [
    "publickey-change-disabled",
    "tls-cert-change-disabled",
    "write-disabled",
    "mfa-disabled",
    "password-change-disabled",
    "api-key-auth-change-disabled",
    "info-change-disabled",
    "shares-disabled",
    "password-reset-disabled",
    "shares-without-password-disabled",
    "shares-require-email-auth",
    "wopi-disabled",
    "rest-api-disabled",
    "shares-policy-change-disabled",
];

/// Hooks that are skipped for an account (ACC-326).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HooksFilter {
    /// Skip the external authentication hook.
    #[serde(skip_serializing_if = "is_default")]
    pub external_auth_disabled: bool,
    /// Skip the pre-login hook.
    #[serde(skip_serializing_if = "is_default")]
    pub pre_login_disabled: bool,
    /// Skip the check-password hook.
    #[serde(skip_serializing_if = "is_default")]
    pub check_password_disabled: bool,
}

/// Bandwidth for clients of some networks (ACC-270).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BandwidthLimit {
    /// Networks in CIDR notation.
    pub sources: Vec<String>,
    /// KB/s, 0 unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub upload_bandwidth: i64,
    /// KB/s, 0 unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub download_bandwidth: i64,
}

/// A time of the week at which logins are allowed (ACC-042).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimePeriod {
    /// 0 Sunday to 6 Saturday.
    pub day_of_week: i64,
    /// `HH:MM`, inclusive.
    pub from: String,
    /// `HH:MM`, inclusive.
    pub to: String,
}

/// Character classes a new password must have; 0 takes the next level's value (ACC-109).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// Characters.
    #[serde(skip_serializing_if = "is_default")]
    pub length: i64,
    /// Upper case letters.
    #[serde(skip_serializing_if = "is_default")]
    pub uppers: i64,
    /// Lower case letters.
    #[serde(skip_serializing_if = "is_default")]
    pub lowers: i64,
    /// Decimal digits.
    #[serde(skip_serializing_if = "is_default")]
    pub digits: i64,
    /// Neither letters nor digits.
    #[serde(skip_serializing_if = "is_default")]
    pub specials: i64,
}

/// Options that users and groups share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseUserFilters {
    /// Networks clients may come from; empty for any.
    pub allowed_ip: Vec<String>,
    /// Networks clients may not come from; evaluated first.
    pub denied_ip: Vec<String>,
    /// Values of [`crate::LoginMethod`].
    pub denied_login_methods: Vec<String>,
    /// Values of [`crate::Protocol`].
    pub denied_protocols: Vec<String>,
    /// Names that are refused or hidden.
    pub file_patterns: Vec<PatternsFilter>,
    /// Bytes of one upload, 0 unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub max_upload_file_size: i64,
    /// Field of a client certificate that names the user: empty, `None` or `CommonName`.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_username: String,
    /// Hooks that are skipped.
    #[serde(skip_serializing_if = "is_default")]
    pub hooks: HooksFilter,
    /// No check for and creation of home and folders at login.
    #[serde(skip_serializing_if = "is_default")]
    pub disable_fs_checks: bool,
    /// WebClient options (ACC-304..318).
    #[serde(skip_serializing_if = "is_default")]
    pub web_client: Vec<String>,
    /// API keys may impersonate the account.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_api_key_auth: bool,
    /// Hint for external authenticators.
    #[serde(skip_serializing_if = "is_default")]
    pub user_type: String,
    /// Bandwidth by client network.
    #[serde(skip_serializing_if = "is_default")]
    pub bandwidth_limits: Vec<BandwidthLimit>,
    /// Seconds an external authentication is remembered, 0 not at all.
    #[serde(skip_serializing_if = "is_default")]
    pub external_auth_cache_time: i64,
    /// Seconds after a login in which the pre-login hook is skipped, 0 off (ACC-352).
    #[serde(skip_serializing_if = "is_default")]
    pub pre_login_cache_time: i64,
    /// Directory a session starts in; empty for `/`.
    #[serde(skip_serializing_if = "is_default")]
    pub start_directory: String,
    /// Protocols that need a second factor: `SSH`, `FTP`, `HTTP`.
    #[serde(skip_serializing_if = "is_default")]
    pub two_factor_protocols: Vec<String>,
    /// 1: TLS is required over FTP.
    #[serde(skip_serializing_if = "is_default")]
    pub ftp_security: i64,
    /// Anonymous account (ACC-300).
    #[serde(skip_serializing_if = "is_default")]
    pub is_anonymous: bool,
    /// Days until new shares expire, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub default_shares_expiration: i64,
    /// Most days a share may live, 0 without limit.
    #[serde(skip_serializing_if = "is_default")]
    pub max_shares_expiration: i64,
    /// Days until a password expires, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub password_expiration: i64,
    /// Least entropy of a new password in bits, 0 for the next level's.
    #[serde(skip_serializing_if = "is_default")]
    pub password_strength: i64,
    /// Character classes of a new password.
    #[serde(skip_serializing_if = "is_default")]
    pub password_policy: PasswordPolicy,
    /// When logins are allowed; empty for always.
    #[serde(skip_serializing_if = "is_default")]
    pub access_time: Vec<TimePeriod>,
    /// Refuse SSH connections with legacy algorithms (ACC-328).
    #[serde(skip_serializing_if = "is_default")]
    pub enforce_secure_algorithms: bool,
    /// Paths that may be shared; empty for any (ACC-325).
    #[serde(skip_serializing_if = "is_default")]
    pub allowed_share_paths: Vec<String>,
    /// Paths that may not be shared.
    #[serde(skip_serializing_if = "is_default")]
    pub denied_share_paths: Vec<String>,
    /// Share scopes that may not be used: `read`, `write`, `read_write`.
    #[serde(skip_serializing_if = "is_default")]
    pub denied_share_scopes: Vec<String>,
}

impl BaseUserFilters {
    /// Whether a client certificate can name the user by its subject (ACC-033).
    pub fn has_tls_username(&self) -> bool {
        !matches!(self.tls_username.as_str(), "" | "None")
    }

    /// Whether the WebClient option `option` is set.
    pub fn has_web_client_option(&self, option: &str) -> bool {
        self.web_client.iter().any(|o| o == option)
    }
}

/// Options of users.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFilters {
    /// What groups have too.
    #[serde(flatten)]
    pub base: BaseUserFilters,
    /// The password must be changed at the next login.
    #[serde(skip_serializing_if = "is_default")]
    pub require_password_change: bool,
    /// Second factor.
    #[serde(skip_serializing_if = "is_default")]
    pub totp_config: TotpConfig,
    /// Codes for a lost second factor.
    #[serde(skip_serializing_if = "is_default")]
    pub recovery_codes: Vec<RecoveryCode>,
    /// PEM certificates that authenticate the user.
    #[serde(skip_serializing_if = "is_default")]
    pub tls_certs: Vec<String>,
    /// Addresses beside `email`.
    #[serde(skip_serializing_if = "is_default")]
    pub additional_emails: Vec<String>,
    /// Older form of the first of `custom_placeholders`.
    #[serde(skip_serializing_if = "is_default")]
    pub custom1: String,
    /// Values of `%custom1%` to `%custom10%` in group settings.
    #[serde(skip_serializing_if = "is_default")]
    pub custom_placeholders: Vec<String>,
}

impl UserFilters {
    /// The value of `%customN%`, N from 1 (ACC-055).
    pub fn custom_placeholder(&self, number: usize) -> Option<&str> {
        if self.custom_placeholders.is_empty() && number == 1 && !self.custom1.is_empty() {
            return Some(&self.custom1);
        }
        self.custom_placeholders.get(number.checked_sub(1)?).map(String::as_str)
    }
}

/// What a group says about the shares of its members (ACC-222).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharePolicy {
    /// Bit mask: 1 read, 2 write, 4 delete.
    pub permissions: i64,
    /// 1 suggested, 2 enforced.
    pub mode: i64,
}

/// Options of groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupFilters {
    /// What users have too.
    #[serde(flatten)]
    pub base: BaseUserFilters,
    /// Shares of the members.
    #[serde(skip_serializing_if = "is_default")]
    pub share_policy: SharePolicy,
}
