//! Checks of accounts and shares, and reports.

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// Passwords that expire (ACT-051).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordExpirationConfig {
    /// Days before the expiration.
    #[serde(skip_serializing_if = "is_default")]
    pub threshold: i64,
}

/// Accounts that nobody uses (ACT-053).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserInactivityConfig {
    /// Days until the account is disabled, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub disable_threshold: i64,
    /// Days until the account is deleted, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub delete_threshold: i64,
}

/// Shares that expire (ACT-054, ACT-055).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShareExpirationConfig {
    /// Days before the expiration, 0 none.
    #[serde(skip_serializing_if = "is_default")]
    pub advance_notice: i64,
    /// Days an expired share is kept, 0 for ever.
    #[serde(skip_serializing_if = "is_default")]
    pub grace_period: i64,
    /// Days without use that make a share without a date expire, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub inactivity_threshold: i64,
    /// Later actions run once per share.
    #[serde(skip_serializing_if = "is_default")]
    pub split_events: bool,
}

/// Accounts of logins at an identity provider (ACT-056…ACT-060).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdpAccountCheckConfig {
    /// 0 create or update, 1 create only.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: i64,
    /// JSON of a user; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub template_user: String,
    /// JSON of an administrator; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub template_admin: String,
}

/// A report of recorded events (ACT-073…ACT-075).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventReportConfig {
    /// Minutes before now.
    #[serde(skip_serializing_if = "is_default")]
    pub time_window: i64,
    /// Only these operations; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub fs_actions: Vec<String>,
    /// Only these outcomes: 1 OK, 2 error, 3 quota exceeded; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub statuses: Vec<i64>,
    /// Later actions run once per user.
    #[serde(skip_serializing_if = "is_default")]
    pub split_reports: bool,
}
