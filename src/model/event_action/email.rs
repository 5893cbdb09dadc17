//! Mails.

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// A mail to send; every text is a template (ACT-016…ACT-021).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailConfig {
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub recipients: Vec<String>,
    /// Recipients that the others do not see.
    #[serde(skip_serializing_if = "is_default")]
    pub bcc: Vec<String>,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub subject: String,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub body: String,
    /// 0 text, 1 HTML.
    #[serde(skip_serializing_if = "is_default")]
    pub content_type: i64,
    /// Virtual paths of files.
    #[serde(skip_serializing_if = "is_default")]
    pub attachments: Vec<String>,
    /// Attach the report of an earlier action.
    #[serde(skip_serializing_if = "is_default")]
    pub attach_event_report: bool,
}
