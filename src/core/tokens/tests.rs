//! Tokens of accounts in a store in memory.

use entrepot_config::Settings;
use entrepot_model::{Admin, AdminPermission, Protocol, User};
use entrepot_secrets::{KeyRing as MasterKeys, SealStatus};
use entrepot_store::StoreOptions;

use super::*;
use crate::{
    Attempt, Credentials, ManualClock,
    admin::{admins, users},
    login::tests::{House, MONDAY_NOON, house, peer},
};

fn address(text: &str) -> IpAddr {
    text.parse().expect("address")
}

fn root() -> Admin {
    Admin {
        username: "root".into(),
        password: Some("secret".into()),
        status: 1,
        permissions: vec![AdminPermission::Any],
        ..Admin::default()
    }
}

/// A house with the administrator `root`, and a token given to 192.0.2.1.
async fn with_admin(change: impl FnOnce(&mut Settings)) -> (House, String) {
    let house = house(change).await;
    admins::add(&house.core, &AdminSession::system(), root()).await.expect("added");
    let session = house.core.admin_login("root", "secret", None, address("192.0.2.1")).await.expect("login");
    let token = house.core.issue_admin_token(&session).await.expect("token");
    (house, token.access_token)
}

/// A token of the user `alice`, given to 192.0.2.1.
async fn of_user(house: &House, user: User) -> String {
    users::add(&house.core, &AdminSession::system(), user).await.expect("added");
    let attempt = Attempt { username: "alice".into(), protocol: Protocol::Http, peer: peer("192.0.2.1") };
    let login = house.core.authenticate(&attempt, Credentials::Password("secret")).await.expect("login");
    house.core.issue_user_token(&login).expect("token").access_token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_a_session_until_it_expires() {
    // SEC-047, SEC-060, SEC-062, SEC-073
    let (house, token) = with_admin(|_| {}).await;
    let home = address("192.0.2.1");
    let session = house.core.admin_session(&token, home).await.expect("session");
    assert_eq!((session.username(), session.ip()), ("root", home));
    assert!(session.may(AdminPermission::AddUsers));
    house.clock.advance_millis((20 * 60 + 30) * 1000);
    assert!(house.core.admin_session(&token, home).await.is_ok());
    house.clock.advance_millis(1000);
    assert_eq!(house.core.admin_session(&token, home).await.err(), Some(TokenError::Invalid));
    assert_eq!(house.core.admin_session("rubbish", home).await.err(), Some(TokenError::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_bound_to_kind_and_address() {
    // SEC-059, SEC-063, API-024
    let (house, token) = with_admin(|_| {}).await;
    let verify = |kind, ip| house.core.verify_token(&token, kind, ip);
    assert_eq!(verify(TokenKind::ApiUser, address("192.0.2.1")).await, Err(TokenError::Audience));
    assert_eq!(verify(TokenKind::WebAdmin, address("192.0.2.1")).await, Err(TokenError::Audience));
    assert_eq!(verify(TokenKind::ApiAdmin, address("192.0.2.2")).await, Err(TokenError::NotValid));
    assert!(verify(TokenKind::ApiAdmin, address("::ffff:192.0.2.1")).await.is_ok());
    let (house, token) = with_admin(|settings| settings.httpd.token_validation = 1).await;
    assert!(house.core.admin_session(&token, address("192.0.2.2")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_a_token() {
    // SEC-066, SEC-067
    let (house, token) = with_admin(|_| {}).await;
    let ip = address("192.0.2.1");
    let claims = house.core.verify_token(&token, TokenKind::ApiAdmin, ip).await.expect("valid");
    house.core.revoke_token(&claims);
    assert_eq!(house.core.admin_session(&token, ip).await.err(), Some(TokenError::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_those_of_now_and_disabled_or_deleted_accounts_have_none() {
    // SEC-065, SEC-069
    let (house, token) = with_admin(|_| {}).await;
    let ip = address("192.0.2.1");
    let change = async |admin: Admin| {
        let admin = Admin { password: None, ..admin };
        admins::update(&house.core, &AdminSession::system(), "root", admin).await.expect("updated");
    };
    change(Admin { permissions: vec![AdminPermission::ViewUsers], ..root() }).await;
    assert!(!house.core.admin_session(&token, ip).await.expect("session").may(AdminPermission::AddUsers));
    change(Admin { status: 0, ..root() }).await;
    assert_eq!(house.core.admin_session(&token, ip).await.err(), Some(TokenError::Invalid));
    change(root()).await;
    assert!(house.core.admin_session(&token, ip).await.is_ok());
    admins::delete(&house.core, &AdminSession::system(), "root").await.expect("deleted");
    assert_eq!(house.core.admin_session(&token, ip).await.err(), Some(TokenError::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_token_of_the_account() {
    // SEC-068
    let (house, token) = with_admin(|_| {}).await;
    let ip = address("192.0.2.1");
    house.core.reset_admin_password("root", "other").await.expect("reset");
    assert_eq!(house.core.admin_session(&token, ip).await.err(), Some(TokenError::Invalid));

    let user = house.user("alice");
    let token = of_user(&house, user.clone()).await;
    assert_eq!(
        house.core.user_by_token(&token, peer("192.0.2.1")).await.map(|user| user.user().user.username.clone()),
        Ok("alice".into())
    );
    users::update(&house.core, &AdminSession::system(), "alice", user, false).await.expect("updated");
    assert_eq!(house.core.user_by_token(&token, peer("192.0.2.1")).await.err(), Some(TokenError::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_change_ends_tokens_when_the_setting_says_so() {
    // SEC-064
    for (bits, expected) in [(0, None), (2, Some(TokenError::NotValid))] {
        let house = house(|settings| settings.httpd.token_validation = bits).await;
        let token = of_user(&house, house.user("alice")).await;
        house.clock.advance_millis(1);
        let changed = User { password: None, email: "a@example.com".into(), ..house.user("alice") };
        users::update(&house.core, &AdminSession::system(), "alice", changed, false).await.expect("updated");
        assert_eq!(house.core.user_by_token(&token, peer("192.0.2.1")).await.err(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_lose_their_token_with_protocol_address_or_time() {
    // SEC-065, SEC-053
    let house = house(|_| {}).await;
    let token = of_user(&house, house.user("alice")).await;
    let mut denied = User { password: None, ..house.user("alice") };
    denied.filters.base.denied_protocols = vec!["HTTP".into()];
    users::update(&house.core, &AdminSession::system(), "alice", denied, false).await.expect("updated");
    assert_eq!(house.core.user_by_token(&token, peer("192.0.2.1")).await.err(), Some(TokenError::Invalid));
    let expired = User { password: None, expiration_date: MONDAY_NOON - 1, ..house.user("alice") };
    users::update(&house.core, &AdminSession::system(), "alice", expired, false).await.expect("updated");
    assert_eq!(house.core.user_by_token(&token, peer("192.0.2.1")).await.err(), Some(TokenError::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_keeps_the_duties_of_its_login_and_gets_new_ones_at_once() {
    // SEC-058, SEC-070, ACC-103, ACC-244
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filters.require_password_change = true;
    let token = of_user(&house, user).await;
    let caller = async || house.core.user_by_token(&token, peer("192.0.2.1")).await.expect("caller");
    assert!(caller().await.duties().message().is_some_and(|text| text.starts_with("Password change required")));
    let released = User { password: None, ..house.user("alice") };
    users::update(&house.core, &AdminSession::system(), "alice", released, false).await.expect("updated");
    assert!(!caller().await.duties().is_empty(), "the login was one of somebody who had to change the password");

    let (house, token) = with_admin(|_| {}).await;
    let session = async || house.core.admin_session(&token, address("192.0.2.1")).await.expect("session");
    assert!(session().await.duties().is_empty());
    let mut admin = Admin { password: None, ..root() };
    admin.filters.require_two_factor = true;
    admins::update(&house.core, &AdminSession::system(), "root", admin).await.expect("updated");
    assert!(!session().await.duties().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_whose_rest_api_is_disabled_get_no_token_and_lose_the_one_they_have() {
    // ACC-317, SEC-053
    let house = house(|_| {}).await;
    let token = of_user(&house, house.user("alice")).await;
    let mut user = User { password: None, ..house.user("alice") };
    user.filters.base.web_client = vec!["rest-api-disabled".into()];
    users::update(&house.core, &AdminSession::system(), "alice", user, false).await.expect("updated");
    assert_eq!(house.core.user_by_token(&token, peer("192.0.2.1")).await.err(), Some(TokenError::RestDisabled));
    let attempt = Attempt { username: "alice".into(), protocol: Protocol::Http, peer: peer("192.0.2.1") };
    let login = house.core.authenticate(&attempt, Credentials::Password("secret")).await.expect("login");
    assert!(matches!(house.core.issue_user_token(&login), Err(Error::Denied(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_survive_a_restart_and_are_renewed_in_time() {
    // decisions: signing keys are made once, sealed, with rotation
    let house = house(|_| {}).await;
    let settings = house.core.settings();
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let (sealer, clock) = (Sealer::default(), ManualClock::at_millis(MONDAY_NOON));
    let claims = Claims {
        aud: vec![TokenKind::ApiAdmin.audience().into()],
        jti: "id".into(),
        iat: 0,
        nbf: 0,
        exp: i64::MAX,
        sub: String::new(),
        username: "root".into(),
        pwd: String::new(),
        duties: Duties::default(),
        visitor: String::new(),
        agreed: false,
        document: None,
    };
    let load = async |sealer: &Sealer| TokenKeys::load(&store, sealer, &settings, &clock).await.expect("keys").ring;
    let token = load(&sealer).await.sign(&claims).expect("signed");
    assert!(load(&sealer).await.verify(&token, 1).is_ok());
    let stored = store.secret_keys().list(PURPOSE).await.expect("keys");
    assert_eq!(stored.len(), 1);
    assert!(stored[0].sealed.contains("AES-256-GCM"));

    clock.advance_millis(ROTATION + 1);
    let renewed = load(&sealer).await;
    assert!(renewed.verify(&token, 1).is_ok(), "the old key still verifies");
    clock.advance_millis(OVERLAP + 1);
    let later = load(&sealer).await;
    assert_eq!(later.verify(&token, 1), Err(TokenError::Invalid));
    assert!(later.verify(&renewed.sign(&claims).expect("signed"), 1).is_ok());
    assert_eq!(store.secret_keys().list(PURPOSE).await.expect("keys").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_master_key_ends_tokens_but_not_the_server() {
    let house = house(|_| {}).await;
    let settings = house.core.settings();
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let clock = ManualClock::at_millis(MONDAY_NOON);
    let master = Sealer::new(SealStatus::default(), MasterKeys::new(Some("master"), &[] as &[&str]).expect("ring"));
    TokenKeys::load(&store, &master, &settings, &clock).await.expect("keys");
    clock.advance_millis(1);
    TokenKeys::load(&store, &Sealer::default(), &settings, &clock).await.expect("keys");
    assert_eq!(store.secret_keys().list(PURPOSE).await.expect("keys").len(), 2);
}
