//! Checks of accounts and shares, and reports.

use super::{Checked, FieldError, missing, templated, text};
use crate::event_action::{
    EventReportConfig, IdpAccountCheckConfig, PasswordExpirationConfig, ShareExpirationConfig, UserInactivityConfig,
};

/// What a report can be about (ACT-116).
const REPORTED: [&str; 10] =
    ["upload", "download", "delete", "rename", "copy", "mkdir", "rmdir", "ssh_cmd", "first-upload", "first-download"];

fn positive(field: &str, value: i64) -> Checked {
    if value > 0 { Ok(()) } else { Err(FieldError::new(field, format!("{field} must be greater than 0"))) }
}

/// ACT-051
pub(super) fn password_expiration(config: PasswordExpirationConfig) -> Checked {
    positive("options.pwd_expiration_config.threshold", config.threshold)
}

/// ACT-053
pub(super) fn inactivity(config: UserInactivityConfig) -> Checked {
    let field = |member: &str| format!("options.user_inactivity_config.{member}");
    let (disable, delete) = (config.disable_threshold, config.delete_threshold);
    text::not_negative(&field("disable_threshold"), disable)?;
    text::not_negative(&field("delete_threshold"), delete)?;
    if disable == 0 && delete == 0 {
        let message = "options.user_inactivity_config: disable_threshold or delete_threshold must be greater than 0";
        return Err(FieldError::new(field("disable_threshold"), message));
    }
    if disable > 0 && delete > 0 && delete <= disable {
        let message = "options.user_inactivity_config: delete_threshold must be greater than disable_threshold";
        return Err(FieldError::new(field("delete_threshold"), message));
    }
    Ok(())
}

/// ACT-056
pub(super) fn idp(config: &mut IdpAccountCheckConfig) -> Checked {
    text::one_of("options.idp_config.mode", config.mode, 0..=1)?;
    for template in [&mut config.template_user, &mut config.template_admin] {
        *template = template.trim().to_owned();
    }
    if config.template_user.is_empty() && config.template_admin.is_empty() {
        return Err(missing("options.idp_config.template_user"));
    }
    templated("options.idp_config.template_user", &config.template_user)?;
    templated("options.idp_config.template_admin", &config.template_admin)
}

/// ACT-054
pub(super) fn share_expiration(config: ShareExpirationConfig) -> Checked {
    let field = |member: &str| format!("options.share_expiration_config.{member}");
    text::not_negative(&field("advance_notice"), config.advance_notice)?;
    text::not_negative(&field("grace_period"), config.grace_period)?;
    text::not_negative(&field("inactivity_threshold"), config.inactivity_threshold)
}

/// ACT-073, ACT-114, ACT-116
pub(super) fn event_report(config: &mut EventReportConfig) -> Checked {
    positive("options.event_report_config.time_window", config.time_window)?;
    let field = "options.event_report_config.fs_actions";
    text::known_values(field, &mut config.fs_actions, |action| REPORTED.contains(&action))?;
    for status in &config.statuses {
        text::one_of("options.event_report_config.statuses", *status, 1..=3)?;
    }
    text::dedupe(&mut config.statuses);
    Ok(())
}
