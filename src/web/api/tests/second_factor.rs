//! Second factors and forgotten passwords from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_model::AdminPermission;
use entrepot_secrets::{TotpDigest, TotpSecret};
use serde_json::{Value, json};

use super::{add, get};
use crate::testing::{Answer, House, ready};

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(&format!("/api/v2/{path}")).set_json(body)
}

fn put(path: &str) -> TestRequest {
    TestRequest::put().uri(&format!("/api/v2/{path}"))
}

fn read(path: &str) -> TestRequest {
    get(&format!("/api/v2/{path}"))
}

fn code(secret: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    TotpSecret::parse(secret).unwrap().code(TotpDigest::Sha1, now.as_secs())
}

/// A token request with a code.
async fn with_code(house: &House, path: &str, name: &str, password: &str, code: &str) -> Answer {
    let basic = STANDARD.encode(format!("{name}:{password}"));
    let request = read(path).insert_header(("authorization", format!("Basic {basic}"))).insert_header(("x-sftpgo-otp", code));
    house.send(request).await
}

async fn user_token(house: &House, name: &str) -> String {
    house.basic("/api/v2/user/token", name, "secret").await.json()["access_token"].as_str().unwrap().to_owned()
}

fn message(answer: &Answer) -> (StatusCode, String) {
    (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
}

fn ok(text: &str) -> (StatusCode, String) {
    (StatusCode::OK, text.to_owned())
}

// SEC-050, SEC-101, SEC-102, SEC-103, SEC-104, SEC-112, SEC-115, API-050
#[actix_web::test]
async fn a_second_factor_goes_from_the_picture_to_the_token_and_away() {
    let house = ready().await;
    let root = house.token("root").await;
    assert_eq!(add(&house, &root, &house.user("ana")).await.status, StatusCode::CREATED);
    let ana = user_token(&house, "ana").await;
    for (token, of, name, kind) in [(&root, "admin", "root", "Admin"), (&ana, "user", "ana", "User")] {
        let configs = house.with(token, read(&format!("{of}/totp/configs"))).await;
        assert_eq!(configs.json(), json!([{"name": "Default", "issuer": "Entrepot", "algo": "sha1"}]));
        let unknown = house.with(token, post(&format!("{of}/totp/generate"), &json!({"config_name": "x"}))).await;
        assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
        let made = house.with(token, post(&format!("{of}/totp/generate"), &json!({"config_name": "Default"}))).await.json();
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(made["url"].as_str().unwrap().contains(&format!("{kind}%20%22{name}%22")), "{made}");
        assert!(STANDARD.decode(made["qr_code"].as_str().unwrap()).unwrap().starts_with(b"\x89PNG"));
        let no_codes = house.with(token, read(&format!("{of}/2fa/recoverycodes"))).await;
        assert_eq!(no_codes.status, StatusCode::FORBIDDEN);

        let trial = |passcode: &str| json!({"config_name": "Default", "passcode": passcode, "secret": secret});
        let wrong = house.with(token, post(&format!("{of}/totp/validate"), &trial("1"))).await;
        assert_eq!((wrong.status, &wrong.json()["error"]), (StatusCode::BAD_REQUEST, &json!("Invalid passcode")));
        let right = house.with(token, post(&format!("{of}/totp/validate"), &trial(&code(&secret)))).await;
        assert_eq!(message(&right), ok("Passcode successfully validated"));
        let body = json!({"enabled": true, "config_name": "Default", "protocols": ["HTTP"],
            "secret": {"status": "Plain", "payload": secret}});
        assert_eq!(message(&house.with(token, post(&format!("{of}/totp/save"), &body)).await), ok("TOTP configuration saved"));

        let codes = house.with(token, read(&format!("{of}/2fa/recoverycodes"))).await.json();
        assert_eq!((codes.as_array().unwrap().len(), &codes[0]["used"]), (12, &json!(false)));
        let renewed = house.with(token, post(&format!("{of}/2fa/recoverycodes"), &json!({}))).await.json();
        assert!(renewed[0].as_str().unwrap().starts_with("RC-") && renewed[0] != codes[0]["code"]);

        let (path, password) = if of == "admin" { ("token", "root-secret") } else { ("user/token", "secret") };
        let without = house.basic(&format!("/api/v2/{path}"), name, password).await;
        assert_eq!(without.json(), json!({"message": "Unauthorized", "error": "invalid credentials"}));
        for wrong in ["", "000000", renewed[0].as_str().unwrap()] {
            assert_eq!(with_code(&house, path, name, password, wrong).await.status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        assert_eq!(with_code(&house, path, name, password, &code(&secret)).await.status, StatusCode::OK);
    }
    for path in ["users/ana/2fa/disable", "admins/root/2fa/disable"] {
        assert_eq!(message(&house.with(&root, put(path)).await), ok("2FA disabled"), "{path}");
        assert_eq!(house.with(&root, put(path)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(house.with(&root, put("users/nobody/2fa/disable")).await.status, StatusCode::NOT_FOUND);
    user_token(&house, "ana").await;
}

// ACC-237, ACC-235, API-024
#[actix_web::test]
async fn second_factors_of_others_need_the_permission_and_the_right_kind_of_token() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    assert_eq!(add(&house, &root, &house.user("ana")).await.status, StatusCode::CREATED);
    let ana = user_token(&house, "ana").await;
    for path in ["users/ana/2fa/disable", "admins/root/2fa/disable"] {
        assert_eq!(house.with(&clerk, put(path)).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(house.with(&ana, put(path)).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["admin/totp/configs", "admin/2fa/recoverycodes"] {
        assert_eq!(house.with(&ana, read(path)).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(house.send(read(path)).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["user/totp/configs", "user/2fa/recoverycodes"] {
        assert_eq!(house.with(&root, read(path)).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let wrong = house.with(&root, post("admin/totp/save", &json!({"enabled": "yes"}))).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

async fn scores(house: &House) -> Value {
    let token = house.token("root").await;
    let hosts = house.with(&token, read("defender/hosts")).await.json();
    hosts.as_array().unwrap().iter().map(|host| host["score"].clone()).collect()
}

// SEC-131, SEC-132, SEC-137
#[actix_web::test]
async fn forgotten_passwords_need_no_token_and_a_mail_server() {
    let house = ready().await;
    for kind in ["admins/root", "users/nobody"] {
        let without = house.send(post(&format!("{kind}/forgot-password"), &json!({}))).await;
        assert_eq!(without.status, StatusCode::BAD_REQUEST);
        assert!(without.json()["error"].as_str().unwrap().contains("mail server"), "{without:?}");
        let guess = house.send(post(&format!("{kind}/reset-password"), &json!({"code": "x", "password": "new"}))).await;
        assert_eq!(guess.status, StatusCode::BAD_REQUEST);
        assert_eq!(guess.json()["error"], "confirmation code not found");
    }
    assert_eq!(scores(&house).await, json!([2]), "of two wrong codes");
    let mailing = crate::testing::fresh(|settings| {
        settings.smtp.host = "127.0.0.1".to_owned();
        settings.smtp.port = 1;
        settings.smtp.from = "files@example.com".to_owned();
    })
    .await;
    mailing.add_admin("root", &[AdminPermission::Any]).await;
    let unknown = mailing.send(TestRequest::post().uri("/api/v2/users/nobody/forgot-password")).await;
    assert_eq!(message(&unknown), ok("Check your email for the confirmation code"));
    assert_eq!(scores(&mailing).await, json!([2]), "of an unknown user");
}
