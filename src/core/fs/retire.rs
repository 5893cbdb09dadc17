//! Retiring an entry: what every removal and every replacement passes. Today it is gone after that.

use entrepot_storage::Metadata;

use crate::quota::Usage;

/// Size that quota gets back for a file that is about to be replaced by a rename over it.
pub(crate) fn replaced(found: &Metadata) -> u64 {
    if found.is_file() { found.size } else { 0 }
}

/// Usage that goes with an entry: links and special files are not counted (ACC-278).
pub(crate) fn usage(found: &Metadata) -> Usage {
    if found.is_file() {
        Usage { files: -1, size: -i64::try_from(found.size).unwrap_or(i64::MAX) }
    } else {
        Usage::default()
    }
}
