//! Folders, groups, roles and administrators from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::AdminPermission;
use serde_json::{Value, json};

use super::get;
use crate::testing::{Answer, House, ready};

/// Segment of the path, what messages call one object, and the member that has its name.
const COLLECTIONS: [(&str, &str, &str); 4] =
    [("folders", "Folder", "name"), ("groups", "Group", "name"), ("roles", "Role", "name"), ("admins", "Admin", "username")];

/// The smallest valid object.
fn object(collection: &str, name: &str) -> Value {
    match collection {
        "folders" => json!({"name": name, "mapped_path": "/srv/shared"}),
        "admins" => json!({"username": name, "password": "secret", "status": 1, "permissions": ["view_status"]}),
        _ => json!({"name": name}),
    }
}

async fn post(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::post().uri(&format!("/api/v2/{path}")).set_json(body)).await
}

async fn put(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::put().uri(&format!("/api/v2/{path}")).set_json(body)).await
}

async fn delete(house: &House, token: &str, path: &str) -> Answer {
    house.with(token, TestRequest::delete().uri(&format!("/api/v2/{path}"))).await
}

async fn read(house: &House, token: &str, path: &str) -> Answer {
    house.with(token, get(&format!("/api/v2/{path}"))).await
}

/// Adds what has to be there.
async fn given(house: &House, token: &str, path: &str, body: Value) {
    let added = post(house, token, path, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
}

/// Fails unless it is a refusal whose detail holds `text`.
fn assert_refused(answer: &Answer, status: StatusCode, text: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains(text), "{answer:?}");
}

// ACC-173, ACC-194, ACC-224, API-016, API-035, API-038, API-039, API-040, API-041, API-044
#[actix_web::test]
async fn objects_are_created_read_replaced_and_deleted() {
    let house = ready().await;
    let token = house.token("root").await;
    for (collection, noun, field) in COLLECTIONS {
        let mut body = object(collection, "a b%41@ä");
        body["description"] = json!("first");
        let added = post(&house, &token, collection, &body).await;
        assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
        assert_eq!(added.header("location"), format!("/api/v2/{collection}/a%20b%2541%40%C3%A4"));
        assert_eq!((&added.json()[field], &added.json()["description"]), (&body[field], &json!("first")));
        assert_eq!(post(&house, &token, collection, &body).await.status, StatusCode::CONFLICT, "{collection}");
        let mut spaced = body.clone();
        spaced[field] = json!(" a b%41@ä ");
        assert_eq!(post(&house, &token, collection, &spaced).await.status, StatusCode::CONFLICT, "{collection}");
        let path = added.header("location").trim_start_matches("/api/v2/").to_owned();
        assert_eq!(read(&house, &token, &path).await.json(), added.json());

        let replaced = put(&house, &token, &path, &object(collection, "renamed")).await;
        assert_eq!((replaced.status, replaced.json()), (StatusCode::OK, json!({"message": format!("{noun} updated")})));
        let after = read(&house, &token, &path).await.json();
        assert_eq!((&after[field], after.get("description"), &after["id"]), (&body[field], None, &added.json()["id"]));
        let created = |object: &Value| object.get("created_at").cloned();
        assert_eq!(created(&after), created(&added.json()));

        let deleted = delete(&house, &token, &path).await;
        assert_eq!((deleted.status, deleted.json()), (StatusCode::OK, json!({"message": format!("{noun} deleted")})));
        let missing =
            [read(&house, &token, &path).await, put(&house, &token, &path, &body).await, delete(&house, &token, &path).await];
        for answer in missing {
            assert_eq!(
                (answer.status, answer.json()),
                (StatusCode::NOT_FOUND, json!({"message": "Not Found", "error": "Not Found"})),
                "{collection}"
            );
        }
    }
}

// API-010, API-028, API-029, API-030, API-031, API-032
#[actix_web::test]
async fn lists_come_in_pages_ordered_by_name() {
    let house = ready().await;
    let token = house.token("root").await;
    for (collection, _, field) in COLLECTIONS {
        if collection != "admins" {
            assert_eq!(read(&house, &token, collection).await.text, "[]");
        }
        for name in ["b", "a", "c"] {
            given(&house, &token, collection, object(collection, name)).await;
        }
        let names = async |query: &str| {
            let answer = read(&house, &token, &format!("{collection}?{query}")).await;
            answer.json().as_array().unwrap().iter().map(|object| object[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("limit=3").await, ["a", "b", "c"]);
        assert_eq!(names("limit=1&offset=1").await, ["b"]);
        let descending = names("order=DESC").await;
        assert_eq!(descending[descending.len() - 3..], ["c", "b", "a"]);
        assert!(names("offset=9").await.is_empty());
        for (query, text) in [("limit=0", "invalid limit"), ("offset=-1", "invalid offset"), ("order=up", "invalid order")] {
            let wrong = read(&house, &token, &format!("{collection}?{query}")).await;
            assert_refused(&wrong, StatusCode::BAD_REQUEST, text);
        }
    }
}

// ACC-224, ACC-234, ACC-235, API-211
#[actix_web::test]
async fn every_operation_asks_for_its_permission() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    for (collection, _, _) in COLLECTIONS {
        let body = object(collection, "x");
        given(&house, &root, collection, body.clone()).await;
        let path = format!("{collection}/x");
        let refused = [
            read(&house, &clerk, collection).await,
            read(&house, &clerk, &path).await,
            post(&house, &clerk, collection, &object(collection, "y")).await,
            put(&house, &clerk, &path, &body).await,
            delete(&house, &clerk, &path).await,
        ];
        for answer in refused {
            assert_eq!((answer.status, &answer.json()["message"]), (StatusCode::FORBIDDEN, &json!("Forbidden")), "{collection}");
        }
        assert_eq!(read(&house, &root, &path).await.status, StatusCode::OK);
        assert_eq!(house.get(&format!("/api/v2/{path}")).await.status, StatusCode::UNAUTHORIZED);
    }
}

// ACC-375, ACC-376
#[actix_web::test]
async fn permissions_for_groups_are_granular_or_an_umbrella() {
    use AdminPermission::{ManageGroups, ViewFolders, ViewGroups};
    let house = ready().await;
    house.add_admin("granular", &[ViewGroups, ManageGroups, ViewFolders]).await;
    house.add_admin("umbrella", &[ManageGroups]).await;
    let (granular, umbrella) = (house.token("granular").await, house.token("umbrella").await);
    given(&house, &umbrella, "groups", json!({"name": "staff"})).await;
    given(&house, &granular, "groups", json!({"name": "guests"})).await;
    for token in [&granular, &umbrella] {
        assert_eq!(read(&house, token, "groups/staff").await.status, StatusCode::OK);
        assert_eq!(put(&house, token, "groups/staff", &json!({})).await.status, StatusCode::OK);
    }
    assert_eq!(delete(&house, &granular, "groups/staff").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&house, &granular, "folders", &object("folders", "x")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(delete(&house, &umbrella, "groups/staff").await.status, StatusCode::OK);
}

// ACC-188, ACC-220, ACC-231, API-046, API-055
#[actix_web::test]
async fn what_is_in_use_stays_and_a_folder_leaves_its_users() {
    let house = ready().await;
    let token = house.token("root").await;
    for collection in ["folders", "groups", "roles"] {
        given(&house, &token, collection, object(collection, "used")).await;
    }
    let mut user = house.user("ingrid");
    user["groups"] = json!([{"name": "used", "type": 1}]);
    user["virtual_folders"] = json!([{"name": "used", "virtual_path": "/used", "quota_size": -1, "quota_files": -1}]);
    given(&house, &token, "users", user).await;
    let mut admin = object("admins", "clerk");
    admin["role"] = json!("used");
    given(&house, &token, "admins", admin).await;

    assert_refused(&delete(&house, &token, "groups/used").await, StatusCode::BAD_REQUEST, "group \"used\" is in use");
    assert_refused(&delete(&house, &token, "roles/used").await, StatusCode::BAD_REQUEST, "clerk");
    assert_eq!(read(&house, &token, "groups/used").await.json()["users"], json!(["ingrid"]));
    assert_eq!(read(&house, &token, "roles/used").await.json()["admins"], json!(["clerk"]));
    assert_eq!(read(&house, &token, "folders").await.json()[0]["users"], json!(["ingrid"]));
    assert_eq!(delete(&house, &token, "folders/used").await.status, StatusCode::OK);
    assert!(read(&house, &token, "users/ingrid").await.json().get("virtual_folders").is_none());
}

// ACC-176, ACC-245
#[actix_web::test]
async fn unknown_references_are_a_conflict_and_save_nothing() {
    let house = ready().await;
    let token = house.token("root").await;
    let mut admin = object("admins", "clerk");
    admin["role"] = json!("none");
    let group = json!({"name": "staff", "virtual_folders": [{"name": "none", "virtual_path": "/x"}]});
    for (collection, name, body) in [("admins", "clerk", admin), ("groups", "staff", group)] {
        assert_refused(&post(&house, &token, collection, &body).await, StatusCode::CONFLICT, "none");
        assert_eq!(read(&house, &token, &format!("{collection}/{name}")).await.status, StatusCode::NOT_FOUND);
    }
}

// ACC-174, ACC-199, ACC-233, ACC-238, API-006, API-012
#[actix_web::test]
async fn wrong_objects_are_refused() {
    let house = ready().await;
    let token = house.token("root").await;
    let wrong = [
        ("folders", json!({"name": "x", "mapped_path": "relative"})),
        ("groups", json!({"name": "x", "user_settings": {"home_dir": "relative"}})),
        ("roles", json!({"description": "no name"})),
        ("admins", json!({"username": "x", "status": 1, "permissions": ["*"]})),
        ("admins", json!({"username": "x", "status": 1, "password": "secret"})),
    ];
    for (collection, body) in wrong {
        assert_refused(&post(&house, &token, collection, &body).await, StatusCode::BAD_REQUEST, "Validation error: ");
    }
    for (collection, _, field) in COLLECTIONS {
        assert_eq!(post(&house, &token, collection, &json!({field: 5})).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(read(&house, &token, &format!("{collection}/x")).await.status, StatusCode::NOT_FOUND);
    }
}

// SEC-007, SEC-008, API-045
#[actix_web::test]
async fn secrets_of_folders_and_groups_are_whole_for_full_administrators_only() {
    use AdminPermission::{ManageFolders, ManageGroups};
    let house = ready().await;
    house.add_admin("clerk", &[ManageFolders, ManageGroups]).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    let passphrase = json!({"status": "Plain", "payload": "Kd8-wq2!Zr5_mPx7#vLt"});
    let storage = json!({"provider": 4, "cryptconfig": {"passphrase": passphrase}});
    let cases = [
        ("folders", "/filesystem/cryptconfig/passphrase", json!({"mapped_path": "/srv/vault", "filesystem": storage})),
        ("groups", "/user_settings/filesystem/cryptconfig/passphrase", json!({"user_settings": {"filesystem": storage}})),
    ];
    for (collection, pointer, settings) in cases {
        let body = |name: &str| {
            let mut body = settings.clone();
            body["name"] = json!(name);
            body
        };
        let has_key = |answer: Answer| {
            let object = answer.json();
            let secret = object.pointer(pointer).unwrap_or_else(|| panic!("{object}"));
            assert!(secret["status"] != "Plain" && !secret["payload"].as_str().unwrap().is_empty(), "{secret}");
            secret.get("key").is_some_and(|key| key != "")
        };
        let asked = format!("{collection}?confidential_data=1");
        assert!(has_key(post(&house, &root, &asked, &body("whole")).await));
        assert!(!has_key(post(&house, &root, collection, &body("hidden")).await));
        assert!(!has_key(post(&house, &clerk, &asked, &body("others")).await));
        assert!(has_key(read(&house, &root, &format!("{collection}/hidden?confidential_data=1")).await));
        assert!(!has_key(read(&house, &root, &format!("{collection}/whole")).await));
        assert!(!has_key(read(&house, &clerk, &format!("{collection}/whole?confidential_data=1")).await));
        let wrong = read(&house, &root, &format!("{collection}/whole?confidential_data=x")).await;
        assert_refused(&wrong, StatusCode::BAD_REQUEST, "invalid confidential_data");
    }
}

// SEC-008: administrators when they are read; roles have nothing confidential, the parameter means nothing there.
#[actix_web::test]
async fn password_hash_of_an_administrator_is_shown_when_asked_for() {
    let house = ready().await;
    let token = house.token("root").await;
    let added = post(&house, &token, "admins?confidential_data=1", &object("admins", "clerk")).await;
    assert_eq!((added.status, added.json().get("password")), (StatusCode::CREATED, None));
    let asked = read(&house, &token, "admins/clerk?confidential_data=1").await;
    assert!(asked.json()["password"].as_str().unwrap().starts_with('$'));
    assert!(read(&house, &token, "admins/clerk").await.json().get("password").is_none());
    assert!(!read(&house, &token, "admins").await.text.contains("password\":"));
    given(&house, &token, "roles?confidential_data=x", object("roles", "r")).await;
    assert_eq!(read(&house, &token, "roles/r?confidential_data=x").await.status, StatusCode::OK);
}

// ACC-240, ACC-249, ACC-251
#[actix_web::test]
async fn administrators_keep_their_password_and_cannot_shut_themselves_out() {
    let house = ready().await;
    house.add_admin("clerk", &[AdminPermission::ViewUsers]).await;
    let token = house.token("root").await;
    let clerk = json!({"status": 1, "permissions": ["view_users", "view_status"]});
    assert_eq!(put(&house, &token, "admins/clerk", &clerk).await.status, StatusCode::OK);
    assert_eq!(read(&house, &house.token("clerk").await, "users").await.status, StatusCode::OK);
    let own = [
        (json!({"status": 1, "permissions": ["view_users"]}), "you cannot change your permissions"),
        (json!({"status": 0, "permissions": ["*"]}), "you cannot disable yourself"),
    ];
    for (body, text) in own {
        assert_refused(&put(&house, &token, "admins/root", &body).await, StatusCode::BAD_REQUEST, text);
    }
    assert_refused(&delete(&house, &token, "admins/root").await, StatusCode::BAD_REQUEST, "you cannot delete yourself");
    assert_eq!(read(&house, &token, "admins/root").await.json()["permissions"], json!(["*"]));
}
