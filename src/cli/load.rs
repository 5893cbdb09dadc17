//! Settings and store: what every command that is not a mere question begins with.

use std::path::PathBuf;

use entrepot_config::{Loaded, Settings, Sources};
use entrepot_core::admin::settings::saved;
use entrepot_store::{Store, StoreOptions};
use serde_json::Value;

use crate::{
    arguments::{LogFlags, Place, Serve},
    data_folder::DataFolder,
    house::sealer,
};

/// Where settings come from, for the data folder and the flags of a command.
pub(crate) fn sources(folder: &DataFolder, place: &Place) -> anyhow::Result<Sources> {
    let mut sources = Sources::from_process(folder.path());
    // A path that was typed is meant as the shell understands it; relative to the data folder are paths in settings.
    sources.config_file = place.config_file.as_ref().map(std::path::absolute).transpose()?;
    Ok(sources)
}

/// Adds the flags of the log to the top layer.
pub(crate) fn add_log_flags(sources: &mut Sources, flags: &LogFlags) {
    let mut flag = |key: &str, value: Option<Value>| sources.overrides.extend(value.map(|value| (key.to_owned(), value)));
    flag("log.file_path", flags.log_file_path.clone().map(Value::from));
    flag("log.level", flags.log_level.map(|level| level.as_str().into()));
    flag("log.utc_time", flags.log_utc_time.then_some(Value::Bool(true)));
}

/// Adds the flags of `serve`.
pub(crate) fn add_serve_flags(sources: &mut Sources, flags: &Serve) {
    add_log_flags(sources, &flags.log);
    let numbers = [
        ("log.max_size", flags.log_max_size),
        ("log.max_backups", flags.log_max_backups),
        ("log.max_age", flags.log_max_age),
        ("shutdown.grace_time", flags.grace_time),
    ];
    sources.overrides.extend(numbers.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    add_loaddata_flags(sources, flags);
}

/// CLI-008. A path that was typed is meant as the shell understands it.
fn add_loaddata_flags(sources: &mut Sources, flags: &Serve) {
    let from = flags.loaddata_from.as_ref().and_then(|path| std::path::absolute(path).ok());
    let values = [
        ("loaddata.from", from.map(|path| path.to_string_lossy().into_owned().into())),
        ("loaddata.mode", flags.loaddata_mode.map(Value::from)),
        ("loaddata.quota_scan", flags.loaddata_scan.map(Value::from)),
        ("loaddata.clean", flags.loaddata_clean.then_some(Value::Bool(true))),
    ];
    sources.overrides.extend(values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
}

/// Opens the databases that the settings name.
pub(crate) fn open_store(loaded: &Loaded) -> anyhow::Result<Store> {
    open_store_of(&loaded.settings)
}

/// The same, for settings alone.
pub(crate) fn open_store_of(settings: &Settings) -> anyhow::Result<Store> {
    Ok(Store::open(store_options(settings))?)
}

/// How the databases that the settings name are opened.
pub(crate) fn store_options(settings: &Settings) -> StoreOptions {
    let provider = &settings.data_provider;
    if provider.driver == "memory" {
        return StoreOptions::in_memory();
    }
    let mut options = StoreOptions::new(&settings.data_dir);
    options.name = database_file(settings);
    if let Ok(readers @ 1..) = usize::try_from(provider.pool_size) {
        options.readers = readers.min(16);
    }
    options.migrate = provider.update_mode == 0;
    options
}

/// Path of the database, relative to the data folder.
pub(crate) fn database_file(settings: &Settings) -> String {
    database_name(&settings.data_provider.connection_string, &settings.data_provider.name)
}

/// The connection string of the reference product may be a `file:` URI with parameters of its engine; the path counts.
fn database_name(connection_string: &str, name: &str) -> String {
    let path = connection_string.trim();
    let path = path.strip_prefix("file:").unwrap_or(path);
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() { name.to_owned() } else { path.to_owned() }
}

/// Loads the settings again with those that an administrator saved in the database; `before` are those without them.
pub(crate) async fn with_saved(mut sources: Sources, before: &Loaded, store: &Store) -> anyhow::Result<Loaded> {
    sources.database = saved(store, &sealer(&before.settings)?).await?;
    Ok(entrepot_config::load(sources)?)
}

/// Path of a setting.
pub(crate) fn resolve(folder: &DataFolder, path: &str) -> PathBuf {
    folder.path().join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_string_wins_over_the_name() {
        assert_eq!(database_name("", "entrepot.db"), "entrepot.db");
        assert_eq!(database_name("file:/srv/x.db?cache=shared", "entrepot.db"), "/srv/x.db");
        assert_eq!(database_name("x.db", "entrepot.db"), "x.db");
    }
}
