//! The reaper: ends what was dropped. `Drop` cannot wait, so it only posts the upload here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, mpsc};

use super::{UploadState, partials::Closing, upload_end::give_up};
use crate::{Core, error::Error};

/// Where leases post uploads that were not committed.
pub(crate) struct Reaper {
    queue: mpsc::UnboundedSender<Abandoned>,
    pending: Arc<Pending>,
}

/// Uploads that were posted and are not settled.
#[derive(Default)]
struct Pending {
    count: AtomicUsize,
    changed: Notify,
}

/// An upload whose lease was dropped. While this lives, its name counts as busy.
pub(crate) struct Abandoned {
    upload: Arc<UploadState>,
    pending: Arc<Pending>,
    _closing: Closing,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.pending.count.fetch_sub(1, Ordering::SeqCst);
        self.pending.changed.notify_waiters();
    }
}

/// The other end of [`Reaper`].
pub(crate) type Reaped = mpsc::UnboundedReceiver<Abandoned>;

impl Reaper {
    pub(crate) fn new() -> (Self, Reaped) {
        let (queue, reaped) = mpsc::unbounded_channel();
        (Self { queue, pending: Arc::default() }, reaped)
    }

    /// Posts an upload whose lease was dropped. Its name counts as busy until it is settled. After the end of the server
    /// nobody takes it: the next start finds it.
    pub(crate) fn abandon(&self, upload: Arc<UploadState>) {
        let session = &upload.facts.session;
        let closing = session.core.0.partials.closing(session.username(), &upload.place.lock());
        self.pending.count.fetch_add(1, Ordering::SeqCst);
        let abandoned = Abandoned { upload, pending: self.pending.clone(), _closing: closing };
        let _ = self.queue.send(abandoned);
    }

    /// Waits until everything posted is settled.
    pub(crate) async fn settled(&self) {
        loop {
            let changed = self.pending.changed.notified();
            if self.pending.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// Ends uploads as they are posted, each in a task of its own: one slow storage must not hold up the others.
pub(crate) async fn run(core: Core, mut reaped: Reaped) {
    let stop = core.tasks().stopping();
    loop {
        let abandoned = tokio::select! {
            biased;
            abandoned = reaped.recv() => abandoned,
            () = stop.cancelled() => None,
        };
        let Some(abandoned) = abandoned else { return };
        core.tasks().spawn(async move {
            let error = abandoned.upload.failure().unwrap_or(Error::Cancelled);
            give_up(&abandoned.upload, &error).await;
        });
    }
}

/// Waits until no transfer is running and everything posted is settled, at most `patience`.
pub(crate) async fn drain(core: &Core, patience: Duration) {
    let wait = async {
        core.0.registry.idle().await;
        core.0.reaper.settled().await;
    };
    if tokio::time::timeout(patience, wait).await.is_err() {
        tracing::warn!("some transfers did not end before the server; the next start settles them");
    }
}
