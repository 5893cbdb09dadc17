//! Secret values inside objects (SEC-001..020). Sealing and opening them is another room's work.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::validation::FieldError;

/// How the payload of a secret is to be read (SEC-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SecretStatus {
    /// No secret.
    #[default]
    Empty,
    /// Clear text, on its way in.
    Plain,
    /// Stands for the stored value.
    Redacted,
    /// Sealed with AES-256-GCM (SEC-026).
    Aes256Gcm,
    /// Sealed with XSalsa20-Poly1305 (SEC-021).
    Secretbox,
    /// Sealed by the Google key service.
    Gcp,
    /// Sealed by the Amazon key service.
    Aws,
    /// Sealed by a Vault transit engine.
    VaultTransit,
    /// Sealed by the Azure key service.
    AzureKeyVault,
    /// Sealed by the Oracle key service; kept, never opened.
    OracleKeyVault,
}

impl SecretStatus {
    const ALL: [Self; 10] = [
        Self::Empty,
        Self::Plain,
        Self::Redacted,
        Self::Aes256Gcm,
        Self::Secretbox,
        Self::Gcp,
        Self::Aws,
        Self::VaultTransit,
        Self::AzureKeyVault,
        Self::OracleKeyVault,
    ];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "",
            Self::Plain => "Plain",
            Self::Redacted => "Redacted",
            Self::Aes256Gcm => "AES-256-GCM",
            Self::Secretbox => "Secretbox",
            Self::Gcp => "GCP",
            Self::Aws => "AWS",
            Self::VaultTransit => "VaultTransit",
            Self::AzureKeyVault => "AzureKeyVault",
            Self::OracleKeyVault => "OracleKeyVault",
        }
    }
}

impl Serialize for SecretStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SecretStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|status| status.as_str() == name);
        found.ok_or_else(|| D::Error::custom(format_args!("invalid secret status {name:?}")))
    }
}

/// A secret value. Its `Debug` shows only the status.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// How to read `payload`.
    pub status: SecretStatus,
    /// Clear or sealed value, by `status`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub payload: String,
    /// Salt or key of the sealing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Owner that the sealing is bound to (SEC-019).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub additional_data: String,
    /// 1: sealed with a master key.
    #[serde(skip_serializing_if = "crate::wire::is_default")]
    pub mode: i64,
}

impl Secret {
    /// A secret in clear text, to be sealed.
    pub fn plain(payload: impl Into<String>) -> Self {
        Self { status: SecretStatus::Plain, payload: payload.into(), ..Self::default() }
    }

    /// Whether there is none: no status, or clear text without content (SEC-012, SEC-013).
    pub fn is_empty(&self) -> bool {
        match self.status {
            SecretStatus::Empty => true,
            SecretStatus::Plain => self.payload.is_empty(),
            _ => false,
        }
    }

    /// Whether it is clear text that is to be sealed.
    pub fn is_plain(&self) -> bool {
        self.status == SecretStatus::Plain
    }

    /// Whether it stands for the stored value.
    pub fn is_redacted(&self) -> bool {
        self.status == SecretStatus::Redacted
    }

    /// Whether it is sealed, by us or by a key service.
    pub fn is_encrypted(&self) -> bool {
        !matches!(self.status, SecretStatus::Empty | SecretStatus::Plain | SecretStatus::Redacted)
    }

    /// Removes what responses must not show (SEC-007). Clear text never stays (SEC-009).
    pub fn hide(&mut self) {
        self.key.clear();
        self.additional_data.clear();
        if self.is_plain() {
            *self = Self::default();
        }
    }

    /// What a client may send, made uniform: clear text trimmed and alone, empty values cleared (SEC-004, SEC-006, SEC-013).
    pub fn normalise_input(&mut self) {
        if self.is_plain() {
            *self = Self::plain(self.payload.trim());
        }
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// On update: everything with a status but clear text stands for `stored` (SEC-011).
    pub fn keep_from(&mut self, stored: &Self) {
        self.normalise_input();
        if !self.is_empty() && !self.is_plain() {
            *self = stored.clone();
        }
    }

    /// On creation: nothing is stored that `Redacted` or a hidden form could stand for (SEC-015, SEC-016).
    ///
    /// # Errors
    /// Names `field`.
    pub fn check_new(&self, field: &str, object: &str) -> Result<(), FieldError> {
        if self.is_redacted() {
            return Err(FieldError::new(field, format!("cannot save a {object} with a redacted secret")));
        }
        let local = matches!(self.status, SecretStatus::Aes256Gcm | SecretStatus::Secretbox);
        if self.is_encrypted() && (self.payload.is_empty() || (local && self.key.is_empty())) {
            return Err(FieldError::new(field, "the encrypted secret is incomplete"));
        }
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:?}, ***)", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Secret {
        Secret {
            status: SecretStatus::Secretbox,
            payload: "cGF5".into(),
            key: "ab".repeat(32),
            additional_data: "alice".into(),
            mode: 1,
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let text = format!("{:?} {:?}", Secret::plain("hunter2"), sealed());
        assert!(!text.contains("hunter2") && !text.contains("cGF5") && text.contains("***"), "{text}");
    }

    #[test]
    fn hidden_secrets_keep_only_status_and_sealed_payload() {
        // SEC-007, SEC-009
        let mut secret = sealed();
        secret.hide();
        assert_eq!(
            serde_json::to_value(&secret).unwrap(),
            serde_json::json!({"status": "Secretbox", "payload": "cGF5", "mode": 1})
        );
        let mut plain = Secret::plain("x");
        plain.hide();
        assert!(plain.is_empty());
    }

    #[test]
    fn update_keeps_replaces_or_removes() {
        // SEC-004, SEC-006, SEC-011, SEC-012, SEC-013
        let stored = sealed();
        for status in [SecretStatus::Redacted, SecretStatus::Aws, SecretStatus::Secretbox] {
            let mut sent = Secret { status, payload: "other".into(), ..Secret::default() };
            sent.keep_from(&stored);
            assert_eq!(sent, stored);
        }
        let mut absent = Secret::default();
        absent.keep_from(&stored);
        assert!(absent.is_empty());
        let mut blank = Secret::plain("  ");
        blank.keep_from(&stored);
        assert_eq!(blank, Secret::default());
        let mut new = Secret { key: "k".into(), ..Secret::plain(" new ") };
        new.keep_from(&stored);
        assert_eq!(new, Secret::plain("new"));
    }

    #[test]
    fn creation_needs_a_whole_secret() {
        // SEC-015, SEC-016
        let redacted = Secret { status: SecretStatus::Redacted, ..Secret::default() };
        let error = redacted.check_new("filesystem.s3config.access_secret", "user").unwrap_err();
        assert!(error.to_string().contains("cannot save a user with a redacted secret"));
        let mut hidden = sealed();
        hidden.hide();
        assert!(hidden.check_new("f", "user").is_err());
        assert!(sealed().check_new("f", "user").is_ok());
    }

    #[test]
    fn unknown_status_is_refused() {
        // SEC-002
        assert!(serde_json::from_str::<Secret>(r#"{"status":"Rot13"}"#).is_err());
        assert!(serde_json::from_str::<Secret>(r#"{"status":"OracleKeyVault"}"#).unwrap().is_encrypted());
        assert!(serde_json::from_str::<Secret>("{}").unwrap().is_empty());
    }
}
