//! Trees of values (files, sections saved in the database) as values of settings.

use serde_json::Value;

use crate::error::ConfigError;
use crate::layers::Layers;
use crate::nearest::nearest;
use crate::path::member;
use crate::registry::{find, find_list, is_known_unused, is_section, settings};
use crate::source::Origin;

/// Adds a tree at a path to the layers.
///
/// # Errors
/// Unknown keys and values that their settings cannot have.
pub(crate) fn read(layers: &mut Layers, path: &str, value: &Value, origin: &Origin) -> Result<(), ConfigError> {
    let pattern = crate::path::pattern(path);
    let invalid =
        |message: &str| ConfigError::Invalid { key: path.to_owned(), origin: origin.to_string(), message: message.to_owned() };
    if let Some(setting) = find(&pattern) {
        return match value {
            // A key without a value, as in YAML, is not configured.
            Value::Null => Ok(()),
            value => layers.set(setting, path, value, origin),
        };
    }
    if find_list(&pattern).is_some() {
        return match value {
            Value::Null => Ok(()),
            Value::Array(elements) => read_list(layers, path, elements, origin),
            _ => Err(invalid("must be a list of objects")),
        };
    }
    if pattern.is_empty() || is_section(&pattern) {
        return match value {
            Value::Null => Ok(()),
            Value::Object(members) => members
                .iter()
                .try_for_each(|(name, value)| read(layers, &member(path, &name.to_ascii_lowercase()), value, origin)),
            _ => Err(invalid("must be a section")),
        };
    }
    if is_known_unused(&pattern) {
        return read_unused(layers, path, &pattern, value, origin);
    }
    Err(unknown(path, &pattern, origin))
}

fn read_list(layers: &mut Layers, path: &str, elements: &[Value], origin: &Origin) -> Result<(), ConfigError> {
    layers.replace_list(path, elements.len());
    elements.iter().enumerate().try_for_each(|(index, element)| read(layers, &format!("{path}[{index}]"), element, origin))
}

/// Below a place that is known and not used, keys must still be known, so that a mistyped one is
/// found before the section gets its meaning.
fn read_unused(layers: &mut Layers, path: &str, pattern: &str, value: &Value, origin: &Origin) -> Result<(), ConfigError> {
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().try_for_each(|(name, value)| read(layers, &member(path, &name.to_ascii_lowercase()), value, origin))
        }
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            elements.iter().try_for_each(|element| read(layers, &format!("{path}[0]"), element, origin))
        }
        _ => {
            layers.unused.insert(pattern.to_owned());
            Ok(())
        }
    }
}

pub(crate) fn unknown(path: &str, pattern: &str, origin: &Origin) -> ConfigError {
    // A whole section that is mistyped is compared with sections, a key with keys of its depth.
    let depth = pattern.matches('.').count();
    let candidates = settings().map(|setting| {
        let parts: Vec<&str> = setting.key.split('.').take(depth + 1).collect();
        parts.join(".").trim_end_matches("[]").to_owned()
    });
    ConfigError::UnknownKey { key: path.to_owned(), origin: origin.to_string(), nearest: nearest(pattern, candidates) }
}
