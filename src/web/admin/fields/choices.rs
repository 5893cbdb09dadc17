//! Values that are chosen: those that a field offers, and whatever is stored beside them, so that saving a form never drops
//! what its table does not know.

use entrepot_core::fs::door::BuiltInStorages;
use entrepot_model::FsProvider;
use serde_json::Value;

use crate::frame::words::Words;

/// One of several values.
pub(in super::super) struct Choice {
    pub(in super::super) value: String,
    pub(in super::super) label: String,
    pub(in super::super) is_on: bool,
}

/// The name of an option; one without is shown as it is.
pub(super) fn option_label(option: &str, t: &'static Words) -> String {
    let key = if option.is_empty() { "option.none".to_owned() } else { format!("option.{option}") };
    t.find(&key).map_or_else(|| option.to_owned(), str::to_owned)
}

fn choice(option: &str, is_on: bool, t: &'static Words) -> Choice {
    Choice { value: option.to_owned(), label: option_label(option, t), is_on }
}

fn number(option: i64, label: &str, is_on: bool, t: &'static Words) -> Choice {
    Choice { value: option.to_string(), label: option_label(label, t), is_on }
}

fn unknown(option: i64) -> Choice {
    Choice { value: option.to_string(), label: option.to_string(), is_on: true }
}

/// Texts, of which these are chosen.
pub(super) fn texts(options: &[&str], chosen: &[String], t: &'static Words) -> Vec<Choice> {
    let offered = options.iter().map(|option| choice(option, chosen.iter().any(|one| one == option), t));
    let kept = chosen.iter().filter(|one| !options.contains(&one.as_str())).map(|one| choice(one, true, t));
    offered.chain(kept).collect()
}

/// Numbers, of which one is chosen. Where nothing is stored, the first stands in the field.
pub(super) fn one(options: &[(i64, &str)], chosen: Option<i64>, t: &'static Words) -> Vec<Choice> {
    let offered = options.iter().map(|(option, label)| number(*option, label, Some(*option) == chosen, t));
    let kept = chosen.filter(|chosen| !options.iter().any(|(option, _)| option == chosen)).map(unknown);
    offered.chain(kept).collect()
}

/// Storages: those that this build has, and the one that is stored.
pub(super) fn storages(options: &[(i64, &str)], chosen: Option<i64>, t: &'static Words) -> Vec<Choice> {
    let has = |option: i64| FsProvider::from_number(option).is_some_and(BuiltInStorages::has);
    let options: Vec<_> = options.iter().copied().filter(|(option, _)| Some(*option) == chosen || has(*option)).collect();
    one(&options, chosen, t)
}

/// Numbers, of which a list is chosen.
pub(super) fn several(options: &[(i64, &str)], chosen: Option<&Value>, t: &'static Words) -> Vec<Choice> {
    let chosen: Vec<i64> = chosen.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
    let offered = options.iter().map(|(option, label)| number(*option, label, chosen.contains(option), t));
    let kept = chosen.iter().filter(|one| !options.iter().any(|(option, _)| option == *one)).map(|one| unknown(*one));
    offered.chain(kept).collect()
}

/// Bits of a number; those without a name are one choice.
pub(super) fn bits(options: &[(i64, &str)], chosen: i64, t: &'static Words) -> Vec<Choice> {
    let offered = options.iter().map(|(bit, label)| number(*bit, label, chosen & bit != 0, t));
    let rest = options.iter().fold(chosen, |rest, (bit, _)| rest & !bit);
    offered.chain((rest != 0).then(|| unknown(rest))).collect()
}

/// The names of what is chosen.
pub(super) fn said(choices: Vec<Choice>) -> String {
    let labels = choices.into_iter().filter(|choice| choice.is_on).map(|choice| choice.label);
    labels.collect::<Vec<_>>().join(", ")
}
