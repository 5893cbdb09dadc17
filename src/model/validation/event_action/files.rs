//! Work on files (ACT-035…ACT-050, ACT-088…ACT-102).

use super::{Checked, Faults, FieldError, NamingRules, folder, missing, paths, text};
use crate::{
    event_action::{
        CompressConfig, CopyEntry, DecompressConfig, FilesystemActionConfig, FilesystemActionType, MetadataCheckConfig,
        PgpConfig, PgpEntry, PgpPath, RenameEntry,
    },
    secret::Secret,
};

const CONFIG: &str = "options.fs_config";

pub(super) fn filesystem(config: &mut FilesystemActionConfig, names: NamingRules) -> Checked {
    let Some(kind) = config.action_type() else {
        return Err(FieldError::new("options.fs_config.type", format!("invalid {CONFIG}.type {}", config.kind)));
    };
    config.clear_unselected();
    let mut faults = Faults::default();
    faults.note(folder("options.fs_config.folder", &mut config.folder, names));
    faults.note(folder("options.fs_config.target_folder", &mut config.target_folder, names));
    use FilesystemActionType as T;
    if matches!(kind, T::Pgp | T::Compress) && !config.folder.is_empty() && config.target_folder.is_empty() {
        let message = format!("{CONFIG}: this type needs a target_folder when a folder is set");
        faults.note(Err(FieldError::new("options.fs_config.target_folder", message)));
    }
    faults.note(match kind {
        T::Rename => renames(&mut config.renames, config.folder == config.target_folder),
        T::Delete => paths::list("options.fs_config.deletes", &mut config.deletes, paths::source),
        T::Mkdirs => paths::list("options.fs_config.mkdirs", &mut config.mkdirs, paths::path),
        T::Exist => paths::list("options.fs_config.exist", &mut config.exist, paths::path),
        T::Compress => compress(&mut config.compress),
        T::Copy => copies(&mut config.copy, config.folder == config.target_folder),
        T::Pgp => pgp(&mut config.pgp),
        T::MetadataCheck => metadata(&mut config.metadata_check),
        T::Decompress => decompress(&mut config.decompress),
    });
    faults.end()
}

/// ACT-037
fn renames(entries: &mut [RenameEntry], is_one_place: bool) -> Checked {
    let field = "options.fs_config.renames";
    if entries.is_empty() {
        return Err(missing(field));
    }
    for entry in entries {
        entry.key = paths::path(field, &entry.key)?;
        entry.value = paths::path(field, &entry.value)?;
        if entry.key == "/" || entry.value == "/" {
            return Err(FieldError::new(field, format!("{field}: the root directory cannot be renamed")));
        }
        if is_one_place && entry.key == entry.value {
            return Err(FieldError::new(field, format!("{field}: source and target {:?} are the same", entry.key)));
        }
    }
    Ok(())
}

/// ACT-043
fn copies(entries: &mut [CopyEntry], is_one_place: bool) -> Checked {
    let field = "options.fs_config.copy";
    if entries.is_empty() {
        return Err(missing(field));
    }
    for entry in entries {
        entry.key = paths::source(field, &entry.key)?;
        entry.value = paths::path_or_directory(field, &entry.value)?;
        if is_one_place && entry.key == entry.value {
            return Err(FieldError::new(field, format!("{field}: source and target {:?} are the same", entry.key)));
        }
        disposition(&format!("{field}.on_source_copied"), entry.on_source_copied, &mut entry.on_source_copied_move_path)?;
        text::one_of(&format!("{field}.max_retries"), entry.max_retries, 0..=5)?;
    }
    Ok(())
}

/// What happens to a source afterwards: 0 stay, 1 go, 2 move to a path that is required then.
fn disposition(field: &str, choice: i64, move_path: &mut String) -> Checked {
    text::one_of(field, choice, 0..=2)?;
    if choice == 2 {
        *move_path = paths::path(&format!("{field}_move_path"), move_path)?;
    } else {
        move_path.clear();
    }
    Ok(())
}

/// ACT-041
fn compress(config: &mut CompressConfig) -> Checked {
    let mut faults = Faults::default();
    faults.set(file("options.fs_config.compress.name", &config.name), &mut config.name);
    faults.note(paths::list("options.fs_config.compress.paths", &mut config.paths, paths::path));
    faults.end()
}

/// ACT-047
fn decompress(config: &mut DecompressConfig) -> Checked {
    let mut faults = Faults::default();
    faults.set(file("options.fs_config.decompress.name", &config.name), &mut config.name);
    faults.set(paths::path("options.fs_config.decompress.extract_dir", &config.extract_dir), &mut config.extract_dir);
    faults.end()
}

/// The path of one file.
fn file(field: &str, path: &str) -> Checked<String> {
    match paths::path(field, path)?.as_str() {
        "/" => Err(FieldError::new(field, format!("{field}: the root directory is not a file"))),
        path => Ok(path.to_owned()),
    }
}

/// ACT-046
fn metadata(config: &mut MetadataCheckConfig) -> Checked {
    let mut faults = Faults::default();
    faults.set(file("options.fs_config.metadata_check.path", &config.path), &mut config.path);
    if config.metadata.key.trim().is_empty() {
        faults.note(Err(missing("options.fs_config.metadata_check.metadata.key")));
    }
    faults.note(text::one_of("options.fs_config.metadata_check.timeout", config.timeout, 0..=300));
    faults.end()
}

/// ACT-044, ACT-095, ACT-097
fn pgp(config: &mut PgpConfig) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("options.fs_config.pgp.{member}");
    faults.note(text::one_of(&field("mode"), config.mode, 1..=2));
    faults.note(text::one_of(&field("profile"), config.profile, 0..=2));
    faults.note(keys(config));
    if config.paths.is_empty() {
        faults.note(Err(missing(&field("paths"))));
    }
    for path in &mut config.paths {
        faults.note(pgp_path(&field("paths"), path));
    }
    text::dedupe(&mut config.paths);
    faults.end()
}

/// Either a password, or the keys that the mode needs.
fn keys(config: &mut PgpConfig) -> Checked {
    let field = |member: &str| format!("options.fs_config.pgp.{member}");
    config.public_key = config.public_key.trim().to_owned();
    let has_keys = !config.public_key.is_empty() || !config.private_key.is_empty();
    if !config.password.is_empty() {
        if has_keys {
            return Err(FieldError::new(field("password"), "options.fs_config.pgp: password and keys exclude each other"));
        }
        config.passphrase = Secret::default();
        return Ok(());
    }
    if config.mode == 1 && config.public_key.is_empty() {
        return Err(FieldError::new(field("public_key"), "options.fs_config.pgp: encryption needs a password or a public_key"));
    }
    if config.mode == 2 && config.private_key.is_empty() {
        return Err(FieldError::new(field("private_key"), "options.fs_config.pgp: decryption needs a password or a private_key"));
    }
    if config.private_key.is_empty() {
        config.passphrase = Secret::default();
    }
    let clear = config.private_key.is_plain().then_some(&config.private_key.payload);
    for (member, key) in [("public_key", Some(&config.public_key)), ("private_key", clear)] {
        if key.is_some_and(|key| !key.is_empty() && !key.contains("-----BEGIN PGP ")) {
            return Err(FieldError::new(field(member), format!("{}: it is not an armoured PGP key", field(member))));
        }
    }
    Ok(())
}

fn pgp_path(field: &str, path: &mut PgpPath) -> Checked {
    let source = paths::source(field, path.source())?;
    if source == "/" {
        return Err(FieldError::new(field, format!("{field}: the root directory cannot be a source")));
    }
    match path {
        PgpPath::Source(text) => *text = source,
        PgpPath::Entry(PgpEntry { key, value, on_source_processed, on_source_processed_move_path }) => {
            *value = paths::path_or_directory(field, value)?;
            if paths::has_wildcards(&source) && !value.ends_with('/') {
                let message = format!("{field}: the target of {source:?} must be a directory, with / at the end");
                return Err(FieldError::new(field, message));
            }
            *key = source;
            disposition(&format!("{field}.on_source_processed"), *on_source_processed, on_source_processed_move_path)?;
        }
    }
    Ok(())
}
