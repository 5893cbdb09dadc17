//! What is known of a file.

/// A point in time: seconds since the Unix epoch and nanoseconds within the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp {
    /// Seconds since the epoch; negative before it.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// Whole seconds.
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }

    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanoseconds / 1_000_000))
    }
}

/// Kind of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file or an object.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Neither of those: listed, never opened (LOC-012).
    Other(Special),
}

/// What is neither file nor directory nor link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    /// A FIFO.
    Pipe,
    /// A socket of the local machine.
    Socket,
    /// A device that is read and written in blocks.
    BlockDevice,
    /// A device that is read and written as a stream.
    CharacterDevice,
    /// Nobody can tell.
    Unknown,
}

/// What tells two files apart, whatever their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device, or a hash of the bucket.
    pub device: u64,
    /// Inode, or a hash of the object's generation.
    pub inode: u64,
}

/// Metadata of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Kind of entry.
    pub kind: FileKind,
    /// Size in bytes; 0 for directories of object stores.
    pub size: u64,
    /// Permission bits with the special bits (07777), no type bits.
    pub mode: u32,
    /// Owner; 0 where there is none.
    pub uid: u32,
    /// Group; 0 where there is none.
    pub gid: u32,
    /// Number of hard links; 1 where there are none.
    pub links: u64,
    /// Last modification of the content.
    pub modified: Timestamp,
    /// Last change of the content, attributes or name: nobody can set it. 0 where the storage does not know it.
    pub changed: Timestamp,
    /// Last access, or the modification where it is not known.
    pub accessed: Timestamp,
    /// Identity, where the storage has one.
    pub identity: Option<Identity>,
}

impl Metadata {
    /// A directory that exists only virtually: size 0, time 0, mode 0755.
    pub fn virtual_directory() -> Self {
        Self {
            kind: FileKind::Directory,
            size: 0,
            mode: 0o755,
            uid: 0,
            gid: 0,
            links: 1,
            modified: Timestamp::default(),
            changed: Timestamp::default(),
            accessed: Timestamp::default(),
            identity: None,
        }
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        self.kind == FileKind::Symlink
    }
}

/// An entry of a listing. The name is one component, as the storage has it: bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Name within its directory.
    pub name: Vec<u8>,
    /// Its metadata; links are not followed.
    pub metadata: Metadata,
}

/// Changes to the attributes of an entry; what is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// New size: truncates or extends with zeros.
    pub size: Option<u64>,
    /// New access and modification times.
    pub times: Option<(Timestamp, Timestamp)>,
    /// New permission bits; masked with 07777 (SFTP-028).
    pub mode: Option<u32>,
    /// New owner and group.
    pub owner: Option<Owner>,
}

/// Owner and group; `None` leaves the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owner {
    /// User id.
    pub uid: Option<u32>,
    /// Group id.
    pub gid: Option<u32>,
}

/// Space of a storage, in bytes and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size of the storage in bytes.
    pub total: u64,
    /// Bytes that may still be written by us.
    pub available: u64,
    /// Bytes free, those reserved for root included.
    pub free: u64,
    /// Size of a block in bytes.
    pub block_size: u64,
    /// Number of files that fit; 0 where there is no limit.
    pub files: u64,
    /// Number of files that may still be made.
    pub files_free: u64,
    /// Longest name of a component in bytes.
    pub name_max: u64,
}
