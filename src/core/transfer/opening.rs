//! How an upload is opened.

use std::sync::Arc;

use crate::resumable::Turn;

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenWrite {
    /// Start from nothing; an existing file is replaced when the upload is committed.
    pub truncate: bool,
    /// Make the file if there is none. Without it a missing file is `NotFound`.
    pub create: bool,
    /// Fail with `Exists` if there is a file.
    pub exclusive: bool,
    /// Nothing below the present end may be written (SFTP-018).
    pub append: bool,
    /// The handle is read as well.
    pub read: bool,
    /// Length, where the protocol knows it: all of it is reserved at once.
    pub size: Option<u64>,
}

/// An upload that takes several requests: what one of them leaves is no failure.
#[derive(Clone)]
pub(crate) struct Continued {
    /// Its id, and that of its partial.
    pub id: String,
    /// When it was announced, in milliseconds since the epoch.
    pub began: i64,
    /// This is its announcement: hooks are asked.
    pub is_first: bool,
    /// Name that the file of a visitor shall have; it waits under another.
    pub name: Option<Vec<u8>>,
    /// Nobody else is at the upload until what this request brought is settled.
    #[allow(dead_code, reason = "it is held, not read")]
    pub turn: Arc<Turn>,
}
