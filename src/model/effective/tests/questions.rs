use std::net::IpAddr;

use serde_json::{Value, json};

use super::{EffectiveUser, LoginMethod, VirtualPath, user};

fn effective(members: Value) -> EffectiveUser {
    EffectiveUser::merge(&user(members), &[]).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

#[test]
fn denied_networks_win_over_allowed_ones() {
    // ACC-078, ACC-079
    let user = effective(json!({"filters": {"allowed_ip": ["10.0.0.0/8"], "denied_ip": ["10.1.0.0/16", "192.0.2.0/24"]}}));
    assert!(user.login_allowed_ip(ip("10.2.0.1")).is_ok());
    let overlap = user.login_allowed_ip(ip("10.1.0.1")).unwrap_err();
    assert_eq!(overlap.name, "filters.denied_ip");
    assert!(user.login_allowed_ip(ip("192.0.2.7")).is_err());
    assert_eq!(user.login_allowed_ip(ip("203.0.113.1")).unwrap_err().name, "filters.allowed_ip");
    assert!(effective(json!({})).login_allowed_ip(ip("203.0.113.1")).is_ok());
    let only_denied = effective(json!({"filters": {"denied_ip": ["192.0.2.0/24"]}}));
    assert!(only_denied.login_allowed_ip(ip("203.0.113.1")).is_ok());
}

#[test]
fn mapped_addresses_are_compared_as_ipv4() {
    // ACC-080
    let user = effective(json!({"filters": {"denied_ip": ["192.0.2.0/24"]}}));
    assert!(user.login_allowed_ip(ip("::ffff:192.0.2.1")).is_err());
}

#[test]
fn access_time_is_inclusive_by_the_minute() {
    // ACC-347, ACC-074
    let user = effective(json!({"filters": {"access_time": [{"day_of_week": 1, "from": "08:00", "to": "18:00"}]}}));
    assert!(user.access_time_allowed(1, 18, 0) && user.access_time_allowed(1, 8, 0));
    assert!(!user.access_time_allowed(1, 18, 1) && !user.access_time_allowed(1, 7, 59) && !user.access_time_allowed(2, 12, 0));
    assert!(effective(json!({})).access_time_allowed(0, 0, 0));
}

#[test]
fn denied_password_closes_passwords_over_ssh_but_not_the_reverse() {
    // ACC-086, ACC-349
    let all = effective(json!({"filters": {"denied_login_methods": ["password"]}}));
    assert!(all.is_method_denied(LoginMethod::Password) && all.is_method_denied(LoginMethod::PasswordOverSsh));
    assert!(!all.is_method_denied(LoginMethod::KeyboardInteractive));
    let ssh = effective(json!({"filters": {"denied_login_methods": ["password-over-SSH"]}}));
    assert!(!ssh.is_method_denied(LoginMethod::Password) && ssh.is_method_denied(LoginMethod::PasswordOverSsh));
}

#[test]
fn first_matching_bandwidth_entry_replaces_both_limits() {
    // ACC-270
    let user = effective(json!({"upload_bandwidth": 10, "download_bandwidth": 20, "filters": {"bandwidth_limits": [
        {"sources": ["10.0.0.0/8"], "upload_bandwidth": 1}, {"sources": ["10.1.0.0/16", "::/0"], "download_bandwidth": 2}]}}));
    assert_eq!(user.bandwidth_for(ip("10.1.2.3")), (1, 0, Some(0)));
    assert_eq!(user.bandwidth_for(ip("2001:db8::1")), (0, 2, Some(1)));
    assert_eq!(user.bandwidth_for(ip("192.0.2.1")), (10, 20, None));
    assert_eq!(user.bandwidth_for(ip("::ffff:192.0.2.1")), (10, 20, None));
}

fn mounted() -> EffectiveUser {
    effective(json!({"virtual_folders": [
        {"name": "outer", "virtual_path": "/a"}, {"name": "inner", "virtual_path": "/a/b/c", "subpath": "/sub"}, {"name": "other", "virtual_path": "/ab"}]}))
}

#[test]
fn deepest_mount_wins_and_sub_paths_lead_inside() {
    // STO-006, VF-004, ACC-180
    let user = mounted();
    let place = |text: &str| user.mount_for(&path(text)).map(|(mount, inside)| (mount.folder.name.clone(), inside.to_string()));
    assert_eq!(place("/a/b/c/d"), Some(("inner".into(), "/sub/d".into())));
    assert_eq!(place("/a/b/c"), Some(("inner".into(), "/sub".into())));
    assert_eq!(place("/a/b"), Some(("outer".into(), "/b".into())));
    assert_eq!(place("/a"), Some(("outer".into(), "/".into())));
    assert_eq!(place("/abc"), None);
    assert_eq!(user.mount_index_for(&path("/a/b/c/d")).unwrap().0, 0);
}

#[test]
fn mount_at_root_takes_everything() {
    // ACC-178
    let user = effective(json!({"virtual_folders": [{"name": "f", "virtual_path": "/"}]}));
    assert_eq!(user.mount_for(&path("/x/y")).unwrap().1, path("/x/y"));
    assert!(user.is_mount_point(&VirtualPath::root()) && !user.contains_mounts(&VirtualPath::root()));
}

#[test]
fn mounts_show_in_their_parents() {
    // ACC-185, ACC-186, ACC-135
    let user = mounted();
    assert_eq!(user.mounts_in(&VirtualPath::root()), [b"a".to_vec(), b"ab".to_vec()]);
    assert_eq!(user.mounts_in(&path("/a")), [b"b".to_vec()]);
    assert!(user.mounts_in(&path("/a/b/c")).is_empty());
    assert!(user.is_mount_point(&path("/a")) && !user.is_mount_point(&path("/a/b")));
    assert!(user.contains_mounts(&path("/a/b")) && user.contains_mounts(&path("/a")) && !user.contains_mounts(&path("/ab")));
}
