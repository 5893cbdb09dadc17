//! Answers, written straight into the buffer that goes out (draft section 7).

use std::ops::ControlFlow;

use bytes::{BufMut, BytesMut};

use super::{
    attributes::FileAttributes,
    constants::{MAX_DATA, MAX_MESSAGE, PROTOCOL_VERSION, StatusCode, kind},
};

/// Extensions that VERSION names, with their versions (SFTP-002). `fstatvfs` is answered too, as OpenSSH pairs the two.
pub const EXTENSIONS: &[(&str, &str)] = &[
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
    ("copy-data", "1"),
    ("home-directory", "1"),
];

/// What `statvfs@openssh.com` answers, in its order and units (OpenSSH PROTOCOL, 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilesystemStatistics {
    /// Size of a block in bytes; also that of a fragment.
    pub block_size: u64,
    /// Blocks in all.
    pub blocks: u64,
    /// Blocks free.
    pub blocks_free: u64,
    /// Blocks free for who is not root.
    pub blocks_available: u64,
    /// Files in all.
    pub files: u64,
    /// Files that may still be made.
    pub files_free: u64,
    /// Files that may still be made by who is not root.
    pub files_available: u64,
    /// Longest name in bytes.
    pub name_max: u64,
    /// Whether nothing can be written.
    pub read_only: bool,
}

/// Lengths never reach 4 GiB: a message is at most 256 KiB.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn put_string(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32(length(bytes.len()));
    out.put_slice(bytes);
}

/// Writes a message whose length is known only afterwards.
fn framed(out: &mut BytesMut, kind: u8, id: u32, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    out.put_u8(kind);
    out.put_u32(id);
    body(out);
    set_length(out, start);
}

fn set_length(out: &mut BytesMut, start: usize) {
    let size = length(out.len() - start - 4).to_be_bytes();
    out[start..start + 4].copy_from_slice(&size);
}

/// VERSION, the answer to INIT.
pub fn write_version(out: &mut BytesMut) {
    // VERSION has its number where others have their id.
    framed(out, kind::VERSION, PROTOCOL_VERSION, |out| {
        for (name, version) in EXTENSIONS {
            put_string(out, name.as_bytes());
            put_string(out, version.as_bytes());
        }
    });
}

/// STATUS with a text for a human.
pub fn write_status(out: &mut BytesMut, id: u32, code: StatusCode, text: &str) {
    framed(out, kind::STATUS, id, |out| {
        out.put_u32(code as u32);
        put_string(out, text.as_bytes());
        put_string(out, b"en");
    });
}

/// HANDLE. Handles are four bytes.
pub fn write_handle(out: &mut BytesMut, id: u32, handle: u32) {
    framed(out, kind::HANDLE, id, |out| put_string(out, &handle.to_be_bytes()));
}

/// DATA, filled in place: `fill` gets a buffer of `wanted` bytes (at most [`MAX_DATA`]) and says how many it filled.
/// If it breaks off, nothing is written.
pub fn write_data<B>(
    out: &mut BytesMut,
    id: u32,
    wanted: usize,
    fill: impl FnOnce(&mut [u8]) -> ControlFlow<B, usize>,
) -> ControlFlow<B, usize> {
    const HEADER: usize = 4 + 1 + 4 + 4;
    let (start, wanted) = (out.len(), wanted.min(MAX_DATA));
    out.resize(start + HEADER + wanted, 0);
    let filled = match fill(&mut out[start + HEADER..]) {
        ControlFlow::Continue(filled) => filled.min(wanted),
        ControlFlow::Break(reason) => {
            out.truncate(start);
            return ControlFlow::Break(reason);
        }
    };
    out.truncate(start + HEADER + filled);
    out[start + 4] = kind::DATA;
    out[start + 5..start + 9].copy_from_slice(&id.to_be_bytes());
    out[start + 9..start + 13].copy_from_slice(&length(filled).to_be_bytes());
    set_length(out, start);
    ControlFlow::Continue(filled)
}

/// NAME with one name and no attributes: the answer to REALPATH and READLINK.
pub fn write_name(out: &mut BytesMut, id: u32, name: &[u8]) {
    framed(out, kind::NAME, id, |out| {
        out.put_u32(1);
        put_string(out, name);
        put_string(out, name);
        FileAttributes::default().write(out);
    });
}

/// ATTRS.
pub fn write_attributes(out: &mut BytesMut, id: u32, attributes: &FileAttributes) {
    framed(out, kind::ATTRS, id, |out| attributes.write(out));
}

/// Answer to `limits@openssh.com` (SFTP-004); 0 handles = no limit stated.
pub fn write_limits(out: &mut BytesMut, id: u32) {
    framed(out, kind::EXTENDED_REPLY, id, |out| {
        for limit in [MAX_MESSAGE, MAX_DATA, MAX_DATA, 0] {
            out.put_u64(u64::from(length(limit)));
        }
    });
}

/// Answer to `statvfs@openssh.com`.
pub fn write_statistics(out: &mut BytesMut, id: u32, fs: &FilesystemStatistics) {
    /// `SSH_FXE_STATVFS_ST_RDONLY`
    const READ_ONLY: u64 = 1;
    framed(out, kind::EXTENDED_REPLY, id, |out| {
        let blocks = [fs.block_size, fs.block_size, fs.blocks, fs.blocks_free, fs.blocks_available];
        let files = [fs.files, fs.files_free, fs.files_available];
        let flags = if fs.read_only { READ_ONLY } else { 0 };
        for value in blocks.into_iter().chain(files).chain([0, flags, fs.name_max]) {
            out.put_u64(value);
        }
    });
}

/// NAME with several names: the answer to READDIR, bounded by [`MAX_MESSAGE`].
pub struct NameReply<'o> {
    out: &'o mut BytesMut,
    start: usize,
    count: u32,
}

impl<'o> NameReply<'o> {
    /// Begins the message.
    pub fn begin(out: &'o mut BytesMut, id: u32) -> Self {
        let start = out.len();
        out.put_u32(0);
        out.put_u8(kind::NAME);
        out.put_u32(id);
        out.put_u32(0);
        Self { out, start, count: 0 }
    }

    /// Adds a name. `false` = it does not fit any more; nothing was added.
    #[must_use]
    pub fn push(&mut self, name: &[u8], long_name: &[u8], attributes: &FileAttributes) -> bool {
        // Two counted strings and at most 32 bytes of attributes.
        let size = 4 + name.len() + 4 + long_name.len() + 32;
        if self.out.len() - self.start + size > MAX_MESSAGE {
            return false;
        }
        put_string(self.out, name);
        put_string(self.out, long_name);
        attributes.write(self.out);
        self.count += 1;
        true
    }

    /// Ends the message. One without names is taken back: READDIR answers EOF instead.
    pub fn finish(self) -> u32 {
        if self.count == 0 {
            self.out.truncate(self.start);
            return 0;
        }
        self.out[self.start + 9..self.start + 13].copy_from_slice(&self.count.to_be_bytes());
        set_length(self.out, self.start);
        self.count
    }
}

#[cfg(test)]
mod tests;
