//! Pages of shares, from outside.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use crate::testing::{Browser, House, ready};

/// A house where `ada` shares `/plans`, which holds `a.txt` and `b.txt`; and the id of the share.
async fn shared(change: Value) -> (House, String) {
    let house = ready().await;
    let root = house.token("root").await;
    let user = house.user("ada");
    let added = house.with(&root, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    let plans = house.home("ada").join("plans");
    std::fs::create_dir_all(&plans).unwrap();
    for name in ["a.txt", "b.txt"] {
        std::fs::write(plans.join(name), format!("this is {name}")).unwrap();
    }
    let token = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let mut share = json!({"name": "Plans", "scope": 1, "paths": ["/plans"]});
    for (name, value) in change.as_object().unwrap() {
        share[name] = value.clone();
    }
    let made = house.with(&token, TestRequest::post().uri("/api/v2/user/shares").set_json(&share)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id = made.header("x-object-id").to_owned();
    (house, id)
}

fn at(id: &str, rest: &str) -> String {
    format!("/web/client/pubshares/{id}{rest}")
}

// UI-142, UI-149
#[actix_web::test]
async fn short_address_leads_to_the_list() {
    let (house, id) = shared(json!({"description": "Look at <these>"})).await;
    let mut browser = Browser::new(&house);
    let short = browser.get(&format!("/s/{id}")).await;
    assert_eq!((short.status, short.header("location")), (StatusCode::SEE_OTHER, at(&id, "/login").as_str()));
    let door = browser.get(short.header("location")).await;
    assert_eq!(door.header("location"), at(&id, "/browse"));
    let page = browser.get(door.header("location")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Plans") && page.text.contains("a.txt") && page.text.contains("From ada."));
    assert!(page.text.contains("Look at &#60;these&#62;") && !page.text.contains("style="));
    let file = browser.get(&at(&id, "/file?path=/a.txt")).await;
    assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, "this is a.txt"));
    assert_eq!(browser.get(&at(&id, "/browse?path=/..")).await.status, StatusCode::BAD_REQUEST);
    // A share of somebody to read takes nothing.
    assert_eq!(browser.get(&at(&id, "/upload")).await.status, StatusCode::SEE_OTHER);
}

// UI-141, UI-145
#[actix_web::test]
async fn password_is_asked_once_and_forgotten_on_leaving() {
    let (house, id) = shared(json!({"password": "larch-anchor-52"})).await;
    let mut browser = Browser::new(&house);
    let asked = browser.get(&at(&id, "/browse")).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let to = asked.header("location").to_owned();
    assert!(to.starts_with(&at(&id, "/login?next=")), "{to}");
    let form = browser.get(&to).await;
    assert!(form.text.contains("name=\"password\"") && !form.text.contains("Plans") && !form.text.contains("a.txt"));
    let wrong = browser.post(&to, &[("password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get(&at(&id, "/file?path=/a.txt")).await.status, StatusCode::SEE_OTHER);
    let right = browser.post(&to, &[("password", "larch-anchor-52")]).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text);
    assert!(right.header("set-cookie").contains("HttpOnly"));
    let back = browser.get(right.header("location")).await;
    assert_eq!(back.header("location"), at(&id, "/browse"));
    assert_eq!(browser.get(&at(&id, "/browse")).await.status, StatusCode::OK);
    assert_eq!(browser.get(&at(&id, "/file?path=/a.txt")).await.text, "this is a.txt");
    browser.post(&at(&id, "/logout"), &[]).await;
    assert_eq!(browser.get(&at(&id, "/browse")).await.status, StatusCode::SEE_OTHER);
}

// UI-146
#[actix_web::test]
async fn links_that_have_ended_say_so() {
    let (house, id) = shared(json!({"max_tokens": 1})).await;
    let mut browser = Browser::new(&house);
    assert_eq!(browser.get(&at(&id, "/file?path=/a.txt")).await.status, StatusCode::OK);
    for page in ["/browse", "/login", "/file?path=/a.txt", ""] {
        let over = browser.get(&at(&id, page)).await;
        assert_eq!(over.status, StatusCode::NOT_FOUND, "{page}");
        assert!(over.text.contains("used up") && over.text.contains("<h1>"), "{page}: {}", over.text);
    }
    let unknown = browser.get("/web/client/pubshares/nothing/login").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text.contains("leads nowhere"));
    let (house, id) = shared(json!({"allow_from": ["198.51.100.0/24"]})).await;
    assert_eq!(Browser::new(&house).get(&at(&id, "/browse")).await.status, StatusCode::FORBIDDEN);
}

fn body(name: &str, content: &str) -> String {
    let head = format!("Content-Disposition: form-data; name=\"filenames\"; filename=\"{name}\"");
    format!("--edge\r\n{head}\r\n\r\n{content}\r\n--edge--\r\n")
}

// UI-144, UI-182
#[actix_web::test]
async fn files_are_brought_with_and_without_scripts() {
    let (house, id) = shared(json!({"scope": 2})).await;
    let mut browser = Browser::new(&house);
    let page = browser.get(&at(&id, "/upload")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Plans") && !page.text.contains("a.txt"), "nothing of what is there is shown");
    let sent = browser.post_multipart(&at(&id, "/upload"), body("new.txt", "new")).await;
    assert_eq!(sent.header("location"), at(&id, "/upload"));
    assert_eq!(std::fs::read_to_string(house.home("ada").join("plans/new.txt")).unwrap(), "new");
    let script = || {
        TestRequest::post().uri(&format!("/web/client/visit/shares/{id}/files/deep/x.txt?mkdir_parents=true")).set_payload("x")
    };
    let foreign = browser.send(script().insert_header(("origin", "https://evil.example"))).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let own = browser.send(script().insert_header(("origin", "http://nas:8080"))).await;
    assert_eq!(own.status, StatusCode::CREATED, "{}", own.text);
    assert_eq!(std::fs::read_to_string(house.home("ada").join("plans/deep/x.txt")).unwrap(), "x");
    assert_eq!(browser.get(&at(&id, "/file?path=/a.txt")).await.status, StatusCode::FORBIDDEN);
}

// SEC-163
#[actix_web::test]
async fn forms_of_other_sites_are_refused() {
    let (house, id) = shared(json!({"scope": 3})).await;
    let mut browser = Browser::new(&house);
    let request = TestRequest::post().uri(&at(&id, "/upload")).insert_header(("origin", "https://evil.example"));
    let sent = browser
        .send(request.insert_header(("content-type", "multipart/form-data; boundary=edge")).set_payload(body("x", "x")))
        .await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let folder = browser.post_exactly(&at(&id, "/newfolder?path=/"), &[("name", "x")], "https://evil.example").await;
    assert_eq!(folder.status, StatusCode::FORBIDDEN);
    assert!(!house.home("ada").join("plans/x").exists());
}

// UI-142
#[actix_web::test]
async fn chosen_files_come_as_one_archive() {
    let (house, id) = shared(json!({})).await;
    let mut browser = Browser::new(&house);
    let none = browser.post(&at(&id, "/partial?path=/"), &[]).await;
    assert_eq!(none.status, StatusCode::SEE_OTHER);
    let outside = browser.post(&at(&id, "/partial?path=/"), &[("files", "..")]).await;
    assert_eq!(outside.status, StatusCode::BAD_REQUEST);
}
