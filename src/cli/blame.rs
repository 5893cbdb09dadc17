//! Which settings an error of the start is about.

use entrepot_config::{ConfigError, Loaded};
use entrepot_net::NetError;
use entrepot_sftp::{HostKeyError, StartError};

use crate::{data_folder::DataFolder, exit};

/// Keys of the settings that could be changed against it, the likeliest first; empty where none is known.
pub(crate) fn keys(error: &anyhow::Error, loaded: &Loaded) -> Vec<String> {
    let mut keys = Vec::new();
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<ConfigError>() {
            keys.extend(error.key().map(str::to_owned));
        }
        let (setting, file) = if let Some(error) = cause.downcast_ref::<NetError>() {
            (error.setting().map(str::to_owned), error.file())
        } else if let Some(error) = cause.downcast_ref::<StartError>() {
            (error.setting(), error.file())
        } else if let Some(error) = cause.downcast_ref::<HostKeyError>() {
            (None, Some(error.file()))
        } else {
            (None, None)
        };
        keys.extend(setting);
        keys.extend(file.into_iter().flat_map(|file| loaded.naming(file)).map(str::to_owned));
    }
    if keys.is_empty() {
        keys.extend(first_word(&error.to_string()).filter(|word| loaded.origins.contains_key(word)));
    }
    keys
}

/// Sentences of the start begin with the key they are about: `telemetry.auth_user_file: …`, `TLS: httpd.… needs …`.
fn first_word(text: &str) -> Option<String> {
    let text = text.strip_prefix("TLS: ").unwrap_or(text);
    text.split([' ', ',']).next().map(|word| word.trim_end_matches(':').to_owned())
}

/// Adds the way out, where a setting that was saved in the database keeps the server from starting.
pub(crate) fn with_way_out(error: anyhow::Error, loaded: &Loaded, folder: &DataFolder) -> anyhow::Error {
    let saved = error.downcast_ref::<ConfigError>().and_then(ConfigError::saved_key).map(str::to_owned);
    let saved = saved.or_else(|| keys(&error, loaded).iter().find_map(|key| loaded.saved_key(key)).map(str::to_owned));
    let Some(key) = saved else { return error };
    let way_out = format!("{key} is saved in the database; `{}` takes it back", command(&key, folder));
    let told = exit::sentence(&error);
    error.context(format!("{told}; {way_out}"))
}

/// The command that takes a saved setting back.
pub(crate) fn command(key: &str, folder: &DataFolder) -> String {
    // Shells take brackets for patterns.
    let key = if key.contains('[') { format!("'{key}'") } else { key.to_owned() };
    format!("entrepot config unset {key} --data-dir {}", folder.path().display())
}
