//! `entrepot config show`: every setting as the server would see it, secrets masked.

use std::io::{self, Write as _};

use crate::{arguments::ShowConfig, data_folder::DataFolder, load};

/// Prints the settings, one per line.
///
/// # Errors
/// What would stop the server, too.
pub(crate) fn run(command: &ShowConfig) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    let loaded = entrepot_config::load(load::sources(&folder, &command.place)?)?;
    let mut out = io::stdout().lock();
    for row in loaded.rows() {
        if command.changed && row.origin.is_default() {
            continue;
        }
        let line = if command.origin {
            writeln!(out, "{} = {}  # {}", row.key, row.value, row.origin)
        } else {
            writeln!(out, "{} = {}", row.key, row.value)
        };
        // Whoever reads may have seen enough.
        if line.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return Ok(());
        }
    }
    for warning in &loaded.warnings {
        eprintln!("entrepot: {warning}");
    }
    Ok(())
}
