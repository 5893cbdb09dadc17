//! The first start from the outside.

use actix_web::{http::StatusCode, test::TestRequest};

use crate::testing::{Answer, House, fresh, ready};

async fn post(house: &House, token: &str, fields: &[(&str, &str)]) -> Answer {
    house.send(TestRequest::post().uri(&format!("/setup/{token}")).set_form(fields)).await
}

const FILLED: [(&str, &str); 3] = [("username", "ana"), ("password", "a long secret"), ("repeat", "a long secret")];

#[actix_web::test]
async fn nothing_but_setup_answers_until_it_is_done() {
    let house = fresh(|_| {}).await;
    for path in ["/", "/setup", "/web/admin", "/web/admin/setup/files"] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.text.contains("setup-url"), "{path}: it says where the link is");
    }
    for path in ["/api/v2/token", "/api/v2/users", "/api/v2/nothing", "/api/x"] {
        let answer = house.get(path).await;
        assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::SERVICE_UNAVAILABLE, &"setup is not completed".into()));
    }
    assert_eq!(house.get("/healthz").await.text, "ok");
    assert_eq!(house.get(&format!("/assets/{}", crate::assets::assets().app_css)).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn form_is_shown_for_the_right_link_only() {
    let house = fresh(|_| {}).await;
    assert_eq!(house.get("/setup/wrong").await.status, StatusCode::FORBIDDEN);
    let token = house.core.create_setup_token().await.unwrap();
    assert_eq!(house.get("/setup/wrong").await.status, StatusCode::FORBIDDEN);
    let form = house.get(&format!("/setup/{token}")).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.text.contains("name=\"username\""));
    assert_eq!(form.header("cache-control"), "no-store");
    let newer = house.core.create_setup_token().await.unwrap();
    assert_eq!(house.get(&format!("/setup/{token}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get(&format!("/setup/{newer}")).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn first_administrator_is_created_once_and_signs_in() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    let answer = post(&house, &token, &FILLED).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/web/admin/setup/files"), "{answer:?}");
    let session = answer.headers.get_all("set-cookie").any(|cookie| cookie.to_str().unwrap().starts_with("entrepot-admin="));
    assert!(session, "UI-025: {answer:?}");
    assert_eq!(post(&house, &token, &FILLED).await.status, StatusCode::GONE);
    assert_eq!(house.get(&format!("/setup/{token}")).await.status, StatusCode::GONE);
    assert_eq!(house.basic("/api/v2/token", "ana", "a long secret").await.status, StatusCode::OK);
    assert_eq!(house.get("/").await.header("location"), "/web/client");
    assert_eq!(house.get("/setup").await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn wrong_form_is_shown_again_and_uses_nothing_up() {
    let house = fresh(|settings| settings.data_provider.password_validation.admins.length = 12).await;
    let token = house.core.create_setup_token().await.unwrap();
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("username", ""), ("password", "a long secret"), ("repeat", "a long secret")], "username-error"),
        (&[("username", "ana"), ("password", "a long secret"), ("repeat", "another secret")], "repeat-error"),
        (&[("username", "ana"), ("password", "short"), ("repeat", "short")], "password-error"),
        (&[("username", "a/b"), ("password", "a long secret"), ("repeat", "a long secret")], "username-error"),
    ];
    for (fields, place) in cases {
        let answer = post(&house, &token, fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{place}");
        assert!(answer.text.contains(place), "{place}: {}", answer.text);
        assert!(!answer.text.contains("a long secret"), "a password is never sent back");
        assert!(answer.text.contains("At least 12 characters."));
    }
    assert_eq!(post(&house, &token, &FILLED).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn wrong_link_or_foreign_site_creates_nobody() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    assert_eq!(post(&house, "wrong", &FILLED).await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&house, "wrong", &[]).await.status, StatusCode::FORBIDDEN);
    let unreadable = house.send(TestRequest::post().uri(&format!("/setup/{token}")).set_payload("{}")).await;
    assert_eq!(unreadable.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(unreadable.header("content-type"), "text/html; charset=utf-8");
    let foreign =
        TestRequest::post().uri(&format!("/setup/{token}")).insert_header(("sec-fetch-site", "cross-site")).set_form(FILLED);
    assert_eq!(house.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert!(house.core.setup_required().await.unwrap());
}

// ACC-256
#[actix_web::test]
async fn installation_code_is_asked_for_where_one_is_set() {
    let house = fresh(|settings| settings.httpd.setup.installation_code = "4711".to_owned().into()).await;
    let token = house.core.create_setup_token().await.unwrap();
    assert!(house.get(&format!("/setup/{token}")).await.text.contains("name=\"code\""));
    let without = post(&house, &token, &FILLED).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(without.text.contains("code-error") && !without.text.contains("4711"));
    // A backup is no way around it.
    let at = format!("/setup/{token}/restore");
    assert!(house.get(&at).await.text.contains("name=\"code\""));
    let dump = r#"{"version":17,"admins":[{"username":"root","password":"root-secret","status":1,"permissions":["*"]}]}"#;
    let ways: [&[(&str, &str)]; 4] = [
        &[("file", dump)],
        &[("code", ""), ("file", dump)],
        &[("code", "471"), ("file", dump), ("passphrase", "")],
        &[("file", dump), ("code", "4711")],
    ];
    for parts in ways {
        let refused = house.send(multipart(&at, parts)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{parts:?}");
        assert!(refused.text.contains("code-error") && !refused.text.contains("4711"), "{parts:?}: {}", refused.text);
    }
    let sealed = house.send(multipart(&at, &[("code", "x"), ("file", "\u{1}sealed"), ("passphrase", "x")])).await;
    assert!(sealed.text.contains("code-error"), "{}", sealed.text);
    assert!(house.core.is_fresh().await.unwrap());
    assert_eq!(house.send(multipart(&at, &[("code", "4711"), ("file", dump)])).await.status, StatusCode::OK);
    assert_eq!(house.basic("/api/v2/token", "root", "root-secret").await.status, StatusCode::OK);
}

// ACC-256
#[actix_web::test]
async fn first_administrator_comes_with_the_installation_code() {
    let house = fresh(|settings| settings.httpd.setup.installation_code = "4711".to_owned().into()).await;
    let token = house.core.create_setup_token().await.unwrap();
    let with = [FILLED[0], FILLED[1], FILLED[2], ("code", "4711")];
    assert_eq!(post(&house, &token, &with).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn setup_belongs_to_the_pages_of_administrators() {
    let mut house = ready().await;
    house.features.web_admin = false;
    assert_eq!(house.get("/setup").await.status, StatusCode::NOT_FOUND);
}

/// A form with files, as browsers send it.
fn multipart(uri: &str, parts: &[(&str, &str)]) -> TestRequest {
    let fields = parts.iter().map(|(name, value)| {
        let file = if *name == "file" { "; filename=\"dump.json\"" } else { "" };
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    });
    let body = format!("{}--edge--\r\n", fields.collect::<String>());
    let kind = ("content-type", "multipart/form-data; boundary=edge");
    TestRequest::post().uri(uri).insert_header(kind).set_payload(body)
}

#[actix_web::test]
async fn language_of_the_first_page_is_chosen_by_a_link() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    let german = house.get(&format!("/setup/{token}?language=de")).await;
    assert!(german.text.contains("<html lang=\"de\"") && german.text.contains("Wer betreibt diesen Server?"));
    assert!(german.header("set-cookie").contains("entrepot-language=de"));
}

// UI-202
#[actix_web::test]
async fn what_is_no_form_with_a_file_is_told_what_is_needed() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    let target = format!("/setup/{token}/restore");
    for kind in
        ["", "application/x-www-form-urlencoded", "application/json", "multipart/form-data", "multipart/mixed; boundary=b"]
    {
        let mut request = TestRequest::post().uri(&target).set_payload("passphrase=x");
        if !kind.is_empty() {
            request = request.insert_header(("content-type", kind));
        }
        let answer = house.send(request).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}: {answer:?}");
        assert!(answer.text.contains("multipart/form-data"), "{kind}: {}", answer.text);
    }
    let nothing = TestRequest::post().uri(&target).insert_header(("content-type", "multipart/form-data; boundary=b"));
    let answer = house.send(nothing.set_payload("--b--\r\n")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    assert_eq!(house.get(&format!("/setup/{token}")).await.status, StatusCode::OK, "the link still works");
}

// UI-202
#[actix_web::test]
async fn dump_of_another_server_brings_its_accounts() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    let at = format!("/setup/{token}/restore");
    assert_eq!(house.get(&at).await.status, StatusCode::OK);
    assert_eq!(house.get("/setup/wrong/restore").await.status, StatusCode::FORBIDDEN);
    let admin = r#"{"username":"root","password":"root-secret","status":1,"permissions":["*"]}"#;
    // Of a dump with something wrong in it nothing is taken.
    let wrong = format!(r#"{{"version":17,"admins":[{admin}],"users":[{{"username":"","status":1}}]}}"#);
    let refused = house.send(multipart(&at, &[("file", &wrong), ("passphrase", "")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    assert!(house.core.is_fresh().await.unwrap());
    let empty = house.send(multipart(&at, &[("passphrase", "")])).await;
    assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.text.contains("file-error"), "{empty:?}");
    let loaded = house.send(multipart(&at, &[("file", &format!(r#"{{"version":17,"admins":[{admin}]}}"#))])).await;
    assert_eq!(loaded.status, StatusCode::OK, "{loaded:?}");
    assert!(loaded.text.contains("admins added: 1") && loaded.text.contains("/web/admin/login"));
    assert!(loaded.text.contains("Sign in as you did before"), "{}", loaded.text);
    assert_eq!(house.basic("/api/v2/token", "root", "root-secret").await.status, StatusCode::OK);
    assert_eq!(house.get(&at).await.status, StatusCode::GONE, "the link has ended");
    let late = house.send(multipart(&at, &[("file", "{}")])).await;
    assert!(late.status == StatusCode::GONE || late.status == StatusCode::FORBIDDEN, "{late:?}");
}

// UI-202
#[actix_web::test]
async fn server_with_users_and_no_administrator_says_so_instead_of_ending_the_link() {
    let house = fresh(|_| {}).await;
    let token = house.core.create_setup_token().await.unwrap();
    let at = format!("/setup/{token}/restore");
    let user = r#"{"username":"ann","status":1,"home_dir":"/srv/ann","permissions":{"/":["*"]}}"#;
    let dump = format!(r#"{{"version":17,"users":[{user}]}}"#);
    let loaded = house.send(multipart(&at, &[("file", &dump)])).await;
    assert!(loaded.status == StatusCode::OK && loaded.text.contains(&format!("/setup/{token}\"")), "{loaded:?}");
    assert!(loaded.text.contains("no administrator") && !loaded.text.contains("Sign in as you did before"), "{}", loaded.text);
    let again = house.send(multipart(&at, &[("file", &dump)])).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("file-error") && again.text.contains("This server has accounts already."), "{}", again.text);
    assert_eq!(post(&house, &token, &FILLED).await.status, StatusCode::SEE_OTHER, "the link works on");
}

// UI-202
#[actix_web::test]
async fn what_was_taken_over_in_part_is_told() {
    let house = fresh(|settings| settings.data_provider.password_validation.users.length = 40).await;
    let token = house.core.create_setup_token().await.unwrap();
    let user = r#"{"username":"ann","status":1,"home_dir":"/srv/ann","permissions":{"/":["*"]}}"#;
    let share = r#"{"id":"one","name":"one","scope":1,"paths":["/"],"username":"ann","password":"short"}"#;
    let dump = format!(r#"{{"version":17,"users":[{user}],"shares":[{share}]}}"#);
    let partly = house.send(multipart(&format!("/setup/{token}/restore"), &[("file", &dump)])).await;
    assert_eq!(partly.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(partly.text.contains("users added: 1") && partly.text.contains("Taken over in part"), "{}", partly.text);
    assert!(!partly.text.contains("Nothing was taken over"));
    assert!(partly.text.contains("There is no administrator yet") && partly.text.contains(&format!("/setup/{token}\"")));
}
