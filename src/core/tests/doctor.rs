//! A look at the health of the server.

use std::sync::Arc;

use entrepot_model::{
    Admin, AdminPermission,
    doctor::{Finding, Severity},
};
use serde_json::json;

use super::fixture::Fixture;
use crate::{
    Error, Examiner,
    admin::{AdminSession, doctor::examine},
};

struct Outside;

impl Examiner for Outside {
    fn examine(&self) -> Vec<Finding> {
        vec![Finding::warning("certificate", "it ends soon", "renew it")]
    }
}

#[tokio::test]
async fn look_covers_machine_database_folders_and_services() {
    let fixture = Fixture::new().await;
    fixture.core.services().examine_with(Arc::new(Outside));
    let nobody = fixture.directory("nobody");
    let file = format!("{nobody}-file");
    make_file(&file);
    fixture.user("ann", json!({ "home_dir": file })).await;
    let session = AdminSession::system();
    let examination = examine(&fixture.core, &session).await.unwrap();
    let of = |area: &str| examination.findings.iter().filter(|finding| finding.area == area).collect::<Vec<_>>();
    assert_eq!(examination.severity, Severity::Error, "{examination:#?}");
    assert!(of("folders").iter().any(|finding| finding.message.contains("ann") && finding.message.contains("no folder")));
    assert_eq!(of("database")[0].severity, Severity::Ok);
    assert_eq!((of("limits").len(), of("certificate").len()), (1, 1), "{examination:#?}");
    let is_helpless = |finding: &&Finding| finding.severity != Severity::Ok && finding.fix.is_empty();
    let helpless: Vec<_> = examination.findings.iter().filter(is_helpless).collect();
    assert!(helpless.is_empty(), "each has its fix: {helpless:?}");
}

#[tokio::test]
async fn only_those_who_may_do_everything_may_look() {
    let fixture = Fixture::new().await;
    let admin = Admin { username: "eve".into(), permissions: vec![AdminPermission::ViewStatus], ..Admin::default() };
    let session = AdminSession::new(admin, None, std::net::IpAddr::from([127, 0, 0, 1]));
    assert!(matches!(examine(&fixture.core, &session).await, Err(Error::Denied(_))));
}

#[allow(clippy::disallowed_methods, reason = "a file of the test")]
fn make_file(path: &str) {
    std::fs::write(path, "x").unwrap();
}
