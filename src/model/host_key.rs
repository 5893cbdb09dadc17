//! The keys by which SSH clients know the server, as administrators see them (SSH-036). The private halves are never shown.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Kinds of keys that the server makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostKeyKind {
    /// Ed25519.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// ECDSA over the curve P-256.
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
    /// RSA of 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
}

impl HostKeyKind {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::EcdsaP256, Self::Rsa3072];

    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::Rsa3072 => "rsa-3072",
        }
    }
}

impl fmt::Display for HostKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HostKeyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| "the type must be ed25519, ecdsa-p256 or rsa-3072".to_owned())
    }
}

/// What becomes of a host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKeyState {
    /// New connections see it.
    Shown,
    /// Another key of its type stands before it.
    Waiting,
    /// It is not offered: files that the settings name win, or the settings do not allow its type.
    Unused,
    /// It was sealed with another master key.
    Unreadable,
}

/// Where a host key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKeyOrigin {
    /// In the database.
    Database,
    /// In a file.
    File,
}

/// A host key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostKeyView {
    /// Its fingerprint, so that it can stand in an address.
    pub id: String,
    /// Its type, as SSH names it: `ssh-ed25519`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its length in bits.
    pub bits: u32,
    /// `SHA256:…`, as clients show it.
    pub fingerprint: String,
    /// As a line of `known_hosts` has it, without the name of the host.
    pub public_key: String,
    /// Signatures it is offered with.
    pub algorithms: Vec<String>,
    /// Where it is kept.
    pub origin: HostKeyOrigin,
    /// Its file; empty in the database.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// When it came into the database, in Unix milliseconds; 0 for files.
    #[serde(default, skip_serializing_if = "crate::wire::is_default")]
    pub created_at: i64,
    /// What becomes of it.
    pub state: HostKeyState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_one_name() {
        for kind in HostKeyKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
        assert!("dsa".parse::<HostKeyKind>().is_err());
    }
}
