//! Programs.

use serde::{Deserialize, Serialize};

use super::KeyValue;
use crate::wire::is_default;

/// A program to run (ACT-011…ACT-015).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandConfig {
    /// Absolute path; the server's settings list those that are allowed.
    #[serde(skip_serializing_if = "is_default")]
    pub cmd: String,
    /// Arguments; templates.
    #[serde(skip_serializing_if = "is_default")]
    pub args: Vec<String>,
    /// Seconds, 1 to 120.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: i64,
    /// Environment; values are templates, and `$` copies the server's variable (ACT-013).
    #[serde(skip_serializing_if = "is_default")]
    pub env_vars: Vec<KeyValue>,
}
