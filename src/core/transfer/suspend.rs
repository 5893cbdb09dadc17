//! What an upload in several requests does between them.

use std::sync::atomic::Ordering;

use entrepot_storage::{Attributes, WriteSupport};

use super::{Upload, UploadState, upload_end::give_up};
use crate::{error::Error, place::Place, session::SessionState};

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
        part_size(&state.facts.session, &place)
    }

    /// What is written beyond `size` is to be verified: it is not kept if the upload is given up before [`Upload::trust`].
    pub(crate) fn doubt(&self, size: u64) {
        self.0.trusted.store(size, Ordering::SeqCst);
    }

    /// All that was written may be kept.
    pub(crate) fn trust(&self) {
        self.0.trusted.store(u64::MAX, Ordering::SeqCst);
    }
}

/// Bytes that become durable together at a place, on storage that is written front to back; `u64::MAX` = only the whole file.
pub(crate) fn part_size(session: &SessionState, place: &Place) -> Option<u64> {
    match session.account.door.capabilities(place.storage).write {
        WriteSupport::Random => None,
        WriteSupport::Sequential { part_size, resumable: true } => Some(part_size.max(1)),
        WriteSupport::Sequential { resumable: false, .. } => Some(u64::MAX),
    }
}

impl UploadState {
    /// Cuts off what was not verified. All writes must have been awaited. Answers whether what is left may be kept.
    pub(super) async fn cut_doubtful(&self) -> bool {
        let trusted = self.trusted.load(Ordering::SeqCst);
        if self.file().size() <= trusted {
            return true;
        }
        self.digest.resize(trusted);
        let attributes = Attributes { size: Some(trusted), ..Attributes::default() };
        let cut = self.file().set_attributes(&attributes).await;
        if let Err(error) = &cut {
            tracing::warn!(connection_id = %self.facts.session.id, %error, "what could not be verified cannot be taken back");
        }
        cut.is_ok()
    }
}
