//! Work on files.

use serde::{Deserialize, Serialize};

use super::{KeyValue, PgpConfig};
use crate::wire::is_default;

/// What is done to files (ACT-035).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum FilesystemActionType {
    /// Renames.
    Rename = 1,
    /// Deletes.
    Delete = 2,
    /// Makes directories.
    Mkdirs = 3,
    /// Fails unless the paths exist.
    Exist = 4,
    /// Makes a zip archive.
    Compress = 5,
    /// Copies.
    Copy = 6,
    /// Encrypts or decrypts.
    Pgp = 7,
    /// Waits for metadata of an object.
    MetadataCheck = 8,
    /// Extracts a zip archive.
    Decompress = 9,
}

impl FilesystemActionType {
    /// The type with this number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        use FilesystemActionType as T;
        let all = [T::Rename, T::Delete, T::Mkdirs, T::Exist, T::Compress, T::Copy, T::Pgp, T::MetadataCheck, T::Decompress];
        all.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// A rename from `key` to `value` (ACT-037).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RenameEntry {
    /// Old path; a template.
    pub key: String,
    /// New path; a template.
    pub value: String,
    /// Set the modification time to now.
    #[serde(skip_serializing_if = "is_default")]
    pub update_modtime: bool,
}

/// A copy from `key` to `value` (ACT-043).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CopyEntry {
    /// Source; a template, with wildcards in its last component.
    pub key: String,
    /// Target; a template.
    pub value: String,
    /// 0 keep the source, 1 delete it, 2 move it.
    #[serde(skip_serializing_if = "is_default")]
    pub on_source_copied: i64,
    /// Where it is moved to.
    #[serde(skip_serializing_if = "is_default")]
    pub on_source_copied_move_path: String,
    /// Attempts after the first, per file, 0 to 5.
    #[serde(skip_serializing_if = "is_default")]
    pub max_retries: i64,
}

/// A zip archive to make (ACT-041).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompressConfig {
    /// Path of the archive; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What goes in; templates.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: Vec<String>,
}

/// A zip archive to extract (ACT-047).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecompressConfig {
    /// Path of the archive; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Where its content goes; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub extract_dir: String,
}

/// Metadata to wait for (ACT-046).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetadataCheckConfig {
    /// Path of the object; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub path: String,
    /// What it must have; an empty value: must not have.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: KeyValue,
    /// Seconds, 0 to 300.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: i64,
}

/// Work on files (ACT-035…ACT-050); only the list of its type is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesystemActionConfig {
    /// Value of [`FilesystemActionType`].
    #[serde(rename = "type", skip_serializing_if = "is_default")]
    pub kind: i64,
    /// For [`FilesystemActionType::Rename`].
    #[serde(skip_serializing_if = "is_default")]
    pub renames: Vec<RenameEntry>,
    /// For [`FilesystemActionType::Mkdirs`]; templates.
    #[serde(skip_serializing_if = "is_default")]
    pub mkdirs: Vec<String>,
    /// For [`FilesystemActionType::Delete`]; templates. With `/` at the end the directory stays.
    #[serde(skip_serializing_if = "is_default")]
    pub deletes: Vec<String>,
    /// For [`FilesystemActionType::Exist`]; templates.
    #[serde(skip_serializing_if = "is_default")]
    pub exist: Vec<String>,
    /// For [`FilesystemActionType::Copy`].
    #[serde(skip_serializing_if = "is_default")]
    pub copy: Vec<CopyEntry>,
    /// Go on after a failure; copies only (ACT-102).
    #[serde(skip_serializing_if = "is_default")]
    pub continue_on_error: bool,
    /// For [`FilesystemActionType::Compress`].
    #[serde(skip_serializing_if = "is_default")]
    pub compress: CompressConfig,
    /// For [`FilesystemActionType::Decompress`].
    #[serde(skip_serializing_if = "is_default")]
    pub decompress: DecompressConfig,
    /// For [`FilesystemActionType::Pgp`].
    #[serde(skip_serializing_if = "is_default")]
    pub pgp: PgpConfig,
    /// For [`FilesystemActionType::MetadataCheck`].
    #[serde(skip_serializing_if = "is_default")]
    pub metadata_check: MetadataCheckConfig,
    /// Virtual folder to work on instead of the user's files (ACT-036).
    #[serde(skip_serializing_if = "is_default")]
    pub folder: String,
    /// Virtual folder for target paths (ACT-036).
    #[serde(skip_serializing_if = "is_default")]
    pub target_folder: String,
}

impl FilesystemActionConfig {
    /// What is done, if the number is a known one.
    pub fn action_type(&self) -> Option<FilesystemActionType> {
        FilesystemActionType::from_number(self.kind)
    }

    /// Empties the lists of every type but its own (ACT-035).
    pub fn clear_unselected(&mut self) {
        use FilesystemActionType as T;
        let old = std::mem::take(self);
        let kind = old.action_type();
        *self = Self {
            kind: old.kind,
            continue_on_error: old.continue_on_error,
            folder: old.folder,
            target_folder: old.target_folder,
            ..Self::default()
        };
        match kind {
            Some(T::Rename) => self.renames = old.renames,
            Some(T::Delete) => self.deletes = old.deletes,
            Some(T::Mkdirs) => self.mkdirs = old.mkdirs,
            Some(T::Exist) => self.exist = old.exist,
            Some(T::Compress) => self.compress = old.compress,
            Some(T::Copy) => self.copy = old.copy,
            Some(T::Pgp) => self.pgp = old.pgp,
            Some(T::MetadataCheck) => self.metadata_check = old.metadata_check,
            Some(T::Decompress) => self.decompress = old.decompress,
            None => {}
        }
    }
}
