//! The operations of the REST API behind the cookie.

use actix_web::http::Method;

use super::*;

// Decisions, section 12
#[actix_web::test]
async fn cookie_and_token_let_scripts_in() {
    let house = house(json!({})).await;
    put(&house, "a.txt", "1");
    let stranger = house.get("/web/client/api/user/dirs").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let mut browser = ada(&house).await;
    let listed = browser.get("/web/client/api/user/dirs?path=/").await;
    assert_eq!((listed.status, listed.json()[0]["name"].as_str()), (StatusCode::OK, Some("a.txt")));
    let delete = || TestRequest::default().method(Method::DELETE).uri("/web/client/api/user/files?path=/a.txt");
    let without = browser.send(delete()).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN, "{}", without.text);
    let token = browser.token().to_owned();
    let foreign = browser
        .send(delete().insert_header(("x-csrf-token", token.clone())).insert_header(("origin", "https://evil.example")))
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(house.home("ada").join("a.txt").exists());
    assert_eq!(browser.send(delete().insert_header(("x-csrf-token", token))).await.status, StatusCode::OK);
    assert!(!house.home("ada").join("a.txt").exists());
}

#[actix_web::test]
async fn bearers_and_keys_do_not_open_it() {
    let house = house(json!({})).await;
    let token = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.with(&token, TestRequest::get().uri("/api/v2/user/dirs")).await.status, StatusCode::OK);
    assert_eq!(house.with(&token, TestRequest::get().uri("/web/client/api/user/dirs")).await.status, StatusCode::UNAUTHORIZED);
}

// UI-121
#[actix_web::test]
async fn what_is_in_the_way_is_told_before_the_first_byte() {
    let house = house(json!({"quota_size": 100})).await;
    put(&house, "a.txt", "1");
    put(&house, "dir/x", "1");
    let mut browser = ada(&house).await;
    let token = browser.token().to_owned();
    let files = json!({"files": [
        {"name": "a.txt", "size": 10}, {"name": "new/b.txt", "size": 60}, {"name": "c", "size": 60},
        {"name": "dir", "size": 1}, {"name": "../up", "size": 1},
    ]});
    let ask = TestRequest::post().uri("/web/client/api/exist?path=/").insert_header(("x-csrf-token", token)).set_json(&files);
    let verdict = browser.send(ask).await.json();
    assert_eq!(verdict["existing"], json!([{"name": "a.txt", "type": "2", "size": 1}, {"name": "dir", "type": "1", "size": 0}]));
    assert_eq!(verdict["impossible"], json!([{"name": "c", "reason": "quota"}, {"name": "../up", "reason": "name"}]));
    assert_eq!(verdict["room"], 100);
}

#[actix_web::test]
async fn facts_say_what_may_be_done_in_a_directory() {
    let permissions = json!({"/": [Permission::Any], "/in": [Permission::List, Permission::Upload]});
    let house = house(json!({"permissions": permissions})).await;
    put(&house, "in/x", "1");
    let mut browser = ada(&house).await;
    let facts = browser.get("/web/client/api/folder?path=/in").await.json();
    assert_eq!(facts["may"], json!(["list", "upload", "share"]));
    assert_eq!(facts["crumbs"], json!([{"name": "in", "path": "/in"}]));
}
