//! `entrepot config list` and `entrepot config unset`: what administrators saved in the database, beside a running server or
//! without one. Without one it is the way out where a saved setting keeps the server from starting.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use entrepot_core::{
    Core, Error,
    admin::{AdminSession, settings},
};
use entrepot_model::setting::SavedSetting;
use serde_json::{Value, json};

use crate::{
    arguments::{Place, UnsetConfig},
    control,
    data_folder::DataFolder,
    exit::{self, Failure},
    house, load, runtime,
};

/// Prints what is saved, one setting per line.
///
/// # Errors
/// The database cannot be used.
pub(crate) fn list(place: &Place) -> anyhow::Result<()> {
    let answer = perform(place, &json!({ "command": "saved_settings" }))?;
    let saved: Vec<SavedSetting> = serde_json::from_value(answer["settings"].clone())?;
    for SavedSetting { key, value, set_aside } in &saved {
        match set_aside {
            None => println!("{key} = {value}"),
            Some(reason) => println!("{key} = {value}  # set aside: {reason}"),
        }
    }
    if saved.is_empty() {
        eprintln!("entrepot: no setting is saved in the database");
    }
    Ok(())
}

/// Takes settings back, all of them or none.
///
/// # Errors
/// Nothing is saved there, or the database cannot be used.
pub(crate) fn unset(command: &UnsetConfig) -> anyhow::Result<()> {
    let answer = perform(&command.place, &json!({ "command": "unset_settings", "keys": command.keys }))?;
    for key in answer["keys"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        println!("{key} is taken back.");
    }
    if answer["needs_restart"] == true {
        println!("What is not changed at once changes when the server starts again.");
    }
    Ok(())
}

fn perform(place: &Place, request: &Value) -> anyhow::Result<Value> {
    let folder = DataFolder::at(&place.data_dir)?;
    if let Some(mut answer) = control::ask_long(&folder, request)? {
        answer["needs_restart"] = true.into();
        return Ok(answer);
    }
    let loaded = entrepot_config::load(load::sources(&folder, place)?)?;
    if !folder.path().is_dir() {
        let path = folder.path().display();
        return Err(Failure::with_code(exit::DATA, format!("there is no data folder {path}; name it with --data-dir")));
    }
    runtime::build_small()?.block_on(async {
        let store = load::open_store(&loaded)?;
        let sealer = house::sealer(&loaded.settings)?;
        let settings = Arc::new(ArcSwap::from_pointee(loaded.settings.clone()));
        let core = house::start_core(settings, folder.path().to_owned(), store, sealer).await?;
        let outcome = answer(&core, request).await;
        core.stop(Duration::from_secs(5)).await;
        outcome
    })
}

/// Whether a request is one of these.
pub(crate) fn is_meant(request: &Value) -> bool {
    request["command"] == "saved_settings" || request["command"] == "unset_settings"
}

/// What is done, in a running server or without one.
///
/// # Errors
/// Nothing is saved there, the server would not start without it, or the database cannot be used.
pub(crate) async fn answer(core: &Core, request: &Value) -> anyhow::Result<Value> {
    let session = AdminSession::system();
    if request["command"] == "saved_settings" {
        let saved = settings::saved_settings(core, &session).await?;
        return Ok(json!({ "ok": true, "settings": saved }));
    }
    let keys: Vec<String> = serde_json::from_value(request["keys"].clone())?;
    let taken = settings::take_back(core, &session, &keys).await.map_err(|error| match error {
        Error::Invalid { field, message, .. } => Failure::with_code(exit::CONFIGURATION, format!("{field} {message}")),
        other => anyhow::Error::new(other),
    })?;
    Ok(json!({ "ok": true, "keys": taken }))
}
