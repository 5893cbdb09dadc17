//! The reaper: ends what was dropped. `Drop` cannot wait, so it only posts the upload here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, mpsc};

use super::{UploadState, upload_end::give_up};
use crate::{Core, error::Error};

/// Where leases post uploads that were not committed.
pub(crate) struct Reaper {
    queue: mpsc::UnboundedSender<Arc<UploadState>>,
    pending: Arc<AtomicUsize>,
    idle: Arc<Notify>,
}

/// The other end of [`Reaper`].
pub(crate) type Reaped = mpsc::UnboundedReceiver<Arc<UploadState>>;

impl Reaper {
    pub(crate) fn new() -> (Self, Reaped) {
        let (queue, reaped) = mpsc::unbounded_channel();
        (Self { queue, pending: Arc::default(), idle: Arc::default() }, reaped)
    }

    /// Posts an upload whose lease was dropped. Its name counts as busy until it is settled.
    pub(crate) fn abandon(&self, upload: Arc<UploadState>) {
        let session = upload.parts.session.clone();
        let place = upload.place.lock().clone();
        session.core.0.partials.closing(session.username(), &place);
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.queue.send(upload).is_err() {
            // After the end of the server: the start-up replay finds it.
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Ends uploads as they are posted, each in a task of its own: one slow storage must not hold up the others.
pub(crate) async fn run(core: Core, mut reaped: Reaped) {
    let stop = core.tasks().stopping();
    loop {
        let upload = tokio::select! {
            upload = reaped.recv() => upload,
            () = stop.cancelled() => reaped.try_recv().ok(),
        };
        let Some(upload) = upload else {
            if stop.is_cancelled() && core.0.reaper.pending.load(Ordering::SeqCst) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            if stop.is_cancelled() {
                continue;
            }
            return;
        };
        let core2 = core.clone();
        core.tasks().spawn(async move {
            let place = upload.place.lock().clone();
            let error = upload.failure().unwrap_or(Error::Cancelled);
            give_up(&upload, &error).await;
            core2.0.partials.closed(upload.parts.session.username(), &place);
            core2.0.reaper.pending.fetch_sub(1, Ordering::SeqCst);
            core2.0.reaper.idle.notify_waiters();
        });
    }
}

/// Waits until everything posted is settled, at most `patience`.
pub(crate) async fn drain(core: &Core, patience: Duration) {
    let wait = async {
        loop {
            let idle = core.0.reaper.idle.notified();
            if core.0.reaper.pending.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    };
    if tokio::time::timeout(patience, wait).await.is_err() {
        tracing::warn!("some uploads were not settled before the end; the next start does it");
    }
}
