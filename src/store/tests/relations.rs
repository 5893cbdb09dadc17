//! Groups, virtual folders, and what ties them to users.

use super::{NOW, admin, folder, group, member, mount, on_disk, role, user};
use crate::{ListOptions, ObjectKind, PasswordChange, Store, StoreError};

/// alice in `staff` and `extra` with two folders; `staff` has a folder, too.
async fn populated(store: &Store) {
    for name in ["inbox", "shared", "team"] {
        store.folders().insert(folder(name)).await.expect("folder");
    }
    let mut staff = group("staff");
    staff.virtual_folders = vec![mount("team", "/team")];
    store.groups().insert(staff, NOW).await.expect("group");
    store.groups().insert(group("extra"), NOW).await.expect("group");
    store.groups().insert(group("club"), NOW).await.expect("group");
    let mut alice = user("alice");
    alice.groups = vec![member("staff", 1), member("club", 3), member("extra", 2)];
    let mut part = mount("shared", "/part");
    part.subpath = "/2026".into();
    part.quota_size = 1000;
    alice.virtual_folders = vec![part, mount("inbox", "/in"), mount("shared", "/all")];
    store.users().insert(alice, Some("hash".into()), NOW).await.expect("user");
    store.users().insert(user("bob"), None, NOW).await.expect("user");
}

// ACC-357, ACC-180
#[tokio::test]
async fn order_of_groups_and_folders_is_kept() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let alice = store.users().get("alice").await.expect("get").expect("alice");
    let groups: Vec<_> = alice.groups.iter().map(|group| (group.name.as_str(), group.kind)).collect();
    assert_eq!(groups, [("staff", 1), ("club", 3), ("extra", 2)]);
    let mounts: Vec<_> = alice
        .virtual_folders
        .iter()
        .map(|mount| (mount.virtual_path.as_str(), mount.folder.name.as_str(), mount.subpath.as_str(), mount.quota_size))
        .collect();
    assert_eq!(mounts, [("/part", "shared", "/2026", 1000), ("/in", "inbox", "", -1), ("/all", "shared", "", -1)]);
    // The mapping carries the whole folder.
    assert_eq!(alice.virtual_folders[0].folder.mapped_path, "/mnt/shared");
}

#[tokio::test]
async fn folders_and_groups_name_those_that_use_them() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let shared = store.folders().get("shared").await.expect("get").expect("shared");
    assert_eq!(shared.users, ["alice"]);
    let folders = store.folders().list(ListOptions::all()).await.expect("list");
    let by_group: Vec<_> = folders.iter().map(|folder| folder.groups.join(",")).collect();
    assert_eq!(by_group, ["", "", "staff"]);
    let groups = store.groups().list(ListOptions::all()).await.expect("list");
    assert!(groups.iter().all(|group| group.users == ["alice"]));
    assert_eq!(groups[2].virtual_folders[0].folder.mapped_path, "/mnt/team");
}

// ACC-060
#[tokio::test]
async fn unknown_references_save_nothing() {
    let (_directory, store) = on_disk();
    let mut with_role = user("a");
    with_role.role = "none".into();
    let mut with_group = user("a");
    with_group.groups = vec![member("none", 1)];
    let mut with_folder = user("a");
    with_folder.virtual_folders = vec![mount("none", "/x")];
    let cases = [(with_role, ObjectKind::Role), (with_group, ObjectKind::Group), (with_folder, ObjectKind::Folder)];
    for (record, kind) in cases {
        let error = store.users().insert(record, None, NOW).await.expect_err("reference");
        let name = "none".to_string();
        assert_eq!(error, StoreError::Reference { kind, name });
        assert!(store.users().get("a").await.expect("get").is_none(), "{kind}");
    }
}

#[tokio::test]
async fn failed_update_leaves_the_old_relations() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let mut changed = user("alice");
    changed.virtual_folders = vec![mount("inbox", "/in"), mount("none", "/x")];
    store.users().update(changed, PasswordChange::Keep, NOW).await.expect_err("reference");
    let alice = store.users().get("alice").await.expect("get").expect("alice");
    assert_eq!((alice.virtual_folders.len(), alice.groups.len()), (3, 3));
    // ACC-061: an update without them removes them.
    let alice = store.users().update(user("alice"), PasswordChange::Keep, NOW).await.expect("update");
    assert_eq!((alice.virtual_folders.len(), alice.groups.len()), (0, 0));
}

// ACC-069, ACC-189, ACC-221
#[tokio::test]
async fn saved_groups_and_folders_bump_their_users() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let updated = |name: &'static str| {
        let users = store.users();
        async move { users.get(name).await.expect("get").expect(name).updated_at }
    };
    store.groups().update(group("extra"), NOW + 1).await.expect("update");
    assert_eq!(updated("alice").await, NOW + 1);
    store.folders().update(folder("inbox"), NOW + 2).await.expect("update");
    assert_eq!(updated("alice").await, NOW + 2);
    // Through the group.
    store.folders().update(folder("team"), NOW + 3).await.expect("update");
    assert_eq!(updated("alice").await, NOW + 3);
    assert_eq!(updated("bob").await, NOW);
}

// ACC-188
#[tokio::test]
async fn deleted_folder_vanishes_from_users_and_groups() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.folders().delete("shared", NOW + 4).await.expect("delete");
    store.folders().delete("team", NOW + 5).await.expect("delete");
    let alice = store.users().get("alice").await.expect("get").expect("alice");
    let mounts: Vec<_> = alice.virtual_folders.iter().map(|mount| mount.virtual_path.as_str()).collect();
    assert_eq!((mounts, alice.updated_at), (vec!["/in"], NOW + 5));
    let staff = store.groups().get("staff").await.expect("get").expect("staff");
    assert!(staff.virtual_folders.is_empty());
}

// ACC-220
#[tokio::test]
async fn group_of_users_stays_and_that_of_admins_goes() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let error = store.groups().delete("staff").await.expect_err("in use");
    assert!(matches!(&error, StoreError::InUse { by, .. } if by == &["alice"]), "{error}");

    store.groups().insert(group("new"), NOW).await.expect("insert");
    let boss = serde_json::json!({"username": "boss", "groups": [{"name": "new", "options": {"add_to_users_as": 1}}]});
    let boss = serde_json::from_value(boss).expect("admin");
    let boss = store.admins().insert(boss, None, NOW).await.expect("insert");
    let json = serde_json::to_value(&boss).expect("json");
    assert_eq!(json["groups"], serde_json::json!([{"name": "new", "options": {"add_to_users_as": 1}}]));
    let new = store.groups().get("new").await.expect("get").expect("new");
    assert_eq!(new.admins, ["boss"]);
    store.groups().delete("new").await.expect("delete");
    let boss = store.admins().get("boss").await.expect("get").expect("boss");
    let json = serde_json::to_value(&boss).expect("json");
    assert!(json.get("groups").is_none_or(|groups| groups.as_array().is_some_and(Vec::is_empty)));
}

#[tokio::test]
async fn deleted_user_leaves_no_relation() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.users().delete("alice").await.expect("delete");
    store.groups().delete("staff").await.expect("no user is left");
    let shared = store.folders().get("shared").await.expect("get").expect("shared");
    assert!(shared.users.is_empty());
}

#[tokio::test]
async fn login_record_has_groups_that_give_settings_and_every_folder_once() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.folders().set_usage("shared", 4, 40, NOW).await.expect("usage");
    let record = store.users().load_for_login("alice").await.expect("load").expect("alice");
    assert_eq!(record.user.username, "alice");
    assert_eq!(record.password_hash.as_deref(), Some("hash"));
    let groups: Vec<_> = record.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["staff", "extra"]); // ACC-195: type 3 gives nothing
    assert_eq!(record.groups[0].virtual_folders[0].folder.name, "team");
    let folders: Vec<_> = record.folders.iter().map(|folder| (folder.name.as_str(), folder.used_quota_size)).collect();
    assert_eq!(folders, [("inbox", 0), ("shared", 40), ("team", 0)]);
    assert!(!format!("{record:?}").contains("hash\""), "a hash is shown");
    assert!(store.users().load_for_login("nobody").await.expect("load").is_none());
}

// ACC-290
#[tokio::test]
async fn folder_update_keeps_usage() {
    let (_directory, store) = on_disk();
    store.folders().insert(folder("f")).await.expect("insert");
    store.folders().add_usage("f", 2, 20, NOW).await.expect("usage");
    store.folders().add_usage("f", -9, -5, NOW).await.expect("usage");
    let mut changed = folder("f");
    changed.used_quota_size = 999;
    changed.description = "new".into();
    let stored = store.folders().update(changed, NOW).await.expect("update");
    assert_eq!((stored.used_quota_files, stored.used_quota_size), (0, 15));
    assert_eq!(stored.description, "new");
    let usage = store.folders().usage("f").await.expect("usage").expect("f");
    assert_eq!((usage.used_quota_size, usage.last_quota_update), (15, NOW));
    let error = store.folders().insert(folder("f")).await.expect_err("conflict");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn role_of_an_admin_is_a_reference_too() {
    let (_directory, store) = on_disk();
    let mut boss = admin("boss");
    boss.role = "sales".into();
    store.admins().insert(boss.clone(), None, NOW).await.expect_err("reference");
    store.roles().insert(role("sales"), NOW).await.expect("insert");
    let boss = store.admins().insert(boss, None, NOW).await.expect("insert");
    assert_eq!(boss.role, "sales");
}
