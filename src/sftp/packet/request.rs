//! Requests of a client (draft section 6).

use super::{
    attributes::FileAttributes,
    constants::{OpenFlags, kind},
    extended::Extended,
    reader::{Malformed, Reader},
};

/// A request; everything of variable length borrows from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the draft, under their names")]
pub enum Request<'a> {
    Open {
        path: &'a [u8],
        flags: OpenFlags,
        attributes: FileAttributes,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        length: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    LStat {
        path: &'a [u8],
    },
    FStat {
        handle: &'a [u8],
    },
    SetStat {
        path: &'a [u8],
        attributes: FileAttributes,
    },
    FSetStat {
        handle: &'a [u8],
        attributes: FileAttributes,
    },
    OpenDir {
        path: &'a [u8],
    },
    ReadDir {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    MakeDir {
        path: &'a [u8],
        attributes: FileAttributes,
    },
    RemoveDir {
        path: &'a [u8],
    },
    RealPath {
        path: &'a [u8],
    },
    Stat {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
    },
    ReadLink {
        path: &'a [u8],
    },
    /// The order of the two follows OpenSSH, not the draft: target first (SFTP-039).
    SymLink {
        target: &'a [u8],
        link: &'a [u8],
    },
    Extended(Extended<'a>),
    /// A type that version 3 does not have (LINK, BLOCK, …): refused (SFTP-003).
    Unsupported {
        kind: u8,
    },
}

/// A decoded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// INIT, with the version of the client.
    Init {
        /// Highest version that the client speaks.
        version: u32,
    },
    /// A request and the id that its answer must carry.
    Request {
        /// Id that the client chose.
        id: u32,
        /// What it wants.
        request: Request<'a>,
    },
}

/// A message that does not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The request has an id, so it can be answered with BAD_MESSAGE.
    #[error("malformed request of type {kind}")]
    Request {
        /// Id of the request.
        id: u32,
        /// Its type.
        kind: u8,
    },
    /// Not even that: the channel is to be closed.
    #[error("malformed message")]
    Message,
}

impl From<Malformed> for MessageError {
    fn from(_: Malformed) -> Self {
        Self::Message
    }
}

impl<'a> Message<'a> {
    /// Decodes a message (without its length field). Bytes after the last known field are ignored, as OpenSSH does.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.byte()?;
        let number = reader.u32()?;
        if kind == kind::INIT {
            return Ok(Self::Init { version: number });
        }
        let request = Request::read(kind, &mut reader).map_err(|Malformed| MessageError::Request { id: number, kind })?;
        Ok(Self::Request { id: number, request })
    }
}

impl<'a> Request<'a> {
    fn read(kind: u8, reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(match kind {
            kind::OPEN => {
                Self::Open { path: reader.string()?, flags: OpenFlags(reader.u32()?), attributes: FileAttributes::read(reader)? }
            }
            kind::CLOSE => Self::Close { handle: reader.string()? },
            kind::READ => Self::Read { handle: reader.string()?, offset: reader.u64()?, length: reader.u32()? },
            kind::WRITE => Self::Write { handle: reader.string()?, offset: reader.u64()?, data: reader.string()? },
            kind::LSTAT => Self::LStat { path: reader.string()? },
            kind::FSTAT => Self::FStat { handle: reader.string()? },
            kind::SETSTAT => Self::SetStat { path: reader.string()?, attributes: FileAttributes::read(reader)? },
            kind::FSETSTAT => Self::FSetStat { handle: reader.string()?, attributes: FileAttributes::read(reader)? },
            kind::OPENDIR => Self::OpenDir { path: reader.string()? },
            kind::READDIR => Self::ReadDir { handle: reader.string()? },
            kind::REMOVE => Self::Remove { path: reader.string()? },
            kind::MKDIR => Self::MakeDir { path: reader.string()?, attributes: FileAttributes::read(reader)? },
            kind::RMDIR => Self::RemoveDir { path: reader.string()? },
            kind::REALPATH => Self::RealPath { path: reader.string()? },
            kind::STAT => Self::Stat { path: reader.string()? },
            kind::RENAME => Self::Rename { from: reader.string()?, to: reader.string()? },
            kind::READLINK => Self::ReadLink { path: reader.string()? },
            kind::SYMLINK => Self::SymLink { target: reader.string()?, link: reader.string()? },
            kind::EXTENDED => Self::Extended(Extended::read(reader)?),
            kind => Self::Unsupported { kind },
        })
    }
}

#[cfg(test)]
mod tests;
