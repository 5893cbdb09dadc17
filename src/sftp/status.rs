//! What went wrong, in the words of SFTP.

use std::borrow::Cow;

use bytes::BytesMut;

use crate::packet::{StatusCode, write_status};

/// A failure as the client is told: never a path of the storage, nor anything internal (SFTP-044).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Status code.
    pub code: StatusCode,
    /// Text for a human.
    pub text: Cow<'static, str>,
}

impl Failure {
    /// A failure with a text of its own.
    pub const fn new(code: StatusCode, text: &'static str) -> Self {
        Self { code, text: Cow::Borrowed(text) }
    }

    /// A failure with the text that every client knows.
    pub fn plain(code: StatusCode) -> Self {
        Self::new(code, code.text())
    }

    /// A READ or READDIR past the end.
    pub fn end_of_file() -> Self {
        Self::plain(StatusCode::Eof)
    }

    /// A handle that is not open, or not of that kind.
    pub fn invalid_handle() -> Self {
        Self::new(StatusCode::Failure, "invalid handle")
    }

    /// Not possible here.
    pub fn unsupported() -> Self {
        Self::plain(StatusCode::OpUnsupported)
    }

    /// A fault of ours; the panic hook has logged it.
    pub fn panicked() -> Self {
        Self::new(StatusCode::Failure, "internal error")
    }

    /// Appends the STATUS that answers request `id`.
    pub fn write(&self, out: &mut BytesMut, id: u32) {
        write_status(out, id, self.code, &self.text);
    }

    /// The STATUS that answers request `id`.
    pub fn reply(&self, id: u32) -> BytesMut {
        let mut out = BytesMut::with_capacity(64);
        self.write(&mut out, id);
        out
    }
}
