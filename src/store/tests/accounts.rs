//! Users, administrators and roles by themselves.

use super::{NOW, admin, on_disk, role, user};
use entrepot_model::TotpConfig;

use crate::{ListOptions, ObjectKind, Order, PasswordChange, StoreError, TransferDirection};

const MINUTE: i64 = 60_000;

// ACC-011, ACC-014
#[tokio::test]
async fn insert_sets_id_and_times_and_ignores_those_sent() {
    let (_directory, store) = on_disk();
    let mut sent = user("alice");
    sent.id = 77;
    sent.created_at = 5;
    sent.last_login = 5;
    sent.used_quota_size = 5;
    let stored = store.users().insert(sent, None, NOW).await.expect("insert");
    assert_ne!(stored.id, 77);
    assert_eq!((stored.created_at, stored.updated_at, stored.last_login), (NOW, NOW, 0));
    assert_eq!(stored.used_quota_size, 0);
    assert_eq!(stored.home_dir, "/srv/alice");
}

// API-095
#[tokio::test]
async fn restore_keeps_the_times_of_a_backup() {
    let (_directory, store) = on_disk();
    let mut sent = user("alice");
    sent.created_at = 5;
    sent.last_login = 6;
    sent.used_quota_size = 7;
    let stored = store.users().restore(sent, Some("hash".into()), NOW).await.expect("restore");
    assert_eq!((stored.created_at, stored.last_login, stored.used_quota_size), (5, 6, 0));
}

// ACC-013
#[tokio::test]
async fn duplicate_name_is_a_conflict() {
    let (_directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    let error = store.users().insert(user("alice"), None, NOW).await.expect_err("conflict");
    let expected = StoreError::Conflict { kind: ObjectKind::User, name: "alice".into() };
    assert_eq!(error, expected);
    // ACC-010: administrators have names of their own. ACC-008: case matters.
    store.admins().insert(admin("alice"), None, NOW).await.expect("insert");
    store.users().insert(user("Alice"), None, NOW).await.expect("insert");
}

// ACC-063, ACC-290
#[tokio::test]
async fn update_keeps_counters_and_times_and_replaces_the_rest() {
    let (_directory, store) = on_disk();
    let users = store.users();
    let mut sent = user("alice");
    sent.description = "old".into();
    let first = users.insert(sent, Some("hash".into()), NOW).await.expect("insert");
    users.set_usage("alice", 3, 300, NOW).await.expect("usage");
    users.set_transfer_usage("alice", 10, 20, NOW).await.expect("usage");
    users.set_last_login("alice", NOW + 1).await.expect("login");
    users.set_first_transfer("alice", TransferDirection::Upload, NOW + 2).await.expect("first");

    let mut sent = user("alice");
    sent.id = 99;
    sent.email = "a@example.com".into();
    sent.created_at = 1;
    sent.used_quota_size = 1;
    sent.last_password_change = 1;
    let stored = users.update(sent, PasswordChange::Keep, NOW + 9).await.expect("update");
    assert_eq!((stored.id, stored.created_at, stored.updated_at), (first.id, NOW, NOW + 9));
    assert_eq!((stored.used_quota_files, stored.used_quota_size), (3, 300));
    assert_eq!((stored.used_upload_data_transfer, stored.used_download_data_transfer), (10, 20));
    assert_eq!((stored.last_login, stored.first_upload), (NOW + 1, NOW + 2));
    assert_eq!(stored.last_password_change, first.last_password_change);
    assert_eq!((stored.email.as_str(), stored.description.as_str()), ("a@example.com", ""));
    assert!(stored.has_password);
}

// ACC-062, ACC-064
#[tokio::test]
async fn password_is_kept_set_or_cleared_and_never_in_the_document() {
    let (directory, store) = on_disk();
    let users = store.users();
    let mut sent = user("alice");
    sent.password = Some("clear-text-must-not-stay".into());
    let stored = users.insert(sent, Some("hash-one".into()), NOW).await.expect("insert");
    assert!(stored.has_password && stored.password.is_none());
    let set = PasswordChange::Set("hash-two".into());
    assert!(!format!("{set:?}").contains("hash"));
    let stored = users.update(user("alice"), set, NOW + 5).await.expect("update");
    assert_eq!(stored.last_password_change, NOW + 5);
    assert_eq!(users.password_hash("alice").await.expect("hash").as_deref(), Some("hash-two"));
    // CFG-188: a better hash of the same password is no change of it.
    let replaced = users.replace_password_hash("alice", "hash-one".into(), "x".into()).await.expect("replace");
    assert!(!replaced, "the stored hash is another one by now");
    assert!(users.replace_password_hash("alice", "hash-two".into(), "hash-three".into()).await.expect("replace"));
    let stored = users.update(user("alice"), PasswordChange::Clear, NOW + 6).await.expect("update");
    assert!(!stored.has_password);
    assert_eq!(users.password_hash("alice").await.expect("hash"), None);
    store.shutdown().await.expect("shutdown");
    let bytes = std::fs::read(directory.path().join("entrepot.db")).expect("read");
    let clear = b"clear-text-must-not-stay";
    assert!(!bytes.windows(clear.len()).any(|window| window == clear));
}

// ACC-069
#[tokio::test]
async fn password_change_bumps_updated_at() {
    let (_directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    store.users().set_password_hash("alice", Some("h".into()), NOW + 7).await.expect("set");
    let stored = store.users().get("alice").await.expect("get").expect("alice");
    assert_eq!((stored.updated_at, stored.last_password_change), (NOW + 7, NOW + 7));
}

// ACC-070
// SEC-116, API-042
#[tokio::test]
async fn saves_leave_the_second_factor_alone() {
    let (_folder, store) = on_disk();
    let totp = TotpConfig { enabled: true, config_name: "Default".into(), ..TotpConfig::default() };
    let before = store.users().insert(user("ana"), None, NOW).await.expect("inserted");
    store.users().set_second_factor("ana", totp.clone(), Vec::new(), NOW).await.expect("enrolled");
    // A save that began before the enrolment does not undo it.
    let after = store.users().update(before, PasswordChange::Keep, NOW + 1).await.expect("updated");
    assert_eq!(after.filters.totp_config, totp);
    let before = store.admins().insert(admin("root"), None, NOW).await.expect("inserted");
    store.admins().set_second_factor("root", totp.clone(), Vec::new(), NOW).await.expect("enrolled");
    let after = store.admins().update(before.clone(), PasswordChange::Keep, NOW + 1).await.expect("updated");
    assert_eq!(after.filters.totp_config, totp);
    let restored = store.admins().overwrite(before, PasswordChange::Keep, NOW + 2).await.expect("restored");
    assert_eq!(restored.filters.totp_config, TotpConfig::default(), "a backup brings its own");
}

#[tokio::test]
async fn login_is_stored_once_in_ten_minutes() {
    let (_directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    store.admins().insert(admin("root"), None, NOW).await.expect("insert");
    for (time, stored) in [(NOW, true), (NOW + 9 * MINUTE, false), (NOW + 10 * MINUTE, true), (NOW - 9 * MINUTE, true)] {
        assert_eq!(store.users().set_last_login("alice", time).await.expect("login"), stored, "{time}");
        assert_eq!(store.admins().set_last_login("root", time).await.expect("login"), stored, "{time}");
    }
}

// ACC-071
#[tokio::test]
async fn first_transfer_is_marked_once_per_direction() {
    let (_directory, store) = on_disk();
    let users = store.users();
    users.insert(user("alice"), None, NOW).await.expect("insert");
    for direction in [TransferDirection::Upload, TransferDirection::Download] {
        assert!(users.set_first_transfer("alice", direction, NOW).await.expect("first"));
        assert!(!users.set_first_transfer("alice", direction, NOW + 1).await.expect("second"));
    }
    let usage = users.usage("alice").await.expect("usage").expect("alice");
    assert_eq!((usage.first_upload, usage.first_download), (NOW, NOW));
}

// ACC-287: figures never fall below 0.
#[tokio::test]
async fn usage_is_set_or_added_and_stays_above_zero() {
    let (_directory, store) = on_disk();
    let users = store.users();
    users.insert(user("alice"), None, NOW).await.expect("insert");
    users.set_usage("alice", 2, 20, NOW).await.expect("set");
    users.add_usage("alice", -5, 5, NOW + 1).await.expect("add");
    users.add_transfer_usage("alice", 4, -4, NOW + 1).await.expect("add");
    let usage = users.usage("alice").await.expect("usage").expect("alice");
    assert_eq!((usage.used_quota_files, usage.used_quota_size), (0, 25));
    assert_eq!((usage.used_upload_data_transfer, usage.used_download_data_transfer), (4, 0));
    assert_eq!(usage.last_quota_update, NOW + 1); // ACC-288
    // The sum ends where numbers do.
    users.add_usage("alice", 0, i64::MAX, NOW + 1).await.expect("add");
    users.add_usage("alice", 0, i64::MAX, NOW + 1).await.expect("add");
    assert_eq!(users.usage("alice").await.expect("usage").expect("alice").used_quota_size, i64::MAX);
    assert!(users.set_usage("nobody", 0, 0, NOW).await.is_err());
    assert_eq!(users.usage("nobody").await.expect("usage"), None);
}

// API-028, API-031, API-032, API-033
#[tokio::test]
async fn lists_are_pages_in_the_order_of_names() {
    let (_directory, store) = on_disk();
    store.roles().insert(role("sales"), NOW).await.expect("insert");
    for name in ["d", "a", "c", "b", "under_score"] {
        let mut record = user(name);
        if name < "c" {
            record.role = "sales".into();
        }
        store.users().insert(record, None, NOW).await.expect("insert");
    }
    let names = |options: ListOptions| {
        let users = store.users();
        async move {
            let page = users.list(options).await.expect("list");
            page.into_iter().map(|user| user.username).collect::<Vec<_>>().join(" ")
        }
    };
    let page = |offset, limit, order| ListOptions { offset, limit, order, ..ListOptions::default() };
    assert_eq!(names(page(0, 2, Order::Ascending)).await, "a b");
    assert_eq!(names(page(2, 2, Order::Ascending)).await, "c d");
    assert_eq!(names(page(0, 2, Order::Descending)).await, "under_score d");
    assert_eq!(names(page(50, 2, Order::Ascending)).await, "");
    let sales = ListOptions { role: Some("sales".into()), ..ListOptions::all() };
    assert_eq!(names(sales.clone()).await, "a b");
    assert_eq!(store.users().count(sales).await.expect("count"), 2);
    let unknown = ListOptions { role: Some("none".into()), ..ListOptions::all() };
    assert_eq!(names(unknown).await, "");
    let named = ListOptions { name: Some("R_S".into()), ..ListOptions::all() };
    assert_eq!(names(named).await, "under_score");
}

#[tokio::test]
async fn ten_thousand_users_are_listed_by_index() {
    let (_directory, store) = on_disk();
    let users = store.users();
    users.insert(user("zz-last"), None, NOW).await.expect("insert");
    users
        .database
        .write(crate::engine::Durability::Normal, |c| {
            c.execute_batch(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) \
                 INSERT INTO user_account (name, status, email, expiration_date, created_at, updated_at, \
                 last_password_change, document) SELECT printf('user%05d', i), 1, '', 0, 0, 0, 0, '{}' FROM n",
            )?;
            Ok(())
        })
        .await
        .expect("fill");
    let options = ListOptions { offset: 9_990, ..ListOptions::default() };
    let page = users.list(options).await.expect("list");
    assert_eq!(page.len(), 10);
    assert_eq!(page.last().map(|user| user.username.as_str()), Some("zz-last"));
    assert_eq!(users.count(ListOptions::all()).await.expect("count"), 10_000);
}

// ACC-012 is the caller's; an unknown name is not made by an update. API-039
#[tokio::test]
async fn unknown_names_are_not_found() {
    let (_directory, store) = on_disk();
    let kinds = [
        store.users().update(user("x"), PasswordChange::Keep, NOW).await.map(drop),
        store.users().delete("x").await,
        store.admins().update(admin("x"), PasswordChange::Keep, NOW).await.map(drop),
        store.admins().delete("x").await,
        store.roles().update(role("x"), NOW).await.map(drop),
        store.roles().delete("x", NOW).await,
    ];
    for outcome in kinds {
        assert!(matches!(outcome, Err(StoreError::NotFound { .. })), "{outcome:?}");
    }
    assert!(store.users().get("x").await.expect("get").is_none());
}

#[tokio::test]
async fn admin_is_stored_changed_and_deleted() {
    let (_directory, store) = on_disk();
    let admins = store.admins();
    let mut sent = admin("root");
    sent.email = "root@example.com".into();
    sent.created_at = 3;
    admins.insert(sent, Some("hash".into()), NOW).await.expect("insert");
    let (stored, hash) = admins.load_for_login("root").await.expect("load").expect("root");
    assert_eq!((stored.created_at, stored.email.as_str(), hash.as_deref()), (NOW, "root@example.com", Some("hash")));
    admins.update(admin("root"), PasswordChange::Keep, NOW + 1).await.expect("update");
    let stored = admins.get("root").await.expect("get").expect("root");
    assert_eq!((stored.updated_at, stored.email.as_str()), (NOW + 1, ""));
    assert_eq!(admins.password_hash("root").await.expect("hash").as_deref(), Some("hash"));
    admins.delete("root").await.expect("delete");
    assert_eq!(admins.count(ListOptions::all()).await.expect("count"), 0);
}

// ACC-231
#[tokio::test]
async fn role_of_admins_stays_and_users_lose_a_deleted_one() {
    let (_directory, store) = on_disk();
    store.roles().insert(role("sales"), NOW).await.expect("insert");
    let mut record = user("alice");
    record.role = "sales".into();
    store.users().insert(record, None, NOW).await.expect("insert");
    let mut boss = admin("boss");
    boss.role = "sales".into();
    store.admins().insert(boss, None, NOW).await.expect("insert");

    let stored = store.roles().get("sales").await.expect("get").expect("sales");
    assert_eq!((stored.users, stored.admins), (vec!["alice".to_string()], vec!["boss".to_string()]));
    let error = store.roles().delete("sales", NOW).await.expect_err("in use");
    assert!(matches!(&error, StoreError::InUse { by, .. } if by == &["boss"]), "{error}");
    store.admins().delete("boss").await.expect("delete");
    store.roles().delete("sales", NOW + 3).await.expect("delete");
    let alice = store.users().get("alice").await.expect("get").expect("alice");
    assert_eq!((alice.role.as_str(), alice.updated_at), ("", NOW + 3));
}

// SEC-002: secrets are kept as they were sealed, with everything that opening them needs.
#[tokio::test]
async fn whole_user_comes_back_as_it_was_saved() {
    let (_directory, store) = on_disk();
    let secret =
        serde_json::json!({"status": "Secretbox", "payload": "cGF5", "key": "6b6579", "additional_data": "alice", "mode": 1});
    let sent = serde_json::json!({
        "username": "alice", "status": 1, "home_dir": "/srv/alice", "email": "a@example.com", "expiration_date": 5,
        "description": "d", "additional_info": "i", "public_keys": ["ssh-ed25519 AAAA"], "uid": 1000, "max_sessions": 3,
        "quota_size": 4_000_000_000_000_i64, "permissions": {"/": ["list"], "/up": ["*"]},
        "filters": {
            "allowed_ip": ["192.0.2.0/24"],
            "totp_config": {"enabled": true, "config_name": "Default", "secret": secret, "protocols": ["SSH"]},
            "recovery_codes": [{"secret": secret, "used": false}],
        },
        "filesystem": {"provider": 1, "s3config": {"bucket": "b", "access_secret": secret}},
        "oidc_custom_fields": {"claim": "not stored"},
    });
    let mut sent: entrepot_model::User = serde_json::from_value(sent).expect("user");
    let id = store.users().insert(sent.clone(), Some("hash".into()), NOW).await.expect("insert").id;
    let stored = store.users().get("alice").await.expect("get").expect("alice");
    assert_eq!(stored.filesystem, sent.filesystem);
    (sent.id, sent.has_password) = (id, true);
    (sent.created_at, sent.updated_at) = (NOW, NOW);
    sent.oidc_custom_fields.clear(); // ACC-050
    assert!(stored == sent, "{}", serde_json::to_string(&stored).expect("json"));
    let again = store.users().update(stored.clone(), PasswordChange::Keep, NOW).await.expect("update");
    assert!(again == stored, "an unchanged save changed the user");
}
