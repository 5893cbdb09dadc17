//! Where settings come from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder that is searched after the data folder.
const SYSTEM_DIRECTORY: &str = "/etc/entrepot";

/// What [`crate::load`] reads. Only [`Sources::from_process`] looks at the process.
#[derive(Clone)]
pub struct Sources {
    /// The data folder; relative paths in settings are below it.
    pub data_dir: PathBuf,
    /// A file to read instead of searching; relative to the data folder.
    pub config_file: Option<PathBuf>,
    /// Whether a file is searched when none is given.
    pub search_files: bool,
    /// The folder that is searched after the data folder.
    pub system_dir: PathBuf,
    /// The environment: names and values.
    pub env: Vec<(String, String)>,
    /// Whether the files in `<data_dir>/env.d` are read.
    pub env_d: bool,
    /// Values of flags: keys and values; texts are read as in the environment.
    pub overrides: Vec<(String, Value)>,
    /// Settings saved in the database: keys (of settings or sections) and JSON.
    pub database: Vec<(String, String)>,
    /// Where `data_dir` is going to lie, for who looks at settings before its content is moved there: paths below that place
    /// are taken as paths below `data_dir`.
    pub future_data_dir: Option<PathBuf>,
}

impl Sources {
    /// Nothing but a data folder: no files, no environment.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            config_file: None,
            search_files: false,
            system_dir: SYSTEM_DIRECTORY.into(),
            env: Vec::new(),
            env_d: false,
            overrides: Vec::new(),
            database: Vec::new(),
            future_data_dir: None,
        }
    }

    /// A data folder, the files in it and in `/etc/entrepot`, `env.d` and the environment of the
    /// process. Names and values that are not UTF-8 are left out.
    pub fn from_process(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            search_files: true,
            env: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            env_d: true,
            ..Self::new(data_dir)
        }
    }

    /// The folder with files of variables.
    pub(crate) fn env_directory(&self) -> PathBuf {
        self.data_dir.join("env.d")
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Environment, flags and database hold secrets.
        formatter
            .debug_struct("Sources")
            .field("data_dir", &self.data_dir)
            .field("config_file", &self.config_file)
            .finish_non_exhaustive()
    }
}

/// The layer that a value comes from, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The registry.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// Saved by an administrator.
    Database,
    /// A file in `env.d`.
    EnvironmentDirectory(PathBuf),
    /// The variable of that name.
    Environment(String),
    /// The command line.
    Flag,
}

impl Origin {
    /// Whether the value was not configured anywhere.
    pub fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", file(path)),
            Self::Database => formatter.write_str("database"),
            Self::EnvironmentDirectory(path) => write!(formatter, "env.d {}", file(path)),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::Flag => formatter.write_str("flag"),
        }
    }
}
