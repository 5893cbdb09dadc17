//! What stops the start.

use std::path::PathBuf;

use thiserror::Error;

use crate::source::Origin;

/// Why no settings could be made. Every text names the file, key or variable to change, and no
/// text holds the value of a secret.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that was asked for, or was found, cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds something else than its name says.
    #[error("cannot understand {path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// The format is one of the reference product that is not read here.
    #[error("cannot read {path}: configuration files are TOML, YAML or JSON (.toml, .yaml, .yml, .json)")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may change the file.
    #[error("{path} may be changed by other users (mode {mode:04o}); run: chmod go-w {path}")]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key that does not exist.
    #[error("{origin}: unknown key {key}; did you mean {nearest}?")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        origin: String,
        /// The key that is written most like it.
        nearest: String,
    },
    /// A variable that does not exist.
    #[error("{origin}: unknown variable {name}; did you mean {nearest}?")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// Where it stands.
        origin: String,
        /// The variable that is written most like it.
        nearest: String,
    },
    /// A value that its setting cannot have.
    #[error("{key} ({origin}): {message}")]
    Invalid {
        /// The key.
        key: String,
        /// Where the value comes from.
        origin: String,
        /// What is wrong.
        message: String,
    },
    /// A setting that restricts or decides something which is not built.
    #[error(
        "{key} ({origin}): this version cannot do that yet, and starting without it would be less safe than configured; remove the setting"
    )]
    Refused {
        /// The key.
        key: String,
        /// Where the value comes from.
        origin: String,
    },
    /// The registry and the typed tree do not fit: a defect of the program.
    #[error("the settings do not fit together: {0}")]
    Internal(String),
}

impl ConfigError {
    /// The key that is wrong, if it is known.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key, .. } | Self::Invalid { key, .. } | Self::Refused { key, .. } => Some(key),
            _ => None,
        }
    }

    /// The key that is wrong, if its value was saved in the database.
    pub fn saved_key(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key, origin, .. } | Self::Invalid { key, origin, .. } | Self::Refused { key, origin }
                if *origin == Origin::Database.to_string() =>
            {
                Some(key)
            }
            _ => None,
        }
    }
}
