//! Keys of the reference product that this program accepts and does not use.
//!
//! A configuration that already exists must load; a key in this list gives a warning instead of
//! the error of an unknown key. A key that gets a meaning moves to the registry.

/// The patterns; `.*` at the end covers everything below.
pub const KNOWN_UNUSED: &[&str] = &[
    // command
    "command.timeout",
    "command.env",
    "command.commands[].path",
    "command.commands[].timeout",
    "command.commands[].env",
    "command.commands[].args",
    "command.commands[].hook",
    // ftpd
    "ftpd.bindings[].port",
    "ftpd.bindings[].address",
    "ftpd.bindings[].apply_proxy_config",
    "ftpd.bindings[].tls_mode",
    "ftpd.bindings[].certificate_file",
    "ftpd.bindings[].certificate_key_file",
    "ftpd.bindings[].min_tls_version",
    "ftpd.bindings[].force_passive_ip",
    "ftpd.bindings[].passive_ip_overrides[].networks",
    "ftpd.bindings[].passive_ip_overrides[].ip",
    "ftpd.bindings[].passive_host",
    "ftpd.bindings[].client_auth_type",
    "ftpd.bindings[].tls_cipher_suites",
    "ftpd.bindings[].passive_connections_security",
    "ftpd.bindings[].active_connections_security",
    "ftpd.bindings[].debug",
    "ftpd.banner_file",
    "ftpd.active_transfers_port_non_20",
    "ftpd.passive_port_range.start",
    "ftpd.passive_port_range.end",
    "ftpd.disable_active_mode",
    "ftpd.enable_site",
    "ftpd.hash_support",
    "ftpd.combine_support",
    "ftpd.certificate_file",
    "ftpd.certificate_key_file",
    "ftpd.ca_certificates",
    "ftpd.ca_revocation_lists",
    "ftpd.bindings[].tls_session_reuse",
    "ftpd.bindings[].ignore_ascii_transfer_type",
    // http
    "http.retry_wait_min",
    "http.retry_wait_max",
    "http.retry_max",
    "http.certificates[].cert",
    "http.certificates[].key",
    "http.headers[].key",
    "http.headers[].value",
    "http.headers[].url",
    // httpd
    "httpd.bindings[].oidc.config_url",
    "httpd.bindings[].oidc.client_id",
    "httpd.bindings[].oidc.client_secret",
    "httpd.bindings[].oidc.client_secret_file",
    "httpd.bindings[].oidc.redirect_base_url",
    "httpd.bindings[].oidc.username_field",
    "httpd.bindings[].oidc.scopes",
    "httpd.bindings[].oidc.role_field",
    "httpd.bindings[].oidc.implicit_roles",
    "httpd.bindings[].oidc.custom_fields",
    "httpd.bindings[].oidc.query_userinfo",
    "httpd.bindings[].oidc.insecure_skip_signature_check",
    "httpd.bindings[].oidc.debug",
    "httpd.bindings[].branding.web_admin.name",
    "httpd.bindings[].branding.web_client.name",
    "httpd.bindings[].branding.web_admin.short_name",
    "httpd.bindings[].branding.web_client.short_name",
    "httpd.bindings[].branding.web_admin.favicon_path",
    "httpd.bindings[].branding.web_client.favicon_path",
    "httpd.bindings[].branding.web_admin.logo_path",
    "httpd.bindings[].branding.web_client.logo_path",
    "httpd.bindings[].branding.web_admin.disclaimer_name",
    "httpd.bindings[].branding.web_client.disclaimer_name",
    "httpd.bindings[].branding.web_admin.disclaimer_path",
    "httpd.bindings[].branding.web_client.disclaimer_path",
    "httpd.bindings[].branding.web_admin.default_css",
    "httpd.bindings[].branding.web_client.default_css",
    "httpd.bindings[].branding.web_admin.extra_css",
    "httpd.bindings[].branding.web_client.extra_css",
    "httpd.cors.enabled",
    "httpd.cors.allowed_origins",
    "httpd.cors.allowed_methods",
    "httpd.cors.allowed_headers",
    "httpd.cors.exposed_headers",
    "httpd.cors.allow_credentials",
    "httpd.cors.max_age",
    "httpd.cors.options_passthrough",
    "httpd.cors.options_success_status",
    "httpd.cors.allow_private_network",
    "httpd.bindings[].oidc.role_values",
    "httpd.bindings[].oidc.user_role_values",
    "httpd.bindings[].oidc.insecure_issuer_url",
    "httpd.bindings[].oidc.issuer_url",
    "httpd.bindings[].oidc.disabled_security_features",
    "httpd.bindings[].oidc.max_age",
    "httpd.bindings[].oidc.prompt",
    "httpd.bindings[].oidc.ui_name",
    // webdavd
    "webdavd.bindings[].port",
    "webdavd.bindings[].address",
    "webdavd.bindings[].enable_https",
    "webdavd.bindings[].certificate_file",
    "webdavd.bindings[].certificate_key_file",
    "webdavd.bindings[].min_tls_version",
    "webdavd.bindings[].client_auth_type",
    "webdavd.bindings[].tls_cipher_suites",
    "webdavd.bindings[].tls_protocols",
    "webdavd.bindings[].prefix",
    "webdavd.bindings[].proxy_mode",
    "webdavd.bindings[].proxy_allowed",
    "webdavd.bindings[].client_ip_proxy_header",
    "webdavd.bindings[].client_ip_header_depth",
    "webdavd.bindings[].disable_www_auth_header",
    "webdavd.certificate_file",
    "webdavd.certificate_key_file",
    "webdavd.ca_certificates",
    "webdavd.ca_revocation_lists",
    "webdavd.cors.enabled",
    "webdavd.cors.allowed_origins",
    "webdavd.cors.allowed_methods",
    "webdavd.cors.allowed_headers",
    "webdavd.cors.exposed_headers",
    "webdavd.cors.allow_credentials",
    "webdavd.cors.max_age",
    "webdavd.cors.options_passthrough",
    "webdavd.cors.options_success_status",
    "webdavd.cors.allow_private_network",
    "webdavd.cache.users.expiration_time",
    "webdavd.cache.users.max_size",
    "webdavd.cache.mime_types.enabled",
    "webdavd.cache.mime_types.max_size",
    "webdavd.cache.mime_types.custom_mappings[].ext",
    "webdavd.cache.mime_types.custom_mappings[].mime",
    "webdavd.cache.lock_systems.idle_timeout",
    "webdavd.cache.lock_systems.max_size",
    // plugins
    "plugins[].*",
    // variables with the prefix HOOK__
    "hook.memory_pipes.enabled",
    "hook.event_report_max_results",
    "hook.enable_oidc_ui",
    "hook.enable_tls_ui",
    "hook.auto_folders",
    "hook.s3_check_parent_dir",
    "hook.gcs_check_parent_dir",
    "hook.azblob_check_parent_dir",
    "hook.azblob.disable_checksum",
    "hook.gcs_trusted_json_credentials",
    "hook.extract_max_compression_ratio",
    "hook.extract_max_files",
    "hook.extract_max_size",
    "hook.oauth2_disable_pkce",
    "hook.enable_ldap_ui",
    "hook.auth_plugin_path",
    // older releases
    "common.defender.safelist_file",
    "common.defender.blocklist_file",
    "common.whitelist_file",
    "data_provider.skip_natural_keys_validation",
    "data_provider.prefer_database_credentials",
    "data_provider.credentials_path",
    "sftpd.folder_prefix",
    "sftpd.moduli",
    "httpd.backups_path",
    "httpd.bindings[].security.expect_ct_header",
    "httpd.bindings[].extra_css[].path",
    "httpd.bindings[].web_client_integrations[].url",
    "httpd.bindings[].web_client_integrations[].file_extensions",
];

/// Whether a pattern (indexes written as `[]`) is on the list, or is the place of a section or
/// list that is on it.
pub fn is_known_unused(pattern: &str) -> bool {
    KNOWN_UNUSED.iter().any(|known| match known.strip_suffix(".*") {
        Some(base) => is_at_or_below(pattern, base) || is_at_or_below(base, pattern),
        None => is_at_or_below(known, pattern),
    })
}

/// Whether `pattern` is `base` or lies below it.
fn is_at_or_below(pattern: &str, base: &str) -> bool {
    pattern.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    // CFG-322, CFG-323
    #[test]
    fn unused_keys_lists_and_sections_are_recognised() {
        for pattern in [
            "command.timeout",
            "command",
            "ftpd.bindings",
            "ftpd.bindings[].port",
            "plugins",
            "plugins[].notifier_options.fs_events",
        ] {
            assert!(is_known_unused(pattern), "{pattern}");
        }
        for pattern in ["command.timeouts", "comman", "ftpd.bindings[].ports", "sftpd.bindings"] {
            assert!(!is_known_unused(pattern), "{pattern}");
        }
    }

    #[test]
    fn no_key_is_both_used_and_unused() {
        for setting in super::super::settings() {
            assert!(!is_known_unused(setting.key), "{}", setting.key);
        }
    }
}
