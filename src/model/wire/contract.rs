//! Objects with every member of the contract survive the round trip unchanged.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{Admin, BaseEventAction, BaseVirtualFolder, EventRule, FilesystemConfig, Group, Role, Share, User};

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned>(value: &Value) {
    let object: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&object).unwrap(), *value);
}

fn secret() -> Value {
    json!({"status": "AES-256-GCM", "payload": "p", "key": "k", "additional_data": "alice", "mode": 1})
}

fn base_filters() -> Value {
    json!({
        "allowed_ip": ["192.0.2.0/24"], "denied_ip": ["172.16.0.0/16"], "denied_login_methods": ["password"],
        "denied_protocols": ["FTP"], "file_patterns": [{"path": "/", "allowed_patterns": ["*.jpg"], "denied_patterns": ["*.zip"], "deny_policy": 1}],
        "max_upload_file_size": 1, "tls_username": "CommonName",
        "hooks": {"external_auth_disabled": true, "pre_login_disabled": true, "check_password_disabled": true},
        "disable_fs_checks": true, "web_client": ["write-disabled"], "allow_api_key_auth": true, "user_type": "OSUser",
        "bandwidth_limits": [{"sources": ["::/0"], "upload_bandwidth": 1, "download_bandwidth": 2}],
        "external_auth_cache_time": 2, "pre_login_cache_time": 3, "start_directory": "/a", "two_factor_protocols": ["SSH"],
        "ftp_security": 1, "is_anonymous": true, "default_shares_expiration": 4, "max_shares_expiration": 5,
        "password_expiration": 6, "password_strength": 7,
        "password_policy": {"length": 1, "uppers": 2, "lowers": 3, "digits": 4, "specials": 5},
        "access_time": [{"day_of_week": 1, "from": "08:00", "to": "18:00"}], "enforce_secure_algorithms": true,
        "allowed_share_paths": ["/s"], "denied_share_paths": ["/d"], "denied_share_scopes": ["read"]
    })
}

fn filters_with(more: Value) -> Value {
    let mut filters = base_filters();
    for (name, value) in more.as_object().unwrap() {
        filters[name] = value.clone();
    }
    filters
}

fn mount() -> Value {
    json!({"id": 3, "name": "f", "mapped_path": "/m", "description": "d", "used_quota_size": 1, "used_quota_files": 2, "last_quota_update": 3,
        "users": ["alice"], "groups": ["g"], "filesystem": {"provider": 4, "cryptconfig": {"passphrase": secret()}},
        "virtual_path": "/v", "quota_size": -1, "quota_files": -1, "subpath": "/x"})
}

#[test]
fn user_with_every_member() {
    let filters = filters_with(json!({
        "require_password_change": true,
        "totp_config": {"enabled": true, "config_name": "Default", "secret": secret(), "protocols": ["SSH"]},
        "recovery_codes": [{"secret": secret(), "used": true}], "tls_certs": ["c"], "additional_emails": ["a@b.c"],
        "custom1": "x", "custom_placeholders": ["y"]}));
    round_trip::<User>(&json!({
        "id": 1, "status": 1, "username": "alice", "email": "a@b.c", "description": "d", "expiration_date": 1, "password": "p",
        "public_keys": ["k"], "has_password": true, "home_dir": "/h", "virtual_folders": [mount()], "uid": 1, "gid": 2,
        "max_sessions": 3, "quota_size": 4, "quota_files": 5, "permissions": {"/": ["*"], "/a": ["list", "delete_dirs"]},
        "used_quota_size": 6, "used_quota_files": 7, "last_quota_update": 8, "upload_bandwidth": 9, "download_bandwidth": 10,
        "upload_data_transfer": 11, "download_data_transfer": 12, "total_data_transfer": 13, "used_upload_data_transfer": 14,
        "used_download_data_transfer": 15, "created_at": 16, "updated_at": 17, "last_login": 18, "first_download": 19,
        "first_upload": 20, "last_password_change": 21, "filters": filters, "filesystem": {"provider": 0, "osconfig": {"read_buffer_size": 1, "write_buffer_size": 2}},
        "additional_info": "i", "groups": [{"name": "g", "type": 1}], "oidc_custom_fields": {"a": [1]}, "role": "r"}));
}

#[test]
fn group_with_every_member() {
    round_trip::<Group>(&json!({
        "id": 1, "name": "g", "description": "d", "created_at": 1, "updated_at": 2,
        "user_settings": {"home_dir": "/h/%username%", "max_sessions": 1, "quota_size": 2, "quota_files": 3, "permissions": {"/a": ["list"]},
            "upload_bandwidth": 4, "download_bandwidth": 5, "upload_data_transfer": 6, "download_data_transfer": 7,
            "total_data_transfer": 8, "expires_in": 9, "filters": filters_with(json!({"share_policy": {"permissions": 3, "mode": 2}})),
            "filesystem": {"provider": 0}},
        "virtual_folders": [mount()], "users": ["alice"], "admins": ["root"]}));
}

#[test]
fn admin_with_every_member() {
    round_trip::<Admin>(&json!({
        "id": 1, "status": 1, "username": "root", "description": "d", "password": "p", "email": "a@b.c", "permissions": ["add_users", "view_groups"],
        "filters": {"allow_list": ["::/0"], "allow_api_key_auth": true, "require_two_factor": true, "require_password_change": true,
            "disable_password_auth": true, "totp_config": {"enabled": true, "config_name": "Default", "secret": secret()},
            "recovery_codes": [{"secret": secret(), "used": false}], "preferences": {"hide_user_page_sections": 1, "default_users_expiration": 2}},
        "additional_info": "i", "groups": [{"name": "g", "options": {"add_to_users_as": 1}}], "created_at": 1, "updated_at": 2,
        "last_login": 3, "role": "r"}));
    round_trip::<Role>(
        &json!({"id": 1, "name": "r", "description": "d", "created_at": 1, "updated_at": 2, "users": ["u"], "admins": ["a"]}),
    );
}

#[test]
fn storages_with_every_member() {
    for (section, members) in [
        (
            "s3config",
            json!({"bucket": "b", "region": "r", "access_key": "a", "access_secret": secret(), "sse_customer_key": secret(), "role_arn": "r",
            "session_token": "t", "endpoint": "e", "storage_class": "s", "acl": "a", "upload_part_size": 5, "upload_concurrency": 6, "upload_part_max_time": 7,
            "download_part_size": 8, "download_concurrency": 9, "download_part_max_time": 10, "force_path_style": true, "key_prefix": "k/",
            "checksum_algorithm": "sha256", "skip_tls_verify": true}),
        ),
        (
            "gcsconfig",
            json!({"bucket": "b", "credentials": secret(), "automatic_credentials": 1, "hns": 1, "storage_class": "s", "acl": "a", "key_prefix": "k/",
            "upload_part_size": 1, "upload_part_max_time": 2, "universe_domain": "u", "skip_tls_verify": true}),
        ),
        (
            "azblobconfig",
            json!({"container": "c", "account_name": "a", "account_key": secret(), "sas_url": secret(), "endpoint": "e", "upload_part_size": 1,
            "upload_concurrency": 2, "download_part_size": 3, "download_concurrency": 4, "access_tier": "Hot", "key_prefix": "k/", "use_emulator": true,
            "managed_identity_client_id": "m", "skip_tls_verify": true}),
        ),
        ("cryptconfig", json!({"passphrase": secret(), "read_buffer_size": 1, "write_buffer_size": 2})),
        (
            "sftpconfig",
            json!({"endpoint": "e", "username": "u", "password": secret(), "private_key": secret(), "key_passphrase": secret(), "fingerprints": ["f"],
            "prefix": "/p", "disable_concurrent_reads": true, "disable_concurrent_writes": true, "buffer_size": 1, "equality_check_mode": 1,
            "socks_proxy": "socks5://h:1", "socks_username": "u", "socks_password": secret()}),
        ),
        (
            "ftpconfig",
            json!({"endpoint": "e", "username": "u", "password": secret(), "tls_mode": 1, "skip_tls_verify": true, "remote_directory": "/r"}),
        ),
        (
            "httpconfig",
            json!({"endpoint": "e", "username": "u", "password": secret(), "api_key": secret(), "skip_tls_verify": true, "equality_check_mode": 1,
            "remote_directory": "/r"}),
        ),
    ] {
        round_trip::<FilesystemConfig>(&json!({"provider": 1, section: members}));
    }
}

#[test]
fn empty_lists_of_the_contract_are_written_and_other_members_are_not() {
    // ACC-054, ACC-353
    let user = serde_json::to_value(User::default()).unwrap();
    assert_eq!(user["public_keys"], json!([]));
    let expected =
        json!({"allowed_ip": [], "denied_ip": [], "denied_login_methods": [], "denied_protocols": [], "file_patterns": []});
    assert_eq!(user["filters"], expected);
    for absent in ["password", "email", "virtual_folders", "groups", "role", "oidc_custom_fields", "first_upload"] {
        assert_eq!(user.get(absent), None, "{absent}");
    }
    assert_eq!(serde_json::to_value(Group::default()).unwrap()["user_settings"]["filters"], expected);
}

#[test]
fn unknown_members_and_nulls_are_ignored() {
    // ACC-064, ACC-299
    let body = r#"{"username":"a","password":null,"public_keys":null,"filters":{"data_transfer_limits":[1],"file_patterns":null,"2fa_protocols":["FTP"]},
        "virtual_folders":[{"name":"f","virtual_path":"/v","mapped_path":null,"filesystem":null,"users":null}],"from_the_future":{"x":1}}"#;
    let user: User = serde_json::from_str(body).unwrap();
    assert_eq!(user.filters.base.two_factor_protocols, ["FTP"]);
    assert_eq!(user.virtual_folders[0].folder.name, "f");
    let folder: BaseVirtualFolder = serde_json::from_str(r#"{"name":"f","users":null}"#).unwrap();
    assert!(folder.users.is_empty());
}

#[test]
fn responses_hold_nothing_confidential() {
    // ACC-052, SEC-007
    let mut user: User = serde_json::from_value(json!({
        "username": "a", "password": "$2a$hash", "virtual_folders": [mount()], "oidc_custom_fields": {"x": 1},
        "filesystem": {"provider": 4, "cryptconfig": {"passphrase": secret()}},
        "filters": {"totp_config": {"secret": secret()}, "recovery_codes": [{"secret": secret()}]}}))
    .unwrap();
    user.hide_confidential();
    let text = serde_json::to_string(&user).unwrap();
    assert!(
        user.has_password && !text.contains("hash") && !text.contains("\"key\"") && !text.contains("additional_data"),
        "{text}"
    );
    assert!(!format!("{:?}", User { password: Some("hunter2".into()), ..User::default() }).contains("hunter2"));
}

/// The settings of every type of action, with every member.
fn action_options() -> Value {
    let pair = json!([{"key": "k", "value": "v"}]);
    json!({
        "http_config": {"endpoint": "https://h", "username": "u", "password": secret(), "headers": pair, "timeout": 1, "skip_tls_verify": true,
            "method": "PUT", "query_parameters": pair, "body": "b",
            "parts": [{"name": "n", "headers": pair, "filepath": "/f"}, {"name": "m", "body": "b"}]},
        "cmd_config": {"cmd": "/c", "args": ["a"], "timeout": 2, "env_vars": pair},
        "email_config": {"recipients": ["r"], "bcc": ["b"], "subject": "s", "body": "b", "content_type": 1, "attachments": ["/a"],
            "attach_event_report": true},
        "retention_config": {"folders": [{"path": "/p", "retention": 3, "delete_empty_dirs": true}], "archive_folder": "f", "archive_path": "/a",
            "split_reports": true, "source_folder": "s", "dry_run": true},
        "fs_config": {"type": 6, "renames": [{"key": "/a", "value": "/b", "update_modtime": true}], "mkdirs": ["/m"], "deletes": ["/d"], "exist": ["/e"],
            "copy": [{"key": "/a", "value": "/b", "on_source_copied": 2, "on_source_copied_move_path": "/c", "max_retries": 5}],
            "continue_on_error": true, "compress": {"name": "/z", "paths": ["/p"]}, "decompress": {"name": "/z", "extract_dir": "/x"},
            "pgp": {"mode": 1, "profile": 2, "paths": ["/p", {"key": "/k", "value": "/v", "on_source_processed": 2, "on_source_processed_move_path": "/m"}],
                "password": secret(), "private_key": secret(), "passphrase": secret(), "public_key": "k"},
            "metadata_check": {"path": "/p", "metadata": {"key": "k", "value": "v"}, "timeout": 4}, "folder": "f", "target_folder": "t"},
        "pwd_expiration_config": {"threshold": 5}, "user_inactivity_config": {"disable_threshold": 6, "delete_threshold": 7},
        "idp_config": {"mode": 1, "template_user": "u", "template_admin": "a"},
        "imap_config": {"endpoint": "imap://h", "username": "u", "password": secret(), "auth_type": 1,
            "oauth2": {"provider": 1, "tenant": "t", "client_id": "c", "client_secret": secret(), "refresh_token": secret()}, "mailbox": "m",
            "path": "/p", "post_process_action": 1, "target_folder": "t"},
        "icap_config": {"endpoint": "icap://h", "timeout": 8, "skip_tls_verify": true, "paths": ["/p"], "method": "REQMOD", "headers": pair,
            "block_action": 1, "adapt_action": 2, "failure_policy": 3, "quarantine_folder": "q", "quarantine_path": "/q"},
        "share_expiration_config": {"advance_notice": 9, "grace_period": 10, "inactivity_threshold": 11, "split_events": true},
        "event_report_config": {"time_window": 12, "fs_actions": ["upload"], "statuses": [1], "split_reports": true}
    })
}

#[test]
fn event_actions_and_rules_with_every_member() {
    // API-216
    round_trip::<BaseEventAction>(
        &json!({"id": 1, "name": "a", "description": "d", "type": 1, "options": action_options(), "rules": ["r"]}),
    );
    let pattern = json!([{"pattern": "p", "inverse_match": true, "match_fs_path": true}]);
    round_trip::<EventRule>(&json!({
        "id": 2, "name": "r", "status": 1, "description": "d", "created_at": 3, "updated_at": 4, "trigger": 1,
        "conditions": {"fs_events": ["upload"], "provider_events": ["add"], "idp_login_event": 2,
            "schedules": [{"minute": "1", "hour": "2", "day_of_week": "3", "day_of_month": "4", "month": "5"}],
            "options": {"names": pattern, "group_names": pattern, "role_names": pattern, "fs_paths": pattern, "protocols": ["SFTP"],
                "provider_objects": ["user"], "min_size": 5, "max_size": 6, "event_statuses": [1], "concurrent_execution": true}},
        "actions": [{"id": 1, "name": "a", "description": "d", "type": 1, "options": action_options(), "rules": ["r"], "order": 7,
            "relation_options": {"is_failure_action": true, "stop_on_failure": true, "execute_sync": true, "execute_before_file_publish": true}}]}));
}

#[test]
fn share_with_every_member() {
    round_trip::<Share>(&json!({
        "id": "i", "name": "n", "description": "d", "scope": 3, "paths": ["/p"], "username": "u", "created_at": 1, "updated_at": 2,
        "last_use_at": 3, "expires_at": 4, "password": "p", "max_tokens": 5, "used_tokens": 6, "allow_from": ["::/0"],
        "groups": [{"group_name": "g", "permissions": 7}], "user_permissions": 7,
        "options": {"emails": ["a@b.c"], "auth_mode": 1, "legal_agreement": 1}}));
}
