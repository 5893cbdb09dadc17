//! Numbers of the protocol.

/// The version we speak, whatever the client names in INIT (SFTP-001).
pub const PROTOCOL_VERSION: u32 = 3;

/// Largest message after its length field, in bytes (SFTP-004). Above it the channel is closed.
pub const MAX_MESSAGE: usize = 256 << 10;

/// Largest READ or WRITE in bytes (SFTP-004): a message of that much data still fits with its header.
pub const MAX_DATA: usize = 255 << 10;

/// Packet types, section 3 of the draft.
pub mod kind {
    /// Client to server: protocol version.
    pub const INIT: u8 = 1;
    /// Server to client: protocol version and extensions.
    pub const VERSION: u8 = 2;
    /// Open a file.
    pub const OPEN: u8 = 3;
    /// Close a handle.
    pub const CLOSE: u8 = 4;
    /// Read from a file.
    pub const READ: u8 = 5;
    /// Write to a file.
    pub const WRITE: u8 = 6;
    /// Attributes, links not followed.
    pub const LSTAT: u8 = 7;
    /// Attributes of a handle.
    pub const FSTAT: u8 = 8;
    /// Set attributes by path.
    pub const SETSTAT: u8 = 9;
    /// Set attributes by handle.
    pub const FSETSTAT: u8 = 10;
    /// Open a directory.
    pub const OPENDIR: u8 = 11;
    /// Next entries of a directory.
    pub const READDIR: u8 = 12;
    /// Remove a file.
    pub const REMOVE: u8 = 13;
    /// Make a directory.
    pub const MKDIR: u8 = 14;
    /// Remove a directory.
    pub const RMDIR: u8 = 15;
    /// Canonical path.
    pub const REALPATH: u8 = 16;
    /// Attributes, links followed.
    pub const STAT: u8 = 17;
    /// Rename.
    pub const RENAME: u8 = 18;
    /// Text of a link.
    pub const READLINK: u8 = 19;
    /// Make a symbolic link.
    pub const SYMLINK: u8 = 20;
    /// Answer: a status.
    pub const STATUS: u8 = 101;
    /// Answer: a handle.
    pub const HANDLE: u8 = 102;
    /// Answer: data of a READ.
    pub const DATA: u8 = 103;
    /// Answer: names.
    pub const NAME: u8 = 104;
    /// Answer: attributes.
    pub const ATTRS: u8 = 105;
    /// An extension.
    pub const EXTENDED: u8 = 200;
    /// Answer of an extension.
    pub const EXTENDED_REPLY: u8 = 201;
}

/// Status codes, section 7 of the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum StatusCode {
    /// Done.
    Ok = 0,
    /// End of file or of a listing.
    Eof = 1,
    /// No such file.
    NoSuchFile = 2,
    /// Not allowed.
    PermissionDenied = 3,
    /// Any other failure.
    Failure = 4,
    /// The packet does not decode.
    BadMessage = 5,
    /// Not supported.
    OpUnsupported = 8,
}

impl StatusCode {
    /// What to say when there is nothing better.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ok => "Success",
            Self::Eof => "End of file",
            Self::NoSuchFile => "No such file",
            Self::PermissionDenied => "Permission denied",
            Self::Failure => "Failure",
            Self::BadMessage => "Bad message",
            Self::OpUnsupported => "Operation unsupported",
        }
    }
}

/// Flags of OPEN, section 6.3 of the draft. Bits that version 3 does not define are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenFlags(pub u32);

impl OpenFlags {
    /// Open for reading.
    pub const READ: u32 = 0x01;
    /// Open for writing.
    pub const WRITE: u32 = 0x02;
    /// Writes go to the end.
    pub const APPEND: u32 = 0x04;
    /// Create if missing.
    pub const CREATE: u32 = 0x08;
    /// Empty an existing file.
    pub const TRUNCATE: u32 = 0x10;
    /// Fail if it exists.
    pub const EXCLUSIVE: u32 = 0x20;

    /// Whether all bits of `flag` are set.
    pub fn has(self, flag: u32) -> bool {
        self.0 & flag == flag
    }
}
