//! Settings that name a file with a secret: the content takes the place of the secret itself.

use std::path::Path;

use serde_json::Value;

use crate::error::ConfigError;
use crate::file::read_trusted;
use crate::layers::Built;
use crate::path;
use crate::source::Origin;

/// The key of the file, and the key of what the file holds.
const FILES: [(&str, &str); 3] = [
    ("httpd.signing_passphrase_file", "httpd.signing_passphrase"),
    ("kms.secrets.master_key_path", "kms.secrets.master_key"),
    ("kms.secrets.additional_master_keys_path", "kms.secrets.additional_master_keys"),
];

/// Secrets are short.
const LIMIT: u64 = 64 * 1024;

/// Reads the files that are named.
///
/// # Errors
/// A file that is missing, empty, or may be changed by others.
pub(crate) fn read(built: &mut Built, data_dir: &Path) -> Result<(), ConfigError> {
    for (file_key, secret_key) in FILES {
        let Some(entry) = built.entries.get(file_key) else { continue };
        let Some(name) = entry.value.as_str().filter(|name| !name.is_empty()) else { continue };
        let file = data_dir.join(name);
        let text = read_trusted(&file, LIMIT)?;
        if text.trim().is_empty() {
            return Err(ConfigError::Invalid {
                key: file_key.to_owned(),
                origin: entry.origin.to_string(),
                message: "the file is empty".to_owned(),
            });
        }
        let Some(secret) = built.entries.get_mut(secret_key) else { continue };
        secret.value = match secret.value {
            // One key per line, blank lines ignored (CFG-366).
            Value::Array(_) => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect(),
            _ => Value::from(text.trim()),
        };
        secret.origin = Origin::File(file);
        path::insert(&mut built.tree, secret_key, secret.value.clone());
    }
    Ok(())
}
