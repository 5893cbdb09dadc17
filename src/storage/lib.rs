//! Storage: real paths, and what each kind of storage can do.
//!
//! Owns the [`Backend`] trait and its implementations. It must not know users, permissions, quotas or protocols: the
//! policy lives in `core`, and only `core`'s private door calls this room. A path here is a [`VirtualPath`] rooted at the
//! backend (`/` is the backend's root), already normalised; a backend resolves it beneath its root and nowhere else.

mod backend;
mod capabilities;
#[cfg(test)]
mod conformance;
mod error;
pub mod local;
pub mod memory;
mod metadata;
mod pool;
pub mod private_file;
mod system;

pub use backend::{
    Backend, CommitOptions, DirectoryStream, Durability, InPlaceOptions, Origin, Partial, ReadFile, RootLook, RootUse,
    StageOptions, StagedFile, Wait, WriteFile,
};
pub use capabilities::{Capabilities, Directories, RenameSupport, Staging, WriteSupport};
pub use entrepot_model::VirtualPath;
pub use error::{Error, ErrorKind, Result};
pub use metadata::{Attributes, DirectoryEntry, FileKind, Identity, Metadata, Owner, Space, Special, Timestamp};
pub use pool::{Pool, PoolError};
