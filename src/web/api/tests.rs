//! The REST API from the outside.

mod backup;
mod bad_input;
mod certificate;
mod chunked_uploads;
mod collections;
pub(super) mod contract;
mod event_rules;
mod events;
mod gates;
mod host_keys;
mod identity;
mod live;
mod operations;
mod public_shares;
mod quotas;
mod second_factor;
mod server;
mod shares;
mod user_files;

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::AdminPermission;
use serde_json::{Value, json};

use crate::testing::{House, ready};

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

async fn add(house: &House, token: &str, body: &Value) -> crate::testing::Answer {
    house.with(token, TestRequest::post().uri("/api/v2/users").set_json(body)).await
}

// SEC-047, SEC-048, SEC-049, SEC-175
#[actix_web::test]
async fn token_is_given_for_the_right_password_only() {
    let house = ready().await;
    let none = house.get("/api/v2/token").await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(none.json(), json!({"message": "Unauthorized"}));
    let wrong = house.basic("/api/v2/token", "root", "x").await;
    let unknown = house.basic("/api/v2/token", "nobody", "x").await;
    for answer in [&wrong, &unknown] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json(), json!({"message": "Unauthorized", "error": "invalid credentials"}));
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"Entrepot\"");
    }
    let right = house.basic("/api/v2/token", "root", "root-secret").await;
    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(right.header("cache-control"), "no-store");
    let expires = right.json()["expires_at"].as_str().unwrap().to_owned();
    assert!(expires.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(&expires).is_ok(), "{expires}");
}

// SEC-066, SEC-072, SEC-073
#[actix_web::test]
async fn token_opens_the_api_until_it_is_logged_out() {
    let house = ready().await;
    let token = house.token("root").await;
    assert_eq!(house.with(&token, get("/api/v2/version")).await.json()["version"], "1.2.3");
    let elsewhere =
        house.send(get(&format!("/api/v2/version?access_token={token}")).insert_header(("cookie", format!("jwt={token}")))).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere.json(), json!({"message": "Unauthorized"}));
    let out = house.with(&token, get("/api/v2/logout")).await;
    assert_eq!((out.status, &out.json()["message"]), (StatusCode::OK, &json!("Your token has been invalidated")));
    let after = house.with(&token, get("/api/v2/version")).await;
    assert_eq!((after.status, &after.json()["message"]), (StatusCode::UNAUTHORIZED, &json!("Your token is no longer valid")));
}

// SEC-059, API-024, API-027
#[actix_web::test]
async fn user_token_is_no_key_to_the_admin_api() {
    let house = ready().await;
    let admin = house.token("root").await;
    assert_eq!(add(&house, &admin, &house.user("ingrid")).await.status, StatusCode::CREATED);
    let answer = house.basic("/api/v2/user/token", "ingrid", "secret").await;
    let user = answer.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/api/v2/version", "/api/v2/users", "/api/v2/logout"] {
        let refused = house.with(&user, get(path)).await;
        assert_eq!(
            (refused.status, &refused.json()["message"]),
            (StatusCode::UNAUTHORIZED, &json!("Your token audience is not valid"))
        );
    }
    assert_eq!(house.with(&admin, get("/api/v2/user/logout")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.with(&user, get("/api/v2/user/logout")).await.status, StatusCode::OK);
}

// ACC-056, ACC-052, API-035, API-038, API-039, API-040, API-005
#[actix_web::test]
async fn user_is_created_read_replaced_and_deleted() {
    let house = ready().await;
    let token = house.token("root").await;
    let mut body = house.user("ingrid holm@x");
    let added = add(&house, &token, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    assert_eq!(added.header("location"), "/api/v2/users/ingrid%20holm%40x");
    assert!(added.json().get("password").is_none());
    let path = added.header("location").to_owned();
    let again = add(&house, &token, &body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(house.with(&token, get(&path)).await.json()["username"], "ingrid holm@x");
    body["email"] = json!("i@example.com");
    let replaced = house.with(&token, TestRequest::put().uri(&path).set_json(&body)).await;
    assert_eq!((replaced.status, replaced.json()), (StatusCode::OK, json!({"message": "User updated"})));
    assert_eq!(house.with(&token, get(&path)).await.json()["email"], "i@example.com");
    let deleted = house.with(&token, TestRequest::delete().uri(&path)).await;
    assert_eq!((deleted.status, deleted.json()), (StatusCode::OK, json!({"message": "User deleted"})));
    for request in [get(&path), TestRequest::put().uri(&path).set_json(&body), TestRequest::delete().uri(&path)] {
        let missing = house.with(&token, request).await;
        assert_eq!((missing.status, &missing.json()["error"]), (StatusCode::NOT_FOUND, &json!("Not Found")));
    }
}

// API-028, API-029, API-031, API-032
#[actix_web::test]
async fn list_is_a_plain_array_in_pages() {
    let house = ready().await;
    let token = house.token("root").await;
    assert_eq!(house.with(&token, get("/api/v2/users")).await.text, "[]");
    for name in ["b", "a", "c"] {
        assert_eq!(add(&house, &token, &house.user(name)).await.status, StatusCode::CREATED);
    }
    let names = async |query: &str| {
        let answer = house.with(&token, get(&format!("/api/v2/users?{query}"))).await;
        answer.json().as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["a", "b", "c"]);
    assert_eq!(names("limit=1&offset=1").await, ["b"]);
    assert_eq!(names("order=DESC&limit=2").await, ["c", "b"]);
    assert!(names("offset=9").await.is_empty());
    let wrong = house.with(&token, get("/api/v2/users?limit=x")).await;
    assert_eq!((wrong.status, &wrong.json()["error"]), (StatusCode::BAD_REQUEST, &json!("invalid limit")));
}

// SEC-008, API-045
#[actix_web::test]
async fn confidential_data_is_shown_to_full_administrators_only() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers, AdminPermission::AddUsers]).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    let asked = TestRequest::post().uri("/api/v2/users?confidential_data=1").set_json(house.user("ingrid"));
    assert!(house.with(&root, asked).await.json()["password"].as_str().unwrap().starts_with('$'));
    let path = "/api/v2/users/ingrid?confidential_data=1";
    assert!(house.with(&root, get(path)).await.json().get("password").is_some());
    assert!(house.with(&clerk, get(path)).await.json().get("password").is_none());
    assert!(house.with(&root, get("/api/v2/users/ingrid")).await.json().get("password").is_none());
    assert_eq!(house.with(&root, get("/api/v2/users/ingrid?confidential_data=x")).await.status, StatusCode::BAD_REQUEST);
}

// ACC-235
#[actix_web::test]
async fn missing_permission_is_403() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let token = house.token("clerk").await;
    assert_eq!(house.with(&token, get("/api/v2/users")).await.status, StatusCode::OK);
    assert_eq!(add(&house, &token, &house.user("x")).await.status, StatusCode::FORBIDDEN);
}

// API-006, API-007, API-012, API-013, ACC-066
#[actix_web::test]
async fn wrong_bodies_are_refused_and_change_nothing() {
    let house = ready().await;
    let token = house.token("root").await;
    let post = |body: String| TestRequest::post().uri("/api/v2/users").set_payload(body);
    for body in ["", "{", "[]", r#"{"username": 5}"#, r#"{"username":"a"} x"#] {
        let answer = house.with(&token, post(body.into())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(!answer.json()["error"].as_str().unwrap().is_empty());
    }
    let invalid = add(&house, &token, &json!({"username": "a/b", "home_dir": "/srv/x", "permissions": {"/": ["*"]}})).await;
    assert_eq!(invalid.status, StatusCode::BAD_REQUEST);
    assert!(invalid.json()["error"].as_str().unwrap().starts_with("Validation error: "), "{invalid:?}");
    let large = house.with(&token, post(format!("{{\"description\":\"{}\"}}", "x".repeat(1024 * 1024)))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{large:?}");
    assert_eq!(add(&house, &token, &house.user("ingrid")).await.status, StatusCode::CREATED);
    let mut body = house.user("ingrid");
    body["email"] = json!("new@example.com");
    let put = TestRequest::put().uri("/api/v2/users/ingrid?disconnect=yes").set_json(&body);
    assert_eq!(house.with(&token, put).await.status, StatusCode::BAD_REQUEST);
    assert!(house.with(&token, get("/api/v2/users/ingrid")).await.json().get("email").is_none());
}

// API-047, API-049, API-054, ACC-365
#[actix_web::test]
async fn the_last_write_wins_for_whoever_may_see_and_change_a_user() {
    let house = ready().await;
    let token = house.token("root").await;
    let post = |path: &str, body: Value| TestRequest::post().uri(&format!("/api/v2/{path}")).set_json(body);
    assert_eq!(add(&house, &token, &house.user("ingrid")).await.status, StatusCode::CREATED);
    assert_eq!(house.with(&token, post("roles", json!({"name": "yard"}))).await.status, StatusCode::CREATED);
    let clerk = json!({"username": "clerk", "password": "clerk-secret", "status": 1, "permissions": ["view_users", "edit_users"], "role": "yard"});
    assert_eq!(house.with(&token, post("admins", clerk)).await.status, StatusCode::CREATED);
    house.add_admin("viewer", &[AdminPermission::ViewUsers]).await;
    let put = |mail: &str, query: &str| {
        let mut body = house.user("ingrid");
        body["email"] = json!(mail);
        TestRequest::put().uri(&format!("/api/v2/users/ingrid{query}")).set_json(&body)
    };
    for (mail, query) in [("one@example.com", "?disconnect=0"), ("two@example.com", "?disconnect=1"), ("three@example.com", "")] {
        let stale = put(mail, query).insert_header(("If-Match", "\"another\""));
        assert_eq!(house.with(&token, stale).await.status, StatusCode::OK, "{mail}");
        let read = house.with(&token, get("/api/v2/users/ingrid")).await;
        assert_eq!((&read.json()["email"], read.header("etag")), (&json!(mail), ""));
    }
    let clerk = house.token("clerk").await;
    assert_eq!(house.with(&clerk, get("/api/v2/users/ingrid")).await.status, StatusCode::NOT_FOUND, "of another role");
    assert_eq!(house.with(&clerk, put("four@example.com", "")).await.status, StatusCode::NOT_FOUND);
    let viewer = house.token("viewer").await;
    assert_eq!(house.with(&viewer, get("/api/v2/users/ingrid")).await.status, StatusCode::OK);
    assert_eq!(house.with(&viewer, put("four@example.com", "")).await.status, StatusCode::FORBIDDEN);
}

// API-014, API-015, API-018
#[actix_web::test]
async fn unknown_paths_and_methods_answer_in_the_contract_s_form() {
    let house = ready().await;
    for path in ["/api/v2/nothing", "/api/v1", "/api"] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::NOT_FOUND, json!({"message": "Not Found", "error": "Not Found"}))
        );
    }
    let answer = house.send(TestRequest::patch().uri("/api/v2/users")).await;
    assert_eq!((answer.status, &answer.json()["message"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("Method Not Allowed")));
    assert_eq!(house.get("/healthz").await.text, "ok");
    let token = house.token("root").await;
    assert_eq!(house.with(&token, get("/api/v2/users/")).await.status, StatusCode::OK);
    let no_text = house.with(&token, get("/api/v2/users/%FF")).await;
    assert_eq!((no_text.status, &no_text.json()["error"]), (StatusCode::NOT_FOUND, &json!("Not Found")));
}

// HTTP-003, HTTP-010
#[actix_web::test]
async fn binding_serves_what_it_is_meant_for() {
    let mut house = ready().await;
    house.features.admin_token = false;
    house.features.user_token = false;
    for path in ["/api/v2/token", "/api/v2/user/token"] {
        assert_eq!(house.basic(path, "root", "root-secret").await.status, StatusCode::FORBIDDEN);
    }
    house.features.rest_api = false;
    assert_eq!(house.basic("/api/v2/token", "root", "root-secret").await.status, StatusCode::NOT_FOUND);
    let start = house.get("/").await;
    assert_eq!((start.status, start.header("location")), (StatusCode::SEE_OTHER, "/web/client"));
    house.features.web_client = false;
    assert_eq!(house.get("/").await.header("location"), "/web/admin");
    (house.features.web_admin, house.features.web_client) = (false, false);
    assert_eq!(house.get("/").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
}
