//! The readers: threads with connections that cannot write, opened when they are first needed.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::StoreError;

/// Reads that may wait; further callers wait for a place.
const QUEUE: usize = 1024;
/// Stack of a reader thread. SQLite itself needs little; deserialising documents a little more.
const STACK_BYTES: usize = 512 * 1024;

/// How a reader opens the file.
pub(super) type Open = fn(&Path) -> Result<Connection, StoreError>;

type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) + Send>;

/// The pool of readers of one database.
pub(super) struct Readers {
    queue: Arc<Queue>,
    places: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(Job, OwnedSemaphorePermit)>,
    stopped: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; None when the pool has stopped and nothing is left.
    fn next(&self) -> Option<(Job, OwnedSemaphorePermit)> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.stopped {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Readers {
    /// Starts `count` threads (at least one) that read the file at `path`.
    pub(super) fn start(name: &str, path: &Path, open: Open, count: usize) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue { state: Mutex::new(State::default()), wake: Condvar::new() });
        let mut threads = Vec::new();
        for _ in 0..count.max(1) {
            let (queue, path) = (Arc::clone(&queue), path.to_path_buf());
            let thread = std::thread::Builder::new()
                .name(name.to_string())
                .stack_size(STACK_BYTES)
                .spawn(move || serve(&queue, &path, open))
                .map_err(StoreError::database)?;
            threads.push(thread);
        }
        Ok(Self { queue, places: Arc::new(Semaphore::new(QUEUE)), threads: Mutex::new(threads) })
    }

    /// Runs `operation` on one of the threads, in one read transaction.
    pub(super) async fn read<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have gone: then nobody wants the answer.
            if !sender.is_closed() {
                let _ = sender.send(connection.and_then(|connection| consistent(connection, operation)));
            }
        });
        {
            let mut state = self.queue.lock();
            if state.stopped {
                return Err(StoreError::Closed);
            }
            state.jobs.push_back((job, place));
        }
        self.queue.wake.notify_one();
        receiver.await.unwrap_or_else(|_| Err(StoreError::database("a read was given up")))
    }

    /// Refuses further reads; the threads end after those that are queued.
    pub(super) fn stop(&self) {
        self.places.close();
        self.queue.lock().stopped = true;
        self.queue.wake.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.thread().id() != std::thread::current().id() {
                let _: Result<(), Box<dyn Any + Send>> = thread.join();
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(queue: &Queue, path: &Path, open: Open) {
    let mut connection: Option<Connection> = None;
    while let Some((job, place)) = queue.next() {
        if connection.is_none() {
            match open(path) {
                Ok(opened) => connection = Some(opened),
                Err(error) => {
                    job(Err(error));
                    continue;
                }
            }
        }
        if let Some(open) = &connection {
            let result = catch_unwind(AssertUnwindSafe(|| job(Ok(open))));
            if result.is_err() {
                tracing::error!("a read of the database panicked");
                // The state of the connection is unknown.
                connection = None;
            }
        }
        drop(place);
    }
}

/// Runs `operation` inside one transaction, so that its statements see one state.
fn consistent<T>(connection: &Connection, operation: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
    connection.prepare_cached("BEGIN DEFERRED")?.execute([])?;
    let outcome = operation(connection);
    let end = connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
    if let Err(error) = end {
        tracing::warn!(%error, "a read transaction could not be ended");
    }
    outcome
}
