use serde_json::{Value, json};

use crate::share::Share;
use crate::validation::{FieldError, ValidationRules};

const NOW: i64 = 1_800_000_000_000;

fn check_at(change: &Value, now: Option<i64>) -> Result<Share, FieldError> {
    let mut share = json!({"id": "abc", "scope": 1, "paths": ["/a"], "username": "alice"});
    for (member, value) in change.as_object().unwrap() {
        share[member] = value.clone();
    }
    let mut share: Share = serde_json::from_value(share).unwrap();
    share.validate(&ValidationRules { is_new: true, ..ValidationRules::default() }, now).map(|()| share)
}

fn check(change: &Value) -> Result<Share, FieldError> {
    check_at(change, Some(NOW))
}

#[track_caller]
fn refused(change: &Value, named: &str) {
    let error = check(change).expect_err(&change.to_string());
    assert!(error.to_string().contains(named), "{change}: {error}");
}

#[test]
fn names_scopes_and_paths() {
    // API-161, API-162, API-163
    assert_eq!(check(&json!({})).unwrap().name, "abc");
    let several = check(&json!({"paths": [" ", "b/../c/", "/c", "d"]})).unwrap();
    assert_eq!(several.paths, ["/c", "/d"]);
    for (wrong, named) in [
        (json!({"id": ""}), "id"),
        (json!({"name": "a/b"}), "name"),
        (json!({"username": ""}), "username"),
        (json!({"scope": 0}), "scope"),
        (json!({"scope": 4}), "scope"),
        (json!({"paths": [""]}), "paths"),
        (json!({"scope": 2, "paths": ["/a", "/b"]}), "paths"),
        (json!({"scope": 3, "paths": ["/a", "/b"]}), "paths"),
        (json!({"paths": ["/a/b", "/a"]}), "nested"),
        (json!({"paths": ["/a", "/"]}), "nested"),
    ] {
        refused(&wrong, named);
    }
    assert!(check(&json!({"paths": ["/a", "/ab"]})).is_ok());
}

#[test]
fn limits_and_networks() {
    // API-164, API-165, API-096
    refused(&json!({"password": "[**redacted**]"}), "redacted");
    refused(&json!({"expires_at": NOW}), "expires_at");
    refused(&json!({"expires_at": -1}), "expires_at");
    refused(&json!({"max_tokens": -1}), "max_tokens");
    refused(&json!({"allow_from": ["192.0.2.0/33"]}), "allow_from");
    assert!(check_at(&json!({"expires_at": 1}), None).is_ok());
    let share =
        check(&json!({"expires_at": NOW + 1, "allow_from": ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "10.0.0.0/8"]}))
            .unwrap();
    assert_eq!(share.allow_from, ["192.0.2.1/32", "2001:db8::1/128", "10.0.0.0/8"]);
}

#[test]
fn groups_and_recipients() {
    // API-169, API-170, API-172
    let group = |name: &str, permissions: i64| json!({"group_name": name, "permissions": permissions});
    assert!(check(&json!({"groups": [group("g", 7)], "options": {"emails": [" a@b.example "]}})).is_ok());
    refused(&json!({"groups": [group("", 1)]}), "group_name");
    refused(&json!({"groups": [group("g", 0)]}), "permissions");
    refused(&json!({"groups": [group("g", 8)]}), "permissions");
    refused(&json!({"groups": [group("g", 1), group(" g", 2)]}), "duplicated");
    refused(&json!({"options": {"emails": ["x"]}}), "emails");
    refused(&json!({"options": {"auth_mode": 1}}), "emails");
    refused(&json!({"options": {"auth_mode": 2}}), "auth_mode");
    refused(&json!({"options": {"legal_agreement": 2}}), "legal_agreement");
}

#[test]
fn nothing_secret_is_shown() {
    // API-166, LMT-004
    let mut share = check(&json!({"password": "hunter2"})).unwrap();
    let text = format!("{share:?}");
    assert!(!text.contains("hunter2") && !text.contains("abc"), "{text}");
    share.hide_confidential();
    assert_eq!(share.password, "[**redacted**]");
    let mut open = check(&json!({})).unwrap();
    open.hide_confidential();
    assert_eq!(serde_json::to_value(&open).unwrap().get("password"), None);
}

#[test]
fn a_draft_tells_what_was_not_named() {
    // ACC-320, API-223
    let draft = |body: &Value| serde_json::from_value::<crate::ShareDraft>(body.clone()).unwrap();
    let named = draft(&json!({"scope": 1, "expires_at": 0, "groups": []}));
    assert!(named.names_expiration && named.names_groups && named.share.scope == 1);
    let absent = draft(&json!({"scope": 1, "expires_at": null}));
    assert!(!absent.names_expiration && !absent.names_groups);
}

#[test]
fn visitors_are_let_in_by_network_date_and_use() {
    // API-165, API-179
    let ip = |text: &str| text.parse().unwrap();
    let share = check(&json!({"allow_from": ["192.0.2.0/24"], "max_tokens": 2})).unwrap();
    assert!(share.allows_address(ip("192.0.2.9")) && share.allows_address(ip("::ffff:192.0.2.9")));
    assert!(!share.allows_address(ip("198.51.100.1")) && !share.is_used_up());
    assert!(Share { used_tokens: 2, ..share.clone() }.is_used_up());
    assert!(!Share { used_tokens: 9, max_tokens: 0, ..share }.is_used_up());
}
