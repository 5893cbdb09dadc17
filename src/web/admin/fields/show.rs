//! From the object to what a form shows, and to the sentences of a summary.

use serde_json::Value;

use super::{
    Fault, Field, Kind, at, bytes_text,
    choices::{self, Choice, option_label},
    grants::{self, Grant},
    is_unset, units,
};
use crate::frame::{
    look::size,
    words::{self, Words},
};

/// Names that fields suggest, by the name of their list.
pub(in super::super) type Lists = Vec<(&'static str, Vec<String>)>;

/// A field, ready for the template.
pub(in super::super) struct FieldView {
    pub(in super::super) name: String,
    pub(in super::super) id: String,
    pub(in super::super) label: String,
    pub(in super::super) hint: Option<&'static str>,
    pub(in super::super) error: Option<String>,
    pub(in super::super) is_required: bool,
    pub(in super::super) variant: Option<i64>,
    pub(in super::super) control: Control,
}

/// Where something is wrong: the identifier of each such field, to go to, and its name.
pub(in super::super) fn wrong(views: &[FieldView]) -> Vec<(&str, &str)> {
    views.iter().flat_map(FieldView::wrong).collect()
}

/// How it looks.
pub(in super::super) enum Control {
    /// Type of the input, value, unit, list, mono.
    Input {
        kind: &'static str,
        value: String,
        unit: Option<&'static str>,
        list: Option<&'static str>,
        is_code: bool,
    },
    Area {
        value: String,
        is_code: bool,
    },
    /// Nothing of a secret is ever sent: what was typed must be typed again.
    Secret {
        is_stored: bool,
        is_area: bool,
        was_typed: bool,
        is_taken_away: bool,
    },
    Tick {
        is_on: bool,
    },
    /// One that decides which other fields there are says so.
    Select {
        choices: Vec<Choice>,
        is_variant: bool,
    },
    Picks {
        choices: Vec<Choice>,
    },
    Rows {
        rows: Vec<Vec<FieldView>>,
    },
    Permissions {
        rows: Vec<Grant>,
    },
}

/// Rows that are empty below those that are there: without scripts they are how one adds.
pub(super) const SPARE: usize = 2;

/// What all fields of a form are made of.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// What holds now.
    stored: &'a Value,
    faults: &'a [Fault],
    t: &'static Words,
}

/// The fields with the values of the object; `stored` is what holds now, which tells what there is of secrets.
pub(in super::super) fn views(
    fields: &[Field],
    object: &Value,
    stored: &Value,
    faults: &[Fault],
    t: &'static Words,
) -> Vec<FieldView> {
    let around = Around { stored, faults, t };
    fields.iter().map(|field| view(field, field.key, at(object, field.key), around)).collect()
}

fn view(field: &Field, name: &str, value: Option<&Value>, around: Around<'_>) -> FieldView {
    let Around { faults, t, .. } = around;
    let text = field.text();
    let label = t.find(&format!("field.{text}")).map_or_else(|| text.replace('_', " "), str::to_owned);
    let is_rows = matches!(field.kind, Kind::Rows(_));
    let faulty = |fault: &&Fault| concerns(fault, name, is_rows);
    FieldView {
        id: name.replace(['.', '*'], "-"),
        label,
        hint: t.find(&format!("hint.{text}")),
        error: faults.iter().find(faulty).map(told),
        is_required: field.is_required,
        variant: field.variant,
        control: control(field, name, value, around),
        name: name.to_owned(),
    }
}

/// Whether a fault is that of a field. Settings of a group are named as those of a user; and a fault of rows that does not say
/// of which one is that of all of them.
fn concerns(fault: &Fault, name: &str, is_rows: bool) -> bool {
    let is = |name: &str| {
        let Some(rest) = fault.field.strip_prefix(name) else { return false };
        rest.is_empty() || rest.strip_prefix('.').is_some_and(|rest| !is_rows || !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    is(name) || name.strip_prefix("user_settings.").is_some_and(is)
}

/// What is said at a field itself: it need not name the field again.
fn told(fault: &Fault) -> String {
    let rest = fault.message.split_once(": ").filter(|(place, _)| place.eq_ignore_ascii_case(&fault.field));
    let Some((_, rest)) = rest else { return fault.message.clone() };
    let mut chars = rest.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The text of a field that is typed, as a browser holds it: fields of one line have no line ends, and addresses no space
/// around them (WHATWG HTML, value sanitization). `None` for others.
pub(super) fn text_of(kind: Kind, value: &Value) -> Option<String> {
    let line = |text: &str| text.replace(['\r', '\n'], "");
    match kind {
        Kind::Text | Kind::Code | Kind::Suggest(_) => value.as_str().map(line),
        Kind::Email => value.as_str().map(|text| line(text).trim().to_owned()),
        Kind::Area => value.as_str().map(str::to_owned),
        Kind::Moment => value.as_i64().map(units::moment_text),
        Kind::Lines | Kind::Pems => value.is_array().then(|| items(Some(value)).join("\n")),
        Kind::Words => value.is_array().then(|| line(&items(Some(value)).join(", "))),
        _ => None,
    }
}

fn control(field: &Field, name: &str, value: Option<&Value>, around: Around<'_>) -> Control {
    let t = around.t;
    let text = || value.and_then(|value| text_of(field.kind, value)).unwrap_or_default();
    let typed = || around.faults.iter().find(|fault| fault.field == name).and_then(|fault| fault.typed.clone());
    let given = || value.and_then(Value::as_i64);
    let number = || given().unwrap_or_default();
    let input = |kind, value| Control::Input { kind, value, unit: None, list: None, is_code: false };
    match field.kind {
        Kind::Text => input("text", text()),
        Kind::Email => input("email", text()),
        Kind::Code | Kind::Words => Control::Input { kind: "text", value: text(), unit: None, list: None, is_code: true },
        Kind::Suggest(list) => Control::Input { kind: "text", value: text(), unit: None, list: Some(list), is_code: false },
        Kind::Area => Control::Area { value: text(), is_code: false },
        Kind::Number(unit) => {
            let value = typed().unwrap_or_else(|| if number() == 0 { String::new() } else { number().to_string() });
            Control::Input { kind: "number", value, unit: t.find(&format!("unit.{unit}")), list: None, is_code: false }
        }
        Kind::Bytes => input("text", typed().unwrap_or_else(|| if number() == 0 { String::new() } else { bytes_text(number()) })),
        Kind::Moment => Control::Input {
            kind: "datetime-local",
            value: typed().unwrap_or_else(text),
            unit: Some("UTC"),
            list: None,
            is_code: false,
        },
        Kind::Tick => Control::Tick { is_on: value.and_then(Value::as_bool).unwrap_or_default() },
        Kind::Lines | Kind::Pems => Control::Area { value: text(), is_code: true },
        Kind::Choice(options) => {
            let chosen: Vec<String> = value.and_then(Value::as_str).map(str::to_owned).into_iter().collect();
            Control::Select { choices: choices::texts(options, &chosen, t), is_variant: false }
        }
        Kind::Numbers(options) => Control::Select { choices: choices::one(options, given(), t), is_variant: false },
        Kind::Variants(options) => Control::Select { choices: choices::one(options, given(), t), is_variant: true },
        Kind::Storages(options) => Control::Select { choices: choices::storages(options, given(), t), is_variant: true },
        Kind::Set(options) => Control::Picks { choices: choices::several(options, value, t) },
        Kind::Bits(options) => Control::Picks { choices: choices::bits(options, number(), t) },
        Kind::Picks(options) => Control::Picks { choices: choices::texts(options, &items(value), t) },
        Kind::Password => {
            let typed = value.and_then(Value::as_str);
            Control::Secret {
                is_stored: at(around.stored, "has_password").and_then(Value::as_bool).unwrap_or_default(),
                is_area: false,
                was_typed: typed.is_some_and(|typed| !typed.is_empty()),
                is_taken_away: typed.is_some_and(str::is_empty),
            }
        }
        Kind::Secret => secret(name, value, around.stored),
        Kind::Rows(columns) => rows(columns, name, value, around),
        Kind::Permissions => Control::Permissions { rows: grants::rows(value, t) },
    }
}

fn secret(name: &str, value: Option<&Value>, stored: &Value) -> Control {
    let status = |secret: Option<&Value>| {
        let status = secret.and_then(|secret| secret.get("status")).and_then(Value::as_str);
        status.unwrap_or_default().to_owned()
    };
    let stored = at(stored, name);
    let is_stored = !status(stored).is_empty();
    Control::Secret {
        is_stored,
        is_area: name.ends_with("key") || name.ends_with("credentials"),
        was_typed: status(value) == "Plain" && value != stored,
        is_taken_away: is_stored && status(value).is_empty(),
    }
}

pub(super) fn items(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn rows(columns: &[Field], name: &str, value: Option<&Value>, around: Around<'_>) -> Control {
    let given = value.and_then(Value::as_array).cloned().unwrap_or_default();
    let spare = std::iter::repeat_n(Value::Null, SPARE);
    let rows = given.into_iter().map(open_row).chain(spare).enumerate().map(|(index, row)| {
        let cell = |column: &Field| view(column, &format!("{name}.{index}.{}", column.key), at(&row, column.key), around);
        columns.iter().map(cell).collect()
    });
    Control::Rows { rows: rows.collect() }
}

/// Where a row may be a text in place of an object, it is the first column (ACT-044).
pub(super) fn open_row(row: Value) -> Value {
    match row {
        Value::String(text) => serde_json::json!({ "key": text }),
        row => row,
    }
}

/// A field as a sentence of a summary; `None` where it is as by default.
pub(in super::super) fn say(field: &Field, object: &Value, t: &'static Words) -> Option<String> {
    let value = at(object, field.key);
    if matches!(field.kind, Kind::Password) || is_unset(value) {
        return None;
    }
    let value = value?;
    let label = t.find(&format!("field.{}", field.text())).map_or_else(|| field.text().replace('_', " "), str::to_owned);
    let number = value.as_i64().unwrap_or_default();
    let text = match field.kind {
        Kind::Tick => return Some(label),
        Kind::Bytes => size(number),
        Kind::Number(unit) => match t.find(&format!("unit.{unit}")) {
            Some(unit) => format!("{number} {unit}"),
            None => number.to_string(),
        },
        Kind::Moment => units::moment_text(number).replace('T', " ") + " UTC",
        Kind::Set(options) => choices::said(choices::several(options, Some(value), t)),
        Kind::Bits(options) => choices::said(choices::bits(options, number, t)),
        Kind::Numbers(options) | Kind::Variants(options) | Kind::Storages(options) => {
            choices::said(choices::one(options, Some(number), t))
        }
        Kind::Picks(_) => items(Some(value)).iter().map(|item| option_label(item, t)).collect::<Vec<_>>().join(", "),
        Kind::Choice(_) => option_label(value.as_str().unwrap_or_default(), t),
        Kind::Secret => t.summary_stored.to_owned(),
        Kind::Pems => words::fill(t.summary_entries, &[&items(Some(value)).len()]),
        Kind::Rows(columns) => rows_said(columns, value),
        Kind::Permissions => grants::said(value, t),
        _ => match value {
            Value::Array(_) => items(Some(value)).join(", "),
            _ => value.as_str().unwrap_or_default().to_owned(),
        },
    };
    let text: String = if text.chars().count() > 240 { text.chars().take(240).chain(['…']).collect() } else { text };
    Some(words::fill(t.summary_pair, &[&label, &text]))
}

/// The first column of each row.
fn rows_said(columns: &[Field], value: &Value) -> String {
    let rows = value.as_array().into_iter().flatten();
    let first = rows.filter_map(|row| {
        let parts = columns.iter().take(2).filter_map(|column| match at(row, column.key)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(_) => Some(items(at(row, column.key)).join(" ")),
            _ => None,
        });
        let said = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        (!said.is_empty()).then_some(said)
    });
    first.collect::<Vec<_>>().join(", ")
}

impl FieldView {
    /// There is something to read beside it.
    pub(in super::super) fn describes(&self) -> bool {
        self.hint.is_some() || self.error.is_some() || self.must_be_typed_again()
    }

    /// Ids of what there is to read.
    pub(in super::super) fn described(&self) -> String {
        let hint = self.hint.map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        let again = self.must_be_typed_again().then(|| format!("{}-again", self.id));
        hint.into_iter().chain(error).chain(again).collect::<Vec<_>>().join(" ")
    }

    /// A secret that was typed, and not stored.
    fn must_be_typed_again(&self) -> bool {
        matches!(self.control, Control::Secret { was_typed: true, .. })
    }

    /// Lines of a text.
    pub(in super::super) fn lines(&self) -> usize {
        let count = match &self.control {
            Control::Area { value, .. } => value.lines().count(),
            _ => 0,
        };
        count.clamp(2, 12) + 1
    }

    /// It, and the fields of its rows, as far as something is wrong with them: identifier and name.
    fn wrong(&self) -> Vec<(&str, &str)> {
        let rows = match &self.control {
            Control::Rows { rows } => rows.as_slice(),
            _ => &[],
        };
        let own = self.error.as_ref().map(|_| (self.id.as_str(), self.label.as_str()));
        own.into_iter().chain(rows.iter().flatten().flat_map(Self::wrong)).collect()
    }

    /// Something is wrong with it, or with a row of it.
    pub(in super::super) fn has_error(&self) -> bool {
        !self.wrong().is_empty()
    }

    /// It, or a field of a row of it, says what is wrong.
    pub(in super::super) fn shows(&self, fault: &Fault) -> bool {
        let rows = match &self.control {
            Control::Rows { rows } => rows.as_slice(),
            _ => &[],
        };
        let is_rows = matches!(self.control, Control::Rows { .. });
        concerns(fault, &self.name, is_rows) || rows.iter().flatten().any(|field| field.shows(fault))
    }
}
