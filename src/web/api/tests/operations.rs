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
mod filled;
mod table;

use std::collections::HashMap;

use actix_web::http::header;
use entrepot_model::AdminPermission;
use serde_json::{Value, json};

use crate::testing::Answer;
use filled::{filled, path_to_nothing, request, send};
use table::{Needs, Row, rows};

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

// SEC-059, SEC-073, API-007, API-023, API-024, API-025
#[actix_web::test]
async fn nobody_and_users_are_let_in_nowhere() {
    let filled = filled().await;
    for row in rows() {
        let (path, body) = (path_to_nothing(&row), filled.body(&row, "x", "nobody"));
        let none = filled.house.send(request(row.method, &path, body.as_ref())).await;
        is(&row, "without a token", &none, 401, &json!({"message": "Unauthorized"}));
        assert!(none.headers.contains_key(header::WWW_AUTHENTICATE), "{}", row.path);
        let user = send(&filled.house, row.method, &path, &filled.user, body.as_ref()).await;
        is(&row, "with the token of a user", &user, 401, &json!({"message": "Your token audience is not valid"}));
    }
}

// API-023, API-026, SEC-085, SEC-086
#[actix_web::test]
async fn keys_open_what_is_not_about_the_account_itself() {
    let filled = filled().await;
    for row in rows() {
        let target = filled.target(&row).await;
        let request = filled.request(&row, &target, "root").insert_header(("X-SFTPGO-API-KEY", filled.key.as_str()));
        let answer = filled.house.send(request).await;
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
    let filled = filled().await;
    let mut others: HashMap<String, String> = HashMap::new();
    for (number, row) in rows().into_iter().enumerate() {
        let (without, least) = match row.needs {
            Needs::Nothing => (None, AdminPermission::ViewStatus),
            Needs::Everything => (Some(all_but(&[])), AdminPermission::Any),
            Needs::One(permission) => (Some(all_but(&[permission])), permission),
        };
        let target = filled.target(&row).await;
        if let Some(permissions) = without {
            let name = format!("all-but-{}", least.as_str().replace('*', "all"));
            if !others.contains_key(&name) {
                others.insert(name.clone(), filled.token_of(&permissions, &name).await);
            }
            let answer = filled.ask(&row, &target, &name, &others[&name]).await;
            let body = json!({"message": "Forbidden", "error": "permission denied"});
            is(&row, "without the permission", &answer, 403, &body);
        }
        let name = format!("least-{number}");
        let token = filled.token_of(&[least], &name).await;
        if row.needs_factor {
            let answer = filled.ask(&row, &target, &name, &token).await;
            is(&row, "without a second factor", &answer, 403, &json!({"message": "Forbidden", "error": "permission denied"}));
            filled.enrol("admin", &token).await;
        }
        let answer = filled.ask(&row, &target, &name, &token).await;
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
        let body = filled.body(&row, "x", "novice");
        let answer = send(&filled.house, row.method, &path_to_nothing(&row), &token, body.as_ref()).await;
        let message = "Password change required. Please set a new password to continue to use your account";
        is(&row, "with a duty", &answer, 403, &json!({"message": message}));
    }
}

// API-005, API-007, API-039
#[actix_web::test]
async fn unknown_objects_are_not_found() {
    let filled = filled().await;
    for row in rows().into_iter().filter(|row| row.path.contains("{}")) {
        let body = filled.body(&row, "x", "root");
        let answer = send(&filled.house, row.method, &path_to_nothing(&row), &filled.root, body.as_ref()).await;
        is(&row, "of nothing", &answer, 404, &json!({"message": "Not Found", "error": "Not Found"}));
    }
}

// API-007, API-012
#[actix_web::test]
async fn bodies_that_are_not_what_they_should_be_are_refused() {
    let filled = filled().await;
    for row in rows() {
        let target = filled.target(&row).await;
        let Some(body) = filled.body(&row, &target.name, "root") else { continue };
        let send = async |text: String| {
            let request = filled.request(&row, &target, "root").insert_header((header::CONTENT_TYPE, "application/json"));
            filled.house.with(&filled.root, request.set_payload(text)).await
        };
        let text = body.to_string();
        let [empty, list, typed] = row.refusals;
        says(&row, "cut off", &send(text[..text.len() - 1].to_owned()).await, 400, "not valid JSON");
        says(&row, "trailing", &send(format!("{text} x")).await, 400, "not valid JSON");
        says(&row, "empty", &send(String::new()).await, 400, empty);
        says(&row, "a list", &send("[]".to_owned()).await, 400, list);
        let (first, _) = body.as_object().unwrap().iter().next().unwrap();
        let mut wrong = body.clone();
        wrong[row.typed.unwrap_or(first.as_str())] = json!({"wrong": ["type"]});
        says(&row, "with a wrong type", &send(wrong.to_string()).await, 400, typed);
    }
}

// API-007, API-040
#[actix_web::test]
async fn names_that_are_taken_are_a_conflict() {
    let filled = filled().await;
    for row in rows().into_iter().filter(|row| row.adds_named) {
        let target = filled.target(&row).await;
        let first = filled.ask(&row, &target, "root", &filled.root).await;
        assert_eq!(first.status.as_u16(), row.success, "{} {}: {first:?}", row.method, row.path);
        let again = filled.ask(&row, &target, "root", &filled.root).await;
        says(&row, "again", &again, 409, "already exists");
    }
}

/// Whether a path of the contract is that of a row.
fn is_of(path: &str, row: &Row) -> bool {
    let (path, own) = (path.split('/').collect::<Vec<_>>(), row.path.split('/').collect::<Vec<_>>());
    path.len() == own.len() && path.iter().zip(&own).all(|(part, own)| part.starts_with('{') || part == own)
}

/// Operations of the contract without a row or route, and rows that are none of its operations.
#[actix_web::test]
async fn every_operation_has_one_row() {
    let filled = filled().await;
    let rows = rows();
    for (method, path) in contract::ADMIN_OPERATIONS {
        let own: Vec<&Row> = rows.iter().filter(|row| row.method == *method && is_of(path, row)).collect();
        let [row] = own[..] else { panic!("{method} {path} has {} rows in operations/table.rs", own.len()) };
        let answer = filled.house.send(request(method, &path_to_nothing(row), None)).await;
        assert_eq!(answer.status.as_u16(), 401, "{method} {path} is not routed: {answer:?}");
    }
    assert_eq!(rows.len(), contract::ADMIN_OPERATIONS.len(), "a row is none of the contract");
}
