use serde_json::{Value, json};

use super::*;
use crate::login::{LoginMethod, Protocol};

mod questions;

fn user(members: Value) -> User {
    let mut object = json!({"username": "alice", "status": 1, "home_dir": "/srv/u", "permissions": {"/": ["*"]}});
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    serde_json::from_value(object).unwrap()
}

fn group(name: &str, settings: Value) -> Group {
    serde_json::from_value(json!({"name": name, "user_settings": settings})).unwrap()
}

fn with_folders(name: &str, folders: Value) -> Group {
    serde_json::from_value(json!({"name": name, "virtual_folders": folders})).unwrap()
}

/// Primary `p`, secondary `s` and `t`, membership `m`.
fn member(members: Value) -> User {
    let mut user = user(members);
    for (name, kind) in [("p", 1), ("s", 2), ("t", 2), ("m", 3)] {
        user.groups.push(crate::GroupMapping { name: name.into(), kind });
    }
    user
}

/// Merges with groups in an order that is not the user's.
fn merge(user: &User, p: Group, s: Group) -> EffectiveUser {
    EffectiveUser::merge(user, &[group("t", json!({})), s, p]).unwrap()
}

fn empty(name: &str) -> Group {
    group(name, json!({}))
}

#[test]
fn permissions_of_groups() {
    // ACC-340, ACC-207
    let merged = merge(
        &member(json!({})),
        group("p", json!({"permissions": {"/": ["list", "download"], "/up": ["*"]}})),
        group("s", json!({"permissions": {"/": ["*"], "/up": ["list"], "/x": ["list"]}})),
    );
    let expected = json!({"/": ["list", "download"], "/up": ["*"], "/x": ["list"]});
    assert_eq!(serde_json::to_value(&merged.user.permissions).unwrap(), expected);
    let up = VirtualPath::parse(b"/up").unwrap();
    assert!(merged.permissions.for_directory(&up).0.has(crate::Permission::Upload));
}

#[test]
fn own_entries_below_root_stay() {
    // ACC-207
    let merged = merge(
        &member(json!({"permissions": {"/": ["*"], "/a": ["list"]}})),
        group("p", json!({"permissions": {"/a/": ["*"]}})),
        empty("s"),
    );
    assert_eq!(serde_json::to_value(&merged.user.permissions).unwrap(), json!({"/": ["*"], "/a": ["list"]}));
}

#[test]
fn zero_limits_are_filled_from_the_primary_group_only() {
    // ACC-341, ACC-203, ACC-359
    let merged = merge(
        &member(json!({"max_sessions": 5})),
        group("p", json!({"quota_size": 1000, "max_sessions": 2})),
        group("s", json!({"quota_size": 7, "quota_files": 7, "max_sessions": 7, "filters": {"password_strength": 70}})),
    );
    let user = &merged.user;
    assert_eq!((user.quota_size, user.max_sessions, user.quota_files), (1000, 5, 0));
    assert_eq!(user.filters.base.password_strength, 0);
}

#[test]
fn home_comes_from_the_primary_group_with_placeholders() {
    // ACC-342, ACC-201, ACC-196
    let user = member(json!({}));
    let merged = merge(&user, group("p", json!({"home_dir": "/srv/groups/%username%"})), group("s", json!({"home_dir": "/no"})));
    assert_eq!(merged.user.home_dir, "/srv/groups/alice");
    assert_eq!(user.home_dir, "/srv/u");
}

#[test]
fn local_group_storage_leaves_the_users_and_others_replace_it() {
    // ACC-343, ACC-201, ACC-202
    let s3 = json!({"provider": 1, "s3config": {"bucket": "b", "region": "r", "key_prefix": "users/%username%/"}});
    let own = merge(&member(json!({"filesystem": s3})), empty("p"), empty("s"));
    assert_eq!(own.user.filesystem.provider, 1);
    assert_eq!(own.user.filesystem.s3config.key_prefix, "users/%username%/");
    let theirs = merge(&member(json!({})), group("p", json!({"filesystem": s3})), empty("s"));
    assert_eq!(theirs.user.filesystem.s3config.key_prefix, "users/alice/");
    let buffers = json!({"filesystem": {"osconfig": {"read_buffer_size": 3, "write_buffer_size": 4}}});
    let local = merge(&member(json!({"filesystem": {"osconfig": {"read_buffer_size": 1}}})), group("p", buffers), empty("s"));
    let sizes = local.user.filesystem.osconfig;
    assert_eq!((sizes.read_buffer_size, sizes.write_buffer_size), (1, 4));
}

#[test]
fn transfer_quotas_are_taken_as_a_set() {
    // ACC-204
    let settings = json!({"upload_data_transfer": 1, "download_data_transfer": 2, "total_data_transfer": 3});
    let own = merge(&member(json!({"download_data_transfer": 9})), group("p", settings.clone()), empty("s"));
    assert_eq!((own.user.upload_data_transfer, own.user.download_data_transfer, own.user.total_data_transfer), (0, 9, 0));
    let theirs = merge(&member(json!({})), group("p", settings), empty("s"));
    assert_eq!((theirs.user.upload_data_transfer, theirs.user.total_data_transfer), (1, 3));
}

#[test]
fn expiration_counts_from_creation() {
    // ACC-206, ACC-073
    let days = group("p", json!({"expires_in": 2}));
    let merged = merge(&member(json!({"created_at": 1000})), days.clone(), empty("s"));
    assert_eq!(merged.expiration, 1000 + 2 * 86_400_000);
    assert!(merged.is_expired(1001 + 2 * 86_400_000) && !merged.is_expired(1000));
    assert_eq!(merge(&member(json!({"created_at": 1000, "expiration_date": 5})), days, empty("s")).expiration, 5);
}

#[test]
fn flags_are_or_ed_from_the_primary_group() {
    // ACC-205
    let filters = json!({"filters": {"hooks": {"pre_login_disabled": true}, "disable_fs_checks": true, "allow_api_key_auth": true,
        "enforce_secure_algorithms": true}});
    let merged =
        merge(&member(json!({"filters": {"hooks": {"external_auth_disabled": true}}})), group("p", filters.clone()), empty("s"));
    let own = &merged.user.filters.base;
    assert!(own.hooks.pre_login_disabled && own.hooks.external_auth_disabled && !own.hooks.check_password_disabled);
    assert!(own.disable_fs_checks && own.allow_api_key_auth && own.enforce_secure_algorithms);
    let secondary = merge(&member(json!({})), empty("p"), group("s", filters));
    assert!(!secondary.user.filters.base.disable_fs_checks);
}

#[test]
fn lists_are_appended_own_first_then_primary_then_secondary() {
    // ACC-208, ACC-211, ACC-372
    let filters = |ip: &str, scope: &str| json!({"filters": {"denied_ip": [ip], "denied_share_scopes": [scope], "web_client": ["write-disabled"]}});
    let merged = merge(
        &member(json!({"filters": {"denied_ip": ["10.0.0.0/8"]}})),
        group("p", filters("11.0.0.0/8", "read")),
        group("s", filters("12.0.0.0/8", "write")),
    );
    let own = &merged.user.filters.base;
    assert_eq!(own.denied_ip, ["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"]);
    assert_eq!(own.denied_share_scopes, ["read", "write"]);
    assert_eq!(own.web_client, ["write-disabled"]);
}

#[test]
fn share_paths_that_a_group_denies_win_over_those_that_the_user_allows() {
    // ACC-358
    let own = member(json!({"filters": {"allowed_share_paths": ["/a", "/b"]}}));
    let denied = json!({"filters": {"denied_share_paths": ["/a"]}});
    let merged = merge(&own, group("p", denied), empty("s"));
    let shared = |path: &str| merged.may_share_path(&VirtualPath::parse(path.as_bytes()).unwrap()).is_ok();
    assert!(!shared("/a") && !shared("/a/x") && shared("/b/x"));
}

#[test]
fn membership_groups_give_nothing_and_need_not_be_loaded() {
    // ACC-197
    let mut user = user(json!({}));
    user.groups.push(crate::GroupMapping { name: "m".into(), kind: 3 });
    let merged =
        EffectiveUser::merge(&user, &[group("m", json!({"quota_size": 9, "filters": {"denied_ip": ["10.0.0.0/8"]}}))]).unwrap();
    assert_eq!((merged.user.quota_size, merged.user.filters.base.denied_ip.len()), (0, 0));
    assert!(EffectiveUser::merge(&user, &[]).is_ok());
    user.groups[0].kind = 2;
    assert_eq!(EffectiveUser::merge(&user, &[]).unwrap_err(), MergeError::UnknownGroup("m".into()));
}

#[test]
fn patterns_and_folders_are_added_per_path_and_root_only_by_the_primary() {
    // ACC-209, ACC-210, ACC-213, ACC-357
    let patterns = |path: &str| json!({"filters": {"file_patterns": [{"path": path, "denied_patterns": ["x"]}]}});
    let root = merge(&member(json!({})), empty("p"), group("s", patterns("/")));
    assert!(root.patterns.is_empty());
    assert!(!merge(&member(json!({})), group("p", patterns("/")), empty("s")).patterns.is_empty());

    let folders = |name: &str| json!([{"name": name, "virtual_path": "/", "mapped_path": "/m"}, {"name": name, "virtual_path": "/v/%username%", "subpath": "/x"}]);
    let merged = merge(&member(json!({})), empty("p"), with_folders("s", folders("fs")));
    let mounts: Vec<(&str, &str)> = merged.mounts.iter().map(|m| (m.folder.name.as_str(), m.virtual_path.as_str())).collect();
    assert_eq!(mounts, [("fs", "/v/alice")]);
    let both = EffectiveUser::merge(
        &member(json!({})),
        &[with_folders("t", folders("ft")), with_folders("s", folders("fs")), with_folders("p", json!([]))],
    );
    assert_eq!(both.unwrap().mounts[0].folder.name, "fs");
    let primary = merge(&member(json!({})), with_folders("p", folders("fp")), empty("s"));
    assert_eq!(primary.mounts.len(), 2);
}

#[test]
fn first_mount_of_a_folder_sets_the_limits_of_all() {
    // ACC-214
    let own = json!([{"name": "f", "virtual_path": "/a", "quota_size": 10, "quota_files": 1}]);
    let theirs = json!([{"name": "f", "virtual_path": "/b", "quota_size": 99, "quota_files": 9}]);
    let merged = merge(&member(json!({"virtual_folders": own})), with_folders("p", theirs), empty("s"));
    assert!(merged.mounts.iter().all(|m| m.quota_size == 10 && m.quota_files == 1));
}

#[test]
fn missing_values_never_lead_into_shared_directories() {
    // ACC-218, ACC-219
    let refused =
        |settings: Value| EffectiveUser::merge(&member(json!({})), &[group("p", settings), empty("s"), empty("t")]).unwrap_err();
    for settings in [
        json!({"home_dir": "/srv/%custom1%"}),
        json!({"home_dir": "/srv/%role%"}),
        json!({"filesystem": {"provider": 1, "s3config": {"bucket": "b", "key_prefix": "%custom1%/"}}}),
        json!({"permissions": {"/users/%custom1%": ["*"]}}),
    ] {
        assert!(matches!(refused(settings), MergeError::EmptyPlaceholder { .. }));
    }
    let folders = json!([
        {"name": "a", "virtual_path": "/%custom1%/a"}, {"name": "b", "virtual_path": "/b", "subpath": "/%custom1%"},
        {"name": "c", "virtual_path": "/%custom1%"}]);
    let merged = merge(&member(json!({})), with_folders("p", folders), empty("s"));
    let paths: Vec<&str> = merged.mounts.iter().map(|m| m.virtual_path.as_str()).collect();
    assert_eq!(paths, ["/a"]);
}

#[test]
fn values_of_placeholders_cannot_climb() {
    // ACC-217
    let mut user = member(json!({}));
    user.filters.custom_placeholders = vec!["..".into()];
    let groups = [group("p", json!({"home_dir": "/srv/%custom1%/x"})), empty("s"), empty("t")];
    assert!(matches!(EffectiveUser::merge(&user, &groups), Err(MergeError::UnsafePlaceholder { .. })));
}

#[test]
fn anonymous_flag_of_a_group_has_full_effect() {
    // ACC-215, ACC-300, ACC-301
    let merged = merge(
        &member(json!({"permissions": {"/": ["*"], "/in": ["upload"]}})),
        group("p", json!({"filters": {"is_anonymous": true}, "permissions": {"/up": ["*"]}})),
        empty("s"),
    );
    assert!(merged.user.permissions.values().all(|list| *list == [crate::Permission::List, crate::Permission::Download]));
    assert!(merged.is_protocol_denied(Protocol::Ssh) && merged.is_protocol_denied(Protocol::Http));
    assert!(!merged.is_protocol_denied(Protocol::Ftp) && !merged.is_protocol_denied(Protocol::Dav));
    for method in LoginMethod::ALL {
        assert_eq!(merged.is_method_denied(method), method != LoginMethod::Password, "{method}");
    }
}

#[test]
fn stored_nonsense_refuses_instead_of_opening() {
    let patterns = json!({"filters": {"file_patterns": [{"path": "/", "denied_patterns": ["["]}]}});
    assert!(EffectiveUser::merge(&user(patterns), &[]).is_err());
    assert!(EffectiveUser::merge(&user(json!({"filters": {"denied_ip": ["10.0.0.1"]}})), &[]).is_err());
}

#[test]
fn tls_user_name_is_taken_only_without_own_verification() {
    // ACC-203
    let group_cn = || group("p", json!({"filters": {"tls_username": "CommonName"}}));
    let taken = |user: &User| merge(user, group_cn(), empty("s")).user.filters.base.tls_username;
    assert_eq!(taken(&member(json!({}))), "CommonName");
    assert_eq!(taken(&member(json!({"filters": {"tls_username": "None"}}))), "CommonName");
    assert_eq!(taken(&member(json!({"filters": {"tls_certs": ["x"]}}))), "");
}
