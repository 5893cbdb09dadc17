//! What an upload in several requests does between them.

use entrepot_storage::{Attributes, WriteSupport};

use super::{Upload, upload_end::give_up};
use crate::{
    error::{Error, Result},
    policy::Denial,
};

impl Upload {
    /// Ends this request of an upload in several: what has arrived is the partial when this resolves. Dropping the upload does
    /// the same later. Dropping the future abandons the answer.
    pub(crate) async fn suspend(self) {
        let state = self.0.clone();
        if !state.end() {
            return;
        }
        let core = state.facts.session.core.clone();
        core.tasks()
            .complete(async move {
                let error = state.failure().unwrap_or(Error::Cancelled);
                give_up(&state, &error).await;
            })
            .await;
    }

    /// Bytes that become durable together, on storage that is written front to back; `u64::MAX` = only the whole file.
    pub(crate) fn part_size(&self) -> Option<u64> {
        let state = &self.0;
        let place = state.place.lock().clone();
        match state.facts.session.account.door.capabilities(place.storage).write {
            WriteSupport::Random => None,
            WriteSupport::Sequential { part_size, resumable: true } => Some(part_size.max(1)),
            WriteSupport::Sequential { resumable: false, .. } => Some(u64::MAX),
        }
    }

    /// Forgets what lies beyond `size`. All writes must have been awaited.
    ///
    /// # Errors
    /// What the storage says; the upload fails then.
    pub(crate) async fn rewind(&self, size: u64) -> Result<()> {
        let state = &self.0;
        let attributes = Attributes { size: Some(size), ..Attributes::default() };
        let cut = state.file().set_attributes(&attributes).await;
        // What is wrong must not be gone on with.
        cut.map_err(|error| state.fail(Denial::new("checksum", format!("a piece cannot be taken back: {error}")).into()))
    }
}
