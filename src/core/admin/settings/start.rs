//! Nobody saves what would keep the server from starting again.

use std::{collections::BTreeMap, time::Duration};

use entrepot_config::Loaded;
use serde_json::Value;

use super::Configuration;
use crate::{Core, Error, Obstacle, Result};

/// Sections that a start may fail over.
const SECTIONS: [&str; 5] = ["acme.", "common.", "httpd.", "sftpd.", "telemetry."];

/// How long files that settings name may take to answer: a mount whose server is gone never does, and whoever saves next waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what reads files that the settings name.
///
/// # Errors
/// That of `read`; `Unavailable` when it takes too long.
pub(super) async fn patiently<T>(read: impl Future<Output = Result<T>>) -> Result<T> {
    const SLOW: &str = "a file that the settings name did not answer within 30 seconds, as on a mount whose server is gone";
    tokio::time::timeout(PATIENCE, read).await.map_err(|_| Error::Unavailable(SLOW))?
}

/// Tries what the next start would do with the settings, where the changes concern it. What would keep the server from starting
/// without these changes, too (a file that went away since), keeps nobody from making them; nor does what only comes to light
/// because they mend what was in the way before it.
///
/// # Errors
/// `Invalid` naming the key; `Unavailable` when a file does not answer.
pub(super) async fn rehearse(
    core: &Core,
    configuration: &Configuration,
    loaded: &Loaded,
    changes: &BTreeMap<String, Value>,
) -> Result<()> {
    let is_concerned = |key: &String| SECTIONS.iter().any(|section| key.starts_with(section));
    let Some(rehearsal) = core.services().rehearsal().filter(|_| changes.keys().any(is_concerned)) else { return Ok(()) };
    let mut found = patiently(rehearsal.rehearse(loaded)).await?;
    if found.is_empty() {
        return Ok(());
    }
    let current = configuration.loaded.lock().clone();
    let before = patiently(rehearsal.rehearse(&current)).await?;
    let is_changed = |obstacle: &Obstacle| obstacle.keys.iter().any(|key| changes.contains_key(key));
    let was_hidden =
        |obstacle: &Obstacle| !is_changed(obstacle) && before.iter().any(|other| service(other) == service(obstacle));
    found.retain(|obstacle| !before.contains(obstacle) && !was_hidden(obstacle));
    found.into_iter().next().map_or(Ok(()), |obstacle| Err(refusal(obstacle, changes)))
}

/// The service that finds it. Each finds one thing only, and stops there.
fn service(obstacle: &Obstacle) -> Option<&str> {
    let section = obstacle.keys.first()?.split('.').next()?;
    Some(match section {
        "acme" => "httpd",
        "common" => "sftpd",
        section => section,
    })
}

/// The one of its keys that was changed is to blame.
fn refusal(obstacle: Obstacle, changes: &BTreeMap<String, Value>) -> Error {
    let Obstacle { keys, message, .. } = obstacle;
    let changed = keys.iter().find(|key| changes.contains_key(*key)).or(keys.first());
    let key = changed.cloned().unwrap_or_else(|| "settings".to_owned());
    let message = message.strip_prefix(&key).map_or(message.as_str(), |rest| rest.trim_start_matches(':').trim_start());
    Error::invalid(key.clone(), format!("{message}; the server would not start with that"))
}
