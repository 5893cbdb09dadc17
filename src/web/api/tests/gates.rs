//! IP lists and the defender from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_core::gates::Score;
use entrepot_model::{AdminPermission, Protocol};
use serde_json::{Value, json};

use super::get;
use crate::testing::{Answer, House, ready};

async fn post(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::post().uri(&format!("/api/v2/{path}")).set_json(body)).await
}

async fn read(house: &House, token: &str, path: &str) -> Answer {
    house.with(token, get(&format!("/api/v2/{path}"))).await
}

fn assert_refused(answer: &Answer, status: StatusCode, text: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains(text), "{answer:?}");
}

// API-037, API-044, API-076, API-077, API-078, API-080, API-081
#[actix_web::test]
async fn entries_are_added_read_changed_and_deleted() {
    let house = ready().await;
    let token = house.token("root").await;
    let body = json!({"ipornet": "10.1.2.3/8", "description": "bad", "type": 1, "mode": 2, "protocols": 15});
    let added = post(&house, &token, "iplists/2", &body).await;
    assert_eq!((added.status, added.json()), (StatusCode::CREATED, json!({"message": "Entry added"})));
    assert_eq!(added.header("location"), "/api/v2/iplists/2/10.0.0.0%2F8");
    assert_eq!(post(&house, &token, "iplists/2", &body).await.status, StatusCode::CONFLICT);
    let stored = read(&house, &token, "iplists/2/10.0.0.0%2F8").await.json();
    for (member, value) in [
        ("ipornet", json!("10.0.0.0/8")),
        ("description", json!("bad")),
        ("type", json!(2)),
        ("mode", json!(2)),
        ("protocols", json!(0)),
    ] {
        assert_eq!(stored[member], value, "{member}");
    }
    assert!(stored["created_at"].as_i64().unwrap() > 0 && stored["updated_at"].as_i64().unwrap() > 0);

    let change = json!({"ipornet": "192.0.2.1", "type": 4, "mode": 1, "protocols": 3});
    let path = "/api/v2/iplists/2/10.0.0.0%2F8";
    let changed = house.with(&token, TestRequest::put().uri(path).set_json(&change)).await;
    assert_eq!((changed.status, changed.json()), (StatusCode::OK, json!({"message": "Entry updated"})));
    let after = read(&house, &token, "iplists/2/10.0.0.0%2F8").await.json();
    assert_eq!((&after["ipornet"], &after["type"], &after["mode"]), (&json!("10.0.0.0/8"), &json!(2), &json!(1)));
    assert_eq!((&after["protocols"], after.get("description")), (&json!(3), None));
    let deleted = house.with(&token, TestRequest::delete().uri(path)).await;
    assert_eq!((deleted.status, deleted.json()), (StatusCode::OK, json!({"message": "Entry deleted"})));
    for answer in [
        read(&house, &token, "iplists/2/10.0.0.0%2F8").await,
        house.with(&token, TestRequest::put().uri(path).set_json(&change)).await,
        house.with(&token, TestRequest::delete().uri(path)).await,
    ] {
        assert_refused(&answer, StatusCode::NOT_FOUND, "Not Found");
    }
}

// API-076, API-077, API-080
#[actix_web::test]
async fn faults_are_named_and_nothing_is_stored() {
    let house = ready().await;
    let token = house.token("root").await;
    for list in ["0", "5", "x", "-1"] {
        assert_refused(&read(&house, &token, &format!("iplists/{list}")).await, StatusCode::BAD_REQUEST, "invalid type");
    }
    for (list, body, text) in [
        (1, json!({"ipornet": "10.0.0.0/8", "mode": 2}), "mode"),
        (2, json!({"ipornet": "10.0.0.0/8", "mode": 3}), "mode"),
        (2, json!({"ipornet": "10.0.0.0/40", "mode": 1}), "ipornet"),
        (2, json!({"mode": 1}), "ipornet"),
        (2, json!({"ipornet": "10.0.0.0/8", "mode": 1, "protocols": 16}), "protocols"),
        (2, json!({"ipornet": 7}), "JSON"),
    ] {
        assert_refused(&post(&house, &token, &format!("iplists/{list}"), &body).await, StatusCode::BAD_REQUEST, text);
        assert_eq!(read(&house, &token, &format!("iplists/{list}")).await.text, "[]");
    }
    assert_refused(&read(&house, &token, "iplists/1/ten").await, StatusCode::BAD_REQUEST, "ipornet");
    house.add_admin("viewer", &[AdminPermission::ManageDefender]).await;
    let viewer = house.token("viewer").await;
    assert_eq!(read(&house, &viewer, "iplists/1").await.status, StatusCode::FORBIDDEN);
}

// API-079
#[actix_web::test]
async fn lists_have_a_prefix_and_a_cursor() {
    let house = ready().await;
    let token = house.token("root").await;
    for network in ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32"] {
        assert_eq!(post(&house, &token, "iplists/1", &json!({"ipornet": network})).await.status, StatusCode::CREATED);
    }
    let networks = async |query: &str| {
        let answer = read(&house, &token, &format!("iplists/1?{query}")).await;
        answer.json().as_array().unwrap().iter().map(|entry| entry["ipornet"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(networks("").await, ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"]);
    assert_eq!(networks("filter=10.&order=DESC").await, ["10.1.0.0/16", "10.0.0.0/8"]);
    assert_eq!(networks("from=10.0.0.0%2F8&limit=2").await, ["10.1.0.0/16", "192.0.2.7/32"]);
    assert_eq!(read(&house, &token, "iplists/1?limit=0").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(read(&house, &token, "iplists/1?order=up").await.status, StatusCode::BAD_REQUEST);
}

// API-074, API-075, ACC-303
#[actix_web::test]
async fn hosts_of_the_defender_are_listed_and_forgiven() {
    let house = ready().await;
    let token = house.token("root").await;
    assert_eq!(read(&house, &token, "defender/hosts").await.text, "[]");
    house.core.score([192, 0, 2, 1].into(), Protocol::Ssh, Score::LoginFailed);
    for _ in 0..8 {
        house.core.score([192, 0, 2, 2].into(), Protocol::Ssh, Score::UnknownUser);
    }
    let hosts = read(&house, &token, "defender/hosts").await.json();
    assert_eq!(hosts[1], json!({"id": "3139322e302e322e31", "ip": "192.0.2.1", "score": 1}));
    assert_eq!((&hosts[0]["ip"], hosts[0].get("score")), (&json!("192.0.2.2"), None));
    let until = hosts[0]["ban_time"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(until).unwrap() > chrono::Utc::now(), "{until}");
    let reasons = read(&house, &token, "x/defender/hosts").await.json();
    assert!(reasons[0]["reason"].as_str().unwrap().contains("8 × unknown user"), "{reasons}");

    house.add_admin("viewer", &[AdminPermission::ViewDefender]).await;
    let viewer = house.token("viewer").await;
    let banned = format!("defender/hosts/{}", hosts[0]["id"].as_str().unwrap());
    assert_eq!(read(&house, &viewer, &banned).await.json(), hosts[0]);
    let forgive = || TestRequest::delete().uri("/api/v2/defender/hosts/3139322e302e322e32");
    assert_eq!(house.with(&viewer, forgive()).await.status, StatusCode::FORBIDDEN);
    let done = house.with(&token, forgive()).await;
    assert_eq!((done.status, done.json()), (StatusCode::OK, json!({"message": "OK"})));
    assert_refused(&read(&house, &token, &banned).await, StatusCode::NOT_FOUND, "Not Found");
    assert_eq!(house.with(&token, forgive()).await.status, StatusCode::NOT_FOUND);
    for wrong in ["zz", "666f6f"] {
        let answer = read(&house, &token, &format!("defender/hosts/{wrong}")).await;
        assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid host id");
    }
}

// API-207, SEC-183
#[actix_web::test]
async fn failures_at_the_token_endpoints_are_scored() {
    let house = ready().await;
    let token = house.token("root").await;
    house.basic("/api/v2/token", "root", "wrong").await;
    house.basic("/api/v2/user/token", "nobody", "wrong").await;
    let hosts = read(&house, &token, "defender/hosts").await.json();
    assert_eq!(hosts, json!([{"id": "3139322e302e322e37", "ip": "192.0.2.7", "score": 3}]));
}
