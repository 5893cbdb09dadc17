//! A sealed backup every night.

use std::collections::BTreeMap;

use entrepot_model::AdminPermission as P;
use entrepot_secrets::{Sensitive, random_alphanumeric};
use entrepot_storage::private_file;
use serde_json::Value;

use super::run;
use crate::{
    Core, Error, Result,
    admin::{AdminSession, settings},
};

/// Begin of the names of files of the data folder with a passphrase of nightly backups.
pub const PASSPHRASES: &str = "backup-passphrase-";
/// Random letters at the end of the name.
const SUFFIX: usize = 8;
/// Least length of a passphrase, in characters.
const LEAST_PASSPHRASE: usize = 12;

/// Has a sealed backup made every night, at `at` (`HH:MM`, local). A passphrase is kept in a new file of the data folder, for the
/// account of the server only: what older backups were sealed with is never written over. Without one the passphrase that is in
/// use stays, and only the time changes.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `at`, also if it is empty (that would be no backup at all), or for `passphrase`, also if
/// there is none yet; `Conflict` where environment or command line say otherwise. Then everything is as it was.
pub async fn choose_backup(core: &Core, session: &AdminSession, at: &str, passphrase: &Sensitive<String>) -> Result<()> {
    session.require(P::Any)?;
    if at.trim().is_empty() {
        return Err(Error::invalid("at", "a time is needed, such as 03:00"));
    }
    let passphrase = passphrase.expose().trim().to_owned();
    let mut changes = BTreeMap::from([("backup.at".to_owned(), Value::from(at.trim()))]);
    if passphrase.is_empty() && !core.settings().backup.passphrase_file.is_empty() {
        return save(core, session, changes).await;
    }
    if passphrase.chars().count() < LEAST_PASSPHRASE {
        return Err(Error::invalid("passphrase", format!("at least {LEAST_PASSPHRASE} characters are needed")));
    }
    if passphrase.chars().any(char::is_control) {
        return Err(Error::invalid("passphrase", "it must be one line"));
    }
    // Relative: the data folder may move.
    let name = format!("{PASSPHRASES}{}", random_alphanumeric(SUFFIX).to_lowercase());
    let path = core.settings().resolve(&name);
    let target = path.clone();
    let written = run(core, move || {
        let file = private_file::Writer::create(&target)?;
        file.write(passphrase.as_bytes())?;
        file.finish_new()
    });
    written.await?.map_err(|error| Error::invalid("passphrase", format!("it cannot be kept in {}: {error}", path.display())))?;
    changes.insert("backup.passphrase_file".to_owned(), Value::from(name));
    let saved = save(core, session, changes).await;
    if saved.is_err() {
        let removed = run(core, move || private_file::remove(&path)).await?;
        removed.map_err(|error| Error::internal("removing a passphrase that is not used", error))?;
    }
    saved
}

async fn save(core: &Core, session: &AdminSession, changes: BTreeMap<String, Value>) -> Result<()> {
    match settings::change(core, session, changes).await {
        Ok(_) => Ok(()),
        Err(Error::Invalid { field, message, .. }) if field == "backup.at" => Err(Error::invalid("at", message)),
        // The page of this step has no field for it: the settings do.
        Err(Error::Invalid { field, message, .. }) if field.starts_with("backup.") => {
            Err(Error::Conflict(format!("{field} {message}; it is among the settings")))
        }
        Err(error) => Err(error),
    }
}
