//! Events from the outside.

use actix_web::http::StatusCode;
use entrepot_core::admin::AdminSession;
use entrepot_model::{Admin, AdminPermission as P, Role};
use serde_json::{Value, json};

use super::{add, get};
use crate::testing::{Answer, House, ready};

async fn search(house: &House, token: &str, query: &str) -> Answer {
    house.with(token, get(&format!("/api/v2/events/{query}"))).await
}

fn names(answer: &Answer) -> Vec<String> {
    let of = |event: &Value| event["object_name"].as_str().unwrap_or_default().to_owned();
    answer.json().as_array().unwrap().iter().map(of).collect()
}

// API-102, API-104, API-106, API-109, AUD-003
#[actix_web::test]
async fn changes_are_found_by_every_filter() {
    let house = ready().await;
    let token = house.token("root").await;
    for name in ["ana", "ben"] {
        assert_eq!(add(&house, &token, &house.user(name)).await.status, StatusCode::CREATED);
    }
    let all = search(&house, &token, "provider?object_types=user").await;
    assert_eq!(all.status, StatusCode::OK, "{all:?}");
    assert_eq!(names(&all), ["ben", "ana"], "newest first");
    let event = &all.json()[0];
    assert_eq!((&event["action"], &event["username"], &event["ip"]), (&json!("add"), &json!("root"), &json!("192.0.2.7")));
    assert!(event["timestamp"].as_i64().unwrap() > 1_700_000_000_000_000_000);
    assert!(!event["object_data"].as_str().unwrap().is_empty());
    for (query, wanted) in [
        ("object_name=ana", vec!["ana"]),
        ("object_name=ana&object_types=folder", vec![]),
        ("object_types=user,folder&actions=add,delete&username=root&ip=192.0.2.7", vec!["ben", "ana"]),
        ("object_types=user&order=ASC&limit=1", vec!["ana"]),
        ("object_types=user&username=nobody", vec![]),
        ("object_types=user&instance_ids=x", vec![]),
        ("object_types=user&role=sales", vec![]),
    ] {
        assert_eq!(names(&search(&house, &token, &format!("provider?{query}")).await), wanted, "{query}");
    }
    let omitted = search(&house, &token, "provider?object_types=user&omit_object_data=true").await;
    assert!(omitted.json()[0].get("object_data").is_none());
    let logs = search(&house, &token, "logs?events=5").await;
    assert_eq!(logs.status, StatusCode::OK, "{logs:?}");
    assert_eq!(search(&house, &token, "fs").await.text, "[]");
}

// API-103, API-107
#[actix_web::test]
async fn pages_follow_each_other_by_the_last_id() {
    let house = ready().await;
    let token = house.token("root").await;
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(add(&house, &token, &house.user(name)).await.status, StatusCode::CREATED);
    }
    for (order, bound, wanted) in [("DESC", "end", ["e", "d", "c", "b", "a"]), ("ASC", "start", ["a", "b", "c", "d", "e"])] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = search(&house, &token, &format!("provider?object_types=user&limit=2&order={order}{cursor}")).await;
            let Some(last) = page.json().as_array().unwrap().last().cloned() else { break };
            found.extend(names(&page));
            cursor = format!("&from_id={}&{bound}_timestamp={}", last["id"].as_str().unwrap(), last["timestamp"]);
        }
        assert_eq!(found, wanted, "{order}");
    }
}

// API-010, API-034, API-105
#[actix_web::test]
async fn wrong_filters_are_refused_by_name() {
    let house = ready().await;
    let token = house.token("root").await;
    for (query, name) in [
        ("fs?limit=0", "limit"),
        ("fs?limit=1001", "limit"),
        ("logs?limit=x", "limit"),
        ("fs?order=desc", "order"),
        ("fs?actions=upload,fly", "actions"),
        ("fs?protocols=sftp", "protocols"),
        ("fs?statuses=4", "statuses"),
        ("fs?fs_provider=9", "fs_provider"),
        ("fs?start_timestamp=-1", "start_timestamp"),
        ("fs?end_timestamp=x", "end_timestamp"),
        ("fs?csv_export=maybe", "csv_export"),
        ("provider?actions=upload", "actions"),
        ("provider?object_types=thing", "object_types"),
        ("provider?omit_object_data=2", "omit_object_data"),
        ("logs?events=0", "events"),
    ] {
        let refused = search(&house, &token, query).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(refused.json()["error"], json!(format!("invalid {name}")), "{query}");
    }
    assert_eq!(search(&house, &token, "fs?limit=1000&actions=copy&statuses=1,2,3&fs_provider=0").await.status, StatusCode::OK);
}

// API-111, API-112
#[actix_web::test]
async fn export_has_all_that_match_whatever_the_limit() {
    let house = ready().await;
    let token = house.token("root").await;
    for name in ["a", "b", "c"] {
        assert_eq!(add(&house, &token, &house.user(name)).await.status, StatusCode::CREATED);
    }
    let answer = search(&house, &token, "provider?object_types=user&csv_export=true&limit=1&order=ASC").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"providerlogs-") && disposition.ends_with(".csv\""), "{disposition}");
    let lines: Vec<&str> = answer.text.split("\r\n").collect();
    assert_eq!(lines[0], "Time,Action,Object Type,Object Name,User,IP,Role");
    let cells = |line: &str| line.split(',').skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells(lines[1]), ["add", "user", "a", "root", "192.0.2.7", ""]);
    assert_eq!((lines.len(), lines[4]), (5, ""), "{}", answer.text);
    for (path, head) in [
        ("fs", "Time,Action,Path,Fs Path,Size,Elapsed,Status,User,Protocol,IP,SSH command,Role\r\n"),
        ("logs", "Time,Event,Protocol,User,IP,Message,Role\r\n"),
    ] {
        let answer = search(&house, &token, &format!("{path}?csv_export=true&username=nobody")).await;
        assert_eq!(answer.text, head, "nothing found is a head alone");
    }
}

// API-108, ACC-234, AUD-007
#[actix_web::test]
async fn role_administrators_search_their_role() {
    let house = ready().await;
    house.add_admin("clerk", &[P::ViewUsers]).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    for path in ["fs", "provider", "logs", "fs?csv_export=true"] {
        assert_eq!(search(&house, &clerk, path).await.status, StatusCode::FORBIDDEN);
    }
    let system = AdminSession::system();
    entrepot_core::admin::roles::add(&house.core, &system, Role { name: "sales".into(), ..Role::default() }).await.unwrap();
    let seller = Admin {
        username: "seller".into(),
        password: Some("seller-secret".into()),
        status: 1,
        role: "sales".into(),
        permissions: vec![P::ViewEvents],
        ..Admin::default()
    };
    entrepot_core::admin::admins::add(&house.core, &system, seller).await.unwrap();
    let mut own = house.user("own");
    own["role"] = json!("sales");
    for user in [own, house.user("other")] {
        assert_eq!(add(&house, &root, &user).await.status, StatusCode::CREATED);
    }
    let seller = house.token("seller").await;
    for query in
        ["provider?object_types=user", "provider?object_types=user&role=others", "provider?object_types=user&object_name=own"]
    {
        assert_eq!(names(&search(&house, &seller, query).await), ["own"], "{query}");
    }
    assert!(names(&search(&house, &seller, "provider?object_name=other").await).is_empty());
}
