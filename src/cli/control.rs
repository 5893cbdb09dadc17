//! The control socket in the data folder: how a command reaches the server that runs beside it.
//!
//! One line of JSON each way, over a socket of mode 0600, between processes of one account (or root): a request
//! `{"command": …}`, an answer `{"ok": true, …}` or `{"ok": false, "error": …}`. `import` is followed by as many bytes as its
//! `length` says, so that the server need not be able to read the file; its answer may be long and take its time.

mod client;
mod server;

use std::{
    os::fd::{AsRawFd as _, OwnedFd},
    path::PathBuf,
};

pub(crate) use client::{ask, ask_long, ask_with};
pub(crate) use server::{Control, listen, remove, serve};

use crate::data_folder::DataFolder;

/// Longest line in either direction, in bytes.
const LIMIT: usize = 64 * 1024;
/// Longest answer to `import`, in bytes.
const REPORT_LIMIT: usize = 64 * 1024 * 1024;
/// Name of the socket in the data folder.
const NAME: &str = "control.sock";
/// Longest path that fits into an address of a Unix socket (unix(7): 108 bytes with its end).
const LONGEST: usize = 107;

/// A path of the socket that fits into an address, however deep the data folder lies.
struct SocketPath {
    path: PathBuf,
    /// Keeps the way through `/proc` open.
    _folder: Option<OwnedFd>,
}

impl SocketPath {
    fn of(folder: &DataFolder) -> std::io::Result<Self> {
        let path = folder.path().join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self { path, _folder: None });
        }
        use rustix::fs::{Mode, OFlags, open};
        let folder = open(folder.path(), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }
}
