//! Fields that users and groups share, and those of storages, which folders have as well. The same tables twice: what stands
//! at the top of a user stands below `user_settings` in a group.

use entrepot_model::LoginMethod;

use super::fields::{Field, Kind};

/// Names of protocols, as filters have them.
pub(super) const PROTOCOLS: [&str; 4] = ["SSH", "FTP", "DAV", "HTTP"];
/// Protocols that can ask for a code.
pub(super) const CODE_PROTOCOLS: [&str; 3] = ["SSH", "FTP", "HTTP"];
pub(super) const METHODS: [&str; LoginMethod::ALL.len()] = {
    let mut names = [""; LoginMethod::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = LoginMethod::ALL[index].as_str();
        index += 1;
    }
    names
};
pub(super) const SCOPES: [&str; 3] = ["read", "write", "read_write"];
pub(super) const PROVIDERS: [(i64, &str); 8] =
    [(0, "local"), (4, "crypt"), (1, "s3"), (2, "gcs"), (3, "azure"), (5, "sftp"), (7, "ftp"), (6, "http")];
pub(super) const DAYS: [(i64, &str); 7] =
    [(1, "monday"), (2, "tuesday"), (3, "wednesday"), (4, "thursday"), (5, "friday"), (6, "saturday"), (0, "sunday")];
pub(super) const TLS_NAMES: [&str; 2] = ["", "CommonName"];
pub(super) const FTP_SECURITY: [(i64, &str); 2] = [(0, "as_server"), (1, "tls_required")];
const POLICIES: [(i64, &str); 2] = [(0, "refuse"), (1, "hide")];
const TLS_MODES: [(i64, &str); 3] = [(0, "tls_none"), (1, "tls_explicit"), (2, "tls_implicit")];
const YES_NO: [(i64, &str); 2] = [(0, "no"), (1, "yes")];
const CHECKSUMS: [&str; 6] = ["", "crc32", "crc32c", "crc64nvme", "sha1", "sha256"];
const TIERS: [&str; 5] = ["", "Hot", "Cool", "Cold", "Archive"];
const EQUALITY: [(i64, &str); 2] = [(0, "equal_strict"), (1, "equal_server")];

pub(super) const MOUNTS: [Field; 5] = [
    Field::new("virtual_path", Kind::Code),
    Field::new("name", Kind::Suggest("folders")).named("folder"),
    Field::new("subpath", Kind::Code),
    Field::new("quota_size", Kind::Bytes).named("mount_quota_size"),
    Field::new("quota_files", Kind::Number("plain")).named("mount_quota_files"),
];
pub(super) const GROUPS: [Field; 2] = [
    Field::new("name", Kind::Suggest("groups")).named("group"),
    Field::new("type", Kind::Numbers(&[(1, "primary"), (2, "secondary"), (3, "membership")])).named("group_type"),
];
pub(super) const PATTERNS: [Field; 4] = [
    Field::new("path", Kind::Code),
    Field::new("allowed_patterns", Kind::Words),
    Field::new("denied_patterns", Kind::Words),
    Field::new("deny_policy", Kind::Numbers(&POLICIES)),
];
pub(super) const TIMES: [Field; 3] = [
    Field::new("day_of_week", Kind::Numbers(&DAYS)),
    Field::new("from", Kind::Text).named("time_from"),
    Field::new("to", Kind::Text).named("time_to"),
];
pub(super) const BANDWIDTHS: [Field; 3] = [
    Field::new("sources", Kind::Words).named("networks"),
    Field::new("upload_bandwidth", Kind::Number("kbs")),
    Field::new("download_bandwidth", Kind::Number("kbs")),
];

/// The tables for what stands below `$at`.
macro_rules! tables {
    ($at:literal) => {
        pub(in super::super) const LIMITS: [Field; 11] = [
            Field::new(concat!($at, "quota_size"), Kind::Bytes),
            Field::new(concat!($at, "quota_files"), Kind::Number("files")),
            Field::new(concat!($at, "filters.max_upload_file_size"), Kind::Bytes),
            Field::new(concat!($at, "max_sessions"), Kind::Number("sessions")),
            Field::new(concat!($at, "upload_bandwidth"), Kind::Number("kbs")),
            Field::new(concat!($at, "download_bandwidth"), Kind::Number("kbs")),
            Field::new(concat!($at, "filters.bandwidth_limits"), Kind::Rows(&BANDWIDTHS)),
            Field::new(concat!($at, "upload_data_transfer"), Kind::Number("mb")),
            Field::new(concat!($at, "download_data_transfer"), Kind::Number("mb")),
            Field::new(concat!($at, "total_data_transfer"), Kind::Number("mb")),
            Field::new(concat!($at, "filters.default_shares_expiration"), Kind::Number("days")),
        ];
        pub(in super::super) const ACCESS: [Field; 4] = [
            Field::new(concat!($at, "filters.allowed_ip"), Kind::Lines),
            Field::new(concat!($at, "filters.denied_ip"), Kind::Lines),
            Field::new(concat!($at, "filters.access_time"), Kind::Rows(&TIMES)),
            Field::new(concat!($at, "filters.file_patterns"), Kind::Rows(&PATTERNS)),
        ];
        pub(in super::super) const PROTOCOL: [Field; 9] = [
            Field::new(concat!($at, "filters.denied_protocols"), Kind::Picks(&PROTOCOLS)),
            Field::new(concat!($at, "filters.denied_login_methods"), Kind::Picks(&METHODS)),
            Field::new(concat!($at, "filters.two_factor_protocols"), Kind::Picks(&CODE_PROTOCOLS)),
            Field::new(concat!($at, "filters.ftp_security"), Kind::Numbers(&FTP_SECURITY)),
            Field::new(concat!($at, "filters.tls_username"), Kind::Choice(&TLS_NAMES)),
            Field::new(concat!($at, "filters.start_directory"), Kind::Code),
            Field::new(concat!($at, "filters.enforce_secure_algorithms"), Kind::Tick),
            Field::new(concat!($at, "filters.is_anonymous"), Kind::Tick),
            Field::new(concat!($at, "filters.allow_api_key_auth"), Kind::Tick),
        ];
        pub(in super::super) const WEB: [Field; 5] = [
            Field::new(concat!($at, "filters.web_client"), Kind::Picks(&entrepot_model::filters::WEB_CLIENT_OPTIONS)),
            Field::new(concat!($at, "filters.max_shares_expiration"), Kind::Number("days")),
            Field::new(concat!($at, "filters.allowed_share_paths"), Kind::Lines),
            Field::new(concat!($at, "filters.denied_share_paths"), Kind::Lines),
            Field::new(concat!($at, "filters.denied_share_scopes"), Kind::Picks(&SCOPES)),
        ];
        pub(in super::super) const PASSWORDS: [Field; 7] = [
            Field::new(concat!($at, "filters.password_expiration"), Kind::Number("days")),
            Field::new(concat!($at, "filters.password_strength"), Kind::Number("bits")),
            Field::new(concat!($at, "filters.password_policy.length"), Kind::Number("signs")).named("policy_length"),
            Field::new(concat!($at, "filters.password_policy.uppers"), Kind::Number("plain")).named("policy_uppers"),
            Field::new(concat!($at, "filters.password_policy.lowers"), Kind::Number("plain")).named("policy_lowers"),
            Field::new(concat!($at, "filters.password_policy.digits"), Kind::Number("plain")).named("policy_digits"),
            Field::new(concat!($at, "filters.password_policy.specials"), Kind::Number("plain")).named("policy_specials"),
        ];
        pub(in super::super) const RARE: [Field; 7] = [
            Field::new(concat!($at, "filters.disable_fs_checks"), Kind::Tick),
            Field::new(concat!($at, "filters.hooks.external_auth_disabled"), Kind::Tick),
            Field::new(concat!($at, "filters.hooks.pre_login_disabled"), Kind::Tick),
            Field::new(concat!($at, "filters.hooks.check_password_disabled"), Kind::Tick),
            Field::new(concat!($at, "filters.external_auth_cache_time"), Kind::Number("seconds")),
            Field::new(concat!($at, "filters.pre_login_cache_time"), Kind::Number("seconds")),
            Field::new(concat!($at, "filters.user_type"), Kind::Choice(&["", "LDAPUser", "OSUser"])),
        ];
    };
}

/// The tables of a storage below `$at`, after the field that says where it is on this machine.
macro_rules! storage {
    ($root:expr, $at:literal) => {
        pub(in super::super) const STORAGE: &[Field] = &[
            Field::new(concat!($at, "filesystem.provider"), Kind::Storages(&PROVIDERS)).named("provider"),
            $root,
            Field::new(concat!($at, "filesystem.checksum_uploads"), Kind::Tick),
            Field::new(concat!($at, "filesystem.osconfig.read_buffer_size"), Kind::Number("mb")).of_variant(0),
            Field::new(concat!($at, "filesystem.osconfig.write_buffer_size"), Kind::Number("mb")).of_variant(0),
            Field::new(concat!($at, "filesystem.cryptconfig.passphrase"), Kind::Secret).of_variant(4),
            Field::new(concat!($at, "filesystem.cryptconfig.read_buffer_size"), Kind::Number("mb")).of_variant(4),
            Field::new(concat!($at, "filesystem.cryptconfig.write_buffer_size"), Kind::Number("mb")).of_variant(4),
            Field::new(concat!($at, "filesystem.s3config.bucket"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.region"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.endpoint"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.access_key"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.access_secret"), Kind::Secret).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.key_prefix"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.role_arn"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.session_token"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.storage_class"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.acl"), Kind::Code).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.sse_customer_key"), Kind::Secret).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.checksum_algorithm"), Kind::Choice(&CHECKSUMS)).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.upload_part_size"), Kind::Number("mb")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.upload_concurrency"), Kind::Number("plain")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.upload_part_max_time"), Kind::Number("seconds")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.download_part_size"), Kind::Number("mb")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.download_concurrency"), Kind::Number("plain")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.download_part_max_time"), Kind::Number("seconds")).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.force_path_style"), Kind::Tick).of_variant(1),
            Field::new(concat!($at, "filesystem.s3config.skip_tls_verify"), Kind::Tick).of_variant(1),
            Field::new(concat!($at, "filesystem.gcsconfig.bucket"), Kind::Code).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.credentials"), Kind::Secret).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.automatic_credentials"), Kind::Numbers(&YES_NO)).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.hns"), Kind::Numbers(&YES_NO)).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.key_prefix"), Kind::Code).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.storage_class"), Kind::Code).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.acl"), Kind::Code).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.upload_part_size"), Kind::Number("mb")).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.upload_part_max_time"), Kind::Number("seconds")).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.universe_domain"), Kind::Code).of_variant(2),
            Field::new(concat!($at, "filesystem.gcsconfig.skip_tls_verify"), Kind::Tick).of_variant(2),
            Field::new(concat!($at, "filesystem.azblobconfig.container"), Kind::Code).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.account_name"), Kind::Code).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.account_key"), Kind::Secret).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.sas_url"), Kind::Secret).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.managed_identity_client_id"), Kind::Code).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.endpoint"), Kind::Code).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.key_prefix"), Kind::Code).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.access_tier"), Kind::Choice(&TIERS)).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.upload_part_size"), Kind::Number("mb")).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.upload_concurrency"), Kind::Number("plain")).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.download_part_size"), Kind::Number("mb")).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.download_concurrency"), Kind::Number("plain")).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.use_emulator"), Kind::Tick).of_variant(3),
            Field::new(concat!($at, "filesystem.azblobconfig.skip_tls_verify"), Kind::Tick).of_variant(3),
            Field::new(concat!($at, "filesystem.sftpconfig.endpoint"), Kind::Code).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.username"), Kind::Code).named("remote_username").of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.password"), Kind::Secret).named("remote_password").of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.private_key"), Kind::Secret).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.key_passphrase"), Kind::Secret).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.fingerprints"), Kind::Lines).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.prefix"), Kind::Code).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.buffer_size"), Kind::Number("mb")).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.disable_concurrent_reads"), Kind::Tick).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.disable_concurrent_writes"), Kind::Tick).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.equality_check_mode"), Kind::Numbers(&EQUALITY)).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.socks_proxy"), Kind::Code).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.socks_username"), Kind::Code).of_variant(5),
            Field::new(concat!($at, "filesystem.sftpconfig.socks_password"), Kind::Secret).of_variant(5),
            Field::new(concat!($at, "filesystem.ftpconfig.endpoint"), Kind::Code).of_variant(7),
            Field::new(concat!($at, "filesystem.ftpconfig.username"), Kind::Code).named("remote_username").of_variant(7),
            Field::new(concat!($at, "filesystem.ftpconfig.password"), Kind::Secret).named("remote_password").of_variant(7),
            Field::new(concat!($at, "filesystem.ftpconfig.tls_mode"), Kind::Numbers(&TLS_MODES)).of_variant(7),
            Field::new(concat!($at, "filesystem.ftpconfig.remote_directory"), Kind::Code).of_variant(7),
            Field::new(concat!($at, "filesystem.ftpconfig.skip_tls_verify"), Kind::Tick).of_variant(7),
            Field::new(concat!($at, "filesystem.httpconfig.endpoint"), Kind::Code).of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.username"), Kind::Code).named("remote_username").of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.password"), Kind::Secret).named("remote_password").of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.api_key"), Kind::Secret).of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.remote_directory"), Kind::Code).of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.equality_check_mode"), Kind::Numbers(&EQUALITY)).of_variant(6),
            Field::new(concat!($at, "filesystem.httpconfig.skip_tls_verify"), Kind::Tick).of_variant(6),
        ];
    };
}

/// Of users.
pub(super) mod of_user {
    use super::*;
    tables!("");
    storage!(Field::new("home_dir", Kind::Code), "");
}

/// Of groups.
pub(super) mod of_group {
    use super::*;
    tables!("user_settings.");
    storage!(Field::new("user_settings.home_dir", Kind::Code).named("group_home_dir"), "user_settings.");
}

/// Of folders.
pub(super) mod of_folder {
    use super::*;
    storage!(Field::new("mapped_path", Kind::Code), "");
}
