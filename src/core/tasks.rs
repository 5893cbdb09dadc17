//! Who may start a task: everything that runs beside a request is started here, on the main runtime, and tracked.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Poll, ready},
    time::Duration,
};

use entrepot_storage::Pool;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Conversations with mail servers at once.
const MAIL: usize = 4;

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
    processor: Pool,
    mail: Pool,
}

impl Tasks {
    /// Tasks on `handle`. `processors` bounds the CPU-heavy pool (one permit each), storage gets more.
    pub fn new(handle: Handle, processors: usize) -> Self {
        let processors = processors.max(1);
        Self {
            storage: Pool::new("storage", handle.clone(), 32.max(processors * 8)),
            password: Pool::new("password", handle.clone(), processors),
            processor: Pool::new("processor", handle.clone(), processors),
            mail: Pool::new("mail", handle.clone(), MAIL),
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

    /// Waits for `period`; false, at once, when everything is about to stop: what comes round again and again ends then.
    pub async fn rest(&self, period: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(period) => true,
        }
    }

    /// Runs what must not stop half way: where it stands, and as a task from the moment the caller goes away.
    pub(crate) async fn complete<F, T>(&self, work: F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let mut carried = Carried { work: Some(Box::pin(work)), tasks: self };
        poll_fn(|context| match carried.work.as_mut() {
            Some(work) => {
                let result = ready!(work.as_mut().poll(context));
                carried.work = None;
                Poll::Ready(result)
            }
            // A finished future is not polled again.
            None => Poll::Pending,
        })
        .await
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

    /// The pool for what keeps a processor busy: compressing, checksums.
    pub fn processor(&self) -> &Pool {
        &self.processor
    }

    /// The pool for conversations with mail servers, which take their time.
    pub fn mail(&self) -> &Pool {
        &self.mail
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

/// Work that goes on as a task when its caller is dropped.
struct Carried<'a, F: Future<Output: Send + 'static> + Send + 'static> {
    work: Option<Pin<Box<F>>>,
    tasks: &'a Tasks,
}

impl<F: Future<Output: Send + 'static> + Send + 'static> Drop for Carried<'_, F> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && !std::thread::panicking()
        {
            self.tasks.spawn(work);
        }
    }
}
