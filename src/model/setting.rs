//! A setting of the server, as administrators see it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A setting, what it is, and where its value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingView {
    /// The path, for instance `sftpd.bindings[0].port`.
    pub key: String,
    /// The value; secrets are `***`.
    pub value: Value,
    /// The value where nothing is configured.
    pub default: Value,
    /// `bool`, `int`, `float`, `str` or `list`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does, in one sentence.
    pub doc: String,
    /// `default`, `file PATH`, `database`, `env.d PATH`, `environment NAME` or `flag`.
    pub origin: String,
    /// Nothing is configured.
    pub is_default: bool,
    /// It was saved by an administrator, and can be taken back.
    pub is_saved: bool,
    /// A change holds at once, without a restart.
    pub hot: bool,
    /// The running server does not go by this value yet: it was changed since the start.
    pub needs_restart: bool,
    /// The value is never shown.
    pub secret: bool,
    /// A value that was saved in the backup from which this server was restored, and cannot hold here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<SetAsideView>,
}

/// A value that is kept and not used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAsideView {
    /// The value; secrets are `***`.
    pub value: Value,
    /// Why it is not used, for people.
    pub reason: String,
}

/// A setting as it is saved in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedSetting {
    /// The path, for instance `sftpd.bindings[0].port`.
    pub key: String,
    /// The value; secrets are `***`.
    pub value: Value,
    /// Why it is kept and not used, if it was set aside when a backup was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}
