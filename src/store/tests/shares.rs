//! Shares and what they depend on.

use entrepot_model::{Share, share::ShareGroupBinding};

use super::{NOW, group, on_disk, user};
use crate::{ListOptions, ObjectKind, Only, Order, Sort, Store, StoreError};

fn share(id: &str) -> Share {
    Share {
        id: id.into(),
        name: format!("share {id}"),
        scope: 1,
        paths: vec!["/a".into(), "/b".into()],
        username: "alice".into(),
        password: "$2a$hash".into(),
        max_tokens: 3,
        expires_at: NOW + 1,
        groups: vec![binding("staff", 3), binding("club", 1)],
        ..Share::default()
    }
}

fn binding(group: &str, permissions: i64) -> ShareGroupBinding {
    ShareGroupBinding { group_name: group.into(), permissions }
}

async fn populated(store: &Store) {
    for name in ["club", "staff"] {
        store.groups().insert(group(name), NOW).await.expect("group");
    }
    store.users().insert(user("alice"), None, NOW).await.expect("user");
}

async fn ids(store: &Store) -> Vec<String> {
    store.shares().list(ListOptions::all()).await.expect("list").into_iter().map(|share| share.id).collect()
}

// API-028, API-167, API-172
#[tokio::test]
async fn new_shares_are_unused() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let used = Share { used_tokens: 2, last_use_at: 5, created_at: 6, updated_at: 7, user_permissions: 7, ..share("x") };
    let added = store.shares().insert(used, NOW).await.expect("added");
    let expected = Share { created_at: NOW, updated_at: NOW, ..share("x") };
    assert_eq!((&added, added.password.as_str()), (&expected, "$2a$hash"));
    store.shares().insert(share("a"), NOW).await.expect("added");
    assert_eq!(ids(&store).await, ["a", "x"]);
    let taken = store.shares().insert(share("a"), NOW).await;
    assert_eq!(taken, Err(StoreError::Conflict { kind: ObjectKind::Share, name: "a".into() }));
}

// API-096
#[tokio::test]
async fn shares_from_backups_keep_everything() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let old = Share { used_tokens: 2, last_use_at: 5, created_at: 6, updated_at: 7, expires_at: 8, ..share("x") };
    assert_eq!(store.shares().restore(old.clone(), NOW).await, Ok(old.clone()));
    let newer = Share { used_tokens: 3, groups: Vec::new(), password: String::new(), ..old };
    assert_eq!(store.shares().restore(newer.clone(), NOW).await, Ok(newer.clone()));
    assert_eq!(store.shares().get("x").await, Ok(Some(newer)));
}

// API-042, API-176, API-240
#[tokio::test]
async fn updates_leave_owner_and_uses() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.users().insert(user("bob"), None, NOW).await.expect("user");
    store.shares().restore(Share { used_tokens: 2, last_use_at: 5, ..share("x") }, NOW).await.expect("restored");
    let changed =
        Share { username: "bob".into(), used_tokens: 0, max_tokens: 1, groups: Vec::new(), updated_at: NOW, ..share("x") };
    let updated = store.shares().update(changed.clone(), NOW + 9).await.expect("updated").expect("unchanged meanwhile");
    assert_eq!((updated.username.as_str(), updated.used_tokens, updated.last_use_at, updated.max_tokens), ("alice", 2, 5, 1));
    assert_eq!((updated.created_at, updated.updated_at, updated.groups.len()), (NOW, NOW + 9, 0));
    // Whoever read it before that loses nothing of it; and no two changes have one time.
    assert_eq!(store.shares().update(changed, NOW + 10).await, Ok(None));
    let again = store.shares().update(updated, NOW + 9).await.expect("updated").expect("unchanged meanwhile");
    assert_eq!(again.updated_at, NOW + 10);
}

// API-046, ACC-067
#[tokio::test]
async fn shares_go_with_their_owner_and_lose_groups_that_go() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.shares().insert(share("x"), NOW).await.expect("added");
    store.groups().delete("staff").await.expect("deleted");
    assert_eq!(store.shares().get("x").await.expect("get").expect("share").groups, [binding("club", 1)]);
    store.users().delete("alice").await.expect("deleted");
    assert!(ids(&store).await.is_empty());
    let nobody = store.shares().insert(share("y"), NOW).await;
    assert_eq!(nobody, Err(StoreError::Reference { kind: ObjectKind::User, name: "alice".into() }));
    store.users().insert(user("alice"), None, NOW).await.expect("user");
    let missing = store.shares().restore(share("y"), NOW).await;
    assert_eq!(missing, Err(StoreError::Reference { kind: ObjectKind::Group, name: "staff".into() }));
    assert!(ids(&store).await.is_empty());
}

// API-178
#[tokio::test]
async fn deleted_shares_are_gone() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.shares().insert(share("x"), NOW).await.expect("added");
    store.shares().delete("x").await.expect("deleted");
    assert!(matches!(store.shares().delete("x").await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.shares().update(share("x"), NOW).await, Err(StoreError::NotFound { .. })));
}

// API-190, API-192
#[tokio::test]
async fn uses_are_never_more_than_there_are() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.shares().insert(share("x"), NOW).await.expect("added");
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let shares = store.shares();
        tries.spawn(async move { shares.spend("x", 1, NOW + 5).await.expect("spent") });
    }
    assert_eq!(tries.join_all().await.into_iter().flatten().count(), 3);
    let used = store.shares().get("x").await.expect("get").expect("share");
    assert_eq!((used.used_tokens, used.last_use_at), (3, NOW + 5));
    store.shares().give_back("x", 2, NOW + 4, 0).await.expect("given back");
    assert_eq!(store.shares().spend("x", 3, NOW).await, Ok(None));
    assert_eq!(store.shares().spend("x", 2, NOW + 6).await, Ok(Some(NOW + 5)));
    // Going on with something is no use, and possible after the last one.
    assert_eq!(store.shares().spend("x", 0, NOW + 7).await, Ok(Some(NOW + 6)));
    // What came to nothing was no use, unless there was another meanwhile.
    store.shares().give_back("x", 1, NOW + 7, NOW + 6).await.expect("given back");
    let used = store.shares().get("x").await.expect("get").expect("share");
    assert_eq!((used.used_tokens, used.last_use_at), (2, NOW + 6));
    store
        .shares()
        .update(Share { max_tokens: 0, updated_at: NOW, ..share("x") }, NOW)
        .await
        .expect("updated")
        .expect("unchanged");
    assert_eq!(store.shares().spend("x", 9, NOW).await, Ok(Some(NOW + 6)));
    assert!(matches!(store.shares().spend("y", 1, NOW).await, Err(StoreError::NotFound { .. })));
    store.shares().give_back("y", 1, NOW, 0).await.expect("nothing to give back");
}

// API-175, API-221, API-224
#[tokio::test]
async fn members_of_bound_groups_see_a_share() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let mut bob = user("bob");
    bob.groups = vec![entrepot_model::group::GroupMapping { name: "club".into(), kind: 3 }];
    store.users().insert(bob, None, NOW).await.expect("user");
    store.shares().insert(share("a"), NOW).await.expect("added");
    store.shares().insert(Share { groups: vec![binding("staff", 7)], ..share("b") }, NOW).await.expect("added");
    store.shares().insert(Share { groups: vec![binding("club", 6)], ..share("c") }, NOW).await.expect("added");
    store.shares().insert(Share { username: "bob".into(), groups: Vec::new(), ..share("d") }, NOW).await.expect("added");
    let seen = async |name: &str, options: ListOptions| {
        let shares = store.shares().list_visible(name, options).await.expect("list");
        shares.into_iter().map(|share| share.id).collect::<Vec<_>>()
    };
    assert_eq!(seen("bob", ListOptions::all()).await, ["a", "d"]);
    assert_eq!(seen("alice", ListOptions::all()).await, ["a", "b", "c"]);
    assert_eq!(seen("alice", ListOptions { offset: 1, limit: 1, ..ListOptions::default() }).await, ["b"]);
    assert!(seen("nobody", ListOptions::all()).await.is_empty());
    assert_eq!(store.shares().policies("bob").await, Ok(Vec::new()));
    let mut strict = group("club");
    strict.user_settings.filters.share_policy = entrepot_model::filters::SharePolicy { permissions: 3, mode: 2 };
    store.groups().update(strict.clone(), NOW).await.expect("group");
    let policies = store.shares().policies("bob").await.expect("policies");
    assert_eq!(policies, [("club".to_owned(), strict.user_settings.filters.share_policy)]);
}

// SEC-041
#[tokio::test]
async fn a_hash_is_replaced_only_if_it_is_the_same_password() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    store.shares().insert(share("x"), NOW).await.expect("added");
    assert_eq!(store.shares().replace_password_hash("x", "other".into(), "new".into()).await, Ok(false));
    assert_eq!(store.shares().replace_password_hash("x", "$2a$hash".into(), "new".into()).await, Ok(true));
    assert_eq!(store.shares().get("x").await.expect("get").expect("share").password, "new");
}

// ACC-225
#[tokio::test]
async fn shares_are_listed_by_user_and_role() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let role = entrepot_model::Role { name: "sales".into(), ..entrepot_model::Role::default() };
    store.roles().insert(role, NOW).await.expect("role");
    let mut bob = user("bob");
    bob.role = "sales".into();
    store.users().insert(bob, None, NOW).await.expect("user");
    store.shares().insert(share("a"), NOW).await.expect("added");
    store.shares().insert(Share { username: "bob".into(), groups: Vec::new(), ..share("b") }, NOW).await.expect("added");
    let listed = async |name: Option<&str>, role: Option<&str>| {
        let options = ListOptions { role: role.map(str::to_owned), ..ListOptions::default() };
        let shares = store.shares().list_of(name, options).await.expect("list");
        shares.into_iter().map(|share| share.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None).await, ["a", "b"]);
    assert_eq!(listed(Some("alice"), None).await, ["a"]);
    assert_eq!(listed(None, Some("sales")).await, ["b"]);
    assert!(listed(Some("alice"), Some("sales")).await.is_empty());
}

// UI-205, UI-220
#[tokio::test]
async fn shares_are_ordered_and_narrowed() {
    let (_directory, store) = on_disk();
    populated(&store).await;
    let mut bob = user("bob");
    bob.email = "bob@example.com".into();
    store.users().insert(bob, None, NOW).await.expect("user");
    let of = |id: &str, name: &str| Share { name: name.into(), password: String::new(), groups: Vec::new(), ..share(id) };
    let plans =
        Share { expires_at: NOW + 1000, paths: vec!["/drawings/hull".into()], scope: 1, max_tokens: 0, ..of("a", "plans") };
    let drop =
        Share { expires_at: 0, scope: 2, max_tokens: 1, password: "$2a$hash".into(), username: "bob".into(), ..of("b", "Drop") };
    let past = Share { expires_at: NOW - 1, scope: 1, max_tokens: 0, ..of("c", "Zebra") };
    for share in [plans, drop, past] {
        store.shares().insert(share, NOW).await.expect("added");
    }
    let listed = async |sort: Sort, order: Order, only: Vec<Only>| {
        let options = ListOptions { sort, order, only, ..ListOptions::default() };
        let count = store.shares().count_of(None, options.clone()).await.expect("count");
        let found = store.shares().list_of(None, options).await.expect("list");
        assert_eq!(count, found.len() as u64);
        found.into_iter().map(|share| share.id).collect::<String>()
    };
    for (sort, order, wanted) in [
        (Sort::Label, Order::Ascending, "bac"),
        (Sort::Label, Order::Descending, "cab"),
        (Sort::Expires, Order::Ascending, "cab"),
        (Sort::Users, Order::Descending, "bca"),
        (Sort::Kind, Order::Descending, "bca"),
        (Sort::Email, Order::Ascending, "abc"),
    ] {
        assert_eq!(listed(sort, order, Vec::new()).await, wanted, "{sort:?}");
    }
    store.shares().spend("b", 1, NOW).await.expect("spent");
    for (only, wanted) in [
        (Only::Running(NOW), "a"),
        (Only::Running(NOW - 2), "ac"),
        (Only::Over(NOW), "bc"),
        (Only::Endless, "b"),
        (Only::Protected(true), "b"),
        (Only::Protected(false), "ac"),
        (Only::Kind(2), "b"),
        (Only::Text("PLAN".into()), "a"),
        (Only::Text("bob".into()), "b"),
        (Only::Text("hull".into()), "a"),
        (Only::Text("[".into()), ""),
        (Only::Text("\0".into()), ""),
        (Only::Role("x".into()), ""),
    ] {
        assert_eq!(listed(Sort::Name, Order::Ascending, vec![only.clone()]).await, wanted, "{only:?}");
    }
    assert_eq!(listed(Sort::LastUse, Order::Descending, vec![Only::Running(NOW - 2), Only::Protected(false)]).await, "ca");
}
