//! The settings of the server: what each is, where it comes from, and saving others in the database.
//!
//! The layers are those of `config`: what the environment or a flag says wins over what is saved here, and saving is refused
//! then, instead of having no effect. Settings that are hot hold at once; of the others the answer says that they wait for a
//! restart.

mod lockout;
mod start;
mod taken_back;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use entrepot_config::{ConfigError, Loaded, SettingState, Settings, Sources, registry};
use entrepot_model::{AdminPermission as P, Secret, setting::SettingView, status::LogLevel};
use entrepot_secrets::Sealer;
use entrepot_store::{SetAside, Store};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::{
    AdminSession, certificate,
    changes::{self, Action, Change},
    sealing, stored,
};
use crate::{Core, Error, Result};
pub(in crate::admin) use taken_back::findings;
pub use taken_back::{saved_settings, set_aside, take_back};

/// What events call it.
const KIND: &str = "configs";
const NAME: &str = "settings";
/// For whom secrets among the settings are sealed.
const OWNER: &str = "settings";
/// The member that marks a sealed value.
const SEALED: &str = "sealed";
/// What is read before the database is open: saved in it, nobody would read it.
const EARLY: [&str; 6] = [
    "data_provider.driver",
    "data_provider.name",
    "data_provider.connection_string",
    "data_provider.update_mode",
    "kms.",
    "loaddata.",
];

/// Where the settings of a running server come from.
pub struct Configuration {
    sources: Sources,
    /// What the server started with.
    started: Loaded,
    loaded: Mutex<Loaded>,
    aside: Mutex<BTreeMap<String, SetAside>>,
    /// Held by whoever saves: each load is of everything that was saved before it.
    saving: tokio::sync::Mutex<()>,
}

impl Configuration {
    /// The sources, without what the database holds, and what was made of them at the start.
    pub fn new(sources: Sources, loaded: Loaded) -> Self {
        let (started, saving) = (loaded.clone(), tokio::sync::Mutex::new(()));
        Self { sources, started, loaded: Mutex::new(loaded), aside: Mutex::default(), saving }
    }

    /// With the settings that were set aside when a backup was restored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn with_aside(self, store: &Store) -> Result<Self> {
        *self.aside.lock() = store.settings().aside().await.map_err(stored)?;
        Ok(self)
    }
}

/// What a change of settings came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Keys whose new values hold after a restart only.
    pub needs_restart: Vec<String>,
}

/// Every setting, by key.
///
/// # Errors
/// `Denied` without `*`; `Unsupported` where the settings are nobody's to change: `portable`.
pub fn list(core: &Core, session: &AdminSession) -> Result<Vec<SettingView>> {
    session.require(P::Any)?;
    let configuration = core.services().configuration().ok_or(Error::Unsupported)?;
    let loaded = configuration.loaded.lock();
    let waiting: BTreeSet<String> = configuration.started.needs_restart(&loaded).into_iter().collect();
    let states = loaded.states();
    drop(loaded);
    let used = states.into_iter().filter(|state| state.setting.used());
    let mut views =
        used.map(|state| SettingView { needs_restart: waiting.contains(&state.key), ..view(state) }).collect::<Vec<_>>();
    let aside = configuration.aside.lock().clone();
    if !aside.is_empty() {
        taken_back::mark(&mut views, &aside);
    }
    Ok(views)
}

fn view(state: SettingState) -> SettingView {
    let SettingState { key, value, origin, setting } = state;
    SettingView {
        key,
        value,
        default: setting.default.value(),
        kind: setting.default.kind().to_owned(),
        doc: setting.doc.to_owned(),
        is_default: origin.is_default(),
        is_saved: origin == entrepot_config::Origin::Database,
        origin: origin.to_string(),
        hot: setting.hot,
        needs_restart: false,
        secret: setting.secret,
        set_aside: None,
    }
}

/// Saves settings, all of them or none: `null` takes what was saved away again.
///
/// # Errors
/// `Denied` without `*`; `Invalid` naming the key: it does not exist, cannot have the value, does not fit the others, is
/// needed before the database is open, or would keep the server from starting again; `Conflict` where environment or command
/// line say otherwise, or a certificate of the database stands against ACME; `Unavailable` when a file that settings name does
/// not answer.
pub async fn change(core: &Core, session: &AdminSession, changes: BTreeMap<String, Value>) -> Result<Changed> {
    session.require(P::Any)?;
    let configuration = core.services().configuration().ok_or(Error::Unsupported)?;
    let _saving = configuration.saving.lock().await;
    let mut saved: BTreeMap<String, Value> = core.0.store.settings().list().await.map_err(stored)?.into_iter().collect();
    let mut stores = Vec::with_capacity(changes.len());
    for (key, value) in &changes {
        if EARLY.iter().any(|early| key == early || (early.ends_with('.') && key.starts_with(early))) {
            return Err(Error::invalid(key, "is needed before the database is open: set it in the file or the environment"));
        }
        if value.is_null() {
            saved.remove(key);
            stores.push((key.clone(), None));
            continue;
        }
        let value = entrepot_config::check(key, value).map_err(invalid)?;
        let value = if is_secret(key) { seal(core, &value)? } else { value };
        saved.insert(key.clone(), value.clone());
        stores.push((key.clone(), Some(value)));
    }
    let mut sources = configuration.sources.clone();
    sources.database = opened(&core.0.sealer, saved.into_iter().collect());
    let loaded = start::patiently(async {
        let loaded = core.tasks().storage().run(move || entrepot_config::load(sources)).await;
        loaded.map_err(|error| Error::internal("loading settings", error))?.map_err(invalid)
    });
    let loaded = loaded.await?;
    refuse_hidden(&loaded, &changes)?;
    certificate::refuse_acme(core, &loaded.settings).await?;
    start::rehearse(core, &configuration, &loaded, &changes).await?;
    lockout::refuse(core, session, &loaded.settings)?;
    follow(core, &loaded.settings).await?;
    if let Err(error) = core.0.store.settings().change(stores, core.clock().millis()).await {
        // They hold as long as they are saved.
        follow(core, &core.settings()).await?;
        return Err(stored(error));
    }
    configuration.aside.lock().retain(|key, _| !changes.contains_key(key));
    let needs_restart = adopt(core, &configuration, loaded);
    let object = shown(&changes);
    changes::record(core, session, &Change { action: Action::Update, kind: KIND, name: NAME, role: "", object: &object });
    Ok(Changed { needs_restart })
}

/// Listens where the settings say.
async fn follow(core: &Core, settings: &Settings) -> Result<()> {
    let Some(listeners) = core.services().listeners() else { return Ok(()) };
    listeners.follow(settings).await.map_err(|refusal| Error::invalid(refusal.field, refusal.message))
}

/// Whoever saves what a higher layer hides would wonder why nothing happens.
fn refuse_hidden(loaded: &Loaded, changes: &BTreeMap<String, Value>) -> Result<()> {
    for (key, value) in changes {
        match loaded.origins.get(key) {
            Some(origin) if !value.is_null() && *origin != entrepot_config::Origin::Database => {
                return Err(Error::Conflict(format!("{key} is set by {origin}, which wins over what is saved here")));
            }
            None if !value.is_null() => {
                return Err(Error::invalid(key, "the list has no such element: its elements are counted without gaps"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes them the settings of the server.
fn adopt(core: &Core, configuration: &Configuration, loaded: Loaded) -> Vec<String> {
    let settings = loaded.settings.clone();
    let mut current = configuration.loaded.lock();
    let needs_restart = current.needs_restart(&loaded);
    let level = (current.settings.log.level != settings.log.level).then(|| settings.log.level.clone());
    *current = loaded;
    drop(current);
    use_settings(core, settings);
    if let (Some(level), Some(log)) = (level, core.services().log())
        && let Ok(level) = serde_json::from_value::<LogLevel>(level.into())
    {
        log.set_level(level);
    }
    needs_restart
}

fn use_settings(core: &Core, settings: Settings) {
    core.0.gates.adopt(&settings, core.clock().nanos());
    core.0.settings.store(Arc::new(settings));
    // What accounts are made of may have changed: the folder of homes, rules of names.
    core.0.accounts.invalidate_all();
}

/// The settings that an administrator saved, readable: what `config` takes as the layer of the database. A secret that does
/// not open (another master key) is left out, with a line in the log.
///
/// # Errors
/// The database cannot be read.
pub async fn saved(store: &Store, sealer: &Sealer) -> Result<Vec<(String, String)>> {
    Ok(opened(sealer, store.settings().list().await.map_err(stored)?))
}

fn opened(sealer: &Sealer, saved: Vec<(String, Value)>) -> Vec<(String, String)> {
    let open = |(key, value): (String, Value)| {
        let Some(sealed) = value.get(SEALED).filter(|_| is_secret(&key)) else { return Some((key, value.to_string())) };
        let secret: Secret = serde_json::from_value(sealed.clone()).ok()?;
        match sealing::open(sealer, &secret) {
            Ok(plain) => Some((key, Value::from(String::from_utf8_lossy(&plain)).to_string())),
            Err(error) => {
                tracing::error!(%key, %error, "a saved setting cannot be opened and is left out");
                None
            }
        }
    };
    saved.into_iter().filter_map(open).collect()
}

fn seal(core: &Core, value: &Value) -> Result<Value> {
    let plain = value.as_str().unwrap_or_default();
    let secret = sealing::seal(&core.0.sealer, plain, OWNER)?;
    Ok(json!({ SEALED: secret }))
}

fn is_secret(key: &str) -> bool {
    registry::find_at(key).is_some_and(|setting| setting.secret)
}

/// For the event: which settings, and the values of those that are no secrets.
fn shown(changes: &BTreeMap<String, Value>) -> Value {
    let shown = changes.iter().map(|(key, value)| {
        let value = if is_secret(key) && !value.is_null() { Value::from("***") } else { value.clone() };
        (key.clone(), value)
    });
    Value::Object(shown.collect::<Map<_, _>>())
}

fn invalid(error: ConfigError) -> Error {
    match error {
        ConfigError::UnknownKey { key, nearest, .. } => Error::invalid(key, format!("unknown setting; did you mean {nearest}?")),
        ConfigError::Invalid { key, message, .. } => Error::invalid(key, message),
        ConfigError::Refused { key, .. } => Error::invalid(key, "this version cannot do that yet"),
        other => Error::invalid("settings", other.to_string()),
    }
}

#[cfg(test)]
mod tests;
