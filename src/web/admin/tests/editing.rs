//! Forms that must not lose anything: what others did meanwhile, what is not shown, what was typed.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use super::with_user;
use crate::testing::{Browser, House, forms::untouched, ready};

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

async fn user(house: &House) -> Value {
    let token = house.token("root").await;
    house.with(&token, TestRequest::get().uri("/api/v2/users/ana")).await.json()
}

// UI-191: two administrators at the same card: the second is told, keeps what was typed, and may then write it.
#[actix_web::test]
async fn a_stale_form_overwrites_nothing_unasked() {
    let house = ready().await;
    let mut first = with_user(&house).await;
    let mut second = Browser::admin(&house, "root").await;
    let at = "/web/admin/user/ana?card=limits";
    let shown = second.get(at).await;
    assert_eq!(first.post(at, &[("quota_size", "2 GB"), ("max_sessions", "3")]).await.status, StatusCode::SEE_OTHER);
    let mut fields = untouched(&shown.text, at);
    fields.iter_mut().filter(|(name, _)| name == "quota_files").for_each(|(_, value)| "7".clone_into(value));
    let refused = second.post_exactly(at, &pairs(&fields), "http://nas:8080").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("was changed by somebody else meanwhile"), "{}", refused.text);
    assert_eq!(user(&house).await["quota_size"], 2_000_000_000_i64);
    let again = untouched(&refused.text, at);
    assert!(again.contains(&("quota_files".to_owned(), "7".to_owned())), "{again:?}");
    assert_eq!(second.post_exactly(at, &pairs(&again), "http://nas:8080").await.status, StatusCode::SEE_OTHER);
    assert_eq!(user(&house).await["quota_files"], 7);

    let json = "/web/admin/user/ana/json";
    let shown = second.get(json).await;
    let fields = untouched(&shown.text, json);
    assert_eq!(first.post(at, &[("max_sessions", "4")]).await.status, StatusCode::SEE_OTHER);
    let refused = second.post_exactly(json, &pairs(&fields), "http://nas:8080").await;
    assert!(refused.text.contains("was changed by somebody else meanwhile"), "{}", refused.text);
    assert_eq!(user(&house).await["max_sessions"], 4);
}

// UI-191
#[actix_web::test]
async fn a_stale_form_of_kinds_without_a_moment_overwrites_nothing() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let made = browser.post("/web/admin/folder", &[("name", "f"), ("mapped_path", "/srv/f")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    browser.post("/web/admin/ip-list/2", &[("ipornet", "203.0.113.0/24"), ("mode", "2")]).await;
    for (page, other) in [
        ("/web/admin/folder/f?card=basics", "/web/admin/folder/f?card=basics"),
        ("/web/admin/ip-list/2/203.0.113.0%2F24", "/web/admin/ip-list/2/203.0.113.0%2F24"),
    ] {
        let shown = browser.get(page).await;
        let fields = untouched(&shown.text, page);
        let changed = browser.post(other, &[("description", "by another"), ("mode", "2")]).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
        let refused = browser.post_exactly(page, &pairs(&fields), "http://nas:8080").await;
        assert!(refused.text.contains("was changed by somebody else meanwhile"), "{page}: {}", refused.text);
    }
}

async fn setting(house: &House, key: &str) -> Value {
    let session = entrepot_core::admin::AdminSession::system();
    let all = entrepot_core::admin::settings::list(&house.core, &session).unwrap();
    serde_json::to_value(all.into_iter().find(|setting| setting.key == key).unwrap()).unwrap()
}

// LOAD-011: what is shown masked, or not at all, is not what is saved.
#[actix_web::test]
async fn settings_that_are_not_shown_stay() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let at = "/web/admin/configs/smtp.password";
    assert_eq!(browser.post(at, &[("value", "mail-secret")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(&*house.core.settings().smtp.password, "mail-secret");
    let page = browser.get(at).await;
    assert!(page.text.contains("Stored; empty keeps it") && !page.text.contains("mail-secret"), "{}", page.text);
    assert_eq!(browser.post(at, &[("value", "")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(&*house.core.settings().smtp.password, "mail-secret");
    assert_eq!(browser.post(at, &[("value", ""), ("clear", "on")]).await.status, StatusCode::SEE_OTHER);
    assert!(house.core.settings().smtp.password.is_empty());

    let at = "/web/admin/configs/acme.ca_endpoint";
    let address = "https://ana:url-secret@ca.example/directory";
    assert_eq!(browser.post(at, &[("value", address)]).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(at).await;
    assert!(page.text.contains("ana:***@ca.example") && !page.text.contains("url-secret"), "{}", page.text);
    let fields = untouched(&page.text, at);
    assert_eq!(browser.post_exactly(at, &pairs(&fields), "http://nas:8080").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.core.settings().acme.ca_endpoint, address);
    let refused = browser.post(at, &[("value", "https://bo:***@ca.example/directory")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("stands for a password"), "{}", refused.text);
    assert_eq!(house.core.settings().acme.ca_endpoint, address);
    assert_eq!(setting(&house, "acme.ca_endpoint").await["is_saved"], true);
}

#[actix_web::test]
async fn settings_that_wait_for_a_restart_are_named_beside_the_button() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let all = "/web/admin/configs";
    assert!(!browser.get(all).await.text.contains("/web/admin/restart"));
    let saved = browser.post("/web/admin/configs/sftpd.password_authentication", &[("value", "false")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let page = browser.get(&format!("{all}?q=timeout")).await.text;
    let note = page.split("note note-info").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a note");
    assert!(note.contains("sftpd.password_authentication") && note.contains("/web/admin/restart"), "{note}");
    // No process is behind these tests.
    assert_eq!(browser.post("/web/admin/restart", &[]).await.status, StatusCode::NOT_IMPLEMENTED);
}

// UI-015: a password that was typed in vain is not said to be stored, nor sent back.
#[actix_web::test]
async fn a_secret_has_to_be_typed_again_after_a_refusal() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let fields = [("username", "bo"), ("password", "typed-secret"), ("quota_size", "much")];
    let refused = browser.post("/web/admin/user", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Type it again") && !refused.text.contains("Stored; empty keeps it"), "{}", refused.text);
    assert!(!refused.text.contains("typed-secret"));
}

// API-013: the limit is of what is typed, and that of a backup where a backup is.
#[actix_web::test]
async fn long_texts_fit_into_forms() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let long = "é".repeat(300 * 1024);
    let saved = browser.post("/web/admin/user/ana?card=profile", &[("additional_info", &long)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", &saved.text[..saved.text.len().min(3000)]);
    assert_eq!(user(&house).await["additional_info"], long);
    let backup = browser.post("/web/admin/backup", &[]).await.text;
    let spaced = format!("{backup}{}", " ".repeat(4 << 20));
    let loaded = browser.post("/web/admin/restore", &[("backup", &spaced), ("dry_run", "on")]).await;
    assert_eq!(loaded.status, StatusCode::OK);
    let stranger =
        Browser::new(&house).post("/web/admin/login", &[("username", &"x".repeat(300 * 1024)), ("password", "x")]).await;
    assert_eq!(stranger.status, StatusCode::PAYLOAD_TOO_LARGE);
}

// Where the level is nobody's to change there is a page that says so.
#[actix_web::test]
async fn the_log_has_a_page_without_a_level() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let page = browser.get("/web/admin/log").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("is not changed here") && !page.text.contains("type=\"radio\""), "{}", page.text);
}

// ACC-247
#[actix_web::test]
async fn hidden_sections_are_not_on_the_page() {
    let house = ready().await;
    with_user(&house).await;
    let admin = json!({
        "username": "narrow", "status": 1, "password": "narrow-secret", "permissions": ["*"],
        "filters": { "preferences": { "hide_user_page_sections": 1 | 2 | 4 | 8 } },
    });
    let token = house.token("root").await;
    house.with(&token, TestRequest::post().uri("/api/v2/admins").set_json(admin)).await;
    let mut browser = Browser::admin(&house, "narrow").await;
    let page = browser.get("/web/admin/user/ana").await;
    for hidden in ["groups", "folders", "profile"] {
        assert!(!page.text.contains(&format!("?card={hidden}#edit\"")), "{hidden}");
        let asked = browser.get(&format!("/web/admin/user/ana?card={hidden}")).await;
        assert!(!asked.text.contains("id=\"edit\""), "{hidden}");
    }
    // Without a folder of homes everybody has to say where the files are.
    for shown in ["sign_in", "storage", "files", "limits"] {
        assert!(page.text.contains(&format!("?card={shown}#edit\"")), "{shown}: {}", page.text);
    }
}

// UI-191: another tab deleted it meanwhile: the list comes, and says so.
#[actix_web::test]
async fn forms_about_what_is_gone_lead_to_the_list() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    browser.post("/web/admin/group", &[("name", "yard")]).await;
    browser.post("/web/admin/group/yard/delete", &[]).await;
    for path in ["yard?card=basics", "yard/json", "yard/delete"] {
        let fields = [("description", "late"), ("json", "{}")];
        let late = browser.post(&format!("/web/admin/group/{path}"), &fields).await;
        assert_eq!((late.status, late.header("location")), (StatusCode::SEE_OTHER, "/web/admin/groups"), "{path}: {}", late.text);
        let list = browser.get("/web/admin/groups").await;
        assert!(list.text.contains("yard is not there any more"), "{path}: {}", list.text);
    }
}

// UI-226
#[actix_web::test]
async fn everything_that_is_wrong_is_told_at_once_each_at_its_field() {
    let house = ready().await;
    let mut browser = Browser::admin(&house, "root").await;
    let fields = [
        ("username", "a/b"),
        ("password", "   "),
        ("email", "nobody"),
        ("quota_size", "much"),
        ("max_sessions", "-3"),
        ("permissions.0.path", "/"),
        ("permissions.0.preset", "read"),
    ];
    let told = browser.post("/web/admin/user", &fields).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["username", "password", "email", "quota_size", "max_sessions"] {
        assert!(told.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", told.text);
        assert!(told.text.contains(&format!("href=\"#{field}\"")), "{field} in the summary");
    }
    let group = browser.post("/web/admin/group", &[("name", "sales")]).await;
    assert_eq!(group.status, StatusCode::SEE_OTHER, "{group:?}");
    let wrong = [("user_settings.quota_files", "-2"), ("user_settings.max_sessions", "-1")];
    let told = browser.post("/web/admin/group/sales?card=limits", &wrong).await;
    assert!(told.text.contains("id=\"user_settings-quota_files-error\""), "{}", told.text);
    assert!(told.text.contains("id=\"user_settings-max_sessions-error\""), "{}", told.text);
    let token = house.token("root").await;
    let body = json!({ "username": "a/b", "email": "nobody", "max_sessions": -3, "status": 1, "permissions": { "/": ["*"] } });
    let answer = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(body)).await;
    assert!(answer.text.contains("username") && !answer.text.contains("max_sessions"), "the API names the first: {answer:?}");
}

// UI-226
#[actix_web::test]
async fn more_rows_are_given_without_saving() {
    let house = ready().await;
    let mut browser = with_user(&house).await;
    let at = "/web/admin/user/ana?card=folders";
    let typed = [("virtual_folders.0.virtual_path", "/a"), ("virtual_folders.0.name", "x"), ("_more", "virtual_folders")];
    let more = browser.post(at, &typed).await;
    assert_eq!(more.status, StatusCode::OK, "{more:?}");
    assert!(more.text.contains("value=\"/a\"") && more.text.contains("name=\"virtual_folders.2.name\""), "{}", more.text);
    assert!(user(&house).await["virtual_folders"].as_array().is_none_or(Vec::is_empty));
}
