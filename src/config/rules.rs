//! Checks that concern more than one value.

use std::collections::{BTreeMap, BTreeSet};

use entrepot_secrets::SealStatus;
use serde_json::Value;

use crate::error::ConfigError;
use crate::layers::{Built, Entry};
use crate::settings::{SMTP_OAUTH2, time_of_day};

mod acme;
mod wopi;

/// One line for all known keys that have no use (decisions: a warning, no error).
pub(crate) fn unused_warning(patterns: &BTreeSet<String>) -> Option<String> {
    /// Sections with more keys than this are not listed one by one.
    const LISTED: usize = 3;
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pattern in patterns {
        let section = pattern.split(['.', '[']).next().unwrap_or_default();
        sections.entry(section).or_default().push(pattern);
    }
    let parts: Vec<String> = sections
        .into_iter()
        .map(|(section, keys)| match keys.len() {
            0..=LISTED => keys.join(", "),
            number => format!("{section} ({number} keys)"),
        })
        .collect();
    (!parts.is_empty()).then(|| format!("keys of the reference product without effect in this version: {}", parts.join(", ")))
}

/// Checks values against each other and adds warnings.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn check(built: &mut Built) -> Result<(), ConfigError> {
    let view = View(&built.entries);
    check_provider(&view)?;
    check_kms(&view)?;
    check_totp(&view)?;
    check_smtp(&view)?;
    check_limits(&view)?;
    check_defender(&view)?;
    check_certificates(&view)?;
    acme::check(&view)?;
    check_bindings(&view)?;
    wopi::check(&view)?;
    check_verifier(&view)?;
    check_backup(&view)?;
    let warnings = warnings(&view);
    built.warnings.extend(warnings);
    Ok(())
}

/// Reading access by path.
struct View<'a>(&'a BTreeMap<String, Entry>);

impl<'a> View<'a> {
    fn text(&self, path: &str) -> &'a str {
        let entry = self.0.get(path);
        entry.and_then(|entry| entry.value.as_str()).unwrap_or_default()
    }

    fn number(&self, path: &str) -> i64 {
        let entry = self.0.get(path);
        entry.and_then(|entry| entry.value.as_i64()).unwrap_or_default()
    }

    fn is(&self, path: &str) -> bool {
        let entry = self.0.get(path);
        entry.is_some_and(|entry| entry.value == Value::Bool(true))
    }

    fn list(&self, path: &str) -> Vec<&'a str> {
        let values = self.0.get(path).and_then(|entry| entry.value.as_array());
        values.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn is_configured(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|entry| !entry.origin.is_default())
    }

    fn invalid(&self, path: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            key: path.to_owned(),
            origin: self.0.get(path).map(|entry| entry.origin.to_string()).unwrap_or_default(),
            message: message.into(),
        }
    }

    /// The paths of the elements of a list.
    fn elements(&self, list: &str) -> Vec<String> {
        let below = format!("{list}[");
        let paths: BTreeSet<usize> = self
            .0
            .keys()
            .filter(|path| path.starts_with(&below))
            .filter_map(|path| crate::path::indexes(path).first().map(|(_, index)| *index))
            .collect();
        paths.into_iter().map(|index| format!("{list}[{index}]")).collect()
    }
}

/// The databases that this build can use.
pub const DRIVERS: &[&str] = &["sqlite", "memory"];

/// CFG-142, CFG-179..181
fn check_provider(view: &View<'_>) -> Result<(), ConfigError> {
    let driver = "data_provider.driver";
    match view.text(driver) {
        driver if DRIVERS.contains(&driver) => {}
        other => {
            let message = format!("the database {other:?} is not supported; use sqlite");
            return Err(view.invalid(driver, message));
        }
    }
    let options = "data_provider.password_hashing.argon2_options";
    let memory = format!("{options}.memory");
    if view.number(&memory) < 8 * view.number(&format!("{options}.parallelism")) {
        return Err(view.invalid(&memory, "must be at least 8 KiB per lane"));
    }
    Ok(())
}

/// CFG-301, CFG-367
fn check_kms(view: &View<'_>) -> Result<(), ConfigError> {
    let url = "kms.secrets.url";
    if SealStatus::from_url(view.text(url)).is_none() {
        let scheme = view.text(url).split("://").next().unwrap_or_default();
        let message = format!("the key service {scheme:?} is not supported; use aes256gcm:// or local://");
        return Err(view.invalid(url, message));
    }
    let has_key = ["kms.secrets.master_key", "kms.secrets.master_key_path"].iter().any(|path| !view.text(path).trim().is_empty());
    let list = "kms.secrets.additional_master_keys";
    let file = "kms.secrets.additional_master_keys_path";
    let has_listed = view.0.get(list).and_then(|entry| entry.value.as_array()).is_some_and(|keys| !keys.is_empty());
    for (path, is_set) in [(list, has_listed), (file, !view.text(file).is_empty())] {
        if is_set && !has_key {
            return Err(view.invalid(path, "needs an active master key"));
        }
    }
    Ok(())
}

/// CFG-304, CFG-333
fn check_totp(view: &View<'_>) -> Result<(), ConfigError> {
    let mut names = BTreeSet::new();
    for element in view.elements("mfa.totp") {
        let path = format!("{element}.name");
        if !names.insert(view.text(&path)) {
            return Err(view.invalid(&path, "is used twice"));
        }
    }
    Ok(())
}

/// CFG-309, CFG-333
fn check_smtp(view: &View<'_>) -> Result<(), ConfigError> {
    if view.text("smtp.host").trim().is_empty() {
        return Ok(());
    }
    if view.text("smtp.from").trim().is_empty() && view.text("smtp.user").trim().is_empty() {
        return Err(view.invalid("smtp.from", "needs a sender address, here or as smtp.user"));
    }
    Ok(())
}

/// CFG-036, CFG-037, CFG-046, CFG-047
fn check_limits(view: &View<'_>) -> Result<(), ConfigError> {
    let mut places = view.elements("common.rate_limiters");
    places.push("common.defender".to_owned());
    for place in places {
        let hard = format!("{place}.entries_hard_limit");
        if view.number(&hard) <= view.number(&format!("{place}.entries_soft_limit")) {
            return Err(view.invalid(&hard, "must be greater than entries_soft_limit"));
        }
    }
    Ok(())
}

/// DEF-005: no single event bans, and something is scored.
fn check_defender(view: &View<'_>) -> Result<(), ConfigError> {
    let path = |key: &str| format!("common.defender.{key}");
    if !view.is(&path("enabled")) {
        return Ok(());
    }
    let threshold = view.number(&path("threshold"));
    let scores = ["score_invalid", "score_valid", "score_limit_exceeded", "score_no_auth"].map(path);
    if let Some(wrong) = scores.iter().find(|score| view.number(score) >= threshold) {
        return Err(view.invalid(wrong, format!("must be lower than common.defender.threshold ({threshold})")));
    }
    if scores.iter().all(|score| view.number(score) == 0) {
        return Err(view.invalid(&path("threshold"), "cannot be reached: every score is 0; turn the defender off instead"));
    }
    Ok(())
}

/// A certificate needs its key and the other way round.
fn check_certificates(view: &View<'_>) -> Result<(), ConfigError> {
    let mut places = view.elements("httpd.bindings");
    places.extend(["httpd".to_owned(), "telemetry".to_owned()]);
    for place in places {
        let certificate = format!("{place}.certificate_file");
        let key = format!("{place}.certificate_key_file");
        match (view.text(&certificate), view.text(&key)) {
            ("", "") => {}
            ("", _) => return Err(view.invalid(&key, "needs certificate_file")),
            (_, "") => return Err(view.invalid(&certificate, "needs certificate_key_file")),
            _ => {}
        }
    }
    // CFG-202
    for binding in view.elements("httpd.bindings") {
        let path = format!("{binding}.client_auth_type");
        if view.number(&path) != 0 && view.list("httpd.ca_certificates").is_empty() {
            return Err(view.invalid(&path, "needs httpd.ca_certificates, the authorities that sign client certificates"));
        }
    }
    Ok(())
}

/// CFG-072, CFG-073
fn check_verifier(view: &View<'_>) -> Result<(), ConfigError> {
    let (program, checksum) = ("sftpd.opkssh_path", "sftpd.opkssh_checksum");
    if !view.text(program).is_empty() && !view.list("sftpd.trusted_user_ca_keys").is_empty() {
        return Err(
            view.invalid(program, "excludes sftpd.trusted_user_ca_keys: either the program or the files name authorities")
        );
    }
    let sum = view.text(checksum).trim();
    if !sum.is_empty() && (sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(view.invalid(checksum, "must be a SHA-256 of 64 hexadecimal digits"));
    }
    Ok(())
}

/// BKP-010
fn check_backup(view: &View<'_>) -> Result<(), ConfigError> {
    let (at, interval, passphrase) = ("backup.at", "backup.interval_hours", "backup.passphrase_file");
    let has_time = !view.text(at).trim().is_empty();
    if has_time && time_of_day(view.text(at)).is_none() {
        return Err(view.invalid(at, "must be a time of day, HH:MM"));
    }
    let has_interval = view.number(interval) > 0;
    if has_time && has_interval {
        return Err(view.invalid(interval, "excludes backup.at: set one of them"));
    }
    if (has_time || has_interval) && view.text(passphrase).trim().is_empty() {
        return Err(
            view.invalid(passphrase, "is needed: a backup holds every secret of the server, so it is made sealed or not at all")
        );
    }
    Ok(())
}

fn check_bindings(view: &View<'_>) -> Result<(), ConfigError> {
    let bindings = view.elements("httpd.bindings");
    let has_https =
        bindings.iter().any(|binding| view.number(&format!("{binding}.port")) > 0 && view.is(&format!("{binding}.enable_https")));
    for binding in &bindings {
        let redirect = format!("{binding}.redirect_to_https");
        if view.is(&redirect) && !has_https {
            return Err(view.invalid(&redirect, "needs a binding with enable_https"));
        }
        if view.is(&redirect) && view.is(&format!("{binding}.enable_https")) {
            return Err(view.invalid(&redirect, "excludes enable_https"));
        }
    }
    Ok(())
}

fn warnings(view: &View<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let upload_mode = "common.upload_mode";
    if view.is_configured(upload_mode) && view.number(upload_mode) == 0 {
        warnings.push(
            "common.upload_mode is 0, but uploads are always staged: a file appears under its name \
             when it is complete"
                .to_owned(),
        );
    }
    let (host, encryption) = (view.text("smtp.host").trim(), view.number("smtp.encryption"));
    if !host.is_empty() && encryption == 0 && !view.text("smtp.password").is_empty() && !is_local(host) {
        warnings.push("smtp.encryption is 0: the password of the mail server can be read on the way".to_owned());
    }
    if !host.is_empty() && view.number("smtp.auth_type") == i64::from(SMTP_OAUTH2) {
        warnings.push("smtp.auth_type is 3: this version cannot log in with OAuth2 yet, and sends no mail".to_owned());
    }
    let has_proxies =
        view.0.get("common.proxy_allowed").and_then(|entry| entry.value.as_array()).is_some_and(|all| !all.is_empty());
    if view.number("common.proxy_protocol") == 2 && !has_proxies {
        // NET-005
        warnings.push(
            "common.proxy_protocol is 2 and common.proxy_allowed is empty: every connection to a listener with PROXY \
             protocol is refused"
                .to_owned(),
        );
    }
    for binding in view.elements("httpd.bindings") {
        let port = view.number(&format!("{binding}.port"));
        let address = view.text(&format!("{binding}.address"));
        let is_plain = ["enable_https", "redirect_to_https"].iter().all(|flag| !view.is(&format!("{binding}.{flag}")));
        if port > 0 && is_plain && !is_local(address) {
            warnings.push(format!(
                "{binding} serves plain HTTP on port {port} to the network: passwords and files \
                 can be read on the way"
            ));
        }
        warnings.extend(wopi::warning(view, &binding));
    }
    warnings
}

/// Whether an address can only be reached from the same machine.
fn is_local(address: &str) -> bool {
    address.starts_with('/')
        || address == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
