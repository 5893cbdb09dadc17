//! Connections, status, log level, licence and usage from the outside.

use std::sync::{Arc, Mutex};

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_core::{Attempt, Credentials, LogControl, Peer, Session};
use entrepot_model::{
    AdminPermission as P, Protocol,
    retention::RetentionCheck,
    status::{LogLevel, SshServiceStatus},
};
use serde_json::{Value, json};

use super::{add, get};
use crate::testing::{House, ready};

async fn session(house: &House, name: &str, id: &str) -> Session {
    let remote = "192.0.2.50:4000".parse().unwrap();
    let peer = Peer {
        remote,
        local: None,
        client_version: "SSH-2.0-test".into(),
        encryption: String::new(),
        connection_id: String::new(),
    };
    let attempt = Attempt { username: name.into(), protocol: Protocol::Ssh, peer };
    house.core.authenticate(&attempt, Credentials::Password("secret")).await.unwrap().open_session("SFTP", id).unwrap()
}

// API-060, API-061, API-063, API-064, ACC-234
#[actix_web::test]
async fn connections_are_listed_and_closed() {
    let house = ready().await;
    house.add_admin("viewer", &[P::ViewConns]).await;
    let (root, viewer) = (house.token("root").await, house.token("viewer").await);
    assert_eq!(house.with(&root, get("/api/v2/connections")).await.text, "[]");
    assert_eq!(add(&house, &root, &house.user("ana")).await.status, StatusCode::CREATED);
    let open = session(&house, "ana", "SFTP_a1_1").await;
    open.set_command("md5sum");
    let list = house.with(&viewer, get("/api/v2/connections")).await.json();
    let found = &list[0];
    assert_eq!((&found["connection_id"], &found["username"]), (&json!("SFTP_a1_1"), &json!("ana")));
    assert_eq!((&found["remote_address"], &found["protocol"]), (&json!("192.0.2.50:4000"), &json!("SFTP")));
    assert_eq!((&found["client_version"], &found["command"]), (&json!("SSH-2.0-test"), &json!("md5sum")));
    let millis = |field: &str| found[field].as_i64().unwrap();
    assert!(millis("connection_time") > 1_700_000_000_000 && millis("current_time") >= millis("last_activity"));
    let close = |token: String, path: &str| {
        let request = TestRequest::delete().uri(&format!("/api/v2/connections/{path}"));
        let house = &house;
        async move { house.with(&token, request).await }
    };
    assert_eq!(close(viewer.clone(), "SFTP_a1_1").await.status, StatusCode::FORBIDDEN);
    for unknown in ["SFTP_none", "SFTP_a1_1?node=other"] {
        assert_eq!(close(root.clone(), unknown).await.status, StatusCode::NOT_FOUND);
    }
    assert!(!open.ended().is_cancelled());
    let closed = close(root, "SFTP_a1_1").await;
    assert_eq!((closed.status, closed.json()), (StatusCode::OK, json!({"message": "Connection closed"})));
    assert!(open.ended().is_cancelled());
}

// API-066: what is not built or not on says so.
#[actix_web::test]
async fn status_tells_what_is_so() {
    let house = ready().await;
    house.add_admin("viewer", &[P::ViewStatus]).await;
    let token = house.token("viewer").await;
    house.core.services().report_ssh(SshServiceStatus::default());
    let status = house.with(&token, get("/api/v2/status")).await.json();
    for service in ["ssh", "ftp", "webdav", "event_rules"] {
        assert_eq!(status[service]["is_active"], json!(false), "{service}");
    }
    assert_eq!(status["ftp"]["bindings"], json!([]));
    let why = status["event_rules"]["error"].as_str().unwrap();
    assert!(why.contains("stored") && why.contains("no engine"), "{why}");
    assert_eq!(status["data_provider"], json!({"is_active": true, "driver": "sqlite", "error": ""}));
    for key in ["defender", "allow_list", "rate_limiters", "mfa"] {
        assert!(status[key]["is_active"].is_boolean(), "{key}");
    }
    assert_eq!(status["mfa"]["totp_configs"][0]["algo"], json!("sha1"));
    let ssh = SshServiceStatus { is_active: true, macs: vec!["m".into()], ..SshServiceStatus::default() };
    house.core.services().report_ssh(ssh);
    let ssh = house.with(&token, get("/api/v2/status")).await.json()["ssh"].clone();
    assert_eq!((&ssh["is_active"], &ssh["macs"]), (&json!(true), &json!(["m"])));
    house.add_admin("clerk", &[P::ViewUsers]).await;
    let clerk = house.token("clerk").await;
    for path in ["status", "system/log-level", "license", "saas/usage", "retention/users/checks"] {
        assert_eq!(house.with(&clerk, get(&format!("/api/v2/{path}"))).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

/// A log that only knows its level.
pub(super) struct Log(Mutex<LogLevel>);

impl Default for Log {
    fn default() -> Self {
        Self(Mutex::new(LogLevel::Debug))
    }
}

impl LogControl for Log {
    fn level(&self) -> LogLevel {
        *self.0.lock().unwrap()
    }

    fn set_level(&self, level: LogLevel) {
        *self.0.lock().unwrap() = level;
    }
}

// API-068, LOG-013
#[actix_web::test]
async fn log_level_is_read_and_changed() {
    let house = ready().await;
    let token = house.token("root").await;
    let path = "/api/v2/system/log-level";
    assert_eq!(house.with(&token, get(path)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let log = Arc::new(Log::default());
    house.core.services().control_log(log.clone());
    assert_eq!(house.with(&token, get(path)).await.json(), json!({"level": "debug"}));
    let put = |body: Value| TestRequest::put().uri(path).set_json(body);
    assert_eq!(house.with(&token, put(json!({"level": "warn"}))).await.status, StatusCode::OK);
    assert_eq!((log.level(), house.with(&token, get(path)).await.json()), (LogLevel::Warn, json!({"level": "warn"})));
    for body in [json!({"level": "trace"}), json!({"level": "WARN"}), json!({"level": 1}), json!({})] {
        assert_eq!(house.with(&token, put(body.clone())).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(log.level(), LogLevel::Warn);
}

// API-069, API-070, API-071, API-072, API-113
#[actix_web::test]
async fn licence_is_for_life_and_usage_is_counted() {
    let house = ready().await;
    let token = house.token("root").await;
    let license = house.with(&token, get("/api/v2/license")).await.json();
    assert_eq!((&license["type"], &license["valid_to"], &license["key"]), (&json!(2), &json!(4_102_444_800_i64), &json!("")));
    assert_eq!(license["features"]["fs_poviders"], license["features"]["fs_providers"]);
    let actions = license["features"]["event_actions"].as_array().unwrap();
    assert!(actions.len() == 18 && !actions.contains(&json!(10)) && actions.contains(&json!(19)), "{actions:?}");
    let post = |body: Value| TestRequest::post().uri("/api/v2/license").set_json(body);
    for body in [json!({}), json!({"key": " "})] {
        assert_eq!(house.with(&token, post(body)).await.status, StatusCode::BAD_REQUEST);
    }
    let saved = house.with(&token, post(json!({"key": "K-1"}))).await;
    assert_eq!((saved.status, saved.json()), (StatusCode::OK, json!({"message": "License key saved successfully"})));
    let system = entrepot_core::admin::AdminSession::system();
    let kept = entrepot_core::admin::status::license_key(&house.core, &system).await.unwrap();
    assert_eq!(kept.as_deref(), Some("K-1"));
    assert_eq!(house.with(&token, get("/api/v2/license")).await.json()["key"], json!(""));

    assert_eq!(add(&house, &token, &house.user("ana")).await.status, StatusCode::CREATED);
    let usage = TestRequest::put().uri("/api/v2/quotas/users/ana/usage").set_json(json!({"used_quota_size": 70}));
    assert_eq!(house.with(&token, usage).await.status, StatusCode::OK);
    let moved = json!({"used_upload_data_transfer": 3, "used_download_data_transfer": 4});
    let moved = TestRequest::put().uri("/api/v2/quotas/users/ana/transfer-usage").set_json(moved);
    assert_eq!(house.with(&token, moved).await.status, StatusCode::OK);
    let wanted = json!({"bandwidth_used": 7, "bandwidth_allowed": 0, "storage_used": 70, "storage_allowed": 0});
    assert_eq!(house.with(&token, get("/api/v2/saas/usage")).await.json(), wanted);

    let checks = "/api/v2/retention/users/checks";
    assert_eq!(house.with(&token, get(checks)).await.text, "[]");
    let check = RetentionCheck { username: "ana".into(), start_time: 5, ..RetentionCheck::default() };
    let running = house.core.services().retention().enter("", check.clone()).unwrap();
    assert!(house.core.services().retention().enter("", check).is_none(), "one per user");
    assert_eq!(house.with(&token, get(checks)).await.json(), json!([{"username": "ana", "folders": [], "start_time": 5}]));
    drop(running);
    assert_eq!(house.with(&token, get(checks)).await.text, "[]");
}
