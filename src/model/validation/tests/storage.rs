use serde_json::{Value, json};

use super::rules;
use crate::{FieldError, FilesystemConfig, ValidationRules};

fn check(config: Value) -> Result<FilesystemConfig, FieldError> {
    let mut config: FilesystemConfig = serde_json::from_value(config).unwrap();
    config.validate("user", &rules()).map(|()| config)
}

#[track_caller]
fn refused(provider: i64, section: &str, settings: Value, member: &str) {
    let error = check(json!({"provider": provider, section: settings.clone()})).expect_err(&settings.to_string());
    assert!(error.field.starts_with("filesystem") && error.to_string().contains(member), "{settings}: {error}");
}

fn plain(payload: &str) -> Value {
    json!({"status": "Plain", "payload": payload})
}

#[test]
fn unknown_providers_are_refused_and_ftp_is_served() {
    // ACC-258, STO-002, FFS-001, FFS-002
    assert!(check(json!({"provider": 8})).unwrap_err().to_string().contains("provider"));
    let ftp = json!({"endpoint": "h", "username": "u", "password": plain("p"), "tls_mode": 2});
    assert!(check(json!({"provider": 7, "ftpconfig": ftp})).is_ok());
    for (member, value) in [("endpoint", json!("")), ("username", json!("")), ("password", json!({})), ("tls_mode", json!(3))] {
        let mut bad = ftp.clone();
        bad[member] = value;
        refused(7, "ftpconfig", bad, member);
    }
}

#[test]
fn buffers_have_a_range() {
    // LOC-003, CRY-010, CRY-013
    refused(0, "osconfig", json!({"read_buffer_size": 11}), "read_buffer_size");
    refused(0, "osconfig", json!({"write_buffer_size": -1}), "write_buffer_size");
    refused(4, "cryptconfig", json!({}), "passphrase");
    refused(4, "cryptconfig", json!({"passphrase": plain("x"), "read_buffer_size": 11}), "read_buffer_size");
}

// UI-226
#[test]
fn everything_that_is_wrong_with_a_storage_is_told_at_once() {
    let told = |provider: i64, section: &str, settings: Value| {
        let error = check(json!({"provider": provider, section: settings})).unwrap_err();
        let last = |field: &str| field.rsplit('.').next().unwrap_or_default().to_owned();
        let first = last(&error.field);
        std::iter::once(first).chain(error.others.iter().map(|other| last(&other.field))).collect::<Vec<_>>()
    };
    let s3 = json!({"access_key": "k", "upload_part_size": 4, "checksum_algorithm": "md5", "key_prefix": "/.."});
    let wrong = ["bucket", "region", "access_secret", "upload_part_size", "checksum_algorithm", "key_prefix"];
    assert_eq!(told(1, "s3config", s3), wrong);
    assert_eq!(told(2, "gcsconfig", json!({"hns": 2})), ["bucket", "hns", "credentials"]);
    let azure = json!({"use_emulator": true, "access_tier": "Warm"});
    assert_eq!(told(3, "azblobconfig", azure), ["container", "account_name", "endpoint", "access_tier"]);
    assert_eq!(told(4, "cryptconfig", json!({"read_buffer_size": 11})), ["passphrase", "read_buffer_size"]);
    let http = json!({"endpoint": "x", "equality_check_mode": 9});
    assert_eq!(told(6, "httpconfig", http), ["endpoint", "equality_check_mode"]);
}

#[test]
fn s3_needs_bucket_place_and_both_keys() {
    // S3-001, S3-003, S3-007
    let good = json!({"bucket": "b", "region": "r", "access_key": "k", "access_secret": plain(" s "), "checksum_algorithm": "SHA256",
        "key_prefix": "/a/./b/../c"});
    let config = check(json!({"provider": 1, "s3config": good})).unwrap().s3config;
    assert_eq!(config.access_secret.payload, "s"); // SEC-006
    assert_eq!((config.checksum_algorithm.as_str(), config.key_prefix.as_str()), ("sha256", "a/c/")); // STO-008
    for (member, value) in [
        ("bucket", json!("")),
        ("region", json!("")),
        ("access_secret", json!({})),
        ("access_key", json!("")),
        ("upload_part_size", json!(4)),
        ("download_part_size", json!(2001)),
        ("upload_concurrency", json!(65)),
        ("download_concurrency", json!(-1)),
        ("upload_part_max_time", json!(-1)),
        ("checksum_algorithm", json!("md5")),
        ("key_prefix", json!("/")),
        ("key_prefix", json!("a/..")),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        refused(1, "s3config", bad, member);
    }
}

#[test]
fn google_needs_a_service_account_or_the_environment() {
    // GCS-001, GCS-002, GCS-013, SEC-017
    let key = plain(r#"{"type":"service_account"}"#);
    let good = json!({"bucket": "b", "credentials": key, "upload_part_size": 3000});
    assert_eq!(check(json!({"provider": 2, "gcsconfig": good})).unwrap().gcsconfig.upload_part_size, 0);
    let automatic = check(json!({"provider": 2, "gcsconfig": {"bucket": "b", "credentials": key, "automatic_credentials": 1}}));
    assert!(automatic.unwrap().gcsconfig.credentials.is_empty());
    refused(2, "gcsconfig", json!({"credentials": key}), "bucket");
    refused(2, "gcsconfig", json!({"bucket": "b"}), "credentials");
    let other = json!({"bucket": "b", "credentials": plain(r#"{"type":"external_account"}"#)});
    refused(2, "gcsconfig", other.clone(), "credentials");
    let mut trusted: FilesystemConfig = serde_json::from_value(json!({"provider": 2, "gcsconfig": other})).unwrap();
    trusted.validate("user", &ValidationRules { trusts_google_credentials: true, ..rules() }).unwrap();
}

#[test]
fn azure_needs_a_container_or_a_signed_url() {
    // AZ-001..004
    assert!(check(json!({"provider": 3, "azblobconfig": {"container": "c", "account_name": "a"}})).is_ok());
    assert!(check(json!({"provider": 3, "azblobconfig": {"sas_url": plain("https://x")}})).is_ok());
    refused(3, "azblobconfig", json!({"account_name": "a"}), "container");
    refused(3, "azblobconfig", json!({"container": "c"}), "account_name");
    let with = |member: &str, value: Value| json!({"container": "c", "account_name": "a", member: value});
    refused(3, "azblobconfig", with("access_tier", json!("Warm")), "access_tier");
    refused(3, "azblobconfig", with("upload_part_size", json!(2001)), "upload_part_size");
    refused(3, "azblobconfig", with("upload_concurrency", json!(65)), "upload_concurrency");
    refused(3, "azblobconfig", with("use_emulator", json!(true)), "endpoint");
}

#[test]
fn sftp_needs_server_name_and_credentials() {
    // SFS-001, SFS-002, SFS-014
    let good = json!({"endpoint": "h:2022", "username": "u", "password": plain("p"), "socks_proxy": "socks5://127.0.0.1:1080"});
    let config = check(json!({"provider": 5, "sftpconfig": good})).unwrap().sftpconfig;
    assert_eq!(config.prefix, "/");
    for (member, value) in [
        ("endpoint", json!("")),
        ("endpoint", json!("h:0")),
        ("endpoint", json!("h:x")),
        ("endpoint", json!(":22")),
        ("username", json!("")),
        ("password", json!({})),
        ("buffer_size", json!(17)),
        ("equality_check_mode", json!(2)),
        ("socks_proxy", json!("http://x")),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        refused(5, "sftpconfig", bad, member);
    }
    let mut relative = good.clone();
    relative["prefix"] = json!("a/../b/");
    assert_eq!(check(json!({"provider": 5, "sftpconfig": relative})).unwrap().sftpconfig.prefix, "/b");
    for endpoint in ["h", "[2001:db8::1]:22", "2001:db8::1", "10.0.0.1:22"] {
        let mut named = good.clone();
        named["endpoint"] = json!(endpoint);
        assert!(check(json!({"provider": 5, "sftpconfig": named})).is_ok(), "{endpoint}");
    }
}

#[test]
fn http_needs_a_url() {
    // HFS-001, HFS-017
    for good in ["http://h/base/", "https://[::1]:8080", "http://unix?socket_path=/a.sock&api_prefix=/p"] {
        let config = check(json!({"provider": 6, "httpconfig": {"endpoint": good}})).unwrap();
        assert!(!config.httpconfig.endpoint.ends_with('/'));
    }
    for bad in ["", "ftp://h", "http://", "http:///x", "http://h /"] {
        refused(6, "httpconfig", json!({"endpoint": bad}), "endpoint");
    }
    refused(6, "httpconfig", json!({"endpoint": "http://h", "equality_check_mode": 2}), "equality_check_mode");
}

#[test]
fn nothing_redacted_is_ever_stored() {
    // ACC-049, SEC-015, SEC-016
    let redacted = json!({"provider": 4, "cryptconfig": {"passphrase": {"status": "Redacted"}}});
    assert!(check(redacted.clone()).unwrap_err().to_string().contains("cannot save a user with a redacted secret"));
    let hidden = json!({"provider": 4, "cryptconfig": {"passphrase": {"status": "Secretbox", "payload": "x"}}});
    let mut config: FilesystemConfig = serde_json::from_value(hidden).unwrap();
    assert!(config.validate("user", &ValidationRules { is_new: true, ..rules() }).is_err());
}
