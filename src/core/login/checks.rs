//! The rules that refuse an account whose credentials fit.

use std::net::IpAddr;

use chrono::{DateTime, Datelike, Local, Timelike, Utc};
use entrepot_model::{Admin, EffectiveUser, LoginMethod, Protocol};
use ipnet::IpNet;

use super::{
    Attempt, Credentials, Factor, FirstFactor, enforced,
    outcome::Refusal,
    refuse, second_factor as factor,
    steps::{self, Lead},
};
use crate::{Core, policy::Denial};

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;

/// Status, expiration and time of day: what is checked together with the credentials (SSH-016).
pub(super) fn account(core: &Core, user: &EffectiveUser, now: i64) -> Result<(), Refusal> {
    let is_local = core.settings().common.tz == "local";
    is_usable(user, now)?;
    let (weekday, hour, minute) = minute_of_week(now, is_local);
    if !user.access_time_allowed(weekday, hour, minute) {
        return refuse("access_time", format!("no entry allows {hour:02}:{minute:02} on day {weekday}"));
    }
    Ok(())
}

/// Whether a session may go on: as [`account`], for somebody who is in already (LIM-005).
pub(crate) fn still_welcome(core: &Core, user: &EffectiveUser) -> Result<(), Denial> {
    match account(core, user, core.clock().millis()) {
        Err(Refusal::Rule(denial)) => Err(denial),
        _ => Ok(()),
    }
}

/// What ends a token before its time as well: status, expiration, protocol and address (SEC-065).
pub(crate) fn may_go_on(core: &Core, user: &EffectiveUser, ip: IpAddr) -> Result<(), Refusal> {
    is_usable(user, core.clock().millis())?;
    not_denied(user, Protocol::Http)?;
    Ok(user.login_allowed_ip(ip).map_err(|rule| Denial::new("ip_filters", rule.to_string()))?)
}

/// Whether the account could come to the pages with a password, from wherever (SEC-134).
pub(crate) fn may_have_password(core: &Core, user: &EffectiveUser) -> Result<(), Refusal> {
    is_usable(user, core.clock().millis())?;
    not_denied(user, Protocol::Http)?;
    if user.is_method_denied(LoginMethod::Password) {
        return refuse("denied_login_methods", "passwords are denied");
    }
    Ok(())
}

fn is_usable(user: &EffectiveUser, now: i64) -> Result<(), Refusal> {
    if !user.user.is_enabled() {
        return refuse("status", "the account is disabled");
    }
    if user.is_expired(now) {
        return refuse("expiration_date", "the account has expired");
    }
    Ok(())
}

pub(crate) fn not_denied(user: &EffectiveUser, protocol: Protocol) -> Result<(), Refusal> {
    // ACC-300: anonymous accounts cannot use SSH and HTTP, whatever a stale row says.
    let anonymous = user.user.filters.base.is_anonymous && matches!(protocol, Protocol::Ssh | Protocol::Http);
    if anonymous || user.is_protocol_denied(protocol) {
        return refuse("denied_protocols", format!("{protocol} is denied"));
    }
    Ok(())
}

/// Everything else, in the order of SSH-016.
pub(super) fn login(
    user: &EffectiveUser,
    attempt: &Attempt,
    credentials: &Credentials<'_>,
    first: Option<&FirstFactor>,
    sessions: usize,
    now: i64,
) -> Result<Lead, Refusal> {
    let protocol = attempt.protocol;
    before_credentials(user, protocol, sessions)?;
    let lead = steps::lead(user, protocol, credentials, first)?;
    after_credentials(user, protocol, Some(attempt.peer.remote.ip()))?;
    // Over HTTP there is a way to change it; the token is good for nothing else (ACC-103).
    if credentials.factor() != Factor::Key && protocol != Protocol::Http {
        password_must_change(user, now)?;
    }
    Ok(lead)
}

/// What is asked whatever the credentials are.
pub(crate) fn before_credentials(user: &EffectiveUser, protocol: Protocol, sessions: usize) -> Result<(), Refusal> {
    if let Some(denial) = enforced::unenforced(user, protocol) {
        return Err(denial.into());
    }
    if user.user.filesystem.provider().is_none_or(|provider| provider.is_local())
        && !std::path::Path::new(&user.user.home_dir).is_absolute()
    {
        return refuse("home_dir", "it is not an absolute path");
    }
    not_denied(user, protocol)?;
    let most = usize::try_from(user.user.max_sessions).unwrap_or(0);
    if most > 0 && sessions >= most {
        return Err(Refusal::TooMany);
    }
    Ok(())
}

/// What is asked once the credentials fit; an address that is not known is not asked about.
pub(crate) fn after_credentials(user: &EffectiveUser, protocol: Protocol, ip: Option<IpAddr>) -> Result<(), Refusal> {
    second_factor(user, protocol)?;
    if let Some(ip) = ip {
        user.login_allowed_ip(ip).map_err(|rule| Denial::new("ip_filters", rule.to_string()))?;
    }
    Ok(())
}

/// What refuses an API key its account. Password, second factor and number of sessions are not asked (SEC-083, SEC-084).
pub(super) fn key(core: &Core, user: &EffectiveUser, ip: IpAddr, now: i64) -> Result<(), Refusal> {
    if !user.user.filters.base.allow_api_key_auth {
        return refuse("allow_api_key_auth", "API keys may not stand for this account");
    }
    account(core, user, now)?;
    if let Some(denial) = enforced::unenforced(user, Protocol::Http) {
        return Err(denial.into());
    }
    may_go_on(core, user, ip)
}

/// The option that closes the REST API to a user (ACC-317).
pub(crate) fn may_use_rest(user: &EffectiveUser) -> Result<(), Denial> {
    if user.user.filters.base.has_web_client_option("rest-api-disabled") {
        return Err(Denial::new("rest-api-disabled", "the REST API is disabled for this account"));
    }
    Ok(())
}

/// SEC-125: a second factor that is required and not configured. Over HTTP there is a way to configure one; the token is good
/// for nothing else.
fn second_factor(user: &EffectiveUser, protocol: Protocol) -> Result<(), Refusal> {
    let is_required = user.user.filters.base.two_factor_protocols.iter().any(|name| name == protocol.as_str());
    if is_required && protocol != Protocol::Http && !factor::is_active(user, protocol) {
        return refuse("two_factor_protocols", format!("{protocol} needs a second factor, and none is configured"));
    }
    Ok(())
}

/// Whether the password has to be changed before it is good for anything else (ACC-103, ACC-105).
pub(crate) fn password_must_change(user: &EffectiveUser, now: i64) -> Result<(), Refusal> {
    let filters = &user.user.filters;
    if filters.require_password_change {
        return refuse("require_password_change", "the password must be changed first");
    }
    let days = filters.base.password_expiration;
    if days > 0 && user.user.last_password_change.saturating_add(days.saturating_mul(DAY)) <= now {
        return refuse("password_expiration", format!("the password is older than {days} days"));
    }
    Ok(())
}

/// Weekday (0 is Sunday), hour and minute of a moment in milliseconds (ACC-075).
fn minute_of_week(now: i64, is_local: bool) -> (u8, u8, u8) {
    let parts = |weekday: u32, hour: u32, minute: u32| {
        let narrow = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        (narrow(weekday), narrow(hour), narrow(minute))
    };
    let utc = DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
    if is_local {
        let local = utc.with_timezone(&Local);
        parts(local.weekday().num_days_from_sunday(), local.hour(), local.minute())
    } else {
        parts(utc.weekday().num_days_from_sunday(), utc.hour(), utc.minute())
    }
}

/// Whether an administrator may act at all: enabled, and at an allowed address (ACC-241, SEC-054).
pub(crate) fn admin(admin: &Admin, ip: IpAddr) -> Result<(), Denial> {
    if !admin.is_enabled() {
        return Err(Denial::new("status", "the administrator is disabled"));
    }
    let ip = ip.to_canonical();
    let allowed = &admin.filters.allow_list;
    // An entry that is no network allows nobody.
    let is_in = |text: &String| text.parse::<IpNet>().is_ok_and(|network| network.contains(&ip));
    if !allowed.is_empty() && !allowed.iter().any(is_in) {
        return Err(Denial::new("allow_list", format!("{ip} is in none of the allowed networks")));
    }
    Ok(())
}
