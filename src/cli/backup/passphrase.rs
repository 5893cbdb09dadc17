//! The passphrase of a backup: from a file, the environment or a person, never from the command line, where every account of
//! the machine could read it.

use std::{fs::File, io::Read as _, path::Path};

use entrepot_config::Sources;
use entrepot_secrets::Sensitive;

use crate::{
    exit::{self, Failure},
    prompt,
};

/// The variable that may hold it.
const VARIABLE: &str = "ENTREPOT_BACKUP_PASSPHRASE";
/// Longest file, in bytes.
const LIMIT: u64 = 4096;

/// Whether it is for something new: then a person is asked twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Seal,
    Open,
}

/// Looks in the file, then in the environment, then asks.
///
/// # Errors
/// The file cannot be read or is empty; nothing was typed.
pub(crate) fn find(file: Option<&Path>, sources: &Sources, purpose: Purpose) -> anyhow::Result<Sensitive<String>> {
    if let Some(file) = file {
        return read(file);
    }
    let variable = sources.env.iter().find(|(name, value)| name == VARIABLE && !value.is_empty());
    match (variable, purpose) {
        (Some((_, value)), _) => Ok(Sensitive::new(value.clone())),
        (None, Purpose::Seal) => prompt::new_password("Passphrase of the backup"),
        (None, Purpose::Open) => prompt::password("Passphrase of the backup"),
    }
}

/// The first line of a file.
///
/// # Errors
/// It cannot be read, or is empty.
pub(crate) fn read(path: &Path) -> anyhow::Result<Sensitive<String>> {
    let wrong = |what: String| Failure::with_code(exit::KEYS, format!("the passphrase file {}: {what}", path.display()));
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text));
    read.map_err(|error| wrong(error.to_string()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(wrong("its first line is empty".to_owned()));
    }
    Ok(Sensitive::from(line))
}
