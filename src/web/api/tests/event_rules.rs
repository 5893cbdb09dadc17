//! Event actions and rules from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::AdminPermission;
use serde_json::{Value, json};

use super::get;
use crate::testing::{Answer, House, fresh, ready};

const ACTIONS: &str = "/api/v2/eventactions";
const RULES: &str = "/api/v2/eventrules";

async fn post(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::post().uri(path).set_json(body)).await
}

async fn put(house: &House, token: &str, path: &str, body: &Value) -> Answer {
    house.with(token, TestRequest::put().uri(path).set_json(body)).await
}

async fn delete(house: &House, token: &str, path: &str) -> Answer {
    house.with(token, TestRequest::delete().uri(path)).await
}

async fn read(house: &House, token: &str, path: &str) -> Value {
    let answer = house.with(token, get(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

/// Adds what has to be there.
async fn given(house: &House, token: &str, path: &str, body: Value) -> Answer {
    let added = post(house, token, path, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    added
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, text: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains(text), "{answer:?}");
}

fn http(name: &str, endpoint: &str, password: Value) -> Value {
    json!({"name": name, "type": 1, "options": {"http_config": {"endpoint": endpoint, "method": "POST", "password": password}}})
}

fn mail(name: &str) -> Value {
    json!({"name": name, "type": 3, "options": {"email_config": {"recipients": ["a@b.example"], "subject": "{{.Event}}", "body": "b"}}})
}

fn rule(name: &str, trigger: i64, actions: &[&str]) -> Value {
    let actions: Vec<Value> = (1..).zip(actions).map(|(order, name)| json!({"name": name, "order": order})).collect();
    json!({"name": name, "status": 1, "trigger": trigger, "actions": actions,
        "conditions": {"fs_events": ["upload"], "provider_events": ["add"]}})
}

fn done(message: &str) -> Value {
    json!({"message": message})
}

// EVT-001, EVT-004, API-035, API-038, API-039, API-040, API-044, API-046
#[actix_web::test]
async fn actions_are_created_read_replaced_and_deleted() {
    let house = ready().await;
    let token = house.token("root").await;
    assert_eq!(house.with(&token, get(ACTIONS)).await.text, "[]");
    let added = given(&house, &token, ACTIONS, mail("send it")).await;
    let path = added.header("location").to_owned();
    assert_eq!(path, "/api/v2/eventactions/send%20it");
    assert_eq!(post(&house, &token, ACTIONS, &mail(" send it ")).await.status, StatusCode::CONFLICT);
    assert_eq!(read(&house, &token, &path).await, added.json());
    given(&house, &token, RULES, rule("r", 1, &["send it"])).await;
    assert_eq!(read(&house, &token, &path).await["rules"], json!(["r"]));
    assert_refused(&delete(&house, &token, &path).await, StatusCode::BAD_REQUEST, "\"r\"");
    // The type may change, options of other types go (EVT-006).
    let other = json!({"name": "renamed", "type": 11, "options": {"pwd_expiration_config": {"threshold": 3}, "cmd_config": {"cmd": "/x"}}});
    assert_eq!(put(&house, &token, &path, &other).await.json(), done("Event action updated"));
    let after = read(&house, &token, &path).await;
    assert_eq!((&after["name"], &after["options"]), (&json!("send it"), &json!({"pwd_expiration_config": {"threshold": 3}})));
    assert_eq!(read(&house, &token, RULES).await[0]["actions"][0]["type"], 11);
    assert_eq!(delete(&house, &token, &format!("{RULES}/r")).await.json(), done("Event rule deleted"));
    assert_eq!(delete(&house, &token, &path).await.json(), done("Event action deleted"));
    for answer in
        [house.with(&token, get(&path)).await, put(&house, &token, &path, &other).await, delete(&house, &token, &path).await]
    {
        assert_refused(&answer, StatusCode::NOT_FOUND, "Not Found");
    }
}

// SEC-007, SEC-008, SEC-011, SEC-012, SEC-014, SEC-015, SEC-019, API-045
#[actix_web::test]
async fn secrets_of_actions_are_sealed_hidden_and_kept() {
    let house = ready().await;
    let token = house.token("root").await;
    let plain = json!({"status": "Plain", "payload": "hunter2"});
    let added = given(&house, &token, ACTIONS, http("h", "https://a.example/x", plain.clone())).await;
    let path = format!("{ACTIONS}/h");
    let secret = |action: &Value| action["options"]["http_config"]["password"].clone();
    assert!(!added.text.contains("hunter2") && !added.text.contains("additional_data"), "{}", added.text);
    let shown = read(&house, &token, &format!("{path}?confidential_data=1")).await;
    assert_eq!((&secret(&shown)["status"], &secret(&shown)["additional_data"]), (&json!("AES-256-GCM"), &json!("action_h")));
    // What GET answers can be sent back.
    let hidden = read(&house, &token, &path).await;
    assert_eq!(put(&house, &token, &path, &hidden).await.status, StatusCode::OK);
    let confidential = format!("{path}?confidential_data=1");
    assert_eq!(secret(&read(&house, &token, &confidential).await), secret(&shown));
    // Not to another server.
    let elsewhere = http("h", "https://b.example/x", json!({"status": "Redacted"}));
    assert_refused(&put(&house, &token, &path, &elsewhere).await, StatusCode::BAD_REQUEST, "password");
    assert_refused(
        &post(&house, &token, ACTIONS, &http("i", "https://a", json!({"status": "Redacted"}))).await,
        StatusCode::BAD_REQUEST,
        "redacted",
    );
    // In rules they are hidden, too.
    given(&house, &token, RULES, rule("r", 1, &["h"])).await;
    let in_rule = house.with(&token, get(RULES)).await.text;
    assert!(in_rule.contains("a.example") && !in_rule.contains("additional_data"), "{in_rule}");
    let whole = house.with(&token, get(&format!("{RULES}/r?confidential_data=1"))).await.text;
    assert!(whole.contains("additional_data"), "{whole}");
    assert_eq!(put(&house, &token, &path, &http("h", "https://a.example/x", json!({}))).await.status, StatusCode::OK);
    assert!(secret(&read(&house, &token, &confidential).await).is_null());
}

// ACC-234, ACC-235
#[actix_web::test]
async fn only_full_administrators_manage_rules() {
    let house = ready().await;
    let permissions: Vec<_> = AdminPermission::ALL.into_iter().filter(|permission| *permission != AdminPermission::Any).collect();
    house.add_admin("clerk", &permissions).await;
    let (root, clerk) = (house.token("root").await, house.token("clerk").await);
    given(&house, &root, ACTIONS, mail("m")).await;
    given(&house, &root, RULES, rule("r", 6, &["m"])).await;
    for (collection, name, body) in [(ACTIONS, "m", mail("n")), (RULES, "r", rule("s", 6, &["m"]))] {
        let one = format!("{collection}/{name}");
        for answer in [
            house.with(&clerk, get(collection)).await,
            house.with(&clerk, get(&one)).await,
            post(&house, &clerk, collection, &body).await,
            put(&house, &clerk, &one, &body).await,
            delete(&house, &clerk, &one).await,
            post(&house, &clerk, &format!("{RULES}/run/r"), &json!({})).await,
        ] {
            assert_eq!((answer.status, &answer.json()["message"]), (StatusCode::FORBIDDEN, &json!("Forbidden")));
        }
        assert_eq!(house.get(collection).await.status, StatusCode::UNAUTHORIZED);
    }
}

// API-006, API-115, ACT-011, ACT-087, EVT-003, EVT-036, TPL-001
#[actix_web::test]
async fn wrong_actions_and_rules_are_refused_and_change_nothing() {
    let house = fresh(|settings| {
        settings.common.event_manager.enabled_commands = vec!["/bin/a".into()];
        settings.hook.enabled_action_commands = vec!["/bin/b".into()];
    })
    .await;
    house.add_admin("root", &[AdminPermission::Any]).await;
    let token = house.token("root").await;
    let command =
        |cmd: &str| json!({"name": cmd.rsplit('/').next(), "type": 2, "options": {"cmd_config": {"cmd": cmd, "timeout": 5}}});
    given(&house, &token, ACTIONS, command("/bin/a")).await;
    given(&house, &token, ACTIONS, command("/bin/b")).await;
    let retention = json!({"folders": [{"path": "/", "retention": 1}], "archive_folder": "none"});
    let check = json!({"name": "c", "type": 13, "options": {"idp_config": {"template_user": "{}"}}});
    let mut template = mail("t");
    template["options"]["email_config"]["subject"] = json!("{{.Subject}}");
    for (body, text) in [
        (command("/bin/c"), "Validation error: options.cmd_config.cmd"),
        (template, "Validation error: options.email_config.subject"),
        (json!({"name": "x", "type": 10}), "Validation error: type"),
        (json!({"name": "x", "type": 8, "options": {"retention_config": retention}}), "retention_config.archive_folder"),
    ] {
        assert_refused(&post(&house, &token, ACTIONS, &body).await, StatusCode::BAD_REQUEST, text);
    }
    given(&house, &token, ACTIONS, check.clone()).await;
    for (body, text) in [
        (rule("r", 1, &["none"]), "unknown event action \"none\""),
        (rule("r", 1, &[]), "actions"),
        (rule("r", 1, &["a", "a"]), "duplicated"),
        (rule("r", 1, &["c"]), "identity provider"),
        (rule("r", 9, &["a"]), "trigger"),
    ] {
        assert_refused(&post(&house, &token, RULES, &body).await, StatusCode::BAD_REQUEST, text);
    }
    assert_eq!(house.with(&token, get(RULES)).await.text, "[]");
    // EVT-005: an action cannot become what one of its rules cannot have.
    given(&house, &token, RULES, rule("r", 1, &["a"])).await;
    assert_refused(&put(&house, &token, &format!("{ACTIONS}/a"), &check).await, StatusCode::BAD_REQUEST, "\"r\"");
    assert_eq!(read(&house, &token, &format!("{ACTIONS}/a")).await["type"], 2);
    assert_refused(&put(&house, &token, &format!("{RULES}/r"), &rule("r", 1, &["none"])).await, StatusCode::BAD_REQUEST, "none");
    assert_eq!(read(&house, &token, &format!("{RULES}/r")).await["actions"][0]["name"], "a");
}

// EVT-002, EVT-069, API-028, API-035, API-038, API-041
#[actix_web::test]
async fn rules_come_back_as_they_were_saved() {
    let house = ready().await;
    let token = house.token("root").await;
    for name in ["one", "two"] {
        given(&house, &token, ACTIONS, mail(name)).await;
    }
    let body = json!({"name": "r", "status": 1, "description": "d", "trigger": 1,
        "conditions": {"fs_events": ["pre-upload", "upload"], "options": {"names": [{"pattern": "b*"}, {"pattern": "a*", "inverse_match": true}],
            "fs_paths": [{"pattern": "/x/**"}], "protocols": ["SFTP"], "min_size": 1, "event_statuses": [1]}},
        "actions": [
            {"name": "two", "order": 9, "relation_options": {"is_failure_action": true}},
            {"name": "one", "order": 3, "relation_options": {"execute_sync": true, "stop_on_failure": true}}]});
    let added = given(&house, &token, RULES, body.clone()).await;
    assert_eq!(added.header("location"), "/api/v2/eventrules/r");
    let read_back = read(&house, &token, "/api/v2/eventrules/r").await;
    assert_eq!(read_back["conditions"], body["conditions"]);
    let action = &read_back["actions"][0];
    assert_eq!((&action["name"], &action["order"], &action["type"]), (&json!("one"), &json!(3), &json!(3)));
    assert_eq!(action["relation_options"], json!({"is_failure_action": false, "stop_on_failure": true, "execute_sync": true}));
    assert_eq!(read_back["actions"][1]["name"], "two");
    // What GET answers can be sent back.
    assert_eq!(put(&house, &token, "/api/v2/eventrules/r", &read_back).await.json(), done("Event rule updated"));
    let again = read(&house, &token, "/api/v2/eventrules/r").await;
    assert_eq!(
        (&again["actions"], &again["created_at"], &again["id"]),
        (&read_back["actions"], &read_back["created_at"], &read_back["id"])
    );
    assert_eq!(put(&house, &token, "/api/v2/eventrules/r", &rule("renamed", 6, &["one"])).await.status, StatusCode::OK);
    let replaced = read(&house, &token, "/api/v2/eventrules/r").await;
    assert_eq!((&replaced["name"], &replaced["conditions"], replaced.get("description")), (&json!("r"), &json!({}), None));
    given(&house, &token, RULES, rule("q", 6, &["one"])).await;
    let names =
        |list: Value| list.as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(read(&house, &token, &format!("{RULES}?order=DESC")).await), ["r", "q"]);
    assert_eq!(names(read(&house, &token, &format!("{RULES}?limit=1&offset=1")).await), ["r"]);
}

// API-114, EVT-008, EVT-035, EVT-039, EVT-060
#[actix_web::test]
async fn running_a_rule_says_what_is_in_the_way() {
    let house = ready().await;
    let token = house.token("root").await;
    given(&house, &token, ACTIONS, mail("m")).await;
    let mut with_file = mail("file");
    with_file["options"]["email_config"]["attachments"] = json!(["/a"]);
    given(&house, &token, ACTIONS, with_file).await;
    let mut disabled = rule("disabled", 6, &["m"]);
    disabled["status"] = json!(0);
    for body in [disabled, rule("upload", 1, &["m"]), rule("misfit", 6, &["file"]), rule("good one", 6, &["m"])] {
        given(&house, &token, RULES, body).await;
    }
    for (name, status, text) in [
        ("none", StatusCode::NOT_FOUND, "Not Found"),
        ("disabled", StatusCode::BAD_REQUEST, "disabled"),
        ("upload", StatusCode::BAD_REQUEST, "on demand"),
        ("misfit", StatusCode::BAD_REQUEST, "\"file\""),
        ("good%20one", StatusCode::SERVICE_UNAVAILABLE, "event rules are stored; this build has no engine that executes them"),
    ] {
        assert_refused(&post(&house, &token, &format!("{RULES}/run/{name}"), &json!({})).await, status, text);
    }
    let wrong_method = house.with(&token, get(&format!("{RULES}/run/upload"))).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
}
