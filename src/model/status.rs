//! What the server says about itself (API-066…API-073).

use serde::{Deserialize, Serialize};

use crate::api::TotpOffer;

/// Where SSH listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SshBinding {
    /// Address; empty is every one.
    pub address: String,
    /// Port that is bound.
    pub port: u16,
    /// A PROXY header is read where one is configured.
    pub apply_proxy_config: bool,
}

/// A host key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SshHostKey {
    /// Its file.
    pub path: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Signatures it is offered with.
    pub algorithms: Vec<String>,
}

/// The SSH service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SshServiceStatus {
    /// It listens.
    pub is_active: bool,
    /// Where.
    pub bindings: Vec<SshBinding>,
    /// What it shows clients to prove who it is.
    pub host_keys: Vec<SshHostKey>,
    /// Commands that it emulates.
    pub ssh_commands: Vec<String>,
    /// Ways to log in (API-241).
    pub authentications: Vec<String>,
    /// Signatures of users.
    pub public_key_algorithms: Vec<String>,
    /// Message authentication.
    pub macs: Vec<String>,
    /// Key exchange.
    pub kex_algorithms: Vec<String>,
    /// Encryption.
    pub ciphers: Vec<String>,
}

/// A service of which there is only this to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceStatus {
    /// It works.
    pub is_active: bool,
}

/// What carries something out, or does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineStatus {
    /// It works.
    pub is_active: bool,
    /// Why it does not; empty if it does.
    pub error: String,
}

/// A service with listeners of which none is built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListenerStatus {
    /// It listens.
    pub is_active: bool,
    /// Where.
    pub bindings: Vec<SshBinding>,
}

/// Ports for passive connections of FTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortRange {
    /// The first.
    pub start: u16,
    /// The last.
    pub end: u16,
}

/// The FTP service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FtpServiceStatus {
    /// Whether and where it listens.
    #[serde(flatten)]
    pub listener: ListenerStatus,
    /// Ports for passive connections.
    pub passive_port_range: PortRange,
}

/// The database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataProviderStatus {
    /// It answers.
    pub is_active: bool,
    /// Its kind.
    pub driver: String,
    /// Why it does not answer; empty if it does.
    pub error: String,
}

/// One-time passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MfaStatus {
    /// There is a configuration that accounts can use.
    pub is_active: bool,
    /// The configurations.
    pub totp_configs: Vec<TotpOffer>,
}

/// Limits of rates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimitersStatus {
    /// There is one.
    pub is_active: bool,
    /// Protocols that are limited.
    pub protocols: Vec<String>,
}

/// Every service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServicesStatus {
    /// SSH.
    pub ssh: SshServiceStatus,
    /// FTP.
    pub ftp: FtpServiceStatus,
    /// WebDAV.
    pub webdav: ListenerStatus,
    /// The database.
    pub data_provider: DataProviderStatus,
    /// The defender.
    pub defender: ServiceStatus,
    /// One-time passwords.
    pub mfa: MfaStatus,
    /// The allow list.
    pub allow_list: ServiceStatus,
    /// Limits of rates.
    pub rate_limiters: RateLimitersStatus,
    /// Extension: whether event rules are executed; stored they are in any case.
    pub event_rules: EngineStatus,
}

/// Least severe lines of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happened.
    Info,
    /// What somebody should look at.
    Warn,
    /// What failed.
    Error,
}

/// The log level as its endpoint takes and gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevelConfig {
    /// The level.
    pub level: LogLevel,
}

/// What a licence allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenseFeatures {
    /// 0 is no limit.
    pub max_concurrent_transfers: i64,
    /// Types of event actions.
    pub event_actions: Vec<i64>,
    /// Types of file system actions.
    pub fs_actions: Vec<i64>,
    /// Storages, in the spelling of the contract (API-071).
    pub fs_poviders: Vec<i64>,
    /// Storages.
    pub fs_providers: Vec<i64>,
    /// 1 is plugins.
    pub plugins: i64,
    /// 1 is in it: several nodes.
    pub ha: Vec<i64>,
    /// -1 is no limit.
    pub wopi_users: i64,
    /// 1 is no metering.
    pub metering: i64,
    /// 1 is FIPS.
    pub fips: i64,
}

/// The licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct License {
    /// Empty: keys are kept, and not shown.
    pub key: String,
    /// 2 is for life.
    #[serde(rename = "type")]
    pub kind: i64,
    /// Unix seconds.
    pub valid_from: i64,
    /// Unix seconds.
    pub valid_to: i64,
    /// What it allows.
    pub features: LicenseFeatures,
}

/// A licence key, as it is set.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LicenseKey {
    /// The key.
    pub key: String,
}

impl std::fmt::Debug for LicenseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenseKey").field("key", &"***").finish()
    }
}

/// What is used; `*_allowed` 0 is no limit (API-072).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaasUsage {
    /// Bytes transferred.
    pub bandwidth_used: i64,
    /// Most of them.
    pub bandwidth_allowed: i64,
    /// Bytes stored.
    pub storage_used: i64,
    /// Most of them.
    pub storage_allowed: i64,
}
