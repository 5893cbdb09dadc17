use entrepot_config::Sources;

use super::*;
use crate::{admin::tests::session, login::tests::house};

/// A core whose settings can be changed, with these variables in its environment.
async fn changeable(environment: &[(&str, &str)]) -> (crate::login::tests::House, tempfile::TempDir) {
    let house = house(|_| {}).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = Sources::new(folder.path());
    sources.env = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let loaded = entrepot_config::load(sources.clone()).expect("settings");
    house.core.services().configure_from(Configuration::new(sources, loaded));
    (house, folder)
}

fn one(key: &str, value: impl Into<Value>) -> BTreeMap<String, Value> {
    [(key.to_owned(), value.into())].into()
}

fn seen(core: &Core, key: &str) -> SettingView {
    let all = list(core, &AdminSession::system()).expect("settings");
    all.into_iter().find(|setting| setting.key == key).expect("the setting")
}

#[tokio::test]
async fn hot_settings_hold_at_once_and_others_wait() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    let changed = change(core, &system, one("common.idle_timeout", 7)).await.expect("saved");
    assert_eq!((changed.needs_restart, core.settings().common.idle_timeout), (Vec::new(), 7));
    let setting = seen(core, "common.idle_timeout");
    assert!(setting.hot && setting.is_saved && !setting.is_default && setting.origin == "database", "{setting:?}");
    let changed = change(core, &system, one("sftpd.password_authentication", false)).await.expect("saved");
    assert_eq!(changed.needs_restart, ["sftpd.password_authentication"]);
    let waits = |key: &str| seen(core, key).needs_restart;
    assert!(waits("sftpd.password_authentication") && !waits("common.idle_timeout"));
    change(core, &system, one("sftpd.password_authentication", Value::Null)).await.expect("taken back");
    assert!(!waits("sftpd.password_authentication"), "it is what the server started with");
    change(core, &system, one("common.idle_timeout", Value::Null)).await.expect("taken back");
    let setting = seen(core, "common.idle_timeout");
    assert!(setting.is_default && setting.value == setting.default, "{setting:?}");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_saved() {
    let (house, _folder) = changeable(&[("ENTREPOT_COMMON__UPLOAD_MODE", "1")]).await;
    let (core, system) = (&house.core, AdminSession::system());
    let refused = async |key: &str, value: Value| {
        let mut changes = one("common.idle_timeout", 9);
        changes.insert(key.to_owned(), value);
        let error = change(core, &system, changes).await.expect_err(key);
        assert!(error.to_string().contains(key), "{error}");
        error
    };
    refused("common.idle_timout", 1.into()).await;
    refused("common.upload_mode", "many".into()).await;
    refused("data_provider.name", "other.db".into()).await;
    let hidden = refused("common.upload_mode", 2.into()).await;
    assert!(hidden.to_string().contains("ENTREPOT_COMMON__UPLOAD_MODE"), "{hidden}");
    assert_ne!(core.settings().common.idle_timeout, 9);
    assert!(core.0.store.settings().list().await.expect("read").is_empty());
}

// SEC-019
#[tokio::test]
async fn secrets_are_sealed_in_the_database_and_never_shown() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    change(core, &system, one("smtp.password", "sesame")).await.expect("saved");
    assert_eq!(&*core.settings().smtp.password, "sesame");
    assert_eq!(seen(core, "smtp.password").value, "***");
    let stored = format!("{:?}", core.0.store.settings().list().await.expect("read"));
    assert!(!stored.contains("sesame"), "{stored}");
    let opened = saved(&core.0.store, &core.0.sealer).await.expect("read");
    assert_eq!(opened, [("smtp.password".to_owned(), "\"sesame\"".to_owned())]);
}

#[tokio::test]
async fn only_administrators_with_every_permission_see_or_change_settings() {
    let (house, _folder) = changeable(&[]).await;
    let other = session(&[P::ViewStatus, P::ViewUsers]);
    assert!(matches!(list(&house.core, &other), Err(Error::Denied(_))));
    assert!(matches!(change(&house.core, &other, BTreeMap::new()).await, Err(Error::Denied(_))));
}

// Two administrators at once: each change is still there afterwards, in the database and in what holds.
#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_lose_none() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    let set = async |key: &str, value: i64| change(core, &system, one(key, value)).await.expect("saved");
    for round in 1..=5 {
        tokio::join!(
            set("common.idle_timeout", round),
            set("common.max_total_connections", 10 + round),
            set("common.upload_mode", 1)
        );
        let settings = core.settings();
        assert_eq!(
            (i64::from(settings.common.idle_timeout), i64::from(settings.common.max_total_connections)),
            (round, 10 + round)
        );
        assert!(seen(core, "common.idle_timeout").is_saved && seen(core, "common.max_total_connections").is_saved);
    }
}

// A section is not taken for a mistyped setting.
#[tokio::test]
async fn a_section_is_told_from_a_mistyped_key() {
    let (house, _folder) = changeable(&[]).await;
    let refused = async |key: &str| {
        let refused = change(&house.core, &AdminSession::system(), one(key, serde_json::json!({ "x": 1 }))).await;
        refused.expect_err(key).to_string()
    };
    for (section, within) in
        [("common", "common."), ("common.defender", "common.defender."), ("httpd.bindings", "httpd.bindings[0].")]
    {
        let told = refused(section).await;
        assert!(told.contains("section") && told.contains(within) && !told.contains("did you mean"), "{told}");
    }
    assert!(refused("common.idle_timout").await.contains("did you mean common.idle_timeout"));
}

/// Refuses addresses that begin with 192, and complains always about what it was told.
struct Strict(Option<&'static str>);

impl crate::Rehearsal for Strict {
    fn rehearse<'a>(&'a self, loaded: &'a Loaded) -> futures_util::future::BoxFuture<'a, Result<Vec<crate::Obstacle>>> {
        let bindings = loaded.settings.httpd.bindings.iter().enumerate();
        let wrong = bindings.filter(|(_, binding)| binding.address.starts_with("192."));
        let obstacle =
            |key: String, message: &str| crate::Obstacle { keys: vec![key], message: message.to_owned(), may_pass: false };
        let mut found: Vec<_> =
            wrong.map(|(index, _)| obstacle(format!("httpd.bindings[{index}].address"), "it is not here")).collect();
        found.extend(self.0.map(|message| obstacle("httpd.certificate_file".to_owned(), message)));
        Box::pin(async move { Ok(found) })
    }
}

// CFG-372
#[tokio::test]
async fn what_would_keep_the_server_from_starting_is_not_saved() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    core.services().rehearse_with(Arc::new(Strict(None)));
    let mut changes = one("httpd.bindings[1].address", "192.0.2.7");
    changes.insert("common.idle_timeout".to_owned(), 9.into());
    let error = change(core, &system, changes).await.expect_err("it would not start");
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "httpd.bindings[1].address"), "{error}");
    assert!(error.to_string().contains("it is not here"), "{error}");
    assert!(core.0.store.settings().list().await.expect("read").is_empty());
    assert_ne!(core.settings().common.idle_timeout, 9);
    // What is wrong already keeps nobody from changing something else.
    core.services().rehearse_with(Arc::new(Strict(Some("the file went away"))));
    change(core, &system, one("httpd.bindings[1].address", "127.0.0.1")).await.expect("saved");
    change(core, &system, one("httpd.bindings[0].address", "192.0.2.7")).await.expect_err("it would not start");
}

/// Finds of each service what is the first in its way, as a start does.
struct InOrder;

impl crate::Rehearsal for InOrder {
    fn rehearse<'a>(&'a self, loaded: &'a Loaded) -> futures_util::future::BoxFuture<'a, Result<Vec<crate::Obstacle>>> {
        let (sftpd, telemetry) = (&loaded.settings.sftpd, &loaded.settings.telemetry);
        let first = if sftpd.ciphers.iter().any(|name| name == "nope") {
            Some("sftpd.ciphers")
        } else {
            (!sftpd.host_keys.is_empty()).then_some("sftpd.host_keys")
        };
        let second = (telemetry.bind_port != 0).then_some("telemetry.auth_user_file");
        let found = first.into_iter().chain(second).map(|key| crate::Obstacle {
            keys: vec![key.to_owned()],
            message: "it cannot be met".to_owned(),
            may_pass: false,
        });
        let found = found.collect();
        Box::pin(async move { Ok(found) })
    }
}

// CFG-372
#[tokio::test]
async fn what_was_hidden_by_something_that_is_mended_keeps_nobody_from_mending_it() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    let mut changes = one("sftpd.ciphers", serde_json::json!(["nope"]));
    changes.insert("sftpd.host_keys".to_owned(), serde_json::json!(["gone"]));
    change(core, &system, changes).await.expect("nobody looks");
    core.services().rehearse_with(Arc::new(InOrder));
    change(core, &system, one("telemetry.bind_port", 9)).await.expect_err("another service would not start");
    let both = [("sftpd.ciphers".to_owned(), Value::Null), ("sftpd.host_keys".to_owned(), serde_json::json!(["other"]))];
    change(core, &system, both.into()).await.expect_err("what is changed must be right");
    change(core, &system, one("sftpd.ciphers", Value::Null)).await.expect("it is better than before");
    change(core, &system, one("sftpd.host_keys", Value::Null)).await.expect("nothing is wrong now");
    change(core, &system, one("sftpd.ciphers", serde_json::json!(["nope"]))).await.expect_err("it would not start");
}

/// Waits for ever, as for a file on a mount whose server is gone.
struct Stuck;

impl crate::Rehearsal for Stuck {
    fn rehearse<'a>(&'a self, _: &'a Loaded) -> futures_util::future::BoxFuture<'a, Result<Vec<crate::Obstacle>>> {
        // Nobody waits that long here.
        tokio::time::pause();
        Box::pin(std::future::pending())
    }
}

// CFG-372
#[tokio::test]
async fn file_that_does_not_answer_keeps_nobody_else_from_saving() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    core.services().rehearse_with(Arc::new(Stuck));
    let error = change(core, &system, one("httpd.certificate_file", Value::Null)).await.expect_err("it does not answer");
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    tokio::time::resume();
    change(core, &system, one("transfers.partial_retention_hours", 9)).await.expect("the lock is free");
}

// CFG-373
#[tokio::test]
async fn saved_settings_are_taken_back_one_by_one_or_by_section() {
    let (house, _folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    for (key, value) in [("common.idle_timeout", 7), ("telemetry.bind_port", 9), ("telemetry.min_tls_version", 13)] {
        change(core, &system, one(key, value)).await.expect("saved");
    }
    let back = async |key: &str| take_back(core, &system, &[key.to_owned()]).await;
    let unknown = back("telemetry.bind").await.expect_err("no whole name").to_string();
    assert!(unknown.contains("common.idle_timeout"), "{unknown}");
    assert_eq!(back("telemetry").await.expect("taken back"), ["telemetry.bind_port", "telemetry.min_tls_version"]);
    assert_eq!(core.settings().telemetry.bind_port, 0);
    assert_eq!(back("common.idle_timeout").await.expect("taken back"), ["common.idle_timeout"]);
    assert!(saved_settings(core, &system).await.expect("read").is_empty());
    assert!(matches!(take_back(core, &session(&[P::ViewStatus]), &["x".to_owned()]).await, Err(Error::Denied(_))));
}

// BKP-028
#[tokio::test]
async fn what_was_set_aside_is_shown_and_ends_when_it_is_saved_or_taken_back() {
    let (house, folder) = changeable(&[]).await;
    let (core, system) = (&house.core, AdminSession::system());
    let sources = Sources::new(folder.path());
    let loaded = entrepot_config::load(sources.clone()).expect("settings");
    let configuration = Configuration::new(sources, loaded);
    let aside = |value: &str| SetAside { value: value.into(), reason: "it is not here".to_owned() };
    *configuration.aside.lock() =
        [("httpd.bindings[0].address", "192.0.2.7"), ("httpd.bindings[5].address", "192.0.2.8"), ("smtp.password", "sesame")]
            .map(|(key, value)| (key.to_owned(), aside(value)))
            .into();
    core.services().configure_from(configuration);
    let shown = |key: &str| seen(core, key).set_aside.map(|aside| aside.value);
    assert_eq!(shown("httpd.bindings[0].address"), Some("192.0.2.7".into()));
    assert_eq!(shown("httpd.bindings[5].address"), Some("192.0.2.8".into()), "an element that is no more");
    assert_eq!(shown("smtp.password"), Some("***".into()));
    change(core, &system, one("httpd.bindings[0].address", "127.0.0.1")).await.expect("saved");
    change(core, &system, one("smtp.password", Value::Null)).await.expect("taken back");
    assert_eq!((shown("httpd.bindings[0].address"), shown("smtp.password")), (None, None));
}

fn allowed(network: &str) -> entrepot_model::IpListEntry {
    let list = entrepot_model::IpListType::Allow.code();
    entrepot_model::IpListEntry { ipornet: network.to_owned(), list, mode: 1, ..entrepot_model::IpListEntry::default() }
}

// IPL-006, LIM-001: who would not get in again cannot save that.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_the_own_address_out() {
    let (house, _folder) = changeable(&[]).await;
    let core = &house.core;
    let me = session(&[P::Any]);
    let refused = change(core, &me, one("common.allowlist_status", 1)).await.expect_err("locked out").to_string();
    assert!(refused.contains("common.allowlist_status") && refused.contains(&me.ip().to_string()), "{refused}");
    let entry = allowed(&me.ip().to_string());
    crate::admin::ip_lists::add(core, &AdminSession::system(), entry).await.expect("entry");
    change(core, &me, one("common.allowlist_status", 1)).await.expect("the address is on the list");
    let own = me.ip().to_string();
    let kept = crate::admin::ip_lists::delete(core, &me, entrepot_model::IpListType::Allow, &own).await;
    assert!(matches!(&kept, Err(Error::Conflict(message)) if message.contains(&own)), "{kept:?}");
    let wider = entrepot_model::IpListEntry { ipornet: "0.0.0.0/0".into(), ..allowed(&own) };
    crate::admin::ip_lists::add(core, &me, wider).await.expect("entry");
    crate::admin::ip_lists::delete(core, &me, entrepot_model::IpListType::Allow, &own).await.expect("another lets it in");
    crate::admin::ip_lists::add(core, &me, allowed(&own)).await.expect("entry");
    let admissions: Vec<_> =
        (1..=2).filter_map(|port| core.admit((me.ip(), port).into(), entrepot_model::Protocol::Http).ok()).collect();
    assert_eq!(admissions.len(), 2);
    let refused = change(core, &me, one("common.max_total_connections", 2)).await.expect_err("locked out").to_string();
    assert!(refused.contains("common.max_total_connections"), "{refused}");
    change(core, &me, one("common.max_total_connections", 3)).await.expect("there is room");
}
