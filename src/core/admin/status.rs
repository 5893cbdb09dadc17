//! What the server says about itself: services, log level, licence, usage, retention checks (API-066…API-073, API-113).

use entrepot_model::{
    ActionType, AdminPermission as P, Protocol, Secret,
    api::TotpOffer,
    retention::RetentionCheck,
    status::{
        DataProviderStatus, EngineStatus, FtpServiceStatus, License, LicenseFeatures, ListenerStatus, LogLevel, MfaStatus,
        RateLimitersStatus, SaasUsage, ServiceStatus, ServicesStatus,
    },
};
use entrepot_store::SecretKey;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    event_rules, sealing, stored,
};
use crate::{Core, Error, Result};

/// Name of the licence in the database, and of the object in events.
const LICENSE: &str = "license";
/// The year 2100, in Unix seconds (API-069).
const FAR_FUTURE: i64 = 4_102_444_800;
/// Highest number of an event action.
const HIGHEST_ACTION: i64 = ActionType::EventReport as i64;
/// Longest licence key in bytes.
const LONGEST_KEY: usize = 16 * 1024;

/// Every service, as it is now.
///
/// # Errors
/// `Denied` without `view_status`.
pub async fn services(core: &Core, session: &AdminSession) -> Result<ServicesStatus> {
    session.require(P::ViewStatus)?;
    let settings = core.settings();
    let totp = |totp: &entrepot_config::settings::Totp| TotpOffer {
        name: totp.name.clone(),
        issuer: totp.issuer.clone(),
        algo: totp.algo.clone(),
    };
    let totp_configs: Vec<TotpOffer> = settings.mfa.totp.iter().map(totp).collect();
    let answer = core.0.store.settings().get(LICENSE).await;
    Ok(ServicesStatus {
        ssh: core.services().ssh(),
        ftp: FtpServiceStatus::default(),
        webdav: ListenerStatus::default(),
        data_provider: DataProviderStatus {
            is_active: answer.is_ok(),
            driver: settings.data_provider.driver.clone(),
            error: answer.err().map(|error| error.to_string()).unwrap_or_default(),
        },
        defender: ServiceStatus { is_active: settings.common.defender.enabled },
        mfa: MfaStatus { is_active: !totp_configs.is_empty(), totp_configs },
        allow_list: ServiceStatus { is_active: settings.common.allowlist_status == 1 },
        rate_limiters: rate_limiters(&settings),
        event_rules: EngineStatus { is_active: false, error: event_rules::NO_ENGINE.to_owned() },
    })
}

fn rate_limiters(settings: &entrepot_config::Settings) -> RateLimitersStatus {
    let limiters = &settings.common.rate_limiters;
    let is_limited = |protocol: &Protocol| {
        limiters.iter().any(|limiter| limiter.average > 0 && limiter.protocols.iter().any(|name| name == protocol.as_str()))
    };
    let protocols: Vec<String> =
        Protocol::ALL.into_iter().filter(is_limited).map(|protocol| protocol.as_str().to_owned()).collect();
    RateLimitersStatus { is_active: !protocols.is_empty(), protocols }
}

/// Least severe lines that are logged now.
///
/// # Errors
/// `Denied` without `*`; `Unsupported` where nobody can change the log.
pub fn log_level(core: &Core, session: &AdminSession) -> Result<LogLevel> {
    session.require(P::Any)?;
    Ok(core.services().log().ok_or(Error::Unsupported)?.level())
}

/// Changes it until the server ends (API-068).
///
/// # Errors
/// As [`log_level`].
pub fn set_log_level(core: &Core, session: &AdminSession, level: LogLevel) -> Result<()> {
    session.require(P::Any)?;
    let control = core.services().log().ok_or(Error::Unsupported)?;
    // Said while it can still be heard, and again where it could not before.
    let note = || tracing::warn!(executor = session.username(), ip = %session.ip(), ?level, "the log level was changed");
    note();
    control.set_level(level);
    Ok(())
}

/// The licence: for life, and of everything (API-069, API-071).
///
/// # Errors
/// `Denied` without `*`.
pub fn license(session: &AdminSession) -> Result<License> {
    session.require(P::Any)?;
    let providers: Vec<i64> = (0..=7).collect();
    Ok(License {
        key: String::new(),
        kind: 2,
        valid_from: 0,
        valid_to: FAR_FUTURE,
        features: LicenseFeatures {
            max_concurrent_transfers: 0,
            event_actions: (1..=HIGHEST_ACTION).filter(|number| ActionType::from_number(*number).is_some()).collect(),
            fs_actions: (1..=9).collect(),
            fs_poviders: providers.clone(),
            fs_providers: providers,
            plugins: 1,
            ha: vec![1],
            wopi_users: -1,
            metering: 1,
            fips: 0,
        },
    })
}

/// Keeps a licence key, for backups that have one. It has no effect (API-070, API-073).
///
/// # Errors
/// `Denied` without `*`; `Invalid` for an empty key.
pub async fn set_license(core: &Core, session: &AdminSession, key: &str) -> Result<()> {
    session.require(P::Any)?;
    let key = key.trim();
    if key.is_empty() {
        return Err(Error::invalid("key", "the license key is required"));
    }
    if key.len() > LONGEST_KEY {
        return Err(Error::invalid("key", format!("it must not be longer than {LONGEST_KEY} bytes")));
    }
    let sealed = sealing::seal(&core.0.sealer, key, LICENSE)?;
    let sealed = serde_json::to_string(&sealed).map_err(|error| Error::internal("storing the licence key", error))?;
    let now = core.clock().millis();
    let row = SecretKey { kid: LICENSE.into(), purpose: LICENSE.into(), sealed, created_at: now };
    core.0.store.secret_keys().put(row).await.map_err(stored)?;
    let object = serde_json::json!({});
    changes::record(core, session, &Change { action: Action::Update, kind: LICENSE, name: LICENSE, role: "", object: &object });
    Ok(())
}

/// The kept licence key, for backups; `None` if there is none.
///
/// # Errors
/// `Denied` without `*`; `Internal` when it does not open.
pub async fn license_key(core: &Core, session: &AdminSession) -> Result<Option<String>> {
    session.require(P::Any)?;
    let Some(row) = core.0.store.secret_keys().list(LICENSE).await.map_err(stored)?.into_iter().next() else { return Ok(None) };
    let failed = "opening the licence key";
    let sealed: Secret = serde_json::from_str(&row.sealed).map_err(|error| Error::internal(failed, error))?;
    let opened = sealing::open(&core.0.sealer, &sealed).map_err(|error| Error::internal(failed, error))?;
    String::from_utf8(opened.to_vec()).map(Some).map_err(|error| Error::internal(failed, error))
}

/// What is stored and was transferred, by the counters; zeros where they are off (API-072).
///
/// # Errors
/// `Denied` without `*`.
pub async fn saas_usage(core: &Core, session: &AdminSession) -> Result<SaasUsage> {
    session.require(P::Any)?;
    if core.settings().data_provider.track_quota == 0 {
        return Ok(SaasUsage::default());
    }
    super::settled(core).await?;
    let (storage_used, bandwidth_used) = core.0.store.users().total_usage().await.map_err(stored)?;
    Ok(SaasUsage { storage_used, bandwidth_used, ..SaasUsage::default() })
}

/// The running checks of data retention; role administrators get those of their users (API-113).
///
/// # Errors
/// `Denied` without `*`.
pub fn retention_checks(core: &Core, session: &AdminSession) -> Result<Vec<RetentionCheck>> {
    session.require(P::Any)?;
    Ok(core.services().retention().list(|role| session.sees_role(role)))
}
