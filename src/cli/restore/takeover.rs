//! The last steps of a restore: what lies ready takes its place. They may be interrupted anywhere and are repeated by the next
//! start: every step does nothing if it was done, and the main database, whose step decides, moves last.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};

use entrepot_store::{COMPANIONS, Store, StoreOptions, events_beside, is_companion};

use super::{
    obstacles::{self, DATABASE, HOST_KEYS},
    staging::{PART, Staged, unwritable},
};
use crate::{data_folder::DataFolder, exit::Failure};

/// What such a server left that is of no use.
const LEFT_OVER: [&str; 2] = ["setup-url", "ready.json"];

/// Carries out the restore that lies ready in the folder, if there is one. Must be called before the database is opened.
///
/// # Errors
/// Another server has the database open, somebody set this one up meanwhile, or a file cannot be moved.
pub(crate) fn finish(folder: &DataFolder) -> anyhow::Result<()> {
    let Some(staged) = Staged::find(folder) else { return Ok(()) };
    let database = staged.database()?;
    let main = staged.copies().main;
    if main.exists() && !staged.has_begun() {
        // Between the moment it was laid ready and now somebody may have set the server up by hand.
        obstacles::check(folder).map_err(|error| {
            let place = staged.path().display();
            Failure::with_code(
                crate::exit::code(&error),
                format!(
                    "a restore was begun in a data folder that is in use now: remove {place} to keep what is there ({error})"
                ),
            )
        })?;
    }
    let place = folder.path().join(&database);
    if let Some(parent) = place.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(|error| unwritable(parent, &error))?;
    }
    let options = StoreOptions { name: database.clone(), ..StoreOptions::new(folder.path()) };
    let closed = Store::keep_closed(&options)?;
    move_in(folder, &staged, &database).map_err(|error| unwritable(folder.path(), &error))?;
    drop(closed);
    Ok(())
}

fn move_in(folder: &DataFolder, staged: &Staged, database: &str) -> io::Result<()> {
    let target = folder.path();
    let copies = staged.copies();
    let owner = fs::metadata(target)?;
    let owner = rustix::process::geteuid().is_root().then(|| (owner.uid(), owner.gid()));
    if !staged.has_begun() {
        make_room(target, database)?;
        // From here on what lies in the folder may be what was restored.
        staged.begin()?;
    }
    move_tree(&staged.data(), target, owner)?;
    move_tree(&staged.outside(), &target.join("outside"), owner)?;
    let main = target.join(database);
    move_file(&copies.events, &events_beside(&main))?;
    move_file(&copies.main, &main)?;
    fs::File::open(target)?.sync_all()?;
    fs::File::open(main.parent().unwrap_or(target))?.sync_all()?;
    // A folder that is half removed must not look like one that lies ready.
    let done = target.join(PART);
    fs::rename(staged.path(), &done)?;
    fs::remove_dir_all(done)
}

/// Removes what the server that was never set up made, as far as it would be in the way: logs above all, which belong to the
/// databases that go.
fn make_room(target: &Path, database: &str) -> io::Result<()> {
    for entry in fs::read_dir(target)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_log = |of: &str| is_companion(of, name) && !name.ends_with(".lock");
        let is_in_the_way = COMPANIONS.iter().any(|other| name == *other || is_log(other))
            || name == database
            || is_log(database)
            || name == DATABASE
            || is_log(DATABASE)
            || HOST_KEYS.contains(&name)
            || LEFT_OVER.contains(&name);
        if is_in_the_way {
            fs::remove_file(target.join(name))?;
        }
    }
    Ok(())
}

fn move_tree(from: &Path, to: &Path, owner: Option<(u32, u32)>) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !to.is_dir() {
        DirBuilder::new().mode(0o700).create(to)?;
        if let Some((uid, gid)) = owner {
            std::os::unix::fs::lchown(to, Some(uid), Some(gid))?;
        }
    }
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            move_tree(&entry.path(), &target, owner)?;
        } else {
            fs::rename(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A file that is not there was moved before.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
