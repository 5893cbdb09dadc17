//! From objects to forms and back.

use serde_json::json;

mod untouched;

use untouched::again;

use super::*;
use crate::{
    admin::{account::of_user, object::Object},
    frame::{Form, words::EN},
};

fn applied(fields: &[Field], query: &str, mut object: Value) -> (Value, Vec<Fault>) {
    let form = Form::parse(query).unwrap();
    let faults = apply(fields, &form, &mut object, &EN);
    close_rows(fields, &mut object);
    (object, faults)
}

// UI-009, UI-016
#[test]
fn values_are_read_by_their_kind() {
    let fields = [
        Field::new("quota_size", Kind::Bytes),
        Field::new("filters.max_upload_file_size", Kind::Bytes),
        Field::new("public_keys", Kind::Lines),
        Field::new("filters.require_password_change", Kind::Tick),
        Field::new("password", Kind::Password),
    ];
    let query =
        "quota_size=50+GB&filters.max_upload_file_size=1+KiB&public_keys=one%0D%0A%0D%0Atwo&filters.require_password_change=on";
    let (object, faults) = applied(&fields, query, json!({ "filters": { "kept": 1 } }));
    assert_eq!(faults, []);
    assert_eq!(
        object,
        json!({
            "quota_size": 50_000_000_000_i64,
            "filters": { "kept": 1, "max_upload_file_size": 1024, "require_password_change": true },
            "public_keys": ["one", "two"],
        })
    );
    assert_eq!(applied(&fields[4..], "password.clear=on", json!({})).0, json!({ "password": "" }));
}

#[test]
fn what_cannot_be_read_is_told_at_its_field_and_changes_nothing() {
    let fields = [Field::new("quota_size", Kind::Bytes), Field::new("max_sessions", Kind::Number("sessions"))];
    let (object, faults) = applied(&fields, "quota_size=much&max_sessions=2x", json!({ "quota_size": 7 }));
    assert_eq!(object, json!({ "quota_size": 7 }));
    let named: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(named, ["quota_size", "max_sessions"]);
}

// UI-056
#[test]
fn rows_in_which_nothing_stands_are_left_out() {
    let fields = [Field::new("filters.access_time", Kind::Rows(&crate::admin::account::TIMES))];
    let query = "filters.access_time.0.day_of_week=1&filters.access_time.0.from=08:00&filters.access_time.0.to=17:00\
                 &filters.access_time.1.day_of_week=1&filters.access_time.1.from=&filters.access_time.1.to=";
    let (object, _) = applied(&fields, query, json!({}));
    assert_eq!(object["filters"]["access_time"], json!([{ "day_of_week": 1, "from": "08:00", "to": "17:00" }]));
}

#[test]
fn permissions_are_presets_or_chosen() {
    let fields = [Field::new("permissions", Kind::Permissions)];
    let query = "permissions.0.path=/&permissions.0.preset=read&permissions.1.path=/in&permissions.1.preset=custom\
                 &permissions.1.picks=list&permissions.1.picks=upload&permissions.2.path=&permissions.2.preset=full";
    let (object, _) = applied(&fields, query, json!({}));
    assert_eq!(object["permissions"], json!({ "/": ["list", "download"], "/in": ["list", "upload"] }));
}

// A secret that was not typed stays the stored one.
#[test]
fn secrets_stay_where_nothing_was_typed() {
    let fields = [Field::new("filesystem.s3config.access_secret", Kind::Secret)];
    let stored = json!({ "filesystem": { "s3config": { "access_secret": { "status": "Redacted" } } } });
    assert_eq!(applied(&fields, "filesystem.s3config.access_secret=", stored.clone()).0, stored);
    let typed = applied(&fields, "filesystem.s3config.access_secret=x", stored).0;
    assert_eq!(typed["filesystem"]["s3config"]["access_secret"], json!({ "status": "Plain", "payload": "x" }));
}

// ACC-027: nothing allowed is not the same as no rule, and neither is everything.
#[test]
fn empty_permissions_stay_what_they_are() {
    let fields = [Field::new("permissions", Kind::Permissions)];
    for object in [
        json!({ "permissions": {} }),
        json!({ "permissions": { "/": ["*"], "/secret": [] } }),
        json!({ "permissions": { "/": ["list", "fly"] } }),
    ] {
        assert_eq!(again(&fields, &object), object);
    }
    let (object, _) = applied(&fields, "permissions.0.path=&permissions.0.preset=full", json!({ "permissions": {} }));
    assert_eq!(object["permissions"], json!({}));
    let query = "permissions.0.path=/secret&permissions.0.preset=none&permissions.0.picks=list";
    assert_eq!(applied(&fields, query, json!({})).0["permissions"], json!({ "/secret": [] }));
}

#[test]
fn rows_keep_their_numbers_and_what_has_no_column() {
    let fields = [Field::new("parts", Kind::Rows(const { &[Field::new("name", Kind::Text)] }))];
    let stored = json!({ "parts": [{ "name": "a", "headers": [1] }, { "name": "b", "headers": [2] }] });
    let query = "parts.0.name=&parts.1.name=c&parts.3.name=d";
    let (object, _) = applied(&fields, query, stored.clone());
    assert_eq!(object["parts"], json!([{ "name": "c", "headers": [2] }, { "name": "d" }]));
    let mut shown = stored.clone();
    apply(&fields, &Form::parse(query).unwrap(), &mut shown, &EN);
    assert_eq!(shown["parts"], json!([null, { "name": "c", "headers": [2] }, null, { "name": "d" }]));
    for many in ["parts.1002.name=x", "parts.99999999999999999999.name=x"] {
        let (object, faults) = applied(&fields, many, stored.clone());
        assert_eq!((object, faults[0].field.as_str()), (stored.clone(), "parts"));
    }
}

// UI-015: what is stored decides what a field of a secret says.
#[test]
fn a_secret_that_was_typed_in_vain_is_not_said_to_be_stored() {
    let fields = [Field::new("secret", Kind::Secret), Field::new("password", Kind::Password)];
    let stored = json!({ "secret": { "status": "" }, "has_password": false });
    let (edited, _) = applied(&fields, "secret=x&password=y", stored.clone());
    for view in views(&fields, &edited, &stored, &[], &EN) {
        let Control::Secret { is_stored: false, was_typed: true, .. } = view.control else { panic!("{}", view.name) };
    }
    let stored = json!({ "secret": { "status": "Redacted" }, "has_password": true });
    let (edited, _) = applied(&fields, "secret.clear=on&password.clear=on", stored.clone());
    for view in views(&fields, &edited, &stored, &[], &EN) {
        let Control::Secret { is_stored: true, was_typed: false, is_taken_away: true, .. } = view.control else {
            panic!("{}", view.name)
        };
    }
}

// The tables have every value that the model has.
#[test]
fn what_can_be_chosen_is_what_the_model_has() {
    use entrepot_model::{AdminPermission, FsProvider, LoginMethod, Permission};
    fn same<T: Ord + Copy>(offered: &[T], known: &[T]) {
        let sorted = |values: &[T]| {
            let mut values = values.to_vec();
            values.sort_unstable();
            values
        };
        assert!(sorted(offered) == sorted(known));
    }
    use crate::admin::{account, admins};
    same(&grants::PERMISSIONS, &Permission::ALL.map(Permission::as_str));
    same(&admins::PERMISSIONS, &AdminPermission::ALL.map(AdminPermission::as_str));
    same(&account::METHODS, &LoginMethod::ALL.map(LoginMethod::as_str));
    same(&account::PROVIDERS.map(|(number, _)| number), &FsProvider::ALL.map(|provider| provider as i64));
    let known: Vec<i64> =
        (1..100).filter(|number| entrepot_model::event_action::FilesystemActionType::from_number(*number).is_some()).collect();
    let offered: Vec<i64> = crate::admin::event_actions::FS_TYPES.map(|(number, _)| number).into_iter().skip(1).collect();
    same(&offered, &known);
}

fn need(key: String, missing: &mut Vec<String>) {
    if EN.find(&key).is_none() {
        missing.push(key);
    }
}

fn texts(fields: &[Field], missing: &mut Vec<String>) {
    for field in fields {
        need(format!("field.{}", field.text()), missing);
        match field.kind {
            Kind::Number(unit) if unit != "plain" => need(format!("unit.{unit}"), missing),
            Kind::Numbers(options) | Kind::Variants(options) | Kind::Storages(options) | Kind::Set(options) => {
                options.iter().for_each(|(_, label)| need(format!("option.{label}"), missing));
            }
            Kind::Rows(columns) => texts(columns, missing),
            _ => {}
        }
    }
}

fn texts_of<T: Object>(missing: &mut Vec<String>) {
    texts(T::CREATE, missing);
    for card in T::cards() {
        texts(card.fields, missing);
        if EN.find(&format!("card.{}", card.id)).is_none() {
            missing.push(format!("card.{}", card.id));
        }
    }
    for column in T::COLUMNS {
        if EN.find(&format!("column.{}", column.name)).is_none() {
            missing.push(format!("column.{}", column.name));
        }
    }
    for name in ["title", "lead", "create", "create_lead", "search", "empty", "delete", "delete_text"] {
        if EN.find(&format!("{}.{name}", T::ONE)).is_none() {
            missing.push(format!("{}.{name}", T::ONE));
        }
    }
}

// UI-151, UI-154: every field has its label in the catalog.
#[test]
fn every_field_card_and_column_has_its_text() {
    use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, Role, User};
    let mut missing = Vec::new();
    texts_of::<User>(&mut missing);
    texts_of::<Group>(&mut missing);
    texts_of::<BaseVirtualFolder>(&mut missing);
    texts_of::<Role>(&mut missing);
    texts_of::<Admin>(&mut missing);
    texts_of::<ApiKey>(&mut missing);
    texts_of::<EventRule>(&mut missing);
    texts_of::<BaseEventAction>(&mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}

// What a user has and no form knows can only be reached as JSON: this list is what is left, with its reason.
#[test]
fn every_setting_of_a_user_is_in_a_form() {
    use entrepot_model::User;
    let user: User = serde_json::from_value(json!({
        "filters": {
            "max_upload_file_size": 1, "tls_username": "x", "disable_fs_checks": true, "web_client": ["x"], "allow_api_key_auth": true,
            "user_type": "x", "bandwidth_limits": [{}], "external_auth_cache_time": 1, "pre_login_cache_time": 1,
            "start_directory": "/x", "two_factor_protocols": ["x"], "ftp_security": 1, "is_anonymous": true,
            "default_shares_expiration": 1, "max_shares_expiration": 1, "password_expiration": 1, "password_strength": 1,
            "password_policy": { "length": 1 }, "access_time": [{}], "enforce_secure_algorithms": true,
            "allowed_share_paths": ["x"], "denied_share_paths": ["x"], "denied_share_scopes": ["x"],
            "require_password_change": true, "tls_certs": ["x"], "additional_emails": ["x"], "custom_placeholders": ["x"],
            "hooks": { "pre_login_disabled": true },
        }
    }))
    .unwrap();
    let value = serde_json::to_value(&user).unwrap();
    let known: Vec<&str> = <User as Object>::cards().iter().flat_map(|card| card.fields).map(|field| field.key).collect();
    let missing: Vec<String> = value["filters"]
        .as_object()
        .unwrap()
        .keys()
        .map(|key| format!("filters.{key}"))
        .filter(|key| !known.iter().any(|field| field == key || field.starts_with(&format!("{key}."))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(known.len() > of_user::STORAGE.len() + 40);
}
