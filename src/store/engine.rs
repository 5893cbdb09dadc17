//! One database file: a writer, a few readers, and how a file is opened.

mod changes;
mod checkpointer;
pub(crate) mod connection;
pub(crate) mod copy;
pub(crate) mod inspection;
pub(crate) mod migration;
pub(crate) mod place;
mod readers;
mod writer;

use std::path::PathBuf;

use rusqlite::Connection;

use crate::StoreError;
use changes::Changes;
use checkpointer::Checkpointer;
use connection::{open_reader, open_still};
use readers::Readers;
use writer::Writer;

/// How much a write must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Survives a loss of power: the answer comes after the log has reached the disk.
    Full,
    /// Survives the end of the process; a loss of power may undo the last moments.
    Normal,
}

/// Where a database lives.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    /// In a file.
    File(PathBuf),
    /// In a file that nobody writes, and that is only looked at.
    Still(PathBuf),
    /// In the memory of the process.
    Memory,
}

/// One open database.
pub(crate) struct Database {
    writer: Writer,
    readers: Option<Readers>,
    changes: Changes,
}

impl Database {
    /// Takes over an open, migrated connection for writing and starts the threads. `keep` is held until the
    /// writer has ended (the lock file). A database in memory has one connection, which serves reads, too; what is written to
    /// one that is only looked at is nowhere.
    pub(crate) fn start(
        name: &str,
        connection: Connection,
        location: &Location,
        readers: usize,
        keep: Option<std::fs::File>,
    ) -> Result<Self, StoreError> {
        let path = match location {
            Location::File(path) => Some(path.as_path()),
            Location::Still(_) | Location::Memory => None,
        };
        let checkpointer = Checkpointer::start(&format!("{name}-folder"), path)?;
        let changes = Changes::default();
        let writer = Writer::start(&format!("{name}-writer"), connection, checkpointer, changes.clone(), keep)?;
        let readers = match location {
            Location::File(path) => Some(Readers::start(&format!("{name}-reader"), path, open_reader, readers)?),
            Location::Still(path) => Some(Readers::start(&format!("{name}-reader"), path, open_still, readers)?),
            Location::Memory => None,
        };
        Ok(Self { writer, readers, changes })
    }

    /// Runs `operation` in the next transaction and waits for its commit. An error undoes this operation alone.
    ///
    /// Cancelling the future before the operation was queued drops it; afterwards it is carried out, unseen.
    pub(crate) async fn write<T, F>(&self, durability: Durability, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.write(durability, operation, |_| {}).await
    }

    /// As `write`; `then` learns the outcome before anybody else, also if nobody waits for it any more.
    pub(crate) async fn write_then<T, F, N>(&self, durability: Durability, operation: F, then: N) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        N: FnOnce(Result<(), &StoreError>) + Send + 'static,
    {
        self.writer.write(durability, operation, then).await
    }

    /// Queues `operation` without waiting; it runs before everything that is queued later. A failure is logged.
    pub(crate) fn submit<F>(&self, what: &'static str, operation: F) -> Result<(), StoreError>
    where
        F: FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    {
        self.submit_then(operation, move |outcome| {
            if let Err(error) = outcome {
                tracing::error!(%error, what, "a queued database write failed");
            }
        })
    }

    /// As `submit`; `then` learns the outcome, and sees to it.
    pub(crate) fn submit_then<F, N>(&self, operation: F, then: N) -> Result<(), StoreError>
    where
        F: FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
        N: FnOnce(Result<(), StoreError>) + Send + 'static,
    {
        self.writer.submit(operation, then)
    }

    /// Whether something was submitted that is not committed yet.
    pub(crate) fn has_submitted(&self) -> bool {
        self.writer.has_submitted()
    }

    /// Runs `operation` in one read transaction: all it reads is of one moment. It sees every write that was
    /// answered before.
    pub(crate) async fn read<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.read(operation).await,
            None => self.writer.read(operation).await,
        }
    }

    /// A number that changes with every change of what administrators are read from, before the change is answered.
    pub(crate) fn generation(&self) -> u64 {
        self.changes.generation()
    }

    /// Waits until everything queued so far is committed.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        self.write(Durability::Full, |_| Ok(())).await
    }

    /// Carries out what is queued, folds the log into the file and closes it.
    pub(crate) async fn shutdown(&self) -> Result<(), StoreError> {
        if let Some(readers) = &self.readers {
            readers.stop();
        }
        self.writer.stop().await
    }
}
