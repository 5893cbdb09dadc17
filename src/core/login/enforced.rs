//! Restrictions of accounts, and what this build does about each.
//!
//! A restriction that is stored but not enforced would be a hole that nobody sees. So every filter of the contract has a
//! row here; one that is set and not enforced refuses the login and names itself in the log, and a test fails when a
//! filter has no row. Hooks of the configuration are refused at start already, by the room of the settings.

use entrepot_model::{EffectiveUser, Protocol};
use serde_json::Value;

use crate::policy::Denial;

/// What this build does about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is enforced, where the text says.
    Enforced(&'static str),
    /// It restricts nothing that this build does.
    Irrelevant(&'static str),
    /// It restricts something over these protocols that this build would not enforce.
    RefusesOn(&'static [Protocol]),
}

use State::{Enforced, Irrelevant, RefusesOn};

/// Every filter of users, with what becomes of it.
pub const ENFORCED: &[(&str, State)] = &[
    ("access_time", Enforced("at login")),
    ("additional_emails", Irrelevant("no restriction")),
    ("allow_api_key_auth", Enforced("when an API key is shown")),
    ("allowed_ip", Enforced("at login")),
    ("allowed_share_paths", Enforced("when a share is saved, and at each visit")),
    ("bandwidth_limits", Enforced("by the buckets of a session")),
    ("custom1", Irrelevant("no restriction")),
    ("custom_placeholders", Irrelevant("no restriction")),
    ("default_shares_expiration", Enforced("when a share is saved")),
    ("denied_ip", Enforced("at login")),
    ("denied_login_methods", Enforced("at login")),
    ("denied_protocols", Enforced("at login")),
    ("denied_share_paths", Enforced("when a share is saved, and at each visit")),
    ("denied_share_scopes", Enforced("when a share is saved, and at each visit")),
    ("disable_fs_checks", Enforced("at login")),
    ("enforce_secure_algorithms", Enforced("at login, by what the connection agreed on")),
    ("external_auth_cache_time", Irrelevant("a configured hook refuses the start")),
    ("file_patterns", Enforced("by policy")),
    ("ftp_security", RefusesOn(&[Protocol::Ftp])),
    ("hooks", Irrelevant("switches hooks off; a configured hook refuses the start")),
    ("is_anonymous", Enforced("at login; permissions when groups are merged")),
    ("max_shares_expiration", Enforced("when a share is saved")),
    ("max_upload_file_size", Enforced("by uploads")),
    ("password_expiration", Enforced("at login; over HTTP by what a token opens")),
    ("password_policy", Enforced("when a password is set")),
    ("password_strength", Enforced("when a password is set")),
    ("pre_login_cache_time", Irrelevant("a configured hook refuses the start")),
    ("recovery_codes", Irrelevant("no restriction")),
    ("require_password_change", Enforced("at login; over HTTP by what a token opens")),
    ("share_policy", Enforced("when a share is saved")),
    ("start_directory", Enforced("by protocols")),
    ("tls_certs", Irrelevant("grants something, and client certificates are not asked for yet")),
    ("tls_username", Irrelevant("grants something, and client certificates are not asked for yet")),
    ("totp_config", Enforced("at login")),
    ("two_factor_protocols", Enforced("at login; over HTTP by what a token opens")),
    ("user_type", Irrelevant("a hint for others (ACC-043)")),
    ("web_client", Enforced("option by option, see WEB_CLIENT")),
];

/// Every option of `web_client`, with what becomes of it.
pub const WEB_CLIENT: &[(&str, State)] = &[
    ("api-key-auth-change-disabled", Enforced("by the own profile")),
    ("info-change-disabled", Enforced("by the own profile")),
    ("mfa-disabled", Enforced("by the operations of the own second factor")),
    ("password-change-disabled", Enforced("by the change of the own password")),
    ("password-reset-disabled", Enforced("by the reset of a forgotten password")),
    ("publickey-change-disabled", Enforced("by the own profile")),
    ("rest-api-disabled", Enforced("by tokens and API keys")),
    ("shares-disabled", Enforced("when a share is saved, and at each visit")),
    ("shares-policy-change-disabled", Enforced("when a share is saved")),
    ("shares-require-email-auth", Enforced("when a share is saved, and at each visit")),
    ("shares-without-password-disabled", Enforced("when a share is saved, and at each visit")),
    ("tls-cert-change-disabled", Enforced("by the own profile")),
    ("wopi-disabled", Enforced("when a document is opened in an office server, and at each of its requests")),
    ("write-disabled", Enforced("by the files of a session over HTTP")),
];

/// The first restriction of the account that would not be enforced over `protocol`.
pub(crate) fn unenforced(user: &EffectiveUser, protocol: Protocol) -> Option<Denial> {
    let Ok(Value::Object(filters)) = serde_json::to_value(&user.user.filters) else {
        return Some(Denial::new("filters", "the filters of the account cannot be read"));
    };
    for (name, value) in &filters {
        if !is_set(value) {
            continue;
        }
        if let ("web_client", Value::Array(options)) = (name.as_str(), value)
            && let Some(option) = options.iter().find(|option| !WEB_CLIENT.iter().any(|(known, _)| *option == known))
        {
            let detail = format!("filters.web_client holds {option}, and this build does not know it");
            return Some(Denial::new("not_enforced", detail));
        }
        match ENFORCED.iter().find(|(field, _)| field == name).map(|(_, state)| *state) {
            Some(Enforced(_) | Irrelevant(_)) => {}
            Some(RefusesOn(protocols)) if !protocols.contains(&protocol) => {}
            Some(RefusesOn(_)) | None => {
                let detail = format!("filters.{name} is set, and this build does not enforce it over {protocol}");
                return Some(Denial::new("not_enforced", detail));
            }
        }
    }
    None
}

/// Whether anything but a zero value stands there.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => members.values().any(is_set),
    }
}

#[cfg(test)]
mod tests {
    use entrepot_config::{SETTINGS, Support};
    use entrepot_model::{
        BandwidthLimit, BaseUserFilters, HooksFilter, PasswordPolicy, PatternsFilter, RecoveryCode, Secret, TimePeriod,
        TotpConfig, User, UserFilters, filters::WEB_CLIENT_OPTIONS,
    };

    use super::*;

    fn texts() -> Vec<String> {
        vec!["x".to_owned()]
    }

    /// Every member set, and none by `..`: a new member does not compile until it is here.
    fn everything() -> UserFilters {
        UserFilters {
            base: BaseUserFilters {
                allowed_ip: texts(),
                denied_ip: texts(),
                denied_login_methods: texts(),
                denied_protocols: texts(),
                file_patterns: vec![PatternsFilter::default()],
                max_upload_file_size: 1,
                tls_username: "CommonName".to_owned(),
                hooks: HooksFilter { external_auth_disabled: true, pre_login_disabled: true, check_password_disabled: true },
                disable_fs_checks: true,
                web_client: vec!["write-disabled".to_owned()],
                allow_api_key_auth: true,
                user_type: "OSUser".to_owned(),
                bandwidth_limits: vec![BandwidthLimit::default()],
                external_auth_cache_time: 1,
                pre_login_cache_time: 1,
                start_directory: "/s".to_owned(),
                two_factor_protocols: texts(),
                ftp_security: 1,
                is_anonymous: true,
                default_shares_expiration: 1,
                max_shares_expiration: 1,
                password_expiration: 1,
                password_strength: 1,
                password_policy: PasswordPolicy { length: 1, uppers: 1, lowers: 1, digits: 1, specials: 1 },
                access_time: vec![TimePeriod::default()],
                enforce_secure_algorithms: true,
                allowed_share_paths: texts(),
                denied_share_paths: texts(),
                denied_share_scopes: texts(),
            },
            require_password_change: true,
            totp_config: TotpConfig { enabled: true, config_name: "c".to_owned(), secret: Secret::default(), protocols: texts() },
            recovery_codes: vec![RecoveryCode::default()],
            tls_certs: texts(),
            additional_emails: texts(),
            custom1: "x".to_owned(),
            custom_placeholders: texts(),
        }
    }

    fn user(filters: UserFilters) -> EffectiveUser {
        let mut user = EffectiveUser::default();
        user.user = User { filters, ..User::default() };
        user
    }

    #[test]
    fn every_filter_has_a_row() {
        let Ok(Value::Object(members)) = serde_json::to_value(everything()) else { panic!("filters are no object") };
        for (name, value) in &members {
            assert!(is_set(value), "{name} is not set by this test");
            assert!(ENFORCED.iter().any(|(field, _)| field == name), "filters.{name} has no row");
        }
        // Members of groups alone are dropped before a login.
        for (field, _) in ENFORCED.iter().filter(|(field, _)| *field != "share_policy") {
            assert!(members.contains_key(*field), "the row {field} names no filter");
        }
    }

    #[test]
    fn a_set_filter_that_is_not_enforced_refuses_the_login_and_names_itself() {
        let filters =
            UserFilters { base: BaseUserFilters { ftp_security: 1, ..BaseUserFilters::default() }, ..UserFilters::default() };
        let denial = unenforced(&user(filters.clone()), Protocol::Ftp).expect("refused");
        assert_eq!(denial.rule(), "not_enforced");
        assert!(denial.detail().contains("filters.ftp_security"), "{denial}");
        assert_eq!(unenforced(&user(filters), Protocol::Ssh), None);
        assert_eq!(unenforced(&user(UserFilters::default()), Protocol::Http), None);
    }

    #[test]
    fn every_option_of_the_web_client_has_a_row() {
        let rows: Vec<&str> = WEB_CLIENT.iter().map(|(option, _)| *option).collect();
        let mut options = WEB_CLIENT_OPTIONS.to_vec();
        options.sort_unstable();
        assert_eq!(rows, options);
        let with = |option: &str| {
            let base = BaseUserFilters { web_client: vec![option.to_owned()], ..BaseUserFilters::default() };
            unenforced(&user(UserFilters { base, ..UserFilters::default() }), Protocol::Http)
        };
        assert!(options.iter().all(|option| with(option).is_none()));
        assert!(with("from-the-future").is_some_and(|denial| denial.detail().contains("from-the-future")));
    }

    #[test]
    fn everything_is_enforced_over_ssh() {
        assert_eq!(unenforced(&user(everything()), Protocol::Ssh), None);
    }

    #[test]
    fn every_hook_of_the_settings_refuses_the_start() {
        let mut hooks = 0;
        for setting in SETTINGS.iter().copied().flatten().filter(|setting| setting.key.ends_with("hook")) {
            assert_eq!(setting.support, Support::Refused, "{}", setting.key);
            hooks += 1;
        }
        assert_eq!(hooks, 10);
    }
}
