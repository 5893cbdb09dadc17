//! What an office server is refused.

use super::*;

// API-201, SEC-244
#[actix_web::test]
async fn a_token_is_for_one_document_and_for_its_time() {
    let office = office(json!({}), |_| {}).await;
    office.put("ada", "b.docx", "other");
    office.add("bob", json!({})).await;
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    let (editor, other) = (office.open(&mut browser, "/a.docx").await, office.open(&mut browser, "/b.docx").await);
    let bob = office.opened("bob", "/a.docx").await;
    for (target, token) in [
        (&editor.target, &other.token),
        (&editor.target, &bob.token),
        (&other.target, &editor.token),
        (&editor.target, &String::new()),
        (&editor.target, &"rubbish".to_owned()),
        (&"/wopi/files/..%2F..%2Fetc%2Fpasswd".to_owned(), &editor.token),
    ] {
        let mixed = Editor { house: &office.house, target: target.clone(), token: token.clone() };
        is(&mixed.info().await, 401);
        is(&mixed.read().await, 401);
        is(&mixed.store("", "lost").await, 401);
        is(&mixed.lock("LOCK", "x").await, 401);
    }
    // Nor is it good for anything else, or anything else for it.
    let rest = office.house.with(&editor.token, TestRequest::get().uri("/api/v2/user/files?path=/a.docx")).await;
    is(&rest, 401);
    let mut thief = Browser::new(&office.house);
    for name in ["entrepot-client", "__Host-entrepot-client"] {
        thief.cookies.insert(name.to_owned(), editor.token.clone());
    }
    is(&thief.get("/web/client/files").await, 303);
    let api = office.house.basic("/api/v2/user/token", "ada", "secret").await.json();
    let foreign = Editor { token: api["access_token"].as_str().unwrap().to_owned(), ..editor };
    is(&foreign.info().await, 401);
    // Signing out closes what was opened; what another session opened goes on.
    is(&other.info().await, 200);
    browser.post("/web/client/logout", &[]).await;
    is(&other.info().await, 401);
    is(&bob.info().await, 200);
    office.house.clock.advance_minutes(362);
    is(&bob.info().await, 401);
}

// API-204, API-205, ACC-316
#[actix_web::test]
async fn who_may_not_write_reads() {
    let office = office(json!({"permissions": {"/": ["list", "download", "upload"]}}), |_| {}).await;
    let editor = office.opened("ada", "/a.docx").await;
    let info = editor.info().await.json();
    assert_eq!((&info["UserCanWrite"], &info["ReadOnly"]), (&json!(false), &json!(true)));
    assert_eq!(editor.read().await.text, "first");
    is(&editor.lock("LOCK", "one").await, 403);
    is(&editor.store("", "lost").await, 403);
    office.add("bob", json!({"filters": {"web_client": ["write-disabled"]}})).await;
    is(&office.opened("bob", "/a.docx").await.store("", "lost").await, 403);
    assert_eq!((office.stored("ada", "a.docx"), office.stored("bob", "a.docx")), (Some("first".into()), Some("first".into())));
}

// API-205: permissions are those of the moment.
#[actix_web::test]
async fn what_the_account_loses_is_lost_at_once() {
    let office = office(json!({}), |_| {}).await;
    let editor = office.opened("ada", "/a.docx").await;
    is(&editor.lock("LOCK", "one").await, 200);
    let token = office.house.token("root").await;
    let change = async |change: Value| {
        let mut user = office.house.with(&token, TestRequest::get().uri("/api/v2/users/ada")).await.json();
        for (member, value) in change.as_object().unwrap() {
            user[member] = value.clone();
        }
        is(&office.house.with(&token, TestRequest::put().uri("/api/v2/users/ada").set_json(&user)).await, 200);
    };
    change(json!({"permissions": {"/": ["list", "download"]}})).await;
    is(&editor.store("one", "lost").await, 403);
    change(json!({"permissions": {"/": ["list"]}})).await;
    is(&editor.read().await, 403);
    change(json!({"permissions": {"/": ["*"]}, "filters": {"web_client": ["wopi-disabled"]}})).await;
    is(&editor.info().await, 401);
    change(json!({"filters": {"web_client": []}})).await;
    is(&editor.store("one", "kept").await, 200);
    change(json!({"status": 0})).await;
    is(&editor.info().await, 401);
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "kept");
}

// API-205
#[actix_web::test]
async fn what_is_gone_is_not_made_again_and_what_is_too_large_is_not_kept() {
    let office = office(json!({"quota_size": 20, "quota_files": 10}), |settings| settings.httpd.max_upload_file_size = 100).await;
    let editor = office.opened("ada", "/a.docx").await;
    is(&editor.store("", &"x".repeat(101)).await, 413);
    is(&editor.store("", &"x".repeat(30)).await, 413);
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "first");
    let most = TestRequest::get().uri(&editor.url("/contents")).insert_header(("X-WOPI-MaxExpectedSize", "4"));
    is(&office.house.send(most).await, 412);
    assert_eq!(office.stored("ada", "a.docx").unwrap(), "first");
    std::fs::remove_file(office.house.home("ada").join("a.docx")).unwrap();
    is(&editor.info().await, 404);
    is(&editor.read().await, 404);
    is(&editor.lock("LOCK", "one").await, 404);
    is(&editor.store("", "again").await, 404);
    assert_eq!(office.stored("ada", "a.docx"), None);
    std::fs::create_dir(office.house.home("ada").join("a.docx")).unwrap();
    is(&editor.info().await, 404);
}

// API-200
#[actix_web::test]
async fn other_operations_and_bindings_without_an_office_server_have_nothing() {
    let mut office = office(json!({}), |_| {}).await;
    let target = {
        let editor = office.opened("ada", "/a.docx").await;
        for wanted in ["PUT_RELATIVE", "RENAME_FILE", "DELETE", ""] {
            is(&editor.post("", wanted, &[("X-WOPI-Lock", "x")], "").await, 501);
        }
        is(&editor.post("/contents", "LOCK", &[], "lost").await, 501);
        is(&office.house.send(TestRequest::put().uri(&editor.url("/contents"))).await, 405);
        editor.url("")
    };
    office.house.features.office = None;
    is(&office.house.get(&target).await, 404);
}
