use actix_web::test::TestRequest;
use serde_json::json;

use super::{Home, is};
use crate::testing::Answer;

const FILE: &str = "/api/v2/user/files?path=%2Fdocs%2Ftext.txt";
const TEXT: &str = "0123456789";

async fn with(home: &Home, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(TestRequest::get().uri(FILE), |request, header| request.insert_header(*header));
    home.send(request).await
}

async fn home() -> Home {
    let home = Home::new().await;
    home.put("docs/text.txt", TEXT);
    home
}

// API-128, API-134
#[actix_web::test]
async fn file_comes_with_what_is_known_of_it() {
    let home = home().await;
    let answer = home.get("files?path=/docs/text.txt").await;
    is(&answer, 200);
    assert_eq!(answer.text, TEXT);
    for (name, value) in [
        ("accept-ranges", "bytes"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"text.txt\""),
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("content-encoding", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("last-modified").ends_with(" GMT") && answer.header("etag").starts_with('"'));
    assert!(answer.header("content-security-policy").starts_with("sandbox"));
}

// API-129
#[actix_web::test]
async fn only_what_runs_nothing_is_shown() {
    let home = home().await;
    home.put("page.html", "<script>alert(1)</script>");
    home.put("sign.svg", "<svg/>");
    home.put("photo.png", "x");
    for (path, kind, shown) in [
        ("page.html", "text/html", false),
        ("sign.svg", "image/svg+xml", false),
        ("photo.png", "image/png", true),
        ("docs/text.txt", "text/plain; charset=utf-8", true),
    ] {
        let answer = home.get(&format!("files?path={path}&inline=1")).await;
        let begin = if shown { "inline;" } else { "attachment;" };
        assert!(answer.header("content-disposition").starts_with(begin), "{path}: {answer:?}");
        assert_eq!(answer.header("content-security-policy").starts_with("sandbox"), !shown);
        assert_eq!(answer.header("content-type"), kind);
    }
    let plain = home.get("files?path=photo.png&inline=").await;
    assert!(plain.header("content-disposition").starts_with("attachment;"));
}

// API-127, API-008
#[actix_web::test]
async fn what_is_no_file_is_refused() {
    let home = home().await;
    for (query, status, text) in [
        ("", 400, "path is required"),
        ("path=", 400, "path is required"),
        ("path=/", 400, "is a directory"),
        ("path=docs", 400, "is a directory"),
        ("path=/docs/../docs/missing", 404, "no such file"),
        ("path=/docs/text.txt/below", 400, "not a directory"),
        ("path=%zz", 400, "path is not percent-encoded"),
        ("path=a%00b", 400, "NUL"),
        ("path=.entrepot-x", 404, "no such file"),
    ] {
        let answer = home.get(&format!("files?{query}")).await;
        is(&answer, status);
        assert!(answer.json()["error"].as_str().unwrap().contains(text), "{query}: {answer:?}");
    }
    let long = home.get(&format!("files?path={}", "a".repeat(256))).await;
    is(&long, 400);
}

// API-127, ACC-127
#[actix_web::test]
async fn download_needs_its_permission_and_no_other() {
    let home = Home::with(json!({"permissions": {"/": ["list", "upload"], "/open": ["download"]}})).await;
    home.put("closed.txt", "x");
    home.put("open/a.txt", "x");
    is(&home.get("files?path=closed.txt").await, 403);
    is(&home.get("files?path=missing.txt").await, 403);
    is(&home.get("files?path=open/a.txt").await, 200);
    is(&home.get("dirs?path=open").await, 403);
}

// API-130
#[actix_web::test]
async fn one_range_is_sent() {
    let home = home().await;
    for (range, text, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=5-500", "56789", "bytes 5-9/10"),
    ] {
        let answer = with(&home, &[("range", range)]).await;
        is(&answer, 206);
        assert_eq!((answer.text.as_str(), answer.header("content-range")), (text, content_range), "{range}");
    }
    for range in ["bytes=0-1,3-4", "bytes=1a-", "bytes=-2,", "lines=0-1", "bytes=10-", "bytes=4-2"] {
        let answer = with(&home, &[("range", range)]).await;
        is(&answer, 416);
        assert_eq!(answer.header("content-range"), "bytes */10", "{range}");
    }
}

// API-131
#[actix_web::test]
async fn range_of_another_state_is_the_whole_file() {
    let home = home().await;
    let (date, tag) = {
        let answer = with(&home, &[]).await;
        (answer.header("last-modified").to_owned(), answer.header("etag").to_owned())
    };
    for same in [&date, &tag] {
        is(&with(&home, &[("range", "bytes=1-2"), ("if-range", same)]).await, 206);
    }
    for other in ["Tue, 15 Oct 1996 12:45:26 GMT", "\"other\""] {
        let answer = with(&home, &[("range", "bytes=1-2"), ("if-range", other)]).await;
        is(&answer, 200);
        assert_eq!(answer.text, TEXT);
    }
    home.put("docs/text.txt", "abcdefghij");
    is(&with(&home, &[("range", "bytes=1-2"), ("if-range", &tag)]).await, 200);
}

// API-132
#[actix_web::test]
async fn conditions_are_kept() {
    let home = home().await;
    let first = with(&home, &[]).await;
    let (date, tag) = (first.header("last-modified"), first.header("etag"));
    let not_modified = with(&home, &[("if-modified-since", date)]).await;
    is(&not_modified, 304);
    assert_eq!((not_modified.text.as_str(), not_modified.header("etag")), ("", tag));
    is(&with(&home, &[("if-none-match", tag)]).await, 304);
    is(&with(&home, &[("if-none-match", "\"other\"")]).await, 200);
    is(&with(&home, &[("if-match", tag)]).await, 200);
    is(&with(&home, &[("if-match", "\"other\"")]).await, 412);
    is(&with(&home, &[("if-unmodified-since", date)]).await, 200);
    is(&with(&home, &[("if-unmodified-since", "Tue, 15 Oct 1996 12:45:26 GMT")]).await, 412);
}

// API-128
#[actix_web::test]
async fn names_of_any_bytes_are_found() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let home = Home::new().await;
    std::fs::create_dir_all(&home.root).unwrap();
    std::fs::write(home.root.join(OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    home.put("für & 100%.txt", "y");
    assert_eq!(home.get("files?path=caf%E9").await.text, "x");
    let answer = home.get("files?path=f%C3%BCr+%26%20100%25.txt").await;
    assert_eq!(answer.text, "y");
    let name = "attachment; filename=\"f_r & 100_.txt\"; filename*=UTF-8''f%C3%BCr%20&%20100%25.txt";
    assert_eq!(answer.header("content-disposition"), name);
}
