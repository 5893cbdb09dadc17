//! Copies of database files: what a backup of the server takes with it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::connection::open_reader;
use super::migration::copy;
use crate::StoreError;

/// Copies the database at `path`, as it is at one moment, to the new file `target` (mode 0600). Whoever has it open goes on
/// writing. It blocks for as long as reading and writing all of it takes.
///
/// # Errors
/// `Directory` when `target` exists or cannot be written, `Full`, and those of the engine.
pub(crate) fn copy_file(path: &Path, target: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    made.map_err(|error| super::place::unusable(target, &error))?;
    let source = open_reader(path)?;
    copy(&source, target)?;
    Ok(())
}
