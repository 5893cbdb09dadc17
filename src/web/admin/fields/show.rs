//! From the object to what a form shows, and to the sentences of a summary.

use serde_json::Value;

use super::{Fault, Field, Kind, at, bytes_text, is_unset, units};
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
    /// Something is stored.
    Secret {
        is_stored: bool,
        is_area: bool,
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

/// One of several values.
pub(in super::super) struct Choice {
    pub(in super::super) value: String,
    pub(in super::super) label: String,
    pub(in super::super) is_on: bool,
}

/// Permissions of one path.
pub(in super::super) struct Grant {
    pub(in super::super) index: usize,
    pub(in super::super) path: String,
    pub(in super::super) presets: Vec<Choice>,
    pub(in super::super) picks: Vec<Choice>,
}

/// Rows that are empty below those that are there: without scripts they are how one adds.
const SPARE: usize = 2;

/// Sets of permissions that have a name.
const PRESETS: [(&str, &[&str]); 4] = [
    ("full", &["*"]),
    ("read", &["list", "download"]),
    ("add", &["list", "download", "upload", "create_dirs"]),
    ("drop", &["list", "upload"]),
];

/// Every permission but `*`, which is the preset of all.
const PERMISSIONS: [&str; 17] = [
    "list",
    "download",
    "upload",
    "overwrite",
    "delete",
    "delete_files",
    "delete_dirs",
    "rename",
    "rename_files",
    "rename_dirs",
    "create_dirs",
    "create_symlinks",
    "chmod",
    "chown",
    "chtimes",
    "copy",
    "*",
];

/// What a preset stands for.
pub(super) fn preset_permissions(name: &str) -> &'static [&'static str] {
    PRESETS.into_iter().find(|(preset, _)| *preset == name).map_or(&[], |(_, permissions)| permissions)
}

/// The fields with the values of the object.
pub(in super::super) fn views(fields: &[Field], object: &Value, faults: &[Fault], t: &'static Words) -> Vec<FieldView> {
    fields.iter().map(|field| view(field, field.key, at(object, field.key), object, faults, t)).collect()
}

fn view(field: &Field, name: &str, value: Option<&Value>, object: &Value, faults: &[Fault], t: &'static Words) -> FieldView {
    let text = field.text();
    let label = t.find(&format!("field.{text}")).map_or_else(|| text.replace('_', " "), str::to_owned);
    let faulty = |fault: &&Fault| {
        fault.field == name
            || fault.field.strip_prefix(name).is_some_and(|rest| rest.starts_with('.') && !matches!(field.kind, Kind::Rows(_)))
    };
    FieldView {
        id: name.replace(['.', '*'], "-"),
        label,
        hint: t.find(&format!("hint.{text}")),
        error: faults.iter().find(faulty).map(|fault| fault.message.clone()),
        is_required: field.is_required,
        variant: field.variant,
        control: control(field, name, value, object, faults, t),
        name: name.to_owned(),
    }
}

fn control(field: &Field, name: &str, value: Option<&Value>, object: &Value, faults: &[Fault], t: &'static Words) -> Control {
    let text = || value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = || value.and_then(Value::as_i64).unwrap_or_default();
    let input = |kind, value| Control::Input { kind, value, unit: None, list: None, is_code: false };
    match field.kind {
        Kind::Text => input("text", text()),
        Kind::Email => input("email", text()),
        Kind::Code => Control::Input { kind: "text", value: text(), unit: None, list: None, is_code: true },
        Kind::Suggest(list) => Control::Input { kind: "text", value: text(), unit: None, list: Some(list), is_code: false },
        Kind::Area => Control::Area { value: text(), is_code: false },
        Kind::Number(unit) => {
            let value = if number() == 0 { String::new() } else { number().to_string() };
            Control::Input { kind: "number", value, unit: t.find(&format!("unit.{unit}")), list: None, is_code: false }
        }
        Kind::Bytes => input("text", if number() == 0 { String::new() } else { bytes_text(number()) }),
        Kind::Moment => Control::Input {
            kind: "datetime-local",
            value: units::moment_text(number()),
            unit: Some("UTC"),
            list: None,
            is_code: false,
        },
        Kind::Tick => Control::Tick { is_on: value.and_then(Value::as_bool).unwrap_or_default() },
        Kind::Lines => Control::Area { value: items(value).join("\n"), is_code: true },
        Kind::Pems => Control::Area { value: items(value).join("\n"), is_code: true },
        Kind::Words => Control::Input { kind: "text", value: items(value).join(", "), unit: None, list: None, is_code: true },
        Kind::Choice(options) => {
            let chosen = text();
            let choices = options.iter().map(|option| choice(option, *option == chosen, t)).collect();
            Control::Select { choices, is_variant: false }
        }
        Kind::Numbers(options) | Kind::Variants(options) => Control::Select {
            choices: numbers(options, |option| option == number(), t),
            is_variant: matches!(field.kind, Kind::Variants(_)),
        },
        Kind::Set(options) => {
            let chosen = value.and_then(Value::as_array).cloned().unwrap_or_default();
            Control::Picks { choices: numbers(options, |option| chosen.iter().any(|one| one.as_i64() == Some(option)), t) }
        }
        Kind::Bits(options) => Control::Picks { choices: numbers(options, |bit| number() & bit != 0, t) },
        Kind::Picks(options) => {
            let chosen = items(value);
            Control::Picks {
                choices: options.iter().map(|option| choice(option, chosen.iter().any(|one| one == option), t)).collect(),
            }
        }
        Kind::Password => {
            let is_stored = at(object, "has_password").and_then(Value::as_bool).unwrap_or_default();
            Control::Secret { is_stored, is_area: false }
        }
        Kind::Secret => {
            let is_stored =
                value.and_then(|secret| secret.get("status")).and_then(Value::as_str).is_some_and(|status| !status.is_empty());
            Control::Secret { is_stored, is_area: name.ends_with("key") || name.ends_with("credentials") }
        }
        Kind::Rows(columns) => rows(columns, name, value, faults, t),
        Kind::Permissions => permissions(value, t),
    }
}

fn items(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The name of an option; one without is shown as it is.
fn option_label(option: &str, t: &'static Words) -> String {
    let key = if option.is_empty() { "option.none".to_owned() } else { format!("option.{option}") };
    t.find(&key).map_or_else(|| option.to_owned(), str::to_owned)
}

fn choice(option: &str, is_on: bool, t: &'static Words) -> Choice {
    Choice { value: option.to_owned(), label: option_label(option, t), is_on }
}

fn numbers(options: &[(i64, &str)], is_on: impl Fn(i64) -> bool, t: &'static Words) -> Vec<Choice> {
    let choice = |(number, label): &(i64, &str)| Choice {
        value: number.to_string(),
        label: option_label(label, t),
        is_on: is_on(*number),
    };
    options.iter().map(choice).collect()
}

fn rows(columns: &[Field], name: &str, value: Option<&Value>, faults: &[Fault], t: &'static Words) -> Control {
    let given = value.and_then(Value::as_array).cloned().unwrap_or_default();
    let spare = std::iter::repeat_n(Value::Null, SPARE);
    let rows = given.into_iter().chain(spare).enumerate().map(|(index, row)| {
        let cell =
            |column: &Field| view(column, &format!("{name}.{index}.{}", column.key), at(&row, column.key), &row, faults, t);
        columns.iter().map(cell).collect()
    });
    Control::Rows { rows: rows.collect() }
}

fn permissions(value: Option<&Value>, t: &'static Words) -> Control {
    let map = value.and_then(Value::as_object);
    let mut given: Vec<(String, Vec<String>)> =
        map.into_iter().flatten().map(|(path, picks)| (path.clone(), items(Some(picks)))).collect();
    if given.is_empty() {
        given.push(("/".to_owned(), Vec::new()));
    }
    given.extend(std::iter::repeat_n((String::new(), Vec::new()), SPARE));
    let rows = given.into_iter().enumerate().map(|(index, (path, picks))| {
        let preset = preset_of(&picks);
        let presets = PRESETS.into_iter().map(|(name, _)| name).chain(["custom"]);
        let presets = presets.map(|name| Choice {
            value: name.to_owned(),
            label: t.get(&format!("preset.{name}")).to_owned(),
            is_on: name == preset,
        });
        Grant {
            index,
            path,
            presets: presets.collect(),
            picks: PERMISSIONS
                .iter()
                .map(|one| Choice {
                    value: (*one).to_owned(),
                    label: option_label(one, t),
                    is_on: picks.iter().any(|pick| pick == one),
                })
                .collect(),
        }
    });
    Control::Permissions { rows: rows.collect() }
}

fn preset_of(picks: &[String]) -> &'static str {
    if picks.is_empty() {
        return "full";
    }
    let same = |permissions: &[&str]| {
        permissions.len() == picks.len() && permissions.iter().all(|one| picks.iter().any(|pick| pick == one))
    };
    PRESETS.into_iter().find(|(_, permissions)| same(permissions)).map_or("custom", |(name, _)| name)
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
        Kind::Set(options) => {
            let chosen: Vec<i64> = value.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
            let said = options.iter().filter(|(option, _)| chosen.contains(option)).map(|(_, label)| option_label(label, t));
            said.collect::<Vec<_>>().join(", ")
        }
        Kind::Numbers(options) | Kind::Variants(options) => options
            .iter()
            .find(|(option, _)| *option == number)
            .map_or_else(|| number.to_string(), |(_, label)| option_label(label, t)),
        Kind::Bits(options) => options
            .iter()
            .filter(|(bit, _)| number & bit != 0)
            .map(|(_, label)| option_label(label, t))
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Picks(_) => items(Some(value)).iter().map(|item| option_label(item, t)).collect::<Vec<_>>().join(", "),
        Kind::Choice(_) => option_label(value.as_str().unwrap_or_default(), t),
        Kind::Secret => t.summary_stored.to_owned(),
        Kind::Pems => words::fill(t.summary_entries, &[&items(Some(value)).len()]),
        Kind::Rows(columns) => rows_said(columns, value),
        Kind::Permissions => permissions_said(value, t),
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

fn permissions_said(value: &Value, t: &'static Words) -> String {
    let map = value.as_object().into_iter().flatten();
    let said = map.map(|(path, picks)| {
        let picks = items(Some(picks));
        let what = match preset_of(&picks) {
            "custom" => picks.iter().map(|pick| option_label(pick, t)).collect::<Vec<_>>().join(" + "),
            preset => t.get(&format!("preset.{preset}")).to_owned(),
        };
        format!("{path} ({what})")
    });
    said.collect::<Vec<_>>().join(", ")
}

impl FieldView {
    /// There is something to read beside it.
    pub(in super::super) fn describes(&self) -> bool {
        self.hint.is_some() || self.error.is_some()
    }

    /// Ids of what there is to read.
    pub(in super::super) fn described(&self) -> String {
        let hint = self.hint.map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    /// Lines of a text.
    pub(in super::super) fn lines(&self) -> usize {
        let count = match &self.control {
            Control::Area { value, .. } => value.lines().count(),
            _ => 0,
        };
        count.clamp(2, 12) + 1
    }

    /// Something is wrong with it, or with a row of it.
    pub(in super::super) fn has_error(&self) -> bool {
        let rows = match &self.control {
            Control::Rows { rows } => rows.as_slice(),
            _ => &[],
        };
        self.error.is_some() || rows.iter().flatten().any(FieldView::has_error)
    }
}
