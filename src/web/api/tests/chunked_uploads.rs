//! Resumable uploads, as clients of tus 1.0.0 see them.

use actix_web::{
    http::{Method, header},
    test::TestRequest,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::add;
use crate::testing::{Answer, House, ready};

const PATH: &str = "/api/v2/user/files/chunked-upload";
const CHUNK: &str = "application/offset+octet-stream";

async fn house() -> (House, String) {
    let house = ready().await;
    let root = house.token("root").await;
    let mut user = house.user("ada");
    user["filters"] = json!({"allow_api_key_auth": true});
    assert_eq!(add(&house, &root, &user).await.status.as_u16(), 201);
    let token = token(&house, "ada").await;
    (house, token)
}

async fn token(house: &House, name: &str) -> String {
    let answer = house.basic("/api/v2/user/token", name, "secret").await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn request(method: Method, path: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path).insert_header(("tus-resumable", "1.0.0")).insert_header(("host", "nas:8443"))
}

fn path(name: &str) -> String {
    format!("path {}", STANDARD.encode(name))
}

fn announcement(name: &str, length: &str) -> TestRequest {
    request(Method::POST, PATH).insert_header(("upload-length", length)).insert_header(("upload-metadata", path(name)))
}

fn piece(at: &str, offset: &str, data: &'static [u8]) -> TestRequest {
    request(Method::PATCH, at)
        .insert_header((header::CONTENT_TYPE, CHUNK))
        .insert_header(("upload-offset", offset))
        .insert_header((header::CONTENT_LENGTH, data.len()))
        .set_payload(data)
}

/// The path of a new upload.
async fn announce(house: &House, token: &str, name: &str, length: &str) -> String {
    let answer = house.with(token, announcement(name, length)).await;
    assert_eq!(answer.status.as_u16(), 201, "{answer:?}");
    answer.header("location").strip_prefix("http://nas:8443").unwrap().to_owned()
}

#[track_caller]
fn is(answer: &Answer, status: u16) {
    assert_eq!((answer.status.as_u16(), answer.header("tus-resumable")), (status, "1.0.0"), "{answer:?}");
}

// API-152
#[actix_web::test]
async fn server_says_what_it_can_do() {
    let (house, token) = house().await;
    let options = || TestRequest::default().method(Method::OPTIONS).uri(PATH);
    let answer = house.with(&token, options()).await;
    is(&answer, 204);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-extension"), "creation,creation-with-upload,termination,expiration,checksum");
    assert_eq!((answer.header("tus-checksum-algorithm"), answer.header("tus-max-size")), ("sha1,sha256", ""));
    let root = house.token("root").await;
    let mut user = house.user("bob");
    user["filters"] = json!({"max_upload_file_size": 4});
    assert_eq!(add(&house, &root, &user).await.status.as_u16(), 201);
    let bob = self::token(&house, "bob").await;
    assert_eq!(house.with(&bob, options()).await.header("tus-max-size"), "4");
    is(&house.with(&bob, announcement("/f", "5")).await, 413);
    is(&house.send(options()).await, 401);
    is(&house.with(&root, options()).await, 401);
}

// API-153…API-157, API-218
#[actix_web::test]
async fn file_is_uploaded_in_pieces() {
    let (house, token) = house().await;
    let answer = house.with(&token, announcement("/f", "8")).await;
    is(&answer, 201);
    assert_eq!(answer.header("upload-offset"), "0");
    assert!(answer.header("upload-expires").ends_with(" GMT"), "{answer:?}");
    let at = answer.header("location").strip_prefix("http://nas:8443").unwrap().to_owned();
    assert!(at.starts_with(&format!("{PATH}/")) && at.len() == PATH.len() + 23, "{at}");
    let answer = house.with(&token, piece(&at, "0", b"0123")).await;
    is(&answer, 204);
    assert_eq!(answer.header("upload-offset"), "4");
    let answer = house.with(&token, request(Method::HEAD, &at)).await;
    is(&answer, 200);
    let headers = ["upload-offset", "upload-length", "upload-metadata", "cache-control"].map(|name| answer.header(name));
    assert_eq!(headers, ["4", "8", &path("/f"), "no-store"]);
    is(&house.with(&token, piece(&at, "2", b"x")).await, 409);
    is(&house.with(&token, piece(&at, "4", b"45678")).await, 413);
    let answer = house.with(&token, piece(&at, "4", b"4567")).await;
    is(&answer, 204);
    assert_eq!((answer.header("upload-offset"), answer.header("upload-expires")), ("8", ""));
    assert_eq!(house.with(&token, request(Method::HEAD, &at)).await.header("upload-offset"), "8");
}

// API-154
#[actix_web::test]
async fn first_piece_may_come_with_the_announcement() {
    let (house, token) = house().await;
    for (name, length, offset) in [("/a", "8", "4"), ("/b", "4", "4")] {
        let with_body = announcement(name, length).insert_header((header::CONTENT_TYPE, CHUNK)).set_payload("0123");
        let answer = house.with(&token, with_body).await;
        is(&answer, 201);
        assert_eq!(answer.header("upload-offset"), offset);
        assert_eq!(answer.header("upload-expires").is_empty(), name == "/b");
    }
    let answer = house.with(&token, announcement("/empty", "0")).await;
    assert_eq!((answer.status.as_u16(), answer.header("upload-offset")), (201, "0"));
    let other = announcement("/c", "4").insert_header((header::CONTENT_TYPE, "text/plain"));
    is(&house.with(&token, other.insert_header((header::CONTENT_LENGTH, "4")).set_payload("0123")).await, 415);
}

// API-153, API-156, API-160
#[actix_web::test]
async fn what_is_wrong_with_a_request_is_told() {
    let (house, token) = house().await;
    let without = |name: &'static str| {
        let all = [("tus-resumable", "1.0.0".to_owned()), ("upload-length", "8".to_owned()), ("upload-metadata", path("/f"))];
        let kept = all.into_iter().filter(|header| header.0 != name);
        kept.fold(TestRequest::post().uri(PATH), TestRequest::insert_header)
    };
    let answer = house.with(&token, without("tus-resumable")).await;
    is(&answer, 412);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    let cases = [
        (without("upload-length"), "Upload-Length"),
        (without("upload-metadata"), "path is missing"),
        (announcement("/f", "-1"), "Upload-Length"),
        (announcement("/d/", "1"), "names a directory"),
        (announcement("/f", "1").insert_header(("upload-defer-length", "1")), "Upload-Defer-Length"),
        (announcement("/f", "1").insert_header(("upload-concat", "partial")), "Upload-Concat"),
    ];
    for (request, text) in cases {
        let answer = house.with(&token, request).await;
        is(&answer, 400);
        assert!(answer.json()["error"].as_str().unwrap().contains(text), "{text}: {answer:?}");
    }
    is(&house.with(&token, announcement("/none/f", "1")).await, 404);
    let at = announce(&house, &token, "/f", "8").await;
    is(&house.with(&token, piece(&at, "x", b"0")).await, 400);
    is(&house.with(&token, request(Method::PATCH, &at).insert_header(("upload-offset", "0"))).await, 415);
    is(&house.with(&token, piece(&at, "0", b"0").insert_header(("upload-checksum", "md5 AAAA"))).await, 400);
    is(&house.with(&token, piece(&at, "0", b"0").insert_header(("tus-resumable", "0.2.2"))).await, 412);
    is(&house.send(piece(&at, "0", b"0")).await, 401);
    is(&house.with(&token, piece(&format!("{PATH}/unknown"), "0", b"0")).await, 404);
    let root = house.token("root").await;
    add(&house, &root, &house.user("bob")).await;
    let bob = self::token(&house, "bob").await;
    for request in [piece(&at, "0", b"0"), request(Method::HEAD, &at), request(Method::DELETE, &at)] {
        is(&house.with(&bob, request).await, 403);
    }
    assert_eq!(house.with(&token, request(Method::HEAD, &at)).await.header("upload-offset"), "0");
}

// tus 1.0.0, Checksum
#[actix_web::test]
async fn wrong_checksum_has_its_code_and_nothing_is_kept() {
    let (house, token) = house().await;
    let at = announce(&house, &token, "/f", "11").await;
    let with = |sum: &'static str| piece(&at, "0", b"hello world").insert_header(("upload-checksum", sum));
    is(&house.with(&token, with("sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=")).await, 460);
    assert_eq!(house.with(&token, request(Method::HEAD, &at)).await.header("upload-offset"), "0");
    is(&house.with(&token, with("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")).await, 204);
}

// tus 1.0.0, Termination, X-HTTP-Method-Override
#[actix_web::test]
async fn methods_may_come_as_post() {
    let (house, token) = house().await;
    let at = announce(&house, &token, "/f", "4").await;
    let posted = |method: &'static str| request(Method::POST, &at).insert_header(("x-http-method-override", method));
    let chunk = posted("PATCH").insert_header((header::CONTENT_TYPE, CHUNK)).insert_header(("upload-offset", "0"));
    is(&house.with(&token, chunk.set_payload("01")).await, 204);
    assert_eq!(house.with(&token, posted("head")).await.header("upload-offset"), "2");
    is(&house.with(&token, posted("DELETE")).await, 204);
    is(&house.with(&token, request(Method::HEAD, &at)).await, 404);
    is(&house.with(&token, request(Method::DELETE, &at)).await, 404);
    for other in [posted("PUT"), request(Method::POST, &at)] {
        let answer = house.with(&token, other).await;
        is(&answer, 405);
        assert_eq!(answer.header("allow"), "DELETE, HEAD, PATCH");
    }
}

// API-151, API-219
#[actix_web::test]
async fn binding_without_chunks_has_no_such_uploads() {
    let (mut house, token) = house().await;
    house.features.upload_chunk = 0;
    for request in [announcement("/f", "1"), TestRequest::default().method(Method::OPTIONS).uri(PATH)] {
        assert_eq!(house.with(&token, request).await.status.as_u16(), 404);
    }
}

// API-158: a new token goes on with what an older one began; so does a key.
#[actix_web::test]
async fn uploads_belong_to_the_account_and_not_to_the_token() {
    let (house, token) = house().await;
    let at = announce(&house, &token, "/f", "4").await;
    is(&house.with(&token, piece(&at, "0", b"01")).await, 204);
    let newer = self::token(&house, "ada").await;
    is(&house.with(&newer, piece(&at, "2", b"2")).await, 204);
    let root = house.token("root").await;
    let key = json!({"name": "k", "scope": 2, "user": "ada"});
    let key = house.with(&root, TestRequest::post().uri("/api/v2/apikeys").set_json(key)).await;
    let key = key.json()["key"].as_str().unwrap().to_owned();
    is(&house.send(piece(&at, "3", b"3").insert_header(("x-sftpgo-api-key", key))).await, 204);
}
