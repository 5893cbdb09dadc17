use serde_json::{Value, json};

use super::{BaseEventAction, FieldError, ValidationRules};

fn rules() -> ValidationRules {
    ValidationRules { is_new: true, enabled_commands: vec!["/usr/bin/scan".into()], ..ValidationRules::default() }
}

fn check(kind: i64, options: &Value) -> Result<BaseEventAction, FieldError> {
    let mut action: BaseEventAction =
        serde_json::from_value(json!({"name": " a ", "type": kind, "options": options, "rules": ["x"]})).unwrap();
    action.validate(&rules()).map(|()| action)
}

/// What is saved of the section.
#[track_caller]
fn saved(kind: i64, section: &str, config: &Value) -> Value {
    let action = check(kind, &json!({section: config})).unwrap_or_else(|error| panic!("{config}: {error}"));
    serde_json::to_value(&action).unwrap()["options"][section].clone()
}

/// Fails unless `change`d members of a good section are refused by a message that names the field.
#[track_caller]
fn refused(kind: i64, section: &str, good: &Value, cases: &[(Value, &str)]) {
    for (change, named) in cases {
        let mut config = good.clone();
        for (member, value) in change.as_object().unwrap() {
            config[member] = value.clone();
        }
        let error = check(kind, &json!({section: config})).expect_err(&change.to_string());
        assert!(error.message.contains(named) && error.field.starts_with("options."), "{change}: {error} ({})", error.field);
    }
}

fn plain(payload: &str) -> Value {
    json!({"status": "Plain", "payload": payload})
}

// UI-226
#[test]
fn everything_that_is_wrong_with_an_action_is_told_at_once() {
    for (kind, section, config, wrong) in [
        (16, "imap_config", json!({"endpoint": "x", "auth_type": 1}), "endpoint username client_id client_secret refresh_token"),
        (
            17,
            "icap_config",
            json!({"endpoint": "x", "method": "GET", "timeout": -1}),
            "endpoint method timeout paths block_action",
        ),
        (8, "retention_config", json!({"folders": [], "archive_folder": " x "}), "folders"),
    ] {
        let error = check(kind, &json!({section: config})).unwrap_err();
        let all = std::iter::once(&error.field).chain(error.others.iter().map(|other| &other.field));
        let names: Vec<&str> = all.filter_map(|field| field.rsplit('.').next()).collect();
        assert!(names.join(" ").starts_with(wrong), "{section}: {names:?}");
    }
}

#[test]
fn names_and_types() {
    // EVT-001, EVT-006, EVT-009
    let action = check(4, &json!({"http_config": {"endpoint": "x"}})).unwrap();
    assert_eq!((action.name.as_str(), action.rules.len()), ("a", 0));
    assert_eq!(serde_json::to_value(&action.options).unwrap(), json!({}));
    for kind in [0, 10, 20, -1] {
        assert_eq!(check(kind, &json!({})).unwrap_err().field, "type");
    }
    for kind in [4, 5, 6, 7, 12, 15] {
        assert!(check(kind, &json!({})).is_ok(), "{kind}");
    }
    let mut long = BaseEventAction { name: "a/b".into(), kind: 4, ..BaseEventAction::default() };
    assert_eq!(long.validate(&rules()).unwrap_err().field, "name");
    long = BaseEventAction { name: "a".into(), kind: 4, description: "x".repeat(513), ..BaseEventAction::default() };
    assert_eq!(long.validate(&rules()).unwrap_err().field, "description");
}

#[test]
fn http_requests() {
    // ACT-001, ACT-002, ACT-004, ACT-005, ACT-076, SEC-015
    let good = json!({"endpoint": "https://h/{{urlPathEscape .ObjectName}}", "method": "POST", "username": "u", "password": plain("p"),
        "headers": [{"key": "X-A", "value": "{{.Name}}"}], "query_parameters": [{"key": "q", "value": "{{.IP}}"}], "body": "{{.Name}}"});
    assert_eq!(saved(1, "http_config", &good)["headers"][0]["key"], "X-A");
    refused(
        1,
        "http_config",
        &good,
        &[
            (json!({"endpoint": ""}), "endpoint"),
            (json!({"endpoint": "ftp://h"}), "endpoint"),
            (json!({"endpoint": "https://"}), "endpoint"),
            (json!({"endpoint": "https://h/{{.Nope}}"}), "endpoint"),
            (json!({"method": "PATCH"}), "method"),
            (json!({"method": ""}), "method"),
            (json!({"timeout": 181}), "timeout"),
            (json!({"timeout": -1}), "timeout"),
            (json!({"headers": [{"key": " ", "value": "v"}]}), "headers"),
            (json!({"headers": [{"key": "a b", "value": "v"}]}), "headers"),
            (json!({"headers": [{"key": "a", "value": "v\r\nx: y"}]}), "headers"),
            (json!({"headers": [{"key": "a", "value": "{{"}]}), "headers"),
            (json!({"query_parameters": [{"value": "v"}]}), "query_parameters"),
            (json!({"body": "{{Name}}"}), "with a dot"),
            (json!({"password": {"status": "Redacted"}}), "password"),
            (json!({"parts": [{"name": "p", "body": "x"}]}), "body and parts"),
        ],
    );
    let multipart = json!({"endpoint": "http://h", "method": "PUT", "parts": [
        {"name": "f", "filepath": "a/../b", "headers": [{"key": "X", "value": "y"}]}, {"name": "t", "body": "{{.Name}}"},
        {"name": "r", "filepath": "{{.RetentionReports}}"}]});
    assert_eq!(saved(1, "http_config", &multipart)["parts"][0]["filepath"], "/b");
    let part = |part: Value| json!({"parts": [{"name": "f", "filepath": "/b"}, part]});
    refused(
        1,
        "http_config",
        &multipart,
        &[
            (json!({"headers": [{"key": "content-type", "value": "x"}]}), "Content-Type"),
            (part(json!({"name": "", "body": "x"})), "name"),
            (part(json!({"name": "g"})), "filepath"),
            (part(json!({"name": "g", "body": "x", "filepath": "/y"})), "filepath"),
            (part(json!({"name": "f", "body": "x"})), "duplicated"),
            (part(json!({"name": "g", "filepath": "b/"})), "duplicated"),
        ],
    );
}

#[test]
fn programs() {
    // ACT-011, ACT-012, ACT-013, ACT-015
    let good = json!({"cmd": "/usr/bin/scan", "timeout": 10, "args": ["{{.Name}}", "-v", "-v"],
        "env_vars": [{"key": "SFTPGO_ID", "value": "{{.UID}}"}, {"key": "PATH", "value": "$"}]});
    assert_eq!(saved(2, "cmd_config", &good), good);
    refused(
        2,
        "cmd_config",
        &good,
        &[
            (json!({"cmd": ""}), "cmd"),
            (json!({"cmd": "scan"}), "absolute"),
            (json!({"cmd": "/usr/bin/other"}), "enabled_commands"),
            (json!({"cmd": "/usr/bin/../bin/scan"}), "enabled_commands"),
            (json!({"timeout": 0}), "timeout"),
            (json!({"timeout": 121}), "timeout"),
            (json!({"args": ["{{.Nope}}"]}), "args"),
            (json!({"args": ["\u{0}"]}), "args"),
            (json!({"env_vars": [{"key": "", "value": "x"}]}), "env_vars"),
            (json!({"env_vars": [{"key": "A=B", "value": "x"}]}), "env_vars"),
            (json!({"env_vars": [{"key": "SFTPGO_KMS", "value": "$"}]}), "handed on"),
            (json!({"env_vars": [{"key": "ENTREPOT_KMS", "value": "$"}]}), "handed on"),
        ],
    );
}

#[test]
fn mails() {
    // ACT-016, ACT-017, ACT-020
    let good = json!({"recipients": [" a@b.example ", "{{.Email}}"], "bcc": ["c@d.example"], "subject": "{{.Event}}", "body": "b",
        "content_type": 1, "attachments": ["{{.VirtualPath}}", "x", "/x"], "attach_event_report": true});
    let config = saved(3, "email_config", &good);
    assert_eq!((&config["recipients"][0], &config["attachments"]), (&json!("a@b.example"), &json!(["{{.VirtualPath}}", "/x"])));
    refused(
        3,
        "email_config",
        &good,
        &[
            (json!({"recipients": []}), "recipients"),
            (json!({"recipients": ["a@b.example", " "]}), "recipients"),
            (json!({"recipients": ["a@b.example\nBcc: x"]}), "recipients"),
            (json!({"bcc": [""]}), "bcc"),
            (json!({"subject": " "}), "subject"),
            (json!({"subject": "{{.Foo}}"}), "subject"),
            (json!({"body": ""}), "body"),
            (json!({"content_type": 2}), "content_type"),
            (json!({"attachments": [""]}), "attachments"),
        ],
    );
}

#[test]
fn data_retention() {
    // ACT-027, API-216
    let good = json!({"folders": [{"path": "/a//b/", "retention": 24, "delete_empty_dirs": true}, {"path": "/", "retention": 0}],
        "archive_folder": "arch", "archive_path": "x/{{.Name}}", "split_reports": true, "source_folder": "src", "dry_run": true});
    let config = saved(8, "retention_config", &good);
    assert_eq!((&config["folders"][0]["path"], &config["dry_run"]), (&json!("/a/b"), &json!(true)));
    let folder = |path: &str, hours: i64| json!({"folders": [{"path": path, "retention": hours}]});
    refused(
        8,
        "retention_config",
        &good,
        &[
            (json!({"folders": []}), "folders"),
            (folder("/a", 0), "above 0"),
            (folder("/a", -1), "retention"),
            (folder("a", 1), "path"),
            (folder("/a/*", 1), "path"),
            (folder("/{{.Name}}", 1), "path"),
            (json!({"folders": [{"path": "/a", "retention": 1}, {"path": "/a/", "retention": 2}]}), "duplicated"),
            (json!({"archive_folder": "a/b"}), "archive_folder"),
            (json!({"archive_path": "{{"}), "archive_path"),
            (json!({"source_folder": "a/b"}), "source_folder"),
        ],
    );
}

#[test]
fn renames_copies_and_deletes() {
    // ACT-035, ACT-036, ACT-037, ACT-038, ACT-043, ACT-089
    let fs = |kind: i64, member: &str, list: Value| json!({"type": kind, member: list, "decompress": {"name": "/never"}});
    let rename = fs(1, "renames", json!([{"key": "a", "value": "/b/{{.Name}}", "update_modtime": true}]));
    assert_eq!(
        saved(9, "fs_config", &rename),
        json!({"type": 1, "renames": [{"key": "/a", "value": "/b/{{.Name}}", "update_modtime": true}]})
    );
    let delete = saved(9, "fs_config", &fs(2, "deletes", json!(["/staging/{{.Name}}/", "/a/./b/", "/c/*.tmp", "/"])));
    assert_eq!(delete["deletes"], json!(["/staging/{{.Name}}/", "/a/b/", "/c/*.tmp", "/"]));
    let copy = json!({"type": 6, "copy": [{"key": "/a/*.txt", "value": "b/", "on_source_copied": 2, "on_source_copied_move_path": "done", "max_retries": 5}], "continue_on_error": true});
    assert_eq!(saved(9, "fs_config", &copy)["copy"][0]["on_source_copied_move_path"], "/done");
    let pair = |key: &str, value: &str| json!([{"key": key, "value": value}]);
    refused(
        9,
        "fs_config",
        &json!({}),
        &[
            (json!({"type": 0}), "type"),
            (json!({"type": 10}), "type"),
            (fs(1, "renames", json!([])), "renames"),
            (fs(1, "renames", pair("/a", "a/.")), "the same"),
            (fs(1, "renames", pair("/", "/a")), "root"),
            (fs(1, "renames", pair("/a", "/b/..")), "root"),
            (fs(1, "renames", pair("", "/a")), "renames"),
            (fs(2, "deletes", json!([])), "deletes"),
            (fs(2, "deletes", json!(["/a/*/"])), "last component"),
            (fs(2, "deletes", json!(["/a/{{.Name}}*"])), "placeholder"),
            (fs(3, "mkdirs", json!([" "])), "mkdirs"),
            (fs(4, "exist", json!([])), "exist"),
            (fs(6, "copy", json!([])), "copy"),
            (fs(6, "copy", pair("/a", "/a")), "the same"),
            (fs(6, "copy", pair("/*/a", "/b")), "last component"),
            (fs(6, "copy", json!([{"key": "/a", "value": "/b", "max_retries": 6}])), "max_retries"),
            (fs(6, "copy", json!([{"key": "/a", "value": "/b", "on_source_copied": 3}])), "on_source_copied"),
            (fs(6, "copy", json!([{"key": "/a", "value": "/b", "on_source_copied": 2}])), "on_source_copied_move_path"),
            (json!({"type": 3, "mkdirs": ["/a"], "folder": "a:b"}), "folder"),
        ],
    );
    // Into another folder the same path is another file.
    let elsewhere = json!({"type": 6, "copy": [{"key": "/a", "value": "/a"}], "target_folder": "t"});
    assert!(check(9, &json!({"fs_config": elsewhere})).is_ok());
}

#[test]
fn archives_and_metadata() {
    // ACT-036, ACT-041, ACT-046, ACT-047
    let compress = json!({"type": 5, "compress": {"name": "a.zip", "paths": ["/x", "x/"]}});
    assert_eq!(saved(9, "fs_config", &compress)["compress"], json!({"name": "/a.zip", "paths": ["/x"]}));
    assert!(check(9, &json!({"fs_config": {"type": 9, "decompress": {"name": "/a.zip", "extract_dir": "/"}}})).is_ok());
    let metadata =
        json!({"type": 8, "metadata_check": {"path": "{{.VirtualPath}}", "metadata": {"key": "k", "value": ""}, "timeout": 300}});
    assert_eq!(saved(9, "fs_config", &metadata), metadata);
    refused(
        9,
        "fs_config",
        &json!({}),
        &[
            (json!({"type": 5, "compress": {"name": "/", "paths": ["/x"]}}), "name"),
            (json!({"type": 5, "compress": {"name": "/a", "paths": []}}), "paths"),
            (json!({"type": 5, "compress": {"name": "/a", "paths": ["/x"]}, "folder": "f"}), "target_folder"),
            (json!({"type": 9, "decompress": {"name": "/a"}}), "extract_dir"),
            (json!({"type": 8, "metadata_check": {"path": "/a"}}), "metadata.key"),
            (json!({"type": 8, "metadata_check": {"path": "/a", "metadata": {"key": "k"}, "timeout": 301}}), "timeout"),
        ],
    );
}

#[test]
fn pgp() {
    // ACT-036, ACT-044, ACT-095, ACT-097, ACT-098
    let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx";
    let good = json!({"mode": 1, "profile": 2, "public_key": key, "paths": [
        "/a/*.txt", {"key": "/b/*", "value": "/c/", "on_source_processed": 2, "on_source_processed_move_path": "/d"}]});
    let config = saved(9, "fs_config", &json!({"type": 7, "pgp": good}));
    assert_eq!(config["pgp"]["paths"], good["paths"]);
    let by_password = json!({"type": 7, "pgp": {"mode": 2, "password": plain("p"), "passphrase": plain("x"), "paths": ["/a"]}});
    assert!(saved(9, "fs_config", &by_password)["pgp"].get("passphrase").is_none());
    let with = |member: &str, value: Value| {
        let mut pgp = good.clone();
        pgp[member] = value;
        json!({"type": 7, "pgp": pgp})
    };
    refused(
        9,
        "fs_config",
        &json!({}),
        &[
            (with("mode", json!(0)), "mode"),
            (with("mode", json!(2)), "private_key"),
            (with("profile", json!(3)), "profile"),
            (with("public_key", json!("")), "public_key"),
            (with("public_key", json!("key")), "public_key"),
            (with("private_key", plain("key")), "private_key"),
            (with("password", plain("p")), "exclude"),
            (with("paths", json!([])), "paths"),
            (with("paths", json!(["/"])), "root"),
            (with("paths", json!([{"key": "/a/*", "value": "/b"}])), "directory"),
            (with("paths", json!([{"key": "/a", "value": ""}])), "paths"),
            (with("paths", json!([{"key": "/a", "value": "/b", "on_source_processed": 2}])), "move_path"),
            (json!({"type": 7, "pgp": good, "folder": "f"}), "target_folder"),
        ],
    );
}

#[test]
fn mailboxes_and_scanners() {
    // ACT-062, ACT-067, ACT-069, ACT-113
    let imap = json!({"endpoint": "imaps://h:993", "username": "u", "password": plain("p"), "path": "in/{{.Name}}", "target_folder": "f"});
    assert_eq!(saved(16, "imap_config", &imap)["path"], "in/{{.Name}}");
    let oauth = json!({"provider": 1, "client_id": "c", "client_secret": plain("s"), "refresh_token": plain("r")});
    let by_token = json!({"endpoint": "imap://h", "username": "u", "password": plain("p"), "auth_type": 1, "oauth2": oauth});
    let config = saved(16, "imap_config", &by_token);
    assert_eq!((config.get("password"), &config["path"]), (None, &json!("/")));
    refused(
        16,
        "imap_config",
        &by_token,
        &[
            (json!({"endpoint": "pop3://h"}), "endpoint"),
            (json!({"username": ""}), "username"),
            (json!({"auth_type": 2}), "auth_type"),
            (json!({"auth_type": 0, "password": {}}), "password"),
            (json!({"oauth2": {}}), "client_id"),
            (json!({"oauth2": {"client_id": "c"}}), "client_secret"),
            (json!({"oauth2": {"client_id": "c", "client_secret": plain("s")}}), "refresh_token"),
            (json!({"oauth2": {"provider": 2}}), "provider"),
            (json!({"post_process_action": 2}), "post_process_action"),
        ],
    );
    let icap = json!({"endpoint": "icap://h:1344/scan", "paths": ["{{.VirtualPath}}"], "block_action": 3, "adapt_action": 4,
        "failure_policy": 1, "quarantine_path": "q/"});
    let config = saved(17, "icap_config", &icap);
    assert_eq!((&config["method"], &config["quarantine_path"]), (&json!("REQMOD"), &json!("/q/")));
    refused(
        17,
        "icap_config",
        &icap,
        &[
            (json!({"endpoint": "http://h"}), "endpoint"),
            (json!({"method": "RESPMOD"}), "method"),
            (json!({"timeout": -1}), "timeout"),
            (json!({"paths": []}), "paths"),
            (json!({"block_action": 0}), "block_action"),
            (json!({"adapt_action": 5}), "adapt_action"),
            (json!({"failure_policy": 4}), "failure_policy"),
            (json!({"quarantine_path": ""}), "quarantine"),
            (json!({"headers": [{"key": "a:b"}]}), "headers"),
        ],
    );
}

#[test]
fn checks_and_reports() {
    // ACT-051, ACT-053, ACT-054, ACT-056, ACT-073, ACT-114, ACT-116
    for (kind, section, good, cases) in [
        (11, "pwd_expiration_config", json!({"threshold": 10}), vec![(json!({"threshold": 0}), "threshold")]),
        (
            14,
            "user_inactivity_config",
            json!({"disable_threshold": 10, "delete_threshold": 20}),
            vec![
                (json!({"disable_threshold": 20}), "delete_threshold"),
                (json!({"disable_threshold": -1}), "disable_threshold"),
                (json!({"disable_threshold": 0, "delete_threshold": 0}), "greater than 0"),
            ],
        ),
        (
            18,
            "share_expiration_config",
            json!({"advance_notice": 1, "grace_period": 2, "inactivity_threshold": 3, "split_events": true}),
            vec![
                (json!({"advance_notice": -1}), "advance_notice"),
                (json!({"grace_period": -1}), "grace_period"),
                (json!({"inactivity_threshold": -1}), "inactivity_threshold"),
            ],
        ),
        (
            13,
            "idp_config",
            json!({"mode": 1, "template_user": "{\"username\": {{toJson .Name}}}"}),
            vec![
                (json!({"mode": 2}), "mode"),
                (json!({"template_user": " "}), "template_user"),
                (json!({"template_admin": "{{if}}"}), "template_admin"),
            ],
        ),
        (
            19,
            "event_report_config",
            json!({"time_window": 30, "fs_actions": ["upload", "first-upload"], "statuses": [1, 3], "split_reports": true}),
            vec![
                (json!({"time_window": 0}), "time_window"),
                (json!({"fs_actions": ["pre-upload"]}), "fs_actions"),
                (json!({"statuses": [0]}), "statuses"),
            ],
        ),
    ] {
        assert_eq!(saved(kind, section, &good), good);
        refused(kind, section, &good, &cases);
    }
}
