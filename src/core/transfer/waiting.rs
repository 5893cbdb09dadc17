//! Where the upload of a visitor of a share waits between its requests.
//!
//! A partial belongs to its name, and who uploads that name goes on with it. Strangers must not get hold of what others began,
//! nor may theirs give way to each other. So an upload through a share waits under a name of its own, in the directory that
//! the file will be in: directories that are renamed take it along, and what it was to be called is only asked for at its end.

use entrepot_model::VirtualPath;

use super::UploadState;
use crate::{error::Result, place::Place};

/// Names of clients do not begin like this (`policy`).
const PREFIX: &str = ".entrepot-visit-";

/// Where the upload `id` waits that is to be at `wanted`.
///
/// # Errors
/// `Unsupported` for a root.
pub(crate) fn place(wanted: &Place, id: &str) -> Result<Place> {
    wanted.named(format!("{PREFIX}{id}").as_bytes())
}

/// Whether an upload of a visitor waits there.
pub(crate) fn is_waiting(path: &VirtualPath) -> bool {
    path.file_name().is_some_and(|name| name.starts_with(PREFIX.as_bytes()))
}

/// Where the file will be, or what to call that: `place`, if nothing waits there.
pub(crate) fn shown(place: Place, name: &[u8]) -> Place {
    if is_waiting(&place.virtual_path)
        && let Ok(wanted) = place.named(name)
    {
        wanted
    } else {
        place
    }
}

impl UploadState {
    /// Where the file will be, as whoever uploads it knows it.
    pub(crate) fn shown_place(&self) -> Place {
        let place = self.place.lock().clone();
        match self.facts.continued.as_ref().and_then(|continued| continued.name.as_ref()) {
            Some(name) => shown(place, name),
            None => place,
        }
    }
}
