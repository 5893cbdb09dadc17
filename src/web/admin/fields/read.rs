//! From what a form sent to the object.

use serde_json::{Map, Value, json};

use super::{Field, Kind, at, grants, is_unset, put, show, units};
use crate::frame::{Form, words::Words};

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Fault {
    /// Name of the field.
    pub(in super::super) field: String,
    pub(in super::super) message: String,
    /// What was typed, where the object has no place for it: no number, no moment.
    pub(in super::super) typed: Option<String>,
}

impl Fault {
    /// Of a field, or with an empty name of the form as a whole.
    pub(in super::super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), typed: None }
    }
}

/// Rows of a list that a form takes beside those that are stored.
const ROWS: usize = 1000;

/// Puts what the form has for these fields into the object. What cannot be read is told and stays as it was. A row that was
/// emptied is `null`, so that the others keep their numbers while the form is shown again; [`close_rows`] takes it away.
pub(in super::super) fn apply(fields: &[Field], form: &Form, object: &mut Value, t: &Words) -> Vec<Fault> {
    let mut faults = Vec::new();
    for field in fields {
        apply_one(field, field.key, form, object, t, &mut faults);
    }
    faults
}

/// Takes away the rows that were emptied.
pub(in super::super) fn close_rows(fields: &[Field], object: &mut Value) {
    for field in fields.iter().filter(|field| matches!(field.kind, Kind::Rows(_))) {
        if let Some(Value::Array(rows)) = at(object, field.key).cloned() {
            let kept: Vec<Value> = rows.into_iter().filter(|row| !row.is_null()).collect();
            put(object, field.key, Value::Array(kept));
        }
    }
}

fn apply_one(field: &Field, name: &str, form: &Form, object: &mut Value, t: &Words, faults: &mut Vec<Fault>) {
    let stored = at(object, field.key);
    // What is shown may be less than what is stored: seconds of a moment, a comma in a pattern. Untouched it stays.
    let shown = stored.and_then(|value| show::text_of(field.kind, value));
    if shown.is_some_and(|shown| one_ended(&shown) == one_ended(form.get(name))) {
        return;
    }
    let text = form.get(name).trim();
    let mut fault = |message: &str| faults.push(Fault { typed: Some(text.to_owned()), ..Fault::new(name, message) });
    let value = match field.kind {
        Kind::Rows(_) | Kind::Permissions => {
            let limit = ROWS + stored.map_or(0, length);
            match (indices(name, form, limit), field.kind) {
                (None, _) => {
                    fault(t.fault_rows);
                    None
                }
                (Some(indices), Kind::Rows(columns)) => Some(rows(columns, name, &indices, form, stored, t, faults)),
                (Some(indices), _) => Some(grants::read(name, &indices, form, stored)),
            }
        }
        Kind::Password => password(name, form),
        Kind::Secret => secret(name, form),
        Kind::Tick => Some(Value::Bool(form.has(name))),
        Kind::Picks(_) => Some(form.all(name).map(str::to_owned).collect()),
        Kind::Bits(_) => Some(json!(form.all(name).filter_map(|bit| bit.parse::<i64>().ok()).fold(0, |sum, bit| sum | bit))),
        Kind::Lines => Some(lines(form.get(name))),
        Kind::Words => Some(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()),
        Kind::Pems => Some(pems(form.get(name))),
        // Line ends come as browsers send them (WHATWG HTML, form submission).
        Kind::Area => Some(Value::String(text.replace("\r\n", "\n"))),
        Kind::Text | Kind::Code | Kind::Email | Kind::Suggest(_) | Kind::Choice(_) => Some(Value::String(text.to_owned())),
        Kind::Set(_) => Some(form.all(name).filter_map(|number| number.parse::<i64>().ok()).collect()),
        Kind::Number(_) | Kind::Numbers(_) | Kind::Variants(_) | Kind::Storages(_) => {
            let number = if text.is_empty() { Some(0) } else { text.parse::<i64>().ok() };
            number.map(|number| json!(number)).or_else(|| {
                fault(t.fault_number);
                None
            })
        }
        Kind::Bytes => units::bytes(text).map(|bytes| json!(bytes)).or_else(|| {
            fault(t.fault_bytes);
            None
        }),
        Kind::Moment => units::moment(text).map(|moment| json!(moment)).or_else(|| {
            fault(t.fault_moment);
            None
        }),
    };
    if let Some(value) = value.filter(|value| !says_the_same(field.kind, stored, value)) {
        put(object, field.key, value);
    }
}

/// Line ends as fields hold them; browsers send others (WHATWG HTML, form submission).
fn one_ended(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len) + value.as_object().map_or(0, Map::len)
}

/// What was read says nothing else than what is stored: a set in another order, or nothing in another form.
fn says_the_same(kind: Kind, stored: Option<&Value>, read: &Value) -> bool {
    match kind {
        Kind::Password | Kind::Secret | Kind::Permissions => false,
        Kind::Picks(_) | Kind::Set(_) if same_set(stored, read) => true,
        _ => is_unset(stored) && is_unset(Some(read)),
    }
}

/// The same items, in whatever order and however often.
pub(super) fn same_set(one: Option<&Value>, other: &Value) -> bool {
    let Some((one, other)) = one.and_then(Value::as_array).zip(other.as_array()) else { return false };
    one.iter().all(|item| other.contains(item)) && other.iter().all(|item| one.contains(item))
}

/// `None` keeps the stored one; the member is absent then.
fn password(name: &str, form: &Form) -> Option<Value> {
    if form.has(&format!("{name}.clear")) {
        return Some(Value::String(String::new()));
    }
    Some(form.get(name)).filter(|password| !password.is_empty()).map(|password| Value::String(password.to_owned()))
}

/// The stored one stays where nothing was typed: it is in the object already, sealed.
fn secret(name: &str, form: &Form) -> Option<Value> {
    if form.has(&format!("{name}.clear")) {
        return Some(json!({ "status": "" }));
    }
    let typed = form.get(name).replace("\r\n", "\n");
    (!typed.trim().is_empty()).then(|| json!({ "status": "Plain", "payload": typed }))
}

fn lines(text: &str) -> Value {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// One text for each certificate.
fn pems(text: &str) -> Value {
    const BEGIN: &str = "-----BEGIN";
    let text = text.replace("\r\n", "\n");
    if !text.contains(BEGIN) {
        return lines(&text);
    }
    text.split(BEGIN).skip(1).map(|rest| format!("{BEGIN}{}", rest.trim_end())).collect()
}

/// Numbers of the rows that the form has, in order; `None` for more rows than a form takes.
fn indices(name: &str, form: &Form, limit: usize) -> Option<Vec<usize>> {
    let prefix = format!("{name}.");
    let numbers = form.under(&prefix).filter_map(|(rest, _)| rest.split('.').next());
    let numbers = numbers.filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let mut found = numbers.map(|part| part.parse().ok().filter(|index| *index < limit)).collect::<Option<Vec<usize>>>()?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// UI-056: rows in which nothing stands are left out. Each begins as the stored one of its number, so that members without a
/// column stay.
fn rows(
    columns: &[Field],
    name: &str,
    indices: &[usize],
    form: &Form,
    stored: Option<&Value>,
    t: &Words,
    faults: &mut Vec<Fault>,
) -> Value {
    let stored = stored.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut all = vec![Value::Null; stored.len()];
    for index in indices.iter().copied() {
        if form.has(&format!("{name}.{index}.-")) {
            continue;
        }
        let before = stored.get(index).cloned().unwrap_or_default();
        let was_text = before.is_string();
        let mut row = if before.is_null() { Value::Object(Map::new()) } else { show::open_row(before) };
        let may_go = stored.get(index).is_none_or(Value::is_null) || !is_blank(columns, |key| at(&row, key).cloned());
        let typed = |key: &str| form.find(&format!("{name}.{index}.{key}")).map(|value| Value::from(value.trim()));
        if may_go && is_blank(columns, typed) {
            continue;
        }
        for column in columns {
            apply_one(column, &format!("{name}.{index}.{}", column.key), form, &mut row, t, faults);
        }
        if all.len() <= index {
            all.resize(index + 1, Value::Null);
        }
        all[index] = if was_text { close_row(row) } else { row };
    }
    Value::Array(all)
}

/// Nothing stands in a row; a choice always stands there.
fn is_blank(columns: &[Field], value: impl Fn(&str) -> Option<Value>) -> bool {
    let columns = columns.iter().filter(|column| !matches!(column.kind, Kind::Numbers(_) | Kind::Choice(_)));
    columns.map(|column| value(column.key)).all(|value| is_unset(value.as_ref()))
}

/// A text again, where nothing but it stands in the row.
fn close_row(row: Value) -> Value {
    let members = row.as_object().into_iter().flatten();
    let is_text = members.filter(|(member, _)| *member != "key").all(|(_, value)| is_unset(Some(value)));
    row.get("key").filter(|_| is_text).cloned().unwrap_or(row)
}
