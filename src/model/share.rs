//! Shares: files of a user that others reach by a link.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// Stands for the stored password of a share (API-042, API-166).
pub const REDACTED_PASSWORD: &str = "[**redacted**]";

/// What a share is for (API-161).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum ShareScope {
    /// Reading.
    Read = 1,
    /// Writing.
    Write = 2,
    /// Both.
    ReadWrite = 3,
}

impl ShareScope {
    /// The scope with this number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Read, Self::Write, Self::ReadWrite].into_iter().find(|scope| *scope as i64 == number)
    }
}

/// What members of a group may do with a share (API-172).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShareGroupBinding {
    /// Name of the group.
    pub group_name: String,
    /// Bit mask: 1 see, 2 change, 4 delete.
    pub permissions: i64,
}

/// Further options of a share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShareOptions {
    /// Recipients (API-169, API-170).
    #[serde(skip_serializing_if = "is_default")]
    pub emails: Vec<String>,
    /// 1: recipients get a code by mail.
    #[serde(skip_serializing_if = "is_default")]
    pub auth_mode: i64,
    /// 1: visitors must accept an agreement (API-171).
    #[serde(skip_serializing_if = "is_default")]
    pub legal_agreement: i64,
}

/// A share.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct Share {
    /// Unique and immutable; it is the secret part of the link.
    pub id: String,
    /// For people.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Value of [`ShareScope`].
    pub scope: i64,
    /// Absolute virtual paths of the owner.
    pub paths: Vec<String>,
    /// The owner.
    pub username: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds, 0 never.
    pub last_use_at: i64,
    /// Unix milliseconds, 0 never.
    pub expires_at: i64,
    /// Clear text, hash, or [`REDACTED_PASSWORD`]; empty for none.
    #[serde(skip_serializing_if = "is_default")]
    pub password: String,
    /// Uses that are allowed, 0 unlimited.
    pub max_tokens: i64,
    /// Uses so far.
    pub used_tokens: i64,
    /// Networks that visitors may come from; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_from: Vec<String>,
    /// Groups whose members see it.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Vec<ShareGroupBinding>,
    /// What who asks may do; computed (API-174).
    #[serde(skip_serializing_if = "is_default")]
    pub user_permissions: i64,
    /// Further options.
    #[serde(skip_serializing_if = "is_default")]
    pub options: ShareOptions,
}
tolerant!(Share);

impl Share {
    /// Prepares it for a response (API-166).
    pub fn hide_confidential(&mut self) {
        if !self.password.is_empty() {
            REDACTED_PASSWORD.clone_into(&mut self.password);
        }
    }

    /// Whether it is past its date (API-179). `now` in Unix milliseconds.
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at > 0 && self.expires_at <= now
    }
}

/// Shows whose it is: the id opens it, the name may be the id, and the password is one.
impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("username", &self.username).finish_non_exhaustive()
    }
}
