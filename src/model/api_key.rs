//! API keys: what programs show in place of a token.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// Whom a key stands for (SEC-075).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyScope {
    /// An administrator.
    Admin,
    /// A user.
    User,
}

impl ApiKeyScope {
    /// The number on the wire.
    pub fn number(self) -> i64 {
        match self {
            Self::Admin => 1,
            Self::User => 2,
        }
    }

    /// The scope with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Admin, Self::User].into_iter().find(|scope| scope.number() == number)
    }
}

/// An API key (SEC-075). The secret part is shown once, when the key is made; afterwards there is only its hash.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct ApiKey {
    /// Generated, unique, 22 letters and digits.
    pub id: String,
    /// What people call it; need not be unique.
    pub name: String,
    /// Hash of the secret part: in backups only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// 1 administrator, 2 user.
    pub scope: i64,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds, 0 never; stored at most every ten minutes.
    #[serde(skip_serializing_if = "is_default")]
    pub last_use_at: i64,
    /// Unix milliseconds, 0 never.
    #[serde(skip_serializing_if = "is_default")]
    pub expires_at: i64,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// The user it stands for; empty: whom the one who shows it names.
    #[serde(skip_serializing_if = "is_default")]
    pub user: String,
    /// The administrator it stands for; empty: whom the one who shows it names.
    #[serde(skip_serializing_if = "is_default")]
    pub admin: String,
}
tolerant!(ApiKey);

impl ApiKey {
    /// Whom it stands for. Validated keys have a scope.
    pub fn scope(&self) -> Option<ApiKeyScope> {
        ApiKeyScope::from_number(self.scope)
    }

    /// The account that it is bound to (SEC-080).
    pub fn account(&self) -> Option<&str> {
        let account = match self.scope()? {
            ApiKeyScope::Admin => &self.admin,
            ApiKeyScope::User => &self.user,
        };
        Some(account.as_str()).filter(|account| !account.is_empty())
    }

    /// Whether it has ended at `now` (milliseconds).
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at > 0 && self.expires_at <= now
    }

    /// Prepares it for a response (SEC-092).
    pub fn hide_confidential(&mut self) {
        self.key = None;
    }
}

/// Shows which it is, never the hash.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn form_on_the_wire() {
        // SEC-075, SEC-092
        let full = json!({"id": "i", "name": "n", "key": "$2a$", "scope": 2, "created_at": 1, "updated_at": 2, "last_use_at": 3,
            "expires_at": 4, "description": "d", "user": "u", "admin": "a"});
        let mut key: ApiKey = serde_json::from_value(full.clone()).unwrap();
        assert_eq!(serde_json::to_value(&key).unwrap(), full);
        assert!(!format!("{key:?}").contains("$2a$"));
        key.hide_confidential();
        assert!(serde_json::to_value(&key).unwrap().get("key").is_none());
        let sparse: ApiKey = serde_json::from_value(json!({"name": "n", "user": null, "other": 1})).unwrap();
        let written = serde_json::to_value(&sparse).unwrap();
        assert_eq!(written, json!({"id": "", "name": "n", "scope": 0, "created_at": 0, "updated_at": 0}));
    }

    #[test]
    fn a_key_is_bound_by_the_field_of_its_scope() {
        // SEC-079, SEC-080
        let key = |scope| ApiKey { scope, user: "u".into(), ..ApiKey::default() };
        assert_eq!((key(2).account(), key(1).account(), key(3).account()), (Some("u"), None, None));
        assert!(!key(1).is_expired(i64::MAX));
        let ended = ApiKey { expires_at: 5, ..ApiKey::default() };
        assert!(ended.is_expired(5) && !ended.is_expired(4));
    }
}
