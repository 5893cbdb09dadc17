//! Resumable uploads through shares.

use actix_web::{http::Method, test::TestRequest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::Desk;
use crate::testing::{Answer, Browser};

const PATH: &str = "/api/v2/shares-chunked-uploads";

fn request(method: Method, path: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path).insert_header(("tus-resumable", "1.0.0")).insert_header(("host", "nas:8443"))
}

fn announcement(share: &str, path: &str, length: usize) -> TestRequest {
    let metadata = format!("path {},share_id {}", STANDARD.encode(path), STANDARD.encode(share));
    request(Method::POST, PATH).insert_header(("upload-length", length)).insert_header(("upload-metadata", metadata))
}

fn piece(at: &str, offset: usize, data: &'static str) -> TestRequest {
    request(Method::PATCH, at)
        .insert_header(("content-type", "application/offset+octet-stream"))
        .insert_header(("upload-offset", offset))
        .insert_header(("content-length", data.len()))
        .set_payload(data)
}

#[track_caller]
fn is(answer: &Answer, status: u16) {
    assert_eq!((answer.status.as_u16(), answer.header("tus-resumable")), (status, "1.0.0"), "{answer:?}");
}

/// The path of an upload that was announced.
#[track_caller]
fn at(answer: &Answer) -> String {
    is(answer, 201);
    let (_, rest) = answer.header("location").split_once("http://nas:").unwrap();
    rest[4..].to_owned()
}

// API-151…API-159, API-190, API-193
#[actix_web::test]
async fn visitors_upload_in_pieces() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({"scope": 2, "max_tokens": 1})).await;
    let options = desk.house.send(TestRequest::default().method(Method::OPTIONS).uri(PATH)).await;
    is(&options, 204);
    assert_eq!((options.header("tus-version"), options.header("tus-max-size")), ("1.0.0", ""));
    let upload = at(&desk.house.send(announcement(&id, "f.txt", 8)).await);
    assert!(upload.starts_with(PATH) && !upload.contains(&id));
    assert_eq!(desk.used(&id).await, 1);
    is(&desk.house.send(piece(&upload, 0, "0123")).await, 204);
    is(&desk.house.send(piece(&upload, 0, "0123")).await, 409);
    let status = desk.house.send(request(Method::GET, &upload)).await;
    is(&status, 200);
    assert_eq!((status.header("upload-offset"), status.header("upload-length")), ("4", "8"));
    is(&desk.house.send(piece(&upload, 4, "4567")).await, 204);
    assert_eq!((desk.read("in/f.txt").unwrap(), desk.read("in/f (1).txt").unwrap()), ("0123456789".into(), "01234567".into()));
    // The only use is used up, and what it was for can still be asked about.
    assert_eq!(desk.house.send(request(Method::GET, &upload)).await.header("upload-offset"), "8");
    is(&desk.house.send(announcement(&id, "g", 8)).await, 404);
    is(&desk.house.send(request(Method::DELETE, &upload)).await, 204);
    is(&desk.house.send(request(Method::GET, &upload)).await, 404);
    assert_eq!(desk.used(&id).await, 1);
}

// API-153, API-155, API-160, API-179, API-188
#[actix_web::test]
async fn each_request_is_let_in_by_the_share() {
    let desk = Desk::open().await;
    // One use: each of these refusals gives it back.
    let id = desk.share(&json!({"scope": 2, "max_tokens": 1})).await;
    let nameless = request(Method::POST, PATH)
        .insert_header(("upload-length", 8))
        .insert_header(("upload-metadata", format!("path {}", STANDARD.encode("f"))));
    is(&desk.house.send(nameless).await, 400);
    is(&desk.house.send(announcement("nobody", "f", 8)).await, 404);
    is(&desk.house.send(announcement(&id, "../secret", 8)).await, 403);
    is(&desk.house.send(announcement(&id, "gone/f", 8)).await, 404);
    desk.used_comes_to(&id, 0).await;
    let readable = desk.share(&json!({"scope": 1})).await;
    is(&desk.house.send(announcement(&readable, "f", 8)).await, 403);
    let upload = at(&desk.house.send(announcement(&id, "f", 8)).await);
    is(&desk.house.send(request(Method::GET, &format!("{PATH}/nothing"))).await, 404);
    let foreign = upload.replace("/shares-chunked-uploads/", "/user/files/chunked-upload/");
    is(&desk.house.with(&desk.token, request(Method::GET, &foreign)).await, 403);
    // Its host adds a password: who goes on has to know it.
    let closed = json!({"scope": 2, "paths": ["/in"], "password": "hunter2!"});
    let change = TestRequest::put().uri(&format!("/api/v2/user/shares/{id}")).set_json(closed);
    assert_eq!(desk.house.with(&desk.token, change).await.status.as_u16(), 200);
    is(&desk.house.send(piece(&upload, 0, "0123")).await, 401);
    let password = format!("Basic {}", STANDARD.encode("any:hunter2!"));
    is(&desk.house.send(piece(&upload, 0, "0123").insert_header(("authorization", password.clone()))).await, 204);
    let gone = TestRequest::delete().uri(&format!("/api/v2/user/shares/{id}"));
    assert_eq!(desk.house.with(&desk.token, gone).await.status.as_u16(), 200);
    is(&desk.house.send(piece(&upload, 4, "4567").insert_header(("authorization", password))).await, 404);
    assert!(desk.read("in/f").is_none());
}

// UI-144: the scripts of the page.
#[actix_web::test]
async fn pages_upload_in_pieces() {
    let desk = Desk::open().await;
    let id = desk.share(&json!({"scope": 2})).await;
    let mut browser = Browser::new(&desk.house);
    let pieces = format!("/web/client/visit/shares/{id}/chunked-uploads");
    let announced = |origin: &'static str| {
        request(Method::POST, &pieces)
            .insert_header(("origin", origin))
            .insert_header(("upload-length", 4))
            .insert_header(("upload-metadata", format!("path {}", STANDARD.encode("/f"))))
    };
    assert_eq!(browser.send(announced("https://evil.example")).await.status.as_u16(), 403);
    let begun = browser.send(announced("http://nas:8080")).await;
    let upload = at(&begun);
    assert!(upload.starts_with(&pieces), "{upload}");
    is(&browser.send(piece(&upload, 0, "0123").insert_header(("origin", "http://nas:8080"))).await, 204);
    assert_eq!(desk.read("in/f").unwrap(), "0123");
}
