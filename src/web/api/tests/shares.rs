//! Shares as users manage them.

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_core::admin::{AdminSession, groups, users};
use entrepot_model::{Group, User};
use serde_json::{Value, json};

use crate::testing::{Answer, House, fresh, ready};

/// A server where `ingrid`, changed by `change`, is logged in.
struct Desk {
    house: House,
    token: String,
}

async fn user(house: &House, name: &str, change: &Value) -> String {
    let mut user = house.user(name);
    for (member, value) in change.as_object().unwrap() {
        user[member] = value.clone();
    }
    let password = user["password"].as_str().unwrap().to_owned();
    let user: User = serde_json::from_value(user).unwrap();
    users::add(&house.core, &AdminSession::system(), user).await.unwrap();
    let answer = house.basic("/api/v2/user/token", name, &password).await;
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

async fn group(house: &House, name: &str, settings: &Value) {
    let group: Group = serde_json::from_value(json!({"name": name, "user_settings": settings})).unwrap();
    groups::add(&house.core, &AdminSession::system(), group).await.unwrap();
}

impl Desk {
    async fn open(change: Value) -> Self {
        let house = ready().await;
        let token = user(&house, "ingrid", &change).await;
        Self { house, token }
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = match method {
            "POST" => TestRequest::post(),
            "PUT" => TestRequest::put(),
            "DELETE" => TestRequest::delete(),
            _ => TestRequest::get(),
        };
        let request = request.uri(&format!("/api/v2/user/shares{path}"));
        let request = match body {
            Some(body) => request.set_json(body),
            None => request,
        };
        self.house.with(token, request).await
    }

    async fn add(&self, body: &Value) -> Answer {
        self.send(&self.token, "POST", "", Some(body)).await
    }

    /// The id of a new share.
    async fn added(&self, body: &Value) -> String {
        let answer = self.add(body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.header("x-object-id").to_owned()
    }

    async fn read(&self, token: &str, id: &str) -> Value {
        let answer = self.send(token, "GET", &format!("/{id}"), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    async fn put(&self, token: &str, id: &str, body: &Value) -> Answer {
        self.send(token, "PUT", &format!("/{id}"), Some(body)).await
    }

    #[track_caller]
    fn is(answer: &Answer, status: u16, text: &str) {
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert!(answer.text.contains(text), "{text}: {answer:?}");
    }
}

fn share(change: &Value) -> Value {
    let mut share = json!({"name": "plans", "scope": 1, "paths": ["/plans"]});
    for (member, value) in change.as_object().unwrap() {
        share[member] = value.clone();
    }
    share
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

const DAY: i64 = 86_400_000;

// API-161, API-166, API-167, API-178, API-036, API-043, API-176
#[actix_web::test]
async fn shares_are_made_read_replaced_and_deleted() {
    let desk = Desk::open(json!({})).await;
    let body = share(&json!({"id": "mine", "username": "root", "used_tokens": 5, "max_tokens": 3, "password": "hunter2!"}));
    let made = desk.add(&body).await;
    Desk::is(&made, 201, "Share created");
    let id = made.header("x-object-id").to_owned();
    assert_eq!((id.len(), made.header("location")), (22, format!("/api/v2/user/shares/{id}").as_str()));
    let read = desk.read(&desk.token, &id).await;
    assert_eq!((&read["id"], &read["username"], &read["used_tokens"]), (&json!(id), &json!("ingrid"), &json!(0)));
    assert_eq!((&read["password"], &read["user_permissions"]), (&json!("[**redacted**]"), &json!(7)));
    let mut change = share(&json!({"name": "renamed", "password": "[**redacted**]", "max_tokens": 9}));
    Desk::is(&desk.put(&desk.token, &id, &change).await, 200, "Share updated");
    let changed = desk.read(&desk.token, &id).await;
    assert_eq!(
        (&changed["name"], &changed["max_tokens"], &changed["password"]),
        (&json!("renamed"), &json!(9), &read["password"])
    );
    assert_eq!(changed["created_at"], read["created_at"]);
    change.as_object_mut().unwrap().remove("password");
    desk.put(&desk.token, &id, &change).await;
    assert_eq!(desk.read(&desk.token, &id).await.get("password"), None);
    let unnamed = desk.added(&json!({"scope": 2, "paths": ["/in"]})).await;
    assert_eq!(desk.read(&desk.token, &unnamed).await["name"], json!(unnamed));
    let listed = desk.send(&desk.token, "GET", "?order=DESC", None).await.json();
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|share| share["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && ids[0] > ids[1] && !listed.to_string().contains("hunter2"), "{listed}");
    Desk::is(&desk.send(&desk.token, "DELETE", &format!("/{id}"), None).await, 200, "Share deleted");
    for method in ["GET", "PUT", "DELETE"] {
        Desk::is(&desk.send(&desk.token, method, &format!("/{id}"), Some(&change)).await, 404, "Not Found");
    }
}

// API-161…API-165, API-169, API-171, API-172
#[actix_web::test]
async fn wrong_shares_are_refused_by_the_member() {
    let desk = Desk::open(json!({})).await;
    for (wrong, named) in [
        (json!({"scope": 4}), "scope"),
        (json!({"paths": []}), "paths"),
        (json!({"scope": 3, "paths": ["/a", "/b"]}), "paths"),
        (json!({"paths": ["/a", "/a/b"]}), "nested"),
        (json!({"name": "a/b"}), "name"),
        (json!({"password": "[**redacted**]"}), "redacted"),
        (json!({"expires_at": 1}), "expires_at"),
        (json!({"max_tokens": -1}), "max_tokens"),
        (json!({"allow_from": ["here"]}), "allow_from"),
        (json!({"options": {"emails": ["x"]}}), "emails"),
        (json!({"options": {"emails": ["a@b.example"], "auth_mode": 1}}), "mail server"),
        (json!({"options": {"legal_agreement": 1}}), "legal_agreement"),
        (json!({"groups": [{"group_name": "staff", "permissions": 1}]}), "staff"),
    ] {
        let answer = desk.add(&share(&wrong)).await;
        Desk::is(&answer, 400, named);
    }
    assert_eq!(desk.send(&desk.token, "GET", "", None).await.text, "[]");
}

// API-169, API-170, API-171
#[actix_web::test]
async fn mail_and_agreements_are_taken_where_the_server_has_them() {
    let house = fresh(|settings| {
        settings.smtp.host = "mail.example".into();
        settings.hook.has_share_legal_agreement = true;
    })
    .await;
    house.add_admin("root", &[entrepot_model::AdminPermission::Any]).await;
    let token = user(&house, "ingrid", &json!({})).await;
    let desk = Desk { house, token };
    let options = json!({"emails": ["a@b.example"], "auth_mode": 1, "legal_agreement": 1});
    let id = desk.added(&share(&json!({"options": options}))).await;
    assert_eq!(desk.read(&desk.token, &id).await["options"], options);
}

// API-168, ACC-312, ACC-314, ACC-315, ACC-324, ACC-325, API-227, API-228
#[actix_web::test]
async fn accounts_have_a_say_about_sharing() {
    let open = share(&json!({}));
    let closed = share(&json!({"password": "hunter2!"}));
    for (filters, body, text) in [
        (json!({"web_client": ["shares-disabled"]}), &open, "sharing is disabled"),
        (json!({"denied_share_scopes": ["read", "write", "read_write"]}), &open, "sharing is disabled"),
        (json!({"denied_share_scopes": ["read"]}), &open, "scope read"),
        (json!({"denied_share_paths": ["/plans"]}), &open, "/plans"),
        (json!({"allowed_share_paths": ["/other"]}), &open, "/plans"),
        (json!({"web_client": ["shares-without-password-disabled"]}), &open, "password"),
        (json!({"web_client": ["shares-require-email-auth"]}), &closed, "email"),
    ] {
        let desk = Desk::open(json!({"filters": filters})).await;
        Desk::is(&desk.add(body).await, 403, text);
        let all = desk.send(&desk.token, "GET", "", None).await;
        let expected = if text == "sharing is disabled" { 403 } else { 200 };
        Desk::is(&all, expected, "");
    }
    let desk = Desk::open(json!({"filters": {"web_client": ["shares-without-password-disabled"]}})).await;
    let id = desk.added(&closed).await;
    Desk::is(&desk.put(&desk.token, &id, &open).await, 403, "password");
}

// ACC-320, ACC-321
#[actix_web::test]
async fn shares_expire_as_the_account_says() {
    let filters = json!({"default_shares_expiration": 2, "max_shares_expiration": 3});
    let desk = Desk::open(json!({"filters": filters})).await;
    let before = now();
    let id = desk.added(&share(&json!({}))).await;
    let expires = desk.read(&desk.token, &id).await["expires_at"].as_i64().unwrap();
    assert!((before + 2 * DAY..=now() + 2 * DAY).contains(&expires));
    Desk::is(&desk.add(&share(&json!({"expires_at": 0}))).await, 400, "at the latest");
    Desk::is(&desk.add(&share(&json!({"expires_at": now() + 4 * DAY}))).await, 400, "at the latest");
    // Not applied on updates: what is not named is no date, and that is not allowed here.
    Desk::is(&desk.put(&desk.token, &id, &share(&json!({}))).await, 400, "at the latest");
    let free = Desk::open(json!({"filters": {"default_shares_expiration": 2}})).await;
    let forever = free.added(&share(&json!({"expires_at": 0}))).await;
    assert_eq!(free.read(&free.token, &forever).await["expires_at"], 0);
}

// API-166, ACC-110
#[actix_web::test]
async fn passwords_follow_the_rules_of_the_owner() {
    let desk = Desk::open(json!({"filters": {"password_policy": {"length": 12}}, "password": "secret-secret"})).await;
    Desk::is(&desk.add(&share(&json!({"password": "short"}))).await, 400, "password");
    Desk::is(&desk.add(&share(&json!({"password": "   "}))).await, 400, "password");
    Desk::is(&desk.add(&share(&json!({"password": "$2a$04$x"}))).await, 400, "password");
    let hash = "$2a$04$7EqJtq98hPqEX7fNZaFWoOa1lQxZ7mG7nZo0qJ8rYt7oQy1eV9b7W";
    desk.added(&share(&json!({"password": hash}))).await;
    desk.added(&share(&json!({"password": "long enough, it is"}))).await;
}

// API-172…API-175, API-177, API-221, API-224, API-225, API-240
#[actix_web::test]
async fn members_of_bound_groups_do_what_the_binding_lets_them() {
    let desk = Desk::open(json!({})).await;
    group(&desk.house, "club", &json!({})).await;
    let member = json!({"groups": [{"name": "club", "type": 3}]});
    let owner = user(&desk.house, "olga", &member).await;
    let other = user(&desk.house, "otto", &member).await;
    let bind = |permissions: i64| share(&json!({"groups": [{"group_name": "club", "permissions": permissions}]}));
    let made = desk.send(&owner, "POST", "", Some(&bind(1))).await;
    let id = made.header("x-object-id").to_owned();
    // Seen, and no more.
    assert_eq!(desk.read(&other, &id).await["user_permissions"], 1);
    assert_eq!(desk.send(&other, "GET", "", None).await.json().as_array().unwrap().len(), 1);
    Desk::is(&desk.put(&other, &id, &share(&json!({}))).await, 403, "do not let");
    Desk::is(&desk.send(&other, "DELETE", &format!("/{id}"), None).await, 403, "do not let");
    for method in ["GET", "PUT", "DELETE"] {
        let stranger = desk.send(&desk.token, method, &format!("/{id}"), Some(&bind(1))).await;
        Desk::is(&stranger, 404, "Not Found");
    }
    assert_eq!(desk.send(&desk.token, "GET", "", None).await.text, "[]");
    // Changed and deleted.
    Desk::is(&desk.put(&owner, &id, &bind(7)).await, 200, "updated");
    Desk::is(&desk.put(&other, &id, &share(&json!({"description": "by otto", "max_tokens": 4}))).await, 200, "updated");
    let read = desk.read(&owner, &id).await;
    assert_eq!((&read["description"], &read["username"]), (&json!("by otto"), &json!("olga")));
    assert_eq!(read["groups"], json!([{"group_name": "club", "permissions": 7}]));
    for (change, member) in
        [(json!({"paths": ["/etc"]}), "paths"), (json!({"scope": 2}), "scope"), (json!({"groups": []}), "groups")]
    {
        Desk::is(&desk.put(&other, &id, &share(&change)).await, 403, member);
    }
    Desk::is(&desk.send(&other, "DELETE", &format!("/{id}"), None).await, 200, "deleted");
    // Without the permission to view there is nothing to see, and a save without groups drops them.
    let hidden = desk.send(&owner, "POST", "", Some(&bind(6))).await.header("x-object-id").to_owned();
    Desk::is(&desk.send(&other, "GET", &format!("/{hidden}"), None).await, 404, "Not Found");
    desk.put(&owner, &hidden, &share(&json!({}))).await;
    assert_eq!(desk.read(&owner, &hidden).await.get("groups"), None);
}

// API-173, API-222, API-223, ACC-318
#[actix_web::test]
async fn groups_bind_the_shares_of_their_members() {
    let desk = Desk::open(json!({})).await;
    for (name, mode) in [("soft", 1), ("hard", 2)] {
        group(&desk.house, name, &json!({"filters": {"share_policy": {"permissions": 3, "mode": mode}}})).await;
    }
    let mut member = json!({"groups": [{"name": "soft", "type": 3}, {"name": "hard", "type": 2}]});
    let olga = user(&desk.house, "olga", &member).await;
    let groups = async |token: &str, body: Value| {
        let id = desk.send(token, "POST", "", Some(&body)).await.header("x-object-id").to_owned();
        let share = desk.read(token, &id).await;
        (id, share["groups"].clone())
    };
    let [soft, hard] = ["soft", "hard"].map(|name| json!({"group_name": name, "permissions": 3}));
    assert_eq!(groups(&olga, share(&json!({}))).await.1, json!([soft, hard]));
    assert_eq!(groups(&olga, share(&json!({"groups": []}))).await.1, json!([hard]));
    let (id, bound) = groups(&olga, share(&json!({"groups": [{"group_name": "hard", "permissions": 1}]}))).await;
    assert_eq!(bound, json!([hard]));
    Desk::is(&desk.put(&olga, &id, &share(&json!({}))).await, 200, "updated");
    assert_eq!(desk.read(&olga, &id).await["groups"], json!([hard]));
    member["filters"] = json!({"web_client": ["shares-policy-change-disabled"]});
    let otto = user(&desk.house, "otto", &member).await;
    assert_eq!(groups(&otto, share(&json!({"groups": [soft]}))).await.1, json!([hard]));
    assert_eq!(groups(&otto, share(&json!({}))).await.1, json!([hard]));
}

// API-229, ACC-068
#[actix_web::test]
async fn changes_of_shares_are_provider_events() {
    let desk = Desk::open(json!({})).await;
    let id = desk.added(&share(&json!({"password": "hunter2!", "options": {"emails": ["a@b.example"]}}))).await;
    desk.put(&desk.token, &id, &share(&json!({}))).await;
    desk.send(&desk.token, "DELETE", &format!("/{id}"), None).await;
    let root = desk.house.token("root").await;
    let events = TestRequest::get().uri("/api/v2/events/provider?object_types=share&order=ASC");
    let events = desk.house.with(&root, events).await.json();
    let rows: Vec<_> = events.as_array().unwrap().iter().collect();
    let actions: Vec<_> = rows.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["add", "update", "delete"]);
    assert!(rows.iter().all(|event| event["object_name"] == json!(id) && event["username"] == "ingrid"));
    let data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, rows[0]["object_data"].as_str().unwrap());
    let object: Value = serde_json::from_slice(&data.unwrap()).unwrap();
    assert_eq!((&object["options"]["emails"], &object["password"]), (&json!(["a@b.example"]), &json!("[**redacted**]")));
}

// API-023, API-026
#[actix_web::test]
async fn only_users_manage_shares() {
    let desk = Desk::open(json!({})).await;
    let root = desk.house.token("root").await;
    for (method, path) in [("GET", ""), ("POST", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x")] {
        Desk::is(&desk.send(&root, method, path, None).await, 401, "audience");
        let request = TestRequest::default().method(method.parse().unwrap()).uri(&format!("/api/v2/user/shares{path}"));
        assert_eq!(desk.house.send(request).await.status, StatusCode::UNAUTHORIZED);
    }
}

// ACC-067, API-046
#[actix_web::test]
async fn shares_go_with_their_owner() {
    let desk = Desk::open(json!({})).await;
    let id = desk.added(&share(&json!({}))).await;
    users::delete(&desk.house.core, &AdminSession::system(), "ingrid").await.unwrap();
    let token = user(&desk.house, "ingrid", &json!({})).await;
    Desk::is(&desk.send(&token, "GET", &format!("/{id}"), None).await, 404, "Not Found");
}

// ACC-225, ACC-234
#[actix_web::test]
async fn administrators_see_shares_and_take_them_back() {
    let desk = Desk::open(json!({})).await;
    let id = desk.added(&share(&json!({"password": "hunter2!"}))).await;
    let other = user(&desk.house, "otto", &json!({})).await;
    desk.send(&other, "POST", "", Some(&share(&json!({})))).await;
    let root = desk.house.token("root").await;
    let ask =
        async |request: TestRequest, path: &str| desk.house.with(&root, request.uri(&format!("/api/v2/x/shares{path}"))).await;
    let all = ask(TestRequest::get(), "").await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(ask(TestRequest::get(), "?limit=1&offset=1").await.json()[0]["id"], all[1]["id"]);
    let own = ask(TestRequest::get(), "?username=ingrid").await.json();
    assert_eq!((&own[0]["id"], &own[0]["password"], own.as_array().unwrap().len()), (&json!(id), &json!("[**redacted**]"), 1));
    assert_eq!(ask(TestRequest::get(), "?username=nobody").await.text, "[]");
    Desk::is(&ask(TestRequest::delete(), &format!("/{id}")).await, 200, "Share deleted");
    Desk::is(&ask(TestRequest::delete(), &format!("/{id}")).await, 404, "Not Found");
    Desk::is(&desk.send(&desk.token, "GET", &format!("/{id}"), None).await, 404, "Not Found");
}
