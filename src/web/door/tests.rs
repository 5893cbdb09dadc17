//! The second factor at the door.

use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use entrepot_secrets::{TotpDigest, TotpSecret};

use crate::testing::{Answer, Browser, House, ready};

fn field<'a>(page: &'a Answer, name: &str) -> &'a str {
    let at = format!("name=\"{name}\" value=\"");
    page.text.split_once(&at).unwrap_or_else(|| panic!("{name}: {}", page.text)).1.split('"').next().unwrap()
}

fn code(secret: &str, minutes: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    TotpSecret::parse(secret).unwrap().code(TotpDigest::Sha1, now + minutes * 30)
}

/// Sets up a second factor by the pages. Answers its secret and a recovery code.
async fn enrol(house: &House) -> (String, String) {
    let mut browser = Browser::admin(house, "root").await;
    let made = browser.post("/web/admin/mfa/generate", &[("config_name", "Default")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let secret = field(&made, "secret").to_owned();
    assert!(made.text.contains("class=\"qr\""));
    let fields = |code| [("config_name", "Default"), ("secret", secret.as_str()), ("code", code)];
    let wrong = browser.post("/web/admin/mfa/save", &fields("000000")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("code-error") && field(&wrong, "secret") == secret);
    let saved = browser.post("/web/admin/mfa/save", &fields(&code(&secret, 0))).await;
    assert_eq!(saved.header("location"), "/web/admin/recoverycodes", "{}", saved.text);
    let codes = browser.get("/web/admin/recoverycodes").await;
    let recovery = codes.text.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(recovery.starts_with("RC-"));
    (secret, recovery)
}

// SEC-050, SEC-169, UI-030, UI-040, UI-041
#[actix_web::test]
async fn the_code_comes_after_the_password_and_works_once() {
    let house = ready().await;
    let (secret, _) = enrol(&house).await;
    let mut browser = Browser::new(&house);
    assert_eq!(browser.get("/web/admin/twofactor").await.header("location"), "/web/admin/login");
    let login = [("username", "root"), ("password", "root-secret")];
    let answer = browser.post("/web/admin/login?next=/web/admin/users", &login).await;
    assert_eq!(answer.header("location"), "/web/admin/twofactor?next=%2Fweb%2Fadmin%2Fusers");
    assert!(!browser.cookies.contains_key("entrepot-admin"));
    assert_eq!(browser.get("/web/admin/overview").await.header("location"), "/web/admin/login");
    // The token of the step between is no session.
    let pending = browser.cookies["entrepot-admin-pending"].clone();
    browser.cookies.insert("entrepot-admin".into(), pending);
    assert_eq!(browser.get("/web/admin/overview").await.header("location"), "/web/admin/login");
    browser.cookies.remove("entrepot-admin");
    let to = "/web/admin/twofactor?next=%2Fweb%2Fadmin%2Fusers";
    assert_eq!(browser.post(to, &[("code", "000000")]).await.status, StatusCode::UNAUTHORIZED);
    let code = code(&secret, 1);
    let answer = browser.post(to, &[("code", &code)]).await;
    assert_eq!(answer.header("location"), "/web/admin/users");
    assert_eq!(browser.get("/web/admin/overview").await.status, StatusCode::OK);
    let mut again = Browser::new(&house);
    again.post("/web/admin/login", &login).await;
    assert_eq!(again.post("/web/admin/twofactor", &[("code", &code)]).await.status, StatusCode::UNAUTHORIZED);
}

// SEC-113, UI-031
#[actix_web::test]
async fn a_recovery_code_lets_in_once() {
    let house = ready().await;
    let (_, recovery) = enrol(&house).await;
    let login = [("username", "root"), ("password", "root-secret")];
    let mut browser = Browser::new(&house);
    browser.post("/web/admin/login", &login).await;
    assert_eq!(browser.post("/web/admin/twofactor", &[("code", &recovery)]).await.status, StatusCode::UNAUTHORIZED);
    let answer = browser.post("/web/admin/twofactor-recovery", &[("code", &recovery)]).await;
    assert_eq!(answer.header("location"), "/web/admin/overview", "{}", answer.text);
    let codes = browser.get("/web/admin/recoverycodes").await;
    assert!(codes.text.contains(&format!("<s><code>{recovery}</code></s>")), "{}", codes.text);
    let mut again = Browser::new(&house);
    again.post("/web/admin/login", &login).await;
    let refused = again.post("/web/admin/twofactor-recovery", &[("code", &recovery)]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

// UI-027: users, at their own door.
#[actix_web::test]
async fn users_have_a_door_of_their_own() {
    let house = ready().await;
    let user = serde_json::from_value(house.user("ana")).unwrap();
    entrepot_core::admin::users::add(&house.core, &entrepot_core::admin::AdminSession::system(), user).await.unwrap();
    let mut browser = Browser::new(&house);
    // A bookmark leads here and is told why.
    let sent = browser.get("/web/client/shares?x=1").await;
    assert_eq!(sent.header("location"), "/web/client/login?next=%2Fweb%2Fclient%2Fshares%3Fx%3D1");
    let told = browser.get(sent.header("location")).await;
    assert!(told.text.contains("Sign in to open that page"), "{}", told.text);
    assert!(!browser.get("/web/client/login").await.text.contains("Sign in to open that page"));
    let login = [("username", "ana"), ("password", "secret")];
    let answer = browser.post("/web/client/login", &login).await;
    assert_eq!(answer.header("location"), "/web/client/files", "{}", answer.text);
    assert_eq!(browser.get("/web/client/changepwd").await.status, StatusCode::OK);
    assert_eq!(Browser::new(&house).post("/web/admin/login", &login).await.status, StatusCode::UNAUTHORIZED);
}
