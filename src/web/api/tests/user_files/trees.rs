//! Archives, checksums and searches.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::{Home, is};
use crate::testing::{Answer, ready};

async fn post(home: &Home, path: &str, body: Value) -> Answer {
    home.send(TestRequest::post().uri(&format!("/api/v2/{path}")).set_json(body)).await
}

async fn search(home: &Home, query: &str) -> Vec<String> {
    let answer = home.send(TestRequest::get().uri(&format!("/api/v2/x/search?{query}"))).await;
    is(&answer, 200);
    let hit = |line: &str| serde_json::from_str::<Value>(line).unwrap()["path"].as_str().unwrap().to_owned();
    let mut hits: Vec<String> = answer.text.lines().map(hit).collect();
    hits.sort();
    hits
}

async fn home() -> Home {
    let home = Home::new().await;
    home.put("docs/Report.PDF", "12345");
    home.put("docs/old/report.txt", "1");
    home.put("photos/a.jpg", "123");
    std::fs::create_dir(home.root.join("empty")).unwrap();
    home
}

// API-136
#[actix_web::test]
async fn archives_of_nothing_are_refused() {
    let home = home().await;
    is(&post(&home, "user/streamzip", json!([])).await, 400);
    is(&post(&home, "user/streamzip", json!(["/missing"])).await, 404);
    is(&post(&home, "user/streamzip", json!(["/docs", "/missing"])).await, 404);
    is(&post(&home, "user/streamzip", json!({"a": 1})).await, 400);
    is(&post(&home, "user/streamzip", json!([1])).await, 400);
    is(&post(&home, "user/streamzip", json!(["a\u{0}"])).await, 400);
}

// ACC-153: what may not be read is refused while there is somebody to tell.
#[actix_web::test]
async fn archives_of_what_may_not_be_read_are_refused_before_they_begin() {
    let permissions = json!({"/": ["*"], "/docs/old": ["list"], "/closed": [], "/photos": ["list", "download"]});
    let patterns = json!([{"path": "/photos", "denied_patterns": ["*.raw"]}]);
    let home = Home::with(json!({"permissions": permissions, "filters": {"file_patterns": patterns}})).await;
    for name in ["docs/new/a.txt", "docs/old/b.txt", "closed/c.txt", "photos/a.jpg", "photos/d.raw", "e.txt"] {
        home.put(name, "x");
    }
    for paths in [json!(["/docs"]), json!(["/docs/old/b.txt"]), json!(["/"]), json!(["/e.txt", "/closed"]), json!(["/photos"])] {
        let refused = post(&home, "user/streamzip", paths.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.json()["message"].as_str()), (403, Some("Forbidden")), "{paths}");
    }
    for paths in [json!(["/docs/new", "/e.txt"]), json!(["/photos/a.jpg"])] {
        is(&post(&home, "user/streamzip", paths).await, 200);
    }
}

// ACC-153: a virtual folder is there even if its storage is not; an archive of what is above it could only break off.
#[actix_web::test]
async fn archives_above_a_virtual_folder_without_storage_are_refused_before_they_begin() {
    let house = ready().await;
    let admin = house.token("root").await;
    let away = tempfile::NamedTempFile::new().unwrap();
    let folder = json!({"name": "away", "mapped_path": away.path().to_str().unwrap()});
    is(&house.with(&admin, TestRequest::post().uri("/api/v2/folders").set_json(folder)).await, 201);
    let mount = json!([{"name": "away", "virtual_path": "/docs/deep/away", "quota_size": -1, "quota_files": -1}]);
    let home = Home::of(house, json!({"virtual_folders": mount})).await;
    home.put("docs/a.txt", "x");
    home.put("photos/b.txt", "x");
    for paths in [json!(["/docs/deep/away"]), json!(["/docs"]), json!(["/"]), json!(["/photos", "/docs/deep"])] {
        let refused = post(&home, "user/streamzip", paths.clone()).await;
        assert!(refused.status.is_client_error() || refused.status.is_server_error(), "{paths}: {refused:?}");
        assert!(refused.json()["message"].is_string(), "{paths}: {refused:?}");
    }
    is(&post(&home, "user/streamzip", json!(["/photos", "/docs/a.txt"])).await, 200);
}

// API-139, ACC-153: the same of lists of checksums.
#[actix_web::test]
async fn checksums_of_what_may_not_be_read_are_refused_before_they_begin() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/docs/closed": ["list"]}})).await;
    home.put("docs/a.txt", "x");
    home.put("docs/closed/b.txt", "x");
    is(&post(&home, "x/checksums", json!(["/docs"])).await, 403);
    is(&post(&home, "x/checksums", json!(["/docs/a.txt"])).await, 200);
}

// ACC-153: a file that may be downloaded by its name may be so in every way, though it may not be listed.
#[actix_web::test]
async fn file_that_may_not_be_listed_is_read_by_its_name() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/drop": ["download"]}})).await;
    home.put("drop/a.txt", "x");
    is(&home.get("files?path=/drop/a.txt").await, 200);
    for way in ["user/streamzip", "x/checksums"] {
        is(&post(&home, way, json!(["/drop/a.txt"])).await, 200);
        is(&post(&home, way, json!(["/drop"])).await, 403);
    }
}

// API-008: an answer that could only break off is none.
#[actix_web::test]
async fn archives_for_a_quota_that_is_used_up_are_refused_before_they_begin() {
    let home = Home::with(json!({"download_data_transfer": 1})).await;
    home.put("docs/a.bin", vec![7; (1 << 20) + 1]);
    // Reading it uses all of it up, and may end before the file does.
    post(&home, "x/checksums", json!(["/docs/a.bin"])).await;
    for way in ["user/streamzip", "x/checksums"] {
        let refused = post(&home, way, json!(["/docs"])).await;
        assert_eq!(refused.status.as_u16(), 403, "{way}: {refused:?}");
        assert!(refused.json()["message"].is_string(), "{way}");
    }
}

// API-139
#[actix_web::test]
async fn checksums_are_known_from_then_on() {
    let home = home().await;
    let sum = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5";
    let path = home.root.join("docs/Report.PDF");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    assert_eq!(home.get("files?path=docs/Report.PDF").await.header("repr-digest"), "");
    let digest = "sha-256=:WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U=:";
    for algorithm in ["", "&algo=", "&algo=sha256"].into_iter().cycle() {
        let answer = home.get(&format!("files/checksum?path=docs/Report.PDF{algorithm}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"checksum": sum})));
        // It is remembered once the file has rested for a moment.
        match home.get("files?path=docs/Report.PDF").await.header("repr-digest") {
            "" => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            known => {
                assert_eq!(known, digest);
                break;
            }
        }
    }
    home.put("docs/Report.PDF", "54321");
    assert_eq!(home.get("files?path=docs/Report.PDF").await.header("repr-digest"), "");
    for (query, status) in [("", 400), ("?path=docs", 400), ("?path=missing", 404), ("?path=docs/Report.PDF&algo=md5", 400)] {
        is(&home.get(&format!("files/checksum{query}")).await, status);
    }
}

#[actix_web::test]
async fn checksums_of_a_selection_are_a_list() {
    let home = home().await;
    let list = post(&home, "x/checksums", json!(["/photos/a.jpg", "/docs"])).await;
    is(&list, 200);
    let mut lines: Vec<&str> = list.text.lines().collect();
    lines.sort_by_key(|line| line.split_once("  ").unwrap().1);
    assert_eq!(
        lines,
        [
            "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5  docs/Report.PDF",
            "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b  docs/old/report.txt",
            "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3  photos/a.jpg",
        ]
    );
    assert_eq!(list.header("content-disposition"), "attachment; filename=\"SHA256SUMS\"");
    assert_eq!(post(&home, "x/checksums", json!(["/empty"])).await.text, "");
    is(&post(&home, "x/checksums", json!([])).await, 400);
    is(&post(&home, "x/checksums", json!(["/missing"])).await, 404);
}

#[actix_web::test]
async fn searches_find_what_fits() {
    let home = home().await;
    assert_eq!(search(&home, "name=report").await, ["/docs/Report.PDF", "/docs/old/report.txt"]);
    assert_eq!(search(&home, "name=*.pdf").await, ["/docs/Report.PDF"]);
    assert_eq!(search(&home, "name=r*.t%3Ft&path=docs").await, ["/docs/old/report.txt"]);
    assert_eq!(search(&home, "type=directory").await, ["/docs", "/docs/old", "/empty", "/photos"]);
    assert_eq!(search(&home, "min_size=3").await, ["/docs/Report.PDF", "/photos/a.jpg"]);
    assert_eq!(search(&home, "min_size=2&max_size=4").await, ["/photos/a.jpg"]);
    assert_eq!(search(&home, "before=2000-01-01T00:00:00Z").await, Vec::<String>::new());
    assert_eq!(search(&home, "after=1000000000000&type=file").await.len(), 3);
    assert_eq!(search(&home, "limit=2").await.len(), 2);
    assert_eq!(search(&home, "").await.len(), 7);
    for query in ["type=x", "min_size=-1", "limit=0", "limit=x", "after=yesterday", "name=[", "path=%"] {
        is(&home.send(TestRequest::get().uri(&format!("/api/v2/x/search?{query}"))).await, 400);
    }
    is(&home.send(TestRequest::get().uri("/api/v2/x/search?path=missing")).await, 404);
}

// ACC-127, ACC-166
#[actix_web::test]
async fn searches_pass_over_what_is_closed_or_hidden() {
    let patterns = json!([{"path": "/", "denied_patterns": ["*.key"], "deny_policy": 1}]);
    let home =
        Home::with(json!({"permissions": {"/": ["*"], "/closed": ["upload"]}, "filters": {"file_patterns": patterns}})).await;
    home.put("a.key", "");
    home.put("a.txt", "");
    home.put("closed/a.txt", "");
    home.put("open/a.key", "");
    assert_eq!(search(&home, "").await, ["/a.txt", "/closed", "/open"]);
}

#[actix_web::test]
async fn searches_go_through_many_directories() {
    let home = Home::new().await;
    for number in 0..600 {
        home.put(&format!("d{}/e{number}/f", number % 3), "");
    }
    assert_eq!(search(&home, "name=f&type=file").await.len(), 600);
}
