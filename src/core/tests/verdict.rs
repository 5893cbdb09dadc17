//! "Why was this refused?" has the answer of the code that refuses.

mod reality;

use entrepot_model::{
    Admin, AdminPermission, IpListEntry, Protocol, VirtualPath,
    verdict::{Check, Stage},
};
use serde_json::{Value, json};

use super::{
    client::put,
    fixture::{Fixture, user},
};
use crate::{
    Error, Operation,
    admin::{
        AdminSession, ip_lists,
        verdict::{Question, judge},
    },
    gates::Score,
};

fn question(operation: Operation, path: &str) -> Question {
    let path = VirtualPath::parse(path.as_bytes()).unwrap();
    Question { username: "ann".into(), protocol: Protocol::Ssh, ip: Some([192, 0, 2, 9].into()), file: Some((operation, path)) }
}

/// As [`Fixture::user`], with a password.
async fn person(fixture: &Fixture, name: &str, fields: Value) {
    let hash = "$2a$04$pJcFoQn5HRdJ9TAVWxSYTeQMe4oNwKzZsO1cCNWcXyMyPe6jYz.CS".to_owned();
    fixture.store.users().insert(user(name, fields), Some(hash), 1).await.unwrap();
}

// A storage that hangs has one thread at most, however often it is asked about.
#[tokio::test]
async fn a_root_that_does_not_answer_is_told_and_not_asked_again() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({})).await;
    let (release, hang) = std::sync::mpsc::channel::<()>();
    let (root, moment) = (std::path::Path::new("/memory/ann"), std::time::Duration::from_millis(1));
    let hanging = fixture.core.0.lookout.look_within(moment, root, move || hang.recv().is_ok()).await;
    assert_eq!(hanging, Ok(None));
    let verdict = judge(&fixture.core, &AdminSession::system(), &question(Operation::List, "/")).await.unwrap();
    let stopper = verdict.stopper().expect("stopped");
    assert!(stopper.detail.contains("no answer within 5 s"), "{stopper:?}");
    assert_eq!(fixture.memory("ann").faults().calls(entrepot_storage::memory::Operation::CheckRoot), 0);
    drop(release);
}

#[tokio::test]
async fn the_rule_that_would_fire_is_named() {
    let fixture = Fixture::new().await;
    let filters = json!({
        "denied_protocols": ["HTTP"],
        "denied_ip": ["198.51.100.0/24"],
        "file_patterns": [{ "path": "/", "denied_patterns": ["*.exe"] }],
    });
    let permissions = json!({ "/": ["*"], "/archive": ["list", "download"] });
    person(&fixture, "ann", json!({ "permissions": permissions, "filters": filters, "quota_size": 10 })).await;
    let session = AdminSession::system();
    let stops = async |question: Question| {
        let verdict = judge(&fixture.core, &session, &question).await.unwrap();
        verdict.stopper().map(|check| (check.stage, check.rule.clone()))
    };
    assert_eq!(stops(question(Operation::Upload, "/new.txt")).await, None);
    assert_eq!(stops(question(Operation::Upload, "/archive/new.txt")).await, Some((Stage::Files, "permissions".into())));
    assert_eq!(stops(question(Operation::Download, "/archive/old.txt")).await, None);
    assert_eq!(stops(question(Operation::Upload, "/tool.exe")).await, Some((Stage::Files, "file_patterns".into())));
    let over_http = Question { protocol: Protocol::Http, ..question(Operation::List, "/") };
    assert_eq!(stops(over_http).await, Some((Stage::SignIn, "denied_protocols".into())));
    let from_there = Question { ip: Some([198, 51, 100, 7].into()), ..question(Operation::List, "/") };
    assert_eq!(stops(from_there).await, Some((Stage::SignIn, "ip_filters".into())));
    let login = Question { file: None, ..question(Operation::List, "/") };
    assert_eq!(stops(login).await, None);
}

#[tokio::test]
async fn disabled_accounts_and_unknown_users_are_told_apart() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "status": 0 })).await;
    let session = AdminSession::system();
    let verdict = judge(&fixture.core, &session, &question(Operation::List, "/")).await.unwrap();
    let stopper = verdict.stopper().unwrap();
    assert_eq!((stopper.stage, stopper.rule.as_str(), verdict.allowed), (Stage::Account, "status", false));
    let nobody = Question { username: "bob".into(), ..question(Operation::List, "/") };
    assert_eq!(judge(&fixture.core, &session, &nobody).await, Err(Error::NotFound));
    let admin = Admin { permissions: vec![AdminPermission::ViewEvents], ..Admin::default() };
    let other = AdminSession::new(admin, None, [127, 0, 0, 1].into());
    assert!(matches!(judge(&fixture.core, &other, &nobody).await, Err(Error::Denied(_))));
}

#[test]
fn operations_are_known_by_their_names() {
    for operation in Operation::ALL {
        assert_eq!(Operation::from_name(operation.name()), Some(operation));
    }
    assert_eq!(Operation::from_name("nothing"), None);
}

async fn stage(fixture: &Fixture, session: &AdminSession, question: &Question, stage: Stage) -> Option<Check> {
    let verdict = judge(&fixture.core, session, question).await.unwrap();
    verdict.checks.into_iter().find(|check| check.stage == stage)
}

fn with(permissions: &[AdminPermission]) -> AdminSession {
    let admin = Admin { permissions: permissions.to_vec(), ..Admin::default() };
    AdminSession::new(admin, None, [127, 0, 0, 1].into())
}

// UI-203
#[tokio::test]
async fn bans_and_lists_are_told_to_who_may_see_them() {
    let fixture = Fixture::with(|settings| {
        settings.common.defender.enabled = true;
        settings.common.defender.threshold = 2;
        settings.common.defender.score_invalid = 2;
    })
    .await;
    person(&fixture, "ann", json!({})).await;
    let (banned, listed) = ([203, 0, 113, 5].into(), [198, 51, 100, 7].into());
    for _ in 0..2 {
        fixture.core.score(banned, Protocol::Ssh, Score::UnknownUser);
    }
    let entry = json!({ "ipornet": "198.51.100.0/24", "type": 2, "mode": 2, "protocols": 0 });
    let entry: IpListEntry = serde_json::from_value(entry).unwrap();
    ip_lists::add(&fixture.core, &AdminSession::system(), entry).await.unwrap();
    let from = |ip| Question { ip: Some(ip), ..question(Operation::List, "/") };
    let all = AdminSession::system();
    for ip in [banned, listed] {
        let check = stage(&fixture, &all, &from(ip), Stage::Address).await.unwrap();
        assert_eq!((check.allowed, check.rule.as_str()), (false, "defender"), "{ip}");
        assert_eq!(stage(&fixture, &with(&[AdminPermission::ViewUsers]), &from(ip), Stage::Address).await, None);
    }
    let defender = with(&[AdminPermission::ViewUsers, AdminPermission::ViewDefender]);
    assert!(!stage(&fixture, &defender, &from(banned), Stage::Address).await.unwrap().allowed);
    let untold = stage(&fixture, &defender, &from(listed), Stage::Address).await.unwrap();
    assert_eq!(Some(untold), stage(&fixture, &defender, &from([192, 0, 2, 9].into()), Stage::Address).await, "as any other");
}

// UI-203, ACC-182, ACC-183, ACC-280
#[tokio::test]
async fn the_quota_is_the_one_that_counts_at_the_path() {
    let fixture = Fixture::new().await;
    fixture.folder("outer", "/memory/outer").await;
    fixture.folder("inner", "/memory/inner").await;
    let mount =
        |name: &str, at: &str, files: i64| json!({ "name": name, "virtual_path": at, "quota_size": 0, "quota_files": files });
    let group = json!({
        "name": "yard",
        "user_settings": { "quota_files": 1 },
        "virtual_folders": [mount("outer", "/outer", 0), mount("inner", "/outer/inner", 1)],
    });
    fixture.store.groups().insert(serde_json::from_value(group).unwrap(), 1).await.unwrap();
    person(&fixture, "ann", json!({ "groups": [{ "name": "yard", "type": 1 }] })).await;
    let session = fixture.session("ann").await;
    let system = AdminSession::system();
    let said = async |operation, path: &str| {
        let check = stage(&fixture, &system, &question(operation, path), Stage::Quota).await.unwrap();
        (check.allowed, check.rule)
    };
    let passes = || (true, String::new());
    let refused = || (false, "quota_files".to_owned());
    for path in ["/one", "/outer/one", "/outer/inner/one"] {
        assert_eq!(said(Operation::Upload, path).await, passes(), "{path}");
        put(&session.fs(), path, b"12345").await.unwrap();
    }
    assert_eq!(said(Operation::Upload, "/two").await, refused(), "the group says one file");
    assert_eq!(said(Operation::Copy, "/two").await, refused());
    assert_eq!(said(Operation::Overwrite, "/one").await, passes(), "what is replaced is no new file");
    assert_eq!(said(Operation::Upload, "/outer/two").await, passes());
    assert_eq!(said(Operation::Upload, "/outer/inner/two").await, refused(), "the deepest mount counts");
    assert_eq!(said(Operation::Download, "/one").await, passes());
    assert_eq!(stage(&fixture, &system, &question(Operation::List, "/"), Stage::Quota).await, None);
}

// UI-203, ACC-281
#[tokio::test]
async fn what_is_replaced_gives_its_room_back() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "quota_size": 5 })).await;
    let session = fixture.session("ann").await;
    put(&session.fs(), "/one", b"12345").await.unwrap();
    let system = AdminSession::system();
    let full = stage(&fixture, &system, &question(Operation::Upload, "/two"), Stage::Quota).await.unwrap();
    assert_eq!((full.allowed, full.rule.as_str()), (false, "quota_size"));
    assert_eq!(full.detail, "5 of 5 bytes are used");
    let replaced = stage(&fixture, &system, &question(Operation::Overwrite, "/one"), Stage::Quota).await.unwrap();
    assert!(replaced.allowed && replaced.note.contains("no more room"), "{replaced:?}");
}

// UI-203, ACC-294
#[tokio::test]
async fn spent_traffic_is_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "download_data_transfer": 1, "used_download_data_transfer": 0 })).await;
    fixture.store.users().set_transfer_usage("ann", 0, 1 << 20, 1).await.unwrap();
    let system = AdminSession::system();
    let spent = stage(&fixture, &system, &question(Operation::Download, "/one"), Stage::Quota).await.unwrap();
    assert_eq!((spent.allowed, spent.rule.as_str()), (false, "download_data_transfer"));
    assert!(stage(&fixture, &system, &question(Operation::Upload, "/one"), Stage::Quota).await.unwrap().allowed);
}

// UI-203, ACC-103
#[tokio::test]
async fn keys_are_not_asked_for_the_age_of_a_password() {
    let fixture = Fixture::new().await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKQSqtSvqyyzyfbRZXL8LM+VKMVzRFPHvgE9tTfBmpv";
    let filters = json!({ "require_password_change": true });
    person(&fixture, "ann", json!({ "public_keys": [key], "filters": filters })).await;
    person(&fixture, "bob", json!({ "filters": filters })).await;
    let system = AdminSession::system();
    let over = |username: &str, protocol| Question { username: username.into(), protocol, ..question(Operation::List, "/") };
    let ann = stage(&fixture, &system, &over("ann", Protocol::Ssh), Stage::SignIn).await.unwrap();
    assert!(ann.allowed && ann.note.contains("require_password_change"), "{ann:?}");
    for (name, protocol) in [("ann", Protocol::Http), ("bob", Protocol::Ssh), ("bob", Protocol::Http)] {
        let check = stage(&fixture, &system, &over(name, protocol), Stage::SignIn).await.unwrap();
        assert_eq!((check.allowed, check.rule.as_str()), (false, "require_password_change"), "{name}");
    }
    // Over HTTP one may sign in, and do that.
    let login = Question { file: None, ..over("bob", Protocol::Http) };
    let login = stage(&fixture, &system, &login, Stage::SignIn).await.unwrap();
    assert!(login.allowed && login.note.starts_with("Password change required"), "{login:?}");
}

// UI-203, ACC-086, ACC-095
#[tokio::test]
async fn an_account_without_a_way_in_is_told() {
    let fixture = Fixture::new().await;
    let single = ["publickey", "password", "keyboard-interactive"];
    let pairs = ["publickey+password", "publickey+keyboard-interactive", "password+publickey", "keyboard-interactive+publickey"];
    let denied = |methods: &[&str]| json!({ "filters": { "denied_login_methods": methods } });
    person(&fixture, "ann", denied(&["password"])).await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKQSqtSvqyyzyfbRZXL8LM+VKMVzRFPHvgE9tTfBmpv";
    let with_key = json!({ "public_keys": [key], "filters": { "denied_login_methods": single } });
    person(&fixture, "bob", with_key).await;
    person(&fixture, "cy", denied(&[&single[..], &pairs].concat())).await;
    let system = AdminSession::system();
    let seen = async |username: &str, protocol| {
        let question = Question { username: username.into(), protocol, ..question(Operation::List, "/") };
        stage(&fixture, &system, &question, Stage::SignIn).await.unwrap().rule
    };
    let closed = "denied_login_methods";
    assert_eq!((seen("ann", Protocol::Ssh).await.as_str(), seen("ann", Protocol::Http).await.as_str()), ("", closed));
    assert_eq!((seen("bob", Protocol::Ssh).await.as_str(), seen("bob", Protocol::Http).await.as_str()), ("", closed));
    assert_eq!(seen("cy", Protocol::Ssh).await, closed);
}

#[tokio::test]
async fn storage_that_the_server_does_not_have_is_an_answer() {
    let fixture = Fixture::new().await;
    let bucket = json!({ "provider": 1, "s3config": { "bucket": "b", "region": "r" } });
    person(&fixture, "ann", json!({ "filesystem": bucket, "home_dir": "/srv/ann" })).await;
    let verdict = judge(&fixture.core, &AdminSession::system(), &question(Operation::List, "/")).await.expect("an answer");
    let stopper = verdict.stopper().expect("it stops");
    assert_eq!((stopper.stage, stopper.rule.as_str()), (Stage::Account, "filesystem"));
}
