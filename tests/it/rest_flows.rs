//! The REST API as integrators use it: everything is made by one program, used by others, read and sent back, and moved to
//! another server.

use serde_json::{Value, json};

use crate::harness::{ADMIN, ADMIN_PASSWORD, Api, Server, Settings};

const CLERK_PASSWORD: &str = "clerk-secret-1";
const USER_PASSWORD: &str = "user-secret-1";

/// What a deployment consists of: where each object is added, where it is then, and its body.
fn deployment(server: &Server) -> Vec<(&'static str, &'static str, Value)> {
    let folder = server.scratch();
    let secret = json!({"status": "Plain", "payload": "bucket-secret"});
    let bucket =
        json!({"provider": 1, "s3config": {"bucket": "b", "region": "eu-central-1", "access_key": "k", "access_secret": secret}});
    let mount = |name: &str, path: &str| json!({"name": name, "virtual_path": path, "quota_size": -1, "quota_files": -1});
    vec![
        ("roles", "roles/sales", json!({"name": "sales", "description": "Sales department"})),
        ("folders", "folders/shared", json!({"name": "shared", "mapped_path": folder.join("shared")})),
        ("folders", "folders/bucket", json!({"name": "bucket", "filesystem": bucket})),
        (
            "groups",
            "groups/team",
            json!({"name": "team", "virtual_folders": [mount("shared", "/shared")],
                "user_settings": {"max_sessions": 7, "permissions": {"/shared": ["list", "download"]}}}),
        ),
        (
            "admins",
            "admins/clerk",
            json!({"username": "clerk", "password": CLERK_PASSWORD, "status": 1, "role": "sales",
                "permissions": ["add_users", "edit_users", "del_users", "view_users"],
                "filters": {"allow_api_key_auth": true}}),
        ),
        (
            "users",
            "users/ivy",
            json!({"username": "ivy", "password": USER_PASSWORD, "status": 1, "home_dir": folder.join("ivy"), "email": "ivy@example.com",
                "permissions": {"/": ["*"], "/read only": ["list", "download"]}, "groups": [{"name": "team", "type": 1}],
                "virtual_folders": [mount("shared", "/mine")], "role": "sales", "quota_size": 1_000_000, "quota_files": 100,
                "filters": {"allow_api_key_auth": true, "denied_protocols": ["FTP"], "web_client": ["info-change-disabled"]}}),
        ),
        (
            "users",
            "users/other%20one",
            json!({"username": "other one", "password": USER_PASSWORD, "status": 1, "home_dir": folder.join("other"),
                "permissions": {"/": ["*"]}}),
        ),
        (
            "eventactions",
            "eventactions/notify",
            json!({"name": "notify", "type": 1, "options": {"http_config": {"endpoint": "https://hooks.example.com/in",
                "method": "POST", "password": {"status": "Plain", "payload": "hook-secret"}, "timeout": 10}}}),
        ),
        (
            "eventrules",
            "eventrules/on%20upload",
            json!({"name": "on upload", "status": 1, "trigger": 1, "conditions": {"fs_events": ["upload"]},
                "actions": [{"name": "notify", "order": 1, "relation_options": {"is_failure_action": false}}]}),
        ),
        ("iplists/2", "iplists/2/203.0.113.0%2F24", json!({"ipornet": "203.0.113.0/24", "mode": 2, "description": "noise"})),
    ]
}

fn path(rest: &str) -> String {
    format!("/api/v2/{rest}")
}

/// A server with everything, and the secrets of the keys of `clerk` and `ivy`.
fn deployed() -> (Server, [String; 2]) {
    let server = Server::start(Settings::default());
    let api = server.api();
    for (collection, _, body) in deployment(&server) {
        api.post(&path(collection), &body).ok(201);
    }
    let key = |body: Value| api.post(&path("apikeys"), &body).ok(201)["key"].as_str().unwrap().to_owned();
    let keys =
        [key(json!({"name": "clerk's", "scope": 1, "admin": "clerk"})), key(json!({"name": "ivy's", "scope": 2, "user": "ivy"}))];
    (server, keys)
}

/// Not every object tells when it was changed.
fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member);
    object
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect()
}

// API-041, API-044, SEC-007: what is read can be sent back, and then nothing has changed.
#[test]
fn what_is_read_is_sent_back_without_a_change() {
    let (server, _) = deployed();
    let api = server.api();
    for (_, object, sent) in deployment(&server) {
        let read = api.get(&path(object)).ok(200);
        for (member, value) in sent.as_object().unwrap() {
            let is_comparable = !matches!(value, Value::Object(_) | Value::Array(_)) && member != "password";
            assert!(!is_comparable || read[member] == *value, "{object}: {member} is {} and was sent as {value}", read[member]);
        }
        api.put(&path(object), &read).ok(200);
        let after = api.get(&path(object)).ok(200);
        assert!(after["updated_at"].as_i64() >= read["updated_at"].as_i64(), "{object}");
        let (read, after) = (without(read, "updated_at"), without(after, "updated_at"));
        assert_eq!(after, read, "{object}");
        assert!(!after.to_string().contains("secret\":\"") && !after.to_string().contains("hook-secret"), "{after}");
    }
    Api::login_user(&server.http_url(), "ivy", USER_PASSWORD);
    Api::login(&server.http_url(), "clerk", CLERK_PASSWORD);
}

// ACC-225, ACC-226, ACC-227, ACC-234, SEC-083, SEC-085, SEC-086
#[test]
fn each_of_them_does_what_it_may() {
    let (server, [clerk_key, ivy_key]) = deployed();
    let (root, url) = (server.api(), server.http_url());
    for clerk in [Api::login(&url, "clerk", CLERK_PASSWORD), Api::with_key(&url, &clerk_key)] {
        assert_eq!(names(&clerk.get(&path("users")).ok(200)), ["ivy"], "those of the role");
        clerk.get(&path("users/other%20one")).ok(404);
        clerk.delete(&path("users/other%20one")).ok(404);
        for closed in ["roles", "admins", "groups", "folders", "eventrules", "iplists/1", "dumpdata?output-data=1", "status"] {
            clerk.get(&path(closed)).ok(403);
        }
        // Of the role, whatever is said.
        let new = json!({"username": "new", "password": USER_PASSWORD, "status": 1, "home_dir": server.scratch().join("new"),
            "permissions": {"/": ["list"]}, "role": ""});
        assert_eq!(clerk.post(&path("users"), &new).ok(201)["role"], "sales");
        assert_eq!(root.get(&path("users/new")).ok(200)["role"], "sales");
        clerk.post(&path("users"), &new).ok(409);
        clerk.delete(&path("users/new")).ok(200);
    }
    let keyed = Api::with_key(&url, &clerk_key);
    assert_eq!(keyed.get(&path("admin/profile")).ok(403)["message"], "API key authentication is not allowed");
    Api::with_key(&url, &format!("{clerk_key}x")).get(&path("users")).ok(401);
    // A key of a user opens nothing of administrators.
    let ivy = Api::with_key(&url, &ivy_key);
    assert!(matches!(ivy.get(&path("users")).status, 401 | 403));
    assert_eq!(ivy.get(&path("user/profile")).ok(403)["message"], "API key authentication is not allowed");
    let keys = root.get(&path("apikeys")).ok(200);
    let used = keys.as_array().unwrap().iter().find(|key| key["admin"] == "clerk").unwrap();
    assert!(used["last_use_at"].as_i64().unwrap() > 0 && used.get("key").is_none_or(|key| key == ""), "{used}");
}

// SEC-068, SEC-127, SEC-051, ACC-248
#[test]
fn tokens_end_with_what_they_stand_on() {
    let (server, [clerk_key, _]) = deployed();
    let (root, url) = (server.api(), server.http_url());
    let ivy = Api::login_user(&url, "ivy", USER_PASSWORD);
    ivy.get(&path("user/profile")).ok(200);
    let change = |current: &str| json!({"current_password": current, "new_password": "another-secret-1"});
    ivy.put(&path("user/changepwd"), &change("wrong")).ok(400);
    ivy.put(&path("user/changepwd"), &change(USER_PASSWORD)).ok(200);
    ivy.get(&path("user/profile")).ok(401);
    Api::open(&url).ask_token(&path("user/token"), "ivy", USER_PASSWORD).ok(401);
    let ivy = Api::login_user(&url, "ivy", "another-secret-1");
    let mut disabled = root.get(&path("users/ivy")).ok(200);
    disabled["status"] = json!(0);
    root.put(&path("users/ivy"), &disabled).ok(200);
    assert!(matches!(ivy.get(&path("user/profile")).status, 401 | 403));

    let clerk = Api::login(&url, "clerk", CLERK_PASSWORD);
    clerk.get(&path("logout")).ok(200);
    clerk.get(&path("users")).ok(401);
    let clerk = Api::login(&url, "clerk", CLERK_PASSWORD);
    root.delete(&path("admins/clerk")).ok(200);
    clerk.get(&path("users")).ok(401);
    // Its keys went with it.
    Api::with_key(&url, &clerk_key).get(&path("users")).ok(400);
}

/// A backup without what each server knows by itself.
fn dump(api: &Api) -> Value {
    let mut dump = api.get(&path("dumpdata?output-data=1")).ok(200);
    for (kind, objects) in dump.as_object_mut().unwrap() {
        let Some(objects) = objects.as_array_mut() else { continue };
        for object in objects.iter_mut().filter_map(Value::as_object_mut) {
            for own in ["id", "created_at", "updated_at", "last_login", "last_use_at"] {
                object.remove(own);
            }
            for mount in object.get_mut("virtual_folders").and_then(Value::as_array_mut).into_iter().flatten() {
                mount.as_object_mut().unwrap().remove("id");
            }
        }
        // The administrator of the harness is there already, with a hash of its own.
        if kind == "admins" {
            objects.retain(|admin| admin["username"] != ADMIN);
        }
    }
    dump
}

// API-086, API-089, API-090, API-092, API-095
#[test]
fn everything_moves_to_another_server() {
    let (server, [clerk_key, _]) = deployed();
    let backup = server.api().get(&path("dumpdata?output-data=1")).ok(200);
    for (kind, number) in [("roles", 1), ("folders", 2), ("groups", 1), ("admins", 2), ("users", 2), ("api_keys", 2)] {
        assert_eq!(backup[kind].as_array().unwrap().len(), number, "{kind}");
    }
    assert!(!backup.to_string().contains("bucket-secret") && !backup.to_string().contains("hook-secret"), "sealed");

    let other = Server::start(Settings::default());
    other.api().post(&path("loaddata?mode=1"), &backup).ok(200);
    let (api, url) = (other.api(), other.http_url());
    assert_eq!(dump(&api), dump(&server.api()));
    assert_eq!(names(&Api::login(&url, "clerk", CLERK_PASSWORD).get(&path("users")).ok(200)), ["ivy"]);
    Api::with_key(&url, &clerk_key).get(&path("users/ivy")).ok(200);
    Api::login_user(&url, "ivy", USER_PASSWORD);
    // Again, and over what is there: the same.
    api.post(&path("loaddata?mode=1"), &backup).ok(200);
    api.post(&path("loaddata?mode=0"), &backup).ok(200);
    assert_eq!(dump(&Api::login(&url, ADMIN, ADMIN_PASSWORD)), dump(&server.api()));
}
