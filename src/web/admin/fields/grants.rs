//! Permissions by path: sets that have a name, or chosen one by one. A path whose list is empty allows nothing (ACC-027), and
//! is not the same as a path that is not there.

use serde_json::{Map, Value};

use super::{
    choices::{self, Choice, option_label},
    read::same_set,
    show::{SPARE, items},
};
use crate::frame::{Form, words::Words};

/// Permissions of one path.
pub(in super::super) struct Grant {
    pub(in super::super) index: usize,
    pub(in super::super) path: String,
    pub(in super::super) presets: Vec<Choice>,
    pub(in super::super) picks: Vec<Choice>,
}

/// Sets of permissions that have a name.
const PRESETS: [(&str, &[&str]); 5] = [
    ("full", &["*"]),
    ("read", &["list", "download"]),
    ("add", &["list", "download", "upload", "create_dirs"]),
    ("drop", &["list", "upload"]),
    ("none", &[]),
];
/// What a row without a path begins with.
const FIRST: &str = "read";

/// Every permission, the one for all of them last: it is a preset of its own.
pub(super) const PERMISSIONS: [&str; 17] = [
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

/// The rows of a form: what there is, and blank ones.
pub(super) fn rows(value: Option<&Value>, t: &'static Words) -> Vec<Grant> {
    let map = value.and_then(Value::as_object).into_iter().flatten();
    let given = map.map(|(path, picks)| {
        let picks = items(Some(picks));
        (path.clone(), preset_of(&picks), picks)
    });
    let spare = std::iter::repeat_n((String::new(), FIRST, Vec::new()), SPARE);
    let rows = given.chain(spare).enumerate().map(|(index, (path, preset, picks))| {
        let presets = PRESETS.into_iter().map(|(name, _)| name).chain(["custom"]).map(|name| Choice {
            value: name.to_owned(),
            label: t.get(&format!("preset.{name}")).to_owned(),
            is_on: name == preset,
        });
        Grant { index, path, presets: presets.collect(), picks: choices::texts(&PERMISSIONS, &picks, t) }
    });
    rows.collect()
}

fn preset_of(picks: &[String]) -> &'static str {
    let same = |permissions: &[&str]| {
        permissions.len() == picks.len() && permissions.iter().all(|one| picks.iter().any(|pick| pick == one))
    };
    PRESETS.into_iter().find(|(_, permissions)| same(permissions)).map_or("custom", |(name, _)| name)
}

/// What the rows of a form say; rows without a path say nothing. A path and a set that are as they were stay as they are
/// stored, whatever their spaces and order.
pub(super) fn read(name: &str, indices: &[usize], form: &Form, stored: Option<&Value>) -> Value {
    let stored: Vec<(&String, &Value)> = stored.and_then(Value::as_object).into_iter().flatten().collect();
    let mut map = Map::new();
    for index in indices.iter().copied() {
        let typed = form.get(&format!("{name}.{index}.path"));
        let before = stored.get(index).filter(|(path, _)| path.replace(['\r', '\n'], "") == typed);
        let path = before.map_or(typed.trim(), |(path, _)| path);
        if path.is_empty() || form.has(&format!("{name}.{index}.-")) {
            continue;
        }
        let preset = form.get(&format!("{name}.{index}.preset"));
        let picks: Vec<String> = match PRESETS.into_iter().find(|(known, _)| *known == preset) {
            Some((_, permissions)) => permissions.iter().map(|one| (*one).to_owned()).collect(),
            None => form.all(&format!("{name}.{index}.picks")).map(str::to_owned).collect(),
        };
        let picks = Value::from(picks);
        let kept = before.map(|(_, before)| *before).filter(|before| same_set(Some(before), &picks));
        map.insert(path.to_owned(), kept.cloned().unwrap_or(picks));
    }
    Value::Object(map)
}

/// All of them in a sentence.
pub(super) fn said(value: &Value, t: &'static Words) -> String {
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
