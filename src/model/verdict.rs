//! The answer to "why was this refused?": what each rule says to a user, an operation and a path, in the order in which the
//! server asks them.

use serde::{Deserialize, Serialize};

/// What is asked, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Bans and lists, before a word is said.
    Address,
    /// Status, expiration and times of the account.
    Account,
    /// Protocols, networks, sessions, second factor, password.
    SignIn,
    /// Permissions, patterns and mounts of the path.
    Files,
    /// Space, number of files, traffic.
    Quota,
}

/// What one stage says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub stage: Stage,
    /// It lets the operation go on.
    pub allowed: bool,
    /// Stable name of the rule that stops it; empty if none does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// What exactly the rule says, for administrators.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// On what it depends that it goes on; empty if on nothing that was not asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What the server would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// It would happen.
    pub allowed: bool,
    /// Every stage, in order. The first that does not allow it is what stops it; later ones are told all the same.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Of the checks in their order.
    pub fn of(checks: Vec<Check>) -> Self {
        Self { allowed: checks.iter().all(|check| check.allowed), checks }
    }

    /// What stops it.
    pub fn stopper(&self) -> Option<&Check> {
        self.checks.iter().find(|check| !check.allowed)
    }
}
