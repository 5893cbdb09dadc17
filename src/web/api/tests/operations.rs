//! Every operation of the admin API against everything that can be wrong with a request, from one table.
//!
//! **A new operation gets a row in [`rows`]**; `what_is_routed_has_a_row` fails until it has one. A row says what the
//! operation needs; the cases are made from it:
//!
//! | case               | for                            | answer                                                   |
//! |--------------------|--------------------------------|----------------------------------------------------------|
//! | no token           | every row                      | 401 `Unauthorized`                                       |
//! | token of a user    | every row                      | 401 `Your token audience is not valid`                   |
//! | API key            | rows without `bearer_only`     | as with a token                                          |
//! | API key            | rows with `bearer_only`        | 403 `API key authentication is not allowed`              |
//! | missing permission | rows with a permission         | 403 `Forbidden`                                          |
//! | least permission   | rows with a permission         | the operation is done                                    |
//! | a duty is open     | rows but logout and password   | 403 with what must be done                               |
//! | unknown object     | rows with a name in the path   | 404 `Not Found`                                          |
//! | malformed JSON     | rows with a body               | 400 `the request body is not valid JSON for this`        |
//! | wrong type         | rows with a body               | 400, as above                                            |
//! | duplicate          | rows that add a named object   | 409                                                      |
//! | all in order       | every row                      | its status                                               |

mod contract;
mod table;

use actix_web::{http::header, test::TestRequest};
use entrepot_core::admin::{AdminSession, admins, users};
use entrepot_model::{Admin, AdminPermission, User};
use serde_json::{Value, json};

use crate::testing::{Answer, House, ready};
use table::{Needs, Row, rows};

/// What the objects of a house are called that rows speak of.
const THERE: &str = "there";
/// What nothing is called.
const NOWHERE: &str = "nowhere";

/// A house with the administrator `root`, an object `there` in each collection, and tokens.
struct Filled {
    house: House,
    root: String,
    user: String,
    key: String,
}

async fn filled() -> Filled {
    let house = ready().await;
    let mut admin = Admin { username: "root".into(), status: 1, permissions: vec![AdminPermission::Any], ..Admin::default() };
    admin.filters.allow_api_key_auth = true;
    admins::update(&house.core, &AdminSession::system(), "root", admin).await.unwrap();
    let root = house.token("root").await;
    for (path, body) in table::objects(&house) {
        let made = send(&house, "POST", path, &root, Some(&body)).await;
        assert_eq!(made.status.as_u16(), 201, "{path}: {made:?}");
    }
    let member: User = serde_json::from_value(house.user("member")).unwrap();
    users::add(&house.core, &AdminSession::system(), member).await.unwrap();
    let answer = house.basic("/api/v2/user/token", "member", "secret").await;
    let user = answer.json()["access_token"].as_str().unwrap().to_owned();
    let made = send(&house, "POST", "apikeys", &root, Some(&json!({"name": "ci", "scope": 1, "admin": "root"}))).await;
    let key = made.json()["key"].as_str().unwrap().to_owned();
    Filled { house, root, user, key }
}

impl Filled {
    /// The path of a row, with the object that is meant.
    fn path(&self, row: &Row, name: &str) -> String {
        // Keys have ids that are drawn.
        let id = self.key.split('.').next().unwrap();
        let name = if name == THERE && row.path.starts_with("apikeys/") { id } else { name };
        row.path.replace("{}", name)
    }

    async fn ask(&self, row: &Row, token: &str) -> Answer {
        let body = (row.body)(&self.house);
        send(&self.house, row.method, &self.path(row, THERE), token, body.as_ref()).await
    }

    async fn ask_with(&self, row: &Row, name: &str, value: &str, body: Option<&Value>) -> Answer {
        let request = request(row.method, &self.path(row, THERE), body).insert_header((name, value));
        self.house.send(request).await
    }

    /// A token of an administrator with these permissions.
    async fn token_of(&self, permissions: &[AdminPermission], name: &str) -> String {
        self.house.add_admin(name, permissions).await;
        self.house.token(name).await
    }
}

fn request(method: &str, path: &str, body: Option<&Value>) -> TestRequest {
    let request = TestRequest::default().method(method.parse().unwrap()).uri(&format!("/api/v2/{path}"));
    match body {
        Some(body) => request.set_json(body),
        None => request,
    }
}

async fn send(house: &House, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
    house.with(token, request(method, path, body)).await
}

#[track_caller]
fn is(row: &Row, case: &str, answer: &Answer, status: u16, body: &Value) {
    let what = format!("{} {} {case}: {answer:?}", row.method, row.path);
    assert_eq!(answer.status.as_u16(), status, "{what}");
    assert_eq!(answer.json(), *body, "{what}");
}

#[track_caller]
fn says(row: &Row, case: &str, answer: &Answer, status: u16, text: &str) {
    let what = format!("{} {} {case}: {answer:?}", row.method, row.path);
    assert_eq!(answer.status.as_u16(), status, "{what}");
    let body = answer.json();
    assert!(body["error"].as_str().is_some_and(|error| error.contains(text)), "{what}");
    assert!(body["message"].is_string(), "{what}");
}

/// Every permission that is neither `*` nor one of `without`; those of the granular model only where they are not in the way.
fn all_but(without: &[AdminPermission]) -> Vec<AdminPermission> {
    let others = AdminPermission::ALL.into_iter();
    let kept = others.filter(|permission| *permission != AdminPermission::Any && !permission.is_granular());
    kept.filter(|permission| !without.contains(permission)).collect()
}

// SEC-059, SEC-073, API-007, API-023, API-024
#[actix_web::test]
async fn nobody_and_users_are_let_in_nowhere() {
    let filled = filled().await;
    for row in rows() {
        let body = (row.body)(&filled.house);
        let none = filled.house.send(request(row.method, &filled.path(&row, THERE), body.as_ref())).await;
        is(&row, "without a token", &none, 401, &json!({"message": "Unauthorized"}));
        assert!(none.headers.contains_key(header::WWW_AUTHENTICATE), "{}", row.path);
        let user = filled.ask(&row, &filled.user).await;
        is(&row, "with the token of a user", &user, 401, &json!({"message": "Your token audience is not valid"}));
    }
}

// API-023, API-026, SEC-085, SEC-086
#[actix_web::test]
async fn keys_open_what_is_not_about_the_account_itself() {
    for row in rows() {
        let filled = filled().await;
        let body = (row.body)(&filled.house);
        let answer = filled.ask_with(&row, "X-SFTPGO-API-KEY", &filled.key, body.as_ref()).await;
        if row.bearer_only {
            is(&row, "with a key", &answer, 403, &json!({"message": "API key authentication is not allowed"}));
        } else {
            assert_eq!(answer.status.as_u16(), row.success, "{} {}: {answer:?}", row.method, row.path);
        }
    }
}

// ACC-234, ACC-235, API-007
#[actix_web::test]
async fn each_operation_needs_its_permission_and_no_other() {
    for row in rows() {
        let filled = filled().await;
        let (without, least) = match row.needs {
            Needs::Nothing => (None, AdminPermission::ViewStatus),
            Needs::Everything => (Some(all_but(&[])), AdminPermission::Any),
            Needs::One(permission) => (Some(all_but(&[permission])), permission),
        };
        if let Some(permissions) = without {
            let token = filled.token_of(&permissions, "others").await;
            let answer = filled.ask(&row, &token).await;
            let body = json!({"message": "Forbidden", "error": "permission denied"});
            is(&row, "without the permission", &answer, 403, &body);
        }
        let token = filled.token_of(&[least], "least").await;
        let answer = filled.ask(&row, &token).await;
        assert_eq!(answer.status.as_u16(), row.success, "{} {} with {least:?}: {answer:?}", row.method, row.path);
    }
}

// SEC-070, ACC-243, ACC-244
#[actix_web::test]
async fn whoever_must_do_something_first_gets_no_further() {
    let filled = filled().await;
    let admin = json!({"username": "novice", "password": "novice-secret", "status": 1, "permissions": ["*"],
        "filters": {"require_password_change": true}});
    assert_eq!(send(&filled.house, "POST", "admins", &filled.root, Some(&admin)).await.status.as_u16(), 201);
    let token = filled.house.token("novice").await;
    for row in rows().into_iter().filter(|row| !row.is_duty) {
        let answer = filled.ask(&row, &token).await;
        let message = "Password change required. Please set a new password to continue to use your account";
        is(&row, "with a duty", &answer, 403, &json!({"message": message}));
    }
}

// API-005, API-007, API-039
#[actix_web::test]
async fn unknown_objects_are_not_found() {
    let filled = filled().await;
    for row in rows().into_iter().filter(|row| row.path.contains("{}") && !row.names_new) {
        let body = (row.body)(&filled.house);
        let answer = send(&filled.house, row.method, &filled.path(&row, NOWHERE), &filled.root, body.as_ref()).await;
        is(&row, "of nothing", &answer, 404, &json!({"message": "Not Found", "error": "Not Found"}));
    }
}

// API-007, API-012
#[actix_web::test]
async fn bodies_that_are_not_what_they_should_be_are_refused() {
    let filled = filled().await;
    for row in rows() {
        let Some(body) = (row.body)(&filled.house) else { continue };
        let path = filled.path(&row, THERE);
        let text = body.to_string();
        let raw = |text: String| {
            let request = request(row.method, &path, None).insert_header((header::CONTENT_TYPE, "application/json"));
            request.set_payload(text)
        };
        for (case, text) in [("cut off", text[..text.len() - 1].to_owned()), ("trailing", format!("{text} x"))] {
            let answer = filled.house.with(&filled.root, raw(text)).await;
            says(&row, case, &answer, 400, "not valid JSON");
        }
        let answer = filled.house.with(&filled.root, raw(String::new())).await;
        says(&row, "empty", &answer, 400, "the request body is empty");
        let answer = filled.house.with(&filled.root, raw("[]".to_owned())).await;
        says(&row, "a list", &answer, 400, "not valid JSON");
        let (member, _) = body.as_object().unwrap().iter().next().unwrap();
        let mut wrong = body.clone();
        wrong[row.typed.unwrap_or(member.as_str())] = json!({"wrong": ["type"]});
        let answer = send(&filled.house, row.method, &path, &filled.root, Some(&wrong)).await;
        says(&row, "with a wrong type", &answer, 400, "not valid JSON");
    }
}

// API-007, API-040
#[actix_web::test]
async fn names_that_are_taken_are_a_conflict() {
    let filled = filled().await;
    for row in rows().into_iter().filter(|row| row.adds_named) {
        let first = filled.ask(&row, &filled.root).await;
        assert_eq!(first.status.as_u16(), row.success, "{} {}: {first:?}", row.method, row.path);
        let again = filled.ask(&row, &filled.root).await;
        says(&row, "again", &again, 409, "already exists");
    }
}

/// The parts of a path, names as `{}`.
fn shape(path: &str) -> Vec<&str> {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect()
}

/// Routes of the contract that are there and have no row, and rows that are no routes.
#[actix_web::test]
async fn what_is_routed_has_a_row() {
    let filled = filled().await;
    let rows = rows();
    for (method, path) in contract::ADMIN_OPERATIONS {
        let has_row = rows.iter().any(|row| row.method == *method && shape(row.path) == shape(path));
        let names = shape(path).into_iter().map(|part| if part == "{}" { "1" } else { part });
        let concrete = names.collect::<Vec<_>>().join("/");
        let answer = filled.house.send(request(method, &concrete, None)).await;
        let is_routed = !matches!(answer.status.as_u16(), 404 | 405);
        let is_owed = contract::OWED.contains(&(*method, *path));
        assert!(!(is_owed && has_row), "{method} {path} has its row and leaves OWED");
        assert!(!is_routed || has_row || is_owed, "{method} {path} is routed and has no row in operations/table.rs");
        assert!(is_routed || !has_row, "{method} {path} has a row and is not routed");
    }
    for row in &rows {
        let is_known = |(method, path): &(&str, &str)| *method == row.method && shape(path) == shape(row.path);
        assert!(contract::ADMIN_OPERATIONS.iter().any(is_known), "{} {} is none of the contract", row.method, row.path);
    }
}
