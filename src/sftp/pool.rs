//! Buffers of one size, kept per thread.
//!
//! A connection holds one only while bytes are in it: an idle connection has none, and a busy thread takes no fresh
//! pages from the system for each one.

use std::cell::RefCell;

/// Size of a buffer in bytes: one `recv`, or the largest SFTP message.
pub const SIZE: usize = 256 << 10;

/// Buffers that a thread keeps while nobody needs them.
const KEEP: usize = 8;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`SIZE`] initialised bytes; what they hold is left over from an earlier use of this process.
pub fn take() -> Vec<u8> {
    FREE.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; SIZE])
}

/// Gives a buffer back. One that did not come from here is dropped.
pub fn give(buffer: Vec<u8>) {
    if buffer.len() == SIZE {
        FREE.with_borrow_mut(|free| {
            if free.len() < KEEP {
                free.push(buffer);
            }
        });
    }
}
