//! Capabilities are data: who asks before he calls is never surprised by what a backend cannot do.

/// How a new file can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteSupport {
    /// At any offset, in any order (local files, SFTP without buffer).
    Random,
    /// Front to back. What arrives out of order waits in a window; a gap at the end is an error.
    Sequential {
        /// Bytes that become durable together: after a break, only whole parts are kept.
        part_size: u64,
        /// Whether an unfinished upload can go on later from its durable offset (needs the token of the partial).
        resumable: bool,
    },
}

/// How a finished file gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staging {
    /// Written under a hidden name beside the target, then renamed.
    Rename,
    /// The store itself shows an object only when it is complete.
    Implicit,
    /// The file is visible while it is written; nothing better is to be had.
    None,
}

/// What a rename does on this storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameSupport {
    /// One atomic call.
    Native,
    /// Copy, then delete: takes time, can stop half way.
    CopyDelete,
    /// Not possible.
    None,
}

/// Whether directories exist by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directories {
    /// As in a file system.
    Real,
    /// Emulated by prefixes and markers: a parent need not exist, an empty directory may vanish.
    Emulated,
}

/// What a backend can do. The matrix of the reference (STO-015), as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// How new files are written.
    pub write: WriteSupport,
    /// How a finished file gets its name.
    pub staging: Staging,
    /// An existing file can be changed in place (resume of a finished file, append, random-access clients).
    pub in_place: bool,
    /// A file can be open for reading and writing at once.
    pub read_write: bool,
    /// A file can be truncated by path.
    pub truncate: bool,
    /// Reads at any offset cost the same; otherwise each jump costs a new request.
    pub random_read: bool,
    /// Permission bits can be set.
    pub chmod: bool,
    /// Owner and group can be set.
    pub chown: bool,
    /// Times can be set.
    pub chtimes: bool,
    /// Symbolic links exist.
    pub symlinks: bool,
    /// Renaming a file.
    pub rename_file: RenameSupport,
    /// Renaming a directory with content.
    pub rename_directory: RenameSupport,
    /// Files can be copied without moving the data through us.
    pub server_copy: bool,
    /// Free space is known.
    pub space: bool,
    /// Nature of directories.
    pub directories: Directories,
    /// Names must be UTF-8.
    pub utf8_only: bool,
    /// Calls on metadata do not wait for a network or a slow device: their futures are ready at the first poll.
    pub immediate: bool,
}
