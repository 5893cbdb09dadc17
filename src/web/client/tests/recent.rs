use super::*;

async fn upload(house: &House, name: &str) {
    let token = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let request = TestRequest::post().uri(&format!("/api/v2/user/files/upload?path=%2F{name}")).set_payload("text");
    let answer = house.with(&token, request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

// UI-207
#[actix_web::test]
async fn recent_is_what_the_user_did_and_nobody_in_its_name() {
    let house = house(json!({})).await;
    upload(&house, "plan.txt").await;
    let token = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let share = json!({ "name": "Plans", "paths": ["/"], "scope": 2 });
    let made = house.with(&token, TestRequest::post().uri("/api/v2/user/shares").set_json(share)).await;
    let id = made.header("x-object-id").to_owned();
    let brought = TestRequest::post().uri(&format!("/api/v2/shares/{id}/by-a-visitor.txt")).set_payload("text");
    let brought = house.send(brought).await;
    assert_eq!(brought.status, StatusCode::CREATED, "{brought:?}");
    assert!(house.home("ada").join("by-a-visitor.txt").exists());
    let page = ada(&house).await.get("/web/client/recent").await.text;
    assert!(page.contains("plan.txt") && !page.contains("by-a-visitor"), "{page}");

    // Another account of that name has done nothing yet.
    let root = house.token("root").await;
    house.clock.advance_minutes(1);
    house.with(&root, TestRequest::delete().uri("/api/v2/users/ada")).await;
    let added = house.with(&root, TestRequest::post().uri("/api/v2/users").set_json(house.user("ada"))).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    let page = ada(&house).await.get("/web/client/recent").await.text;
    assert!(!page.contains("plan.txt"), "{page}");
}

// UI-208
#[actix_web::test]
async fn the_browser_knows_the_latest_end_of_a_link() {
    let free = house(json!({})).await;
    assert!(!ada(&free).await.get("/web/client/files").await.text.contains("data-latest"));
    let limited = house(json!({ "filters": { "max_shares_expiration": 1 } })).await;
    let page = ada(&limited).await.get("/web/client/files").await.text;
    let latest: i64 = page.split("data-latest=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    let user = json!({ "name": "x", "paths": ["/"], "scope": 1, "expires_at": latest });
    let token = limited.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let made = limited.with(&token, TestRequest::post().uri("/api/v2/user/shares").set_json(user)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
}
