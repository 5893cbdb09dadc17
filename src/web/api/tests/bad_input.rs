//! Names, sizes and faults in the middle: what comes in is stored whole, or refused and not at all.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use super::get;
use crate::testing::{Answer, House, ready};

/// Collections with names in their paths.
const COLLECTIONS: [&str; 7] = ["users", "admins", "groups", "folders", "roles", "eventactions", "eventrules"];

/// The smallest object of a collection. Event rules need the action `action`.
fn object(house: &House, collection: &str, name: &str) -> Value {
    match collection {
        "users" => {
            let mut user = house.user("home");
            user["username"] = json!(name);
            user
        }
        "admins" => json!({"username": name, "password": "admin-secret", "status": 1, "permissions": ["view_users"]}),
        "folders" => json!({"name": name, "mapped_path": "/srv/folder"}),
        "eventactions" => json!({"name": name, "type": 11, "options": {"pwd_expiration_config": {"threshold": 3}}}),
        "eventrules" => json!({"name": name, "status": 1, "trigger": 3, "actions": [{"name": "action", "order": 1}],
            "conditions": {"schedules": [{"hour": "1", "day_of_week": "*", "day_of_month": "*", "month": "*"}]}}),
        _ => json!({"name": name}),
    }
}

async fn post(house: &House, token: &str, collection: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::post().uri(&format!("/api/v2/{collection}")).set_json(body)).await
}

async fn put(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::put().uri(path).set_json(body)).await
}

async fn given(house: &House, token: &str, collection: &str, body: Value) {
    let added = post(house, token, collection, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{collection}: {added:?}");
}

async fn read(house: &House, token: &str, path: &str) -> Value {
    let answer = house.with(token, get(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

// ACC-001, ACC-002, ACC-003, ACC-004, ACC-005, API-006
#[actix_web::test]
async fn names_that_cannot_be_are_refused_everywhere() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, "eventactions", object(&house, "eventactions", "action")).await;
    let (long, wide) = ("a".repeat(256), "я".repeat(128));
    let names =
        ["", " ", "a/b", "a\\b", "../x", "a\0b", "a\nb", "a\u{1b}[0m", "a\u{200b}b", "a\u{202e}b", "..", "a.", "NUL.txt", "a:b"];
    for collection in COLLECTIONS {
        let before = read(&house, &token, &format!("/api/v2/{collection}")).await;
        for name in names.into_iter().chain([long.as_str(), wide.as_str()]) {
            let refused = post(&house, &token, collection, &object(&house, collection, name)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{collection} {name:?}: {refused:?}");
            let error = refused.json()["error"].as_str().unwrap().to_owned();
            let member = if matches!(collection, "users" | "admins") { "username" } else { "name" };
            assert!(error.starts_with(&format!("Validation error: {member}")), "{collection} {name:?}: {error}");
            assert!(!error.contains(&format!("{member}: {member}")), "{error}");
        }
        assert_eq!(read(&house, &token, &format!("/api/v2/{collection}")).await, before, "{collection}");
    }
}

// ACC-001, ACC-006, API-016, API-035
#[actix_web::test]
async fn names_of_every_script_go_through_paths_and_back() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, "eventactions", object(&house, "eventactions", "action")).await;
    let longest = format!("a{}", "я".repeat(127));
    assert_eq!(longest.len(), 255);
    let names =
        ["Ирина Петрова", "文件夹", "e\u{301}te\u{301}", "\u{e9}t\u{e9}", "🦀 crab", "عربي", "a%2Fb", "a+b c&d=e#f", "x;y,z@[~]"];
    for collection in COLLECTIONS {
        for name in names.into_iter().chain([longest.as_str()]) {
            let added = post(&house, &token, collection, &object(&house, collection, name)).await;
            assert_eq!(added.status, StatusCode::CREATED, "{collection} {name:?}: {added:?}");
            let path = added.header("location").to_owned();
            let member = if added.json().get("username").is_some() { "username" } else { "name" };
            assert_eq!(read(&house, &token, &path).await[member], name, "{collection}");
            let replaced = put(&house, &token, &path, &object(&house, collection, name)).await;
            assert_eq!(replaced.status, StatusCode::OK, "{collection} {name:?}: {replaced:?}");
        }
        // Composed and decomposed letters are two names: nothing is made of one what it is not.
        let list = read(&house, &token, &format!("/api/v2/{collection}?limit=500")).await;
        let listed = list.as_array().unwrap().iter().filter_map(|object| object["username"].as_str().or(object["name"].as_str()));
        let listed: Vec<&str> = listed.collect();
        for name in names.into_iter().chain([longest.as_str()]) {
            assert!(listed.contains(&name), "{collection} {name:?}");
        }
        for name in names {
            let path = format!("/api/v2/{collection}/{}", crate::api::collection::escaped(name));
            let deleted = house.with(&token, TestRequest::delete().uri(&path)).await;
            assert_eq!(deleted.status, StatusCode::OK, "{collection} {name:?}: {deleted:?}");
        }
    }
}

// API-016, API-039
#[actix_web::test]
async fn names_in_paths_that_nothing_can_have_are_not_found() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, "users", object(&house, "users", "ada")).await;
    given(&house, &token, "eventactions", object(&house, "eventactions", "action")).await;
    let long = "a".repeat(5000);
    for collection in COLLECTIONS {
        for name in ["a%2Fb", "%2e%2e", "a%00b", "%FF", "%C3%28", "a%0Ada", "%E2%80%AEada", long.as_str()] {
            let path = format!("/api/v2/{collection}/{name}");
            for request in [
                get(&path),
                TestRequest::put().uri(&path).set_json(object(&house, collection, "x")),
                TestRequest::delete().uri(&path),
            ] {
                let answer = house.with(&token, request).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
            }
        }
    }
}

// API-013, SEC-074
#[actix_web::test]
async fn bodies_are_bounded_and_those_of_strangers_more_so() {
    let house = ready().await;
    let token = house.token("root").await;
    let padded = |size: usize| format!("{{\"name\":\"r\",\"x\":\"{}\"}}", "x".repeat(size));
    let post = async |path: &str, size: usize| {
        house.with(&token, TestRequest::post().uri(&format!("/api/v2/{path}")).set_payload(padded(size))).await
    };
    assert_eq!(post("roles", 1_000_000).await.status, StatusCode::CREATED);
    let large = post("roles", 1024 * 1024).await;
    assert_eq!(
        (large.status, &large.json()["error"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("the request body is larger than 1 MiB"))
    );
    for path in
        ["users/ada/forgot-password", "users/ada/reset-password", "admins/ada/forgot-password", "admins/ada/reset-password"]
    {
        assert_eq!(post(path, 200_000).await.status, StatusCode::BAD_REQUEST, "{path}");
        let large = post(path, 256 * 1024).await;
        assert_eq!(
            (large.status, &large.json()["error"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("the request body is larger than 256 KiB")),
            "{path}"
        );
    }
    for path in ["token", "user/token", "logout", "user/logout"] {
        let large = get(&format!("/api/v2/{path}")).set_payload("x".repeat(256 * 1024 + 1));
        let large = large.insert_header(("authorization", "Basic cm9vdDpyb290LXNlY3JldA=="));
        assert!(matches!(house.send(large).await.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNAUTHORIZED), "{path}");
    }
    let allowed = |size: usize| {
        get("/api/v2/token").set_payload("x".repeat(size)).insert_header(("authorization", "Basic cm9vdDpyb290LXNlY3JldA=="))
    };
    assert_eq!(house.send(allowed(256 * 1024)).await.status, StatusCode::OK);
    assert_eq!(house.send(allowed(256 * 1024 + 1)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let generous = crate::testing::fresh(|settings| settings.hook.httpd_max_request_size = 3).await;
    generous.add_admin("root", &[entrepot_model::AdminPermission::Any]).await;
    let token = generous.token("root").await;
    let request = TestRequest::post().uri("/api/v2/roles").set_payload(padded(2 * 1024 * 1024));
    assert_eq!(generous.with(&token, request).await.status, StatusCode::CREATED);
}

/// What fails after the object itself was written: a reference to something that is not there, behind one that is.
fn broken(house: &House, collection: &str, name: &str) -> Value {
    let mut object = object(house, collection, name);
    object["description"] = json!("half");
    let mounts = |names: [&str; 2]| {
        let mounts =
            names.map(|name| json!({"name": name, "virtual_path": format!("/{name}"), "quota_size": -1, "quota_files": -1}));
        json!(mounts)
    };
    match collection {
        "users" => {
            object["groups"] = json!([{"name": "group", "type": 1}]);
            object["virtual_folders"] = mounts(["folder", "missing"]);
        }
        "groups" => object["virtual_folders"] = mounts(["folder", "missing"]),
        "admins" => {
            object["groups"] = json!([{"name": "group", "options": {"add_to_users_as": 1}}, {"name": "missing", "options": {"add_to_users_as": 2}}])
        }
        _ => object["actions"] = json!([{"name": "action", "order": 1}, {"name": "missing", "order": 2}]),
    }
    object
}

// API-094, ACC-013: one transaction per object.
#[actix_web::test]
async fn what_fails_in_the_middle_leaves_nothing_behind() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, "eventactions", object(&house, "eventactions", "action")).await;
    given(&house, &token, "groups", object(&house, "groups", "group")).await;
    given(&house, &token, "folders", object(&house, "folders", "folder")).await;
    let others = ["groups/group", "folders/folder", "eventactions/action"].map(|path| format!("/api/v2/{path}"));
    for collection in ["users", "groups", "admins", "eventrules"] {
        given(&house, &token, collection, object(&house, collection, "old")).await;
        let (old, new) = (format!("/api/v2/{collection}/old"), format!("/api/v2/{collection}/new"));
        let mut before = vec![read(&house, &token, &old).await];
        for path in &others {
            before.push(read(&house, &token, path).await);
        }
        for answer in [
            post(&house, &token, collection, &broken(&house, collection, "new")).await,
            put(&house, &token, &old, &broken(&house, collection, "old")).await,
        ] {
            assert!(matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT), "{collection}: {answer:?}");
            assert!(answer.json()["error"].as_str().unwrap().contains("missing"), "{collection}: {answer:?}");
        }
        assert_eq!(house.with(&token, get(&new)).await.status, StatusCode::NOT_FOUND, "{collection}");
        let mut after = vec![read(&house, &token, &old).await];
        for path in &others {
            after.push(read(&house, &token, path).await);
        }
        assert_eq!(after, before, "{collection}");
        // In a backup it is the same.
        let member = if collection == "eventrules" { "event_rules" } else { collection };
        let document = json!({"version": 17, member: [broken(&house, collection, "new")]});
        let loaded = post(&house, &token, "loaddata", &document).await;
        assert!(loaded.status.is_client_error() && loaded.json()["error"].as_str().unwrap().contains("missing"), "{loaded:?}");
        assert_eq!(house.with(&token, get(&new)).await.status, StatusCode::NOT_FOUND, "{collection}");
    }
}

// API-209
#[actix_web::test]
async fn backslashes_in_virtual_paths_separate() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, "folders", object(&house, "folders", "folder")).await;
    let mut user = object(&house, "users", "ada");
    user["permissions"] = json!({"/": ["*"], "\\in\\deep": ["list"]});
    user["virtual_folders"] = json!([{"name": "folder", "virtual_path": "\\mnt\\x", "quota_size": -1, "quota_files": -1}]);
    user["filters"] = json!({"start_directory": "in\\deep", "file_patterns": [{"path": "\\in", "denied_patterns": ["*.exe"]}]});
    given(&house, &token, "users", user).await;
    let stored = read(&house, &token, "/api/v2/users/ada").await;
    assert_eq!(stored["permissions"], json!({"/": ["*"], "/in/deep": ["list"]}));
    assert_eq!(stored["virtual_folders"][0]["virtual_path"], "/mnt/x");
    assert_eq!(stored["filters"]["start_directory"], "/in/deep");
    assert_eq!(stored["filters"]["file_patterns"][0]["path"], "/in");
}

// ACC-239: trimmed when it is set, when it is asked for, and when it is changed.
#[actix_web::test]
async fn blanks_around_the_password_of_an_administrator_mean_nothing() {
    let house = ready().await;
    let root = house.token("root").await;
    let mut admin = object(&house, "admins", "ada");
    admin["password"] = json!("  spacious  ");
    given(&house, &root, "admins", admin).await;
    for password in ["spacious", "  spacious  ", " spacious"] {
        assert_eq!(house.basic("/api/v2/token", "ada", password).await.status, StatusCode::OK, "{password:?}");
    }
    for password in ["spac ious", " ", ""] {
        assert_eq!(house.basic("/api/v2/token", "ada", password).await.status, StatusCode::UNAUTHORIZED, "{password:?}");
    }
    let token = house.basic("/api/v2/token", "ada", "spacious ").await.json()["access_token"].as_str().unwrap().to_owned();
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let same = put(&house, &token, "/api/v2/admin/changepwd", &change("spacious", " spacious ")).await;
    assert_eq!(same.status, StatusCode::BAD_REQUEST, "{same:?}");
    let changed = put(&house, &token, "/api/v2/admin/changepwd", &change("spacious ", " new-secret ")).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(house.basic("/api/v2/token", "ada", " new-secret").await.status, StatusCode::OK);
}
