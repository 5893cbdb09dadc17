use actix_web::test::TestRequest;
use entrepot_model::AdminPermission;
use serde_json::json;

use super::{Home, is};
use crate::testing::{Answer, fresh};

const BOUNDARY: &str = "----edge";

/// A form with files; a part without a name is a plain field.
fn form(parts: &[(&str, Option<&str>, &str)]) -> String {
    let mut body = String::new();
    for (field, name, content) in parts {
        let name = name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{name}\r\n\r\n{content}\r\n");
    }
    body + &format!("--{BOUNDARY}--\r\n")
}

async fn send(home: &Home, query: &str, body: String) -> Answer {
    let request = TestRequest::post().uri(&format!("/api/v2/user/files{query}"));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    home.send(request.insert_header(("content-type", kind)).set_payload(body)).await
}

// API-143
#[actix_web::test]
async fn body_becomes_the_file() {
    let home = Home::new().await;
    let done = home.upload("path=/a.txt", "first").await;
    assert_eq!((done.status.as_u16(), done.json()), (201, json!({"message": "Upload completed"})));
    is(&home.upload("path=/a.txt", "2").await, 201);
    assert_eq!(home.content("a.txt").unwrap(), b"2");
    is(&home.upload("path=empty", "").await, 201);
    assert_eq!(home.content("empty").unwrap(), b"");
    let refused = home.upload("", "x").await;
    assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"message": "please set a file path"})));
    is(&home.upload("path=/no/where", "x").await, 404);
    is(&home.upload("path=/no/where&mkdir_parents=true", "x").await, 201);
    for (path, status) in [("/no", 400), ("/", 400), ("/a.txt/b", 400), (".entrepot-1", 403), ("a%00", 400)] {
        is(&home.upload(&format!("path={path}"), "x").await, status);
    }
    assert_eq!(home.names(""), ["a.txt", "empty", "no"]);
}

// API-143
#[actix_web::test]
async fn file_is_replaced_only_in_the_state_that_was_seen() {
    let home = Home::new().await;
    let send = async |path: &str, header: (&str, &str), content: &'static str| {
        let request = TestRequest::post().uri(&format!("/api/v2/user/files/upload?path={path}"));
        home.send(request.insert_header(header).set_payload(content)).await
    };
    let first = send("/a.txt", ("if-none-match", "*"), "first").await;
    is(&first, 201);
    is(&send("/a.txt", ("if-none-match", "*"), "other").await, 412);
    let tag = first.header("etag").to_owned();
    assert_eq!(home.get("files?path=/a.txt").await.header("etag"), tag, "it is the one of downloads");
    let second = send("/a.txt", ("if-match", &tag), "second").await;
    is(&second, 201);
    is(&send("/a.txt", ("if-match", &tag), "third").await, 412);
    is(&send("/a.txt", ("if-match", &format!("\"x\", {}", second.header("etag"))), "third").await, 201);
    is(&send("/gone.txt", ("if-match", &tag), "x").await, 412);
    is(&send("/gone.txt", ("if-match", "*"), "x").await, 412);
    assert_eq!((home.content("a.txt").unwrap().as_slice(), home.names("")), (&b"third"[..], vec!["a.txt".to_owned()]));
}

// API-143
#[actix_web::test]
async fn time_of_the_last_change_comes_along() {
    let home = Home::new().await;
    for (name, value, taken) in [
        ("a", "1700000000123", true),
        ("b", "yesterday", false),
        ("c", "-1", false),
        ("d", "0", false),
        ("e", "9223372036854775807", false),
    ] {
        let request = TestRequest::post().uri(&format!("/api/v2/user/files/upload?path={name}"));
        is(&home.send(request.insert_header(("X-SFTPGO-MTIME", value)).set_payload("x")).await, 201);
        let modified = std::fs::metadata(home.root.join(name)).unwrap().modified().unwrap();
        let millis = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        assert_eq!(millis == 1_700_000_000_123, taken, "{name}");
        assert!(millis < 10_000_000_000_000, "{name}: a time that no file can have is ignored");
    }
}

// API-144, API-008
#[actix_web::test]
async fn what_is_too_large_is_refused() {
    let home = Home::with(json!({"filters": {"max_upload_file_size": 10}, "quota_size": 15})).await;
    is(&home.upload("path=a", "01234567890").await, 413);
    is(&home.upload("path=a", "0123456789").await, 201);
    is(&home.upload("path=b", "0123456789").await, 413);
    is(&send(&home, "", form(&[("filenames", Some("c"), "01234567890")])).await, 413);
    is(&send(&home, "", form(&[("filenames", Some("d"), "0123456789")])).await, 413);
    assert_eq!(home.names(""), ["a"]);
}

// ACC-293: the limit of one request, whatever the account may.
#[actix_web::test]
async fn request_that_is_too_large_is_refused() {
    let house = fresh(|settings| settings.httpd.max_upload_file_size = 300).await;
    house.add_admin("root", &[AdminPermission::Any]).await;
    let home = Home::of(house, json!({})).await;
    is(&home.upload("path=a", vec![b'a'; 300]).await, 201);
    is(&home.upload("path=b", vec![b'b'; 301]).await, 413);
    is(&send(&home, "", form(&[("filenames", Some("c"), "some text")])).await, 201);
    let long = "d".repeat(301);
    is(&send(&home, "", form(&[("filenames", Some("d"), long.as_str())])).await, 413);
    let declared = TestRequest::post().uri("/api/v2/user/files/upload?path=e").insert_header(("content-length", "301"));
    is(&home.send(declared).await, 413);
    assert_eq!(home.names(""), ["a", "c"]);
}

// QTA-005: a limit says which one it is.
#[actix_web::test]
async fn limit_of_files_is_named_and_use_is_counted_at_once() {
    let home = Home::with(json!({"quota_files": 1, "quota_size": 100})).await;
    let admin = home.house.token("root").await;
    is(&home.upload("path=a", "12345").await, 201);
    let user = home.house.with(&admin, TestRequest::get().uri("/api/v2/users/ada")).await.json();
    assert_eq!((&user["used_quota_files"], &user["used_quota_size"]), (&json!(1), &json!(5)));
    let refused = home.upload("path=b", "1").await;
    is(&refused, 413);
    assert!(refused.json()["error"].as_str().unwrap().contains("number of files"), "{refused:?}");
}

// API-008, ACC-127
#[actix_web::test]
async fn replacing_needs_its_permission() {
    let home = Home::with(json!({"permissions": {"/": ["list", "upload"]}})).await;
    is(&home.upload("path=a", "1").await, 201);
    is(&home.upload("path=a", "2").await, 403);
    is(&send(&home, "", form(&[("filenames", Some("a"), "3")])).await, 403);
    is(&home.upload("path=x/a&mkdir_parents=true", "2").await, 403);
    assert_eq!(home.content("a").unwrap(), b"1");
}

// API-140, API-141, API-142
#[actix_web::test]
async fn files_of_a_form_are_stored_one_by_one() {
    let home = Home::new().await;
    let body = form(&[
        ("note", None, "ignored"),
        ("filenames", Some("a.txt"), "first"),
        ("filenames", Some("C:\\\\tmp\\\\b.txt"), "second"),
        ("other", Some("ignored.txt"), "x"),
        ("filenames", Some("/etc/../für.txt"), ""),
    ]);
    let done = send(&home, "", body).await;
    assert_eq!((done.status.as_u16(), done.json()), (201, json!({"message": "Upload completed"})), "{done:?}");
    assert_eq!(home.names(""), ["a.txt", "b.txt", "für.txt"]);
    assert_eq!(home.content("b.txt").unwrap(), b"second");
    let into = form(&[("filenames", Some("a"), "x")]);
    is(&send(&home, "?path=/sub/dir", into.clone()).await, 404);
    is(&send(&home, "?path=/sub/dir&mkdir_parents=true", into).await, 201);
    assert_eq!(home.names("sub/dir"), ["a"]);
    let stopped = form(&[("filenames", Some("one"), "1"), ("filenames", Some("sub"), "2"), ("filenames", Some("three"), "3")]);
    is(&send(&home, "", stopped).await, 400);
    assert!(home.content("one").is_some() && home.content("three").is_none());
}

// API-186: what is thrown away is bounded as well.
#[actix_web::test]
async fn fields_that_are_no_files_have_a_limit() {
    let home = Home::new().await;
    let long = "x".repeat(600_000);
    let fits = form(&[("note", None, long.as_str()), ("filenames", Some("a"), "1")]);
    is(&send(&home, "", fits).await, 201);
    let body = form(&[("note", None, long.as_str()), ("more", None, long.as_str()), ("filenames", Some("b"), "1")]);
    is(&send(&home, "", body).await, 413);
    let many = vec![("note", None, ""); 5000];
    is(&send(&home, "", form(&many)).await, 413);
    assert_eq!(home.names(""), ["a"]);
}

// API-140
#[actix_web::test]
async fn what_is_no_form_is_refused() {
    let home = Home::new().await;
    for body in
        [form(&[]), form(&[("filenames", None, "x")]), form(&[("file", Some("a"), "x")]), form(&[("filenames", Some(""), "")])]
    {
        let none = send(&home, "", body.clone()).await;
        assert_eq!((none.status.as_u16(), none.json()), (400, json!({"message": "No files uploaded!"})), "{body}");
    }
    let whole = form(&[("filenames", Some("a.txt"), "content")]);
    for cut in ["", "no form at all", &whole[..whole.len() - 6], &whole[..whole.len() - 20], &whole[..40]] {
        let answer = send(&home, "", cut.to_owned()).await;
        is(&answer, 400);
    }
    let plain = home.send(TestRequest::post().uri("/api/v2/user/files").set_payload("x")).await;
    assert_eq!((plain.status.as_u16(), &plain.json()["message"]), (400, &json!("Unable to parse multipart form")));
    let odd = form(&[("filenames", Some(".."), "x")]);
    is(&send(&home, "", odd).await, 400);
    assert!(home.names("").is_empty(), "{:?}", home.names(""));
}
