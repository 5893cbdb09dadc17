//! Pages of administrators, from outside.

mod certificate;
mod editing;
mod host_keys;
mod operating;
mod round_trip;

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::AdminPermission as P;
use serde_json::json;

use crate::testing::{Answer, Browser, House, assert_nothing_inline, ready};

const ALL: [&str; 31] = [
    "overview",
    "overview/now",
    "activity",
    "activity/rows",
    "events",
    "events?kind=provider",
    "events?kind=log",
    "users",
    "user",
    "groups",
    "group",
    "folders",
    "roles",
    "managers",
    "apikeys",
    "eventrules",
    "eventrule",
    "eventactions",
    "eventaction",
    "defender",
    "ip-lists",
    "hostkeys",
    "certificate",
    "maintenance",
    "doctor",
    "log",
    "policy",
    "profile",
    "find",
    "find?q=a",
    "find/hits?q=idle",
];

fn user(name: &str) -> Vec<(String, String)> {
    [("username", name), ("password", "a-long-secret"), ("permissions.0.path", "/"), ("permissions.0.preset", "full")]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .to_vec()
}

async fn create(browser: &mut Browser<'_>, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post("/web/admin/user", &fields).await
}

async fn with_user(house: &House) -> Browser<'_> {
    let mut browser = Browser::admin(house, "root").await;
    let made = create(&mut browser, &user("ana")).await;
    assert_eq!(made.header("location"), "/web/admin/user/ana", "{}", made.text);
    browser
}

// UI-046…UI-076
#[actix_web::test]
async fn every_page_is_there_with_one_heading_and_nothing_inline() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    for path in ALL.iter().copied().chain([
        "user/ana",
        "user/ana?card=limits",
        "user/ana/json",
        "user/ana/delete",
        "ip-list/2",
        "status",
        "more",
    ]) {
        let page = browser.get(&format!("/web/admin/{path}")).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert_nothing_inline(path, &page.text);
        if page.text.contains("<!doctype") {
            assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        }
    }
}

// UI-046, UI-203
#[actix_web::test]
async fn questions_about_refusals_are_for_whoever_sees_users() {
    let house = ready().await;
    with_user(&house).await;
    let token = house.token("root").await;
    let closed = json!({ "username": "shut", "password": "secret", "status": 1, "home_dir": "/srv/shut",
        "permissions": { "/": ["*"] }, "filters": { "denied_protocols": ["HTTP"] } });
    let added = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(closed)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    house.basic("/api/v2/user/token", "shut", "secret").await;
    house.add_admin("log", &[P::ViewEvents]).await;
    house.add_admin("viewer", &[P::ViewUsers]).await;
    for (name, sees) in [("root", true), ("log", false)] {
        let mut admin = Browser::admin(&house, name).await;
        let page = admin.get("/web/admin/events?kind=log").await.text;
        assert!(page.contains("shut"), "{page}");
        assert_eq!(page.contains("/web/admin/why?"), sees, "{name}: {page}");
        assert_eq!(page.contains("/web/admin/user/shut"), sees, "{name}: {page}");
    }
    let mut viewer = Browser::admin(&house, "viewer").await;
    let page = viewer.get("/web/admin/users").await.text;
    assert!(page.contains("href=\"/web/admin/why\""), "{page}");
    assert_eq!(viewer.get("/web/admin/why").await.status, StatusCode::OK);
}

// Pages, objects and settings are found by a part of their name, and only what the administrator may see.
#[actix_web::test]
async fn everything_is_found_by_a_part_of_its_name() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let hits = browser.get("/web/admin/find/hits?q=an").await.text;
    assert!(hits.contains("href=\"/web/admin/user/ana\"") && !hits.contains("<html"), "{hits}");
    let hits = browser.get("/web/admin/find/hits?q=idle+timeout").await.text;
    assert!(hits.contains("href=\"/web/admin/configs/common.idle_timeout\""), "{hits}");
    let hits = browser.get("/web/admin/find/hits?q=create+user").await.text;
    assert!(hits.contains("href=\"/web/admin/user\""), "{hits}");
    let page = browser.get("/web/admin/find?q=%3Cscript%3E").await.text;
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>"), "{page}");
    house.add_admin("viewer", &[P::ViewUsers]).await;
    let mut viewer = Browser::admin(&house, "viewer").await;
    let hits = viewer.get("/web/admin/find/hits?q=an").await.text;
    assert!(hits.contains("/web/admin/user/ana") && !hits.contains("/web/admin/group"), "{hits}");
    let hits = viewer.get("/web/admin/find/hits?q=idle").await.text;
    assert!(!hits.contains("idle_timeout"), "{hits}");
}

// UI-054, UI-015
#[actix_web::test]
async fn a_card_changes_its_own_fields_and_no_others() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let saved = browser.post("/web/admin/user/ana?card=limits", &[("quota_size", "2 GiB"), ("max_sessions", "3")]).await;
    assert_eq!(saved.header("location"), "/web/admin/user/ana", "{}", saved.text);
    let token = house.token("root").await;
    let stored = house.with(&token, actix_web::test::TestRequest::get().uri("/api/v2/users/ana")).await.json();
    assert_eq!((&stored["quota_size"], &stored["max_sessions"]), (&(2_i64 << 30).into(), &3.into()));
    assert_eq!(stored["permissions"]["/"][0], "*");
    assert_eq!(stored["has_password"], true);
}

// UI-015, UI-093: at the field, with what was typed.
#[actix_web::test]
async fn a_refusal_stands_at_its_field_and_keeps_what_was_typed() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let mut fields = user("b/c");
    fields.push(("email".to_owned(), "bo@example.org".to_owned()));
    let refused = create(&mut browser, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("id=\"username-error\"") && refused.text.contains("value=\"bo@example.org\""),
        "{}",
        refused.text
    );
    assert!(!refused.text.contains("a-long-secret"), "a password is never sent back");
    let refused = browser.post("/web/admin/user/ana?card=access", &[("filters.allowed_ip", "nowhere")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"filters-allowed_ip-error\"") && refused.text.contains("nowhere"), "{}", refused.text);
}

#[actix_web::test]
async fn json_is_checked_and_a_wrong_one_is_kept() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    for (text, told) in [("{", "EOF"), ("[]", "braces"), (r#"{"username":"ana","status":1,"permissions":{}}"#, "permissions")] {
        let refused = browser.post("/web/admin/user/ana/json", &[("json", text)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(refused.text.contains(told) && refused.text.contains("aria-invalid"), "{text}: {}", refused.text);
    }
}

// UI-013
#[actix_web::test]
async fn deleting_asks_first_and_a_second_time_says_that_it_is_gone() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let asked = browser.get("/web/admin/user/ana/delete").await;
    assert!(asked.text.contains("Delete ana?"));
    assert_eq!(browser.post("/web/admin/user/ana/delete", &[]).await.header("location"), "/web/admin/users");
    let again = browser.post("/web/admin/user/ana/delete", &[]).await;
    assert_eq!((again.status, again.header("location")), (StatusCode::SEE_OTHER, "/web/admin/users"), "{}", again.text);
    assert!(browser.get("/web/admin/users").await.text.contains("ana is not there any more"));
    assert_eq!(browser.get("/web/admin/user/ana").await.status, StatusCode::NOT_FOUND);
}

// UI-047, UI-156, ACC-235, ACC-365
#[actix_web::test]
async fn a_reader_sees_and_changes_nothing() {
    let house = ready().await;
    with_user(&house).await;
    house.add_admin("reader", &[P::ViewUsers]).await;
    let mut browser = Browser::admin(&house, "reader").await;
    let overview = browser.get("/web/admin/overview").await;
    assert!(overview.text.contains("/web/admin/users") && !overview.text.contains("/web/admin/configs"), "{}", overview.text);
    let page = browser.get("/web/admin/user/ana").await;
    assert!(!page.text.contains("?card=") && !page.text.contains("/delete"), "{}", page.text);
    let list = browser.get("/web/admin/users").await;
    assert!(!list.text.contains("href=\"/web/admin/user\""), "no button to create one");
    let save = browser.post("/web/admin/user/ana?card=limits", &[("quota_size", "1")]).await;
    assert_eq!(save.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post("/web/admin/user/ana/delete", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(create(&mut browser, &user("bo")).await.status, StatusCode::FORBIDDEN);
    for closed in [
        "groups",
        "managers",
        "roles",
        "apikeys",
        "eventrules",
        "maintenance",
        "doctor",
        "configs",
        "ip-lists",
        "activity",
        "events",
        "status",
    ] {
        let answer = browser.get(&format!("/web/admin/{closed}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{closed}");
    }
}

// ACC-225
#[actix_web::test]
async fn an_administrator_of_a_role_sees_the_users_of_the_role_only() {
    let house = ready().await;
    let mut root = with_user(&house).await;
    assert_eq!(root.post("/web/admin/role", &[("name", "north")]).await.status, StatusCode::SEE_OTHER);
    let fields = [
        ("username", "nora"),
        ("password", "nora-secret"),
        ("permissions", "view_users"),
        ("permissions", "add_users"),
        ("role", "north"),
    ];
    assert_eq!(root.post("/web/admin/manager", &fields).await.status, StatusCode::SEE_OTHER);
    let mut browser = Browser::admin(&house, "nora").await;
    assert_eq!(browser.get("/web/admin/user/ana").await.status, StatusCode::NOT_FOUND);
    assert_eq!(create(&mut browser, &user("bo")).await.header("location"), "/web/admin/user/bo");
    let list = browser.get("/web/admin/users").await;
    assert!(list.text.contains("/web/admin/user/bo") && !list.text.contains("/web/admin/user/ana"));
}

// UI-069
#[actix_web::test]
async fn a_key_is_shown_once() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let made = browser.post("/web/admin/apikey", &[("name", "robot"), ("scope", "1")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let key = made.text.split("id=\"secret\"").nth(1).unwrap().split('>').nth(1).unwrap().split('<').next().unwrap().to_owned();
    let id = key.split('.').next().unwrap();
    let page = browser.get(&format!("/web/admin/apikey/{id}")).await;
    assert!(page.status == StatusCode::OK && !page.text.contains(&key));
}

// UI-094, UI-095
#[actix_web::test]
async fn a_backup_comes_back() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let backup = browser.post("/web/admin/backup", &[]).await;
    assert!(backup.header("content-disposition").contains("entrepot-backup-") && backup.text.contains("\"ana\""));
    browser.post("/web/admin/user/ana/delete", &[]).await;
    browser.get("/web/admin/maintenance").await;
    let dry = browser.post("/web/admin/restore", &[("backup", &backup.text), ("dry_run", "on")]).await;
    assert!(dry.status == StatusCode::OK && dry.text.contains("Nothing was changed"), "{}", dry.text);
    assert_eq!(browser.get("/web/admin/user/ana").await.status, StatusCode::NOT_FOUND);
    let loaded = browser.post("/web/admin/restore", &[("backup", &backup.text)]).await;
    assert_eq!(loaded.status, StatusCode::OK, "{}", loaded.text);
    assert_eq!(browser.get("/web/admin/user/ana").await.status, StatusCode::OK);
    let wrong = browser.post("/web/admin/restore", &[("backup", "{")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("note-bad"));
}

// UI-075, UI-076
#[actix_web::test]
async fn entries_of_ip_lists_are_added_changed_and_deleted() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let wrong = browser.post("/web/admin/ip-list/2", &[("ipornet", "nowhere"), ("mode", "2")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("ipornet-error"), "{}", wrong.text);
    let made = browser.post("/web/admin/ip-list/2", &[("ipornet", "203.0.113.0/24"), ("mode", "2")]).await;
    assert_eq!(made.header("location"), "/web/admin/ip-lists?kind=2", "{}", made.text);
    let at = "/web/admin/ip-list/2/203.0.113.0%2F24";
    assert_eq!(browser.post(at, &[("mode", "2"), ("description", "noise")]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/web/admin/ip-lists?kind=2").await.text.contains("noise"));
    let asked = browser.get(&format!("{at}/delete")).await;
    assert!(asked.text.contains("Delete 203.0.113.0/24?"), "{}", asked.text);
    assert_eq!(browser.post(&format!("{at}/delete"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(at).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn names_from_outside_are_escaped() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let made = browser.post("/web/admin/group", &[("name", "yard"), ("description", "<b>x</b>")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    for path in ["groups", "group/yard", "group/yard?card=basics", "group/yard/json", "groups?q=%3Cb%3Ex"] {
        let page = browser.get(&format!("/web/admin/{path}")).await;
        assert!(!page.text.contains("<b>x"), "{path}");
    }
}
