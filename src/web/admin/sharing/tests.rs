use actix_web::http::StatusCode;
use entrepot_core::{
    Clock as _,
    admin::{AdminSession, admins, roles},
};
use entrepot_model::{Admin, AdminPermission, Role};
use serde_json::json;

use crate::testing::{Browser, House, ready};

async fn shared(house: &House) -> String {
    let root = house.token("root").await;
    let user = actix_web::test::TestRequest::post().uri("/api/v2/users").set_json(house.user("ann"));
    assert_eq!(house.with(&root, user).await.status, StatusCode::CREATED);
    let login = house.basic("/api/v2/user/token", "ann", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let share = json!({ "name": "Plans", "paths": ["/"], "scope": 1, "max_tokens": 5 });
    let made = actix_web::test::TestRequest::post().uri("/api/v2/user/shares").set_json(share);
    let made = house.with(&login, made).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.header("x-object-id").to_owned()
}

// UI-205
#[actix_web::test]
async fn shares_of_everybody_are_listed_and_can_be_ended() {
    let house = ready().await;
    let id = shared(&house).await;
    let mut root = Browser::admin(&house, "root").await;
    let list = root.get("/web/admin/sharing").await;
    assert!(list.text.contains("Plans") && list.text.contains("ann") && list.text.contains("0 / 5"), "{}", list.text);
    assert!(!list.text.contains(&format!("/s/{id}")), "a list is no way into what others share");
    assert!(!root.get("/web/admin/sharing?q=bob").await.text.contains("0 / 5"));
    let ask = root.get(&format!("/web/admin/sharing/{id}/end")).await;
    assert!(ask.text.contains("Plans"), "{ask:?}");
    let ended = root.post(&format!("/web/admin/sharing/{id}/end"), &[]).await;
    assert_eq!((ended.status, ended.header("location")), (StatusCode::SEE_OTHER, "/web/admin/sharing"));
    assert!(!root.get("/web/admin/sharing").await.text.contains("0 / 5"));
    assert_eq!(root.get(&format!("/web/admin/sharing/{id}/end")).await.status, StatusCode::NOT_FOUND);
}

// UI-205, UI-220
#[actix_web::test]
async fn shares_are_ordered_narrowed_and_found() {
    let house = ready().await;
    let id = shared(&house).await;
    let login = house.basic("/api/v2/user/token", "ann", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let drop = json!({ "name": "Drop", "paths": ["/"], "scope": 2, "password": "A long one 4 it", "expires_at": house.clock.millis() + 60_000 });
    let made = house.with(&login, actix_web::test::TestRequest::post().uri("/api/v2/user/shares").set_json(drop)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let mut root = Browser::admin(&house, "root").await;
    for (query, wanted) in [
        ("", "Drop Plans"),
        ("?order=desc", "Plans Drop"),
        ("?sort=expires", "Drop Plans"),
        ("?sort=type", "Plans Drop"),
        ("?q=plan", "Plans"),
        ("?q=ann", "Drop Plans"),
        ("?password=no", "Plans"),
        ("?kind=2", "Drop"),
        ("?share=endless", "Plans"),
        ("?share=running", "Drop Plans"),
        ("?share=over", ""),
    ] {
        let page = root.get(&format!("/web/admin/sharing{query}")).await.text;
        let body = page.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
        let parts = body.split("<span class=\"name clip block\">").skip(1);
        let names: Vec<&str> = parts.filter_map(|part| part.split('<').next()).collect();
        assert_eq!(names.join(" "), wanted, "{query}");
    }
    house.clock.advance_minutes(2);
    assert!(root.get("/web/admin/sharing?share=over").await.text.contains("Drop"));
    let sorted = root.get("/web/admin/sharing?sort=uses").await.text;
    assert!(sorted.contains("aria-sort=\"descending\"") && sorted.contains("1–2 of 2"), "{sorted}");
    assert!(!sorted.contains(&format!("value=\"{id}\"")), "ids are in no form");
}

// UI-205, ACC-225
#[actix_web::test]
async fn shares_of_users_of_another_role_are_not_there() {
    let house = ready().await;
    let id = shared(&house).await;
    let system = AdminSession::system();
    roles::add(&house.core, &system, Role { name: "north".into(), ..Role::default() }).await.unwrap();
    let admin = Admin {
        username: "nora".into(),
        password: Some("nora-secret".into()),
        status: 1,
        role: "north".into(),
        permissions: vec![AdminPermission::ViewUsers, AdminPermission::EditUsers],
        ..Admin::default()
    };
    admins::add(&house.core, &system, admin).await.unwrap();
    let mut nora = Browser::admin(&house, "nora").await;
    assert!(!nora.get("/web/admin/sharing").await.text.contains("Plans"));
    let end = format!("/web/admin/sharing/{id}/end");
    assert_eq!(nora.get(&end).await.status, StatusCode::NOT_FOUND);
    nora.post(&end, &[]).await;
    let mut root = Browser::admin(&house, "root").await;
    assert!(root.get("/web/admin/sharing").await.text.contains("Plans"), "it goes on");
}

// UI-205
#[actix_web::test]
async fn who_only_sees_users_ends_no_share() {
    let house = ready().await;
    let id = shared(&house).await;
    house.add_admin("eve", &[AdminPermission::ViewUsers]).await;
    let mut eve = Browser::admin(&house, "eve").await;
    let list = eve.get("/web/admin/sharing").await;
    assert!(list.text.contains("Plans") && !list.text.contains(&id), "the id is as good as the link: {}", list.text);
    assert_eq!(eve.post(&format!("/web/admin/sharing/{id}/end"), &[]).await.status, StatusCode::FORBIDDEN);
    // AUD-007: nor does the history tell it.
    house.add_admin("vic", &[AdminPermission::ViewEvents]).await;
    let mut root = Browser::admin(&house, "root").await;
    let history = "/web/admin/events?kind=provider";
    assert!(root.get(history).await.text.contains(&id));
    let mut vic = Browser::admin(&house, "vic").await;
    let seen = vic.get(history).await;
    assert!(
        seen.status == StatusCode::OK && seen.text.contains(&format!("{}…", &id[..4])) && !seen.text.contains(&id),
        "{seen:?}"
    );
    let token = house.token("vic").await;
    let told = house.with(&token, actix_web::test::TestRequest::get().uri("/api/v2/events/provider")).await;
    assert!(told.status == StatusCode::OK && !told.text.contains(&id), "{told:?}");
    house.add_admin("mal", &[AdminPermission::ViewStatus]).await;
    let mut mal = Browser::admin(&house, "mal").await;
    assert_eq!(mal.get("/web/admin/sharing").await.status, StatusCode::FORBIDDEN);
}
