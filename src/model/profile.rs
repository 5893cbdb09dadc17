//! What accounts may say about themselves.

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// Profile of an administrator (API-052).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct AdminProfile {
    /// Mail address.
    #[serde(skip_serializing_if = "is_default")]
    pub email: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// API keys may stand for the account.
    pub allow_api_key_auth: bool,
}
tolerant!(AdminProfile);

/// Profile of a user (API-051).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct UserProfile {
    /// Mail address.
    #[serde(skip_serializing_if = "is_default")]
    pub email: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// API keys may stand for the account.
    pub allow_api_key_auth: bool,
    /// OpenSSH authorized-key lines.
    pub public_keys: Vec<String>,
    /// Addresses beside `email`; absent: those that are stored.
    #[serde(skip_serializing_if = "is_absent_or_empty")]
    pub additional_emails: Option<Vec<String>>,
    /// PEM certificates; absent: those that are stored.
    #[serde(skip_serializing_if = "is_absent_or_empty")]
    pub tls_certs: Option<Vec<String>>,
}
tolerant!(UserProfile);

fn is_absent_or_empty(list: &Option<Vec<String>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_and_empty_lists_differ_when_they_are_read() {
        // API-051
        let read = |value| serde_json::from_value::<UserProfile>(value).unwrap();
        assert_eq!(read(json!({"tls_certs": null})).tls_certs, None);
        let empty = read(json!({"tls_certs": [], "additional_emails": []}));
        assert_eq!((empty.tls_certs.as_deref(), empty.additional_emails.as_deref()), (Some(&[][..]), Some(&[][..])));
        assert_eq!(serde_json::to_value(&empty).unwrap(), json!({"allow_api_key_auth": false, "public_keys": []}));
        let admin: AdminProfile = serde_json::from_value(json!({"email": "a@b.c", "from_the_future": 1})).unwrap();
        assert_eq!(serde_json::to_value(&admin).unwrap(), json!({"email": "a@b.c", "allow_api_key_auth": false}));
    }
}
