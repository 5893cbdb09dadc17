//! API keys of accounts in a store in memory.

use entrepot_model::{Admin, AdminPermission, User};

use super::*;
use crate::{
    admin::{admins, api_keys, users},
    login::tests::{House, MONDAY_NOON, house, peer},
};

/// What is different with an account.
type Change = fn(&mut User);

const IP: &str = "192.0.2.7";

fn ip() -> IpAddr {
    IP.parse().expect("address")
}

fn system() -> AdminSession {
    AdminSession::system()
}

async fn key(house: &House, key: ApiKey) -> String {
    api_keys::add(&house.core, &system(), ApiKey { name: "k".into(), ..key }).await.expect("key").shown
}

async fn add_user(house: &House, change: impl FnOnce(&mut User)) {
    let mut user = house.user("al.ice");
    user.filters.base.allow_api_key_auth = true;
    change(&mut user);
    users::add(&house.core, &system(), user).await.expect("user");
}

async fn add_admin(house: &House, change: impl FnOnce(&mut Admin)) {
    let mut admin = Admin {
        username: "root".into(),
        password: Some("secret".into()),
        status: 1,
        permissions: vec![AdminPermission::ViewUsers],
        ..Admin::default()
    };
    admin.filters.allow_api_key_auth = true;
    change(&mut admin);
    admins::add(&house.core, &system(), admin).await.expect("admin");
}

async fn user(house: &House, shown: &str) -> Result<String, KeyError> {
    house.core.user_by_key(shown, peer(IP)).await.map(|caller| caller.username().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_acts_as_its_account_and_an_unbound_one_as_whom_it_names() {
    // SEC-078, SEC-080, SEC-081, SEC-085, SEC-245
    let house = house(|_| {}).await;
    add_user(&house, |_| {}).await;
    add_admin(&house, |_| {}).await;
    let bound = key(&house, ApiKey { scope: 2, user: "al.ice".into(), ..ApiKey::default() }).await;
    let free = key(&house, ApiKey { scope: 2, ..ApiKey::default() }).await;
    for shown in [bound.clone(), format!("{bound}.somebody"), format!("{free}.al.ice")] {
        assert_eq!(user(&house, &shown).await.as_deref(), Ok("al.ice"), "{shown}");
    }
    assert_eq!(user(&house, &free).await, Err(KeyError::Rejected));
    assert_eq!(user(&house, &format!("{free}.nobody")).await, Err(KeyError::Rejected));
    let admin = key(&house, ApiKey { scope: 1, admin: "root".into(), ..ApiKey::default() }).await;
    let session = house.core.admin_by_key(&admin, ip()).await.expect("session");
    assert_eq!((session.username(), session.may(AdminPermission::ViewUsers)), ("root", true));
    assert!(!session.may(AdminPermission::AddUsers) && session.api_key().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_told_apart_as_the_contract_says() {
    // SEC-082
    let house = house(|_| {}).await;
    add_user(&house, |_| {}).await;
    let expires_at = MONDAY_NOON + 1000;
    let shown = key(&house, ApiKey { scope: 2, user: "al.ice".into(), expires_at, ..ApiKey::default() }).await;
    let (id, secret) = shown.split_once('.').expect("dot");
    for malformed in ["", "nodot", ".", &format!(".{secret}"), &format!("{id}."), "unknown.secret"] {
        assert_eq!(user(&house, malformed).await, Err(KeyError::Malformed), "{malformed}");
    }
    assert_eq!(user(&house, &format!("{id}.wrong")).await, Err(KeyError::Rejected));
    assert_eq!(house.core.admin_by_key(&shown, ip()).await.err(), Some(KeyError::Scope));
    assert!(user(&house, &shown).await.is_ok());
    house.clock.advance_millis(1000);
    assert_eq!(user(&house, &shown).await, Err(KeyError::Rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_must_take_keys_and_be_let_in() {
    // SEC-083, ACC-241, ACC-317, ACC-331
    let cases: [(Change, KeyError); 7] = [
        (|user| user.filters.base.allow_api_key_auth = false, KeyError::Rejected),
        (|user| user.status = 0, KeyError::Rejected),
        (|user| user.expiration_date = MONDAY_NOON - 1, KeyError::Rejected),
        (|user| user.filters.base.denied_protocols = vec!["HTTP".into()], KeyError::Rejected),
        (|user| user.filters.base.denied_ip = vec!["192.0.2.0/24".into()], KeyError::Rejected),
        (
            |user| {
                let sunday = entrepot_model::TimePeriod { day_of_week: 0, from: "00:00".into(), to: "23:59".into() };
                user.filters.base.access_time = vec![sunday];
            },
            KeyError::Rejected,
        ),
        (|user| user.filters.base.web_client = vec!["rest-api-disabled".into()], KeyError::RestDisabled),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let house = house(|_| {}).await;
        add_user(&house, change).await;
        let shown = key(&house, ApiKey { scope: 2, user: "al.ice".into(), ..ApiKey::default() }).await;
        assert_eq!(user(&house, &shown).await, Err(expected), "case {index}");
    }
    let cases: [fn(&mut Admin); 3] = [
        |admin| admin.filters.allow_api_key_auth = false,
        |admin| admin.status = 0,
        |admin| admin.filters.allow_list = vec!["198.51.100.0/24".into()],
    ];
    for change in cases {
        let house = house(|_| {}).await;
        add_admin(&house, change).await;
        let shown = key(&house, ApiKey { scope: 1, admin: "root".into(), ..ApiKey::default() }).await;
        assert_eq!(house.core.admin_by_key(&shown, ip()).await.err(), Some(KeyError::Rejected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_second_factor_and_method_of_the_account_are_not_asked() {
    // SEC-084, ACC-106, ACC-242
    let house = house(|_| {}).await;
    add_user(&house, |user| {
        user.password = None;
        user.filters.require_password_change = true;
        user.filters.base.two_factor_protocols = vec!["HTTP".into()];
    })
    .await;
    add_admin(&house, |admin| {
        admin.filters.require_password_change = true;
        admin.filters.require_two_factor = true;
        admin.filters.disable_password_auth = true;
    })
    .await;
    let shown = key(&house, ApiKey { scope: 2, user: "al.ice".into(), ..ApiKey::default() }).await;
    let caller = house.core.user_by_key(&shown, peer(IP)).await.expect("caller");
    assert!(caller.duties().is_empty());
    let shown = key(&house, ApiKey { scope: 1, ..ApiKey::default() }).await;
    let session = house.core.admin_by_key(&format!("{shown}.root"), ip()).await.expect("session");
    assert!(session.duties().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_are_noted_every_ten_minutes_and_failures_each_time() {
    // SEC-088, SEC-096, SEC-189
    let house = house(|_| {}).await;
    add_user(&house, |_| {}).await;
    let shown = key(&house, ApiKey { scope: 2, user: "al.ice".into(), ..ApiKey::default() }).await;
    let id = shown.split('.').next().expect("id").to_owned();
    let last_use = async || api_keys::get(&house.core, &system(), &id).await.expect("key").last_use_at;
    assert_eq!(last_use().await, 0);
    user(&house, &shown).await.expect("user");
    assert_eq!(last_use().await, MONDAY_NOON);
    house.clock.advance_millis(USE_INTERVAL - 1);
    user(&house, &shown).await.expect("user");
    assert_eq!(last_use().await, MONDAY_NOON);
    house.clock.advance_millis(1);
    user(&house, &shown).await.expect("user");
    assert_eq!(last_use().await, MONDAY_NOON + USE_INTERVAL);
    assert!(user(&house, &format!("{id}.wrong")).await.is_err());
    assert!(user(&house, "unknown.key").await.is_err());
    crate::audit::flush(&house.core).await;
    let events = house.core.0.store.events().search_log(entrepot_store::LogEventFilter::default()).await.expect("events");
    let mut types: Vec<i64> = events.iter().map(|event| event.event).collect();
    types.sort_unstable();
    assert_eq!(types, [EVENT_FAILED, EVENT_FAILED, EVENT_OK, EVENT_OK]);
    assert!(!format!("{events:?}").contains(shown.split('.').nth(1).expect("secret")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_remembered_until_the_key_is_gone() {
    // SEC-043, SEC-093, SEC-094
    let house = house(|_| {}).await;
    add_user(&house, |_| {}).await;
    let shown = key(&house, ApiKey { scope: 2, user: "al.ice".into(), ..ApiKey::default() }).await;
    user(&house, &shown).await.expect("user");
    let (id, secret) = shown.split_once('.').expect("dot");
    let stored = house.core.0.store.api_keys().get(id).await.expect("read").expect("key");
    let hash = stored.key.expect("hash");
    let is_known = || house.core.0.credentials.is_verified(Holder::ApiKey, id, &hash, secret, MONDAY_NOON);
    assert!(is_known());
    users::delete(&house.core, &system(), "al.ice").await.expect("deleted");
    assert_eq!(user(&house, &shown).await, Err(KeyError::Malformed));
    assert_eq!(house.core.0.store.api_keys().get(id).await.expect("read"), None);
}
