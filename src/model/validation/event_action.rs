//! Event actions (EVT-006, ACT-).

mod accounts;
mod files;
mod paths;
mod requests;
mod retention;
mod services;

#[cfg(test)]
mod tests;

use super::{Faults, FieldError, ValidationRules, filesystem::missing, text};
use crate::{
    event_action::{ActionOptions, ActionType, BaseEventAction, KeyValue},
    names::NamingRules,
    template,
};

type Checked<T = ()> = Result<T, FieldError>;

impl BaseEventAction {
    /// Checks the action, makes it uniform and empties the settings of other types. On update, secrets must have been taken
    /// from the stored action before.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        if let Some(name) = faults.take(rules.names.check("name", &self.name)) {
            self.name = name;
        }
        faults.note(text::description("description", &self.description));
        let Some(kind) = self.action_type() else {
            faults.note(Err(FieldError::new("type", format!("invalid type {}", self.kind))));
            return faults.end();
        };
        faults.note(self.check_secrets(rules.is_new));
        self.options.clear_unselected(kind);
        self.rules.clear();
        faults.note(check_options(&mut self.options, kind, rules));
        faults.end()
    }
}

fn check_options(options: &mut ActionOptions, kind: ActionType, rules: &ValidationRules) -> Checked {
    match kind {
        ActionType::Http => requests::http(&mut options.http_config),
        ActionType::Command => requests::command(&mut options.cmd_config, rules),
        ActionType::Email => requests::email(&mut options.email_config),
        ActionType::DataRetention => retention::retention(&mut options.retention_config, rules.names),
        ActionType::Filesystem => files::filesystem(&mut options.fs_config, rules.names),
        ActionType::PasswordExpiration => accounts::password_expiration(options.pwd_expiration_config),
        ActionType::UserInactivity => accounts::inactivity(options.user_inactivity_config),
        ActionType::IdpAccountCheck => accounts::idp(&mut options.idp_config),
        ActionType::Imap => services::imap(&mut options.imap_config, rules.names),
        ActionType::Icap => services::icap(&mut options.icap_config, rules.names),
        ActionType::ShareExpiration => accounts::share_expiration(options.share_expiration_config),
        ActionType::EventReport => accounts::event_report(&mut options.event_report_config),
        ActionType::Backup
        | ActionType::UserQuotaReset
        | ActionType::FolderQuotaReset
        | ActionType::TransferQuotaReset
        | ActionType::UserExpiration
        | ActionType::RotateLogs => Ok(()),
    }
}

/// A text that is a template (TPL-001, TPL-002, PLH-003).
fn templated(field: &str, text: &str) -> Checked {
    template::check(text).map_err(|error| FieldError::new(field, format!("{field}: {error}")))
}

/// A template that must not be blank.
fn required_template(field: &str, text: &str) -> Checked {
    if text.trim().is_empty() {
        return Err(missing(field));
    }
    templated(field, text)
}

/// Pairs whose keys are literal and not empty, and whose values are templates (ACT-002).
fn pairs(field: &str, pairs: &mut [KeyValue]) -> Checked {
    for pair in pairs {
        pair.key = pair.key.trim().to_owned();
        if pair.key.is_empty() || pair.key.contains(char::is_control) {
            return Err(FieldError::new(field, format!("{field}: invalid key {:?}", pair.key)));
        }
        templated(field, &pair.value)?;
    }
    Ok(())
}

/// Pairs that become headers.
fn headers(field: &str, headers: &mut [KeyValue]) -> Checked {
    pairs(field, headers)?;
    let is_token = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    for header in headers {
        if !is_token(&header.key) {
            return Err(FieldError::new(field, format!("{field}: {:?} is not the name of a header", header.key)));
        }
        if header.value.contains(['\r', '\n', '\0']) {
            return Err(FieldError::new(field, format!("{field}: the value of {:?} has a line break", header.key)));
        }
    }
    Ok(())
}

/// A URL of one of the schemes, with a host and without blanks.
fn url(field: &str, url: &str, schemes: &[&str]) -> Checked<String> {
    let url = url.trim();
    if url.is_empty() {
        return Err(missing(field));
    }
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme)?.strip_prefix("://"));
    let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '{'));
    let is_template = url.contains("{{");
    let is_torn = |c: char| c.is_control() || (c.is_whitespace() && !is_template);
    let has_bad_port = !is_template && rest.and_then(text::port_of).is_some_and(|port| !text::is_port(port));
    if !has_host || url.contains(is_torn) || has_bad_port {
        let message = format!("invalid {field} {url:?}, it must be a URL of the scheme {}", schemes.join(" or "));
        return Err(FieldError::new(field, message));
    }
    Ok(url.to_owned())
}

/// The name of a virtual folder, if there is one.
fn folder(field: &str, name: &mut String, names: NamingRules) -> Checked {
    if !name.trim().is_empty() {
        *name = names.check(field, name)?;
    } else {
        name.clear();
    }
    Ok(())
}
