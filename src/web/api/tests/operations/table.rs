//! The table: a row per operation of the admin API.

use entrepot_model::AdminPermission as P;
use serde_json::{Value, json};

use super::THERE;
use crate::testing::House;

/// What an operation asks of an administrator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// Only to be one.
    Nothing,
    /// The permission `*`.
    Everything,
    /// This permission.
    One(P),
}

/// An operation.
pub(super) struct Row {
    pub method: &'static str,
    /// Below `/api/v2/`; `{}` stands for the name of an object.
    pub path: &'static str,
    pub needs: Needs,
    /// API keys are refused.
    pub bearer_only: bool,
    /// Open to those who must change the password or configure a second factor first.
    pub is_duty: bool,
    /// A body that is in order.
    pub body: fn(&House) -> Option<Value>,
    /// The member that gets a wrong type; the first one if it is not said.
    pub typed: Option<&'static str>,
    /// It adds an object of the name in the body: again, it is a conflict.
    pub adds_named: bool,
    /// The name in the path need not exist.
    pub names_new: bool,
    /// Status when all is in order.
    pub success: u16,
}

const fn row(method: &'static str, path: &'static str, needs: Needs) -> Row {
    Row {
        method,
        path,
        needs,
        bearer_only: false,
        is_duty: false,
        body: |_| None,
        typed: None,
        adds_named: false,
        names_new: false,
        success: 200,
    }
}

/// An operation without body.
const fn plain(method: &'static str, path: &'static str, needs: Needs) -> Row {
    row(method, path, needs)
}

/// An operation with body; `typed` is a member that is no object.
const fn sends(
    method: &'static str,
    path: &'static str,
    needs: Needs,
    typed: &'static str,
    body: fn(&House) -> Option<Value>,
) -> Row {
    Row { body, typed: Some(typed), ..row(method, path, needs) }
}

/// Adds a named object.
const fn adds(path: &'static str, needs: Needs, typed: &'static str, body: fn(&House) -> Option<Value>) -> Row {
    Row { adds_named: true, success: 201, ..sends("POST", path, needs, typed, body) }
}

/// Refuses API keys.
const fn bearer(row: Row) -> Row {
    Row { bearer_only: true, ..row }
}

/// Objects that are there before a row is tried: where they are added, and their bodies.
pub(super) fn objects(house: &House) -> Vec<(&'static str, Value)> {
    vec![
        ("roles", json!({"name": THERE})),
        ("folders", json!({"name": THERE, "mapped_path": "/srv/there"})),
        ("groups", json!({"name": THERE})),
        ("users", house.user(THERE)),
        ("admins", admin(THERE)),
    ]
}

fn admin(name: &str) -> Value {
    json!({"username": name, "status": 1, "password": "there-secret", "permissions": ["view_users"]})
}

/// Every operation that is there, in the order of the contract.
pub(super) fn rows() -> Vec<Row> {
    [own(), catalogues(), keys(), accounts(), server()].into_iter().flatten().collect()
}

fn own() -> Vec<Row> {
    use Needs::Nothing;
    vec![
        Row { is_duty: true, ..bearer(plain("GET", "logout", Nothing)) },
        plain("GET", "version", Nothing),
        Row {
            is_duty: true,
            // Of the administrator that has its least permission.
            ..bearer(sends("PUT", "admin/changepwd", Nothing, "new_password", |_| {
                Some(json!({"current_password": "least-secret", "new_password": "brand-new-secret"}))
            }))
        },
        bearer(plain("GET", "admin/profile", Nothing)),
        bearer(sends("PUT", "admin/profile", Nothing, "email", |_| Some(json!({"email": "a@example.com"})))),
    ]
}

fn catalogues() -> Vec<Row> {
    use Needs::{Everything, One};
    let changed = |_: &House| Some(json!({"description": "changed"}));
    vec![
        plain("GET", "folders", One(P::ManageFolders)),
        adds("folders", One(P::ManageFolders), "name", |_| Some(json!({"name": "new", "mapped_path": "/srv/new"}))),
        plain("GET", "folders/{}", One(P::ManageFolders)),
        sends("PUT", "folders/{}", One(P::ManageFolders), "description", |_| {
            Some(json!({"mapped_path": "/srv/there", "description": "changed"}))
        }),
        plain("DELETE", "folders/{}", One(P::ManageFolders)),
        plain("GET", "groups", One(P::ManageGroups)),
        adds("groups", One(P::ManageGroups), "name", |_| Some(json!({"name": "new"}))),
        plain("GET", "groups/{}", One(P::ManageGroups)),
        sends("PUT", "groups/{}", One(P::ManageGroups), "description", changed),
        plain("DELETE", "groups/{}", One(P::ManageGroups)),
        plain("GET", "roles", Everything),
        adds("roles", Everything, "name", |_| Some(json!({"name": "new"}))),
        plain("GET", "roles/{}", Everything),
        sends("PUT", "roles/{}", Everything, "description", changed),
        plain("DELETE", "roles/{}", Everything),
    ]
}

fn keys() -> Vec<Row> {
    use Needs::Everything;
    let made = Row { success: 201, ..sends("POST", "apikeys", Everything, "name", |_| Some(json!({"name": "new", "scope": 1}))) };
    vec![
        bearer(plain("GET", "apikeys", Everything)),
        bearer(made),
        bearer(plain("GET", "apikeys/{}", Everything)),
        bearer(sends("PUT", "apikeys/{}", Everything, "name", |_| Some(json!({"name": "changed", "scope": 1})))),
        bearer(plain("DELETE", "apikeys/{}", Everything)),
    ]
}

fn accounts() -> Vec<Row> {
    use Needs::{Everything, One};
    vec![
        plain("GET", "admins", Everything),
        adds("admins", Everything, "status", |_| Some(admin("new"))),
        plain("GET", "admins/{}", Everything),
        sends("PUT", "admins/{}", Everything, "status", |_| Some(admin(THERE))),
        plain("DELETE", "admins/{}", Everything),
        plain("GET", "users", One(P::ViewUsers)),
        adds("users", One(P::AddUsers), "status", |house| Some(house.user("new"))),
        plain("GET", "users/{}", One(P::ViewUsers)),
        sends("PUT", "users/{}", One(P::EditUsers), "status", |house| Some(house.user(THERE))),
        plain("DELETE", "users/{}", One(P::DelUsers)),
    ]
}

fn server() -> Vec<Row> {
    use Needs::{Everything, One};
    vec![
        plain("GET", "connections", One(P::ViewConns)),
        plain("GET", "retention/users/checks", Everything),
        plain("GET", "quotas/users/scans", One(P::QuotaScans)),
        plain("GET", "quotas/folders/scans", One(P::QuotaScans)),
        plain("GET", "eventactions", Everything),
        plain("GET", "eventrules", Everything),
        plain("GET", "events/fs", One(P::ViewEvents)),
        plain("GET", "events/provider", One(P::ViewEvents)),
        plain("GET", "events/logs", One(P::ViewEvents)),
        plain("GET", "status", One(P::ViewStatus)),
        plain("GET", "saas/usage", Everything),
        plain("GET", "license", Everything),
        plain("GET", "system/log-level", Everything),
        plain("GET", "x/doctor", Everything),
    ]
}
