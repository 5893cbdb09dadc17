//! What an office server asks for, and what it is told.

mod discovery;
mod page;
mod refusals;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    http::{StatusCode, header},
    test::TestRequest,
};
use entrepot_config::Settings;
use serde_json::{Value, json};

use super::proof::tests::{Pair, ticks};
use crate::testing::{Answer, Browser, House, fresh};

/// Address of the test's requests at the office server.
const CALLBACK: &str = "http://nas:8080";

/// An office server that answers with its discovery and nothing else, as long as the tests run.
struct OfficeServer {
    url: String,
    pair: Pair,
    /// How often its discovery was asked for.
    asked: Arc<AtomicUsize>,
    /// It takes requests and does not answer.
    hangs: Arc<AtomicBool>,
}

impl OfficeServer {
    fn start() -> Self {
        let pair = Pair::new();
        let (modulus, exponent) = pair.public();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = format!(
            "<wopi-discovery><net-zone name=\"external-http\"><app name=\"writer\">\
             <action ext=\"docx\" name=\"edit\" urlsrc=\"https://office.example.com/cool.html?\"/>\
             <action ext=\"txt\" name=\"edit\" urlsrc=\"https://office.example.com/cool.html?\"/>\
             <action ext=\"ods\" name=\"edit\" urlsrc=\"https://office.example.com/cool.html?\"/>\
             </app></net-zone><proof-key modulus=\"{modulus}\" exponent=\"{exponent}\"/></wopi-discovery>"
        );
        let length = discovery.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{discovery}");
        let server = Self { url, pair, asked: Arc::default(), hangs: Arc::default() };
        let (asked, hangs) = (server.asked.clone(), server.hangs.clone());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = [0; 2048];
                let count = stream.read(&mut head).unwrap_or_default();
                if !head[..count].starts_with(b"GET /hosting/discovery ") {
                    continue;
                }
                asked.fetch_add(1, Ordering::SeqCst);
                if hangs.load(Ordering::SeqCst) {
                    held.push(stream);
                    continue;
                }
                held.clear();
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        server
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn is_asked(&self, times: usize) {
        for _ in 0..1000 {
            if self.asked() >= times {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.asked(), times);
    }
}

/// A house whose binding has an office server, with the user `ada` and the file `/a.docx`.
struct Office {
    house: House,
    server: OfficeServer,
}

async fn office(user: Value, change: impl FnOnce(&mut Settings)) -> Office {
    let server = OfficeServer::start();
    let url = server.url.clone();
    let mut house = fresh(|settings| {
        let wopi = &mut settings.httpd.bindings[0].wopi;
        wopi.server_url = url;
        wopi.callback_url = format!("{CALLBACK}/");
        wopi.skip_proof_key_verify = true;
        wopi.skipped_extensions = vec![".ODS".into()];
        change(settings);
    })
    .await;
    house.features.office = Some(0);
    house.add_admin("root", &[entrepot_model::AdminPermission::Any]).await;
    let office = Office { house, server };
    office.add("ada", user).await;
    office
}

impl Office {
    async fn add(&self, name: &str, change: Value) {
        let mut user = self.house.user(name);
        for (member, value) in change.as_object().unwrap() {
            user[member] = value.clone();
        }
        let token = self.house.token("root").await;
        let added = self.house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
        self.put(name, "a.docx", "first");
    }

    fn put(&self, user: &str, name: &str, content: &str) {
        let path = self.house.home(user).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn stored(&self, user: &str, name: &str) -> Option<String> {
        std::fs::read_to_string(self.house.home(user).join(name)).ok()
    }

    /// Opens a document in a browser, as the page tells the office server of it.
    async fn open(&self, browser: &mut Browser<'_>, path: &str) -> Editor<'_> {
        let page = browser.get(&format!("/web/client/office?path={path}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let source = between(&page.text, "WOPISrc=", "&").replace("%3A", ":").replace("%2F", "/");
        let target = source.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("{source}")).to_owned();
        Editor { house: &self.house, target, token: between(&page.text, "name=\"access_token\" value=\"", "\"") }
    }

    async fn opened(&self, user: &str, path: &str) -> Editor<'_> {
        let mut browser = Browser::user(&self.house, user, "secret").await;
        self.open(&mut browser, path).await
    }
}

fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start} is not in {text}"));
    rest.split(end).next().unwrap().to_owned()
}

/// What the office server does with a document.
struct Editor<'a> {
    house: &'a House,
    /// Path of the document.
    target: String,
    token: String,
}

impl Editor<'_> {
    fn url(&self, rest: &str) -> String {
        format!("{}{rest}?access_token={}", self.target, self.token)
    }

    async fn info(&self) -> Answer {
        self.house.get(&self.url("")).await
    }

    async fn read(&self) -> Answer {
        self.house.get(&self.url("/contents")).await
    }

    /// An operation with headers.
    async fn post(&self, rest: &str, wanted: &str, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut request = TestRequest::post().uri(&self.url(rest)).insert_header(("X-WOPI-Override", wanted));
        for (name, value) in headers {
            request = request.insert_header((*name, (*value).to_owned()));
        }
        if !body.is_empty() {
            request = request.insert_header((header::CONTENT_LENGTH, body.len().to_string())).set_payload(body.to_owned());
        }
        self.house.send(request).await
    }

    async fn lock(&self, wanted: &str, lock: &str) -> Answer {
        self.post("", wanted, &[("X-WOPI-Lock", lock)], "").await
    }

    async fn store(&self, lock: &str, body: &str) -> Answer {
        self.post("/contents", "PUT", &[("X-WOPI-Lock", lock)], body).await
    }
}

#[track_caller]
fn is(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
}

#[track_caller]
fn conflicts(answer: &Answer, lock: &str) {
    is(answer, 409);
    assert_eq!(answer.header("x-wopi-lock"), lock);
}

// API-200, API-201, API-204, API-205
#[actix_web::test]
async fn a_document_is_described_locked_read_stored_and_given_back() {
    let office = office(json!({}), |_| {}).await;
    let editor = office.opened("ada", "/a.docx").await;
    let info = editor.info().await;
    is(&info, 200);
    let known = info.json();
    for (member, value) in [
        ("BaseFileName", json!("a.docx")),
        ("FileExtension", json!(".docx")),
        ("Size", json!(5)),
        ("UserCanWrite", json!(true)),
        ("ReadOnly", json!(false)),
        ("SupportsLocks", json!(true)),
        ("SupportsUpdate", json!(true)),
        ("UserFriendlyName", json!("ada")),
        ("UserCanNotWriteRelative", json!(true)),
        ("PostMessageOrigin", json!(CALLBACK)),
    ] {
        assert_eq!(known[member], value, "{member}: {known}");
    }
    assert!(known["UserId"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(info.header("x-wopi-itemversion"), known["Version"].as_str().unwrap());
    is(&editor.lock("LOCK", "one").await, 200);
    let current = editor.post("", "GET_LOCK", &[], "").await;
    assert_eq!((current.status, current.header("x-wopi-lock")), (StatusCode::OK, "one"));
    let read = editor.read().await;
    assert_eq!((read.status, read.text.as_str()), (StatusCode::OK, "first"));
    assert_eq!(read.header("x-wopi-itemversion"), info.header("x-wopi-itemversion"));
    is(&editor.lock("REFRESH_LOCK", "one").await, 200);
    let stored = editor.store("one", "second one").await;
    is(&stored, 200);
    assert_ne!(stored.header("x-wopi-itemversion"), info.header("x-wopi-itemversion"));
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "second one");
    let after = editor.info().await.json();
    assert_eq!(after["Version"], stored.header("x-wopi-itemversion"));
    assert_eq!(after["LastModifiedTime"], stored.json()["LastModifiedTime"]);
    is(&editor.post("", "LOCK", &[("X-WOPI-OldLock", "one"), ("X-WOPI-Lock", "two")], "").await, 200);
    is(&editor.lock("UNLOCK", "two").await, 200);
    assert_eq!(editor.post("", "GET_LOCK", &[], "").await.header("x-wopi-lock"), "");
    // It is an upload of the account.
    let token = office.house.token("root").await;
    let uploads = office.house.with(&token, TestRequest::get().uri("/api/v2/events/fs?actions=upload&username=ada")).await.json();
    assert_eq!((uploads[0]["virtual_path"].as_str(), uploads[0]["file_size"].as_i64()), (Some("/a.docx"), Some(10)), "{uploads}");
}

// API-204, API-205, API-238
#[actix_web::test]
async fn wrong_locks_are_conflicts_that_name_the_right_one() {
    let office = office(json!({}), |_| {}).await;
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    let editor = office.open(&mut browser, "/a.docx").await;
    for wanted in ["UNLOCK", "REFRESH_LOCK"] {
        conflicts(&editor.lock(wanted, "one").await, "");
    }
    conflicts(&editor.store("one", "lost").await, "");
    // Office servers without locks store without one.
    is(&editor.post("/contents", "PUT", &[], "unlocked").await, 200);
    is(&editor.lock("LOCK", "one").await, 200);
    let other = office.open(&mut browser, "/a.docx").await;
    assert_eq!(other.target, editor.target, "one document for both");
    for wanted in ["LOCK", "UNLOCK", "REFRESH_LOCK"] {
        conflicts(&other.lock(wanted, "two").await, "one");
    }
    conflicts(&other.post("", "LOCK", &[("X-WOPI-OldLock", "three"), ("X-WOPI-Lock", "two")], "").await, "one");
    conflicts(&other.store("two", "lost").await, "one");
    conflicts(&other.post("/contents", "PUT", &[], "lost").await, "one");
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "unlocked");
    // Half an hour later nobody refreshed it.
    office.house.clock.advance_minutes(31);
    is(&other.lock("LOCK", "two").await, 200);
    conflicts(&editor.store("one", "lost").await, "two");
    is(&editor.lock("LOCK", &"x".repeat(1025)).await, 400);
    is(&editor.post("", "LOCK", &[], "").await, 400);
    is(&other.lock("UNLOCK", "two").await, 200);
    is(&editor.lock("LOCK", &"x".repeat(1024)).await, 200);
}

// What Collabora Online asks before it stores over the change of somebody else.
#[actix_web::test]
async fn a_change_from_elsewhere_is_not_stored_over() {
    let office = office(json!({}), |_| {}).await;
    let editor = office.opened("ada", "/a.docx").await;
    let known = editor.info().await.json()["LastModifiedTime"].as_str().unwrap().to_owned();
    is(&editor.post("/contents", "PUT", &[("X-COOL-WOPI-Timestamp", &known)], "mine").await, 200);
    let stale = editor.post("/contents", "PUT", &[("X-COOL-WOPI-Timestamp", "2020-01-01T00:00:00.000000Z")], "lost").await;
    is(&stale, 409);
    assert_eq!(stale.json()["COOLStatusCode"], 1010);
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "mine");
}

// API-202, API-237
#[actix_web::test]
async fn requests_are_proven_and_come_from_the_networks_of_the_office_server() {
    let office = office(json!({}), |settings| settings.httpd.bindings[0].wopi.skip_proof_key_verify = false).await;
    let editor = office.opened("ada", "/a.docx").await;
    let now = office.house.core.clock().seconds();
    let ask = async |proof: String, seconds: i64| {
        let request = TestRequest::get().uri(&editor.url(""));
        let request =
            request.insert_header(("X-WOPI-Proof", proof)).insert_header(("X-WOPI-TimeStamp", ticks(seconds).to_string()));
        office.house.send(request).await
    };
    let sign = |url: &str, seconds| office.server.pair.sign(&editor.token, url, seconds);
    let address = format!("{CALLBACK}{}", editor.url(""));
    is(&ask(sign(&address, now), now).await, 200);
    for (proof, seconds) in [
        (String::new(), now),
        ("AAAA".to_owned(), now),
        (sign(&address, now - 3600), now - 3600),
        (sign(&format!("{CALLBACK}/other"), now), now),
        (Pair::new().sign(&editor.token, &address, now), now),
    ] {
        is(&ask(proof, seconds).await, 500);
    }
    is(&editor.info().await, 500);
    let other = self::office(json!({}), |settings| {
        settings.httpd.bindings[0].wopi.allowed_from = vec!["198.51.100.0/24".parse().unwrap()];
    })
    .await;
    is(&other.opened("ada", "/a.docx").await.info().await, 403);
    let own = self::office(json!({}), |settings| {
        settings.httpd.bindings[0].wopi.allowed_from = vec!["192.0.2.0/24".parse().unwrap()];
    })
    .await;
    is(&own.opened("ada", "/a.docx").await.info().await, 200);
}
