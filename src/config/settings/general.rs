//! Sections `common`, `telemetry`, `kms`, `mfa` and `hook`.

use entrepot_secrets::{KeyRing, KeyRingError, SealStatus, Sealer};
use ipnet::IpNet;
use serde::Deserialize;

use super::SecretText;

/// Section `common`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Minutes until an idle client is disconnected; 0 is never.
    pub idle_timeout: u32,
    /// Bits: 1 atomic, 2 atomic with resume, 4, 8, 16 keep partial uploads on S3, GCS, Azure; uploads are always staged, so 0 means 2.
    pub upload_mode: u32,
    /// Changes of mode, owner and times: 0 are made, 1 are ignored, 2 are ignored where the storage does not support them.
    pub setstat_mode: u32,
    /// 1 allows renaming directories that are not empty on S3, GCS and Azure.
    pub rename_mode: u32,
    /// Bits that allow creating symbolic links: 1 local and encrypted local storage, 2 SFTP storage.
    pub symlink_mode: u32,
    /// Largest object in bytes for which an upload to S3, GCS or Azure can be resumed; 0 is none.
    pub resume_max_size: i64,
    /// Former folder of atomic uploads; staged files lie beside their target.
    pub temp_path: String,
    /// Least entropy in bits of plain encryption passphrases when they are saved; 0 is any.
    pub secret_min_entropy: f64,
    /// PROXY protocol on listeners: 0 off, 1 accepted, 2 required.
    pub proxy_protocol: u32,
    /// Addresses and networks that may send a PROXY header.
    #[serde(deserialize_with = "super::networks")]
    pub proxy_allowed: Vec<IpNet>,
    /// Addresses and networks whose connections are read without PROXY header.
    #[serde(deserialize_with = "super::networks")]
    pub proxy_skipped: Vec<IpNet>,
    /// Program or URL run in the background at start.
    pub startup_hook: String,
    /// Program or URL that decides on new connections.
    pub post_connect_hook: String,
    /// Program or URL that is told about closed SSH and FTP connections.
    pub post_disconnect_hook: String,
    /// Limit of concurrent client connections; 0 is none.
    pub max_total_connections: u32,
    /// Limit of concurrent connections per client address; 0 is none.
    pub max_per_host_connections: u32,
    /// Limit of concurrent transfers including tasks of the server; 0 is none.
    pub max_total_transfers: u32,
    /// Limit of concurrent transfers per client address; 0 is none.
    pub max_per_host_transfers: u32,
    /// 1 lets only addresses of the allow list connect.
    pub allowlist_status: u32,
    /// 1 lets storage backends point to this same server.
    pub allow_self_connections: u32,
    /// Storage backends that may use a remote directory: ftp, http.
    pub allow_remote_directory: Vec<String>,
    /// Octal mask of the modes of new files; empty is inherited.
    pub umask: String,
    /// `short` leaves the version out of banners; any other text replaces the product string.
    pub server_version: String,
    /// `local` uses the time zone of the server for schedules and access times; empty is UTC.
    pub tz: String,
    /// The hook on file system events.
    pub actions: CommonActions,
    /// Metadata of objects.
    pub metadata: Metadata,
    /// Scores and bans of hosts.
    pub defender: Defender,
    /// A limit of connections per time.
    pub rate_limiters: Vec<RateLimiter>,
    /// Actions of events.
    pub event_manager: EventManager,
}

/// The hook on file system events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonActions {
    /// File system events that call the hook.
    pub execute_on: Vec<String>,
    /// Those of the events for which the hook is awaited.
    pub execute_sync: Vec<String>,
    /// Program or URL called on file system events.
    pub hook: String,
}

/// Metadata of objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// 1 reads the metadata of objects before downloads and puts it into events.
    pub read: u32,
}

/// Scores and bans of hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defender {
    /// Turns the defender on.
    pub enabled: bool,
    /// Where the defender keeps its scores.
    pub driver: String,
    /// Minutes of a ban.
    pub ban_time: u32,
    /// Percent of the ban time that is added when a banned host returns.
    pub ban_time_increment: u32,
    /// Score that bans.
    pub threshold: u32,
    /// Score of a login of an unknown user.
    pub score_invalid: u32,
    /// Score of a failed login of an existing user.
    pub score_valid: u32,
    /// Score of an exceeded rate or per-host limit.
    pub score_limit_exceeded: u32,
    /// Score of a connection that ends without a login.
    pub score_no_auth: u32,
    /// Minutes in which scores add up.
    pub observation_time: u32,
    /// Number of hosts kept after old ones were dropped from memory.
    pub entries_soft_limit: u32,
    /// Number of hosts kept in memory before old ones are dropped.
    pub entries_hard_limit: u32,
    /// Pauses around logins.
    pub login_delay: LoginDelay,
}

/// Pauses around logins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginDelay {
    /// Milliseconds before a successful login is confirmed.
    pub success: u32,
    /// Milliseconds before a failed password login is answered.
    pub password_failed: u32,
}

/// A limit of connections per time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimiter {
    /// Tokens per period; 0 turns the limiter off.
    pub average: u32,
    /// Milliseconds of a period, at least 100.
    pub period: u32,
    /// Size of the bucket.
    pub burst: u32,
    /// 1 one limit for all, 2 one per client address.
    pub r#type: u32,
    /// Protocols to which the limit applies.
    pub protocols: Vec<String>,
    /// Whether exceeding a limit per address counts for the defender.
    pub generate_defender_events: bool,
    /// Number of addresses kept after old ones were dropped.
    pub entries_soft_limit: u32,
    /// Number of addresses kept before old ones are dropped.
    pub entries_hard_limit: u32,
}

/// Actions of events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventManager {
    /// Absolute paths of the programs that event actions may run.
    pub enabled_commands: Vec<String>,
}

/// Section `telemetry`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Port of metrics and health; 0 is off.
    pub bind_port: u16,
    /// Address or path of a unix socket.
    pub bind_address: String,
    /// Serves profiles of the running program.
    pub enable_profiler: bool,
    /// File with names and password hashes in htpasswd form.
    pub auth_user_file: String,
    /// Certificate; with the key it turns HTTPS on.
    pub certificate_file: String,
    /// Key of the certificate.
    pub certificate_key_file: String,
    /// Oldest TLS version: 10, 11, 12 or 13; below 12 means 12.
    pub min_tls_version: u32,
    /// Cipher suites up to TLS 1.2, most wanted first.
    pub tls_cipher_suites: Vec<String>,
    /// Protocols offered by ALPN.
    pub tls_protocols: Vec<String>,
}

/// Section `kms`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kms {
    /// How secrets are sealed.
    pub secrets: KmsSecrets,
}

/// How secrets are sealed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsSecrets {
    /// How new secrets are sealed: empty or `aes256gcm://` AES-256-GCM, `local://` NaCl secretbox.
    pub url: String,
    /// Master key that seals new secrets.
    pub master_key: SecretText,
    /// Absolute path of a file with the master key, which wins over the key itself.
    pub master_key_path: String,
    /// Master keys that only open secrets, tried in order.
    pub additional_master_keys: Vec<SecretText>,
    /// Absolute path of a file with one such key per line, which wins over the list.
    pub additional_master_keys_path: String,
}

/// Section `mfa`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mfa {
    /// A configuration of one-time passwords.
    pub totp: Vec<Totp>,
}

/// A configuration of one-time passwords.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totp {
    /// Name of the configuration of one-time passwords, unique.
    pub name: String,
    /// Issuer shown by authenticator programs.
    pub issuer: String,
    /// Digest of the one-time passwords.
    pub algo: String,
}

/// Section `hook`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Leaves `.` and `..` out of SFTP directory listings.
    pub disable_dot_entries: bool,
    /// Largest body of a REST request in MB.
    pub httpd_max_request_size: u32,
    /// Largest backup that can be restored over HTTP in MB.
    pub httpd_max_restore_size: u32,
    /// Largest text file that the browser can edit in MB.
    pub httpd_max_edit_size: u32,
    /// Further absolute paths of programs that event actions may run.
    pub enabled_action_commands: Vec<String>,
    /// Permissions to manage groups or folders cover seeing and deleting them, for every administrator (ACC-364).
    pub legacy_admin_perms: bool,
    /// Subject of mails with a reset code when none is kept in the database.
    pub password_forgot_email_subject: String,
    /// Subject of mails about the end of a password when none is kept in the database.
    pub password_expiration_email_subject: String,
    /// Subject of mails with a one-time code of a share when none is kept in the database.
    pub share_code_email_subject: String,
    /// Shares can ask their visitors to accept a legal agreement.
    pub has_share_legal_agreement: bool,
    /// Takes the previews of files out of the pages of users.
    pub webclient_disable_preview: bool,
    /// Takes the text editor out of the pages of users.
    pub webclient_disable_editor: bool,
    /// HTML template in place of the built-in legal agreement of shares; empty for that one.
    pub share_legal_tmpl_path: String,
    /// Base text of the emulated uname command.
    pub sshd_uname_output: String,
}

impl Common {
    /// The mask of the modes of new files, if one is configured.
    pub fn umask_bits(&self) -> Option<u32> {
        u32::from_str_radix(&self.umask, 8).ok()
    }
}

impl KmsSecrets {
    /// What seals new secrets and opens stored ones. Keys from files are already in the settings.
    ///
    /// # Errors
    /// Decrypt-only keys without an active key; the check at loading finds that earlier.
    pub fn sealer(&self) -> Result<Sealer, KeyRingError> {
        let ring = KeyRing::new(Some(&*self.master_key), self.additional_master_keys.iter().map(|key| &**key))?;
        Ok(Sealer::new(SealStatus::from_url(&self.url).unwrap_or_default(), ring))
    }
}
