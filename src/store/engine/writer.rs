//! The writer: one thread that owns the only connection that writes. It takes what is queued and commits all of
//! it in one transaction (group commit), so that many callers share one sync of the disk.

use std::any::Any;
use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Durability;
use super::changes::Changes;
use super::checkpointer::Checkpointer;
use crate::StoreError;

/// Writes that callers wait for and that may be queued; further callers wait for a place.
const PLACES: usize = 1024;
/// Writes that nobody waits for and that may be queued; beyond, `submit` refuses.
const SUBMITTED: usize = 64 * 1024;
/// Writes in one transaction: bounds the time that the first of them waits.
const BATCH: usize = 512;
/// How long writes that nobody waits for may wait for company: a transaction costs more than what is in it.
const LINGER: Duration = Duration::from_millis(10);
/// Stack of the thread.
const STACK_BYTES: usize = 512 * 1024;

/// Gives the outcome to the caller, once the commit has been tried.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs an operation (or learns why it cannot run): whether it failed, and how to answer.
type Operation = Box<dyn FnOnce(Result<&Connection, StoreError>) -> (bool, Answer) + Send>;

enum Message {
    Write(Command),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    Stop(oneshot::Sender<Result<(), StoreError>>),
}

struct Command {
    durability: Durability,
    operation: Operation,
    /// Held by writes that somebody waits for.
    place: Option<OwnedSemaphorePermit>,
}

/// The handle of the thread.
pub(super) struct Writer {
    sender: Mutex<Option<mpsc::Sender<Message>>>,
    places: Arc<Semaphore>,
    submitted: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
    worker: Thread,
}

impl Writer {
    pub(super) fn start(
        name: &str,
        mut connection: Connection,
        checkpointer: Checkpointer,
        changes: Changes,
        keep: Option<File>,
    ) -> Result<Self, StoreError> {
        changes.watch(&mut connection)?;
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_string())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let worker = Worker { connection, synchronous: None, checkpointer, changes };
                worker.serve(&receiver);
                // The lock is given back only when the file is closed.
                drop(keep);
            })
            .map_err(StoreError::database)?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            places: Arc::new(Semaphore::new(PLACES)),
            submitted: Arc::new(AtomicUsize::new(0)),
            worker: thread.thread().clone(),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the linger of the thread: somebody waits.
    fn hurry(&self) {
        self.worker.unpark();
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or(StoreError::Closed)?;
        sender.send(message).map_err(|_| StoreError::Closed)
    }

    /// `then` runs on the thread once the commit has been tried, also if nobody waits for the outcome any more.
    pub(super) async fn write<T, F, N>(&self, durability: Durability, operation: F, then: N) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        N: FnOnce(Result<(), &StoreError>) + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (sender, receiver) = oneshot::channel();
        let operation: Operation = Box::new(move |connection| {
            let outcome = connection.and_then(operation);
            let failed = outcome.is_err();
            let answer: Answer = Box::new(move |commit| {
                let outcome = outcome.and_then(|value| commit.map(|()| value));
                then(outcome.as_ref().map(|_| ()));
                let _ = sender.send(outcome);
            });
            (failed, answer)
        });
        self.send(Message::Write(Command { durability, operation, place: Some(place) }))?;
        self.hurry();
        receiver.await.unwrap_or_else(|_| Err(StoreError::database("a write was given up and undone")))
    }

    /// `then` runs on the thread once the commit has been tried.
    pub(super) fn submit<F, N>(&self, operation: F, then: N) -> Result<(), StoreError>
    where
        F: FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
        N: FnOnce(Result<(), StoreError>) + Send + 'static,
    {
        let submitted = Arc::clone(&self.submitted);
        if submitted.fetch_add(1, Ordering::Relaxed) >= SUBMITTED {
            submitted.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::Overloaded);
        }
        let operation: Operation = Box::new(move |connection| {
            let outcome = connection.and_then(operation);
            let failed = outcome.is_err();
            let answer: Answer = Box::new(move |commit| {
                then(outcome.and(commit));
                submitted.fetch_sub(1, Ordering::Release);
            });
            (failed, answer)
        });
        self.send(Message::Write(Command { durability: Durability::Normal, operation, place: None }))
    }

    /// Whether something was submitted that is not committed yet.
    pub(super) fn has_submitted(&self) -> bool {
        self.submitted.load(Ordering::Acquire) > 0
    }

    /// Runs a read between two transactions (a database in memory has no other connection).
    pub(super) async fn read<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.send(Message::Read(Box::new(move |connection| {
            let _ = sender.send(operation(connection));
        })))?;
        self.hurry();
        receiver.await.unwrap_or_else(|_| Err(StoreError::database("a read was given up")))
    }

    /// Carries out what is queued, folds the log into the file and ends the thread.
    pub(super) async fn stop(&self) -> Result<(), StoreError> {
        self.places.close();
        let (sender, receiver) = oneshot::channel();
        if self.send(Message::Stop(sender)).is_err() {
            return Ok(());
        }
        self.hurry();
        let outcome = receiver.await.unwrap_or(Err(StoreError::Closed));
        self.join();
        outcome
    }

    fn join(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.hurry();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            let _: Result<(), Box<dyn Any + Send>> = thread.join();
        }
    }
}

impl Drop for Writer {
    /// What is queued is still written; the file is closed when this returns.
    fn drop(&mut self) {
        self.join();
    }
}

struct Worker {
    connection: Connection,
    synchronous: Option<Durability>,
    checkpointer: Checkpointer,
    changes: Changes,
}

impl Worker {
    fn serve(mut self, receiver: &mpsc::Receiver<Message>) {
        let mut batch = VecDeque::new();
        while let Ok(message) = receiver.recv() {
            // What comes after the writes that were collected.
            let mut next = self.sort(message, &mut batch);
            if next.is_none() && batch.iter().all(|command| command.place.is_none()) {
                // Parked, not receiving: what is submitted meanwhile must not wake us, who waits does ([`Writer::hurry`]).
                std::thread::park_timeout(LINGER);
            }
            while next.is_none() && batch.len() < BATCH {
                match receiver.try_recv() {
                    Ok(message) => next = self.sort(message, &mut batch),
                    Err(_) => break,
                }
            }
            self.commit(&mut batch);
            match next {
                Some(Message::Read(read)) => self.read(read),
                Some(Message::Stop(answer)) => {
                    self.finish(receiver);
                    let _ = answer.send(self.fold_log());
                    return;
                }
                Some(Message::Write(_)) | None => {}
            }
        }
        if let Err(error) = self.fold_log() {
            tracing::warn!(%error, "the log of the database could not be folded");
        }
    }

    /// Puts a write into the batch; gives back what is none.
    fn sort(&self, message: Message, batch: &mut VecDeque<Command>) -> Option<Message> {
        match message {
            Message::Write(command) => {
                batch.push_back(command);
                None
            }
            other => Some(other),
        }
    }

    /// Carries out what was queued behind the stop.
    fn finish(&mut self, receiver: &mpsc::Receiver<Message>) {
        let mut batch = VecDeque::new();
        while let Ok(message) = receiver.try_recv() {
            match self.sort(message, &mut batch) {
                Some(Message::Read(read)) => self.read(read),
                Some(Message::Stop(answer)) => drop(answer.send(Ok(()))),
                Some(Message::Write(_)) | None => {}
            }
        }
        self.commit(&mut batch);
    }

    fn read(&self, read: Box<dyn FnOnce(&Connection) + Send>) {
        if catch_unwind(AssertUnwindSafe(|| read(&self.connection))).is_err() {
            tracing::error!("a read of the database panicked");
        }
    }

    fn commit(&mut self, batch: &mut VecDeque<Command>) {
        while !batch.is_empty() {
            self.transaction(batch);
        }
    }

    /// One transaction over the batch. It takes fewer than all when the engine gave the transaction up.
    fn transaction(&mut self, batch: &mut VecDeque<Command>) {
        let durability = if batch.iter().any(|command| command.durability == Durability::Full) {
            Durability::Full
        } else {
            Durability::Normal
        };
        if let Err(error) = self.begin(durability) {
            for command in batch.drain(..) {
                let (_, answer) = (command.operation)(Err(error.clone()));
                answer(Err(error.clone()));
            }
            return;
        }
        let mut answers = Vec::with_capacity(batch.len());
        let mut commit = Ok(());
        while let Some(command) = batch.pop_front() {
            match self.isolated(command) {
                Ok(Some(answer)) => answers.push(answer),
                Ok(None) => {}
                Err((error, answer)) => {
                    answers.extend(answer);
                    commit = Err(error);
                    break;
                }
            }
        }
        if commit.is_ok() {
            commit = self.statement("COMMIT");
            self.checkpointer.committed();
        }
        if commit.is_err() && !self.connection.is_autocommit() {
            let _ = self.statement("ROLLBACK");
        }
        // Before anybody learns of it.
        self.changes.ended();
        for answer in answers {
            answer(commit.clone());
        }
    }

    fn begin(&mut self, durability: Durability) -> Result<(), StoreError> {
        // The pragma cannot change inside a transaction.
        if self.synchronous != Some(durability) {
            let value = match durability {
                Durability::Full => "FULL",
                Durability::Normal => "NORMAL",
            };
            self.connection.pragma_update(None, "synchronous", value)?;
            self.synchronous = Some(durability);
        }
        self.statement("BEGIN IMMEDIATE")
    }

    /// Runs one operation inside a savepoint, so that its failure undoes nothing of the others. The error means
    /// that the transaction is lost.
    #[allow(clippy::type_complexity)]
    fn isolated(&self, command: Command) -> Result<Option<Answer>, (StoreError, Option<Answer>)> {
        let operation = command.operation;
        if let Err(error) = self.statement("SAVEPOINT operation") {
            let (_, answer) = operation(Err(error.clone()));
            return Err((error, Some(answer)));
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| operation(Ok(&self.connection))));
        let (failed, answer) = match outcome {
            Ok((failed, answer)) => (failed, Some(answer)),
            Err(_) => {
                tracing::error!("a write to the database panicked and was undone");
                (true, None)
            }
        };
        if self.connection.is_autocommit() {
            // A full disk or an I/O error made the engine roll back everything.
            return Err((StoreError::Undone, answer));
        }
        let undone = if failed { self.statement("ROLLBACK TO operation") } else { Ok(()) };
        match undone.and_then(|()| self.statement("RELEASE operation")) {
            Ok(()) => Ok(answer),
            Err(error) => Err((error, answer)),
        }
    }

    fn statement(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Folds the log into the file and empties it. Does nothing in memory.
    fn fold_log(&self) -> Result<(), StoreError> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(StoreError::from)
    }
}
