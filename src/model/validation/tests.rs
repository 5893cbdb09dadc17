use serde_json::{Value, json};

use super::*;
use crate::{admin::Admin, folder::BaseVirtualFolder, group::Group, role::Role, user::User};

mod storage;

fn rules() -> ValidationRules {
    ValidationRules::default()
}

/// A valid user, with `members` on top.
fn user(members: Value) -> User {
    let mut object = json!({"username": "alice", "status": 1, "home_dir": "/srv/alice", "permissions": {"/": ["*"]}});
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    serde_json::from_value(object).unwrap()
}

fn checked(members: Value) -> User {
    let mut user = user(members);
    user.validate(&rules()).unwrap();
    user
}

/// The text of the fault; it must name `field`.
#[track_caller]
fn refused(members: Value, field: &str) -> String {
    let error = user(members.clone()).validate(&rules()).expect_err(&members.to_string());
    let text = error.to_string();
    assert!(text.starts_with("Validation error: "), "{text}");
    let last = field.rsplit('.').next().unwrap();
    assert!(error.field.ends_with(last) && text.contains(last), "{members}: {} / {text}", error.field);
    text
}

#[test]
fn minimal_user_is_valid_without_password_and_key() {
    // ACC-015, ACC-018
    let user = checked(json!({}));
    assert_eq!(user.filters.base.denied_ip, Vec::<String>::new());
    refused(json!({"permissions": {}}), "permissions");
    refused(json!({"username": ""}), "username");
    refused(json!({"username": "__system__"}), "username");
}

#[test]
fn body_without_permissions_is_refused_and_members_are_told_apart() {
    // ACC-350, ACC-064
    let parse = |json: &str| serde_json::from_str::<User>(json).unwrap();
    let body = parse(r#"{"username":"alice","status":1,"home_dir":"/h"}"#);
    assert!(body.clone().validate(&rules()).unwrap_err().to_string().contains("permissions"));
    assert_eq!((body.email.as_str(), &body.password), ("", &None));
    assert_eq!(parse(r#"{"password":null}"#).password, None);
    assert_eq!(parse(r#"{"password":""}"#).password.as_deref(), Some(""));
}

#[test]
fn numbers_outside_their_range_are_refused_by_name() {
    // ACC-016, ACC-020, ACC-022, ACC-023, ACC-037, ACC-038, ACC-053
    for (field, value) in [
        ("status", 2),
        ("expiration_date", -1),
        ("uid", -1),
        ("gid", 2_147_483_648_i64),
        ("max_sessions", -1),
        ("quota_size", -1),
        ("quota_files", -1),
        ("upload_data_transfer", -1),
    ] {
        refused(json!({field: value}), field);
    }
    for (field, value) in [
        ("ftp_security", json!(2)),
        ("max_upload_file_size", json!(-1)),
        ("password_expiration", json!(-1)),
        ("password_strength", json!(-1)),
        ("password_policy", json!({"digits": -1})),
        ("pre_login_cache_time", json!(-1)),
    ] {
        let name = if field == "password_policy" { "digits" } else { field };
        refused(json!({"filters": {field: value}}), name);
    }
    refused(json!({"password": "   "}), "password");
}

#[test]
fn negative_bandwidth_means_unlimited() {
    // ACC-021
    let user = checked(json!({"upload_bandwidth": -5, "download_bandwidth": -1}));
    assert_eq!((user.upload_bandwidth, user.download_bandwidth), (0, 0));
}

#[test]
fn total_transfer_quota_clears_the_separate_ones() {
    // ACC-024
    let user = checked(json!({"total_data_transfer": 5, "upload_data_transfer": 1, "download_data_transfer": 2}));
    assert_eq!((user.total_data_transfer, user.upload_data_transfer, user.download_data_transfer), (5, 0, 0));
}

#[test]
fn home_is_absolute_clean_or_derived() {
    // ACC-017
    assert_eq!(checked(json!({"home_dir": "/srv//a/../b/"})).home_dir, "/srv/b");
    refused(json!({"home_dir": "srv"}), "home_dir");
    refused(json!({"home_dir": ""}), "home_dir");
    refused(
        json!({"home_dir": "", "filesystem": {"provider": 4, "cryptconfig": {"passphrase": {"status": "Plain", "payload": "x"}}}}),
        "home_dir",
    );
    let s3 = json!({"provider": 1, "s3config": {"bucket": "b", "region": "r"}});
    assert_eq!(checked(json!({"home_dir": "", "filesystem": s3})).home_dir, "/tmp/alice");
    let mut based = user(json!({"home_dir": ""}));
    based.validate(&ValidationRules { users_base_dir: "/data/homes/".into(), ..rules() }).unwrap();
    assert_eq!(based.home_dir, "/data/homes/alice");
}

#[test]
fn lists_are_checked_and_deduplicated() {
    // ACC-019, ACC-030, ACC-034, ACC-035
    let user = checked(json!({"filters": {
        "allowed_ip": ["10.0.0.0/8", "10.0.0.0/8"], "web_client": ["mfa-disabled", "mfa-disabled", "shares-policy-change-disabled"],
        "denied_login_methods": ["password", "password"], "additional_emails": ["a@b.c", "a@b.c"]}}));
    assert_eq!(user.filters.base.allowed_ip, ["10.0.0.0/8"]);
    assert_eq!(user.filters.base.web_client, ["mfa-disabled", "shares-policy-change-disabled"]);
    assert_eq!(user.filters.base.denied_login_methods, ["password"]);
    assert_eq!(user.filters.additional_emails, ["a@b.c"]);
    for (field, value) in [
        ("allowed_ip", json!(["10.0.0.1"])),
        ("denied_ip", json!(["x"])),
        ("web_client", json!(["fly"])),
        ("two_factor_protocols", json!(["DAV"])),
        ("denied_share_scopes", json!(["all"])),
        ("allowed_share_paths", json!(["relative"])),
        ("additional_emails", json!(["nobody"])),
        ("tls_username", json!("Email")),
        ("user_type", json!("Robot")),
        ("tls_certs", json!(["nonsense"])),
    ] {
        refused(json!({"filters": {field: value}}), field);
    }
    refused(json!({"email": "nobody"}), "email");
    refused(json!({"description": "x".repeat(513)}), "description");
    refused(json!({"public_keys": ["nonsense"]}), "public_keys");
}

#[test]
fn not_everything_can_be_denied() {
    // ACC-031, ACC-032
    let all: Vec<&str> = crate::LoginMethod::ALL.iter().map(|m| m.as_str()).collect();
    refused(json!({"filters": {"denied_login_methods": all}}), "denied_login_methods");
    refused(json!({"filters": {"denied_login_methods": all[..8]}}), "denied_login_methods");
    checked(json!({"filters": {"denied_login_methods": all[1..]}}));
    refused(json!({"filters": {"denied_login_methods": ["pigeon"]}}), "denied_login_methods");
    refused(json!({"filters": {"denied_protocols": ["SSH", "FTP", "DAV", "HTTP"]}}), "denied_protocols");
    refused(json!({"filters": {"denied_protocols": ["SFTP"]}}), "denied_protocols");
}

#[test]
fn second_factor_and_web_options_must_agree() {
    // ACC-046, ACC-047, ACC-048
    let disabled = json!(["mfa-disabled"]);
    refused(json!({"filters": {"web_client": disabled, "totp_config": {"enabled": true}}}), "web_client");
    refused(json!({"filters": {"web_client": disabled, "two_factor_protocols": ["SSH"]}}), "web_client");
    let change = json!({"web_client": ["password-change-disabled"], "require_password_change": true});
    refused(json!({"filters": change}), "require_password_change");
}

#[test]
fn access_times_are_exact_and_ordered() {
    // ACC-042
    let period =
        |day: i64, from: &str, to: &str| json!({"filters": {"access_time": [{"day_of_week": day, "from": from, "to": to}]}});
    checked(period(6, "00:00", "23:59"));
    refused(period(7, "00:00", "23:59"), "day_of_week");
    for (from, to) in
        [("8:00", "18:00"), ("08:00", "24:00"), ("08:60", "18:00"), ("18:00", "08:00"), ("08:00", "08:00"), ("08-00", "18:00")]
    {
        refused(period(1, from, to), "access_time");
    }
}

#[test]
fn start_directory_is_absolute_and_root_is_empty() {
    // ACC-040
    assert_eq!(checked(json!({"filters": {"start_directory": "a/../b/"}})).filters.base.start_directory, "/b");
    assert_eq!(checked(json!({"filters": {"start_directory": "/."}})).filters.base.start_directory, "");
}

#[test]
fn share_expirations_must_agree() {
    // ACC-041
    refused(json!({"filters": {"default_shares_expiration": 10, "max_shares_expiration": 5}}), "default_shares_expiration");
    checked(json!({"filters": {"default_shares_expiration": 10}}));
}

#[test]
fn cache_time_needs_a_hook() {
    // ACC-039
    let with_time = json!({"filters": {"external_auth_cache_time": 60}});
    assert_eq!(checked(with_time.clone()).filters.base.external_auth_cache_time, 0);
    let mut hooked = user(with_time);
    hooked.validate(&ValidationRules { has_external_auth: true, ..rules() }).unwrap();
    assert_eq!(hooked.filters.base.external_auth_cache_time, 60);
}

#[test]
fn file_patterns_are_lower_cased_and_unique_per_path() {
    // ACC-159, ACC-160
    let user = checked(json!({"filters": {"file_patterns": [{"path": "/a/", "allowed_patterns": ["*.JPG"]}]}}));
    let filter = &user.filters.base.file_patterns[0];
    assert_eq!((filter.path.as_str(), filter.allowed_patterns[0].as_str()), ("/a", "*.jpg"));
    for bad in [
        json!([{"path": "/"}]),
        json!([{"path": "a", "denied_patterns": ["x"]}]),
        json!([{"path": "/", "denied_patterns": ["["]}]),
        json!([{"path": "/a", "denied_patterns": ["x"]}, {"path": "/a/", "denied_patterns": ["y"]}]),
    ] {
        refused(json!({"filters": {"file_patterns": bad}}), "file_patterns");
    }
    refused(json!({"filters": {"file_patterns": [{"path": "/", "denied_patterns": ["x"], "deny_policy": 2}]}}), "deny_policy");
}

#[test]
fn bandwidth_entries_need_networks() {
    // ACC-270
    refused(json!({"filters": {"bandwidth_limits": [{"upload_bandwidth": 1}]}}), "bandwidth_limits");
    refused(json!({"filters": {"bandwidth_limits": [{"sources": ["10.0.0.1"]}]}}), "bandwidth_limits");
}

#[test]
fn placeholders_are_few_and_add_no_segments() {
    // ACC-055, ACC-217
    refused(json!({"filters": {"custom_placeholders": vec!["x"; 11]}}), "custom_placeholders");
    refused(json!({"filters": {"custom_placeholders": ["a/b"]}}), "custom_placeholders");
    refused(json!({"filters": {"custom1": ".."}}), "custom1");
    let user = checked(json!({"filters": {"custom1": "one"}}));
    assert_eq!(user.filters.custom_placeholder(1), Some("one"));
}

#[test]
fn memberships_are_typed_unique_and_have_one_primary() {
    // ACC-195
    refused(json!({"groups": [{"name": "g", "type": 4}]}), "type");
    refused(json!({"groups": [{"name": "g"}]}), "type");
    refused(json!({"groups": [{"name": "g", "type": 1}, {"name": "h", "type": 1}]}), "groups");
    refused(json!({"groups": [{"name": "g", "type": 1}, {"name": "g", "type": 2}]}), "groups");
}

#[test]
fn anonymous_users_are_rewritten_on_save() {
    // ACC-300, ACC-301
    let user = checked(json!({"permissions": {"/": ["*"], "/in": ["upload"]}, "filters": {"is_anonymous": true}}));
    assert_eq!(serde_json::to_value(&user.permissions).unwrap(), json!({"/": ["list", "download"], "/in": ["list", "download"]}));
    assert_eq!(user.filters.base.denied_protocols, ["SSH", "HTTP"]);
    assert_eq!(user.filters.base.denied_login_methods.len(), 9);
    assert!(!user.filters.base.denied_login_methods.iter().any(|m| m == "password"));
}

#[test]
fn identity_fields_are_accepted_and_dropped() {
    // ACC-050
    assert!(checked(json!({"oidc_custom_fields": {"a": 1}})).oidc_custom_fields.is_empty());
}

#[test]
fn client_certificates_need_strong_keys() {
    // ACC-029
    const EC: &str = include_str!("tests/ec.pem");
    const RSA_1024: &str = include_str!("tests/rsa1024.pem");
    let user = checked(json!({"filters": {"tls_certs": [EC, EC, " "]}}));
    assert_eq!(user.filters.tls_certs, [EC.trim()]);
    assert!(refused(json!({"filters": {"tls_certs": [EC, RSA_1024]}}), "tls_certs").contains("number 2"));
    refused(json!({"filters": {"tls_certs": [format!("{EC}\n{EC}")]}}), "tls_certs");
}

#[test]
fn group_settings_follow_the_same_rules_with_exceptions() {
    // ACC-198, ACC-199, ACC-200, ACC-222
    let parse = |settings: Value| serde_json::from_value::<Group>(json!({"name": "g", "user_settings": settings})).unwrap();
    let mut group = parse(
        json!({"home_dir": "/srv/%username%/", "quota_size": -1, "filters": {"user_type": "LDAPUser", "tls_certs": ["x"]}}),
    );
    group.validate(&rules()).unwrap();
    let written = serde_json::to_value(&group).unwrap();
    let filters = &written["user_settings"]["filters"];
    assert_eq!((filters.get("user_type"), filters.get("tls_certs")), (None, None));
    assert_eq!(group.user_settings.home_dir, "/srv/%username%");
    for (settings, field) in [
        (json!({"home_dir": "x"}), "home_dir"),
        (json!({"expires_in": -1}), "expires_in"),
        (json!({"permissions": {"x": ["list"]}}), "permissions"),
        (json!({"filters": {"share_policy": {"permissions": 8, "mode": 1}}}), "permissions"),
        (json!({"filters": {"share_policy": {"permissions": 1, "mode": 3}}}), "mode"),
        (json!({"filters": {"denied_protocols": ["x"]}}), "denied_protocols"),
        (json!({"filesystem": {"provider": 1}}), "bucket"),
    ] {
        let error = parse(settings.clone()).validate(&rules()).unwrap_err();
        assert!(error.field.ends_with(field), "{settings}: {error}");
    }
}

#[test]
fn mounts_are_checked_against_each_other() {
    // ACC-177, ACC-178, ACC-179, ACC-180, ACC-181
    let mount = |name: &str, path: &str, sub: &str| json!({"name": name, "virtual_path": path, "subpath": sub, "quota_size": -1, "quota_files": -1});
    let user = checked(
        json!({"virtual_folders": [mount("f", "a/", ""), mount("g", "/a/b", ""), mount("h", "/", "/"), mount("f", "/s", "/x//y")]}),
    );
    let paths: Vec<&str> = user.virtual_folders.iter().map(|f| f.virtual_path.as_str()).collect();
    assert_eq!(paths, ["/a", "/a/b", "/", "/s"]);
    assert_eq!((user.virtual_folders[2].subpath.as_str(), user.virtual_folders[3].subpath.as_str()), ("", "/x/y"));
    for bad in [
        json!([mount("f", "", "")]),
        json!([mount("f", "/a", ""), mount("g", "/a/", "")]),
        json!([mount("f", "/a", ""), mount("f", "/b", "")]),
        json!([mount("f", "/a", "/x"), mount("f", "/b", "/x/")]),
        json!([{"name": "f", "virtual_path": "/a", "quota_size": -1, "quota_files": 0}]),
        json!([{"name": "f", "virtual_path": "/a", "quota_size": -2, "quota_files": -2}]),
        json!([mount("f", "/a", &format!("/{}", "x/".repeat(100)))]),
    ] {
        refused(json!({"virtual_folders": bad}), "virtual_folders");
    }
    refused(json!({"virtual_folders": [{"virtual_path": "/a"}]}), "name");
    refused(json!({"virtual_folders": [mount("f", "/a", "relative")]}), "subpath");
}

#[test]
fn folders_need_a_path_where_files_are_local() {
    // ACC-173, ACC-174
    let parse = |members: Value| serde_json::from_value::<BaseVirtualFolder>(members).unwrap();
    assert!(parse(json!({"name": "f"})).validate(&rules()).unwrap_err().to_string().contains("mapped_path"));
    let mut remote = parse(json!({"name": "f", "filesystem": {"provider": 1, "s3config": {"bucket": "b", "region": "r"}}}));
    remote.validate(&rules()).unwrap();
    assert_eq!(remote.mapped_path, "/tmp/f");
    assert!(parse(json!({"name": "a/b", "mapped_path": "/x"})).validate(&rules()).is_err());
}

fn admin(members: Value) -> Result<Admin, FieldError> {
    let mut object = json!({"username": "root", "status": 1, "permissions": ["*"]});
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    let mut admin: Admin = serde_json::from_value(object).unwrap();
    admin.validate(&rules()).map(|()| admin)
}

#[test]
fn admins_need_permissions_that_fit_together() {
    // ACC-233, ACC-227, ACC-362
    assert_eq!(admin(json!({"permissions": ["add_users", "*"]})).unwrap().permissions, [crate::AdminPermission::Any]);
    for (members, field) in [
        (json!({"permissions": []}), "permissions"),
        (json!({"role": "r"}), "permissions"),
        (json!({"permissions": ["view_groups"]}), "permissions"),
        (json!({"permissions": ["manage_groups", "del_folders"]}), "permissions"),
        (json!({"username": "__self__"}), "username"),
        (json!({"email": "x"}), "email"),
        (json!({"filters": {"allow_list": ["10.0.0.1"]}}), "allow_list"),
        (json!({"filters": {"preferences": {"hide_user_page_sections": 128}}}), "hide_user_page_sections"),
        (json!({"groups": [{"name": "g", "options": {"add_to_users_as": 3}}]}), "add_to_users_as"),
        (
            json!({"groups": [{"name": "g", "options": {"add_to_users_as": 1}}, {"name": "h", "options": {"add_to_users_as": 1}}]}),
            "groups",
        ),
    ] {
        let error = admin(members.clone()).unwrap_err();
        assert!(error.field.ends_with(field) && error.to_string().contains(field), "{members}: {error}");
    }
    assert!(admin(json!({"permissions": ["manage_groups"]})).is_ok());
    assert!(admin(json!({"permissions": ["view_groups", "manage_groups", "view_folders"]})).is_ok());
    assert!(serde_json::from_value::<Admin>(json!({"permissions": ["fly"]})).is_err());
}

#[test]
fn admin_passwords_are_trimmed_and_empty_ones_mean_the_stored_one() {
    // ACC-239, ACC-240
    assert_eq!(admin(json!({"password": " secret "})).unwrap().password.as_deref(), Some("secret"));
    assert_eq!(admin(json!({"password": ""})).unwrap().password, None);
}

#[test]
fn roles_have_valid_names() {
    // ACC-001, ACC-002
    let mut role = Role { name: " r ".into(), ..Role::default() };
    role.validate(&rules()).unwrap();
    assert_eq!(role.name, "r");
    assert!(Role { name: "a/b".into(), ..Role::default() }.validate(&rules()).is_err());
}

#[test]
fn bits_are_counted_from_the_first_one() {
    assert_eq!((bit_length(&[]), bit_length(&[0, 0]), bit_length(&[0, 1, 0]), bit_length(&[0x80])), (0, 0, 9, 8));
}
