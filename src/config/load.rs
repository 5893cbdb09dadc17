//! Loading: all layers, checks, and the typed result with the origin of every value.

use std::collections::BTreeMap;
use std::path::Path;

use entrepot_secrets::Sensitive;
use serde_json::Value;

use crate::error::ConfigError;
use crate::layers::{Built, Entry, Layers};
use crate::registry::{self, Setting, Support, find};
use crate::settings::Settings;
use crate::source::{Origin, Sources};
use crate::{environment, environment_directory, file, reader, rules, secret_files};

#[cfg(test)]
mod tests;

/// What replaces the value of a secret wherever values are shown.
const MASK: &str = "***";

/// The first administrator named by the environment (ENV-008).
#[derive(Clone, Debug)]
pub struct DefaultAdmin {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Sensitive<String>,
}

/// A line of `config show --origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The path, for instance `sftpd.bindings[0].port`.
    pub key: String,
    /// The value as JSON; secrets and passwords in URLs are masked.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Everything there is to say about a setting, for those who look for one or change it.
#[derive(Clone, Debug)]
pub struct SettingState {
    /// The path, for instance `sftpd.bindings[0].port`.
    pub key: String,
    /// The value; secrets and passwords in URLs are masked.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// Its row in the registry.
    pub setting: &'static Setting,
}

/// Loaded settings.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The typed tree.
    pub settings: Settings,
    /// The origin of every value, by path.
    pub origins: BTreeMap<String, Origin>,
    /// Sentences for the log and the terminal.
    pub warnings: Vec<String>,
    /// The first administrator of the environment.
    pub default_admin: Option<DefaultAdmin>,
    entries: BTreeMap<String, Entry>,
}

/// Loads the settings: default < file < database < env.d < environment < flag.
///
/// # Errors
/// The first thing that is wrong, see [`ConfigError`]. What is wrong in the database is a warning
/// instead, because the pages that could repair it need a running server.
pub fn load(sources: Sources) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::new();
    if let Some(path) = file::locate(&sources) {
        let tree = file::parse(&path)?;
        reader::read(&mut layers, "", &tree, &Origin::File(path))?;
    }
    read_database(&mut layers, &sources.database);
    let default_admin = read_environment(&mut layers, &sources)?;
    for (key, value) in &sources.overrides {
        reader::read(&mut layers, key, value, &Origin::Flag)?;
    }
    let unused = std::mem::take(&mut layers.unused);
    let mut built = layers.build();
    built.warnings.extend(rules::unused_warning(&unused));
    let checked = check_support(&mut built).and_then(|()| rules::check(&mut built));
    checked.map_err(|error| as_written(error, &built))?;
    if let Some(future) = &sources.future_data_dir {
        bring_here(&mut built, future, &sources.data_dir);
    }
    secret_files::read(&mut built, &sources.data_dir).map_err(|error| as_written(error, &built))?;
    let mut settings: Settings = serde_json::from_value(built.tree).map_err(|error| ConfigError::Internal(error.to_string()))?;
    settings.data_dir = sources.data_dir;
    Ok(Loaded {
        settings,
        origins: built.entries.iter().map(|(path, entry)| (path.clone(), entry.origin.clone())).collect(),
        warnings: built.warnings,
        default_admin,
        entries: built.entries,
    })
}

/// Whoever corrects a value looks for the key as it stands in its layer.
fn as_written(mut error: ConfigError, built: &Built) -> ConfigError {
    if let ConfigError::Invalid { key, .. } | ConfigError::Refused { key, .. } = &mut error
        && let Some(entry) = built.entries.get(key.as_str())
    {
        key.clone_from(&entry.source);
    }
    error
}

/// Paths below `future` become paths below `data_dir`.
fn bring_here(built: &mut Built, future: &Path, data_dir: &Path) {
    let moved = |value: &mut Value| {
        let Some(below) = value.as_str().and_then(|text| Path::new(text).strip_prefix(future).ok()) else { return false };
        *value = data_dir.join(below).to_string_lossy().into_owned().into();
        true
    };
    for (path, entry) in &mut built.entries {
        let is_moved = match &mut entry.value {
            Value::Array(values) => values.iter_mut().map(moved).fold(false, |any, one| any | one),
            value => moved(value),
        };
        if is_moved {
            crate::path::insert(&mut built.tree, path, entry.value.clone());
        }
    }
}

fn read_database(layers: &mut Layers, saved: &[(String, String)]) {
    for (key, json) in saved {
        let outcome = match serde_json::from_str(json) {
            Ok(value) => reader::read(layers, key, &value, &Origin::Database),
            Err(_) => Err(ConfigError::Invalid {
                key: key.clone(),
                origin: Origin::Database.to_string(),
                message: "the saved value is not JSON".to_owned(),
            }),
        };
        if let Err(error) = outcome {
            layers.warnings.push(format!("{error}; ignored"));
        }
    }
}

fn read_environment(layers: &mut Layers, sources: &Sources) -> Result<Option<DefaultAdmin>, ConfigError> {
    let mut variables = sources.env.clone();
    if sources.env_d {
        let folder = sources.env_directory();
        for variable in environment_directory::read(&folder, &sources.env)? {
            let origin = Origin::EnvironmentDirectory(variable.file);
            environment::read(layers, &variable.name, &variable.value, &origin)?;
            variables.push((variable.name, variable.value));
        }
    }
    for (name, value) in &sources.env {
        environment::read(layers, name, value, &Origin::Environment(name.clone()))?;
    }
    Ok(environment::default_admin(&variables))
}

/// Values that this build does not use: a warning, or no start where that would be unsafe.
fn check_support(built: &mut Built) -> Result<(), ConfigError> {
    let mut ignored = Vec::new();
    for (path, entry) in &built.entries {
        if entry.value == entry.setting.default.value() {
            continue;
        }
        match entry.setting.support {
            Support::Used => {}
            Support::Ignored => ignored.push(path.as_str()),
            Support::Refused => {
                return Err(ConfigError::Refused { key: path.clone(), origin: entry.origin.to_string() });
            }
        }
    }
    if !ignored.is_empty() {
        let list = ignored.join(", ");
        built.warnings.push(format!("settings without effect in this version: {list}"));
    }
    Ok(())
}

/// A value as the setting of that key takes it.
///
/// # Errors
/// `UnknownKey`; `Invalid`, also for a whole section.
pub fn check(key: &str, value: &Value) -> Result<Value, ConfigError> {
    let pattern = crate::path::pattern(key);
    let origin = Origin::Database.to_string();
    let invalid = |message| ConfigError::Invalid { key: key.to_owned(), origin, message };
    let Some(setting) = find(&pattern) else {
        return Err(match registry::first_below(&pattern) {
            Some(first) => invalid(format!("is a section and has no value: name one of its settings, such as {first}")),
            None => reader::unknown(key, &pattern, &Origin::Database),
        });
    };
    crate::convert::convert(setting, value).map_err(invalid)
}

impl Loaded {
    /// Every setting with its value and origin, by path; secrets are masked.
    pub fn states(&self) -> Vec<SettingState> {
        let state = |(path, entry): (&String, &Entry)| SettingState {
            key: path.clone(),
            value: serde_json::from_str(&shown(entry)).unwrap_or_default(),
            origin: entry.origin.clone(),
            setting: entry.setting,
        };
        self.entries.iter().map(state).collect()
    }

    /// Every value with its origin, by path; secrets are masked.
    pub fn rows(&self) -> Vec<Row> {
        self.entries
            .iter()
            .map(|(path, entry)| Row { key: path.clone(), value: shown(entry), origin: entry.origin.clone() })
            .collect()
    }

    /// The key under which the value of a key in use is saved in the database, if it is: elements of lists are counted without
    /// gaps here, and may have gaps there.
    pub fn saved_key(&self, key: &str) -> Option<&str> {
        let entry = self.entries.get(key).filter(|entry| entry.origin == Origin::Database)?;
        Some(&entry.source)
    }

    /// The keys whose values name a file, relative to the data folder or not.
    pub fn naming(&self, file: &Path) -> Vec<&str> {
        let names = |value: &Value| {
            value.as_str().is_some_and(|text| !text.trim().is_empty() && self.settings.resolve(text.trim()) == file)
        };
        let is_named = |entry: &Entry| entry.value.as_array().map_or_else(|| names(&entry.value), |all| all.iter().any(names));
        self.entries.iter().filter(|(_, entry)| is_named(entry)).map(|(key, _)| key.as_str()).collect()
    }

    /// The keys whose values differ in `newer` and have an effect only after a restart.
    pub fn needs_restart(&self, newer: &Self) -> Vec<String> {
        let value = |loaded: &Self, path: &str| loaded.entries.get(path).map(|e| e.value.clone());
        self.entries
            .keys()
            .chain(newer.entries.keys())
            .filter(|path| value(self, path) != value(newer, path))
            .filter(|path| !find(&crate::path::pattern(path)).is_some_and(|setting| setting.hot))
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

/// The value as JSON, without what nobody may read.
fn shown(entry: &Entry) -> String {
    let is_empty = match &entry.value {
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    };
    if entry.setting.secret && !is_empty {
        return Value::from(MASK).to_string();
    }
    match &entry.value {
        Value::String(text) => Value::from(mask_url(text)).to_string(),
        other => other.to_string(),
    }
}

/// LOAD-011: `scheme://user:password@host` without its password.
fn mask_url(text: &str) -> String {
    let masked = || {
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user_info, _) = authority.rsplit_once('@')?;
        let (user, _) = user_info.split_once(':')?;
        let after = &rest[user_info.len()..];
        Some(format!("{scheme}://{user}:{MASK}{after}"))
    };
    masked().unwrap_or_else(|| text.to_owned())
}
