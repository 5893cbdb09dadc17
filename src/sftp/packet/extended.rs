//! Extensions: OpenSSH's PROTOCOL file section 4, and draft-ietf-secsh-filexfer-extensions-00.

use super::{
    attributes::FileAttributes,
    reader::{Malformed, Reader},
};

/// An EXTENDED request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extended<'a> {
    /// `posix-rename@openssh.com`: rename, replacing a file.
    PosixRename {
        /// Old path.
        from: &'a [u8],
        /// New path.
        to: &'a [u8],
    },
    /// `statvfs@openssh.com`: space of the storage that holds a path.
    StatVfs {
        /// Path on it.
        path: &'a [u8],
    },
    /// `fstatvfs@openssh.com`: the same for a handle.
    FStatVfs {
        /// Open file.
        handle: &'a [u8],
    },
    /// `fsync@openssh.com`: bring a file to stable storage.
    Fsync {
        /// Open file.
        handle: &'a [u8],
    },
    /// `limits@openssh.com`: our limits.
    Limits,
    /// `lsetstat@openssh.com`: set attributes of a link itself.
    LSetStat {
        /// The link.
        path: &'a [u8],
        /// What to set.
        attributes: FileAttributes,
    },
    /// `copy-data`: copy between two open files within the server.
    CopyData {
        /// Open for reading.
        from: &'a [u8],
        /// Where to begin reading.
        from_offset: u64,
        /// Bytes; 0 = to the end of the file.
        length: u64,
        /// Open for writing.
        to: &'a [u8],
        /// Where to begin writing.
        to_offset: u64,
    },
    /// `home-directory`: the start directory of a user.
    HomeDirectory {
        /// User name; empty = the one who is logged in.
        user: &'a [u8],
    },
    /// `expand-path@openssh.com`: a path that may begin with `~`.
    ExpandPath {
        /// The path.
        path: &'a [u8],
    },
    /// Anything else, `hardlink@openssh.com` among it: refused (SFTP-003).
    Unsupported {
        /// Its name, for the log.
        name: &'a [u8],
    },
}

impl<'a> Extended<'a> {
    /// Takes the name and fields of an extension off a message.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let name = reader.string()?;
        Ok(match name {
            b"posix-rename@openssh.com" => Self::PosixRename { from: reader.string()?, to: reader.string()? },
            b"statvfs@openssh.com" => Self::StatVfs { path: reader.string()? },
            b"fstatvfs@openssh.com" => Self::FStatVfs { handle: reader.string()? },
            b"fsync@openssh.com" => Self::Fsync { handle: reader.string()? },
            b"limits@openssh.com" => Self::Limits,
            b"lsetstat@openssh.com" => Self::LSetStat { path: reader.string()?, attributes: FileAttributes::read(reader)? },
            b"copy-data" => Self::CopyData {
                from: reader.string()?,
                from_offset: reader.u64()?,
                length: reader.u64()?,
                to: reader.string()?,
                to_offset: reader.u64()?,
            },
            b"home-directory" => Self::HomeDirectory { user: reader.string()? },
            b"expand-path@openssh.com" => Self::ExpandPath { path: reader.string()? },
            _ => Self::Unsupported { name },
        })
    }
}
