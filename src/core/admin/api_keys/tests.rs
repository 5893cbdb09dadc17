//! Keys against a store in memory.

use entrepot_model::{Admin, event::ProviderEvent};

use super::*;
use crate::{
    admin::{admins, users},
    login::tests::{House, MONDAY_NOON, house},
};

fn system() -> AdminSession {
    AdminSession::system()
}

fn key(scope: i64) -> ApiKey {
    ApiKey { name: "ci".into(), scope, ..ApiKey::default() }
}

/// Every key with its hash.
async fn export(core: &Core) -> Result<Vec<ApiKey>> {
    core.0.store.api_keys().list(ListOptions::all()).await.map_err(stored)
}

async fn filled() -> House {
    let house = house(|_| {}).await;
    users::add(&house.core, &system(), house.user("alice")).await.expect("user");
    let permissions = vec![P::Any];
    let admin = Admin { username: "root".into(), password: Some("pw".into()), status: 1, permissions, ..Admin::default() };
    admins::add(&house.core, &system(), admin).await.expect("admin");
    house
}

fn field<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

async fn events(house: &House) -> Vec<ProviderEvent> {
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter { object_types: vec![KIND.into()], ..Default::default() };
    house.core.0.store.events().search_provider(filter).await.expect("events")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_drawn_hashed_and_shown_once() {
    // SEC-075, SEC-076, SEC-077, SEC-089, SEC-092, API-048
    let house = filled().await;
    let body = ApiKey { id: "mine".into(), key: Some("mine".into()), created_at: 5, last_use_at: 5, ..key(1) };
    let made = add(&house.core, &system(), body).await.expect("added");
    let (id, secret) = made.shown.split_once('.').expect("dot");
    assert_eq!((id, id.len(), secret.len()), (made.key.id.as_str(), 22, 22));
    assert_eq!((made.key.created_at, made.key.last_use_at), (MONDAY_NOON, 0));
    assert!(made.key.key.is_none() && !format!("{made:?}").contains(secret));
    assert!(get(&house.core, &system(), id).await.expect("key").key.is_none());
    assert!(list(&house.core, &system(), ListOptions::all()).await.expect("keys").iter().all(|key| key.key.is_none()));
    let stored = export(&house.core).await.expect("keys");
    let hash = stored[0].key.clone().expect("hash");
    assert!(hash.starts_with("$2a$"), "{hash}");
    house.clock.advance_millis(7);
    let change = ApiKey { id: "other".into(), name: "new".into(), key: Some("x".into()), scope: 2, ..ApiKey::default() };
    let updated = update(&house.core, &system(), id, change).await.expect("updated");
    assert_eq!((updated.id.as_str(), updated.name.as_str(), updated.scope), (id, "new", 2));
    assert_eq!((updated.created_at, updated.updated_at), (MONDAY_NOON, MONDAY_NOON + 7));
    assert_eq!(export(&house.core).await.expect("keys")[0].key.as_ref(), Some(&hash));
    delete(&house.core, &system(), id).await.expect("deleted");
    assert_eq!(delete(&house.core, &system(), id).await, Err(Error::NotFound));
    let events = events(&house).await;
    let mut actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["add", "delete", "update"]);
    assert!(events.iter().all(|event| event.object_name == id));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_must_exist_and_take_their_keys_with_them() {
    // SEC-079, SEC-093, ACC-252, ACC-067
    let house = filled().await;
    let unknown = ApiKey { user: "nobody".into(), ..key(2) };
    assert_eq!(field(add(&house.core, &system(), unknown).await), "user");
    let unknown = ApiKey { admin: "nobody".into(), ..key(1) };
    assert_eq!(field(add(&house.core, &system(), unknown).await), "admin");
    for bound in [ApiKey { user: "alice".into(), ..key(2) }, ApiKey { admin: "root".into(), ..key(1) }, key(1)] {
        add(&house.core, &system(), bound).await.expect("added");
    }
    users::delete(&house.core, &system(), "alice").await.expect("deleted");
    admins::delete(&house.core, &system(), "root").await.expect("deleted");
    let left = list(&house.core, &system(), ListOptions::all()).await.expect("keys");
    assert_eq!(left.iter().map(|key| (key.user.as_str(), key.admin.as_str())).collect::<Vec<_>>(), [("", "")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiration_comes_earlier_but_not_later() {
    // SEC-090, SEC-091
    let house = filled().await;
    let until = |expires_at| ApiKey { expires_at, ..key(1) };
    assert_eq!(field(add(&house.core, &system(), until(MONDAY_NOON)).await), "expires_at");
    let id = add(&house.core, &system(), until(MONDAY_NOON + 100)).await.expect("added").key.id;
    for later in [0, MONDAY_NOON + 101] {
        assert_eq!(field(update(&house.core, &system(), &id, until(later)).await), "expires_at");
    }
    for earlier in [MONDAY_NOON + 100, MONDAY_NOON + 50, MONDAY_NOON - 50] {
        update(&house.core, &system(), &id, until(earlier)).await.expect("updated");
    }
    let endless = add(&house.core, &system(), key(1)).await.expect("added").key.id;
    update(&house.core, &system(), &endless, until(MONDAY_NOON + 5)).await.expect("updated");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_full_administrators_with_a_token_manage_keys() {
    // ACC-234, SEC-086, SEC-087, ACC-250
    let house = filled().await;
    let ip = "192.0.2.9".parse().expect("address");
    let of = |permissions: &[P]| {
        let admin = Admin { username: "root".into(), status: 1, permissions: permissions.to_vec(), ..Admin::default() };
        AdminSession::new(admin, None, ip)
    };
    let is_denied = |result: Result<Vec<ApiKey>>| matches!(result, Err(Error::Denied(_)));
    assert!(is_denied(list(&house.core, &of(&[P::AddUsers, P::ViewUsers]), ListOptions::all()).await));
    let through_key = of(&[P::Any]).with_key("id".into());
    assert!(is_denied(list(&house.core, &through_key, ListOptions::all()).await));
    assert!(list(&house.core, &of(&[P::Any]), ListOptions::all()).await.is_ok());
    let own = Admin { username: "root".into(), status: 1, permissions: vec![P::Any], ..Admin::default() };
    assert_eq!(field(admins::update(&house.core, &through_key, "root", own.clone()).await), "username");
    assert_eq!(field(admins::delete(&house.core, &through_key, "root").await), "username");
    let other = Admin { username: "other".into(), password: Some("pw".into()), ..own };
    admins::add(&house.core, &through_key, other.clone()).await.expect("added");
    admins::update(&house.core, &through_key, "other", other).await.expect("updated");
    admins::delete(&house.core, &through_key, "other").await.expect("deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_keys_back_as_they_were() {
    // SEC-039, SEC-090, API-096
    let house = filled().await;
    let id = add(&house.core, &system(), ApiKey { user: "alice".into(), ..key(2) }).await.expect("added").key.id;
    let mut saved = export(&house.core).await.expect("keys").remove(0);
    (saved.expires_at, saved.last_use_at, saved.created_at) = (MONDAY_NOON - 1, 8, 9);
    delete(&house.core, &system(), &id).await.expect("deleted");
    let restored = restore(&house.core, &system(), saved.clone(), false).await.expect("restored").expect("new");
    assert!(restored.key.is_none());
    assert_eq!(export(&house.core).await.expect("keys"), [saved.clone()]);
    let renamed = ApiKey { name: "other".into(), ..saved.clone() };
    assert_eq!(restore(&house.core, &system(), renamed.clone(), false).await, Ok(None));
    assert!(restore(&house.core, &system(), renamed, true).await.expect("restored").is_some_and(|key| key.name == "other"));
    let without = ApiKey { key: None, ..saved.clone() };
    assert_eq!(field(restore(&house.core, &system(), without, true).await), "key");
    let broken = ApiKey { key: Some("$2a$broken".into()), ..saved.clone() };
    assert_eq!(field(restore(&house.core, &system(), broken, true).await), "key");
    assert_eq!(field(restore(&house.core, &system(), ApiKey { id: "a.b".into(), ..saved.clone() }, true).await), "id");
    let plain = ApiKey { key: Some("plain".into()), ..saved };
    restore(&house.core, &system(), plain, true).await.expect("restored");
    assert!(export(&house.core).await.expect("keys")[0].key.as_ref().is_some_and(|key| key.starts_with("$2a$")));
}
