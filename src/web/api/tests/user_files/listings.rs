use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::{Home, is};

fn names(list: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

// API-116, API-118, API-119
#[actix_web::test]
async fn entries_are_listed() {
    let home = Home::new().await;
    assert_eq!(home.get("dirs").await.text, "[]");
    home.put("docs/a.txt", "12345");
    std::os::unix::fs::symlink("docs", home.root.join("link")).unwrap();
    let list = home.get("dirs?path=/").await.json();
    assert_eq!(names(&list), ["docs", "link"]);
    let entry = |name: &str| list.as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
    let mode = |name: &str| entry(name)["mode"].as_u64().unwrap();
    assert_ne!(mode("docs") & 2_147_483_648, 0);
    assert_ne!(mode("link") & 134_217_728, 0);
    assert!(entry("docs").get("size").is_none() && entry("link").get("size").is_none());
    let file = &home.get("dirs?path=docs").await.json()[0];
    assert_eq!((&file["name"], &file["size"]), (&json!("a.txt"), &json!(5)));
    assert_eq!(file["mode"].as_u64().unwrap() & 2_401_763_328, 0);
    assert!(chrono::DateTime::parse_from_rfc3339(file["last_modified"].as_str().unwrap()).is_ok());
    // Backslashes are slashes, and nothing leads above the root.
    for path in ["%5Cdocs", "docs%5C", "../../docs", "/docs/../docs/."] {
        assert_eq!(names(&home.get(&format!("dirs?path={path}")).await.json()), ["a.txt"], "{path}");
    }
}

// API-120
#[actix_web::test]
async fn long_list_is_whole() {
    let home = Home::new().await;
    for number in 0..1000 {
        home.put(&format!("many/f{number:04}"), "");
    }
    let list = home.get("dirs?path=many").await.json();
    assert_eq!((list.as_array().unwrap().len(), names(&list)[999]), (1000, "f0999"));
}

// API-121
#[actix_web::test]
async fn what_is_no_directory_is_refused() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/closed": ["upload"]}})).await;
    home.put("a.txt", "x");
    home.put("closed/b.txt", "x");
    is(&home.get("dirs?path=a.txt").await, 400);
    is(&home.get("dirs?path=missing").await, 404);
    is(&home.get("dirs?path=closed").await, 403);
    is(&home.get("dirs?path=%").await, 400);
}

// API-119, ACC-166
#[actix_web::test]
async fn hidden_names_are_missing() {
    let patterns = json!([{"path": "/", "denied_patterns": ["*.key"], "deny_policy": 1}]);
    let home = Home::with(json!({"filters": {"file_patterns": patterns}})).await;
    home.put("a.key", "x");
    home.put("b.txt", "x");
    assert_eq!(names(&home.get("dirs").await.json()), ["b.txt"]);
    is(&home.get("files?path=a.key").await, 404);
    is(&home.ask("DELETE", "files?path=a.key").await, 404);
    is(&home.upload("path=c.key", "x").await, 403);
}

// API-116, API-217
#[actix_web::test]
async fn relative_paths_begin_in_the_start_directory() {
    let home = Home::with(json!({"filters": {"start_directory": "/work"}})).await;
    is(&home.upload("path=sub%2Ff.txt&mkdir_parents=true", "x").await, 201);
    assert_eq!(home.content("work/sub/f.txt").unwrap(), b"x");
    assert_eq!(names(&home.get("dirs").await.json()), ["sub"]);
    assert_eq!(names(&home.get("dirs?path=/").await.json()), ["work"]);
}

// API-122
#[actix_web::test]
async fn directories_are_made() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/closed": ["list"]}})).await;
    let made = home.ask("POST", "dirs?path=/a%20b").await;
    is(&made, 201);
    assert_eq!(made.json(), json!({"message": "Directory \"/a b\" created"}));
    is(&home.ask("POST", "dirs?path=/a%20b").await, 500);
    is(&home.ask("POST", "dirs?path=").await, 500);
    is(&home.ask("POST", "dirs?path=/x/y/z").await, 404);
    is(&home.ask("POST", "dirs?path=/x/y/z&mkdir_parents=maybe").await, 400);
    is(&home.ask("POST", "dirs?path=/x/y/z&mkdir_parents=true").await, 201);
    assert!(home.root.join("x/y/z").is_dir());
    home.put("closed/a", "");
    is(&home.ask("POST", "dirs?path=/closed/b").await, 403);
}

// API-123
#[actix_web::test]
async fn directories_go_with_all_that_is_in_them() {
    let home = Home::new().await;
    home.put("tree/a/b/c.txt", "x");
    home.put("tree/d.txt", "x");
    home.put("other.txt", "x");
    std::os::unix::fs::symlink("../other.txt", home.root.join("tree/link")).unwrap();
    std::os::unix::fs::symlink("tree", home.root.join("alias")).unwrap();
    is(&home.ask("DELETE", "dirs?path=/").await, 403);
    is(&home.ask("DELETE", "dirs?path=missing").await, 404);
    is(&home.ask("DELETE", "dirs").await, 400);
    is(&home.ask("DELETE", "dirs?path=alias").await, 200);
    assert!(home.content("tree/d.txt").is_some());
    let gone = home.ask("DELETE", "dirs?path=/tree").await;
    assert_eq!((gone.status.as_u16(), gone.json()), (200, json!({"message": "Directory \"/tree\" deleted"})));
    assert_eq!(home.names(""), ["other.txt"]);
    is(&home.ask("DELETE", "dirs?path=other.txt").await, 200);
}

// API-124, API-125
#[actix_web::test]
async fn files_are_renamed_and_deleted() {
    let home = Home::new().await;
    home.put("a.txt", "a");
    home.put("dir/b.txt", "b");
    for kind in ["files", "dirs"] {
        is(&home.ask("PATCH", &format!("{kind}?path=a.txt")).await, 400);
        is(&home.ask("PATCH", &format!("{kind}?target=a.txt")).await, 400);
        is(&home.ask("PATCH", &format!("{kind}?path=missing&target=x")).await, 404);
    }
    is(&home.ask("PATCH", "files?path=a.txt&target=dir/b.txt").await, 200);
    assert_eq!(home.content("dir/b.txt").unwrap(), b"a");
    is(&home.ask("PATCH", "dirs?path=dir&target=moved").await, 200);
    is(&home.ask("DELETE", "files?path=moved").await, 400);
    is(&home.ask("DELETE", "files?path=missing").await, 404);
    let gone = home.ask("DELETE", "files?path=moved/b.txt").await;
    assert_eq!((gone.status.as_u16(), gone.json()), (200, json!({"message": "File \"/moved/b.txt\" deleted"})));
    assert!(home.names("moved").is_empty());
}

// API-147
#[actix_web::test]
async fn time_of_a_change_is_set() {
    let home = Home::with(json!({"permissions": {"/": ["*"], "/closed": ["list", "download"]}})).await;
    home.put("a.txt", "a");
    home.put("closed/a.txt", "a");
    let set = async |path: &str, body: Value| {
        let uri = format!("/api/v2/user/files/metadata{path}");
        home.send(TestRequest::patch().uri(&uri).set_json(body)).await
    };
    let done = set("?path=a.txt", json!({"modification_time": 1_700_000_000_123_i64})).await;
    assert_eq!((done.status.as_u16(), done.json()), (200, json!({"message": "OK"})));
    assert_eq!(
        home.get("dirs").await.json().as_array().unwrap().iter().find(|entry| entry["name"] == "a.txt").unwrap()["last_modified"],
        "2023-11-14T22:13:20Z"
    );
    for (path, body) in
        [("?path=a.txt", json!({})), ("", json!({"modification_time": 1})), ("?path=a.txt", json!({"modification_time": -5}))]
    {
        let refused = set(path, body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()),
            (400, json!({"message": "please set a modification_time and a path"}))
        );
    }
    is(&set("?path=missing", json!({"modification_time": 1})).await, 404);
    is(&set("?path=closed/a.txt", json!({"modification_time": 1})).await, 403);
    is(&set("?path=a.txt", json!({"modification_time": "1"})).await, 400);
}
