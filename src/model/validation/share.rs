//! Shares (API-161…API-172).

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Faults, FieldError, ValidationRules, filesystem::missing, text};
use crate::{
    names::is_valid_name,
    path::VirtualPath,
    share::{REDACTED_PASSWORD, Share, ShareOptions, ShareScope},
};

type Checked = Result<(), FieldError>;

impl Share {
    /// Checks the share and makes it uniform. `now` in Unix milliseconds: a share that has expired is refused (API-165);
    /// without it, as from a backup, it is not (API-096).
    ///
    /// What depends on the owner's account and groups is the caller's business.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules, now: Option<i64>) -> Checked {
        let mut faults = Faults::default();
        if !is_valid_name(&self.id) {
            faults.note(Err(FieldError::new("id", "id: it is missing or not valid")));
        }
        let name = if self.name.trim().is_empty() { &self.id } else { &self.name };
        if let Some(value) = faults.take(rules.names.check("name", name)) {
            self.name = value;
        }
        faults.note(text::description("description", &self.description));
        self.username = rules.names.apply(&self.username);
        if self.username.is_empty() {
            faults.note(Err(missing("username")));
        }
        faults.note(self.check_paths());
        if rules.is_new && self.password == REDACTED_PASSWORD {
            // API-164
            faults.note(Err(FieldError::new("password", "cannot save a share with a redacted password")));
        }
        if now.is_some_and(|now| self.is_expired(now)) || self.expires_at < 0 {
            faults.note(Err(FieldError::new("expires_at", "expires_at must be in the future, or 0 for no expiration")));
        }
        faults.note(text::not_negative("max_tokens", self.max_tokens));
        faults.note(text::not_negative("used_tokens", self.used_tokens));
        faults.note(networks(&mut self.allow_from));
        faults.note(self.check_groups(rules));
        self.user_permissions = 0;
        faults.note(check_options(&mut self.options));
        faults.end()
    }

    /// API-162
    fn check_paths(&mut self) -> Checked {
        let Some(scope) = ShareScope::from_number(self.scope) else {
            return Err(FieldError::new("scope", format!("invalid scope {}", self.scope)));
        };
        self.paths.retain(|path| !path.trim().is_empty());
        let mut parsed = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            let clean = VirtualPath::parse(path.as_bytes())
                .map_err(|error| FieldError::new("paths", format!("paths {path:?}: {error}")))?;
            if !parsed.contains(&clean) {
                parsed.push(clean);
            }
        }
        if parsed.is_empty() {
            return Err(FieldError::new("paths", "paths: at least one is required"));
        }
        if scope != ShareScope::Read && parsed.len() != 1 {
            return Err(FieldError::new("paths", "paths: a share to write to needs exactly one"));
        }
        for (index, path) in parsed.iter().enumerate() {
            let is_nested = |other: &VirtualPath| path.starts_with(other) || other.starts_with(path);
            if parsed[..index].iter().any(is_nested) {
                return Err(FieldError::new("paths", format!("paths: {:?} is nested", path.to_string_lossy())));
            }
        }
        self.paths = parsed.iter().map(VirtualPath::to_string_lossy).collect();
        Ok(())
    }

    /// API-172
    fn check_groups(&mut self, rules: &ValidationRules) -> Checked {
        for group in &mut self.groups {
            group.group_name = rules.names.apply(&group.group_name);
            if group.group_name.is_empty() {
                return Err(missing("groups.group_name"));
            }
            text::one_of("groups.permissions", group.permissions, 1..=7)?;
        }
        for (index, group) in self.groups.iter().enumerate() {
            if self.groups[..index].iter().any(|other| other.group_name == group.group_name) {
                return Err(FieldError::new("groups", format!("groups: the group {:?} is duplicated", group.group_name)));
            }
        }
        Ok(())
    }
}

/// API-165: single addresses are networks of one.
fn networks(networks: &mut Vec<String>) -> Checked {
    for network in networks.iter_mut() {
        let trimmed = network.trim();
        if let Ok(address) = trimmed.parse::<IpAddr>() {
            *network = IpNet::from(address.to_canonical()).to_string();
        }
    }
    text::networks("allow_from", networks)
}

/// API-169…API-171
fn check_options(options: &mut ShareOptions) -> Checked {
    let mut faults = Faults::default();
    for email in &mut options.emails {
        *email = email.trim().to_owned();
        faults.note(text::email("options.emails", email));
    }
    text::dedupe(&mut options.emails);
    faults.note(text::one_of("options.auth_mode", options.auth_mode, 0..=1));
    faults.note(text::one_of("options.legal_agreement", options.legal_agreement, 0..=1));
    if options.auth_mode == 1 && options.emails.is_empty() {
        faults.note(Err(FieldError::new("options.emails", "options.emails: auth_mode 1 needs at least one address")));
    }
    faults.end()
}

#[cfg(test)]
mod tests;
