//! The page of a document, and where it is offered.

use super::*;

// UI-133, SEC-176, API-234
#[actix_web::test]
async fn the_page_frames_the_office_server_and_no_other() {
    let office = office(json!({}), |_| {}).await;
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    let page = browser.get("/web/client/office?path=/a.docx").await;
    is(&page, 200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-src https://office.example.com;")
            && policy.contains("form-action 'self' https://office.example.com;")
    );
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';") && !policy.contains("unsafe"));
    assert!(
        page.text.contains("action=\"https://office.example.com/cool.html?WOPISrc=http%3A%2F%2Fnas%3A8080%2Fwopi%2Ffiles%2F")
    );
    assert!(page.text.contains("target=\"office\"") && page.text.contains("<iframe"));
    let ends: i64 = between(&page.text, "name=\"access_token_ttl\" value=\"", "\"").parse().unwrap();
    let minutes = (ends / 1000 - office.house.core.clock().seconds() + 30) / 60;
    assert_eq!(minutes, 360);
    let german =
        browser.send(TestRequest::get().uri("/web/client/office?path=/a.docx").insert_header(("accept-language", "de"))).await;
    assert!(german.text.contains("lang=de\""), "{}", german.text);
}

// UI-133, API-203, CFG-361
#[actix_web::test]
async fn documents_are_offered_by_their_endings() {
    let office = office(json!({}), |_| {}).await;
    for name in ["b.DOCX", "c.txt", "d.ods", "e.bin"] {
        office.put("ada", name, "x");
    }
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    // A list does not wait long for what the office server can do; a document does.
    office.open(&mut browser, "/a.docx").await;
    let list = browser.get("/web/client/files").await.text;
    assert!(list.contains("data-office=\"docx txt\""), "{list}");
    for (name, page) in [("a.docx", "office"), ("b.DOCX", "office"), ("c.txt", "file"), ("d.ods", "file"), ("e.bin", "file")] {
        assert!(list.contains(&format!("/web/client/{page}?path=/{name}\"")), "{name}: {list}");
    }
    is(&browser.get("/web/client/office?path=/c.txt").await, 200);
    for name in ["d.ods", "e.bin"] {
        let plain = browser.get(&format!("/web/client/office?path=/{name}")).await;
        assert_eq!(
            (plain.status, plain.header("location")),
            (StatusCode::SEE_OTHER, &*format!("/web/client/file?path=/{name}&inline=1"))
        );
    }
    is(&browser.get("/web/client/office?path=/gone.docx").await, 404);
    is(&Browser::new(&office.house).get("/web/client/office?path=/a.docx").await, 303);
}

// ACC-316, API-235
#[actix_web::test]
async fn those_who_may_not_get_the_file_as_ever() {
    let office = office(json!({}), |settings| settings.httpd.bindings[0].wopi.max_users = 1).await;
    office.add("bob", json!({})).await;
    office.add("off", json!({"filters": {"web_client": ["wopi-disabled"]}})).await;
    office.opened("ada", "/a.docx").await;
    for name in ["bob", "off"] {
        let mut browser = Browser::user(&office.house, name, "secret").await;
        assert!(browser.get("/web/client/files").await.text.contains("data-office=\"\""), "{name}");
        let plain = browser.get("/web/client/office?path=/a.docx").await;
        assert_eq!(
            (plain.status, plain.header("location")),
            (StatusCode::SEE_OTHER, "/web/client/file?path=/a.docx&inline=1"),
            "{name}"
        );
    }
}

// API-235
#[actix_web::test]
async fn an_office_server_that_is_away_takes_nothing_from_the_files() {
    let office = office(json!({}), |settings| settings.httpd.bindings[0].wopi.server_url = "http://127.0.0.1:1".into()).await;
    office.add("off", json!({"filters": {"web_client": ["wopi-disabled"]}})).await;
    let plain = Browser::user(&office.house, "off", "secret").await.get("/web/client/office?path=/a.docx").await;
    assert_eq!(
        (plain.status, plain.header("location")),
        (StatusCode::SEE_OTHER, "/web/client/file?path=/a.docx&inline=1"),
        "it is no matter of the office server"
    );
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    let list = browser.get("/web/client/files").await;
    assert!(list.status == StatusCode::OK && list.text.contains("/web/client/file?path=/a.docx"), "{}", list.text);
    let page = browser.get("/web/client/office?path=/a.docx").await;
    is(&page, 503);
    assert!(page.text.contains("cannot be reached now"), "{}", page.text);
}
