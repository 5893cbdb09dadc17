//! The SFTP version 3 codec (draft-ietf-secsh-filexfer-02, with OpenSSH's extensions as its PROTOCOL file has them).
//!
//! Decoding borrows from the received bytes: names stay bytes (they need not be UTF-8), and the data of a WRITE is not
//! copied. Encoding writes straight into the reply buffer. Nothing here can panic on what a client sends; what is not
//! a packet is a typed error.

mod assemble;
mod attributes;
mod constants;
mod extended;
mod reader;
mod reply;
mod request;

pub use assemble::Assembler;
pub use attributes::FileAttributes;
pub use constants::{MAX_DATA, OpenFlags, StatusCode};
pub use extended::Extended;
pub use reply::{
    FilesystemStatistics, NameReply, write_attributes, write_data, write_handle, write_limits, write_name, write_statistics,
    write_status, write_version,
};
pub use request::{Message, MessageError, Request};
