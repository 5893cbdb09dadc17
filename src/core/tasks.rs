//! Who may start a task: everything that runs beside a request is started here, on the main runtime, and tracked.

use std::{future::Future, time::Duration};

use entrepot_storage::Pool;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Handle of the main runtime, the tracker of its tasks, and the named, bounded pools for blocking work.
///
/// Actix workers are runtimes of their own that end with their request; what must outlive one is spawned here.
#[derive(Clone)]
pub struct Tasks {
    handle: Handle,
    tracker: TaskTracker,
    stop: CancellationToken,
    storage: Pool,
    password: Pool,
}

impl Tasks {
    /// Tasks on `handle`. `processors` bounds the CPU-heavy pool (one permit each), storage gets more.
    pub fn new(handle: Handle, processors: usize) -> Self {
        let processors = processors.max(1);
        Self {
            storage: Pool::new("storage", handle.clone(), 32.max(processors * 8)),
            password: Pool::new("password", handle.clone(), processors),
            handle,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts a tracked task. It should end soon after [`Tasks::stopping`] resolves.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn_on(future, &self.handle)
    }

    /// Runs what must not stop half way, even if the caller goes away: at once if it needs no waiting, else as a task.
    /// `None` = it panicked, or the runtime is gone.
    pub(crate) async fn complete<F, T>(&self, work: F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let mut work = Box::pin(work);
        match futures_util::poll!(&mut work) {
            std::task::Poll::Ready(result) => Some(result),
            std::task::Poll::Pending => self.spawn(work).await.ok(),
        }
    }

    /// Tasks that run now.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        self.tracker.len()
    }

    /// The pool for blocking storage calls.
    pub fn storage(&self) -> &Pool {
        &self.storage
    }

    /// The pool for password hashing: one job per processor, so that logins cannot starve transfers.
    pub fn password(&self) -> &Pool {
        &self.password
    }

    /// The runtime that outlives every request.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Cancelled when the server begins to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to end and waits for them, at most `patience`. Answers whether all ended.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}
