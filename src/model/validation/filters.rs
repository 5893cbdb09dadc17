//! Options of users and groups.

use super::{Faults, FieldError, ValidationRules, text};
use crate::{
    effective::is_structural,
    filters::{BandwidthLimit, BaseUserFilters, SharePolicy, TimePeriod, UserFilters, WEB_CLIENT_OPTIONS},
    glob::Glob,
    login::{LoginMethod, Protocol},
    patterns::PatternsFilter,
};

const MAX_PLACEHOLDERS: usize = 10;

type Checked = Result<(), FieldError>;

/// Options of a user.
pub(super) fn user(filters: &mut UserFilters, rules: &ValidationRules) -> Checked {
    let mut faults = Faults::default();
    faults.note(base(&mut filters.base, rules));
    faults.note(super::certificates::validate(&mut filters.tls_certs));
    for address in &filters.additional_emails {
        faults.note(text::email("filters.additional_emails", address));
    }
    text::dedupe(&mut filters.additional_emails);
    faults.note(check_placeholders(filters));
    faults.note(check_second_factor_values("filters.totp_config.protocols", &mut filters.totp_config.protocols));
    let options = &filters.base;
    if options.has_web_client_option("mfa-disabled") {
        if filters.totp_config.enabled {
            faults.note(Err(FieldError::new(
                "filters.web_client",
                "filters.web_client: mfa-disabled cannot be set, MFA is already enabled",
            )));
        }
        if !options.two_factor_protocols.is_empty() {
            let message = "filters.web_client: mfa-disabled cannot be combined with two_factor_protocols";
            faults.note(Err(FieldError::new("filters.web_client", message)));
        }
    }
    if filters.require_password_change && options.has_web_client_option("password-change-disabled") {
        let message = "filters.require_password_change cannot be combined with the web_client option password-change-disabled";
        faults.note(Err(FieldError::new("filters.require_password_change", message)));
    }
    faults.note(check_secrets(filters, rules));
    faults.end()
}

/// No secret of the second factor may stand for one that is not there (ACC-049).
fn check_secrets(filters: &mut UserFilters, rules: &ValidationRules) -> Checked {
    if rules.is_new {
        filters.totp_config.secret.check_new("filters.totp_config.secret", "user")?;
        for code in &filters.recovery_codes {
            code.secret.check_new("filters.recovery_codes", "user")?;
        }
    }
    Ok(())
}

/// ACC-055, ACC-217
fn check_placeholders(filters: &UserFilters) -> Checked {
    let field = "filters.custom_placeholders";
    if filters.custom_placeholders.len() > MAX_PLACEHOLDERS {
        return Err(FieldError::new(field, format!("{field} has more than {MAX_PLACEHOLDERS} values")));
    }
    if let Some(value) = filters.custom_placeholders.iter().find(|value| is_structural(value)) {
        return Err(FieldError::new(field, format!("{field}: {value:?} contains a path separator or is a relative directory")));
    }
    if is_structural(&filters.custom1) {
        return Err(FieldError::new("filters.custom1", "filters.custom1 contains a path separator or is a relative directory"));
    }
    Ok(())
}

/// Options that users and groups share.
pub(super) fn base(filters: &mut BaseUserFilters, rules: &ValidationRules) -> Checked {
    let mut faults = Faults::default();
    faults.note(text::networks("filters.allowed_ip", &mut filters.allowed_ip));
    faults.note(text::networks("filters.denied_ip", &mut filters.denied_ip));
    faults.note(check_login(filters));
    faults.note(check_patterns(&mut filters.file_patterns));
    faults.note(text::not_negative("filters.max_upload_file_size", filters.max_upload_file_size));
    faults.note(text::known_values("filters.web_client", &mut filters.web_client, |o| WEB_CLIENT_OPTIONS.contains(&o)));
    faults.note(text::known_values("filters.user_type", &mut vec![filters.user_type.clone()], |t| {
        matches!(t, "" | "LDAPUser" | "OSUser")
    }));
    faults.note(check_bandwidth(&mut filters.bandwidth_limits));
    filters.external_auth_cache_time = if rules.has_external_auth { filters.external_auth_cache_time.max(0) } else { 0 };
    faults.note(text::not_negative("filters.pre_login_cache_time", filters.pre_login_cache_time));
    if !filters.start_directory.is_empty() {
        if let Some(value) = faults.take(text::virtual_path("filters.start_directory", &filters.start_directory)) {
            filters.start_directory = value;
        }
        if filters.start_directory == "/" {
            filters.start_directory.clear();
        }
    }
    faults.note(check_second_factor_values("filters.two_factor_protocols", &mut filters.two_factor_protocols));
    faults.note(text::one_of("filters.ftp_security", filters.ftp_security, 0..=1));
    filters.access_time.iter().try_for_each(check_period)?;
    faults.note(check_password_rules(filters));
    faults.note(check_shares(filters));
    faults.end()
}

/// ACC-031..033
fn check_login(filters: &mut BaseUserFilters) -> Checked {
    let mut faults = Faults::default();
    let field = "filters.denied_login_methods";
    let methods = &mut filters.denied_login_methods;
    faults.note(text::known_values(field, methods, |m| LoginMethod::from_name(m).is_some()));
    let is_denied = |method: &LoginMethod| methods.iter().any(|m| m == method.as_str());
    let documented = LoginMethod::ALL.iter().take(LoginMethod::DOCUMENTED).filter(|m| is_denied(m)).count();
    let denies_all = methods.len() == LoginMethod::ALL.len()
        || (documented == LoginMethod::DOCUMENTED && methods.len() == LoginMethod::DOCUMENTED);
    if denies_all {
        faults.note(Err(FieldError::new(field, format!("{field}: all login methods are denied"))));
    }
    let field = "filters.denied_protocols";
    faults.note(text::known_values(field, &mut filters.denied_protocols, |p| Protocol::from_name(p).is_some()));
    if filters.denied_protocols.len() == Protocol::ALL.len() {
        faults.note(Err(FieldError::new(field, format!("{field}: all protocols are denied"))));
    }
    if !matches!(filters.tls_username.as_str(), "" | "None" | "CommonName") {
        let message = format!("invalid filters.tls_username {:?}", filters.tls_username);
        faults.note(Err(FieldError::new("filters.tls_username", message)));
    }
    faults.end()
}

/// ACC-159, ACC-160
fn check_patterns(filters: &mut [PatternsFilter]) -> Checked {
    let field = "filters.file_patterns";
    for filter in filters.iter_mut() {
        filter.path = text::absolute_virtual_path(field, &filter.path)?;
        text::one_of(&format!("{field}.deny_policy"), filter.deny_policy, 0..=1)?;
        for patterns in [&mut filter.allowed_patterns, &mut filter.denied_patterns] {
            patterns.iter_mut().for_each(|pattern| *pattern = pattern.to_lowercase());
            patterns.retain(|pattern| !pattern.is_empty());
            text::dedupe(patterns);
            if let Some(invalid) = patterns.iter().find(|pattern| Glob::new(pattern.as_bytes()).is_err()) {
                return Err(FieldError::new(field, format!("{field}: invalid pattern {invalid:?} for path {:?}", filter.path)));
            }
        }
        if filter.allowed_patterns.is_empty() && filter.denied_patterns.is_empty() {
            return Err(FieldError::new(field, format!("{field}: empty patterns for path {:?}", filter.path)));
        }
    }
    for (index, filter) in filters.iter().enumerate() {
        if filters[..index].iter().any(|other| other.path == filter.path) {
            return Err(FieldError::new(field, format!("{field}: duplicated path {:?}", filter.path)));
        }
    }
    Ok(())
}

/// ACC-270, ACC-021
fn check_bandwidth(limits: &mut [BandwidthLimit]) -> Checked {
    let field = "filters.bandwidth_limits";
    for limit in limits {
        text::networks(field, &mut limit.sources)?;
        if limit.sources.is_empty() {
            return Err(FieldError::new(field, format!("{field}: an entry has no sources")));
        }
        limit.upload_bandwidth = limit.upload_bandwidth.max(0);
        limit.download_bandwidth = limit.download_bandwidth.max(0);
    }
    Ok(())
}

/// ACC-035
fn check_second_factor_values(field: &str, protocols: &mut Vec<String>) -> Checked {
    text::known_values(field, protocols, |p| matches!(p, "SSH" | "FTP" | "HTTP"))
}

/// ACC-042
fn check_period(period: &TimePeriod) -> Checked {
    let field = "filters.access_time";
    text::one_of("filters.access_time.day_of_week", period.day_of_week, 0..=6)?;
    if !is_time(&period.from) || !is_time(&period.to) {
        return Err(FieldError::new(field, format!("{field}: times must have the form HH:MM")));
    }
    // `HH:MM` compares as text like the times it stands for.
    if period.to <= period.from {
        return Err(FieldError::new(field, format!("{field}: {:?} is not later than {:?}", period.to, period.from)));
    }
    Ok(())
}

fn is_time(text: &str) -> bool {
    match text.as_bytes() {
        [h1, h2, b':', m1, m2] if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) => {
            (h1 - b'0') * 10 + (h2 - b'0') < 24 && (m1 - b'0') < 6
        }
        _ => false,
    }
}

fn check_password_rules(filters: &BaseUserFilters) -> Checked {
    let mut faults = Faults::default();
    faults.note(text::not_negative("filters.password_expiration", filters.password_expiration));
    faults.note(text::not_negative("filters.password_strength", filters.password_strength));
    let policy = &filters.password_policy;
    for (member, value) in [
        ("length", policy.length),
        ("uppers", policy.uppers),
        ("lowers", policy.lowers),
        ("digits", policy.digits),
        ("specials", policy.specials),
    ] {
        faults.note(text::not_negative(&format!("filters.password_policy.{member}"), value));
    }
    faults.end()
}

/// ACC-041, ACC-322..325
fn check_shares(filters: &mut BaseUserFilters) -> Checked {
    let mut faults = Faults::default();
    let (default, max) = (filters.default_shares_expiration, filters.max_shares_expiration);
    faults.note(text::not_negative("filters.default_shares_expiration", default));
    faults.note(text::not_negative("filters.max_shares_expiration", max));
    if max > 0 && default > max {
        let message = "filters.default_shares_expiration must not exceed filters.max_shares_expiration";
        faults.note(Err(FieldError::new("filters.default_shares_expiration", message)));
    }
    faults.note(text::virtual_paths("filters.allowed_share_paths", &mut filters.allowed_share_paths));
    faults.note(text::virtual_paths("filters.denied_share_paths", &mut filters.denied_share_paths));
    let scopes = &mut filters.denied_share_scopes;
    faults.note(text::known_values("filters.denied_share_scopes", scopes, |s| matches!(s, "read" | "write" | "read_write")));
    faults.end()
}

/// ACC-222
pub(super) fn share_policy(policy: &SharePolicy) -> Checked {
    if *policy == SharePolicy::default() {
        return Ok(());
    }
    text::one_of("filters.share_policy.permissions", policy.permissions, 1..=7)?;
    text::one_of("filters.share_policy.mode", policy.mode, 1..=2)
}
