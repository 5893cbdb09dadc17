//! Shares: files of a user that others reach by a link.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::wire::{is_default, tidy, tolerant};

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
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::ReadWrite];

    /// The scope with this number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| *scope as i64 == number)
    }

    /// What `filters.denied_share_scopes` calls it (ACC-324).
    pub fn filter_name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadWrite => "read_write",
        }
    }

    /// Whether visitors may list and download.
    pub fn can_read(self) -> bool {
        self != Self::Write
    }

    /// Whether visitors may upload and make directories.
    pub fn can_write(self) -> bool {
        self != Self::Read
    }
}

/// What an account may do with a share: bits of `user_permissions` and of a group's binding (API-172).
pub mod share_permission {
    /// See it, and hand on its link.
    pub const VIEW: i64 = 1;
    /// Change it.
    pub const EDIT: i64 = 2;
    /// Delete it.
    pub const DELETE: i64 = 4;
    /// What its owner may.
    pub const ALL: i64 = VIEW | EDIT | DELETE;
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

    /// Value of [`ShareScope`], if the number is a known one.
    pub fn scope(&self) -> Option<ShareScope> {
        ShareScope::from_number(self.scope)
    }

    /// Whether visitors prove themselves by a code that is mailed to them (API-169).
    pub fn has_email_auth(&self) -> bool {
        self.options.auth_mode == 1
    }

    /// Whether all its uses are used up (API-179).
    pub fn is_used_up(&self) -> bool {
        self.max_tokens > 0 && self.used_tokens >= self.max_tokens
    }

    /// Whether a visitor at this address may come (API-165). An entry that is no network lets nobody in.
    pub fn allows_address(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.allow_from.is_empty()
            || self.allow_from.iter().any(|network| network.parse::<IpNet>().is_ok_and(|network| network.contains(&ip)))
    }

    /// Whether it is past its date (API-179). `now` in Unix milliseconds.
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at > 0 && self.expires_at <= now
    }
}

/// A share as its owner sends it: besides the share, whether two members were named at all. Where they were not, the account
/// and its groups have a say (ACC-320, API-223, API-240).
#[derive(Debug, Clone)]
pub struct ShareDraft {
    /// The share.
    pub share: Share,
    /// `expires_at` was named.
    pub names_expiration: bool,
    /// `groups` was named.
    pub names_groups: bool,
}

impl<'de> Deserialize<'de> for ShareDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::Object(Map::deserialize(deserializer)?);
        // `null` counts as absent.
        tidy(&mut value);
        let names = |member: &str| value.get(member).is_some();
        let (names_expiration, names_groups) = (names("expires_at"), names("groups"));
        let share = serde_json::from_value(value).map_err(D::Error::custom)?;
        Ok(Self { share, names_expiration, names_groups })
    }
}

/// Shows whose it is: the id opens it, the name may be the id, and the password is one.
impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("username", &self.username).finish_non_exhaustive()
    }
}
