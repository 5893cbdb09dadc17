//! Every card of every kind, shown and saved as it is: what is stored afterwards is what was stored before.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use crate::{
    admin::object::Object,
    testing::{Browser, House, forms::untouched, ready},
};

/// Cards and JSON of one object, each saved untouched.
async fn keeps<T: Object>(house: &House, api: &str, name: &str, body: &Value) {
    let token = house.token("root").await;
    let made = house.with(&token, TestRequest::post().uri(&format!("/api/v2/{api}")).set_json(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{api}/{name}: {}", made.text);
    let stored = async || {
        let path = format!("/api/v2/{api}/{name}?confidential_data=1");
        let mut stored = house.with(&token, TestRequest::get().uri(&path)).await.json();
        stored["updated_at"] = Value::Null;
        stored
    };
    let before = stored().await;
    let mut browser = Browser::admin(house, "root").await;
    let here = format!("/web/admin/{}/{name}", T::ONE);
    for card in T::cards() {
        let at = format!("{here}?card={}", card.id);
        save(&mut browser, &at, &at).await;
        assert_eq!(stored().await, before, "{at}");
    }
    save(&mut browser, &format!("{here}/json"), &format!("{here}/json")).await;
    assert_eq!(stored().await, before, "{here}/json");
}

async fn save(browser: &mut Browser<'_>, page: &str, action: &str) {
    let shown = browser.get(page).await;
    assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.text);
    let fields = untouched(&shown.text, action);
    assert!(fields.iter().any(|(name, _)| name == "_state"), "{page}: {fields:?}");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let saved = browser.post_exactly(action, &fields, "http://nas:8080").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{page}: {}", saved.text);
}

fn secret(text: &str) -> Value {
    json!({ "status": "Plain", "payload": text })
}

fn filters() -> Value {
    json!({
        "allowed_ip": ["192.0.2.0/24", "::/0"], "denied_ip": ["172.16.0.0/16"],
        "denied_login_methods": ["publickey+password", "keyboard-interactive+publickey", "TLSCertificate"],
        "denied_protocols": ["DAV", "FTP"], "max_upload_file_size": 1_234_567, "tls_username": "CommonName",
        "file_patterns": [{ "path": "/b", "denied_patterns": ["*.{exe,bat}", "a,b"], "deny_policy": 1 }, { "path": "/a", "allowed_patterns": ["*.jpg"] }],
        "hooks": { "external_auth_disabled": true, "check_password_disabled": true }, "disable_fs_checks": true,
        "web_client": ["write-disabled", "password-reset-disabled"], "allow_api_key_auth": true,
        "bandwidth_limits": [{ "sources": ["198.51.100.0/24", "203.0.113.0/24"], "upload_bandwidth": 1 }, { "sources": ["::1/128"], "download_bandwidth": 2 }],
        "external_auth_cache_time": 2, "start_directory": "/a b ", "ftp_security": 1,
        "default_shares_expiration": 4, "max_shares_expiration": 5, "password_expiration": 6, "password_strength": 7,
        "password_policy": { "length": 9, "specials": 1 },
        "access_time": [{ "day_of_week": 0, "from": "08:00", "to": "18:00" }, { "day_of_week": 6, "from": "00:00", "to": "23:59" }],
        "enforce_secure_algorithms": true, "allowed_share_paths": ["/s"], "denied_share_paths": ["/d"], "denied_share_scopes": ["read"],
    })
}

fn storages() -> Vec<Value> {
    vec![
        json!({ "provider": 0, "osconfig": { "read_buffer_size": 1, "write_buffer_size": 2 } }),
        json!({ "provider": 4, "cryptconfig": { "passphrase": secret("correct Horse 7 battery, staple 42 % lamp"), "read_buffer_size": 1 } }),
        json!({ "provider": 1, "s3config": { "bucket": "b", "region": "r", "access_key": "a", "access_secret": secret("s3"), "endpoint": "https://s3.example",
            "sse_customer_key": secret("kV7q-2xT9!mZ4w#Lr8sP0c^Yd5nB6jQh"), "key_prefix": "k/", "checksum_algorithm": "crc64nvme",
            "upload_part_size": 6, "upload_concurrency": 7, "force_path_style": true, "storage_class": "GLACIER_IR", "acl": "private" } }),
        json!({ "provider": 2, "gcsconfig": { "bucket": "b", "automatic_credentials": 1, "key_prefix": "k/", "hns": 1, "acl": "private" } }),
        json!({ "provider": 3, "azblobconfig": { "container": "c", "account_name": "a", "account_key": secret("a2V5"), "access_tier": "Cold",
            "endpoint": "https://az.example", "key_prefix": "k/", "use_emulator": true } }),
        json!({ "provider": 5, "sftpconfig": { "endpoint": "sftp.example:22", "username": "u", "password": secret("sftp"), "prefix": "/p x",
            "fingerprints": ["SHA256:b", "SHA256:a"], "equality_check_mode": 1, "disable_concurrent_reads": true, "buffer_size": 3 } }),
        json!({ "provider": 7, "ftpconfig": { "endpoint": "ftp.example:21", "username": "u", "password": secret("ftp"), "tls_mode": 2 } }),
        json!({ "provider": 6, "httpconfig": { "endpoint": "https://http.example", "username": "u", "password": secret("p"), "api_key": secret("k") } }),
    ]
}

// UI-190, ACC-027
#[actix_web::test]
async fn users_and_groups_stay_as_they_are() {
    use entrepot_model::{BaseVirtualFolder, Group, Role, User};
    let house = ready().await;
    keeps::<Role>(&house, "roles", "north", &json!({ "name": "north", "description": "\na\r\n b <&\" " })).await;
    for (number, storage) in storages().into_iter().enumerate() {
        let name = format!("folder{number}");
        let body = json!({ "name": name, "mapped_path": "/srv/f", "description": "d", "filesystem": storage });
        keeps::<BaseVirtualFolder>(&house, "folders", &name, &body).await;
    }
    let mounts = json!([
        { "name": "folder0", "virtual_path": "/v 1", "quota_size": -1, "quota_files": -1 },
        { "name": "folder1", "virtual_path": "/a", "quota_size": 0, "quota_files": 0 },
    ]);
    let mut of_group = filters();
    of_group["share_policy"] = json!({ "permissions": 5, "mode": 2 });
    let settings = json!({
        "home_dir": "/h/%username%", "max_sessions": 1, "quota_size": -1, "quota_files": 3, "permissions": { "/a": [], "/b": ["upload", "list"] },
        "upload_bandwidth": 4, "total_data_transfer": 8, "expires_in": 9, "filters": of_group,
        "filesystem": { "provider": 1, "s3config": { "bucket": "b", "region": "r", "access_key": "%username%", "access_secret": secret("x") } },
    });
    let group = json!({ "name": "yard", "description": "d", "user_settings": settings, "virtual_folders": mounts });
    keeps::<Group>(&house, "groups", "yard", &group).await;
    keeps::<Group>(&house, "groups", "bare", &json!({ "name": "bare" })).await;
    let mut of_user = filters();
    for (name, value) in [
        ("require_password_change", json!(true)),
        ("additional_emails", json!(["x@b.example", "a@b.example"])),
        ("custom_placeholders", json!(["one", " two "])),
    ] {
        of_user[name] = value;
    }
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ana@host";
    let user = json!({
        "username": "full", "status": 1, "email": "a@b.example", "description": "\nx", "expiration_date": 1_895_631_417_123_i64,
        "password": "a-long-Secret-1", "public_keys": [key], "home_dir": house.home("full"), "virtual_folders": mounts, "uid": 1000, "gid": 2,
        "max_sessions": 3, "quota_size": 1_000_001, "quota_files": 5, "permissions": { "/": ["upload", "list", "download"], "/locked": [], "/z ": ["*"] },
        "upload_bandwidth": 9, "download_bandwidth": 10, "upload_data_transfer": 11, "download_data_transfer": 12, "filters": of_user,
        "filesystem": storages()[0], "additional_info": "i\r\nj ", "groups": [{ "name": "bare", "type": 3 }, { "name": "yard", "type": 2 }], "role": "north",
    });
    keeps::<User>(&house, "users", "full", &user).await;
    keeps::<User>(&house, "users", "plain", &house.user("plain")).await;
    let token = house.token("root").await;
    let login = house.basic("/api/v2/user/token", "plain", "secret").await;
    assert_eq!(login.status, StatusCode::OK, "the password is the same: {}", login.text);
    drop(token);
}

fn actions() -> Vec<(i64, Value)> {
    let copy = json!([
        { "key": "/a", "value": "/b/", "on_source_copied": 2, "on_source_copied_move_path": "/done", "max_retries": 3 },
        { "key": "/c", "value": "/d" },
    ]);
    let parts = json!([{ "name": "one", "headers": [{ "key": "X-A", "value": "1" }], "body": "b\n c" }, { "name": "two", "filepath": "/f" }]);
    vec![
        (
            1,
            json!({ "http_config": { "endpoint": "https://x.example", "method": "PUT", "username": "u", "password": secret("p"), "timeout": 20,
            "headers": [{ "key": "A", "value": " b " }], "query_parameters": [{ "key": "q", "value": "" }], "parts": parts } }),
        ),
        (
            1,
            json!({ "http_config": { "endpoint": "https://x.example", "method": "POST", "timeout": 20, "body": "\n{\r\n \"a\": 1\r\n}\n" } }),
        ),
        (
            3,
            json!({ "email_config": { "recipients": ["a@b.example"], "bcc": ["c@d.example"], "subject": "s", "body": " \nb", "content_type": 1 } }),
        ),
        (4, json!({})),
        (
            8,
            json!({ "retention_config": { "folders": [{ "path": "/x", "retention": 0 }, { "path": "/", "retention": 48, "delete_empty_dirs": true }] } }),
        ),
        (9, json!({ "fs_config": { "type": 1, "renames": [{ "key": "/a", "value": "/b", "update_modtime": true }] } })),
        (9, json!({ "fs_config": { "type": 6, "copy": copy, "folder": "folder", "continue_on_error": true } })),
        (
            9,
            json!({ "fs_config": { "type": 7, "pgp": { "mode": 1, "paths": [{ "key": "/a", "value": "/a.pgp", "on_source_processed": 1 }], "password": secret("x") } } }),
        ),
        (9, json!({ "fs_config": { "type": 5, "compress": { "name": "/a.zip", "paths": ["/y", "/x"] } } })),
        (
            9,
            json!({ "fs_config": { "type": 8, "metadata_check": { "path": "/a", "metadata": { "key": "k", "value": "v" }, "timeout": 9 } } }),
        ),
        (11, json!({ "pwd_expiration_config": { "threshold": 5 } })),
        (13, json!({ "idp_config": { "mode": 1, "template_user": "{\"username\": \"{{.Name}}\"}" } })),
        (14, json!({ "user_inactivity_config": { "disable_threshold": 10, "delete_threshold": 20 } })),
        (18, json!({ "share_expiration_config": { "advance_notice": 3, "grace_period": 4, "split_events": true } })),
        (
            19,
            json!({ "event_report_config": { "time_window": 24, "fs_actions": ["upload", "delete"], "statuses": [2, 1], "split_reports": true } }),
        ),
    ]
}

// UI-190
#[actix_web::test]
async fn actions_and_rules_stay_as_they_are() {
    use entrepot_model::{BaseEventAction, EventRule};
    let house = ready().await;
    let token = house.token("root").await;
    let folder = json!({ "name": "folder", "mapped_path": "/srv/f" });
    house.with(&token, TestRequest::post().uri("/api/v2/folders").set_json(folder)).await;
    for (number, (kind, options)) in actions().into_iter().enumerate() {
        let name = format!("action{number}");
        let body = json!({ "name": name, "description": "d", "type": kind, "options": options });
        keeps::<BaseEventAction>(&house, "eventactions", &name, &body).await;
    }
    let files = json!({
        "name": "on-files", "status": 0, "description": "\nd", "trigger": 1,
        "conditions": {
            "fs_events": ["upload", "first-download", "download"],
            "options": {
                "names": [{ "pattern": "a*", "inverse_match": true }, { "pattern": "b" }], "fs_paths": [{ "pattern": "/x/**" }],
                "protocols": ["HTTP", "SFTP"], "min_size": 1_000_001, "max_size": 1_i64 << 40, "event_statuses": [3, 1], "concurrent_execution": true,
            },
        },
        "actions": [
            { "name": "action0", "order": 2, "relation_options": { "is_failure_action": true } },
            { "name": "action2", "order": 1, "relation_options": { "stop_on_failure": true } },
        ],
    });
    keeps::<EventRule>(&house, "eventrules", "on-files", &files).await;
    let times = json!([
        { "minute": "5", "hour": "*/2", "day_of_week": "*", "day_of_month": "*", "month": "*" },
        { "hour": "7", "day_of_week": "1-5", "day_of_month": "*", "month": "*" },
    ]);
    let timed = json!({
        "name": "on-time", "status": 1, "trigger": 3, "conditions": { "schedules": times },
        "actions": [{ "name": "action3", "order": 1 }],
    });
    keeps::<EventRule>(&house, "eventrules", "on-time", &timed).await;
}

// UI-190
#[actix_web::test]
async fn administrators_stay_as_they_are() {
    use entrepot_model::Admin;
    let house = ready().await;
    let token = house.token("root").await;
    house.with(&token, TestRequest::post().uri("/api/v2/groups").set_json(json!({ "name": "g" }))).await;
    let admin = json!({
        "username": "ada", "status": 0, "description": "d", "password": "a-long-Secret-1", "email": "a@b.example",
        "permissions": ["view_users", "add_users", "edit_users"], "additional_info": "\ni",
        "filters": { "allow_list": ["::/0", "192.0.2.0/24"], "allow_api_key_auth": true,
            "preferences": { "hide_user_page_sections": 66, "default_users_expiration": 2 } },
        "groups": [{ "name": "g", "options": { "add_to_users_as": 1 } }],
    });
    keeps::<Admin>(&house, "admins", "ada", &admin).await;
}
