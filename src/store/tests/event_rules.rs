//! Event actions, event rules, and what ties them together.

use entrepot_model::{BaseEventAction, EventAction, EventRule};

use super::{NOW, on_disk};
use crate::{ListOptions, ObjectKind, Store, StoreError};

fn action(name: &str, kind: i64) -> BaseEventAction {
    BaseEventAction { name: name.into(), kind, description: format!("does {name}"), ..BaseEventAction::default() }
}

fn member(name: &str, order: i64, is_sync: bool) -> EventAction {
    let mut member = EventAction { action: action(name, 0), order, ..EventAction::default() };
    member.relation_options.execute_sync = is_sync;
    member
}

fn rule(name: &str, trigger: i64, actions: Vec<EventAction>) -> EventRule {
    EventRule { name: name.into(), status: 1, trigger, actions, ..EventRule::default() }
}

async fn with_actions(store: &Store, actions: &[(&str, i64)]) {
    for (name, kind) in actions {
        store.event_actions().insert(action(name, *kind)).await.expect("action");
    }
}

fn names(rule: &EventRule) -> Vec<(&str, i64, i64)> {
    rule.actions.iter().map(|member| (member.action.name.as_str(), member.action.kind, member.order)).collect()
}

// EVT-001, EVT-002
#[tokio::test]
async fn rules_carry_their_whole_actions_in_order() {
    let (_directory, store) = on_disk();
    with_actions(&store, &[("mail", 3), ("copy", 9)]).await;
    let mut saved = rule("r", 7, vec![member("mail", 5, false), member("copy", -1, true)]);
    saved.actions[0].relation_options.is_failure_action = true;
    saved.conditions.idp_login_event = 2;
    let added = store.event_rules().insert(saved, NOW).await.expect("rule");
    let read = store.event_rules().get("r").await.expect("get").expect("rule");
    assert_eq!(added, read);
    assert_eq!(names(&read), [("copy", 9, -1), ("mail", 3, 5)]);
    assert_eq!(read.actions[1].action.description, "does mail");
    assert!(read.actions[0].relation_options.execute_sync && read.actions[1].relation_options.is_failure_action);
    assert_eq!((read.status, read.trigger, read.conditions.idp_login_event, read.created_at), (1, 7, 2, NOW));
}

// API-115
#[tokio::test]
async fn unknown_actions_save_nothing() {
    let (_directory, store) = on_disk();
    with_actions(&store, &[("mail", 3)]).await;
    let rules = store.event_rules();
    let wrong = || rule("r", 6, vec![member("mail", 1, false), member("none", 2, false)]);
    let error = StoreError::Reference { kind: ObjectKind::EventAction, name: "none".into() };
    assert_eq!(rules.insert(wrong(), NOW).await, Err(error.clone()));
    assert!(rules.get("r").await.expect("get").is_none());
    rules.insert(rule("r", 6, vec![member("mail", 1, false)]), NOW).await.expect("rule");
    assert_eq!(rules.update(wrong(), NOW + 1).await, Err(error));
    let kept = rules.get("r").await.expect("get").expect("rule");
    assert_eq!((names(&kept), kept.updated_at), (vec![("mail", 3, 1)], NOW));
}

// EVT-004, API-046
#[tokio::test]
async fn actions_in_use_stay() {
    let (_directory, store) = on_disk();
    with_actions(&store, &[("mail", 3)]).await;
    for name in ["b", "a"] {
        store.event_rules().insert(rule(name, 6, vec![member("mail", 1, false)]), NOW).await.expect("rule");
    }
    let actions = store.event_actions();
    assert_eq!(actions.get("mail").await.expect("get").expect("mail").rules, ["a", "b"]);
    let error = actions.delete("mail").await.expect_err("in use");
    assert!(error.to_string().contains("in use by \"a\", \"b\""), "{error}");
    store.event_rules().delete("a").await.expect("deleted");
    store.event_rules().delete("b").await.expect("deleted");
    assert_eq!(actions.list(ListOptions::all()).await.expect("list")[0].rules.len(), 0);
    actions.delete("mail").await.expect("deleted");
    assert_eq!(actions.count(ListOptions::all()).await, Ok(0));
}

// EVT-005, EVT-036
#[tokio::test]
async fn actions_change_only_as_far_as_their_rules_allow() {
    let (_directory, store) = on_disk();
    with_actions(&store, &[("one", 3)]).await;
    store.event_rules().insert(rule("r", 6, vec![member("one", 1, false)]), NOW).await.expect("rule");
    let actions = store.event_actions();
    let error = actions.update(action("one", 13), NOW + 1).await.expect_err("account check");
    assert!(matches!(&error, StoreError::Invalid { name, .. } if name == "r"), "{error}");
    assert_eq!(actions.get("one").await.expect("get").expect("one").kind, 3);
    actions.update(action("one", 2), NOW + 2).await.expect("updated");
    let rule_after = store.event_rules().get("r").await.expect("get").expect("rule");
    assert_eq!((names(&rule_after), rule_after.updated_at), (vec![("one", 2, 1)], NOW + 2));
    with_actions(&store, &[("check", 13)]).await;
    let wrong = rule("s", 6, vec![member("check", 1, false)]);
    assert!(matches!(store.event_rules().insert(wrong, NOW).await, Err(StoreError::Invalid { .. })));
    assert!(store.event_rules().get("s").await.expect("get").is_none());
}

// API-042, API-095
#[tokio::test]
async fn rules_from_backups_keep_their_age() {
    let (_directory, store) = on_disk();
    with_actions(&store, &[("mail", 3)]).await;
    let old = EventRule { created_at: 7, ..rule("r", 6, vec![member("mail", 1, false)]) };
    assert_eq!(store.event_rules().restore(old.clone(), NOW).await.expect("restored").created_at, 7);
    assert_eq!(store.event_rules().update(EventRule { created_at: 9, ..old.clone() }, NOW).await.expect("updated").created_at, 7);
    store.event_rules().delete("r").await.expect("deleted");
    assert_eq!(store.event_rules().insert(old, NOW).await.expect("added").created_at, NOW);
}
