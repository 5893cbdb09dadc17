//! Sessions of pages, from outside.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::AdminPermission;

use crate::testing::{Browser, assert_nothing_inline, fresh, ready};

// SEC-162, SEC-171
#[actix_web::test]
async fn a_session_is_a_cookie_that_only_this_site_gets() {
    let house = ready().await;
    let mut browser = Browser::new(&house);
    let fields = [("username", "root"), ("password", "root-secret")];
    let answer = browser.post("/web/admin/login?next=/web/admin/users", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/web/admin/users"));
    let cookie =
        answer.headers.get_all("set-cookie").map(|line| line.to_str().unwrap()).find(|line| line.starts_with("entrepot-admin="));
    let cookie = cookie.expect("session");
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1200"] {
        assert!(cookie.contains(flag), "{flag}: {cookie}");
    }
    // Over plain HTTP browsers would drop a cookie that says Secure.
    assert!(!cookie.contains("Secure"));
    assert_eq!(browser.get("/web/admin/overview").await.status, StatusCode::OK);
}

#[actix_web::test]
async fn next_leads_to_own_pages_only() {
    let house = ready().await;
    let fields = [("username", "root"), ("password", "root-secret")];
    for next in ["https://evil.example", "//evil.example", "/%5Cevil.example"] {
        let answer = Browser::new(&house).post(&format!("/web/admin/login?next={next}"), &fields).await;
        assert_eq!(answer.header("location"), "/web/admin/overview", "{next}");
    }
}

// UI-029, SEC-049
#[actix_web::test]
async fn a_wrong_password_keeps_the_name_and_tells_nothing() {
    let house = ready().await;
    for name in ["root", "nobody"] {
        let fields = [("username", name), ("password", "wrong")];
        let answer = Browser::new(&house).post("/web/admin/login", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text.contains(&format!("value=\"{name}\"")) && !answer.text.contains("wrong\""), "{}", answer.text);
        assert!(answer.text.contains("do not match"));
    }
}

// Decisions, section 12: REST takes no cookies, pages no bearer.
#[actix_web::test]
async fn cookies_are_no_bearers_and_bearers_no_cookies() {
    let house = ready().await;
    let browser = Browser::admin(&house, "root").await;
    let cookie = browser.cookies["entrepot-admin"].clone();
    let asked = house.with(&cookie, TestRequest::get().uri("/api/v2/users")).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    let bearer = house.token("root").await;
    let mut other = Browser::new(&house);
    other.cookies.insert("entrepot-admin".into(), bearer);
    assert_eq!(other.get("/web/admin/overview").await.header("location"), "/web/admin/login");
    other.cookies = [("entrepot-client".to_owned(), cookie)].into();
    let asked = other.get("/web/client/changepwd").await;
    assert_eq!(asked.header("location").split('?').next(), Some("/web/client/login"));
}

// SEC-163, SEC-164
#[actix_web::test]
async fn forms_of_other_sites_and_other_sessions_change_nothing() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let fields = [("current", "root-secret"), ("new", "another-secret"), ("repeat", "another-secret")];
    let without = browser.post_exactly("/web/admin/changepwd", &fields, "http://nas:8080").await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    assert!(without.text.contains("This form has ended"), "{}", without.text);
    let page = browser.get("/web/admin/changepwd").await;
    let token = page.text.split("name=\"_form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let with: Vec<_> = fields.into_iter().chain([("_form_token", token.as_str())]).collect();
    assert_eq!(browser.post_exactly("/web/admin/changepwd", &with, "https://evil.example").await.status, StatusCode::FORBIDDEN);
    let mut second = Browser::admin(&house, "root").await;
    let answer = second.post_exactly("/web/admin/changepwd", &with, "http://nas:8080").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "the token of another session");
    assert_eq!(browser.post_exactly("/web/admin/changepwd", &with, "http://nas:8080").await.status, StatusCode::SEE_OTHER);
}

// SEC-068, UI-037
#[actix_web::test]
async fn a_new_password_ends_every_session() {
    let house = ready().await;
    let mut here = Browser::admin(&house, "root").await;
    let mut elsewhere = Browser::admin(&house, "root").await;
    let wrong = [("current", "no"), ("new", "another-secret"), ("repeat", "another-secret")];
    let refused = here.post("/web/admin/changepwd", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"current-error\""));
    let fields = [("current", "root-secret"), ("new", "another-secret"), ("repeat", "another-secret")];
    let answer = here.post("/web/admin/changepwd", &fields).await;
    assert_eq!(answer.header("location"), "/web/admin/login");
    assert!(!here.cookies.contains_key("entrepot-admin"));
    let login = here.get("/web/admin/login").await;
    assert!(login.text.contains("The new password is set"), "{}", login.text);
    assert!(!here.get("/web/admin/login").await.text.contains("The new password is set"), "it is said once");
    assert_eq!(elsewhere.get("/web/admin/overview").await.header("location"), "/web/admin/login");
}

// SEC-066, SEC-170
#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let cookie = browser.cookies["entrepot-admin"].clone();
    assert_eq!(browser.post("/web/admin/logout", &[]).await.header("location"), "/web/admin/login");
    browser.cookies.insert("entrepot-admin".into(), cookie);
    assert_eq!(browser.get("/web/admin/overview").await.header("location"), "/web/admin/login");
}

// SEC-170: whoever follows a link of another site sends no cookies, and keeps those there are.
#[actix_web::test]
async fn signing_out_without_a_session_takes_nothing_away() {
    let house = ready().await;
    for request in [TestRequest::get(), TestRequest::post()] {
        let answer = house.send(request.uri("/web/admin/logout").insert_header(("host", "nas:8080"))).await;
        assert_eq!(answer.header("location"), "/web/admin/login");
        assert!(answer.headers.get("set-cookie").is_none(), "{answer:?}");
    }
}

// UI-193, SEC-166: a page that looks by itself keeps nobody signed in; somebody who types is there.
#[actix_web::test]
async fn pages_that_look_by_themselves_renew_no_session() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    house.clock.advance_minutes(15);
    let cookie = browser.cookies["entrepot-admin"].clone();
    for path in ["overview/now", "activity/rows"] {
        assert_eq!(browser.get(&format!("/web/admin/{path}")).await.status, StatusCode::OK);
        assert_eq!(browser.cookies["entrepot-admin"], cookie, "{path}");
    }
    assert_eq!(browser.get("/web/admin/alive").await.status, StatusCode::NO_CONTENT);
    assert_ne!(browser.cookies["entrepot-admin"], cookie);
    house.clock.advance_minutes(25);
    let asked = browser.send(TestRequest::get().uri("/web/admin/alive").insert_header(("accept", "application/json"))).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
}

// UI-192: a form of a session that has ended leads, over the login, to its page again.
#[actix_web::test]
async fn a_form_without_a_session_comes_back_to_its_page() {
    let house = ready().await;
    let send = async |referrer: &'static str| {
        let request = TestRequest::post().uri("/web/admin/user/ana?card=limits").insert_header(("host", "nas:8080"));
        let request = request.insert_header(("origin", "http://nas:8080")).insert_header(("referer", referrer));
        house.send(request.set_form([("max_sessions", "3")])).await.header("location").to_owned()
    };
    let back = "/web/admin/login?next=%2Fweb%2Fadmin%2Fuser%2Fana%3Fcard%3Dlimits";
    assert_eq!(send("http://nas:8080/web/admin/user/ana?card=limits").await, back);
    assert_eq!(send("http://nas:8080/elsewhere").await, "/web/admin/login");
}

#[actix_web::test]
async fn the_login_says_that_a_session_has_ended() {
    let house = ready().await;
    let mut browser = Browser::new(&house);
    let page = browser.get("/web/admin/users").await;
    assert!(!browser.get(page.header("location")).await.text.contains("session has ended"), "there was none");
    let page = TestRequest::get().uri("/web/admin/users").insert_header(("referer", "http://localhost/web/admin/overview"));
    let page = browser.send(page).await;
    assert!(browser.get(page.header("location")).await.text.contains("session has ended"), "a page of one led there");
    browser.cookies.insert("entrepot-admin".into(), "no longer good".into());
    let page = browser.get("/web/admin/users").await;
    assert!(browser.get(page.header("location")).await.text.contains("session has ended"), "its cookie is left");
}

// SEC-070, ACC-243
#[actix_web::test]
async fn who_must_change_the_password_gets_no_further() {
    let house = ready().await;
    let admin = entrepot_model::Admin {
        username: "new".into(),
        password: Some("new-secret".into()),
        status: 1,
        permissions: vec![AdminPermission::Any],
        filters: entrepot_model::AdminFilters { require_password_change: true, ..Default::default() },
        ..Default::default()
    };
    entrepot_core::admin::admins::add(&house.core, &entrepot_core::admin::AdminSession::system(), admin).await.unwrap();
    let mut browser = Browser::admin(&house, "new").await;
    let answer = browser.get("/web/admin/overview").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/web/admin/changepwd"));
    // A name in a path is no way out.
    for path in ["user/mfa", "user/changepwd", "group/logout", "apikey/save"] {
        let answer = browser.get(&format!("/web/admin/{path}")).await;
        assert_eq!(answer.header("location"), "/web/admin/changepwd", "{path}");
    }
    let page = browser.get("/web/admin/changepwd").await;
    assert!(page.text.contains("before anything else") && !page.text.contains("/web/admin/users"), "{}", page.text);
}

// UI-002
#[actix_web::test]
async fn a_binding_without_pages_has_none() {
    let mut house = ready().await;
    house.features.web_admin = false;
    assert_eq!(house.get("/web/admin/login").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/web/client/login").await.status, StatusCode::OK);
    house.features.web_client = false;
    assert_eq!(house.get("/web/client/login").await.status, StatusCode::NOT_FOUND);
}

// UI-026
#[actix_web::test]
async fn without_an_administrator_there_is_only_setup() {
    let house = fresh(|_| {}).await;
    assert_eq!(house.get("/web/admin/login").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

// UI-005, UI-006
#[actix_web::test]
async fn theme_and_language_are_the_browsers() {
    let house = ready().await;
    let mut browser = Browser::new(&house);
    let chosen = browser.post("/web/theme", &[("theme", "dark"), ("back", "/web/admin/login")]).await;
    assert_eq!(chosen.header("location"), "/web/admin/login");
    browser.post("/web/language", &[("language", "it"), ("back", "https://evil.example")]).await;
    let page = browser.get("/web/admin/login").await;
    assert!(page.text.contains("<html lang=\"it\" data-theme=\"dark\">"), "{}", page.text);
    let german =
        house.send(TestRequest::get().uri("/web/admin/login").insert_header(("accept-language", "de-AT, en;q=0.5"))).await;
    assert!(german.text.contains("<html lang=\"de\">"));
}

// UI-019, UI-021
#[actix_web::test]
async fn errors_are_pages_with_an_id_to_quote() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let page = browser.get("/web/admin/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains(page.header("x-request-id")), "{}", page.text);
    for text in [&page.text, &browser.get("/web/admin/overview").await.text] {
        assert_nothing_inline("page", text);
    }
}
