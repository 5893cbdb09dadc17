//! Event actions, event rules and shares: their events, and backups of them.

use entrepot_model::{BaseEventAction, EventRule, Group, Share};
use serde_json::{Value, json};

use super::*;

fn action(value: Value) -> BaseEventAction {
    serde_json::from_value(value).expect("action")
}

fn http(name: &str) -> BaseEventAction {
    let password = json!({"status": "Plain", "payload": "swordfish"});
    let config = json!({"endpoint": "https://h.example", "method": "POST", "password": password});
    action(json!({"name": name, "type": 1, "options": {"http_config": config}}))
}

fn rule(name: &str, action: &str) -> EventRule {
    let actions = json!([{"name": action, "order": 1}]);
    serde_json::from_value(json!({"name": name, "status": 1, "trigger": 6, "actions": actions})).expect("rule")
}

fn share(id: &str, password: &str) -> Share {
    let share = json!({"id": id, "scope": 1, "paths": ["/a"], "username": "alice", "password": password, "created_at": 5, "updated_at": 6,
        "last_use_at": 7, "expires_at": 8, "max_tokens": 9, "used_tokens": 3, "groups": [{"group_name": "g", "permissions": 3}]});
    serde_json::from_value(share).expect("share")
}

fn data(event: &ProviderEvent) -> String {
    let data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &event.object_data).expect("base64");
    String::from_utf8(data).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_actions_and_rules_are_recorded_without_secrets() {
    // API-048, EVT-066, LMT-004
    let house = house(|_| {}).await;
    let root = session(&[P::Any]);
    event_actions::add(&house.core, &root, http("call")).await.expect("added");
    event_rules::add(&house.core, &root, rule("r", "call")).await.expect("added");
    event_rules::update(&house.core, &root, "r", rule("r", "call")).await.expect("updated");
    event_rules::delete(&house.core, &root, "r").await.expect("deleted");
    event_actions::update(&house.core, &root, "call", http("call")).await.expect("updated");
    event_actions::delete(&house.core, &root, "call").await.expect("deleted");
    let events = events(&house).await;
    let mut kinds: Vec<_> = events.iter().map(|event| format!("{} {}", event.object_type, event.action)).collect();
    kinds.sort_unstable();
    let expected = [
        "event_action add",
        "event_action delete",
        "event_action update",
        "event_rule add",
        "event_rule delete",
        "event_rule update",
    ];
    assert_eq!(kinds, expected);
    for event in &events {
        let data = data(event);
        assert!(data.contains("h.example") && !data.contains("swordfish") && !data.contains("additional_data"), "{data}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_of_actions_and_rules_are_complete() {
    // API-089, API-093, API-095, API-097, SEC-016, ACT-087
    let first = house(|_| {}).await;
    let archive = json!({"folders": [{"path": "/", "retention": 1}], "archive_folder": "gone"});
    let retention = action(json!({"name": "old", "type": 8, "options": {"retention_config": archive}}));
    assert!(event_actions::add(&first.core, &system(), retention.clone()).await.is_err());
    event_actions::restore(&first.core, &system(), retention, false).await.expect("restored");
    event_actions::restore(&first.core, &system(), http("call"), false).await.expect("restored");
    event_rules::restore(&first.core, &system(), EventRule { created_at: 7, ..rule("r", "call") }, false)
        .await
        .expect("restored");
    let (actions, rules) =
        (event_actions::all(&first.core).await.expect("all"), event_rules::all(&first.core).await.expect("all"));
    let second = house(|_| {}).await;
    assert!(event_rules::restore(&second.core, &system(), rules[0].clone(), false).await.is_err(), "its action is missing");
    for action in &actions {
        assert_eq!(event_actions::restore(&second.core, &system(), action.clone(), false).await, Ok(false));
    }
    assert_eq!(event_rules::restore(&second.core, &system(), rules[0].clone(), false).await, Ok(false));
    let without_id = |actions: Vec<BaseEventAction>| actions.into_iter().map(|action| BaseEventAction { id: 0, ..action });
    let again = event_actions::all(&second.core).await.expect("all");
    assert!(without_id(again).eq(without_id(actions)));
    let restored = event_rules::all(&second.core).await.expect("all").remove(0);
    assert_eq!((restored.created_at, restored.actions[0].action.name.as_str()), (7, "call"));
    let secret = &restored.actions[0].action.options.http_config.password;
    assert_eq!(sealing::open(&second.core.0.sealer, secret).expect("opens").as_slice(), b"swordfish");
    // Add only: what exists stays (API-092).
    let other = action(json!({"name": "call", "type": 4}));
    assert_eq!(event_actions::restore(&second.core, &system(), other.clone(), true).await, Ok(true));
    assert_eq!(event_actions::get(&second.core, &system(), "call", false).await.expect("call").kind, 1);
    assert_eq!(event_actions::restore(&second.core, &system(), other, false).await, Ok(true));
    assert_eq!(event_actions::get(&second.core, &system(), "call", false).await.expect("call").kind, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_come_back_with_hash_uses_and_times() {
    // API-096, API-097, API-164, API-229, SEC-039, SEC-040
    let house = house(|_| {}).await;
    let hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    assert!(matches!(shares::restore(&house.core, &system(), share("x", hash), false).await, Err(Error::Conflict(_))));
    users::add(&house.core, &system(), house.user("alice")).await.expect("added");
    groups::add(&house.core, &system(), Group { name: "g".into(), ..Group::default() }).await.expect("added");
    assert_eq!(shares::restore(&house.core, &system(), share("x", hash), false).await, Ok(false));
    let stored_share = shares::all(&house.core).await.expect("all").remove(0);
    assert_eq!(stored_share, Share { name: "x".into(), ..share("x", hash) });
    assert_eq!(shares::restore(&house.core, &system(), share("x", "plain"), true).await, Ok(true));
    assert_eq!(shares::all(&house.core).await.expect("all")[0].password, hash);
    assert_eq!(shares::restore(&house.core, &system(), share("x", "plain"), false).await, Ok(true));
    let hashed = shares::all(&house.core).await.expect("all").remove(0).password;
    assert_eq!(entrepot_secrets::password::verify(&hashed, b"plain"), Ok(true));
    // `$6$` is no hash of a share: it is a password like others.
    shares::restore(&house.core, &system(), share("y", "$6$salt$x"), false).await.expect("restored");
    assert!(!shares::all(&house.core).await.expect("all")[1].password.starts_with("$6$"));
    for wrong in ["[**redacted**]", "$2a$broken", " "] {
        let refused = shares::restore(&house.core, &system(), share("z", wrong), false).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{wrong} {refused:?}");
    }
    let of_shares: Vec<_> = events(&house).await.into_iter().filter(|event| event.object_type == "share").collect();
    assert!(
        of_shares.len() == 3 && of_shares.iter().all(|event| !data(event).contains("$2a$") && !data(event).contains("plain"))
    );
}
