//! The configuration file: finding, trusting and parsing it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use config::FileFormat;
use serde_json::Value;

use crate::error::ConfigError;
use crate::regular_file;
use crate::source::Sources;

/// The names that are looked for, in order.
const NAMES: [&str; 4] = ["entrepot.toml", "entrepot.yaml", "entrepot.yml", "entrepot.json"];

/// Permission bits that let others than the owner write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The file to read: the given one, else the first found in the data folder, then in the system's
/// folder; never one in the working directory.
pub(crate) fn locate(sources: &Sources) -> Option<PathBuf> {
    if let Some(file) = &sources.config_file {
        return Some(sources.data_dir.join(file));
    }
    if !sources.search_files {
        return None;
    }
    [&sources.data_dir, &sources.system_dir]
        .into_iter()
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

/// Reads a file that only its owner may change (LOAD-003).
pub(crate) fn read_trusted(path: &Path, limit: u64) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(ConfigError::Writable { path: path.to_owned(), mode });
    }
    regular_file::read_text(path, limit).map_err(failed)
}

/// Parses a file by the format that its extension names.
pub(crate) fn parse(path: &Path) -> Result<Value, ConfigError> {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let format = match extension.as_deref() {
        Some("toml") => FileFormat::Toml,
        Some("yaml" | "yml") => FileFormat::Yaml,
        Some("json") => FileFormat::Json,
        _ => {
            return Err(ConfigError::Format { path: path.to_owned() });
        }
    };
    let text = read_trusted(path, LIMIT)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    config::Config::builder()
        .add_source(config::File::from_str(&text, format))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|error| ConfigError::Parse { path: path.to_owned(), message: error.to_string() })
}
