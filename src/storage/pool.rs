//! Where blocking calls run: a named, bounded door to the blocking threads of the main runtime.
//!
//! Futures of a pool may be awaited in any runtime (the workers of the HTTP server have their own); the work always runs
//! on the runtime that the pool was made with, and outlives the one that asked.

use std::{fmt, future::Future, pin::Pin, sync::Arc, task};

use tokio::{runtime::Handle, sync::Semaphore, task::JoinHandle};

use crate::{Error, ErrorKind};

/// A named pool that runs at most `limit` jobs at once; more of them wait in order of arrival.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    handle: Handle,
    permits: Arc<Semaphore>,
}

/// Why a job gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The job panicked; the pool goes on.
    #[error("a job of the pool `{0}` panicked")]
    Panicked(&'static str),
    /// The pool, or the runtime beneath it, was shut down.
    #[error("the pool `{0}` is closed")]
    Closed(&'static str),
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Self::new(ErrorKind::Io, error)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.shared.permits.available_permits();
        f.debug_struct("Pool").field("name", &self.shared.name).field("free", &free).finish()
    }
}

impl Pool {
    /// A pool on the blocking threads of `handle`, with at most `limit` (at least 1) jobs running at once.
    pub fn new(name: &'static str, handle: Handle, limit: usize) -> Self {
        let permits = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Self { shared: Arc::new(Shared { name, handle, permits }) }
    }

    /// Name of the pool, for logs and gauges.
    pub fn name(&self) -> &'static str {
        self.shared.name
    }

    /// How many jobs could start at once now.
    pub fn free(&self) -> usize {
        self.shared.permits.available_permits()
    }

    /// Takes no more jobs. Those that run end; those that wait fail with [`PoolError::Closed`].
    pub fn close(&self) {
        self.shared.permits.close();
    }

    /// Runs `job` on a blocking thread once there is room. Nothing happens before the first poll; dropping the future
    /// before the job has begun cancels it, afterwards the job runs to its end and its answer is dropped.
    pub fn run<T, F>(&self, job: F) -> impl Future<Output = Result<T, PoolError>> + Send + 'static
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        async move {
            let closed = PoolError::Closed(shared.name);
            let permit = Arc::clone(&shared.permits).acquire_owned().await.map_err(|_| closed)?;
            let running = shared.handle.spawn_blocking(move || {
                let answer = job();
                drop(permit);
                answer
            });
            running.await.map_err(|error| if error.is_panic() { PoolError::Panicked(shared.name) } else { closed })
        }
    }

    /// Like [`Pool::run`], but the job begins without being polled and goes on if the answer is dropped.
    pub fn start<T, F>(&self, job: F) -> Started<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        Started { name: self.shared.name, task: self.shared.handle.spawn(self.run(job)) }
    }
}

/// The answer of a job that was begun by [`Pool::start`]. Dropping it drops the answer, not the job.
#[derive(Debug)]
pub struct Started<T> {
    name: &'static str,
    task: JoinHandle<Result<T, PoolError>>,
}

impl<T> Future for Started<T> {
    type Output = Result<T, PoolError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let name = self.name;
        Pin::new(&mut self.task).poll(cx).map(|joined| joined.unwrap_or(Err(PoolError::Closed(name))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime")
    }

    #[test]
    fn job_runs_for_a_caller_in_another_runtime() {
        let main = runtime();
        let pool = Pool::new("test", main.handle().clone(), 2);
        let other = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        assert_eq!(other.block_on(pool.run(|| 41 + 1)), Ok(42));
    }

    #[test]
    fn panic_becomes_an_error_and_gives_its_place_back() {
        let main = runtime();
        let pool = Pool::new("test", main.handle().clone(), 1);
        let answer: Result<(), _> = main.block_on(pool.run(|| panic!("wanted by the test")));
        assert_eq!(answer, Err(PoolError::Panicked("test")));
        assert_eq!(main.block_on(pool.run(|| 1)), Ok(1));
        assert!(Error::from(PoolError::Panicked("test")).is(ErrorKind::Io));
    }

    #[test]
    fn closed_pool_refuses() {
        let main = runtime();
        let pool = Pool::new("test", main.handle().clone(), 1);
        pool.close();
        assert_eq!(main.block_on(pool.run(|| 1)), Err(PoolError::Closed("test")));
        assert_eq!(main.block_on(pool.start(|| 1)), Err(PoolError::Closed("test")));
    }

    #[test]
    fn no_more_than_the_limit_run_at_once() {
        let main = runtime();
        let pool = Pool::new("test", main.handle().clone(), 2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // Two jobs must be inside together, or the barrier would never open.
        let barrier = Arc::new(Barrier::new(2));
        let jobs: Vec<_> = (0..8)
            .map(|_| {
                let (running, most, barrier) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&barrier));
                pool.start(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    barrier.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for job in jobs {
            main.block_on(job).expect("job");
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn job_outlives_the_future_that_asked() {
        let main = runtime();
        let pool = Pool::new("test", main.handle().clone(), 1);
        let (send, receive) = std::sync::mpsc::channel();
        drop(pool.start(move || send.send(7)));
        assert_eq!(receive.recv(), Ok(7));
    }
}
