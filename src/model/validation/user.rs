//! Users (ACC-015..055).

use super::{Faults, FieldError, ValidationRules, filters, folder, permissions, public_keys, text};
use crate::{effective::make_read_only_if_anonymous, group::GroupMapping, user::User};

type Checked = Result<(), FieldError>;

impl User {
    /// Checks the user and makes it uniform: paths cleaned, lists without duplicates, defaults filled in.
    /// On update, secrets must have been taken from the stored user before.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        if let Some(value) = faults.take(rules.names.check_username(&self.username)) {
            self.username = value;
        }
        faults.note(self.check_profile(rules));
        faults.note(self.filesystem.validate("user", rules));
        faults.note(self.check_home(rules));
        faults.note(self.check_limits());
        faults.note(permissions::user(&mut self.permissions));
        make_read_only_if_anonymous(self);
        faults.note(public_keys::validate(&mut self.public_keys));
        faults.note(folder::mounts(&mut self.virtual_folders, rules.names));
        faults.note(check_groups(&mut self.groups, rules));
        faults.note(filters::user(&mut self.filters, rules));
        self.oidc_custom_fields.clear();
        faults.end()
    }

    fn check_profile(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        faults.note(text::one_of("status", self.status, 0..=1));
        faults.note(text::not_negative("expiration_date", self.expiration_date));
        faults.note(text::description("description", &self.description));
        if !self.email.is_empty() {
            faults.note(text::email("email", &self.email));
        }
        if !self.role.is_empty() {
            self.role = rules.names.apply(&self.role);
        }
        if self.password.as_deref().is_some_and(|p| !p.is_empty() && p.trim().is_empty()) {
            faults.note(Err(FieldError::new("password", "the password must not be blank")));
        }
        faults.end()
    }

    /// ACC-017
    fn check_home(&mut self, rules: &ValidationRules) -> Checked {
        if self.home_dir.is_empty() {
            let is_local = self.filesystem.provider().is_some_and(|p| p.is_local());
            let base = match (rules.users_base_dir.as_str(), is_local) {
                ("", true) => return Err(FieldError::new("home_dir", "home_dir is mandatory")),
                ("", false) => &rules.temp_dir,
                (base, _) => base,
            };
            self.home_dir = format!("{base}/{}", self.username);
        }
        self.home_dir = text::local_path("home_dir", &self.home_dir)?;
        Ok(())
    }

    fn check_limits(&mut self) -> Checked {
        let mut faults = Faults::default();
        faults.note(text::one_of("uid", self.uid, 0..=i64::from(i32::MAX)));
        faults.note(text::one_of("gid", self.gid, 0..=i64::from(i32::MAX)));
        for (field, value) in [
            ("max_sessions", self.max_sessions),
            ("quota_size", self.quota_size),
            ("quota_files", self.quota_files),
            ("upload_data_transfer", self.upload_data_transfer),
            ("download_data_transfer", self.download_data_transfer),
            ("total_data_transfer", self.total_data_transfer),
        ] {
            faults.note(text::not_negative(field, value));
        }
        self.upload_bandwidth = self.upload_bandwidth.max(0);
        self.download_bandwidth = self.download_bandwidth.max(0);
        if self.total_data_transfer > 0 {
            self.upload_data_transfer = 0;
            self.download_data_transfer = 0;
        }
        faults.end()
    }
}

/// ACC-195
fn check_groups(groups: &mut [GroupMapping], rules: &ValidationRules) -> Checked {
    for group in groups.iter_mut() {
        group.name = rules.names.apply(&group.name);
        if group.name.is_empty() {
            return Err(FieldError::new("groups", "groups: the group name is mandatory"));
        }
        text::one_of("groups.type", group.kind, 1..=3)?;
    }
    if groups.iter().filter(|g| g.kind == 1).count() > 1 {
        return Err(FieldError::new("groups", "groups: only one primary group is allowed"));
    }
    for (index, group) in groups.iter().enumerate() {
        if groups[..index].iter().any(|other| other.name == group.name) {
            return Err(FieldError::new("groups", format!("groups: the group {:?} is duplicated", group.name)));
        }
    }
    Ok(())
}
