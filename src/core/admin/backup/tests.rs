//! Backups against a store in memory; those of another server were made as `tests/data/sftpgo-2.7/README.md` says.

mod foreign;

use entrepot_model::{BaseVirtualFolder, Group, GroupMapping, Role, Secret, VirtualFolder};
use serde_json::{Value, json};

use super::*;
use crate::{
    Core, Error,
    admin::{AdminSession, folders, groups, roles, tests::session, users},
    login::tests::{House, house},
};
use entrepot_model::AdminPermission as P;

fn system() -> AdminSession {
    AdminSession::system()
}

/// The whole text of a dump.
async fn text(core: &Core, options: DumpOptions) -> String {
    let mut dump = dump(core, &system(), &options).expect("allowed");
    let mut text = String::new();
    while let Some(piece) = dump.next().await.expect("readable") {
        text.push_str(std::str::from_utf8(&piece).expect("text"));
    }
    text
}

async fn document(core: &Core) -> Value {
    serde_json::from_str(&text(core, DumpOptions::default()).await).expect("JSON")
}

async fn load_text(core: &Core, text: impl Into<String>, options: LoadOptions) -> LoadReport {
    load(core, &system(), bytes::Bytes::from(text.into()), options).await.expect("allowed")
}

async fn loaded(core: &Core, document: &Value) -> LoadReport {
    load_text(core, document.to_string(), LoadOptions::default()).await
}

fn names(report: &LoadReport) -> Vec<(&str, Outcome)> {
    report.entries.iter().map(|entry| (entry.name.as_str(), entry.outcome)).collect()
}

/// A house with one of each kind.
async fn furnished() -> House {
    let house = house(|_| {}).await;
    roles::add(&house.core, &system(), Role { name: "r".into(), ..Role::default() }).await.expect("role");
    let folder = BaseVirtualFolder { name: "f".into(), mapped_path: "/srv/f".into(), ..BaseVirtualFolder::default() };
    folders::add(&house.core, &system(), folder.clone()).await.expect("folder");
    let mount = VirtualFolder { folder, virtual_path: "/v".into(), quota_size: -1, quota_files: -1, ..VirtualFolder::default() };
    let group = Group { name: "g".into(), virtual_folders: vec![mount], ..Group::default() };
    groups::add(&house.core, &system(), group).await.expect("group");
    let mut user = house.user("ada");
    user.role = "r".into();
    user.groups = vec![GroupMapping { name: "g".into(), kind: 2 }];
    user.filesystem.provider = 4;
    user.filesystem.cryptconfig.passphrase = Secret::plain("a passphrase that is long enough to be strong");
    users::add(&house.core, &system(), user).await.expect("user");
    house
}

// API-088, API-089, API-095
#[tokio::test(flavor = "multi_thread")]
async fn what_was_dumped_is_loaded_as_it_was() {
    let from = furnished().await;
    let mut before = document(&from.core).await;
    assert_eq!(before["version"], 17);
    assert!(before["users"][0]["password"].as_str().is_some_and(|hash| hash.starts_with('$')));
    let to = house(|_| {}).await;
    to.clock.advance_millis(86_400_000);
    let report = loaded(&to.core, &before).await;
    assert_eq!(names(&report), ["r", "f", "g", "ada"].map(|name| (name, Outcome::Added)));
    assert_eq!((&report.failures, &report.ignored), (&Vec::new(), &Vec::new()));
    let mut after = document(&to.core).await;
    assert_eq!(after["users"][0]["created_at"], before["users"][0]["created_at"]);
    for document in [&mut before, &mut after] {
        for member in ["users", "groups", "roles"] {
            for object in document[member].as_array_mut().expect("a list") {
                for computed in ["updated_at", "created_at"] {
                    object.as_object_mut().expect("an object").remove(computed);
                }
            }
        }
    }
    assert_eq!(after, before);
}

// API-087, API-088
#[tokio::test(flavor = "multi_thread")]
async fn scopes_choose_the_members() {
    let house = furnished().await;
    for indent in [false, true] {
        let text = text(&house.core, DumpOptions { scopes: vec![Scope::Roles, Scope::Configurations], indent }).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document.as_object().expect("an object").keys().collect::<Vec<_>>(), ["configs", "roles", "version"]);
        assert_eq!(text.contains('\n'), indent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_gap() {
    let house = house(|_| {}).await;
    let users: Vec<Value> = (0..250)
        .map(|number| {
            json!({"username": format!("u{number:03}"), "status": 1,
        "home_dir": format!("/srv/{number}"), "permissions": {"/": ["*"]}})
        })
        .collect();
    assert_eq!(loaded(&house.core, &json!({"users": users, "version": 17})).await.entries.len(), 250);
    for indent in [false, true] {
        let text = text(&house.core, DumpOptions { scopes: vec![Scope::Users], indent }).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let found: Vec<_> = document["users"].as_array().expect("a list").iter().map(|user| &user["username"]).collect();
        assert_eq!(found, users.iter().map(|user| &user["username"]).collect::<Vec<_>>());
    }
}

// API-086
#[tokio::test(flavor = "multi_thread")]
async fn files_are_written_below_the_folder_of_backups_only() {
    let house = furnished().await;
    let options = DumpOptions::default();
    let path = dump_to_file(&house.core, &system(), &options, "weekly/one.json").await.expect("written");
    assert_eq!(path, house.core.data_directory().join("backups/weekly/one.json"));
    for name in ["", " ", "/etc/x", "../x", "a/../x", "a\0"] {
        let refused = dump_to_file(&house.core, &system(), &options, name).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "output-file"), "{name}");
    }
    let report = load_file(&house.core, &system(), "weekly/one.json", LoadOptions::default()).await.expect("allowed");
    assert_eq!((report.entries.len(), report.failures.len()), (4, 0));
    // API-091, API-009
    for name in ["", "none.json", "../one.json", "/", "weekly"] {
        let refused = load_file(&house.core, &system(), name, LoadOptions::default()).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "input-file"), "{name}");
    }
}

// API-086
#[tokio::test(flavor = "multi_thread")]
async fn only_full_administrators_dump_and_load() {
    let house = house(|_| {}).await;
    let clerk = session(&[P::ViewUsers, P::ManageGroups]);
    assert!(matches!(dump(&house.core, &clerk, &DumpOptions::default()), Err(Error::Denied(_))));
    let loading = load(&house.core, &clerk, bytes::Bytes::from_static(b"{}"), LoadOptions::default());
    assert!(matches!(loading.await, Err(Error::Denied(_))));
}

fn four_users(house: &House) -> Value {
    let user = |name: &str, home: String| json!({"username": name, "status": 1, "home_dir": home, "permissions": {"/": ["*"]}});
    let root = house.folder.path().to_string_lossy().into_owned();
    json!({"version": 17, "roles": [{"name": "r"}], "users": [
        user("one", format!("{root}/one")), user("two", root.clone() + "/data/keys"), {"username": 3}, user("four", format!("{root}/four"))]})
}

// API-094
#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_ends_it_and_what_was_before_stays() {
    let house = house(|_| {}).await;
    let report = loaded(&house.core, &four_users(&house)).await;
    assert_eq!(names(&report), [("r", Outcome::Added), ("one", Outcome::Added)]);
    let [failure] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!((failure.scope, failure.name.as_str()), (Some(Scope::Users), "two"));
    assert!(matches!(&failure.error, Error::Invalid { field, .. } if field == "home_dir"), "{failure}");
    assert!(users::get(&house.core, &system(), "one", false).await.is_ok());
    for name in ["two", "four"] {
        assert_eq!(users::get(&house.core, &system(), name, false).await.err(), Some(Error::NotFound));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_names_every_failure_and_writes_nothing() {
    let house = house(|_| {}).await;
    let mut document = four_users(&house);
    document["users"][3]["role"] = json!("r");
    document["users"][0]["groups"] = json!([{"name": "missing", "type": 1}]);
    let options = LoadOptions { is_dry_run: true, ..LoadOptions::default() };
    let report = load_text(&house.core, document.to_string(), options).await;
    assert_eq!(names(&report), [("r", Outcome::Added), ("four", Outcome::Added)]);
    let failed: Vec<_> = report.failures.iter().map(|failure| failure.name.as_str()).collect();
    assert_eq!(failed, ["one", "two", "users[2]"]);
    assert!(matches!(report.failures[0].error, Error::Conflict(_)));
    let kept = self::document(&house.core).await;
    assert_eq!((kept["users"].clone(), kept["roles"].clone()), (json!([]), json!([])));
}

// API-092, INIT-007
#[tokio::test(flavor = "multi_thread")]
async fn modes_replace_or_keep_what_exists() {
    let house = furnished().await;
    let mut document = document(&house.core).await;
    document["users"][0]["email"] = json!("new@example.com");
    document["roles"][0]["description"] = json!("new");
    let email = async || users::get(&house.core, &system(), "ada", false).await.expect("ada").email;
    let add = LoadOptions { mode: LoadMode::Add, ..LoadOptions::default() };
    let report = load_text(&house.core, document.to_string(), add).await;
    assert!(report.entries.iter().all(|entry| entry.outcome == Outcome::Kept));
    assert_eq!(email().await, "");
    let report = loaded(&house.core, &document).await;
    assert!(names(&report).contains(&("ada", Outcome::Updated)));
    assert_eq!(email().await, "new@example.com");
    assert_eq!(roles::get(&house.core, &system(), "r").await.expect("role").description, "new");
}

// API-092
#[tokio::test(flavor = "multi_thread")]
async fn mode_2_ends_the_sessions_of_updated_users() {
    let house = house(|_| {}).await;
    users::add(&house.core, &system(), house.user("ada")).await.expect("user");
    let document = document(&house.core).await;
    let attempt = crate::Attempt {
        username: "ada".into(),
        protocol: entrepot_model::Protocol::Ssh,
        peer: crate::login::tests::peer("192.0.2.1"),
    };
    let login = house.core.authenticate(&attempt, crate::Credentials::Password("secret")).await.expect("the hash was kept");
    let session = login.open_session("SFTP", "SFTP_1").expect("session");
    loaded(&house.core, &document).await;
    assert!(!session.ended().is_cancelled());
    let disconnect = LoadOptions { mode: LoadMode::AddUpdateAndDisconnect, ..LoadOptions::default() };
    load_text(&house.core, document.to_string(), disconnect).await;
    assert!(session.ended().is_cancelled());
}

// API-097, API-214, SEC-015
#[tokio::test(flavor = "multi_thread")]
async fn clear_texts_are_hashed_and_sealed_and_stand_ins_refused() {
    let house = house(|_| {}).await;
    let user = |secret: Value| {
        json!({"version": 17, "users": [{"username": "ada", "status": 1, "password": "plain password", "home_dir": "/srv/ada",
            "permissions": {"/": ["*"]}, "filesystem": {"provider": 4, "cryptconfig": {"passphrase": secret}}}]})
    };
    for refused in [
        json!({"status": "Redacted"}),
        json!({"status": "Plain", "payload": "weak"}),
        json!({"status": "Secretbox", "payload": "x"}),
    ] {
        assert_eq!(loaded(&house.core, &user(refused.clone())).await.failures.len(), 1, "{refused}");
    }
    let strong = json!({"status": "Plain", "payload": "a passphrase that is long enough to be strong"});
    assert_eq!(loaded(&house.core, &user(strong)).await.failures, []);
    let stored = users::get(&house.core, &system(), "ada", true).await.expect("ada");
    assert!(stored.password.is_some_and(|hash| hash.starts_with("$2a$")));
    assert!(stored.filesystem.cryptconfig.passphrase.is_encrypted());
}

// API-090, API-012
#[tokio::test(flavor = "multi_thread")]
async fn documents_of_the_future_and_others_are_refused() {
    let house = house(|_| {}).await;
    for text in
        [r#"{"version":18}"#, r#"{"version":"17"}"#, r#"{"version":-1}"#, "", "[]", "{", r#"{"users":{}}"#, r#"{"version":17} x"#]
    {
        let report = load_text(&house.core, text, LoadOptions::default()).await;
        assert!(
            matches!(report.failures.as_slice(), [Failure { scope: None, error: Error::Invalid { .. }, .. }]),
            "{text}: {report:?}"
        );
    }
    let report =
        load_text(&house.core, r#"{"version":14,"users":null,"license":{"key":"x"},"other":[1]}"#, LoadOptions::default()).await;
    assert_eq!((report.failures.as_slice(), report.ignored), (&[][..], vec!["license".to_owned(), "other".to_owned()]));
}

// API-098
#[tokio::test(flavor = "multi_thread")]
async fn configurations_are_replaced_by_section_and_given_back() {
    let house = house(|_| {}).await;
    let first = json!({"version": 17, "configs": {"smtp": {"host": "a", "password": {"status": "Plain", "payload": "swordfish"}}, "x": {"y": [1]}}});
    assert_eq!(loaded(&house.core, &first).await.failures, []);
    let second = json!({"version": 17, "configs": {"x": {"z": 2}}});
    assert_eq!(loaded(&house.core, &second).await.failures, []);
    let kept = document(&house.core).await["configs"].clone();
    assert_eq!((&kept["x"], &kept["smtp"]["host"]), (&json!({"z": 2}), &json!("a")));
    let password: Secret = serde_json::from_value(kept["smtp"]["password"].clone()).expect("a secret");
    let opened = crate::admin::sealing::open(&house.core.0.sealer, &password).expect("opens");
    assert_eq!((opened.as_slice(), password.additional_data.as_str()), (&b"swordfish"[..], "smtp"));
    let redacted = json!({"version": 17, "configs": {"smtp": {"password": {"status": "Redacted"}}}});
    assert_eq!(loaded(&house.core, &redacted).await.failures.len(), 1);
}
