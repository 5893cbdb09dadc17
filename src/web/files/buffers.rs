//! Buffers of a download: made once, filled again and again.

use std::sync::Arc;

use actix_web::web::Bytes;
use parking_lot::Mutex;

/// Buffers of one size that are not in use.
#[derive(Debug, Clone)]
pub(super) struct Buffers {
    size: usize,
    free: Arc<Mutex<Vec<Box<[u8]>>>>,
}

/// What was read into one; the buffer goes back when nobody needs the bytes any more.
struct Filled {
    buffer: Box<[u8]>,
    length: usize,
    home: Buffers,
}

impl Buffers {
    pub(super) fn new(size: usize) -> Self {
        Self { size, free: Arc::default() }
    }

    /// A buffer, with whatever is in it.
    pub(super) fn take(&self) -> Box<[u8]> {
        let free = self.free.lock().pop();
        free.unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }

    /// Takes back one that was not filled.
    pub(super) fn put(&self, buffer: Box<[u8]>) {
        self.free.lock().push(buffer);
    }

    /// The first `length` bytes of a buffer.
    pub(super) fn filled(&self, buffer: Box<[u8]>, length: usize) -> Bytes {
        let length = length.min(buffer.len());
        Bytes::from_owner(Filled { buffer, length, home: self.clone() })
    }
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        self.home.put(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_when_their_bytes_are_gone() {
        let buffers = Buffers::new(8);
        let mut buffer = buffers.take();
        buffer[..3].copy_from_slice(b"abc");
        let data = buffers.filled(buffer, 3);
        let part = data.slice(1..);
        assert_eq!((&data[..], &part[..]), (&b"abc"[..], &b"bc"[..]));
        drop(data);
        assert_eq!(buffers.free.lock().len(), 0);
        drop(part);
        assert_eq!(buffers.free.lock().len(), 1);
        assert_eq!(buffers.take().len(), 8);
        assert_eq!(buffers.free.lock().len(), 0);
    }
}
