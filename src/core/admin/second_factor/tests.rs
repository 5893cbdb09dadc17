use std::net::{IpAddr, Ipv4Addr};

use entrepot_model::Protocol;

use super::*;
use crate::{
    Attempt, Credentials,
    login::tests::{House, house, peer},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

fn system() -> AdminSession {
    AdminSession::system()
}

/// The user `ana` with this change, logged in over HTTP as if no second factor were asked for.
async fn user(house: &House, change: impl FnOnce(&mut User)) -> Authenticated {
    let mut user = house.user("ana");
    change(&mut user);
    users::add(&house.core, &system(), user).await.expect("ana");
    login(house).await
}

/// The login as it is now, without its checks.
async fn login(house: &House) -> Authenticated {
    let account = house.core.0.accounts.load(&house.core, "ana").await.expect("account").expect("ana");
    let (core, since) = (house.core.clone(), house.core.0.registry.moment());
    Authenticated { core, account, peer: peer("192.0.2.7"), overlay: std::sync::Arc::default(), since }
}

fn change(value: serde_json::Value) -> FactorChange {
    serde_json::from_value(value).expect("change")
}

fn with_secret(secret: &str, protocols: &[&str]) -> FactorChange {
    let secret = serde_json::json!({"status": "Plain", "payload": secret});
    change(serde_json::json!({"enabled": true, "config_name": "Default", "secret": secret, "protocols": protocols}))
}

fn field<T>(result: Result<T>) -> (String, String) {
    match result {
        Err(Error::Invalid { field, message, .. }) => (field, message),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

fn code(house: &House, secret: &str) -> String {
    let seconds = u64::try_from(house.core.clock().seconds()).expect("time");
    TotpSecret::parse(secret).expect("secret").code(TotpDigest::Sha1, seconds)
}

async fn http(house: &House, code: Option<&str>) -> Result<()> {
    let attempt = Attempt { username: "ana".to_owned(), protocol: Protocol::Http, peer: peer("192.0.2.7") };
    let credentials = match code {
        Some(code) => Credentials::PasswordAndCode { password: "secret", code },
        None => Credentials::Password("secret"),
    };
    house.core.authenticate(&attempt, credentials).await.map(drop)
}

// SEC-101, SEC-102, SEC-103, SEC-104, SEC-050, SEC-114, SEC-019
#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_made_tried_saved_and_asked_for() {
    let house = house(|_| {}).await;
    let ana = user(&house, |_| {}).await;
    let owner = FactorOwner::User(&ana);
    let default = FactorConfig { name: "Default".into(), issuer: "Entrepot".into(), algo: "sha1".into() };
    assert_eq!(configs(&house.core, owner), Ok(vec![default]));
    let made = generate(&house.core, owner, "Default").expect("generated");
    assert!(made.url.contains("User%20%22ana%22") && made.url.contains(&made.secret), "{}", made.url);
    assert_eq!(field(generate(&house.core, owner, "Other")).0, "config_name");
    assert_eq!(http(&house, None).await, Ok(()), "nothing is stored yet");

    let right = code(&house, &made.secret);
    let validated = |passcode: &str| validate(&house.core, owner, "Default", passcode, &made.secret);
    assert_eq!(validated(&right), Ok(()));
    assert_eq!(field(validated(&right)).0, "passcode");
    assert_eq!(field(validate(&house.core, owner, "Default", &right, "1")).0, "secret");
    save(&house.core, owner, with_secret(&made.secret, &["HTTP", "HTTP"])).await.expect("saved");

    let stored = house.core.0.store.users().get("ana").await.expect("read").expect("ana");
    let totp = &stored.filters.totp_config;
    assert!(totp.enabled && totp.protocols == ["HTTP"] && totp.secret.is_encrypted());
    assert_eq!(totp.secret.additional_data, "ana");
    assert!(!serde_json::to_string(&stored).expect("json").contains(&made.secret));
    assert!(stored.filters.recovery_codes.iter().all(|code| code.secret.is_encrypted() && !code.used));
    let shown = users::get(&house.core, &system(), "ana", false).await.expect("ana");
    assert!(shown.filters.totp_config.enabled && shown.filters.totp_config.secret.key.is_empty());
    assert_eq!(http(&house, None).await, Err(Error::Auth));
    assert_eq!(http(&house, Some(&right)).await, Ok(()), "the code that was tried still logs in once");
    assert_eq!(http(&house, Some(&right)).await, Err(Error::Auth));
}

// SEC-104, SEC-105, SEC-107, SEC-098
#[tokio::test(flavor = "multi_thread")]
async fn a_save_changes_what_it_names_and_refuses_what_cannot_be() {
    let house = house(|_| {}).await;
    let ana = user(&house, |_| {}).await;
    let owner = FactorOwner::User(&ana);
    let secret = TotpSecret::generate().to_base32();
    for (wrong, named) in [
        (change(serde_json::json!({"enabled": true, "config_name": "Default", "protocols": ["SSH"]})), "secret"),
        (change(serde_json::json!({"enabled": true, "config_name": "No", "protocols": ["SSH"]})), "config_name"),
        (with_secret(&secret, &[]), "protocols"),
        (with_secret(&secret, &["DAV"]), "protocols"),
        (with_secret("JBSWY3DP", &["SSH"]), "secret"),
        (with_secret("not base32", &["SSH"]), "secret"),
    ] {
        assert_eq!(field(save(&house.core, owner, wrong).await).0, named);
    }
    assert_eq!(recovery_codes(&house.core, owner).await.err().map(|error| matches!(error, Error::Denied(_))), Some(true));
    save(&house.core, owner, with_secret(&secret, &["SSH"])).await.expect("saved");
    let redacted = serde_json::json!({"status": "Redacted", "payload": "x"});
    let more = change(serde_json::json!({"secret": redacted, "protocols": ["SSH", "HTTP"]}));
    save(&house.core, owner, more).await.expect("saved");
    let totp = house.core.0.store.users().get("ana").await.expect("read").expect("ana").filters.totp_config;
    assert!(totp.enabled && totp.config_name == "Default" && totp.protocols == ["SSH", "HTTP"]);
    assert_eq!(http(&house, Some(&code(&house, &secret))).await, Ok(()));
}

// SEC-109, SEC-112, SEC-106
#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_come_with_the_factor_and_go_with_it() {
    let house = house(|_| {}).await;
    let ana = user(&house, |_| {}).await;
    let owner = FactorOwner::User(&ana);
    save(&house.core, owner, with_secret(&TotpSecret::generate().to_base32(), &["HTTP"])).await.expect("saved");
    let first: Vec<String> = recovery_codes(&house.core, owner).await.expect("codes").into_iter().map(|code| code.code).collect();
    assert!(first.len() == 12 && first.iter().all(|code| code.starts_with("RC-")), "{first:?}");
    save(&house.core, owner, change(serde_json::json!({"protocols": ["SSH"]}))).await.expect("saved");
    let kept = recovery_codes(&house.core, owner).await.expect("codes");
    assert!(kept.iter().map(|code| &code.code).eq(&first));
    let renewed = renew_recovery_codes(&house.core, owner).await.expect("renewed");
    assert!(renewed.len() == 12 && renewed.iter().all(|code| !first.contains(code)));
    save(&house.core, owner, change(serde_json::json!({"enabled": false}))).await.expect("saved");
    let filters = house.core.0.store.users().get("ana").await.expect("read").expect("ana").filters;
    assert!(filters.totp_config == TotpConfig::default() && filters.recovery_codes.is_empty());
    assert_eq!(http(&house, None).await, Ok(()));
}

// SEC-106, SEC-108, SEC-110
#[tokio::test(flavor = "multi_thread")]
async fn what_is_required_cannot_be_dropped_and_what_is_disabled_not_made() {
    let house = house(|_| {}).await;
    let ana = user(&house, |user| user.filters.base.two_factor_protocols = vec!["SSH".into(), "HTTP".into()]).await;
    let owner = FactorOwner::User(&ana);
    let secret = TotpSecret::generate().to_base32();
    let (named, text) = field(save(&house.core, owner, with_secret(&secret, &["HTTP"])).await);
    assert!(named == "protocols" && text.ends_with("SSH"), "{text}");
    save(&house.core, owner, with_secret(&secret, &["HTTP", "SSH"])).await.expect("saved");
    let off = change(serde_json::json!({"enabled": false}));
    assert_eq!(field(save(&house.core, owner, off).await).1, "two-factor authentication must be enabled");

    users::delete(&house.core, &system(), "ana").await.expect("deleted");
    let ana = user(&house, |user| user.filters.base.web_client = vec!["mfa-disabled".into()]).await;
    let owner = FactorOwner::User(&ana);
    assert!(matches!(configs(&house.core, owner), Err(Error::Denied(_))));
    assert!(matches!(generate(&house.core, owner, "Default"), Err(Error::Denied(_))));
    assert!(matches!(save(&house.core, owner, with_secret(&secret, &["HTTP"])).await, Err(Error::Denied(_))));
}

// SEC-115, ACC-237, ACC-253, SEC-116, ACC-225
#[tokio::test(flavor = "multi_thread")]
async fn administrators_take_second_factors_away() {
    let house = house(|_| {}).await;
    let ana = user(&house, |_| {}).await;
    save(&house.core, FactorOwner::User(&ana), with_secret(&TotpSecret::generate().to_base32(), &["SSH"])).await.expect("saved");
    let op = |permissions: &[P]| {
        let admin = Admin { username: "op".into(), status: 1, permissions: permissions.to_vec(), ..Admin::default() };
        AdminSession::new(admin, None, HERE)
    };
    assert!(matches!(disable_of_user(&house.core, &op(&[P::EditUsers]), "ana").await, Err(Error::Denied(_))));
    let put = users::update(&house.core, &system(), "ana", User { password: None, ..house.user("ana") }, false).await;
    assert!(put.expect("updated").filters.totp_config.enabled, "a save of the user leaves it alone");
    disable_of_user(&house.core, &op(&[P::DisableMfa]), "ana").await.expect("disabled");
    assert!(!login(&house).await.user().user.filters.totp_config.enabled);
    assert_eq!(field(disable_of_user(&house.core, &op(&[P::DisableMfa]), "ana").await).0, "username");
    assert_eq!(disable_of_user(&house.core, &system(), "nobody").await, Err(Error::NotFound));

    house.core.create_default_admin("root", "secret").await.expect("root");
    let secret = TotpSecret::generate().to_base32();
    let root = house.core.admin_login("root", "secret", None, HERE).await.expect("login");
    save(&house.core, FactorOwner::Admin(&root), with_secret(&secret, &[])).await.expect("saved");
    assert_eq!(house.core.admin_login("root", "secret", None, HERE).await.err(), Some(Error::Auth));
    assert_eq!(house.core.admin_login("root", "secret", Some("123"), HERE).await.err(), Some(Error::Auth));
    let root = house.core.admin_login("root", "secret", Some(&code(&house, &secret)), HERE).await.expect("login");
    assert!(matches!(disable_of_admin(&house.core, &op(&[P::DisableMfa]), "root").await, Err(Error::Denied(_))));
    let mut strict = admins::get(&house.core, &system(), "root", false).await.expect("root");
    strict.filters.require_two_factor = true;
    admins::update(&house.core, &system(), "root", strict).await.expect("updated");
    assert_eq!(field(disable_of_admin(&house.core, &root, "root").await).0, "username");
    disable_of_admin(&house.core, &system(), "root").await.expect("disabled");
}

// PVA-006, SEC-190, SEC-005
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_recorded_without_secrets() {
    let house = house(|_| {}).await;
    let ana = user(&house, |_| {}).await;
    let secret = TotpSecret::generate().to_base32();
    save(&house.core, FactorOwner::User(&ana), with_secret(&secret, &["SSH"])).await.expect("saved");
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter::default();
    let events = house.core.0.store.events().search_provider(filter).await.expect("events");
    let own = events.iter().find(|event| event.username == "__self__").expect("recorded");
    assert_eq!((own.action.as_str(), own.object_type.as_str(), own.object_name.as_str()), ("update", "user", "ana"));
    assert_eq!(own.ip, "192.0.2.7");
    use base64::{Engine, engine::general_purpose::STANDARD};
    let object = String::from_utf8(STANDARD.decode(&own.object_data).expect("base64")).expect("text");
    assert!(object.contains("\"enabled\":true") && !object.contains(&secret) && !object.contains("\"key\""), "{object}");
}
