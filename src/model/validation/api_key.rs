//! API keys (SEC-075, SEC-079).

use super::{FieldError, ValidationRules, text};
use crate::api_key::{ApiKey, ApiKeyScope};

/// Longest id: generated ones have 22 characters, those of backups are theirs.
const MAX_ID: usize = 60;

impl ApiKey {
    /// Checks the key and makes it uniform: the account of the other scope is cleared. Whether the account exists, and what
    /// the expiration may be, is the caller's business.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Result<(), FieldError> {
        self.name = rules.names.check("name", &self.name)?;
        text::description("description", &self.description)?;
        text::not_negative("expires_at", self.expires_at)?;
        if !self.user.is_empty() && !self.admin.is_empty() {
            return Err(FieldError::new("user", "user and admin cannot both be set: a key stands for one account"));
        }
        match self.scope() {
            Some(ApiKeyScope::Admin) => self.user.clear(),
            Some(ApiKeyScope::User) => self.admin.clear(),
            None => return Err(FieldError::new("scope", format!("scope {} is not valid: 1 is admin, 2 is user", self.scope))),
        }
        self.user = rules.names.apply(&self.user);
        self.admin = rules.names.apply(&self.admin);
        Ok(())
    }

    /// Checks an id that comes from a backup: clients show it before the first dot.
    ///
    /// # Errors
    /// For `id`.
    pub fn check_id(&self) -> Result<(), FieldError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if self.id.is_empty() || self.id.len() > MAX_ID || !self.id.bytes().all(is_plain) {
            let message = format!("the id {:?} is not valid: up to {MAX_ID} letters and digits", self.id);
            return Err(FieldError::new("id", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scope: i64) -> ApiKey {
        ApiKey { name: "ci".into(), scope, ..ApiKey::default() }
    }

    fn field(mut key: ApiKey) -> String {
        key.validate(&ValidationRules::default()).unwrap_err().field
    }

    #[test]
    fn the_field_of_the_other_scope_is_cleared() {
        // SEC-079
        let mut admin = ApiKey { user: "u".into(), ..key(1) };
        admin.validate(&ValidationRules::default()).unwrap();
        assert_eq!(admin, key(1));
        let mut user = ApiKey { admin: "a".into(), ..key(2) };
        user.validate(&ValidationRules::default()).unwrap();
        assert_eq!(user, key(2));
    }

    #[test]
    fn wrong_keys_name_the_field() {
        // SEC-079
        assert_eq!(field(ApiKey { user: "u".into(), admin: "a".into(), ..key(1) }), "user");
        assert_eq!(field(ApiKey { name: "a/b".into(), ..key(1) }), "name");
        assert_eq!(field(ApiKey { name: String::new(), ..key(1) }), "name");
        assert_eq!(field(ApiKey { expires_at: -1, ..key(1) }), "expires_at");
        assert_eq!(field(key(0)), "scope");
        assert_eq!(field(key(3)), "scope");
    }

    #[test]
    fn ids_of_backups_have_no_dot() {
        // SEC-078, API-096
        let with = |id: &str| ApiKey { id: id.into(), ..key(1) }.check_id();
        assert!(with("9uYfn4dSKPiDhNV5wJbXsL").is_ok());
        for wrong in ["", "a.b", "a b", "é", &"a".repeat(61)] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }
}
