//! From what a form sent to the object.

use serde_json::{Map, Value, json};

use super::{Field, Kind, put, units};
use crate::frame::{Form, words::Words};

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Fault {
    /// Name of the field.
    pub(in super::super) field: String,
    pub(in super::super) message: String,
}

/// Puts what the form has for these fields into the object. What cannot be read is told and stays as it was.
pub(in super::super) fn apply(fields: &[Field], form: &Form, object: &mut Value, t: &Words) -> Vec<Fault> {
    let mut faults = Vec::new();
    for field in fields {
        apply_one(field, field.key, form, object, t, &mut faults);
    }
    faults
}

fn apply_one(field: &Field, name: &str, form: &Form, object: &mut Value, t: &Words, faults: &mut Vec<Fault>) {
    let mut fault = |message: &str| faults.push(Fault { field: name.to_owned(), message: message.to_owned() });
    let text = form.get(name).trim();
    let value = match field.kind {
        Kind::Rows(columns) => Some(rows(columns, name, form, t, faults)),
        Kind::Permissions => Some(permissions(name, form)),
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
        Kind::Number(_) | Kind::Numbers(_) | Kind::Variants(_) => match if text.is_empty() { Ok(0) } else { text.parse::<i64>() }
        {
            Ok(number) => Some(json!(number)),
            Err(_) => {
                fault(t.fault_number);
                None
            }
        },
        Kind::Bytes => units::bytes(text).map(|bytes| json!(bytes)).or_else(|| {
            fault(t.fault_bytes);
            None
        }),
        Kind::Moment => units::moment(text).map(|moment| json!(moment)).or_else(|| {
            fault(t.fault_moment);
            None
        }),
    };
    if let Some(value) = value {
        put(object, field.key, value);
    }
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

/// Numbers of the rows that the form has, in order.
fn indices(name: &str, form: &Form) -> Vec<usize> {
    let prefix = format!("{name}.");
    let mut found: Vec<usize> =
        form.under(&prefix).filter_map(|(rest, _)| rest.split('.').next()?.parse().ok()).filter(|index| *index < 1000).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// UI-056: rows in which nothing stands are left out.
fn rows(columns: &[Field], name: &str, form: &Form, t: &Words, faults: &mut Vec<Fault>) -> Value {
    let mut all = Vec::new();
    for index in indices(name, form) {
        if form.has(&format!("{name}.{index}.-")) {
            continue;
        }
        let is_blank = columns.iter().all(|column| {
            let value = form.get(&format!("{name}.{index}.{}", column.key));
            value.trim().is_empty() || matches!(column.kind, Kind::Numbers(_) | Kind::Choice(_))
        });
        if is_blank {
            continue;
        }
        let mut row = Value::Object(Map::new());
        for column in columns {
            apply_one(column, &format!("{name}.{index}.{}", column.key), form, &mut row, t, faults);
        }
        all.push(row);
    }
    Value::Array(all)
}

fn permissions(name: &str, form: &Form) -> Value {
    let mut map = Map::new();
    for index in indices(name, form) {
        let path = form.get(&format!("{name}.{index}.path")).trim();
        if path.is_empty() || form.has(&format!("{name}.{index}.-")) {
            continue;
        }
        let picks: Vec<&str> = match form.get(&format!("{name}.{index}.preset")) {
            "custom" | "" => Vec::new(),
            preset => super::show::preset_permissions(preset).to_vec(),
        };
        let picks = if picks.is_empty() {
            let own = format!("{name}.{index}.picks");
            form.all(&own).map(str::to_owned).collect()
        } else {
            picks.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        map.insert(path.to_owned(), Value::from(picks));
    }
    Value::Object(map)
}
