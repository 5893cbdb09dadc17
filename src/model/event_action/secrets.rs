//! The secrets inside actions.

use super::{ActionType, BaseEventAction, FilesystemActionType};
use crate::{
    secret::{Secret, SecretStatus},
    validation::FieldError,
};

const OBJECT: &str = "event action";

impl BaseEventAction {
    /// Every secret of its type, with the name of its member (SEC-003).
    pub fn secrets_mut(&mut self) -> Vec<(&'static str, &mut Secret)> {
        let kind = self.action_type();
        let options = &mut self.options;
        match kind {
            Some(ActionType::Http) => vec![("options.http_config.password", &mut options.http_config.password)],
            Some(ActionType::Imap) => vec![
                ("options.imap_config.password", &mut options.imap_config.password),
                ("options.imap_config.oauth2.client_secret", &mut options.imap_config.oauth2.client_secret),
                ("options.imap_config.oauth2.refresh_token", &mut options.imap_config.oauth2.refresh_token),
            ],
            Some(ActionType::Filesystem) if options.fs_config.action_type() == Some(FilesystemActionType::Pgp) => {
                let pgp = &mut options.fs_config.pgp;
                vec![
                    ("options.fs_config.pgp.password", &mut pgp.password),
                    ("options.fs_config.pgp.private_key", &mut pgp.private_key),
                    ("options.fs_config.pgp.passphrase", &mut pgp.passphrase),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// Prepares it for a response (SEC-007): of every type, for what came from outside may hold any of them.
    pub fn hide_confidential(&mut self) {
        let options = &mut self.options;
        let (imap, pgp) = (&mut options.imap_config, &mut options.fs_config.pgp);
        for secret in [
            &mut options.http_config.password,
            &mut imap.password,
            &mut imap.oauth2.client_secret,
            &mut imap.oauth2.refresh_token,
            &mut pgp.password,
            &mut pgp.private_key,
            &mut pgp.passphrase,
        ] {
            secret.hide();
        }
    }

    /// On update: secrets that stand for stored ones take them from `stored` (SEC-011…013).
    ///
    /// Nothing is taken from another type, nor for another server: that would send credentials to a place they were not
    /// given for (SEC-014). What then stands for nothing is refused by validation.
    pub fn keep_secrets_from(&mut self, stored: &Self) {
        let same_target = self.kind == stored.kind && self.server() == stored.server();
        let mut source = stored.clone();
        let mut stored_secrets = if same_target { source.secrets_mut() } else { Vec::new() };
        for (field, secret) in self.secrets_mut() {
            match stored_secrets.iter_mut().find(|(name, _)| *name == field) {
                Some((_, old)) => {
                    secret.keep_from(old);
                }
                None if secret.is_encrypted() => *secret = Secret { status: SecretStatus::Redacted, ..Secret::default() },
                None => {}
            }
        }
    }

    /// Makes secrets uniform, and refuses those that stand for nothing (SEC-006, SEC-015, SEC-016).
    pub(crate) fn check_secrets(&mut self, is_new: bool) -> Result<(), FieldError> {
        for (field, secret) in self.secrets_mut() {
            secret.normalise_input();
            if is_new {
                secret.check_new(field, OBJECT)?;
            } else if secret.is_redacted() {
                let message = format!("cannot save an {OBJECT} with a redacted secret: send {field} again");
                return Err(FieldError::new(field, message));
            }
        }
        Ok(())
    }

    /// Scheme, host and port of the server that the credentials are sent to.
    fn server(&self) -> &str {
        let endpoint = match self.action_type() {
            Some(ActionType::Http) => self.options.http_config.endpoint.as_str(),
            Some(ActionType::Imap) => &self.options.imap_config.endpoint,
            _ => "",
        };
        let endpoint = endpoint.trim();
        let host = endpoint.find("://").map_or(0, |at| at + 3);
        let rest = endpoint.get(host..).unwrap_or_default();
        let end = rest.find(['/', '?', '#', '\\']).map_or(endpoint.len(), |at| host + at);
        endpoint.get(..end).unwrap_or(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn action(kind: i64, options: &Value) -> BaseEventAction {
        serde_json::from_value(json!({"name": "a", "type": kind, "options": options})).unwrap()
    }

    fn sealed(payload: &str) -> Value {
        json!({"status": "AES-256-GCM", "payload": payload, "key": "k", "additional_data": "action_a"})
    }

    #[test]
    fn every_secret_of_the_reference_is_visited() {
        // SEC-003
        let count = |kind: i64, options: Value| action(kind, &options).secrets_mut().len();
        assert_eq!(
            [
                count(1, json!({})),
                count(16, json!({})),
                count(9, json!({"fs_config": {"type": 7}})),
                count(9, json!({"fs_config": {"type": 1}})),
                count(3, json!({}))
            ],
            [1, 3, 3, 0, 0]
        );
    }

    #[test]
    fn redacted_secret_is_kept_for_the_same_server_only() {
        // SEC-011, SEC-014
        let http =
            |endpoint: &str, password: Value| action(1, &json!({"http_config": {"endpoint": endpoint, "password": password}}));
        let stored = http("https://a/x", sealed("x"));
        for status in ["Redacted", "AES-256-GCM"] {
            let mut same = http("https://a/y?z=1", json!({"status": status, "payload": "x"}));
            same.keep_secrets_from(&stored);
            assert_eq!(same.options.http_config.password, stored.options.http_config.password);
            assert!(same.check_secrets(false).is_ok());
            for elsewhere in ["https://b/x", "http://a/x", "https://a.evil/x", "https://a:8443/x"] {
                let mut other = http(elsewhere, json!({"status": status, "payload": "x"}));
                other.keep_secrets_from(&stored);
                let error = other.check_secrets(false).unwrap_err();
                assert!(error.field.ends_with("http_config.password"), "{elsewhere} {error}");
            }
        }
        let mut imap = action(16, &json!({"imap_config": {"endpoint": "https://a", "password": {"status": "Redacted"}}}));
        imap.keep_secrets_from(&stored);
        assert!(imap.check_secrets(false).is_err());
        let mut absent = http("https://a/x", json!({}));
        absent.keep_secrets_from(&stored);
        assert!(absent.options.http_config.password.is_empty()); // SEC-012
    }

    #[test]
    fn hidden_actions_hold_no_key() {
        // SEC-007, SEC-009
        let mut http = action(
            1,
            &json!({"http_config": {"password": sealed("x")}, "imap_config": {"password": {"status": "Plain", "payload": "hunter2"}}}),
        );
        http.hide_confidential();
        let text = serde_json::to_string(&http).unwrap();
        assert!(text.contains("\"payload\":\"x\"") && !text.contains("action_a") && !text.contains("hunter2"), "{text}");
    }
}
