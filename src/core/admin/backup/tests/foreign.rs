//! Dumps of a running SFTPGo 2.7 server load, and everything in them works.

use entrepot_model::{FilesystemConfig, Protocol};
use entrepot_store::ListOptions;

use super::*;
use crate::{Attempt, Credentials, admin::sealing, login::tests::peer};

const DUMP: &str = include_str!("../../../../../tests/data/sftpgo-2.7/dump.json");
const CLEAR: &str = include_str!("../../../../../tests/data/sftpgo-2.7/clear.json");
const DUMP_MASTER_KEY: &str = include_str!("../../../../../tests/data/sftpgo-2.7/dump-master-key.json");
const CLEAR_MASTER_KEY: &str = include_str!("../../../../../tests/data/sftpgo-2.7/clear-master-key.json");
const MASTER_KEY: &str = "the master key of the peer";

/// A house whose users live in its own folder.
async fn moved_in(dump: &str, master_key: &str) -> (House, LoadReport) {
    let house = house(|settings| settings.kms.secrets.master_key = master_key.to_owned().into()).await;
    let root = house.folder.path().to_string_lossy().into_owned();
    let report = load_text(&house.core, dump.replace("/srv/import", &root), LoadOptions::default()).await;
    assert_eq!(report.failures, [], "{}", report.summary());
    (house, report)
}

fn clear(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn open(house: &House, secret: &Secret) -> Result<String, entrepot_secrets::SealError> {
    sealing::open(&house.core.0.sealer, secret).map(|plain| String::from_utf8_lossy(&plain).into_owned())
}

/// Opens every secret of a storage that has a clear text.
fn check_storage(house: &House, clear: &Value, name: &str, filesystem: &mut FilesystemConfig) -> usize {
    let Some(known) = clear["storages"][name].as_object() else { return 0 };
    let mut checked = 0;
    for (field, secret) in filesystem.secrets_mut() {
        // The open-source edition has no settings for a proxy.
        if let Some(expected) = known.get(field).filter(|_| !secret.is_empty()) {
            assert_eq!(open(house, secret).as_deref(), Ok(expected.as_str().expect("text")), "{name} {field}");
            checked += 1;
        }
    }
    checked
}

async fn check_secrets(house: &House, clear: &Value) {
    let store = &house.core.0.store;
    let mut checked = 0;
    for mut user in store.users().list(ListOptions::all()).await.expect("users") {
        let name = user.username.trim_start_matches("u-").to_owned();
        checked += check_storage(house, clear, &name, &mut user.filesystem);
    }
    for mut folder in store.folders().list(ListOptions::all()).await.expect("folders") {
        let name = folder.name.trim_start_matches("f-").to_owned();
        checked += check_storage(house, clear, &name, &mut folder.filesystem);
    }
    for mut group in store.groups().list(ListOptions::all()).await.expect("groups") {
        let name = group.name.trim_start_matches("g-").to_owned();
        checked += check_storage(house, clear, &name, &mut group.user_settings.filesystem);
    }
    // Nine secrets in eight storages, three times.
    assert_eq!(checked, 27);
    let user = store.users().get("u-totp").await.expect("read").expect("u-totp");
    let admin = store.admins().get("a-totp").await.expect("read").expect("a-totp");
    let factors = [
        ("u-totp", user.filters.totp_config.clone(), user.filters.recovery_codes.clone()),
        ("a-totp", admin.filters.totp_config, admin.filters.recovery_codes),
    ];
    for (name, totp, codes) in factors {
        let known = &clear["totp"][name];
        assert!(totp.enabled);
        assert_eq!(open(house, &totp.secret).as_deref().ok(), known["secret"].as_str());
        let codes: Vec<_> = codes.iter().map(|code| open(house, &code.secret).expect("opens")).collect();
        assert_eq!(json!(codes), known["codes"]);
    }
    let configurations = store.settings().configurations().await.expect("read").expect("configurations");
    let password: Secret = serde_json::from_value(configurations["smtp"]["password"].clone()).expect("a secret");
    assert_eq!(open(house, &password).as_deref(), Ok("smtp password"));
}

// API-090, API-096, SEC-016, SEC-019, SEC-021, SEC-022, SEC-024, SEC-027, INIT-012
#[tokio::test(flavor = "multi_thread")]
async fn secrets_sealed_without_master_key_open() {
    let (house, report) = moved_in(DUMP, "").await;
    let document = clear(DUMP);
    for scope in Scope::ALL {
        let Some(objects) = document[scope.member()].as_array() else { continue };
        let added = report.count(scope, Outcome::Added);
        if !report.ignored.iter().any(|member| member == scope.member()) {
            assert_eq!(added, objects.len(), "{scope}");
        }
    }
    check_secrets(&house, &clear(CLEAR)).await;
}

// SEC-023, SEC-025
#[tokio::test(flavor = "multi_thread")]
async fn secrets_sealed_with_a_master_key_open_with_it() {
    let (house, _) = moved_in(DUMP_MASTER_KEY, MASTER_KEY).await;
    check_secrets(&house, &clear(CLEAR_MASTER_KEY)).await;
    // SEC-025: what was sealed without one is still readable.
    let (house, _) = moved_in(DUMP, MASTER_KEY).await;
    check_secrets(&house, &clear(CLEAR)).await;
}

// SEC-025, SEC-027: it loads; it does not open.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_sealed_with_another_master_key_load_and_stay_closed() {
    for key in ["", "another key"] {
        let (house, _) = moved_in(DUMP_MASTER_KEY, key).await;
        let user = house.core.0.store.users().get("u-http").await.expect("read").expect("u-http");
        assert!(user.filesystem.httpconfig.password.is_encrypted());
        assert!(open(&house, &user.filesystem.httpconfig.password).is_err());
    }
}

// SEC-036, SEC-037, SEC-038, SEC-039
#[tokio::test(flavor = "multi_thread")]
async fn users_and_administrators_log_in_with_every_kind_of_hash() {
    let (house, _) = moved_in(DUMP, "").await;
    let passwords = clear(CLEAR)["passwords"].clone();
    let passwords = passwords.as_object().expect("an object");
    assert_eq!(passwords.len(), 16);
    for (name, password) in passwords {
        let password = password.as_str().expect("text");
        if name.starts_with("a-") {
            let login = house.core.admin_login(name, password, None, crate::admin::tests::HOME).await;
            assert!(login.is_ok(), "{name}: {:?}", login.err());
            continue;
        }
        let attempt = Attempt { username: name.clone(), protocol: Protocol::Ssh, peer: peer("192.0.2.7") };
        let wrong = house.core.authenticate(&attempt, Credentials::Password("wrong")).await;
        assert_eq!(wrong.err(), Some(Error::Auth), "{name}");
        let login = house.core.authenticate(&attempt, Credentials::Password(password)).await;
        assert!(login.is_ok(), "{name}: {:?}", login.err());
    }
}

// API-096, SEC-076
#[tokio::test(flavor = "multi_thread")]
async fn api_keys_open_the_door_they_opened_there() {
    let (house, _) = moved_in(DUMP, "").await;
    let known = clear(CLEAR)["api_keys"].clone();
    for (name, suffix) in [("key of all administrators", ".admin"), ("key of an administrator", "")] {
        let key = known[name].as_str().expect("text").to_owned() + suffix;
        let session = house.core.admin_by_key(&key, std::net::IpAddr::from([127, 0, 0, 1])).await;
        let filters = session.as_ref().err();
        // The administrator of the first does not allow it.
        assert_eq!(session.is_ok(), suffix.is_empty(), "{name}: {filters:?}");
    }
    let id = known["key of a user"].as_str().and_then(|key| key.split('.').next()).expect("an id");
    let stored = house.core.0.store.api_keys().get(id).await.expect("read").expect("the key");
    assert_eq!((stored.user.as_str(), stored.expires_at), ("u-full", 4_102_444_800_000));
}

/// Members of the original that have to come back: what it writes as empty, it may leave out.
fn assert_kept(path: &str, before: &Value, after: &Value) {
    match before {
        Value::Object(members) => {
            // Copies of folders inside of mounts are made anew; the rest of these is computed.
            let computed = ["id", "updated_at", "created_at", "last_login", "users", "groups", "admins"];
            for (name, value) in
                members.iter().filter(|(name, _)| path.contains("permissions") || !computed.contains(&name.as_str()))
            {
                assert_kept(&format!("{path}.{name}"), value, &after[name]);
            }
        }
        Value::Array(items) => {
            assert_eq!(items.len(), after.as_array().map_or(0, Vec::len), "{path}");
            items.iter().enumerate().for_each(|(index, item)| assert_kept(&format!("{path}[{index}]"), item, &after[index]));
        }
        Value::Bool(false) | Value::Null => assert!(matches!(after, Value::Null | Value::Bool(false)), "{path}: {after}"),
        Value::Number(number) if number.as_i64() == Some(0) => assert!(after.is_null() || after == before, "{path}: {after}"),
        Value::String(text) if text.is_empty() => assert!(after.is_null() || after == before, "{path}: {after}"),
        other => assert_eq!(after, other, "{path}"),
    }
}

// API-088, API-089, API-095, API-098
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_original_is_lost() {
    let (house, report) = moved_in(DUMP, "").await;
    let root = house.folder.path().to_string_lossy().into_owned();
    let mut before = clear(&DUMP.replace("/srv/import", &root));
    let mut after = document(&house.core).await;
    for scope in Scope::ALL.into_iter().filter(|scope| !report.ignored.iter().any(|member| member == scope.member())) {
        let by_name = |document: &mut Value| {
            if let Some(objects) = document[scope.member()].as_array_mut() {
                let name =
                    |object: &Value| ["username", "name", "ipornet", "id"].map(|member| object[member].to_string()).concat();
                objects.sort_by_key(name);
            }
        };
        by_name(&mut before);
        by_name(&mut after);
        for document in [&mut before, &mut after] {
            let anonymous = document["users"].as_array_mut().into_iter().flatten().find(|user| user["username"] == "u-anonymous");
            // ACC-300: this program denies its own list of login methods.
            anonymous.map(|user| user["filters"]["denied_login_methods"].take());
        }
        assert_kept(scope.member(), &before[scope.member()], &after[scope.member()]);
    }
}
