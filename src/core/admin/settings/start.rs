//! Nobody saves what would keep the server from starting again.

use std::collections::BTreeMap;

use entrepot_config::Loaded;
use serde_json::Value;

use super::Configuration;
use crate::{Core, Error, Obstacle, Result};

/// Sections that a start may fail over.
const SECTIONS: [&str; 5] = ["acme.", "common.", "httpd.", "sftpd.", "telemetry."];

/// Tries what the next start would do with the settings, where the changes concern it. What would keep the server from starting
/// without these changes, too (a file that went away since), keeps nobody from making them.
///
/// # Errors
/// `Invalid` naming the key.
pub(super) async fn rehearse(
    core: &Core,
    configuration: &Configuration,
    loaded: &Loaded,
    changes: &BTreeMap<String, Value>,
) -> Result<()> {
    let is_concerned = |key: &String| SECTIONS.iter().any(|section| key.starts_with(section));
    let Some(rehearsal) = core.services().rehearsal().filter(|_| changes.keys().any(is_concerned)) else { return Ok(()) };
    let mut found = rehearsal.rehearse(loaded).await?;
    if found.is_empty() {
        return Ok(());
    }
    let current = configuration.loaded.lock().clone();
    let before = rehearsal.rehearse(&current).await?;
    found.retain(|obstacle| !before.contains(obstacle));
    found.into_iter().next().map_or(Ok(()), |obstacle| Err(refusal(obstacle, changes)))
}

/// The one of its keys that was changed is to blame.
fn refusal(obstacle: Obstacle, changes: &BTreeMap<String, Value>) -> Error {
    let Obstacle { keys, message, .. } = obstacle;
    let changed = keys.iter().find(|key| changes.contains_key(*key)).or(keys.first());
    let key = changed.cloned().unwrap_or_else(|| "settings".to_owned());
    let message = message.strip_prefix(&key).map_or(message.as_str(), |rest| rest.trim_start_matches(':').trim_start());
    Error::invalid(key.clone(), format!("{message}; the server would not start with that"))
}
