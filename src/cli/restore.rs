//! `entrepot restore`: a backup becomes a server again, with its accounts, settings and host keys.
//!
//! The file is verified from its beginning to its end before anything is written. What is in it is then laid ready in a folder
//! of the data folder, which gets its final name when it is complete: before that moment nothing has changed, after it the
//! restore is carried out, by this command or, if it does not come to that, by the next start.

mod aside;
mod obstacles;
mod staging;
mod takeover;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use entrepot_config::Sources;
use entrepot_core::{Core, Error, Refusal, Restorer, admin::instance::BROUGHT};
use entrepot_secrets::{Sensitive, random_alphanumeric};
use entrepot_storage::private_file;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    arguments,
    backup::{self, archive::Manifest, passphrase, passphrase::Purpose},
    control,
    data_folder::DataFolder,
    exit::{self, Failure},
    load,
    rehearsal::Rehearsing,
};
pub(crate) use aside::Ground;
pub(crate) use takeover::finish as finish_pending;

/// Puts right what a restore that was interrupted early left behind. Only who holds the lock of the database may.
pub(crate) fn tidy(folder: &DataFolder) {
    staging::tidy(folder);
    private_file::remove_all(folder.path(), BROUGHT);
}

/// Restores, or only looks with `--check`.
///
/// # Errors
/// A wrong passphrase, a file that is not sound, a data folder that is not empty.
pub(crate) fn run(command: &arguments::Restore) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    let sources = load::sources(&folder, &command.place)?;
    let passphrase = passphrase::find(command.passphrase_file.as_deref(), &sources, Purpose::Open)?;
    if command.check {
        let manifest = backup::check(&command.file, &passphrase)?;
        println!("{} is sound.", command.file.display());
        print(&manifest);
        return Ok(());
    }
    if control::ask(&folder, &json!({ "command": "ping" }))?.is_some() {
        return beside_server(&folder, &command.file, &passphrase);
    }
    let missing: Vec<PathBuf> = folder.path().ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    folder.create()?;
    // One that was begun and interrupted comes first: it has taken effect.
    finish_pending(&folder)?;
    obstacles::check(&folder)?;
    let ground = Ground { sources, held: Vec::new(), any_port: false, is_now: false };
    let manifest = staging::stage(&folder, &command.file, &passphrase, &ground).inspect_err(|_| {
        // Folders that were made for nothing: those with something in them stay.
        missing.iter().for_each(|path| drop(fs::remove_dir(path)));
    })?;
    finish_pending(&folder)?;
    println!("Restored into {}.", folder.path().display());
    print(&manifest);
    Ok(())
}

/// The running server takes the backup in and starts again. It gets a copy of the file that it may read.
fn beside_server(folder: &DataFolder, file: &Path, passphrase: &Sensitive<String>) -> anyhow::Result<()> {
    let mut manifest = backup::check(file, passphrase)?;
    let incoming = Incoming::of(folder, file)?;
    let request = json!({ "command": "restore", "file": incoming.0, "passphrase": passphrase.expose() });
    match control::ask_long(folder, &request)? {
        // It says more than is in the file: what it changed and set aside.
        Some(answer) => {
            println!("The server starts again with the backup.");
            manifest.notes = serde_json::from_value(answer["notes"].clone()).unwrap_or_default();
            print(&manifest);
            Ok(())
        }
        None => Err(Failure::plain("the server stopped meanwhile; nothing was restored: try again")),
    }
}

/// A copy of a backup in the data folder, for as long as this lives.
struct Incoming(PathBuf);

impl Incoming {
    fn of(folder: &DataFolder, file: &Path) -> anyhow::Result<Self> {
        let path = folder.path().join(format!("{}incoming-{}", staging::PREFIX, random_alphanumeric(12)));
        let incoming = Self(path);
        let copied = backup::open(file).and_then(|mut content| {
            let mut options = fs::OpenOptions::new();
            let mut copy = options.write(true).create_new(true).mode(0o600).open(&incoming.0)?;
            io::copy(&mut content, &mut copy)?;
            staging::give_file(&copy, folder.path())
        });
        copied.map(|()| incoming)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What the running server does with the request of [`beside_server`].
///
/// # Errors
/// It has accounts, or the file is not sound.
pub(crate) async fn take_in(core: &Core, request: &Value) -> anyhow::Result<Value> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let restored = core.restore_instance(text("file").into(), Sensitive::from(text("passphrase"))).await;
    let notes = restored.map_err(|error| {
        let hint = match error {
            Error::Conflict(_) => {
                ": nothing was restored; stop it and restore into an empty folder (--data-dir), or move its own away"
            }
            _ => "",
        };
        Failure::with_code(exit::DATA, format!("{error}{hint}"))
    })?;
    Ok(json!({ "ok": true, "notes": notes }))
}

fn print(manifest: &Manifest) {
    println!("It was made at {} by version {}.", manifest.created, manifest.version);
    for note in &manifest.notes {
        println!("  Note: {note}");
    }
}

/// What a running server does for its setup page.
pub(crate) struct AtSetup {
    /// Where to.
    pub(crate) folder: DataFolder,
    /// Told when the server shall start again.
    pub(crate) restart: Arc<Notify>,
    /// Where the settings come from, without what the database holds.
    pub(crate) sources: Sources,
    /// What this process has that the next start takes over.
    pub(crate) rehearsing: Arc<Rehearsing>,
}

impl Restorer for AtSetup {
    fn restore(&self, file: &Path, passphrase: &Sensitive<String>) -> Result<Vec<String>, Refusal> {
        let ground = Ground {
            sources: self.sources.clone(),
            held: self.rehearsing.held(),
            any_port: self.rehearsing.has_any_port(),
            is_now: true,
        };
        let staged = obstacles::check_files(&self.folder).and_then(|()| staging::stage(&self.folder, file, passphrase, &ground));
        match staged {
            Ok(manifest) => {
                tracing::info!(
                    made = manifest.created,
                    by = manifest.version,
                    "a backup is restored: the server starts again with it"
                );
                aside::log(&manifest.notes);
                self.restart.notify_one();
                Ok(manifest.notes)
            }
            Err(error) => {
                let field = if exit::code(&error) == exit::KEYS { "passphrase" } else { "file" };
                Err(Refusal { field, message: exit::sentence(&error) })
            }
        }
    }
}
