//! Who is asking: tokens, API keys, and what must be done first.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_core::admin::{AdminSession, admins, users};
use entrepot_model::{Admin, AdminPermission, User};
use serde_json::{Value, json};

use crate::testing::{Answer, Browser, House, ready};

fn request(method: &str, path: &str) -> TestRequest {
    let request = match method {
        "POST" => TestRequest::post(),
        "PUT" => TestRequest::put(),
        "DELETE" => TestRequest::delete(),
        _ => TestRequest::get(),
    };
    request.uri(&format!("/api/v2/{path}"))
}

fn get(path: &str) -> TestRequest {
    request("GET", path)
}

/// A request that shows an API key.
async fn with_key(house: &House, key: &str, request: TestRequest) -> Answer {
    house.send(request.insert_header(("X-SFTPGO-API-KEY", key))).await
}

async fn make_key(house: &House, token: &str, body: &Value) -> String {
    let made = house.with(token, request("POST", "apikeys").set_json(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()["key"].as_str().unwrap().to_owned()
}

/// `root` takes API keys.
async fn open_root(house: &House) {
    let mut admin = Admin { username: "root".into(), status: 1, permissions: vec![AdminPermission::Any], ..Admin::default() };
    admin.filters.allow_api_key_auth = true;
    admins::update(&house.core, &AdminSession::system(), "root", admin).await.unwrap();
}

/// The user `ingrid`, changed.
async fn add_user(house: &House, change: impl FnOnce(&mut User)) {
    let mut user: User = serde_json::from_value(house.user("ingrid")).unwrap();
    user.filters.base.allow_api_key_auth = true;
    change(&mut user);
    users::add(&house.core, &AdminSession::system(), user).await.unwrap();
}

async fn user_token(house: &House) -> String {
    let answer = house.basic("/api/v2/user/token", "ingrid", "secret").await;
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[track_caller]
fn is(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert!(answer.text.contains(text), "{text}: {answer:?}");
}

// SEC-075, SEC-076, SEC-089, SEC-092, API-028, API-036, API-038, API-039
#[actix_web::test]
async fn keys_are_made_listed_changed_and_deleted() {
    let house = ready().await;
    let token = house.token("root").await;
    let body = json!({"name": "ci", "scope": 1, "admin": "root", "user": "", "id": "x", "key": "x"});
    let made = house.with(&token, request("POST", "apikeys").set_json(&body)).await;
    let shown = made.json()["key"].as_str().unwrap().to_owned();
    let id = made.header("x-object-id").to_owned();
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, format!("/api/v2/apikeys/{id}").as_str()));
    assert!(shown.starts_with(&format!("{id}.")) && made.json()["message"].as_str().unwrap().contains("API key created"));
    let path = format!("apikeys/{id}");
    let read = house.with(&token, get(&path)).await;
    assert_eq!((&read.json()["name"], &read.json()["admin"], read.json().get("key")), (&json!("ci"), &json!("root"), None));
    make_key(&house, &token, &json!({"name": "second", "scope": 2})).await;
    let listed = house.with(&token, get("apikeys")).await.json();
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && ids.is_sorted() && !listed.to_string().contains("\"key\""), "{listed}");
    assert_eq!(house.with(&token, get("apikeys?limit=1&offset=1&order=DESC")).await.json()[0]["id"], ids[0]);
    let change = json!({"name": "renamed", "scope": 2});
    is(&house.with(&token, request("PUT", &path).set_json(&change)).await, 200, "API key updated");
    let changed = house.with(&token, get(&path)).await.json();
    assert_eq!((&changed["name"], &changed["scope"], changed.get("admin")), (&json!("renamed"), &json!(2), None));
    is(&house.with(&token, request("DELETE", &path)).await, 200, "API key deleted");
    for missing in [get(&path), request("DELETE", &path), request("PUT", &path).set_json(&change)] {
        is(&house.with(&token, missing).await, 404, "Not Found");
    }
}

// SEC-078, SEC-082, SEC-085, SEC-086, SEC-097, API-023, API-026, API-027
#[actix_web::test]
async fn keys_open_what_tokens_do_but_for_what_concerns_the_account_itself() {
    let house = ready().await;
    let token = house.token("root").await;
    let key = make_key(&house, &token, &json!({"name": "ci", "scope": 1, "admin": "root"})).await;
    is(&with_key(&house, &key, get("users")).await, 401, "the provided api key cannot be authenticated");
    open_root(&house).await;
    for path in ["users", "version", "admins", "roles"] {
        assert_eq!(with_key(&house, &key, get(path)).await.status, StatusCode::OK, "{path}");
    }
    for path in ["logout", "user/logout", "apikeys", "apikeys/x"] {
        is(&with_key(&house, &key, get(path)).await, 403, "API key authentication is not allowed");
    }
    is(&with_key(&house, "nodot", get("users")).await, 400, "the provided api key is not valid");
    is(&with_key(&house, "unknown.secret", get("users")).await, 400, "the provided api key is not valid");
    let (id, _) = key.split_once('.').unwrap();
    is(&with_key(&house, &format!("{id}.wrong"), get("users")).await, 401, "the provided api key cannot be authenticated");
    let of_user = make_key(&house, &token, &json!({"name": "ci", "scope": 2})).await;
    is(&with_key(&house, &of_user, get("users")).await, 403, "the provided api key is invalid for this request");
    let own = json!({"status": 1, "permissions": ["*"]});
    is(&with_key(&house, &key, request("PUT", "admins/root").set_json(&own)).await, 400, "API key");
    is(&with_key(&house, &key, request("DELETE", "admins/root")).await, 400, "API key");
    let both = get("users").insert_header(("X-SFTPGO-API-KEY", key.as_str()));
    is(&house.with("rubbish", both).await, 401, "Unauthorized");
    let both = get("users").insert_header(("X-SFTPGO-API-KEY", "rubbish"));
    assert_eq!(house.with(&token, both).await.status, StatusCode::OK);
    is(&house.get("/api/v2/users").await, 401, "Unauthorized");
}

// SEC-056, SEC-095
#[actix_web::test]
async fn a_binding_can_be_without_keys() {
    let mut house = ready().await;
    open_root(&house).await;
    let token = house.token("root").await;
    let key = make_key(&house, &token, &json!({"name": "ci", "scope": 1, "admin": "root"})).await;
    house.features.admin_key = false;
    is(&with_key(&house, &key, get("users")).await, 403, "this login method is disabled");
    assert_eq!(house.with(&token, get("users")).await.status, StatusCode::OK);
}

// SEC-070, ACC-243, ACC-244
#[actix_web::test]
async fn administrators_do_first_what_they_must() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let before = house.token("clerk").await;
    let root = house.token("root").await;
    let mut body = json!({"status": 1, "permissions": ["view_users"], "filters": {"require_password_change": true}});
    assert_eq!(house.with(&root, request("PUT", "admins/clerk").set_json(&body)).await.status, StatusCode::OK);
    let token = house.token("clerk").await;
    for token in [&before, &token] {
        for path in ["users", "version", "apikeys"] {
            let refused = house.with(token, get(path)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            let message = "Password change required. Please set a new password to continue to use your account";
            assert_eq!(refused.json(), json!({"message": message}), "{path}");
        }
    }
    body["filters"]["require_two_factor"] = json!(true);
    assert_eq!(house.with(&root, request("PUT", "admins/clerk").set_json(&body)).await.status, StatusCode::OK);
    let text = "Two-factor authentication requirements not met, please configure two-factor authentication\"";
    is(&house.with(&token, get("users")).await, 403, text);
    is(&house.with(&token, get("logout")).await, 200, "Your token has been invalidated");
}

// SEC-071, SEC-125, ACC-103
#[actix_web::test]
async fn users_do_first_what_they_must() {
    let house = ready().await;
    add_user(&house, |user| {
        user.filters.require_password_change = true;
        user.filters.base.two_factor_protocols = vec!["SSH".into(), "HTTP".into()];
    })
    .await;
    let token = user_token(&house).await;
    is(&house.with(&token, get("user/profile")).await, 403, "for the following protocols: SSH, HTTP");
    is(&house.with(&token, get("user/logout")).await, 200, "Your token has been invalidated");
}

// ACC-317
#[actix_web::test]
async fn users_can_be_kept_from_the_api() {
    let house = ready().await;
    add_user(&house, |user| user.filters.base.web_client = vec!["rest-api-disabled".into()]).await;
    is(&house.basic("/api/v2/user/token", "ingrid", "wrong").await, 401, "invalid credentials");
    is(&house.basic("/api/v2/user/token", "ingrid", "secret").await, 403, "Forbidden");
}

// SEC-054, ACC-241
#[actix_web::test]
async fn administrators_come_from_their_allowed_networks() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let token = house.token("clerk").await;
    assert_eq!(house.with(&token, get("users")).await.status, StatusCode::OK);
    let mut admin =
        Admin { username: "clerk".into(), status: 1, permissions: vec![AdminPermission::ViewUsers], ..Admin::default() };
    admin.filters.allow_list = vec!["198.51.100.0/24".into()];
    admins::update(&house.core, &AdminSession::system(), "clerk", admin).await.unwrap();
    is(&house.with(&token, get("users")).await, 401, "Unauthorized");
    is(&house.basic("/api/v2/token", "clerk", "clerk-secret").await, 401, "invalid credentials");
}

// SEC-127, SEC-128, SEC-068, ACC-104
#[actix_web::test]
async fn passwords_are_changed_by_their_owners() {
    let house = ready().await;
    add_user(&house, |user| user.filters.require_password_change = true).await;
    let token = user_token(&house).await;
    let change = |current: &str, new: &str| {
        request("PUT", "user/changepwd").set_json(json!({"current_password": current, "new_password": new}))
    };
    is(&house.with(&token, change("wrong", "another")).await, 400, "current_password");
    is(&house.with(&token, change("secret", "secret")).await, 400, "new_password");
    is(&house.with(&token, change("secret", "another")).await, 200, "Password updated");
    is(&house.with(&token, get("user/logout")).await, 401, "Your token is no longer valid");
    assert_eq!(house.basic("/api/v2/user/token", "ingrid", "secret").await.status, StatusCode::UNAUTHORIZED);
    let answer = house.basic("/api/v2/user/token", "ingrid", "another").await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.with(&token, get("user/profile")).await.status, StatusCode::OK);
    let root = house.token("root").await;
    let body = json!({"current_password": "root-secret", "new_password": "another"});
    is(&house.with(&root, request("PUT", "admin/changepwd").set_json(&body)).await, 200, "Password updated");
    is(&house.with(&root, get("version")).await, 401, "Your token is no longer valid");
    assert_eq!(house.basic("/api/v2/token", "root", "another").await.status, StatusCode::OK);
}

// API-051, API-052, ACC-311
#[actix_web::test]
async fn profiles_are_read_and_replaced() {
    let house = ready().await;
    add_user(&house, |user| user.filters.base.web_client = vec!["api-key-auth-change-disabled".into()]).await;
    let token = user_token(&house).await;
    let body = json!({"email": "i@example.com", "description": "d", "public_keys": [], "tls_certs": []});
    is(&house.with(&token, request("PUT", "user/profile").set_json(&body)).await, 200, "Profile updated");
    let read = house.with(&token, get("user/profile")).await.json();
    let expected = json!({"email": "i@example.com", "description": "d", "allow_api_key_auth": true, "public_keys": []});
    assert_eq!(read, expected);
    let wrong = json!({"email": "nobody"});
    is(&house.with(&token, request("PUT", "user/profile").set_json(&wrong)).await, 400, "Validation error: email");
    let root = house.token("root").await;
    let body = json!({"email": "r@example.com", "allow_api_key_auth": true});
    is(&house.with(&root, request("PUT", "admin/profile").set_json(&body)).await, 200, "Profile updated");
    assert_eq!(house.with(&root, get("admin/profile")).await.json(), body);
}

// ACC-085, SSH-023
#[expect(clippy::disallowed_methods, reason = "a file is put where a home should be")]
#[actix_web::test]
async fn a_home_that_cannot_be_used_is_told_in_words_and_by_no_other_code() {
    let house = ready().await;
    let token = house.token("root").await;
    let file = house.home("file");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, b"no folder").unwrap();
    add_user(&house, |user| user.home_dir = file.join("ingrid").to_string_lossy().into_owned()).await;
    let key = make_key(&house, &token, &json!({"name": "ci", "scope": 2, "user": "ingrid"})).await;
    let said = "root file system of the account is invalid";
    is(&house.basic("/api/v2/user/token", "ingrid", "secret").await, 500, said);
    is(&with_key(&house, &key, get("user/dirs")).await, 500, said);
    let mut browser = Browser::new(&house);
    let page = browser.post("/web/client/login", &[("username", "ingrid"), ("password", "secret")]).await;
    is(&page, 500, "The folder of this account cannot be used");
    assert!(page.text.contains("name=\"password\""), "the form is there to try again: {}", page.text);
    is(&house.basic("/api/v2/user/token", "ingrid", "wrong").await, 401, "invalid credentials");
}
