//! Shares as visitors use them.

mod chunked_uploads;

use actix_web::{http::StatusCode, test::TestRequest};
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_core::admin::{AdminSession, users};
use entrepot_model::User;
use serde_json::{Value, json};

use crate::testing::{Answer, House, ready};

/// A server where `ingrid` shares files.
struct Desk {
    house: House,
    token: String,
    home: std::path::PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "the files of the test itself")]
impl Desk {
    async fn open() -> Self {
        let house = ready().await;
        let body = house.user("ingrid");
        let home = std::path::PathBuf::from(body["home_dir"].as_str().unwrap());
        let user: User = serde_json::from_value(body).unwrap();
        users::add(&house.core, &AdminSession::system(), user).await.unwrap();
        let answer = house.basic("/api/v2/user/token", "ingrid", "secret").await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        std::fs::create_dir_all(home.join("in/deep")).unwrap();
        std::fs::write(home.join("in/f.txt"), b"0123456789").unwrap();
        std::fs::write(home.join("in/deep/g"), b"deep").unwrap();
        std::fs::write(home.join("secret"), b"secret").unwrap();
        Self { house, token, home }
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.home.join(path)).ok()
    }

    async fn share(&self, change: &Value) -> String {
        let mut body = json!({"scope": 3, "paths": ["/in"]});
        for (member, value) in change.as_object().unwrap() {
            body[member] = value.clone();
        }
        let request = TestRequest::post().uri("/api/v2/user/shares").set_json(body);
        let made = self.house.with(&self.token, request).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.header("x-object-id").to_owned()
    }

    async fn used(&self, id: &str) -> i64 {
        let request = TestRequest::get().uri(&format!("/api/v2/user/shares/{id}"));
        self.house.with(&self.token, request).await.json()["used_tokens"].as_i64().unwrap()
    }

    /// Waits until uses are given back.
    async fn used_comes_to(&self, id: &str, count: i64) {
        for _ in 0..2000 {
            if self.used(id).await == count {
                return;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(self.used(id).await, count);
    }

    async fn get(&self, path: &str) -> Answer {
        self.house.get(&format!("/api/v2/shares/{path}")).await
    }

    async fn post(&self, path: &str, body: &'static str) -> Answer {
        self.house.send(TestRequest::post().uri(&format!("/api/v2/shares/{path}")).set_payload(body)).await
    }

    async fn form(&self, id: &str, files: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, content) in files {
            body +=
                &format!("--x\r\nContent-Disposition: form-data; name=\"filenames\"; filename=\"{name}\"\r\n\r\n{content}\r\n");
        }
        let request = TestRequest::post()
            .uri(&format!("/api/v2/shares/{id}"))
            .insert_header(("content-type", "multipart/form-data; boundary=x"))
            .set_payload(body + "--x--\r\n");
        self.house.send(request).await
    }
}

#[track_caller]
fn is(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert!(answer.text.contains(text), "{text}: {answer:?}");
}

// API-179, API-184, API-185, API-199
#[actix_web::test]
async fn visitors_list_and_download() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({})).await;
    let listed = desk.get(&format!("{id}/dirs")).await.json();
    let mut names: Vec<&str> = listed.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["deep", "f.txt"]);
    is(&desk.get(&format!("{id}/dirs?path=/deep")).await, 200, "\"g\"");
    is(&desk.get(&format!("{id}/files?path=deep%2Fg")).await, 200, "deep");
    let file = desk.get(&format!("{id}/files?path=f.txt")).await;
    assert_eq!((file.text.as_str(), file.header("content-disposition")), ("0123456789", "attachment; filename=\"f.txt\""));
    assert!(desk.get(&format!("{id}/files?path=f.txt&inline=1")).await.header("content-disposition").starts_with("inline"));
    for (path, status, text) in [
        ("dirs?path=..", 400, "not in the share"),
        ("dirs?path=gone", 404, ""),
        ("dirs?path=f.txt", 400, ""),
        ("files?path=../secret", 400, "not in the share"),
        ("files?path=..%5Csecret", 400, "not in the share"),
        ("files?path=/", 400, "Please set the path to a valid file"),
        ("files?path=deep", 400, "Please set the path to a valid file"),
        ("files", 400, "Please set the path to a valid file"),
        ("files?path=gone", 404, ""),
    ] {
        let answer = desk.get(&format!("{id}/{path}")).await;
        is(&answer, status, text);
        assert!(!answer.text.contains("/in"), "{answer:?}");
    }
    is(&desk.get("nobody/dirs").await, 404, "Not Found");
    let several = desk.share(&json!({"scope": 1, "paths": ["/in", "/secret"]})).await;
    is(&desk.get(&format!("{several}/dirs")).await, 400, "exactly one path");
    is(&desk.post(&format!("{several}/files/x"), "x").await, 403, "invalid share scope");
}

// API-183, API-190, API-191
#[actix_web::test]
async fn downloads_are_uses_and_failures_are_none() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({"scope": 1, "paths": ["/in/f.txt"], "max_tokens": 4})).await;
    let whole = desk.get(&format!("{id}?compress=false")).await;
    assert_eq!((whole.status.as_u16(), whole.text.as_str()), (200, "0123456789"));
    let uri = format!("/api/v2/shares/{id}?compress=false");
    let part = |range: &'static str| desk.house.send(TestRequest::get().uri(&uri).insert_header(("range", range)));
    let answer = part("bytes=2-3").await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (206, "23"));
    assert_eq!(part("bytes=20-30").await.status.as_u16(), 416);
    desk.used_comes_to(&id, 2).await;
    let head = desk.house.send(TestRequest::default().method(actix_web::http::Method::HEAD).uri(&uri)).await;
    assert_eq!((head.status.as_u16(), desk.used(&id).await), (200, 2));
    for _ in 0..2 {
        assert_eq!(desk.get(&format!("{id}?compress=false")).await.status.as_u16(), 200);
    }
    is(&desk.get(&format!("{id}?compress=false")).await, 404, "max share usage exceeded");
    is(&desk.get(&format!("{id}?compress=x")).await, 404, "max share usage exceeded");
}

// API-187, API-188, API-193
#[actix_web::test]
async fn visitors_upload_beside_what_is_there() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({"scope": 2})).await;
    is(&desk.post(&format!("{id}/files/f.txt"), "new").await, 201, "Upload completed");
    is(&desk.post(&format!("{id}/f.txt"), "newer").await, 201, "Upload completed");
    assert_eq!(desk.read("in/f.txt").unwrap(), "0123456789");
    assert_eq!((desk.read("in/f (1).txt"), desk.read("in/f (2).txt")), (Some("new".into()), Some("newer".into())));
    is(&desk.post(&format!("{id}/files/a/b"), "x").await, 404, "");
    is(&desk.post(&format!("{id}/files/a/b?mkdir_parents=true"), "x").await, 201, "");
    is(&desk.post(&format!("{id}/a%2Fc%2B%20d"), "x").await, 201, "");
    assert!(desk.read("in/a/b").is_some() && desk.read("in/a/c+ d").is_some());
    for path in ["..%2Fsecret", "files/..%2Fsecret", "files/%2e%2e%2fsecret"] {
        is(&desk.post(&format!("{id}/{path}"), "x").await, 403, "Uploading outside the share is not allowed");
    }
    is(&desk.post(&format!("{id}/files/deep"), "x").await, 400, "operation unsupported");
    is(&desk.post(&format!("{id}/files/."), "x").await, 400, "operation unsupported");
    is(&desk.post(&format!("{id}/files/%zz"), "x").await, 400, "");
    assert_eq!(desk.read("secret").unwrap(), "secret");
    // What is there is not told.
    for path in ["dirs", "files?path=f.txt", ""] {
        is(&desk.get(&format!("{id}/{path}")).await, 403, "invalid share scope");
    }
    desk.used_comes_to(&id, 4).await;
}

// API-186, API-190
#[actix_web::test]
async fn forms_are_stored_whole_where_uses_are_limited() {
    let desk = Desk::open().await;
    let free = desk.share(&json!({"scope": 2})).await;
    is(&desk.form(&free, &[("a", "1"), ("../../b", "2")]).await, 201, "Upload completed");
    assert_eq!((desk.read("in/a").unwrap(), desk.read("in/b").unwrap()), ("1".to_owned(), "2".to_owned()));
    assert_eq!(desk.used(&free).await, 2);
    is(&desk.form(&free, &[]).await, 400, "No files uploaded!");
    is(&desk.post(&free, "x").await, 400, "Unable to parse multipart form");
    let few = desk.share(&json!({"scope": 2, "max_tokens": 2})).await;
    is(&desk.form(&few, &[("c", "1"), ("d", "2"), ("e", "3")]).await, 400, "Allowed usage exceeded");
    desk.used_comes_to(&few, 0).await;
    assert!(["c", "d", "e"].iter().all(|name| desk.read(&format!("in/{name}")).is_none()));
    is(&desk.form(&few, &[("c", "1"), ("c", "2")]).await, 201, "");
    assert_eq!((desk.read("in/c").unwrap(), desk.read("in/c (1)").unwrap()), ("1".to_owned(), "2".to_owned()));
    is(&desk.form(&few, &[("d", "1")]).await, 404, "max share usage exceeded");
    let gone = desk.share(&json!({"scope": 2, "paths": ["/gone"]})).await;
    is(&desk.form(&gone, &[("d", "1")]).await, 404, "");
}

// API-189
#[actix_web::test]
async fn visitors_make_directories() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({})).await;
    is(&desk.post(&format!("{id}/actions/mkdir?path=new"), "").await, 201, "Directory \\\"new\\\" created");
    is(&desk.post(&format!("{id}/actions/mkdir?path=a/b"), "").await, 404, "");
    is(&desk.post(&format!("{id}/actions/mkdir?path=a/b&mkdir_parents=true"), "").await, 201, "");
    is(&desk.post(&format!("{id}/actions/mkdir?path=../out"), "").await, 400, "not in the share");
    is(&desk.post(&format!("{id}/actions/mkdir"), "").await, 400, "path is required");
    assert!(desk.home.join("in/a/b").is_dir() && desk.home.join("in/new").is_dir() && !desk.home.join("out").exists());
    assert_eq!(desk.used(&id).await, 0);
}

// API-179, API-180, API-195
#[actix_web::test]
async fn passwords_come_as_basic_authentication() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({"password": "hunter2!"})).await;
    let uri = format!("/api/v2/shares/{id}/dirs");
    let with = |text: &str| {
        let value = format!("Basic {}", STANDARD.encode(text));
        desk.house.send(TestRequest::get().uri(&uri).insert_header(("authorization", value)))
    };
    let none = desk.get(&format!("{id}/dirs")).await;
    assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Basic realm=\"Entrepot\""));
    assert_eq!(with("any:wrong").await.status.as_u16(), 401);
    for right in ["any:hunter2!", ":hunter2!"] {
        assert_eq!(with(right).await.status.as_u16(), 200);
    }
    // A token of the owner is no password.
    assert_eq!(desk.house.with(&desk.token, TestRequest::get().uri(&uri)).await.status.as_u16(), 401);
}
