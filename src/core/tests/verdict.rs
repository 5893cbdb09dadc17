//! "Why was this refused?" has the answer of the code that refuses.

use entrepot_model::{Admin, AdminPermission, Protocol, VirtualPath, verdict::Stage};
use serde_json::json;

use super::fixture::Fixture;
use crate::{
    Error, Operation,
    admin::{
        AdminSession,
        verdict::{Question, judge},
    },
};

fn question(operation: Operation, path: &str) -> Question {
    let path = VirtualPath::parse(path.as_bytes()).unwrap();
    Question { username: "ann".into(), protocol: Protocol::Ssh, ip: Some([192, 0, 2, 9].into()), file: Some((operation, path)) }
}

#[tokio::test]
async fn the_rule_that_would_fire_is_named() {
    let fixture = Fixture::new().await;
    let filters = json!({
        "denied_protocols": ["FTP"],
        "denied_ip": ["198.51.100.0/24"],
        "file_patterns": [{ "path": "/", "denied_patterns": ["*.exe"] }],
    });
    let permissions = json!({ "/": ["*"], "/archive": ["list", "download"] });
    fixture.user("ann", json!({ "permissions": permissions, "filters": filters, "quota_size": 10 })).await;
    let session = AdminSession::system();
    let stops = async |question: Question| {
        let verdict = judge(&fixture.core, &session, &question).await.unwrap();
        verdict.stopper().map(|check| (check.stage, check.rule.clone()))
    };
    assert_eq!(stops(question(Operation::Upload, "/new.txt")).await, None);
    assert_eq!(stops(question(Operation::Upload, "/archive/new.txt")).await, Some((Stage::Files, "permissions".into())));
    assert_eq!(stops(question(Operation::Download, "/archive/old.txt")).await, None);
    assert_eq!(stops(question(Operation::Upload, "/tool.exe")).await, Some((Stage::Files, "file_patterns".into())));
    let over_ftp = Question { protocol: Protocol::Ftp, ..question(Operation::List, "/") };
    assert_eq!(stops(over_ftp).await, Some((Stage::SignIn, "denied_protocols".into())));
    let from_there = Question { ip: Some([198, 51, 100, 7].into()), ..question(Operation::List, "/") };
    assert_eq!(stops(from_there).await, Some((Stage::SignIn, "ip_filters".into())));
    let login = Question { file: None, ..question(Operation::List, "/") };
    assert_eq!(stops(login).await, None);
}

#[tokio::test]
async fn disabled_accounts_and_unknown_users_are_told_apart() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({ "status": 0 })).await;
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
