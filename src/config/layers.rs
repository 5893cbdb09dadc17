//! The values of all layers on top of each other, and the tree that results.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::convert::convert;
use crate::error::ConfigError;
use crate::path;
use crate::registry::{self, LISTS, ObjectList, Setting};
use crate::source::Origin;

/// The list that has two elements of its own unless the file gives a whole list. Environment and database change these two:
/// whoever sets one member means that member alone.
const HTTP_BINDINGS: &str = "httpd.bindings";
/// Port of the second one.
const REDIRECT_PORT: i64 = 8080;

/// A value, its row and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) setting: &'static Setting,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// The path as the layers write it, where gaps in indexes are not closed.
    pub(crate) source: String,
}

/// The layers so far; values are added from the lowest layer to the highest.
#[derive(Debug)]
pub(crate) struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    /// Indexes of the elements of each list.
    lists: BTreeMap<String, BTreeSet<usize>>,
    /// Lists that a layer gives as a whole.
    replaced: BTreeSet<String>,
    pub(crate) warnings: Vec<String>,
    /// Patterns of keys that are known and not used.
    pub(crate) unused: BTreeSet<String>,
}

/// The result: every setting of every element, by path.
pub(crate) struct Built {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) tree: Value,
    pub(crate) warnings: Vec<String>,
}

impl Layers {
    /// The defaults.
    pub(crate) fn new() -> Self {
        let lists = LISTS
            .iter()
            .filter(|list| !list.key.contains('['))
            .map(|list| (list.key.to_owned(), (0..list.default_len).collect()))
            .collect();
        Self { values: BTreeMap::new(), lists, replaced: BTreeSet::new(), warnings: Vec::new(), unused: BTreeSet::new() }
    }

    /// Sets a value, checked; a wrong one of a setting that is repaired becomes the default.
    pub(crate) fn set(
        &mut self,
        setting: &'static Setting,
        path: &str,
        value: &Value,
        origin: &Origin,
    ) -> Result<(), ConfigError> {
        let value = match convert(setting, value) {
            Ok(value) => value,
            Err(message) if setting.repaired => {
                let default = setting.default.value();
                self.warnings.push(format!("{path} ({origin}): {message}; using {default}"));
                default
            }
            Err(message) => {
                return Err(ConfigError::Invalid { key: path.to_owned(), origin: origin.to_string(), message });
            }
        };
        for (list, index) in path::indexes(path) {
            self.lists.entry(list.to_owned()).or_default().insert(index);
        }
        self.values.insert(path.to_owned(), (value, origin.clone()));
        Ok(())
    }

    /// A layer that gives a whole list: nothing of the layers below stays (LOAD-010).
    pub(crate) fn replace_list(&mut self, path: &str, length: usize) {
        let below = format!("{path}[");
        self.values.retain(|key, _| !key.starts_with(&below));
        self.lists.retain(|key, _| !key.starts_with(&below));
        self.lists.insert(path.to_owned(), (0..length).collect());
        self.replaced.insert(path.to_owned());
    }

    /// Fills defaults in, closes gaps in indexes and makes the tree.
    pub(crate) fn build(mut self) -> Built {
        if !self.replaced.contains(HTTP_BINDINGS) {
            self.add_http_bindings();
        }
        for list in LISTS.iter().filter(|list| !list.required.is_empty()) {
            self.drop_incomplete(list);
        }
        let mut tree = Value::Null;
        for list in LISTS {
            for (_, output) in self.expand(list.key) {
                path::insert(&mut tree, &output, Value::Array(Vec::new()));
            }
        }
        let mut entries = BTreeMap::new();
        for setting in registry::settings() {
            for (source, output) in self.expand(setting.key) {
                let (value, origin) = self.values.remove(&source).unwrap_or_else(|| (setting.default.value(), Origin::Default));
                path::insert(&mut tree, &output, value.clone());
                let entry = Entry { setting, value, origin, source };
                entries.insert(output, entry);
            }
        }
        Built { entries, tree, warnings: self.warnings }
    }

    /// The two default HTTP bindings, below whatever the layers say of them: HTTPS with a self-signed certificate, and a redirect
    /// to it. The redirect is off where there is no HTTPS to lead to, or where another binding has its port.
    fn add_http_bindings(&mut self) {
        self.lists.entry(HTTP_BINDINGS.to_owned()).or_default().extend(0..2);
        for (member, value) in [("port", Value::from(8443)), ("enable_https", true.into()), ("self_signed", true.into())] {
            self.values.entry(binding(0, member)).or_insert((value, Origin::Default));
        }
        let indexes: Vec<usize> = self.lists.get(HTTP_BINDINGS).into_iter().flatten().copied().collect();
        let others = || indexes.iter().filter(|index| **index != 1);
        let port = |index: usize| match self.values.get(&binding(index, "port")) {
            Some((value, _)) => value.as_i64().unwrap_or_default(),
            None => REDIRECT_PORT,
        };
        let is_encrypted =
            |index: usize| self.values.get(&binding(index, "enable_https")).is_some_and(|(value, _)| *value == Value::Bool(true));
        let leads = others().any(|index| port(*index) > 0 && is_encrypted(*index)) && !is_encrypted(1);
        let is_wanted = leads || is_encrypted(1);
        let is_free = others().all(|index| port(*index) != REDIRECT_PORT);
        let own_port = if is_wanted && is_free { REDIRECT_PORT } else { 0 };
        for (member, value) in [("port", Value::from(own_port)), ("redirect_to_https", leads.into())] {
            self.values.entry(binding(1, member)).or_insert((value, Origin::Default));
        }
    }

    /// ENV-006: elements without their required members are left out.
    fn drop_incomplete(&mut self, list: &ObjectList) {
        for (path, _) in self.expand(list.key) {
            let indexes = self.lists.get(&path).cloned().unwrap_or_default();
            for index in indexes {
                let is_missing = |member: &&&str| {
                    let key = format!("{path}[{index}].{member}");
                    match self.values.get(&key) {
                        Some((value, _)) => value.as_str().is_none_or(str::is_empty),
                        None => index >= list.default_len,
                    }
                };
                if let Some(member) = list.required.iter().find(is_missing) {
                    self.warnings.push(format!("{path}[{index}] is left out because it has no {member}"));
                    if let Some(elements) = self.lists.get_mut(&path) {
                        elements.remove(&index);
                    }
                }
            }
        }
    }

    /// The paths of a pattern: as written in the layers, and with gaps closed.
    fn expand(&self, pattern: &str) -> Vec<(String, String)> {
        let mut parts = pattern.split("[]");
        let first = parts.next().unwrap_or_default().to_owned();
        let mut paths = vec![(first.clone(), first)];
        for part in parts {
            paths = paths
                .into_iter()
                .flat_map(|(source, output)| {
                    let indexes = self.lists.get(&source).into_iter().flatten().enumerate();
                    indexes
                        .map(|(position, index)| (format!("{source}[{index}]{part}"), format!("{output}[{position}]{part}")))
                        .collect::<Vec<_>>()
                })
                .collect();
        }
        paths
    }
}

/// The path of a member of an HTTP binding.
fn binding(index: usize, member: &str) -> String {
    format!("{HTTP_BINDINGS}[{index}].{member}")
}
