//! The configurations of backups: what the reference product saves in its pages, section by section. All of it is kept and
//! given back, whether or not this program has a use for it; what is a setting here becomes one.

mod adopted;

use serde_json::{Map, Value};

use super::{Outcome, Scope, object::Load};
use crate::{
    Core, Error, Result,
    admin::{
        changes::{self, Action, Change},
        sealing, stored,
    },
};

/// What reports and events call it.
const NAME: &str = "configs";
/// Deepest nesting that is taken.
const DEPTH: usize = 32;

/// The stored configurations.
pub(super) async fn complete(core: &Core) -> Result<Option<Value>> {
    core.0.store.settings().configurations().await.map_err(stored)
}

/// Replaces the sections that the document has; others stay (API-098). `None` if it has none.
pub(super) async fn restore(load: &Load, text: &[u8]) -> Result<Option<Outcome>> {
    let core = load.core();
    let wrong = |error: serde_json::Error| Error::invalid(Scope::Configurations.member(), error.to_string());
    let mut sections: Map<String, Value> = serde_json::from_slice(text).map_err(wrong)?;
    sections.retain(|_, section| !section.is_null());
    if sections.is_empty() {
        return Ok(None);
    }
    for (name, section) in &mut sections {
        seal(core, name, name, section, DEPTH)?;
    }
    let mut all = match complete(core).await? {
        Some(Value::Object(all)) => all,
        _ => Map::new(),
    };
    let existed = !all.is_empty();
    if existed && load.keeps_existing() {
        return Ok(Some(Outcome::Kept));
    }
    if !load.plan(Scope::Configurations, NAME, &[]).await? {
        return Ok(Some(Outcome::of(existed)));
    }
    for (name, section) in &sections {
        all.insert(name.clone(), section.clone());
    }
    let mut shown = Value::Object(all.clone());
    hide(&mut shown);
    core.0.store.settings().put_configurations(Value::Object(all), core.clock().millis()).await.map_err(stored)?;
    let action = if existed { Action::Update } else { Action::Add };
    changes::record(core, load.session(), &Change { action, kind: "configs", name: NAME, role: "", object: &shown });
    adopted::adopt(core, load.session(), &sections).await;
    Ok(Some(Outcome::of(existed)))
}

/// Seals every clear text in it for its section (SEC-019).
fn seal(core: &Core, owner: &str, path: &str, value: &mut Value, depth: usize) -> Result<()> {
    let Some(depth) = depth.checked_sub(1) else { return Err(Error::invalid(path, "nested too deeply")) };
    match value {
        Value::Object(members) => {
            match (members.get("status").and_then(Value::as_str), members.get("payload").and_then(Value::as_str)) {
                (Some("Plain"), Some(payload)) => {
                    let sealed = match payload.trim() {
                        "" => entrepot_model::Secret::default(),
                        payload => sealing::seal(&core.0.sealer, payload, owner)?,
                    };
                    *value = serde_json::to_value(sealed).map_err(|error| Error::internal("writing a secret", error))?;
                }
                (Some("Redacted"), _) => return Err(Error::invalid(path, "cannot save configurations with a redacted secret")),
                _ => {
                    for (name, member) in members {
                        seal(core, owner, &format!("{path}.{name}"), member, depth)?;
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| seal(core, owner, path, item, depth))?,
        _ => {}
    }
    Ok(())
}

/// For events: no secret, not even sealed.
fn hide(value: &mut Value) {
    match value {
        Value::Object(members) if members.contains_key("status") && members.contains_key("payload") => {
            members.retain(|name, _| name == "status");
        }
        Value::Object(members) => members.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}
