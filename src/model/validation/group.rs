//! Groups (ACC-194..200) and roles (ACC-224).

use super::{Faults, FieldError, ValidationRules, filters, folder, permissions, text};
use crate::{
    group::{Group, GroupUserSettings},
    role::Role,
};

type Checked = Result<(), FieldError>;

impl Group {
    /// Checks the group and makes it uniform. On update, secrets must have been taken from the stored group before.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        if let Some(value) = faults.take(rules.names.check("name", &self.name)) {
            self.name = value;
        }
        faults.note(text::description("description", &self.description));
        faults.note(check_settings(&mut self.user_settings, rules));
        faults.note(folder::mounts(&mut self.virtual_folders, rules.names));
        faults.end()
    }
}

fn check_settings(settings: &mut GroupUserSettings, rules: &ValidationRules) -> Checked {
    let mut faults = Faults::default();
    if !settings.home_dir.is_empty()
        && let Some(value) = faults.take(text::local_path("home_dir", &settings.home_dir))
    {
        settings.home_dir = value;
    }
    // The REST document lists -1 here; it has no meaning for a group.
    for quota in [&mut settings.quota_size, &mut settings.quota_files] {
        if *quota == -1 {
            *quota = 0;
        }
    }
    for (field, value) in [
        ("max_sessions", settings.max_sessions),
        ("quota_size", settings.quota_size),
        ("quota_files", settings.quota_files),
        ("upload_data_transfer", settings.upload_data_transfer),
        ("download_data_transfer", settings.download_data_transfer),
        ("total_data_transfer", settings.total_data_transfer),
        ("expires_in", settings.expires_in),
    ] {
        faults.note(text::not_negative(field, value));
    }
    settings.upload_bandwidth = settings.upload_bandwidth.max(0);
    settings.download_bandwidth = settings.download_bandwidth.max(0);
    if settings.total_data_transfer > 0 {
        settings.upload_data_transfer = 0;
        settings.download_data_transfer = 0;
    }
    faults.note(permissions::group(&mut settings.permissions));
    settings.filters.base.user_type.clear();
    faults.note(filters::base(&mut settings.filters.base, rules));
    faults.note(filters::share_policy(&settings.filters.share_policy));
    faults.note(settings.filesystem.validate("group", rules));
    faults.end()
}

impl Role {
    /// Checks the role and makes it uniform.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        self.name = rules.names.check("name", &self.name)?;
        text::description("description", &self.description)
    }
}
