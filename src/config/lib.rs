//! Owns the settings: the registry with one row per setting, the layers they come from (defaults,
//! file, database, `env.d`, environment, flags) with the origin of every value, their checks, and
//! the typed tree that the rest of the program reads.
//!
//! It must not know what a setting does: no sockets, no database, no log. Warnings are returned as
//! texts. It is the only room that reads the environment of the process.
//!
//! Called by cli, which loads and wires; every room but model, secrets and storage reads the typed
//! tree, and core the registry for the settings pages.

mod convert;
mod environment;
mod environment_directory;
mod error;
mod file;
mod layers;
mod live;
mod load;
mod nearest;
mod path;
mod reader;
pub mod registry;
pub mod regular_file;
mod rules;
mod secret_files;
pub mod settings;
mod source;

pub use error::ConfigError;
pub use live::LiveSettings;
pub use load::{DefaultAdmin, Loaded, Row, SettingState, check, load};
pub use registry::{Check, DefaultValue, KNOWN_UNUSED, SETTINGS, Setting, Support};
pub use rules::DRIVERS;
pub use settings::Settings;
pub use source::{Origin, Sources};
