//! Accounts that change themselves, against a store in memory.

use entrepot_config::Settings;
use entrepot_model::{
    Admin, AdminPermission, AdminProfile, PasswordPolicy, Protocol, User, UserProfile, api::PwdChange, event::ProviderEvent,
};

use super::{password, profile};
use crate::{
    Attempt, Credentials, Error, Result, UserCaller,
    admin::{AdminSession, admins, users},
    login::tests::{House, MONDAY_NOON, house, peer},
    tokens::TokenError,
};

/// What of a profile is different afterwards.
type Change = fn(&mut UserProfile);

const IP: &str = "192.0.2.7";

fn pair(current: &str, new: &str) -> PwdChange {
    PwdChange { current_password: current.into(), new_password: new.into() }
}

/// The user `alice` with a token.
async fn of_user(change: impl FnOnce(&mut User), settings: impl FnOnce(&mut Settings)) -> (House, String) {
    let house = house(settings).await;
    let mut user = house.user("alice");
    change(&mut user);
    users::add(&house.core, &AdminSession::system(), user).await.expect("user");
    let attempt = Attempt { username: "alice".into(), protocol: Protocol::Http, peer: peer(IP) };
    let login = house.core.authenticate(&attempt, Credentials::Password("secret")).await.expect("login");
    let token = house.core.issue_user_token(&login).expect("token").access_token;
    (house, token)
}

async fn caller(house: &House, token: &str) -> UserCaller {
    house.core.user_by_token(token, peer(IP)).await.expect("caller")
}

async fn of_admin(change: impl FnOnce(&mut Admin), settings: impl FnOnce(&mut Settings)) -> (House, String) {
    let house = house(settings).await;
    let permissions = vec![AdminPermission::ViewUsers];
    let mut admin =
        Admin { username: "root".into(), password: Some("secret".into()), status: 1, permissions, ..Admin::default() };
    change(&mut admin);
    admins::add(&house.core, &AdminSession::system(), admin).await.expect("admin");
    let session = house.core.admin_login("root", "secret", None, IP.parse().expect("ip")).await.expect("login");
    let token = house.core.issue_admin_token(&session).await.expect("token").access_token;
    (house, token)
}

async fn session(house: &House, token: &str) -> AdminSession {
    house.core.admin_session(token, IP.parse().expect("ip")).await.expect("session")
}

fn field(result: &Result<()>) -> &str {
    match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

/// The event of the change that an account made of itself.
async fn own_event(house: &House) -> ProviderEvent {
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter::default();
    let events = house.core.0.store.events().search_provider(filter).await.expect("events");
    events.into_iter().find(|event| event.username == "__self__").expect("an event")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_the_password_and_every_token_ends() {
    // SEC-127, SEC-068, ACC-104, ACC-069, PVA-006
    let (house, token) = of_user(|user| user.filters.require_password_change = true, |_| {}).await;
    house.clock.advance_millis(5);
    let user = caller(&house, &token).await;
    password::change_user(&house.core, &user, &pair("secret", "another")).await.expect("changed");
    assert_eq!(house.core.user_by_token(&token, peer(IP)).await.err(), Some(TokenError::Revoked));
    let attempt = Attempt { username: "alice".into(), protocol: Protocol::Ssh, peer: peer(IP) };
    assert!(house.core.authenticate(&attempt, Credentials::Password("secret")).await.is_err());
    assert!(house.core.authenticate(&attempt, Credentials::Password("another")).await.is_ok(), "the duty is done");
    let stored = users::get(&house.core, &AdminSession::system(), "alice", false).await.expect("alice");
    assert!(!stored.filters.require_password_change);
    assert_eq!((stored.last_password_change, stored.updated_at), (MONDAY_NOON + 5, MONDAY_NOON + 5));
    let event = own_event(&house).await;
    assert_eq!((event.ip.as_str(), event.action.as_str()), (IP, "update"));
    assert_eq!((event.object_type.as_str(), event.object_name.as_str()), ("user", "alice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_changes_the_password_and_every_token_ends() {
    // SEC-127, SEC-068, ACC-244
    let (house, token) = of_admin(|admin| admin.filters.require_password_change = true, |_| {}).await;
    let admin = session(&house, &token).await;
    password::change_admin(&house.core, &admin, &pair("secret", " another ")).await.expect("changed");
    let ip = IP.parse().expect("ip");
    assert_eq!(house.core.admin_session(&token, ip).await.err(), Some(TokenError::Revoked));
    let login = house.core.admin_login("root", "another", None, ip).await.expect("trimmed, ACC-239");
    assert!(login.duties().is_empty());
    assert_eq!(own_event(&house).await.object_name, "root");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_changes_are_refused_by_name_and_change_nothing() {
    // SEC-127, SEC-128, ACC-108, ACC-109, ACC-110
    let policy = PasswordPolicy { length: 10, ..PasswordPolicy::default() };
    let (house, token) = of_user(|_| {}, |_| {}).await;
    let mut stored = house.core.0.store.users().get("alice").await.expect("read").expect("alice");
    stored.filters.base.password_policy = policy;
    let keep = entrepot_store::PasswordChange::Keep;
    house.core.0.store.users().update(stored, keep, MONDAY_NOON).await.expect("saved");
    let user = caller(&house, &token).await;
    let change = async |current: &str, new: &str| password::change_user(&house.core, &user, &pair(current, new)).await;
    assert_eq!(field(&change("", "long enough").await), "current_password");
    assert_eq!(field(&change("secret", "").await), "new_password");
    assert_eq!(field(&change("secret", "secret").await), "new_password");
    assert_eq!(field(&change("wrong", "long enough").await), "current_password");
    let short = change("secret", "short").await;
    assert_eq!(field(&short), "new_password");
    assert!(short.is_err_and(|error| error.to_string().contains("10")), "the rule is named");
    // What looks like a hash is a password here, and must satisfy the rules.
    assert_eq!(field(&change("secret", "$6$x").await), "new_password");
    assert!(house.core.user_by_token(&token, peer(IP)).await.is_ok());
    change("secret", "long enough").await.expect("changed");

    let strict = |settings: &mut Settings| settings.data_provider.password_validation.admins.min_entropy = 60.0;
    let (house, admin) = house_with_admin(strict).await;
    let weak = password::change_admin(&house.core, &admin, &pair("Kd8-wq2!Zr5_mPx7#vLt", "password")).await;
    assert_eq!(field(&weak), "new_password");
}

/// An administrator whose password is strong, with a session.
async fn house_with_admin(settings: impl FnOnce(&mut Settings)) -> (House, AdminSession) {
    let house = house(settings).await;
    let permissions = vec![AdminPermission::ViewUsers];
    let password = Some("Kd8-wq2!Zr5_mPx7#vLt".into());
    let admin = Admin { username: "root".into(), password, status: 1, permissions, ..Admin::default() };
    admins::add(&house.core, &AdminSession::system(), admin).await.expect("admin");
    let ip = IP.parse().expect("ip");
    let session = house.core.admin_login("root", "Kd8-wq2!Zr5_mPx7#vLt", None, ip).await.expect("login");
    (house, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_forbids_the_change() {
    // SEC-130, ACC-308
    let (house, token) = of_user(|user| user.filters.base.web_client = vec!["password-change-disabled".into()], |_| {}).await;
    let user = caller(&house, &token).await;
    let refused = password::change_user(&house.core, &user, &pair("secret", "another")).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJp0wKk1YxR5E0u2v9q0bKQb1e3r8c7yq1c9m1yqz2Yd";

fn whole() -> UserProfile {
    UserProfile {
        email: "a@example.com".into(),
        description: "me".into(),
        allow_api_key_auth: true,
        public_keys: vec![KEY.into()],
        additional_emails: Some(vec!["b@example.com".into()]),
        tls_certs: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_what_the_options_leave() {
    // API-051, ACC-304, ACC-309, ACC-310, ACC-311
    let cases: [(&[&str], Change); 4] = [
        (&[], |_| {}),
        (&["publickey-change-disabled"], |profile| profile.public_keys.clear()),
        (&["api-key-auth-change-disabled"], |profile| profile.allow_api_key_auth = false),
        (&["info-change-disabled"], |profile| {
            (profile.email, profile.description, profile.additional_emails) = Default::default();
        }),
    ];
    for (options, expected) in cases {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (house, token) = of_user(|user| user.filters.base.web_client = options, |_| {}).await;
        profile::update_user(&house.core, &caller(&house, &token).await, whole()).await.expect("updated");
        let mut left = whole();
        expected(&mut left);
        let read = profile::of_user(&caller(&house, &token).await).expect("profile");
        assert_eq!(serde_json::to_value(&read).expect("json"), serde_json::to_value(&left).expect("json"));
        assert_eq!(own_event(&house).await.object_name, "alice");
    }
    let all = ["publickey-change-disabled", "tls-cert-change-disabled", "api-key-auth-change-disabled", "info-change-disabled"];
    let (house, token) = of_user(|user| user.filters.base.web_client = all.map(str::to_owned).to_vec(), |_| {}).await;
    let refused = profile::update_user(&house.core, &caller(&house, &token).await, whole()).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_user_stays_and_wrong_profiles_change_nothing() {
    // API-051, API-042
    let (house, token) =
        of_user(|user| (user.filters.additional_emails, user.quota_files) = (vec!["c@example.com".into()], 7), |_| {}).await;
    let user = caller(&house, &token).await;
    let wrong = UserProfile { email: "nobody".into(), ..whole() };
    assert_eq!(field(&profile::update_user(&house.core, &user, wrong).await), "email");
    let wrong = UserProfile { public_keys: vec!["no key".into()], ..whole() };
    assert_eq!(field(&profile::update_user(&house.core, &user, wrong).await), "public_keys");
    let before = users::get(&house.core, &AdminSession::system(), "alice", false).await.expect("alice");
    assert_eq!((before.email.as_str(), before.quota_files), ("", 7));
    let without = UserProfile { additional_emails: None, ..whole() };
    profile::update_user(&house.core, &user, without).await.expect("updated");
    let after = users::get(&house.core, &AdminSession::system(), "alice", false).await.expect("alice");
    assert_eq!((after.quota_files, after.has_password, after.permissions == before.permissions), (7, true, true));
    assert_eq!(
        (after.email.as_str(), after.filters.additional_emails.as_slice()),
        ("a@example.com", &["c@example.com".to_owned()][..])
    );
    assert!(house.core.user_by_token(&token, peer(IP)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_changes_the_profile() {
    // API-052
    let (house, token) = of_admin(|_| {}, |_| {}).await;
    let admin = session(&house, &token).await;
    let new = AdminProfile { email: "r@example.com".into(), description: "me".into(), allow_api_key_auth: true };
    profile::update_admin(&house.core, &admin, new.clone()).await.expect("updated");
    let admin = session(&house, &token).await;
    assert_eq!(profile::of_admin(&admin), Ok(new));
    assert_eq!(admin.admin().permissions, [AdminPermission::ViewUsers]);
    let wrong = AdminProfile { email: "nobody".into(), ..AdminProfile::default() };
    assert_eq!(field(&profile::update_admin(&house.core, &admin, wrong).await), "email");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_have_no_say() {
    // SEC-086
    let (house, token) = of_admin(|_| {}, |_| {}).await;
    let program = session(&house, &token).await.with_key("id".into());
    assert!(matches!(profile::of_admin(&program), Err(Error::Denied(_))));
    let changed = password::change_admin(&house.core, &program, &pair("secret", "another")).await;
    assert!(matches!(changed, Err(Error::Denied(_))));
}
