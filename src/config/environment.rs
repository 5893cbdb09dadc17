//! Environment variables as values of settings (ENV-001..008).

use entrepot_secrets::Sensitive;
use serde_json::Value;

use crate::error::ConfigError;
use crate::layers::Layers;
use crate::load::DefaultAdmin;
use crate::nearest::nearest;
use crate::registry::{ENVIRONMENT_PREFIX, FLAG_VARIABLES, find, find_list, is_known_unused, settings};
use crate::source::Origin;

const ADMIN_USERNAME: &str = "DEFAULT_ADMIN_USERNAME";
const ADMIN_PASSWORD: &str = "DEFAULT_ADMIN_PASSWORD";

/// ENV-004: elements of lists that variables can reach.
const MAX_INDEX: usize = 9;

/// The path and pattern that a variable name means.
struct Meaning {
    path: String,
    pattern: String,
    is_beyond: bool,
}

/// Adds a variable to the layers; other programs' variables are left alone.
///
/// # Errors
/// Values that their settings cannot have, and unknown names that hold two underscores: names with
/// single ones only are also made by container platforms (`ENTREPOT_PORT_8080_TCP`).
pub(crate) fn read(layers: &mut Layers, name: &str, value: &str, origin: &Origin) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
        return Ok(());
    };
    let value = Value::from(value);
    if let Some((_, key)) = FLAG_VARIABLES.iter().find(|(flag, _)| *flag == rest) {
        return match find(key) {
            Some(setting) => layers.set(setting, key, &value, origin),
            None => Ok(()),
        };
    }
    if !rest.contains("__") {
        return Ok(());
    }
    let meaning = interpret(rest);
    if let Some(setting) = find(&meaning.pattern) {
        if meaning.is_beyond {
            layers.warnings.push(format!("{name} is ignored: only the elements 0 to {MAX_INDEX} of a list have variables"));
            return Ok(());
        }
        return layers.set(setting, &meaning.path, &value, origin);
    }
    if is_known_unused(&meaning.pattern) {
        layers.unused.insert(meaning.pattern);
        return Ok(());
    }
    Err(ConfigError::UnknownVariable {
        name: name.to_owned(),
        origin: origin.to_string(),
        nearest: nearest(name, settings().map(|setting| setting.environment_name())),
    })
}

fn interpret(name: &str) -> Meaning {
    let mut meaning = Meaning { path: String::new(), pattern: String::new(), is_beyond: false };
    for part in name.to_ascii_lowercase().split("__") {
        let index = part
            .parse::<usize>()
            .ok()
            .filter(|_| find_list(&meaning.pattern).is_some() || is_known_unused(&format!("{}[]", meaning.pattern)));
        if let Some(index) = index {
            meaning.path.push_str(&format!("[{index}]"));
            meaning.pattern.push_str("[]");
            meaning.is_beyond |= index > MAX_INDEX;
        } else {
            meaning.path = crate::path::member(&meaning.path, part);
            meaning.pattern = crate::path::member(&meaning.pattern, part);
        }
    }
    meaning
}

/// ENV-008: the first administrator, if name and password are both given.
pub(crate) fn default_admin(variables: &[(String, String)]) -> Option<DefaultAdmin> {
    let value = |wanted: &str| {
        variables
            .iter()
            .find(|(name, _)| name.strip_prefix(ENVIRONMENT_PREFIX) == Some(wanted))
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    Some(DefaultAdmin { username: value(ADMIN_USERNAME)?, password: Sensitive::new(value(ADMIN_PASSWORD)?) })
}
