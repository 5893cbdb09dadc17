//! Forms that nobody touched: whatever is stored, saving them changes nothing.

use serde_json::json;

use super::*;

/// What a browser holds in a field of one line (WHATWG HTML, value sanitization).
fn sanitized(kind: &str, value: &str) -> String {
    let line = value.replace(['\r', '\n'], "");
    match kind {
        "email" => line.trim().to_owned(),
        "number" if line.parse::<f64>().is_err() => String::new(),
        "datetime-local" if units::moment(&line).is_none() => String::new(),
        _ => line,
    }
}

/// What a browser sends of a form that nobody touched.
fn untouched(views: &[FieldView], query: &mut Vec<(String, String)>) {
    for view in views {
        let mut put = |value: &str| query.push((view.name.clone(), value.to_owned()));
        match &view.control {
            Control::Input { kind, value, .. } => put(&sanitized(kind, value)),
            // Line ends as browsers send them.
            Control::Area { value, .. } => put(&value.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")),
            Control::Secret { .. } => put(""),
            Control::Tick { is_on } => is_on.then(|| put("on")).unwrap_or_default(),
            Control::Select { choices, .. } => {
                let chosen = choices.iter().find(|choice| choice.is_on).or(choices.first()).unwrap();
                put(&chosen.value);
            }
            Control::Picks { choices } => choices.iter().filter(|choice| choice.is_on).for_each(|choice| put(&choice.value)),
            Control::Rows { rows } => rows.iter().for_each(|row| untouched(row, query)),
            Control::Permissions { rows } => {
                for row in rows {
                    let at = format!("{}.{}", view.name, row.index);
                    let chosen = row.presets.iter().find(|choice| choice.is_on).unwrap();
                    query.push((format!("{at}.path"), row.path.clone()));
                    query.push((format!("{at}.preset"), chosen.value.clone()));
                    let picks = row.picks.iter().filter(|choice| choice.is_on);
                    query.extend(picks.map(|pick| (format!("{at}.picks"), pick.value.clone())));
                }
            }
        }
    }
}

pub(super) fn again(fields: &[Field], object: &Value) -> Value {
    let mut query = Vec::new();
    untouched(&views(fields, object, object, &[], &EN), &mut query);
    let query: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", crate::api::escaped(name), crate::api::escaped(value))).collect();
    let (object, faults) = applied(fields, &query.join("&"), object.clone());
    assert_eq!(faults, []);
    object
}

// What a form shows and nobody touches is what is stored: values without an option, members without a column, and what is
// shown shorter than it is.
#[test]
fn an_untouched_form_changes_nothing() {
    let fields = [
        Field::new("method", Kind::Choice(&["POST", "GET"])),
        Field::new("type", Kind::Numbers(&[(0, "none"), (1, "read")])),
        Field::new("provider", Kind::Storages(&crate::admin::account::PROVIDERS)),
        Field::new("set", Kind::Set(&[(1, "read")])),
        Field::new("bits", Kind::Bits(&[(1, "read"), (2, "edit")])),
        Field::new("picks", Kind::Picks(&["one", "two"])),
        Field::new("at", Kind::Moment),
        Field::new("patterns", Kind::Words),
        Field::new("text", Kind::Area),
        Field::new("copies", Kind::Rows(const { &[Field::new("key", Kind::Code), Field::new("value", Kind::Code)] })),
    ];
    let object = json!({
        "method": "BREW", "type": 9, "provider": 1, "set": [1, 5], "bits": 0b1011, "picks": ["one", "three"], "at": 1_795_631_417_123_i64,
        "patterns": ["*.{jpg,png}", "b"], "text": " a\nb ",
        "copies": [{ "key": "/a", "value": "/b", "on_source_copied": 2 }, "/c"],
    });
    assert_eq!(again(&fields, &object), object);
}

fn rare(field: &Field) -> Value {
    match field.kind {
        Kind::Text | Kind::Code | Kind::Suggest(_) => json!(" <a>\"&amp;\nb\r\n é "),
        Kind::Email => json!(" a@b.example\n"),
        Kind::Area => json!("\n\n <b>&amp;\"\r\n c\rd\n "),
        Kind::Password => json!(null),
        Kind::Number(_) => json!(i64::MIN),
        Kind::Bytes => json!(-1_234_567),
        Kind::Moment => json!(1_795_631_417_123_i64),
        Kind::Tick => json!(true),
        Kind::Lines => json!(["a", "", " b ", "c\nd", "a"]),
        Kind::Words => json!(["*.{jpg,png}", "", " x\n"]),
        Kind::Pems => json!(["no certificate", "-----BEGIN X-----\r\n-----END X-----\n"]),
        Kind::Choice(_) => json!("UnknownToThisBuild"),
        Kind::Numbers(_) | Kind::Variants(_) | Kind::Storages(_) => json!(4711),
        Kind::Set(options) => json!([4711, options[options.len() - 1].0, options[0].0]),
        Kind::Picks(options) => json!(["unknown", options[options.len() - 1], options[0], "unknown"]),
        Kind::Bits(_) => json!((1_i64 << 40) | 1),
        Kind::Secret => json!({ "status": "Redacted", "mode": 1 }),
        Kind::Rows(columns) => {
            let mut row = json!({ "member_without_column": { "a": [1] } });
            columns.iter().for_each(|column| put(&mut row, column.key, rare(column)));
            Value::Array(vec![row; 3])
        }
        Kind::Permissions => json!({ " /x ": ["upload", "fly", "list"], "/": ["*"], "/none": [], "/read": ["download", "list"] }),
    }
}

fn nothing(field: &Field) -> Value {
    match field.kind {
        Kind::Text | Kind::Code | Kind::Suggest(_) | Kind::Email | Kind::Area | Kind::Choice(_) => json!(""),
        Kind::Tick => json!(false),
        Kind::Password => json!(null),
        Kind::Secret => json!({ "status": "" }),
        Kind::Rows(_) | Kind::Lines | Kind::Words | Kind::Pems | Kind::Picks(_) | Kind::Set(_) => json!([]),
        Kind::Permissions => json!({}),
        _ => json!(0),
    }
}

fn keeps<T: Object>() {
    for card in T::cards() {
        for make in [rare, nothing] {
            let mut object = json!({ "member_without_field": [{}] });
            card.fields.iter().for_each(|field| put(&mut object, field.key, make(field)));
            let saved = again(card.fields, &object);
            for field in card.fields {
                assert_eq!(at(&saved, field.key), at(&object, field.key), "{} {} {}", T::ONE, card.id, field.key);
            }
            assert_eq!(saved, object, "{} {}", T::ONE, card.id);
        }
    }
}

// UI-190: whatever stands in an object, of every kind: what is shown and saved as it is comes back as it was.
#[test]
fn every_card_of_every_kind_keeps_what_it_does_not_know() {
    use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, Role, User};
    keeps::<User>();
    keeps::<Group>();
    keeps::<BaseVirtualFolder>();
    keeps::<Role>();
    keeps::<Admin>();
    keeps::<ApiKey>();
    keeps::<EventRule>();
    keeps::<BaseEventAction>();
}

// A list that is longer than what a form may add.
#[test]
fn long_lists_keep_all_their_rows() {
    let fields = [Field::new("rows", Kind::Rows(const { &[Field::new("a", Kind::Text)] }))];
    let object = json!({ "rows": (0..1100).map(|number| json!({ "a": number.to_string(), "b": number })).collect::<Value>() });
    assert_eq!(again(&fields, &object), object);
}
