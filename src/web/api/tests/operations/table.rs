//! The table: a row per operation of the admin API.

use std::time::{SystemTime, UNIX_EPOCH};

use entrepot_model::AdminPermission as P;
use entrepot_secrets::{TotpDigest, TotpSecret};
use serde_json::{Value, json};

use super::filled::{ACTION, Case, FACTOR_SECRET, Object, SAVED, objects};

/// What an operation asks of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// With its `?`.
    pub query: &'static str,
    /// What `{}` names; a new one for each trial.
    pub object: Object,
    pub needs: Needs,
    /// API keys are refused.
    pub bearer_only: bool,
    /// Open to those who must change the password or configure a second factor first.
    pub is_duty: bool,
    /// Only for those who have a second factor.
    pub needs_factor: bool,
    /// A body that is in order.
    pub body: fn(&Case<'_>) -> Option<Value>,
    /// The member that gets a wrong type; the first one if it is not said.
    pub typed: Option<&'static str>,
    /// What is said of an empty body, of a list, and of a wrong type.
    pub refusals: [&'static str; 3],
    /// It adds an object of the name in the body: again, it is a conflict.
    pub adds_named: bool,
    /// Status when all is in order.
    pub success: u16,
}

const fn row(method: &'static str, path: &'static str, needs: Needs) -> Row {
    Row {
        method,
        path,
        query: "",
        object: Object::None,
        needs,
        bearer_only: false,
        is_duty: false,
        needs_factor: false,
        body: |_| None,
        typed: None,
        refusals: ["the request body is empty", "not valid JSON", "not valid JSON"],
        adds_named: false,
        success: 200,
    }
}

/// A body; `typed` is a member that is no object.
type Body = fn(&Case<'_>) -> Option<Value>;

/// Without a body.
const fn plain(method: &'static str, path: &'static str, needs: Needs) -> Row {
    row(method, path, needs)
}

/// Without a body, at an object.
const fn at(method: &'static str, path: &'static str, needs: Needs, object: Object) -> Row {
    Row { object, ..row(method, path, needs) }
}

/// With a body.
const fn sends(method: &'static str, path: &'static str, needs: Needs, typed: &'static str, body: Body) -> Row {
    Row { body, typed: Some(typed), ..row(method, path, needs) }
}

/// With a body, at an object.
const fn puts(path: &'static str, needs: Needs, object: Object, typed: &'static str, body: Body) -> Row {
    Row { object, ..sends("PUT", path, needs, typed, body) }
}

/// Adds a named object.
const fn adds(path: &'static str, needs: Needs, typed: &'static str, body: Body) -> Row {
    Row { adds_named: true, success: 201, ..sends("POST", path, needs, typed, body) }
}

/// Refuses API keys.
const fn bearer(row: Row) -> Row {
    Row { bearer_only: true, ..row }
}

/// Every operation, in the order of the contract.
pub(super) fn rows() -> Vec<Row> {
    let topics =
        [own(), factors(), gates(), quotas(), catalogues(), events(), keys(), accounts(), server(), identity(), backups()];
    topics.into_iter().flatten().collect()
}

fn own() -> Vec<Row> {
    use Needs::Nothing;
    vec![
        Row { is_duty: true, ..bearer(plain("GET", "logout", Nothing)) },
        plain("GET", "version", Nothing),
        Row {
            is_duty: true,
            ..bearer(sends("PUT", "admin/changepwd", Nothing, "new_password", |case| {
                Some(json!({"current_password": format!("{}-secret", case.who), "new_password": "brand-new-secret"}))
            }))
        },
        bearer(plain("GET", "admin/profile", Nothing)),
        bearer(sends("PUT", "admin/profile", Nothing, "email", |_| Some(json!({"email": "a@example.com"})))),
    ]
}

fn factors() -> Vec<Row> {
    use Needs::{Everything, Nothing, One};
    let duty = |row| Row { is_duty: true, ..bearer(row) };
    let trial = |_: &Case<'_>| {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let passcode = TotpSecret::parse(FACTOR_SECRET).unwrap().code(TotpDigest::Sha1, seconds);
        Some(json!({"config_name": "Default", "passcode": passcode, "secret": FACTOR_SECRET}))
    };
    vec![
        duty(Row { needs_factor: true, ..plain("GET", "admin/2fa/recoverycodes", Nothing) }),
        duty(Row { needs_factor: true, ..plain("POST", "admin/2fa/recoverycodes", Nothing) }),
        duty(plain("GET", "admin/totp/configs", Nothing)),
        duty(sends("POST", "admin/totp/generate", Nothing, "config_name", |_| Some(json!({"config_name": "Default"})))),
        duty(sends("POST", "admin/totp/validate", Nothing, "passcode", trial)),
        duty(sends("POST", "admin/totp/save", Nothing, "config_name", |_| Some(objects::factor()))),
        at("PUT", "admins/{}/2fa/disable", Everything, Object::AdminWithFactor),
        at("PUT", "users/{}/2fa/disable", One(P::DisableMfa), Object::UserWithFactor),
    ]
}

fn gates() -> Vec<Row> {
    use Needs::{Everything, One};
    let entry = |case: &Case<'_>| Some(objects::entry(case.name));
    vec![
        at("DELETE", "connections/{}", One(P::CloseConns), Object::Connection),
        plain("GET", "connections", One(P::ViewConns)),
        plain("GET", "x/sessions", One(P::ViewConns)),
        puts("x/sessions/{}/bandwidth", One(P::CloseConns), Object::Connection, "upload_bandwidth", |_| {
            Some(json!({"upload_bandwidth": 100, "download_bandwidth": 0}))
        }),
        at("DELETE", "x/transfers/{}", One(P::CloseConns), Object::Transfer),
        plain("GET", "iplists/2", Everything),
        Row { object: Object::NewNetwork, ..adds("iplists/2", Everything, "mode", entry) },
        at("GET", "iplists/2/{}", Everything, Object::Network),
        puts("iplists/2/{}", Everything, Object::Network, "mode", entry),
        at("DELETE", "iplists/2/{}", Everything, Object::Network),
        plain("GET", "defender/hosts", One(P::ViewDefender)),
        plain("GET", "x/defender/hosts", One(P::ViewDefender)),
        at("GET", "defender/hosts/{}", One(P::ViewDefender), Object::Host),
        at("DELETE", "defender/hosts/{}", One(P::ManageDefender), Object::Host),
    ]
}

fn quotas() -> Vec<Row> {
    use Needs::{Everything, One};
    let usage = |_: &Case<'_>| Some(json!({"used_quota_size": 1, "used_quota_files": 1}));
    let accepted = |row| Row { success: 202, ..row };
    vec![
        plain("GET", "retention/users/checks", Everything),
        plain("GET", "quotas/users/scans", One(P::QuotaScans)),
        accepted(at("POST", "quotas/users/{}/scan", One(P::QuotaScans), Object::User)),
        puts("quotas/users/{}/usage", One(P::EditUsers), Object::User, "used_quota_size", usage),
        puts("quotas/users/{}/transfer-usage", One(P::EditUsers), Object::User, "used_upload_data_transfer", |_| {
            Some(json!({"used_upload_data_transfer": 1, "used_download_data_transfer": 1}))
        }),
        plain("GET", "quotas/folders/scans", One(P::QuotaScans)),
        accepted(at("POST", "quotas/folders/{}/scan", One(P::QuotaScans), Object::Folder)),
        puts("quotas/folders/{}/usage", One(P::ManageFolders), Object::Folder, "used_quota_files", usage),
    ]
}

fn catalogues() -> Vec<Row> {
    use Needs::{Everything, One};
    let folder = |case: &Case<'_>| Some(objects::folder(case.name));
    let named = |case: &Case<'_>| Some(json!({"name": case.name, "description": "changed"}));
    vec![
        plain("GET", "folders", One(P::ManageFolders)),
        adds("folders", One(P::ManageFolders), "name", folder),
        at("GET", "folders/{}", One(P::ManageFolders), Object::Folder),
        puts("folders/{}", One(P::ManageFolders), Object::Folder, "mapped_path", folder),
        at("DELETE", "folders/{}", One(P::ManageFolders), Object::Folder),
        plain("GET", "groups", One(P::ManageGroups)),
        adds("groups", One(P::ManageGroups), "name", named),
        at("GET", "groups/{}", One(P::ManageGroups), Object::Group),
        puts("groups/{}", One(P::ManageGroups), Object::Group, "description", named),
        at("DELETE", "groups/{}", One(P::ManageGroups), Object::Group),
        plain("GET", "roles", Everything),
        adds("roles", Everything, "name", named),
        at("GET", "roles/{}", Everything, Object::Role),
        puts("roles/{}", Everything, Object::Role, "description", named),
        at("DELETE", "roles/{}", Everything, Object::Role),
    ]
}

fn events() -> Vec<Row> {
    use Needs::{Everything, One};
    let action = |case: &Case<'_>| Some(objects::action(case.name));
    let rule = |case: &Case<'_>| Some(objects::rule(case.name, 1, ACTION));
    vec![
        plain("GET", "eventactions", Everything),
        adds("eventactions", Everything, "type", action),
        at("GET", "eventactions/{}", Everything, Object::Action),
        puts("eventactions/{}", Everything, Object::Action, "type", action),
        at("DELETE", "eventactions/{}", Everything, Object::Action),
        plain("GET", "eventrules", Everything),
        adds("eventrules", Everything, "trigger", rule),
        at("GET", "eventrules/{}", Everything, Object::Rule),
        puts("eventrules/{}", Everything, Object::Rule, "trigger", rule),
        at("DELETE", "eventrules/{}", Everything, Object::Rule),
        // No engine yet that would run it.
        Row { success: 503, ..at("POST", "eventrules/run/{}", Everything, Object::RuleOnDemand) },
        plain("GET", "events/fs", One(P::ViewEvents)),
        plain("GET", "events/provider", One(P::ViewEvents)),
        plain("GET", "events/logs", One(P::ViewEvents)),
    ]
}

fn keys() -> Vec<Row> {
    use Needs::Everything;
    let key = |case: &Case<'_>| Some(json!({"name": case.name, "scope": 1}));
    vec![
        bearer(plain("GET", "apikeys", Everything)),
        // Names of keys need not differ.
        bearer(Row { success: 201, ..sends("POST", "apikeys", Everything, "name", key) }),
        bearer(at("GET", "apikeys/{}", Everything, Object::Key)),
        bearer(puts("apikeys/{}", Everything, Object::Key, "name", key)),
        bearer(at("DELETE", "apikeys/{}", Everything, Object::Key)),
    ]
}

fn accounts() -> Vec<Row> {
    use Needs::{Everything, One};
    let admin = |case: &Case<'_>| Some(objects::admin(case.name));
    let user = |case: &Case<'_>| Some(objects::user(case.house, case.name));
    vec![
        plain("GET", "admins", Everything),
        adds("admins", Everything, "status", admin),
        at("GET", "admins/{}", Everything, Object::Admin),
        puts("admins/{}", Everything, Object::Admin, "status", admin),
        at("DELETE", "admins/{}", Everything, Object::Admin),
        plain("GET", "users", One(P::ViewUsers)),
        adds("users", One(P::AddUsers), "status", user),
        at("GET", "users/{}", One(P::ViewUsers), Object::User),
        puts("users/{}", One(P::EditUsers), Object::User, "status", user),
        at("DELETE", "users/{}", One(P::DelUsers), Object::User),
        plain("GET", "x/shares", One(P::ViewUsers)),
        at("DELETE", "x/shares/{}", One(P::EditUsers), Object::Share),
    ]
}

fn server() -> Vec<Row> {
    use Needs::{Everything, One};
    vec![
        plain("GET", "status", One(P::ViewStatus)),
        plain("GET", "saas/usage", Everything),
        plain("GET", "license", Everything),
        sends("POST", "license", Everything, "key", |_| Some(json!({"key": "K-1"}))),
        plain("GET", "system/log-level", Everything),
        sends("PUT", "system/log-level", Everything, "level", |_| Some(json!({"level": "info"}))),
        plain("GET", "x/doctor", Everything),
        plain("GET", "x/settings", Everything),
        // No process is behind these tests.
        Row { success: 503, ..plain("POST", "x/restart", Everything) },
        at("GET", "x/verdict/{}", One(P::ViewUsers), Object::User),
        Row {
            refusals: ["the request body is empty", "not valid JSON", "is not a whole number"],
            ..sends("PATCH", "x/settings", Everything, "common.idle_timeout", |_| Some(json!({"common.idle_timeout": 20})))
        },
    ]
}

fn identity() -> Vec<Row> {
    use Needs::{Everything, One};
    let key = |case: &Case<'_>| Some(json!({"private_key": format!("private ssh-ed25519 {}", case.name)}));
    vec![
        plain("GET", "x/hostkeys", One(P::ViewStatus)),
        Row { success: 201, ..sends("POST", "x/hostkeys", Everything, "private_key", key) },
        at("POST", "x/hostkeys/{}/first", Everything, Object::HostKey),
        at("DELETE", "x/hostkeys/{}", Everything, Object::HostKey),
        at("GET", "x/certificate", One(P::ViewStatus), Object::Certificate),
        sends("PUT", "x/certificate", Everything, "certificate", |_| Some(objects::certificate())),
        at("DELETE", "x/certificate", Everything, Object::Certificate),
    ]
}

fn backups() -> Vec<Row> {
    use Needs::Everything;
    let document = |case: &Case<'_>| Some(json!({"version": 17, "roles": [{"name": case.name}]}));
    vec![
        Row { query: "?output-data=1&scopes=roles", ..plain("GET", "dumpdata", Everything) },
        Row { query: SAVED, ..plain("GET", "loaddata", Everything) },
        Row {
            refusals: ["not valid JSON", "must be a JSON object", "roles must be a list"],
            ..sends("POST", "loaddata", Everything, "roles", document)
        },
    ]
}
