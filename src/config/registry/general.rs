//! Sections `common`, `telemetry`, `kms`, `mfa` and `hook`.

use super::build::{bool, float, int, list, port, size, text};
use super::{Check, Setting};

/// Section `common` (CFG-001..048, 335..337).
#[rustfmt::skip]
pub(super) const COMMON: &[Setting] = &[
    int("common.idle_timeout", 15, "Minutes until an idle client is disconnected; 0 is never.").hot(),
    int("common.upload_mode", 0, "Bits: 1 atomic, 2 atomic with resume, 4, 8, 16 keep partial uploads on S3, GCS, Azure; uploads are always staged, so 0 means 2.").range(0, 31).hot(),
    int("common.setstat_mode", 0, "Changes of mode, owner and times: 0 are made, 1 are ignored, 2 are ignored where the storage does not support them.").range(0, 2).hot(),
    int("common.rename_mode", 0, "1 allows renaming directories that are not empty on S3, GCS and Azure.").range(0, 1).repaired().ignored(),
    int("common.symlink_mode", 0, "Bits that allow creating symbolic links: 1 local and encrypted local storage, 2 SFTP storage.").range(0, 3).repaired().hot(),
    size("common.resume_max_size", 0, "Largest object in bytes for which an upload to S3, GCS or Azure can be resumed; 0 is none.").ignored(),
    text("common.temp_path", "", "Former folder of atomic uploads; staged files lie beside their target.").ignored(),
    float("common.secret_min_entropy", 80.0, "Least entropy in bits of plain encryption passphrases when they are saved; 0 is any.").hot(),
    int("common.proxy_protocol", 0, "PROXY protocol on listeners: 0 off, 1 accepted, 2 required.").range(0, 2).repaired(),
    list("common.proxy_allowed", &[], "Addresses and networks that may send a PROXY header.").check(Check::Networks),
    list("common.proxy_skipped", &[], "Addresses and networks whose connections are read without PROXY header.").check(Check::Networks),
    text("common.startup_hook", "", "Program or URL run in the background at start.").refused(),
    text("common.post_connect_hook", "", "Program or URL that decides on new connections.").refused(),
    text("common.post_disconnect_hook", "", "Program or URL that is told about closed SSH and FTP connections.").refused(),
    int("common.max_total_connections", 0, "Limit of concurrent client connections; 0 is none.").hot(),
    int("common.max_per_host_connections", 20, "Limit of concurrent connections per client address; 0 is none.").hot(),
    int("common.max_total_transfers", 0, "Limit of concurrent transfers including tasks of the server; 0 is none.").hot(),
    int("common.max_per_host_transfers", 20, "Limit of concurrent transfers per client address; 0 is none.").hot(),
    int("common.allowlist_status", 0, "1 lets only addresses of the allow list connect.").range(0, 1).hot(),
    int("common.allow_self_connections", 0, "1 lets storage backends point to this same server.").range(0, 1).ignored(),
    list("common.allow_remote_directory", &[], "Storage backends that may use a remote directory: ftp, http.").check(Check::EachText(&["ftp", "http"])).ignored(),
    text("common.umask", "", "Octal mask of the modes of new files; empty is inherited.").check(Check::Umask),
    text("common.server_version", "", "`short` leaves the version out of banners; any other text replaces the product string.").check(Check::Banner),
    text("common.tz", "", "`local` uses the time zone of the server for schedules and access times; empty is UTC.").texts(&["", "local", "UTC", "utc"]).repaired().hot(),
    list("common.actions.execute_on", &[], "File system events that call the hook.").ignored(),
    list("common.actions.execute_sync", &[], "Those of the events for which the hook is awaited.").ignored(),
    text("common.actions.hook", "", "Program or URL called on file system events.").refused(),
    int("common.metadata.read", 0, "1 reads the metadata of objects before downloads and puts it into events.").range(0, 1).ignored(),
    bool("common.defender.enabled", true, "Turns the defender on.").hot(),
    text("common.defender.driver", "memory", "Where the defender keeps its scores.").texts(&["memory", "provider"]),
    int("common.defender.ban_time", 30, "Minutes of a ban.").range(1, 5_256_000).hot(),
    int("common.defender.ban_time_increment", 50, "Percent of the ban time that is added when a banned host returns.").range(1, u32::MAX as i64).hot(),
    int("common.defender.threshold", 15, "Score that bans.").range(1, u32::MAX as i64).hot(),
    int("common.defender.score_invalid", 2, "Score of a login of an unknown user.").hot(),
    int("common.defender.score_valid", 1, "Score of a failed login of an existing user.").hot(),
    int("common.defender.score_limit_exceeded", 3, "Score of an exceeded rate or per-host limit.").hot(),
    int("common.defender.score_no_auth", 0, "Score of a connection that ends without a login.").hot(),
    int("common.defender.observation_time", 30, "Minutes in which scores add up.").range(1, 5_256_000).hot(),
    int("common.defender.entries_soft_limit", 100, "Number of hosts kept after old ones were dropped from memory.").range(1, u32::MAX as i64).hot(),
    int("common.defender.entries_hard_limit", 150, "Number of hosts kept in memory before old ones are dropped.").hot(),
    int("common.defender.login_delay.success", 0, "Milliseconds before a successful login is confirmed.").hot(),
    int("common.defender.login_delay.password_failed", 1000, "Milliseconds before a failed password login is answered.").hot(),
    int("common.rate_limiters[].average", 0, "Tokens per period; 0 turns the limiter off.").hot(),
    int("common.rate_limiters[].period", 1000, "Milliseconds of a period, at least 100.").range(100, 86_400_000).hot(),
    int("common.rate_limiters[].burst", 1, "Size of the bucket.").range(1, u32::MAX as i64).hot(),
    int("common.rate_limiters[].type", 2, "1 one limit for all, 2 one per client address.").range(1, 2).hot(),
    list("common.rate_limiters[].protocols", &["SSH", "FTP", "DAV", "HTTP"], "Protocols to which the limit applies.").check(Check::EachText(&["SSH", "FTP", "DAV", "HTTP"])).hot(),
    bool("common.rate_limiters[].generate_defender_events", false, "Whether exceeding a limit per address counts for the defender.").hot(),
    int("common.rate_limiters[].entries_soft_limit", 100, "Number of addresses kept after old ones were dropped.").range(1, u32::MAX as i64).hot(),
    int("common.rate_limiters[].entries_hard_limit", 150, "Number of addresses kept before old ones are dropped.").hot(),
    list("common.event_manager.enabled_commands", &[], "Absolute paths of the programs that event actions may run."),
];

/// Section `telemetry` (CFG-274..282).
#[rustfmt::skip]
pub(super) const TELEMETRY: &[Setting] = &[
    port("telemetry.bind_port", 0, "Port of metrics and health; 0 is off."),
    text("telemetry.bind_address", "127.0.0.1", "Address.").check(Check::Address),
    bool("telemetry.enable_profiler", false, "Serves profiles of the running program.").ignored(),
    text("telemetry.auth_user_file", "", "File with names and password hashes (bcrypt, md5-crypt) in htpasswd form; without it metrics need no password."),
    text("telemetry.certificate_file", "", "Certificate; with the key it turns HTTPS on."),
    text("telemetry.certificate_key_file", "", "Key of the certificate."),
    int("telemetry.min_tls_version", 12, "Oldest TLS version: 10, 11, 12 or 13; below 12 means 12.").ints(&[10, 11, 12, 13]),
    list("telemetry.tls_cipher_suites", &[], "Cipher suites up to TLS 1.2, most wanted first.").ignored(),
    list("telemetry.tls_protocols", &["http/1.1", "h2"], "Protocols offered by ALPN.").check(Check::EachText(&["http/1.1", "h2"])),
];

/// Section `kms` (CFG-301..303, 365, 366).
#[rustfmt::skip]
pub(super) const KMS: &[Setting] = &[
    text("kms.secrets.url", "", "How new secrets are sealed: empty or `aes256gcm://` AES-256-GCM, `local://` NaCl secretbox."),
    text("kms.secrets.master_key", "", "Master key that seals new secrets.").secret(),
    text("kms.secrets.master_key_path", "", "Absolute path of a file with the master key, which wins over the key itself.").check(Check::AbsolutePath),
    list("kms.secrets.additional_master_keys", &[], "Master keys that only open secrets, tried in order.").secret(),
    text("kms.secrets.additional_master_keys_path", "", "Absolute path of a file with one such key per line, which wins over the list.").check(Check::AbsolutePath),
];

/// Section `mfa` (CFG-304..306).
#[rustfmt::skip]
pub(super) const MFA: &[Setting] = &[
    text("mfa.totp[].name", "Default", "Name of the configuration of one-time passwords, unique."),
    text("mfa.totp[].issuer", "Entrepot", "Issuer shown by authenticator programs."),
    text("mfa.totp[].algo", "sha1", "Digest of the one-time passwords.").texts(&["sha1", "sha256", "sha512"]),
];

/// Section `hook`: settings that the reference knows as variables only (ENV-012, 019, 021, 024).
#[rustfmt::skip]
pub(super) const HOOK: &[Setting] = &[
    bool("hook.disable_dot_entries", false, "Leaves `.` and `..` out of SFTP directory listings."),
    int("hook.httpd_max_request_size", 1, "Largest body of a REST request in MB.").range(1, 1024).repaired(),
    int("hook.httpd_max_restore_size", 20, "Largest backup that can be restored over HTTP in MB.").range(1, 102_400).repaired(),
    int("hook.httpd_max_edit_size", 2, "Largest text file that the browser can edit in MB.").range(1, 10).repaired(),
    list("hook.enabled_action_commands", &[], "Further absolute paths of programs that event actions may run."),
    bool("hook.legacy_admin_perms", false, "Permissions to manage groups or folders cover seeing and deleting them, for every administrator."),
    text("hook.password_forgot_email_subject", "", "Subject of mails with a reset code when none is kept in the database.").hot(),
    text("hook.password_expiration_email_subject", "", "Subject of mails about the end of a password when none is kept in the database.").hot(),
    text("hook.share_code_email_subject", "", "Subject of mails with a one-time code of a share when none is kept in the database.").hot(),
    bool("hook.has_share_legal_agreement", false, "Shares can ask their visitors to accept a legal agreement.").hot(),
    bool("hook.webclient_disable_preview", false, "Takes the previews of files out of the pages of users.").hot(),
    bool("hook.webclient_disable_editor", false, "Takes the text editor out of the pages of users.").hot(),
    text("hook.share_legal_tmpl_path", "", "HTML template in place of the built-in legal agreement of shares."),
    text("hook.sshd_uname_output", "", "Base text of the emulated uname command.").ignored(),
];
