//! What is saved, seen and taken back without the settings that result: also where these keep the server from starting.

use std::collections::{BTreeMap, BTreeSet};

use entrepot_model::{
    AdminPermission as P,
    doctor::Finding,
    setting::{SavedSetting, SetAsideView, SettingView},
};
use entrepot_store::{SetAside, Store};
use serde_json::Value;

use super::{KIND, NAME, change, is_secret, shown};
use crate::{
    Core, Error, Result,
    admin::{
        AdminSession,
        changes::{self, Action, Change},
        stored,
    },
};

/// What stands for a secret.
const MASK: &str = "***";

/// The settings that are saved in the database, and those of a backup that were set aside when it was restored.
///
/// # Errors
/// `Denied` without `*`.
pub async fn saved_settings(core: &Core, session: &AdminSession) -> Result<Vec<SavedSetting>> {
    session.require(P::Any)?;
    let settings = core.0.store.settings();
    let saved = settings.list().await.map_err(stored)?.into_iter().map(|(key, value)| (key, value, None));
    let aside = settings.aside().await.map_err(stored)?.into_iter().map(|(key, aside)| (key, aside.value, Some(aside.reason)));
    let view = |(key, value, set_aside): (String, Value, Option<String>)| {
        let value = if is_secret(&key) { MASK.into() } else { value };
        SavedSetting { key, value, set_aside }
    };
    Ok(saved.chain(aside).map(view).collect())
}

/// Takes saved settings back, and ends it that they are set aside: these keys, and everything below them. It works where the
/// settings that are saved cannot be used. Answers with the keys.
///
/// # Errors
/// `Denied` without `*`; `Invalid` naming the key: nothing is saved there, or the server would not start without it.
pub async fn take_back(core: &Core, session: &AdminSession, wanted: &[String]) -> Result<Vec<String>> {
    session.require(P::Any)?;
    let known: BTreeSet<String> = saved_settings(core, session).await?.into_iter().map(|saved| saved.key).collect();
    let mut taken = BTreeSet::new();
    for wanted in wanted {
        let is_below =
            |key: &&String| key.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        let found: Vec<&String> = known.iter().filter(is_below).collect();
        if found.is_empty() {
            return Err(Error::invalid(wanted, missing(&known)));
        }
        taken.extend(found.into_iter().cloned());
    }
    let taken: Vec<String> = taken.into_iter().collect();
    let nulls: BTreeMap<String, Value> = taken.iter().map(|key| (key.clone(), Value::Null)).collect();
    if core.services().configuration().is_some() {
        change(core, session, nulls).await?;
        return Ok(taken);
    }
    let stores = taken.iter().map(|key| (key.clone(), None)).collect();
    core.0.store.settings().change(stores, core.clock().millis()).await.map_err(stored)?;
    let object = shown(&nulls);
    changes::record(core, session, &Change { action: Action::Update, kind: KIND, name: NAME, role: "", object: &object });
    Ok(taken)
}

fn missing(known: &BTreeSet<String>) -> String {
    if known.is_empty() {
        return "is not saved in the database, and nothing else is".to_owned();
    }
    let list: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("is not saved in the database; saved are: {}", list.join(", "))
}

/// Says of each setting whether a value of it was set aside. Elements of lists that are no more have a line of their own.
pub(super) fn mark(views: &mut Vec<SettingView>, aside: &BTreeMap<String, SetAside>) {
    for (key, aside) in aside {
        let value = if is_secret(key) { MASK.into() } else { aside.value.clone() };
        let marked = SetAsideView { value, reason: aside.reason.clone() };
        match views.iter_mut().find(|view| view.key == *key) {
            Some(view) => view.set_aside = Some(marked),
            None => views.extend(absent(key, marked)),
        }
    }
    views.sort_by(|one, other| one.key.cmp(&other.key));
}

fn absent(key: &str, marked: SetAsideView) -> Option<SettingView> {
    let setting = entrepot_config::registry::find_at(key)?;
    Some(SettingView {
        key: key.to_owned(),
        value: setting.default.value(),
        default: setting.default.value(),
        kind: setting.default.kind().to_owned(),
        doc: setting.doc.to_owned(),
        origin: "default".to_owned(),
        is_default: true,
        is_saved: false,
        hot: setting.hot,
        needs_restart: false,
        secret: setting.secret,
        set_aside: Some(marked),
    })
}

/// A sentence for each setting that was set aside, for terminal and log.
///
/// # Errors
/// The database cannot be read.
pub async fn set_aside(store: &Store) -> Result<Vec<String>> {
    let aside = store.settings().aside().await.map_err(stored)?;
    let told = |(key, SetAside { value, reason }): (String, SetAside)| {
        let value = if is_secret(&key) { MASK.to_owned() } else { value.to_string() };
        format!("{key} = {value} of the backup is set aside: {reason}")
    };
    Ok(aside.into_iter().map(told).collect())
}

/// The same for the doctor.
pub(in crate::admin) async fn findings(store: &Store) -> Vec<Finding> {
    const FIX: &str = "save it again in WebAdmin, Settings, when it can hold here, or `entrepot config unset KEY` forgets it";
    let told = set_aside(store).await.unwrap_or_default();
    told.into_iter().map(|told| Finding::warning("settings", told, FIX)).collect()
}
