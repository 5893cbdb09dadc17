use serde_json::{Value, json};

use crate::event_rule::EventRule;
use crate::validation::{FieldError, ValidationRules};

fn rule(change: &Value) -> EventRule {
    let mut rule = json!({"name": "r", "status": 1, "trigger": 1, "conditions": {"fs_events": ["upload"]},
        "actions": [{"name": "a", "order": 1, "type": 3}]});
    for (member, value) in change.as_object().unwrap() {
        rule[member] = value.clone();
    }
    serde_json::from_value(rule).unwrap()
}

fn check(change: &Value) -> Result<EventRule, FieldError> {
    let mut rule = rule(change);
    rule.validate(&ValidationRules::default()).map(|()| rule)
}

#[track_caller]
fn refused(change: &Value, named: &str) {
    let error = check(change).expect_err(&change.to_string());
    assert!(error.to_string().contains(named), "{change}: {error}");
}

#[track_caller]
fn conditions(trigger: i64, conditions: &Value) -> Value {
    let rule =
        check(&json!({"trigger": trigger, "conditions": conditions})).unwrap_or_else(|error| panic!("{conditions}: {error}"));
    serde_json::to_value(&rule.conditions).unwrap()
}

#[test]
fn rules_have_names_triggers_and_actions() {
    // EVT-001, EVT-003, EVT-009, EVT-010
    assert!(check(&json!({})).is_ok());
    refused(&json!({"name": ""}), "name");
    refused(&json!({"status": 2}), "status");
    refused(&json!({"description": "x".repeat(513)}), "description");
    refused(&json!({"trigger": 8}), "trigger");
    refused(&json!({"actions": []}), "at least one action");
    refused(&json!({"actions": [{"name": "a", "relation_options": {"is_failure_action": true}}]}), "at least one action");
    refused(&json!({"actions": [{"name": " "}]}), "mandatory");
    refused(&json!({"actions": [{"name": "a", "order": 1}, {"name": " a", "order": 2}]}), "duplicated");
    refused(&json!({"actions": [{"name": "a", "order": 1}, {"name": "b", "order": 1}]}), "order");
    let ordered = check(&json!({"actions": [{"name": "b", "order": 7}, {"name": "a", "order": -1}]})).unwrap();
    assert_eq!(ordered.actions.iter().map(|action| action.action.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn only_conditions_of_the_trigger_are_kept() {
    // EVT-010…EVT-015, EVT-023, EVT-024, EVT-026, EVT-028, EVT-030
    let name = json!([{"pattern": "a*"}]);
    let everything = json!({"fs_events": ["upload"], "provider_events": ["add"], "idp_login_event": 2,
        "schedules": [{"hour": "1", "day_of_week": "*", "day_of_month": "*", "month": "*"}],
        "options": {"names": name, "group_names": name, "role_names": name, "fs_paths": name, "protocols": ["SFTP"],
            "provider_objects": ["user"], "min_size": 1, "max_size": 2, "event_statuses": [1], "concurrent_execution": true}});
    let kept = |trigger: i64| {
        let value = conditions(trigger, &everything);
        let keys = |value: &Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        (keys(&value), keys(&value["options"]))
    };
    let people = "group_names names role_names";
    assert_eq!(
        kept(1),
        (
            "fs_events options".into(),
            format!("event_statuses fs_paths {} protocols role_names", "group_names max_size min_size names")
        )
    );
    assert_eq!(kept(2), ("options provider_events".into(), "group_names names provider_objects role_names".into()));
    assert_eq!(kept(3), ("options schedules".into(), people.into()));
    assert_eq!(kept(4), (String::new(), String::new()));
    assert_eq!(kept(5), (String::new(), String::new()));
    assert_eq!(kept(6), ("options".into(), people.into()));
    assert_eq!(kept(7), ("idp_login_event options".into(), "names".into()));
}

#[test]
fn events_and_schedules_are_required_and_known() {
    // EVT-011…EVT-014, SCH-005
    for (trigger, wrong, named) in [
        (1, json!({}), "fs_events"),
        (1, json!({"fs_events": ["upload", "chmod"]}), "fs_events"),
        (2, json!({}), "provider_events"),
        (2, json!({"provider_events": ["rename"]}), "provider_events"),
        (3, json!({}), "schedules"),
        (3, json!({"schedules": [{"hour": "25", "day_of_week": "*", "day_of_month": "*", "month": "*"}]}), "hour"),
        (7, json!({"idp_login_event": 3}), "idp_login_event"),
    ] {
        refused(&json!({"trigger": trigger, "conditions": wrong}), named);
    }
}

#[test]
fn options_of_conditions() {
    // EVT-016…EVT-018, EVT-021, EVT-022, EVT-024, EVT-025, EVT-026, EVT-069
    let options = |options: Value| json!({"fs_events": ["upload"], "options": options});
    let patterns = json!([{"pattern": "/b/**", "inverse_match": true}, {"pattern": "a\\b\\*.TXT", "match_fs_path": true}, {"pattern": "/a/*"}]);
    let saved = conditions(
        1,
        &options(json!({"fs_paths": patterns, "names": [{"pattern": "x", "match_fs_path": true}], "event_statuses": [0, 3, 3]})),
    );
    assert_eq!(
        saved["options"]["fs_paths"],
        json!([{"pattern": "/b/**", "inverse_match": true}, {"pattern": "a/b/*.TXT", "match_fs_path": true}, {"pattern": "/a/*"}])
    );
    assert_eq!((&saved["options"]["names"], &saved["options"]["event_statuses"]), (&json!([{"pattern": "x"}]), &json!([3])));
    for (wrong, named) in [
        (json!({"names": [{"pattern": "["}]}), "names"),
        (json!({"group_names": [{"pattern": ""}]}), "group_names"),
        (json!({"role_names": [{"pattern": "a\\"}]}), "role_names"),
        (json!({"fs_paths": [{"pattern": "/**/[z-a]"}]}), "fs_paths"),
        (json!({"protocols": ["SMB"]}), "protocols"),
        (json!({"min_size": -1}), "min_size"),
        (json!({"max_size": -1}), "max_size"),
        (json!({"min_size": 2, "max_size": 1}), "min_size"),
        (json!({"event_statuses": [4]}), "event_statuses"),
    ] {
        refused(&json!({"conditions": options(wrong)}), named);
    }
    assert!(check(&json!({"conditions": options(json!({"min_size": 2, "max_size": 0}))})).is_ok());
    let objects = json!({"provider_events": ["add"], "options": {"provider_objects": ["file"]}});
    refused(&json!({"trigger": 2, "conditions": objects}), "provider_objects");
}

/// An action with options of the relation.
fn action(name: &str, order: i64, kind: i64, options: &[&str]) -> Value {
    let options: serde_json::Map<String, Value> = options.iter().map(|option| ((*option).to_owned(), json!(true))).collect();
    json!({"name": name, "order": order, "type": kind, "relation_options": options})
}

#[test]
fn waiting_for_actions_has_its_events() {
    // EVT-031
    let sync = json!([action("a", 1, 2, &["execute_sync"])]);
    for events in [json!(["upload"]), json!(["pre-upload", "pre-delete"]), json!(["pre-download", "upload"])] {
        assert!(check(&json!({"actions": sync, "conditions": {"fs_events": events}})).is_ok(), "{events}");
    }
    assert!(check(&json!({"actions": sync, "trigger": 7})).is_ok());
    refused(&json!({"actions": sync, "conditions": {"fs_events": ["upload", "rename"]}}), "execute_sync");
    refused(&json!({"actions": sync, "trigger": 6}), "execute_sync");
    refused(&json!({"conditions": {"fs_events": ["upload", "pre-upload"]}}), "pre-");
    let failing = json!([action("b", 0, 3, &[]), action("a", 1, 2, &["execute_sync", "is_failure_action"])]);
    refused(&json!({"actions": failing}), "failure action");
}

#[test]
fn staged_actions_stand_alone() {
    // EVT-050, EVT-072, EVT-073
    let staged = action("a", 1, 17, &["execute_before_file_publish", "execute_sync"]);
    assert!(check(&json!({"actions": [staged, action("f", 2, 3, &["is_failure_action"])]})).is_ok());
    refused(&json!({"actions": [staged, action("b", 2, 3, &[])]}), "execute_before_file_publish");
    refused(&json!({"actions": [staged], "conditions": {"fs_events": ["upload", "pre-upload"]}}), "execute_before_file_publish");
    refused(
        &json!({"actions": [action("a", 1, 17, &["execute_before_file_publish"])], "trigger": 6}),
        "execute_before_file_publish",
    );
}

#[test]
fn account_checks_belong_to_logins() {
    // EVT-036
    let types = |trigger: i64, actions: Value| rule(&json!({"trigger": trigger, "actions": actions})).check_action_types();
    let sync = action("a", 1, 13, &["execute_sync"]);
    assert!(types(7, json!([sync, action("b", 2, 3, &[])])).is_ok());
    assert!(types(1, json!([sync])).is_err());
    assert!(types(7, json!([action("a", 1, 13, &[])])).is_err());
    assert!(types(7, json!([sync, action("b", 2, 1, &["execute_sync"])])).is_err());
}

#[test]
fn what_cannot_run_is_stored_and_told() {
    // EVT-032, EVT-033, EVT-035, EVT-039
    let runs = |trigger: i64, actions: Value| {
        let rule = rule(
            &json!({"trigger": trigger, "actions": actions, "conditions": {"fs_events": ["upload"], "provider_events": ["add"]}}),
        );
        rule.check_runnable().is_ok()
    };
    assert!(!runs(1, json!([action("a", 1, 6, &[])])));
    for kind in [5, 6, 7, 8, 9, 11, 12] {
        assert!(!runs(4, json!([action("a", 1, kind, &[])])), "{kind}");
        assert!(!runs(5, json!([action("a", 1, kind, &[])])), "{kind}");
        assert!(runs(3, json!([action("a", 1, kind, &[])])), "{kind}");
    }
    let mut files = action("a", 1, 9, &[]);
    files["options"] = json!({"fs_config": {"type": 2, "folder": "f"}});
    assert!(runs(4, json!([files])));
    let mut mail = action("m", 2, 3, &[]);
    mail["options"] = json!({"email_config": {"attachments": ["/a"]}});
    for (trigger, expected) in [(1, true), (2, true), (3, false), (4, false), (6, false), (7, false)] {
        assert_eq!(runs(trigger, json!([mail])), expected, "{trigger}");
        assert!(runs(trigger, json!([action("b", 1, 4, &[]), mail])), "{trigger}");
    }
    assert!(check(&json!({"actions": [action("a", 1, 6, &[])]})).is_ok());
}
