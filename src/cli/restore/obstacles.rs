//! What keeps a backup from being restored into a data folder: anything that somebody might miss.

use std::{ffi::OsStr, fs, io};

use entrepot_store::{COMPANIONS, Store, StoreOptions, is_companion};

use super::staging;
use crate::{
    data_folder::DataFolder,
    exit::{self, Failure},
    runtime,
};

/// Name of the database of a server that was started without settings.
pub(super) const DATABASE: &str = "entrepot.db";
/// What a server makes at its first start, and what stays out of a restore's way.
const HARMLESS: [&str; 9] =
    ["homes", "log", "lost+found", "backups", "certificates", "ready.json", "setup-url", "control.sock", DATABASE];
/// Keys of a server that was started here and never set up: clients know those of the backup.
pub(super) const HOST_KEYS: [&str; 6] = ["id_ed25519", "id_ed25519.pub", "id_rsa", "id_rsa.pub", "id_ecdsa", "id_ecdsa.pub"];

/// Refuses a folder that is not empty; one in which a server was started and never set up counts as empty.
///
/// # Errors
/// It names what is in the way.
pub(super) fn check(folder: &DataFolder) -> anyhow::Result<()> {
    check_files(folder)?;
    if !folder.path().join(DATABASE).exists() {
        return Ok(());
    }
    let options = StoreOptions { migrate: false, ..StoreOptions::new(folder.path()) };
    let is_fresh = runtime::build_small()?.block_on(async {
        let store = Store::open(options)?;
        let is_fresh = store.setup().is_needed().await? && store.users().list(one()).await?.is_empty();
        store.shutdown().await?;
        anyhow::Ok(is_fresh)
    })?;
    if is_fresh {
        return Ok(());
    }
    let path = folder.path().display();
    let message =
        format!("{path} has a server with accounts in it: restore into an empty folder (--data-dir), or move this one away");
    Err(Failure::with_code(exit::DATA, message))
}

fn one() -> entrepot_store::ListOptions {
    entrepot_store::ListOptions { limit: 1, ..Default::default() }
}

/// The same for names alone: for a server that knows that its database is fresh.
///
/// # Errors
/// It names what is in the way.
pub(super) fn check_files(folder: &DataFolder) -> anyhow::Result<()> {
    let path = folder.path();
    let failed = |error: io::Error| Failure::with_code(exit::DATA, format!("{} cannot be read: {error}", path.display()));
    // Without a database it was no server that made keys, but somebody who brought them.
    let has_database = path.join(DATABASE).exists();
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !is_harmless(&name, has_database) {
            let message = format!(
                "{} is not empty ({} is in it): restore into an empty folder (--data-dir), or move that away",
                path.display(),
                name.display()
            );
            return Err(Failure::with_code(exit::DATA, message));
        }
    }
    Ok(())
}

fn is_harmless(name: &OsStr, has_database: bool) -> bool {
    let Some(name) = name.to_str() else { return false };
    let is_of_database =
        COMPANIONS.iter().any(|other| name == *other || is_companion(other, name)) || is_companion(DATABASE, name);
    let is_key = has_database && HOST_KEYS.contains(&name);
    HARMLESS.contains(&name) || is_key || is_of_database || name.starts_with(staging::PREFIX)
}
