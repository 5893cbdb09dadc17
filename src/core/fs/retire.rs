//! Retiring an entry: what every removal and every replacement passes. Today it is gone after that.

use entrepot_storage::Metadata;

use crate::{place::Place, quota::Usage, session::SessionState};

/// Usage that goes with an entry that was removed or replaced: links and special files are not counted (ACC-278).
pub(crate) fn usage(session: &SessionState, place: &Place, found: &Metadata) -> Usage {
    if !found.is_file() {
        return Usage::default();
    }
    let size = session.core.0.names.gone(session, place, found.size);
    Usage { files: -1, size: -i64::try_from(size).unwrap_or(i64::MAX) }
}

/// Bytes that a replacement of the entry may use again (ACC-281).
pub(crate) fn credit(found: Option<&Metadata>) -> u64 {
    found.filter(|found| found.is_file()).map_or(0, |found| found.size)
}
