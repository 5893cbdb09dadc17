//! Mailboxes.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// Access to a mailbox by OAuth2 (ACT-108).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OAuth2Config {
    /// 0 Google, 1 Microsoft.
    #[serde(skip_serializing_if = "is_default")]
    pub provider: i64,
    /// Empty for `common`.
    #[serde(skip_serializing_if = "is_default")]
    pub tenant: String,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub client_id: String,
    /// Required.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub client_secret: Secret,
    /// Required.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub refresh_token: Secret,
}

/// A mailbox whose attachments are fetched (ACT-062…ACT-066).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImapConfig {
    /// `imap://host:port` or `imaps://host:port`.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// With `auth_type` 0.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// 0 login, 1 OAuth2.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_type: i64,
    /// With `auth_type` 1.
    #[serde(skip_serializing_if = "is_default")]
    pub oauth2: OAuth2Config,
    /// Empty for the inbox.
    #[serde(skip_serializing_if = "is_default")]
    pub mailbox: String,
    /// Directory for attachments; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub path: String,
    /// 0 mark messages as read, 1 delete them.
    #[serde(skip_serializing_if = "is_default")]
    pub post_process_action: i64,
    /// Virtual folder for attachments.
    #[serde(skip_serializing_if = "is_default")]
    pub target_folder: String,
}
