//! Quota from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::{Admin, AdminPermission as P, Role};
use serde_json::{Value, json};

use super::{add, get};
use crate::testing::{Answer, House, fresh, ready};

async fn post(house: &House, token: &str, path: &str) -> Answer {
    house.with(token, TestRequest::post().uri(&format!("/api/v2/quotas/{path}"))).await
}

async fn put(house: &House, token: &str, path: &str, body: Value) -> Answer {
    house.with(token, TestRequest::put().uri(&format!("/api/v2/quotas/{path}")).set_json(body)).await
}

async fn given(house: &House, token: &str) {
    let mut limited = house.user("ingrid");
    limited["quota_size"] = json!(1000);
    limited["total_data_transfer"] = json!(5);
    for user in [limited, house.user("free")] {
        assert_eq!(add(house, token, &user).await.status, StatusCode::CREATED);
    }
    let folder = TestRequest::post().uri("/api/v2/folders").set_json(json!({"name": "shared", "mapped_path": "/srv/none"}));
    assert_eq!(house.with(token, folder).await.status, StatusCode::CREATED);
}

// API-056, API-057, ACC-286
#[actix_web::test]
async fn scans_are_accepted_and_end_by_themselves() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token).await;
    let spoiled = put(&house, &token, "users/ingrid/usage", json!({"used_quota_size": 77, "used_quota_files": 7})).await;
    assert_eq!(spoiled.status, StatusCode::OK, "{spoiled:?}");
    for path in ["users/ingrid/scan", "folders/shared/scan"] {
        let started = post(&house, &token, path).await;
        assert_eq!((started.status, started.json()), (StatusCode::ACCEPTED, json!({"message": "Scan started"})));
    }
    for path in ["users", "folders"] {
        loop {
            let list = house.with(&token, get(&format!("/api/v2/quotas/{path}/scans"))).await;
            assert_eq!(list.status, StatusCode::OK);
            if list.json() == json!([]) {
                break;
            }
            assert!(list.json()[0]["start_time"].as_i64().unwrap() > 1_700_000_000_000);
            tokio::task::yield_now().await;
        }
    }
    let user = house.with(&token, get("/api/v2/users/ingrid")).await.json();
    assert_eq!((&user["used_quota_size"], &user["used_quota_files"]), (&json!(0), &json!(0)));
    for path in ["users/nobody/scan", "folders/nothing/scan"] {
        assert_eq!(post(&house, &token, path).await.status, StatusCode::NOT_FOUND);
    }
}

// API-058, API-059, ACC-275, ACC-287, ACC-297
#[actix_web::test]
async fn figures_are_replaced_or_added() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token).await;
    let read = async |path: &str, fields: [&str; 2]| {
        let object = house.with(&token, get(&format!("/api/v2/{path}"))).await.json();
        fields.map(|field| object[field].as_i64().unwrap_or(0))
    };
    let disk = ["used_quota_size", "used_quota_files"];
    let transfer = ["used_upload_data_transfer", "used_download_data_transfer"];
    for (path, object, fields) in [
        ("users/ingrid/usage", "users/ingrid", disk),
        ("folders/shared/usage", "folders/shared", disk),
        ("users/ingrid/transfer-usage", "users/ingrid", transfer),
    ] {
        let answer = put(&house, &token, path, json!({fields[0]: 100, fields[1]: 2})).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"message": "Quota updated"})), "{path}");
        let added = put(&house, &token, &format!("{path}?mode=add"), json!({fields[0]: 5})).await;
        assert_eq!(added.status, StatusCode::OK, "{path}");
        assert_eq!(read(object, fields).await, [105, 2], "{path}: a missing member adds nothing");
        for (query, body) in [("?mode=twice", json!({})), ("", json!({fields[0]: -1})), ("?mode=add", json!({fields[1]: "1"}))] {
            let wrong = put(&house, &token, &format!("{path}{query}"), body).await;
            assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{path}{query}: {wrong:?}");
        }
        assert_eq!(read(object, fields).await, [105, 2], "{path}: nothing half saved");
        let reset = put(&house, &token, &format!("{path}?mode=reset"), json!({})).await;
        assert_eq!(reset.status, StatusCode::OK);
        assert_eq!(read(object, fields).await, [0, 0], "{path}: a missing member is 0");
    }
    for path in ["users/free/usage?mode=add", "users/free/transfer-usage?mode=add"] {
        assert_eq!(put(&house, &token, path, json!({})).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    for path in ["users/nobody/usage", "folders/nothing/usage", "users/nobody/transfer-usage"] {
        assert_eq!(put(&house, &token, path, json!({})).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

// ACC-274
#[actix_web::test]
async fn nothing_is_updated_where_nothing_is_tracked() {
    let house = fresh(|settings| settings.data_provider.track_quota = 0).await;
    house.add_admin("root", &[P::Any]).await;
    let token = house.token("root").await;
    given(&house, &token).await;
    for path in ["users/ingrid/scan", "folders/shared/scan"] {
        assert_eq!(post(&house, &token, path).await.status, StatusCode::FORBIDDEN);
    }
    for path in ["users/ingrid/usage", "folders/shared/usage", "users/ingrid/transfer-usage"] {
        assert_eq!(put(&house, &token, path, json!({})).await.status, StatusCode::FORBIDDEN);
    }
}

// ACC-234, ACC-225
#[actix_web::test]
async fn quota_asks_for_its_permissions_and_keeps_to_the_role() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token).await;
    house.add_admin("viewer", &[P::ViewUsers]).await;
    let viewer = house.token("viewer").await;
    for path in ["users/ingrid/scan", "folders/shared/scan"] {
        assert_eq!(post(&house, &viewer, path).await.status, StatusCode::FORBIDDEN);
    }
    for path in ["users/ingrid/usage", "folders/shared/usage", "users/ingrid/transfer-usage"] {
        assert_eq!(put(&house, &viewer, path, json!({})).await.status, StatusCode::FORBIDDEN);
    }
    for path in ["users", "folders"] {
        assert_eq!(house.with(&viewer, get(&format!("/api/v2/quotas/{path}/scans"))).await.status, StatusCode::FORBIDDEN);
    }
    let system = entrepot_core::admin::AdminSession::system();
    let role = Role { name: "sales".into(), ..Role::default() };
    entrepot_core::admin::roles::add(&house.core, &system, role).await.unwrap();
    let admin = Admin {
        username: "seller".into(),
        password: Some("seller-secret".into()),
        status: 1,
        role: "sales".into(),
        permissions: vec![P::QuotaScans, P::EditUsers],
        ..Admin::default()
    };
    entrepot_core::admin::admins::add(&house.core, &system, admin).await.unwrap();
    let seller = house.token("seller").await;
    assert_eq!(post(&house, &seller, "users/ingrid/scan").await.status, StatusCode::NOT_FOUND);
    assert_eq!(put(&house, &seller, "users/ingrid/usage", json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(put(&house, &seller, "users/ingrid/transfer-usage", json!({})).await.status, StatusCode::NOT_FOUND);
}
