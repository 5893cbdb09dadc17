//! PGP encryption of files.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// A source and where the result goes (ACT-044, extension form).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PgpEntry {
    /// Source; a template.
    pub key: String,
    /// Target; a template. With `/` at the end a directory.
    pub value: String,
    /// 0 keep the source, 1 delete it, 2 move it (ACT-098).
    #[serde(skip_serializing_if = "is_default")]
    pub on_source_processed: i64,
    /// Where it is moved to.
    #[serde(skip_serializing_if = "is_default")]
    pub on_source_processed_move_path: String,
}

/// One path of a PGP action, in the form in which it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PgpPath {
    /// The source; the result goes beside it.
    Source(String),
    /// Source, target, and what happens to the source.
    Entry(PgpEntry),
}

impl PgpPath {
    /// What is encrypted or decrypted.
    pub fn source(&self) -> &str {
        match self {
            Self::Source(source) => source,
            Self::Entry(entry) => &entry.key,
        }
    }
}

/// Encryption or decryption (ACT-044, ACT-045).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PgpConfig {
    /// 1 encrypt, 2 decrypt.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: i64,
    /// 0 default, 1 RFC 4880, 2 RFC 9580.
    #[serde(skip_serializing_if = "is_default")]
    pub profile: i64,
    /// What is processed.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: Vec<PgpPath>,
    /// Instead of keys.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// Decrypts, or signs.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub private_key: Secret,
    /// Of the private key.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub passphrase: Secret,
    /// Encrypts, or verifies.
    #[serde(skip_serializing_if = "is_default")]
    pub public_key: String,
}
