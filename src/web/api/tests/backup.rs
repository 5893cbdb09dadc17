//! Dumps and loading over HTTP.

use super::*;
use crate::testing::Answer;

const CLERK: &[AdminPermission] = &[AdminPermission::ViewUsers];

async fn load(house: &House, token: &str, query: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::post().uri(&format!("/api/v2/loaddata{query}")).set_json(body)).await
}

// API-086, API-088
#[actix_web::test]
async fn dump_is_an_attachment_or_a_file() {
    let house = ready().await;
    let token = house.token("root").await;
    assert_eq!(add(&house, &token, &house.user("ada")).await.status, StatusCode::CREATED);
    let dump = house.with(&token, get("/api/v2/dumpdata?output-data=1&indent=1&scopes=users,admins")).await;
    assert_eq!(dump.status, StatusCode::OK);
    assert_eq!(dump.header("content-disposition"), "attachment; filename=\"entrepot-backup.json\"");
    let document = dump.json();
    assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["admins", "users", "version"]);
    assert!(document["admins"][0]["password"].as_str().unwrap().starts_with('$') && dump.text.contains("\n  \"version\": 17\n}"));
    let saved = house.with(&token, get("/api/v2/dumpdata?output-file=all.json")).await;
    assert_eq!((saved.status, saved.json()), (StatusCode::OK, json!({"message": "Data saved"})));
    let restored = house.with(&token, get("/api/v2/loaddata?input-file=all.json")).await;
    assert_eq!((restored.status, restored.json()), (StatusCode::OK, json!({"message": "Data restored"})));
}

// API-087, API-010, API-009, API-092
#[actix_web::test]
async fn wrong_parameters_are_named() {
    let house = ready().await;
    let token = house.token("root").await;
    for (path, named) in [
        ("dumpdata", "output-file"),
        ("dumpdata?output-file=../x", "output-file"),
        ("dumpdata?output-data=x", "output-data"),
        ("dumpdata?output-data=1&indent=x", "indent"),
        ("dumpdata?output-data=1&scopes=users,fly", "fly"),
        ("loaddata", "input-file"),
        ("loaddata?input-file=none.json", "input-file"),
        ("loaddata?input-file=x&mode=3", "mode"),
        ("loaddata?input-file=x&mode=x", "mode"),
        ("loaddata?input-file=x&scan-quota=3", "scan-quota"),
    ] {
        let answer = house.with(&token, get(&format!("/api/v2/{path}"))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.json()["error"].as_str().unwrap().contains(named), "{path}: {answer:?}");
    }
}

// API-086, ACC-235
#[actix_web::test]
async fn only_full_administrators_may() {
    let house = ready().await;
    house.add_admin("clerk", CLERK).await;
    let token = house.token("clerk").await;
    for path in ["dumpdata?output-data=1", "dumpdata?output-file=x", "loaddata?input-file=x"] {
        assert_eq!(house.with(&token, get(&format!("/api/v2/{path}"))).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(load(&house, &token, "", &json!({})).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get("/api/v2/dumpdata?output-data=1").await.status, StatusCode::UNAUTHORIZED);
}

// API-094
#[actix_web::test]
async fn failure_has_the_status_of_its_object_and_names_what_was_loaded() {
    let house = ready().await;
    let token = house.token("root").await;
    let (mut wrong, mut unknown) = (house.user("wrong"), house.user("unknown"));
    wrong["permissions"] = json!({});
    unknown["role"] = json!("missing");
    for (user, status, text) in [(wrong, 400, "Validation error: "), (unknown, 409, "missing")] {
        let document = json!({"version": 17, "roles": [{"name": "r"}], "users": [user]});
        let answer = load(&house, &token, "", &document).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(text) && error.contains("user \"") && error.contains("roles "), "{error}");
    }
    assert_eq!(house.with(&token, get("/api/v2/roles/r")).await.status, StatusCode::OK);
}

// API-013
#[actix_web::test]
async fn documents_may_be_larger_than_other_bodies_and_have_a_limit() {
    let mut house = crate::testing::fresh(|settings| settings.hook.httpd_max_restore_size = 2).await;
    house.features.web_admin = true;
    house.add_admin("root", &[AdminPermission::Any]).await;
    let token = house.token("root").await;
    let document = |size: usize| json!({"version": 17, "padding": "x".repeat(size)});
    assert_eq!(load(&house, &token, "?mode=1", &document(1_900_000)).await.status, StatusCode::OK);
    let large = load(&house, &token, "", &document(2_200_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.json()["error"].as_str().unwrap().contains("hook.httpd_max_restore_size"));
}
