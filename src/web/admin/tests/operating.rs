//! Pages for running the server: live sessions, the log, backups, the policy of sign-ins.

use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use entrepot_core::{
    Attempt, Credentials, LogControl, OpenWrite, Peer, Session,
    admin::log::{LogFilter, LogLine},
};
use entrepot_model::{AdminPermission as P, Protocol, VirtualPath, status::LogLevel};

use super::with_user;
use crate::testing::{Browser, House, assert_nothing_inline, ready};

async fn session_of(house: &House, id: &str) -> Session {
    let peer = Peer {
        remote: "192.0.2.50:4000".parse().unwrap(),
        local: None,
        client_version: "SSH-2.0-tester".into(),
        encryption: String::new(),
        connection_id: String::new(),
    };
    let attempt = Attempt { username: "ana".into(), protocol: Protocol::Ssh, peer };
    let login = house.core.authenticate(&attempt, Credentials::Password("a-long-secret")).await.unwrap();
    login.open_session("SFTP", id).unwrap()
}

/// The number of the only transfer on a page.
fn number(page: &str) -> String {
    let (_, rest) = page.split_once("/web/admin/transfer/").expect(page);
    rest.split('/').next().unwrap().to_owned()
}

// UI-070, UI-240, UI-241
#[actix_web::test]
async fn one_transfer_is_stopped_and_a_session_limited() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let session = session_of(&house, "SFTP_1").await;
    let open = OpenWrite { truncate: true, create: true, size: Some(200), ..OpenWrite::default() };
    let upload = session.fs().open_write(&VirtualPath::parse(b"/plan.txt").unwrap(), open).await.unwrap();
    upload.write_at(0, "x".repeat(50).into()).await.unwrap();
    for page in ["overview", "activity", "activity/rows", "connection/SFTP_1", "connection/SFTP_1/moving"] {
        let shown = browser.get(&format!("/web/admin/{page}")).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.text);
        assert_nothing_inline(page, &shown.text);
        assert!(shown.text.contains("25 % of 200 B") && shown.text.contains("plan.txt"), "{page}: {}", shown.text);
    }
    let wrong = browser.post("/web/admin/connection/SFTP_1/bandwidth", &[("upload", "fast"), ("download", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"upload-error\"") && wrong.text.contains("value=\"fast\""), "{}", wrong.text);
    let set = browser.post("/web/admin/connection/SFTP_1/bandwidth", &[("upload", "100"), ("download", " ")]).await;
    assert_eq!(set.header("location"), "/web/admin/connection/SFTP_1", "{}", set.text);
    assert!(browser.get("/web/admin/activity").await.text.contains("100 KiB/s"));
    let id = number(&browser.get("/web/admin/activity").await.text);
    let stop = format!("/web/admin/transfer/{id}/stop");
    let stopped = browser.post(&stop, &[("from", "session"), ("session", "SFTP_1")]).await;
    assert_eq!(stopped.header("location"), "/web/admin/connection/SFTP_1", "{}", stopped.text);
    assert!(browser.get("/web/admin/connection/SFTP_1").await.text.contains("Nothing is moving"));
    assert!(upload.commit().await.is_err(), "nothing gets the name of the file");
    let again = browser.post(&stop, &[("from", "overview")]).await;
    assert_eq!(again.header("location"), "/web/admin/overview");
    let events = browser.get("/web/admin/events").await.text;
    assert!(events.contains("root stopped this transfer."), "{events}");
    drop(session);
    let gone = browser.get("/web/admin/connection/SFTP_1").await;
    assert_eq!(gone.header("location"), "/web/admin/activity", "it had ended: {}", gone.text);
}

// ACC-235: who may see sessions may not stop what they do.
#[actix_web::test]
async fn stopping_needs_its_permission() {
    let house = ready().await;
    with_user(&house).await;
    let session = session_of(&house, "SFTP_1").await;
    let open = OpenWrite { truncate: true, create: true, ..OpenWrite::default() };
    let upload = session.fs().open_write(&VirtualPath::parse(b"/f").unwrap(), open).await.unwrap();
    house.add_admin("viewer", &[P::ViewConns]).await;
    let mut viewer = Browser::admin(&house, "viewer").await;
    for page in ["activity", "connection/SFTP_1"] {
        let shown = viewer.get(&format!("/web/admin/{page}")).await.text;
        assert!(shown.contains("ana") && !shown.contains("/stop\"") && !shown.contains("/bandwidth\""), "{page}: {shown}");
    }
    let open = house.with(&house.token("viewer").await, actix_web::test::TestRequest::get().uri("/api/v2/x/sessions")).await;
    let id = open.json()[0]["transfers"][0]["id"].to_string();
    for path in [format!("transfer/{id}/stop"), "connection/SFTP_1/bandwidth".into(), "connection/SFTP_1/close".into()] {
        let refused = viewer.post(&format!("/web/admin/{path}"), &[("upload", "1")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    upload.commit().await.unwrap();
}

struct Log(Mutex<Vec<LogLine>>);

impl Log {
    fn add(&self, level: LogLevel, json: &str) {
        let mut lines = self.0.lock().unwrap();
        let number = lines.len() as u64 + 1;
        lines.push(LogLine { number, level, json: json.into() });
    }
}

impl LogControl for Log {
    fn level(&self) -> LogLevel {
        LogLevel::Info
    }

    fn set_level(&self, _: LogLevel) {}

    fn lines(&self, after: u64) -> Vec<LogLine> {
        self.0.lock().unwrap().iter().filter(|line| line.number > after).cloned().collect()
    }
}

// UI-243
#[actix_web::test]
async fn lines_of_the_log_are_shown_filtered_downloaded_and_followed() {
    let house = ready().await;
    let log = Arc::new(Log(Mutex::default()));
    log.add(LogLevel::Info, r#"{"time":"T1","level":"info","sender":"login","username":"ana","ip":"192.0.2.7"}"#);
    log.add(LogLevel::Error, r#"{"time":"T2","level":"error","sender":"core","message":"<b>it</b> broke"}"#);
    house.core.services().control_log(log.clone());
    let mut browser = Browser::admin(&house, "root").await;
    let page = browser.get("/web/admin/log").await.text;
    assert_nothing_inline("log", &page);
    assert!(page.contains("&#60;b&#62;it") || page.contains("&lt;b&gt;it"), "what others wrote is text: {page}");
    assert!(page.find("T2").unwrap() < page.find("T1").unwrap(), "the newest first");
    let severe = browser.get("/web/admin/log?least=warn").await.text;
    assert!(severe.contains("T2") && !severe.contains("T1"), "{severe}");
    let found = browser.get("/web/admin/log/download?q=ANA").await;
    assert!(found.header("content-disposition").starts_with("attachment"));
    assert_eq!(found.text.lines().count(), 1);
    assert!(found.text.contains("\"username\":\"ana\"\u{7d}") || found.text.contains("\"username\":\"ana\""), "{}", found.text);
    log.add(LogLevel::Warn, r#"{"time":"T3","level":"warn","sender":"core","message":"later"}"#);
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        house.core.close_gates();
    };
    let (followed, ()) = tokio::join!(browser.get("/web/admin/log/follow?after=2"), stop);
    assert_eq!(followed.header("content-type"), "text/event-stream", "{}", followed.text);
    assert!(followed.text.contains("id: 3\nevent: lines\ndata: \"") && followed.text.contains("later"), "{}", followed.text);
    assert!(!followed.text.contains("T2"), "only what comes after");
    assert!(LogFilter::default().takes(&log.lines(2)[0]));
}

#[actix_web::test]
async fn the_log_is_for_administrators_of_everything() {
    let house = ready().await;
    house.core.services().control_log(Arc::new(Log(Mutex::default())));
    house.add_admin("clerk", &[P::ViewEvents, P::ViewStatus]).await;
    let mut clerk = Browser::admin(&house, "clerk").await;
    for path in ["log", "log/download", "log/follow", "maintenance", "policy", "backups/dump/x.json"] {
        assert_eq!(clerk.get(&format!("/web/admin/{path}")).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

// UI-094, UI-244
#[actix_web::test]
async fn backups_are_made_listed_fetched_and_removed() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    assert!(browser.get("/web/admin/maintenance").await.text.contains("There is no backup yet"));
    let made = browser.post("/web/admin/backups/make", &[("kind", "dump")]).await;
    assert_eq!(made.header("location"), "/web/admin/maintenance", "{}", made.text);
    let page = browser.get("/web/admin/maintenance").await.text;
    let (_, rest) = page.split_once("href=\"/web/admin/backups/dump/").expect(&page);
    let at = format!("/web/admin/backups/dump/{}", rest.split('"').next().unwrap());
    let fetched = browser.get(&at).await;
    assert!(fetched.header("content-disposition").contains(".json"), "{fetched:?}");
    assert!(fetched.json()["admins"].as_array().is_some(), "it is the whole dump");
    let asked = browser.get(&format!("{at}/delete")).await;
    assert!(asked.text.contains("for good"), "{}", asked.text);
    for elsewhere in ["dump/..%2Fentrepot.db", "dump/.%2E", "sealed/nothing.backup", "other/x"] {
        let refused = browser.get(&format!("/web/admin/backups/{elsewhere}")).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
    assert_eq!(browser.post(&format!("{at}/delete"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&at).await.status, StatusCode::NOT_FOUND);
    assert!(browser.get("/web/admin/maintenance").await.text.contains("There is no backup yet"));
    let cannot = browser.post("/web/admin/backups/make", &[("kind", "sealed")]).await;
    assert!(!cannot.status.is_success() && !cannot.status.is_redirection(), "this process makes none: {cannot:?}");
}

// UI-245: what holds is said in sentences, and several settings are saved at once or none.
#[actix_web::test]
async fn the_policy_of_sign_ins_is_told_and_changed() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let page = browser.get("/web/admin/policy").await.text;
    assert!(page.contains("An address is banned for 30 minutes"), "{page}");
    let at = "/web/admin/policy/passwords";
    let length = "data_provider.password_validation.users.length";
    let saved = browser.post(at, &[(length, "12")]).await;
    assert_eq!(saved.header("location"), "/web/admin/policy", "{}", saved.text);
    let page = browser.get("/web/admin/policy").await.text;
    assert!(page.contains("at least 12 characters"), "{page}");
    let minutes = "common.defender.ban_time";
    let wrong = browser.post("/web/admin/policy/failures", &[(minutes, "0"), ("common.defender.threshold", "9")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains(&format!("id=\"{minutes}-error\"")), "{}", wrong.text);
    assert!(browser.get("/web/admin/policy").await.text.contains("15 wrong passwords"), "none of them is saved");
}
