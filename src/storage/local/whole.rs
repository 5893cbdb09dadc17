//! How much of an unfinished upload this process has written without a gap.
//!
//! An upload in many requests is left and found again after each of them. Looking for a hole from its beginning every time
//! would read its whole map as often as it has pieces. What this process wrote, the kernel has: only a crash of the machine
//! loses writes, and this process does not outlive that.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::Identity;

/// Uploads that are remembered. Past it all are forgotten, which costs each of them one look at its map.
const MOST: usize = 1024;

/// Hidden name and file to bytes from its beginning.
static WHOLE: Mutex<Option<HashMap<(String, Identity), u64>>> = Mutex::new(None);

/// The first `size` bytes of the file were written by this process, on a file system of this machine.
pub(super) fn remember(hidden: &str, identity: Identity, size: u64) {
    let mut guard = WHOLE.lock();
    let known = guard.get_or_insert_default();
    if known.len() >= MOST {
        known.clear();
    }
    known.insert((hidden.to_owned(), identity), size);
}

/// Bytes from the beginning that are known to be written; 0 = nothing is known. `size` is what the file has now: one that
/// is shorter than it was is another's work, and nothing of it is known.
pub(super) fn known(hidden: &str, identity: Identity, size: u64) -> u64 {
    let guard = WHOLE.lock();
    let known = guard.as_ref().and_then(|known| known.get(&(hidden.to_owned(), identity)));
    known.copied().filter(|known| *known <= size).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shrank_is_not_known() {
        let identity = Identity { device: 7, inode: 70_001 };
        remember(".entrepot-whole", identity, 100);
        assert_eq!(known(".entrepot-whole", identity, 150), 100);
        assert_eq!(known(".entrepot-whole", identity, 99), 0);
        assert_eq!(known(".entrepot-other", identity, 150), 0);
        assert_eq!(known(".entrepot-whole", Identity { device: 7, inode: 70_002 }, 150), 0);
    }
}
