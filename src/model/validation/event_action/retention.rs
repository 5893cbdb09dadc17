//! Data retention (ACT-027).

use super::{Checked, Faults, FieldError, NamingRules, folder, paths, text};
use crate::event_action::RetentionConfig;

const FOLDERS: &str = "options.retention_config.folders";

pub(super) fn retention(config: &mut RetentionConfig, names: NamingRules) -> Checked {
    let mut faults = Faults::default();
    faults.note(folders(config));
    faults.note(folder("options.retention_config.archive_folder", &mut config.archive_folder, names));
    faults.note(folder("options.retention_config.source_folder", &mut config.source_folder, names));
    if config.archive_folder.is_empty() {
        config.archive_path.clear();
    } else if !config.archive_path.trim().is_empty() {
        let field = "options.retention_config.archive_path";
        faults.set(paths::path(field, &config.archive_path), &mut config.archive_path);
    }
    faults.end()
}

fn folders(config: &mut RetentionConfig) -> Checked {
    for entry in &mut config.folders {
        // Taken literally, a wildcard or placeholder would match nothing; who writes one means something else.
        if paths::is_template(&entry.path) || entry.path.contains(['*', '?']) {
            let message = format!("path {:?} in {FOLDERS}: wildcards and placeholders do not work here", entry.path);
            return Err(FieldError::new(FOLDERS, message));
        }
        entry.path = text::absolute_virtual_path(FOLDERS, &entry.path)?;
        text::not_negative(&format!("{FOLDERS}.retention"), entry.retention)?;
    }
    for (index, entry) in config.folders.iter().enumerate() {
        if config.folders[..index].iter().any(|other| other.path == entry.path) {
            return Err(FieldError::new(FOLDERS, format!("path {:?} is duplicated in {FOLDERS}", entry.path)));
        }
    }
    if config.folders.iter().all(|entry| entry.retention == 0) {
        return Err(FieldError::new(FOLDERS, format!("{FOLDERS}: at least one retention above 0 is required")));
    }
    Ok(())
}
