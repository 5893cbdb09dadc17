//! Admins (ACC-233..247, ACC-362).

use super::{Faults, FieldError, ValidationRules, text};
use crate::admin::{Admin, AdminPermission};

type Checked = Result<(), FieldError>;

impl Admin {
    /// Checks the admin and makes it uniform. Whether a password is required is the caller's business (ACC-238).
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        if let Some(value) = faults.take(rules.names.check_username(&self.username)) {
            self.username = value;
        }
        faults.note(text::one_of("status", self.status, 0..=1));
        faults.note(text::description("description", &self.description));
        if !self.email.is_empty() {
            faults.note(text::email("email", &self.email));
        }
        // Trimmed (ACC-239); empty keeps the stored one (ACC-240).
        self.password = self.password.take().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty());
        self.role = rules.names.apply(&self.role);
        faults.note(self.check_permissions(rules));
        faults.note(self.check_filters(rules));
        faults.note(self.check_groups(rules));
        faults.end()
    }

    fn check_permissions(&mut self, rules: &ValidationRules) -> Checked {
        use AdminPermission as P;
        let field = "permissions";
        if self.permissions.is_empty() {
            return Err(FieldError::new(field, "please grant some permissions to this admin"));
        }
        if self.permissions.contains(&P::Any) {
            self.permissions = vec![P::Any];
            if !self.role.is_empty() {
                return Err(FieldError::new(field, "permissions: a role admin cannot have the permission \"*\""));
            }
            return Ok(());
        }
        text::dedupe(&mut self.permissions);
        let has = |permission| self.permissions.contains(&permission);
        let is_granular = !rules.has_legacy_admin_permissions && self.permissions.iter().any(|p| p.is_granular());
        if is_granular && (has(P::ViewGroups) || has(P::ManageGroups)) && !has(P::ViewFolders) {
            let message = "permissions: view_groups and manage_groups need view_folders, groups name folders";
            return Err(FieldError::new(field, message));
        }
        Ok(())
    }

    fn check_filters(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        let filters = &mut self.filters;
        faults.note(text::networks("filters.allow_list", &mut filters.allow_list));
        let preferences = &filters.preferences;
        faults.note(text::one_of("filters.preferences.hide_user_page_sections", preferences.hide_user_page_sections, 0..=127));
        faults.note(text::not_negative("filters.preferences.default_users_expiration", preferences.default_users_expiration));
        if rules.is_new {
            faults.note(filters.totp_config.secret.check_new("filters.totp_config.secret", "admin"));
            for code in &filters.recovery_codes {
                faults.note(code.secret.check_new("filters.recovery_codes", "admin"));
            }
        }
        faults.end()
    }

    /// ACC-246
    fn check_groups(&mut self, rules: &ValidationRules) -> Checked {
        for group in &mut self.groups {
            group.name = rules.names.apply(&group.name);
            if group.name.is_empty() {
                return Err(FieldError::new("groups", "groups: the group name is mandatory"));
            }
            text::one_of("groups.options.add_to_users_as", group.options.add_to_users_as, 0..=2)?;
        }
        if self.groups.iter().filter(|g| g.options.add_to_users_as == 1).count() > 1 {
            return Err(FieldError::new("groups", "groups: only one primary group is allowed"));
        }
        for (index, group) in self.groups.iter().enumerate() {
            if self.groups[..index].iter().any(|other| other.name == group.name) {
                return Err(FieldError::new("groups", format!("groups: the group {:?} is duplicated", group.name)));
            }
        }
        Ok(())
    }
}
