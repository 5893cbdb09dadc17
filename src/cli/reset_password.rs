//! `entrepot resetpwd` (CLI-013): for who has access to the machine.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use entrepot_core::{Core, Error};
use entrepot_secrets::Sensitive;
use serde_json::json;

use crate::{
    arguments::ResetPassword,
    control,
    data_folder::DataFolder,
    exit::{self, Failure},
    house, load, prompt, runtime,
};

/// Asks for the password and sets it: in the running server if there is one, else in the database.
///
/// # Errors
/// There is no such administrator, the password breaks a rule, or the database cannot be used.
pub(crate) fn run(command: &ResetPassword) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    let loaded = entrepot_config::load(load::sources(&folder, &command.place)?)?;
    if loaded.settings.data_provider.driver == "memory" {
        return Err(Failure::plain("data_provider.driver is memory: nothing lasts, so there is no password to reset"));
    }
    if !folder.path().is_dir() {
        let path = folder.path().display();
        return Err(Failure::with_code(exit::DATA, format!("there is no data folder {path}; name it with --data-dir")));
    }
    let password = prompt::new_password(&format!("New password for {}", command.admin))?;
    let request = json!({ "command": "reset_password", "admin": command.admin, "password": password.expose() });
    if control::ask(&folder, &request)?.is_none() {
        runtime::build_small()?.block_on(async {
            let store = load::open_store(&loaded)?;
            let sealer = house::sealer(&loaded.settings)?;
            let settings = Arc::new(ArcSwap::from_pointee(loaded.settings.clone()));
            let core = house::start_core(settings, folder.path().to_owned(), store, sealer).await?;
            let outcome = set(&core, &command.admin, &password).await;
            core.stop(Duration::from_secs(5)).await;
            outcome
        })?;
    }
    println!("The password of {} is set.", command.admin);
    Ok(())
}

/// The use case, with a sentence for each refusal.
pub(crate) async fn set(core: &Core, admin: &str, password: &Sensitive<String>) -> anyhow::Result<()> {
    core.reset_admin_password(admin, password.expose()).await.map_err(|error| match error {
        Error::NotFound => Failure::plain(format!("there is no administrator {admin:?}")),
        Error::Invalid { message, .. } => Failure::plain(format!("this password is refused: {message}")),
        other => Failure::plain(format!("the password cannot be set: {other}")),
    })
}
