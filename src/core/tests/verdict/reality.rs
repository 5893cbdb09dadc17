//! What the answer says is what happens: each case is asked about, and then tried.

use entrepot_model::{
    Protocol,
    verdict::{Check, Stage, Verdict},
};
use entrepot_storage::Attributes;
use serde_json::json;

use super::{person, question};
use crate::{
    Error, Operation,
    admin::{
        AdminSession,
        verdict::{Question, judge},
    },
    tests::{
        client::{path, put, rule},
        fixture::Fixture,
    },
};

async fn verdict(fixture: &Fixture, question: Question) -> Verdict {
    judge(&fixture.core, &AdminSession::system(), &question).await.unwrap()
}

/// Where it stops, and by which rule.
async fn stopper(fixture: &Fixture, question: Question) -> Option<(Stage, String)> {
    verdict(fixture, question).await.stopper().map(|check| (check.stage, check.rule.clone()))
}

async fn stage(fixture: &Fixture, question: Question, stage: Stage) -> Check {
    verdict(fixture, question).await.checks.into_iter().find(|check| check.stage == stage).unwrap()
}

fn at(stage: Stage, rule: &str) -> Option<(Stage, String)> {
    Some((stage, rule.to_owned()))
}

fn over(protocol: Protocol, question: Question) -> Question {
    Question { protocol, ..question }
}

/// A file of this machine: nothing can be below it.
#[expect(clippy::disallowed_methods, reason = "a file is put where a root should be")]
fn file_in_the_way(fixture: &Fixture) -> String {
    let file = fixture.folder.path().join("file");
    std::fs::write(&file, b"no folder").unwrap();
    file.to_string_lossy().into_owned()
}

// UI-203, ACC-155, ACC-306
#[tokio::test]
async fn changes_over_http_that_an_option_takes_away_are_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "filters": { "web_client": ["write-disabled"] } })).await;
    for operation in [Operation::Upload, Operation::RemoveFile, Operation::RenameFile, Operation::CreateDirectory] {
        let asked = || question(operation, "/new");
        assert_eq!(stopper(&fixture, over(Protocol::Http, asked())).await, at(Stage::Files, "write-disabled"), "{operation:?}");
        assert_eq!(stopper(&fixture, asked()).await, None, "{operation:?}");
    }
    assert_eq!(stopper(&fixture, over(Protocol::Http, question(Operation::Download, "/new"))).await, None);
}

// UI-203, ACC-084, ACC-085
#[tokio::test]
async fn a_home_that_cannot_be_used_is_told_and_asking_makes_none() {
    let fixture = Fixture::new().await;
    let file = file_in_the_way(&fixture);
    let missing = fixture.folder.path().join("homes/cy");
    person(&fixture, "ann", json!({ "home_dir": format!("{file}/ann") })).await;
    person(&fixture, "bob", json!({ "home_dir": file })).await;
    person(&fixture, "cy", json!({ "home_dir": missing })).await;
    person(&fixture, "dan", json!({ "home_dir": file, "filters": { "disable_fs_checks": true } })).await;
    let asked = |name: &str| Question { username: name.into(), ..question(Operation::List, "/") };
    for name in ["ann", "bob"] {
        for protocol in [Protocol::Ssh, Protocol::Http] {
            assert_eq!(stopper(&fixture, over(protocol, asked(name))).await, at(Stage::SignIn, "home_dir"), "{name}");
        }
        let check = stage(&fixture, asked(name), Stage::SignIn).await;
        assert!(check.detail.starts_with(&file), "{check:?}");
    }
    assert_eq!(stopper(&fixture, asked("cy")).await, None, "a login makes it");
    assert!(!missing.exists(), "to ask makes nothing");
    assert_eq!(stopper(&fixture, asked("dan")).await, at(Stage::Files, "home_dir"), "nobody looks at the login");
    let session = fixture.session("dan").await;
    assert!(session.fs().list(&path("/")).await.is_err());
}

// UI-203, SEC-046, ACC-300, SEC-083
#[tokio::test]
async fn an_account_with_nothing_to_show_is_told() {
    let fixture = Fixture::new().await;
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKQSqtSvqyyzyfbRZXL8LM+VKMVzRFPHvgE9tTfBmpv";
    fixture.user("ann", json!({})).await;
    fixture.user("bob", json!({ "public_keys": [key] })).await;
    fixture.user("cy", json!({ "filters": { "allow_api_key_auth": true } })).await;
    let two_steps = json!({ "denied_login_methods": ["publickey", "password", "keyboard-interactive"] });
    fixture.user("dan", json!({ "public_keys": [key], "filters": two_steps })).await;
    person(&fixture, "eve", json!({ "public_keys": [key], "filters": two_steps })).await;
    let asked = |name: &str, protocol| Question { username: name.into(), protocol, ..question(Operation::List, "/") };
    let nothing = at(Stage::SignIn, "credentials");
    for (name, ssh, http) in [("ann", false, false), ("bob", true, false), ("cy", false, true), ("dan", false, false)] {
        let expected = |is_in: bool| if is_in { None } else { nothing.clone() };
        assert_eq!(stopper(&fixture, asked(name, Protocol::Ssh)).await, expected(ssh), "{name}");
        assert_eq!(
            stopper(&fixture, asked(name, Protocol::Http)).await.map(|found| found.0),
            expected(http).map(|found| found.0)
        );
    }
    assert_eq!(stopper(&fixture, asked("eve", Protocol::Ssh)).await, None, "a key and then the password");
    let check = stage(&fixture, asked("cy", Protocol::Http), Stage::SignIn).await;
    assert!(check.allowed && check.note.contains("API key"), "{check:?}");
    fixture.set(|settings| {
        settings.sftpd.password_authentication = false;
        settings.sftpd.keyboard_interactive_authentication = false;
    });
    person(&fixture, "fay", json!({})).await;
    assert_eq!(stopper(&fixture, asked("fay", Protocol::Ssh)).await, nothing, "nobody is asked for a password");
    assert_eq!(stopper(&fixture, asked("fay", Protocol::Http)).await, None);
}

// UI-203, SEC-070, SEC-125, ACC-103
#[tokio::test]
async fn duties_come_before_files_over_http() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "filters": { "two_factor_protocols": ["HTTP"] } })).await;
    let filters = json!({ "require_password_change": true, "allow_api_key_auth": true });
    person(&fixture, "bob", json!({ "filters": filters })).await;
    let asked = |name: &str| Question { username: name.into(), protocol: Protocol::Http, ..question(Operation::List, "/") };
    assert_eq!(stopper(&fixture, asked("ann")).await, at(Stage::SignIn, "two_factor_protocols"));
    let login = stage(&fixture, Question { file: None, ..asked("ann") }, Stage::SignIn).await;
    assert!(login.allowed && login.note.contains("configure two-factor"), "{login:?}");
    let keyed = stage(&fixture, asked("bob"), Stage::SignIn).await;
    assert!(keyed.allowed && keyed.note.contains("API key") && keyed.note.contains("require_password_change"), "{keyed:?}");
}

// UI-203
#[tokio::test]
async fn protocols_that_nobody_listens_for_are_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({})).await;
    for protocol in [Protocol::Ftp, Protocol::Dav] {
        assert_eq!(stopper(&fixture, over(protocol, question(Operation::List, "/"))).await, at(Stage::SignIn, "bindings"));
    }
    fixture.set(|settings| settings.sftpd.bindings.clear());
    assert_eq!(stopper(&fixture, question(Operation::List, "/")).await, at(Stage::SignIn, "bindings"));
    assert_eq!(stopper(&fixture, over(Protocol::Http, question(Operation::List, "/"))).await, None);
}

// UI-203, SFTP-030, UPL-012
#[tokio::test]
async fn links_that_are_switched_off_are_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "home_dir": fixture.directory("ann") })).await;
    let session = fixture.session("ann").await;
    let asked = || question(Operation::CreateSymlink, "/link");
    for (mode, stops) in [(0, at(Stage::Files, "symlink_mode")), (2, at(Stage::Files, "symlink_mode")), (1, None)] {
        fixture.set(|settings| settings.common.symlink_mode = mode);
        assert_eq!(stopper(&fixture, asked()).await, stops, "{mode}");
        let made = session.fs().create_symlink(b"/target", &path("/link")).await;
        assert_eq!(made.err(), stops.map(|_| Error::Unsupported), "{mode}");
    }
}

// UI-203, SFTP-027, SFTP-030, ACC-147
#[tokio::test]
async fn changes_that_are_ignored_and_sizes_that_do_not_fit_are_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "quota_size": 5 })).await;
    let session = fixture.session("ann").await;
    put(&session.fs(), "/full", b"12345").await.unwrap();
    for (mode, is_ignored) in [(0, false), (1, true)] {
        fixture.set(|settings| settings.common.setstat_mode = mode);
        for operation in [Operation::ChangeMode, Operation::ChangeOwner, Operation::ChangeTimes] {
            let check = stage(&fixture, question(operation, "/full"), Stage::Files).await;
            assert!(check.allowed && check.note.contains("setstat_mode") == is_ignored, "{operation:?}: {check:?}");
        }
    }
    let check = stage(&fixture, question(Operation::Truncate, "/full"), Stage::Quota).await;
    assert!(check.allowed && check.note.contains("only to a size that the file has already"), "{check:?}");
    let size = |size| Attributes { size: Some(size), ..Attributes::default() };
    assert_eq!(session.fs().set_attributes(&path("/full"), &size(6), true).await, Err(Error::Quota));
    assert_eq!(session.fs().set_attributes(&path("/full"), &size(4), true).await, Ok(()));
}

// UI-203, ACC-183
#[tokio::test]
async fn folders_that_are_not_there_are_told() {
    let fixture = Fixture::new().await;
    let file = file_in_the_way(&fixture);
    fixture.folder("gone", &format!("{file}/gone")).await;
    let mount = json!({ "name": "gone", "virtual_path": "/deep/gone", "quota_size": 0, "quota_files": 0 });
    person(&fixture, "ann", json!({ "virtual_folders": [mount] })).await;
    let gone = at(Stage::Files, "virtual_folders");
    for (operation, path) in
        [(Operation::Upload, "/deep/gone/new"), (Operation::List, "/deep/gone"), (Operation::Download, "/deep/gone/old")]
    {
        assert_eq!(stopper(&fixture, question(operation, path)).await, gone, "{operation:?}");
    }
    assert_eq!(stopper(&fixture, question(Operation::Stat, "/deep/gone")).await, None, "a mount can be looked at");
    assert_eq!(stopper(&fixture, question(Operation::Upload, "/new")).await, None);
    assert_eq!(stopper(&fixture, question(Operation::Upload, "/deep")).await, gone, "what leads to it is no file");
    let session = fixture.session("ann").await;
    assert!(put(&session.fs(), "/deep/gone/new", b"x").await.is_err());
    assert_eq!(put(&session.fs(), "/deep", b"x").await.err(), Some(Error::Unsupported));
}

// UI-203, ACC-293
#[tokio::test]
async fn largest_files_are_told() {
    let fixture = Fixture::new().await;
    person(&fixture, "ann", json!({ "filters": { "max_upload_file_size": 5 } })).await;
    fixture.set(|settings| settings.httpd.max_upload_file_size = 4);
    let over_ssh = stage(&fixture, question(Operation::Upload, "/new"), Stage::Quota).await;
    assert!(over_ssh.allowed && over_ssh.note.contains("5 bytes") && !over_ssh.note.contains("4 bytes"), "{over_ssh:?}");
    let over_http = stage(&fixture, over(Protocol::Http, question(Operation::Upload, "/new")), Stage::Quota).await;
    assert!(over_http.note.contains("5 bytes") && over_http.note.contains("4 bytes"), "{over_http:?}");
    let session = fixture.session("ann").await;
    assert_eq!(put(&session.fs(), "/new", b"123456").await.err(), Some(Error::Quota));
    assert_eq!(rule(&put(&session.fs(), "/new", b"12345").await), None);
}
