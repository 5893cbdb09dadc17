//! The database of a server that does not run. It is looked at in a copy: whoever looks, root or an account that may only read,
//! leaves no lock, no log and no other owner in the data folder (DOC-001).

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use entrepot_config::Settings;
use entrepot_model::doctor::Finding;
use entrepot_store::{Store, StoreError, events_beside};
use rustix::process::geteuid;

use crate::{load, rehearsal::Scratch};

/// A copy that is open. The folder goes with it.
pub(super) struct Opened {
    pub(super) store: Store,
    _scratch: Scratch,
}

/// Opens the database if there is one; nothing is made, and nothing is upgraded.
pub(super) fn open(settings: &Settings, findings: &mut Vec<Finding>) -> Option<Opened> {
    let database = Path::new(&settings.data_dir).join(load::database_file(settings));
    let is_memory = settings.data_provider.driver == "memory";
    match File::open(&database) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !is_memory => {
            findings.push(unreadable(&database));
            return None;
        }
        Err(error) if is_memory || error.kind() == ErrorKind::NotFound => {
            findings.push(Finding::ok("database", "there is no database yet; the first start makes it"));
            return None;
        }
        _ if is_memory => return None,
        _ => {}
    }
    let events = events_beside(&database);
    if File::open(&events).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        findings.push(unreadable(&events));
        return None;
    }
    let scratch = match Scratch::new() {
        Ok(scratch) => scratch,
        Err(error) => {
            let message =
                format!("the database cannot be looked at: no copy can be made in the folder of temporary files: {error}");
            findings.push(Finding::warning("database", message, "let this account write there"));
            return None;
        }
    };
    match Store::open_copy(&load::store_options(settings), scratch.path()) {
        Ok(store) => Some(Opened { store, _scratch: scratch }),
        Err(error) => {
            findings.push(refused(&error, |text| named(&text, scratch.path(), &database)));
            None
        }
    }
}

/// Who may look.
fn unreadable(file: &Path) -> Finding {
    let owner = file.parent().and_then(|folder| fs::metadata(folder).ok()).map(|found| found.uid());
    let fix = match owner {
        Some(owner) => format!("run it as the account of the server (sudo -u '#{owner}' entrepot doctor ...) or as root"),
        None => "run it as the account of the server or as root".to_owned(),
    };
    let message = format!("{} cannot be looked at: account {} may not read it", file.display(), geteuid().as_raw());
    Finding::warning("database", message, fix)
}

fn refused(error: &StoreError, told: impl Fn(String) -> String) -> Finding {
    let fix = match error {
        StoreError::Migration { .. } => {
            return Finding::ok("database", "the database is of an earlier version: the next start upgrades it and keeps a copy");
        }
        StoreError::Corrupt { .. } => "keep a copy of the data folder, then put a backup of the database in its place",
        StoreError::Locked { .. } => "another server has it open: stop that one, or give this one its own --data-dir",
        StoreError::Full => "free space in the folder of temporary files (TMPDIR): the database is copied there to be looked at",
        StoreError::NetworkFileSystem { .. } => "move the data folder to a local disk",
        _ => "look at owner and mode of the data folder and what is in it: the account of the server must own it",
    };
    Finding::error("database", told(error.to_string()), fix)
}

/// A text about the copies as one about the originals.
fn named(text: &str, scratch: &Path, database: &Path) -> String {
    let folder = database.parent().unwrap_or(database);
    let copy = scratch.join("main").display().to_string();
    text.replace(&copy, &database.display().to_string()).replace(&scratch.display().to_string(), &folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_not_named() {
        let named = named("/s/main is damaged, /s/events.db too", Path::new("/s"), Path::new("/d/x.db"));
        assert_eq!(named, "/d/x.db is damaged, /d/events.db too");
    }
}
