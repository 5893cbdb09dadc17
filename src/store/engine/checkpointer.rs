//! The checkpointer: folds the write-ahead log into the database beside the writer, so that no commit waits for the two
//! syncs of the disk that this takes.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use rusqlite::Connection;

use super::connection::open_folder;
use crate::StoreError;

/// Stack of the thread.
const STACK_BYTES: usize = 256 * 1024;
/// Transactions between two checkpoints of a busy database.
const TRANSACTIONS: u32 = 256;

/// The writer's end: counts transactions and wakes the thread.
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    transactions: u32,
}

impl Checkpointer {
    /// Starts the thread for the database at `path`; in memory there is nothing to fold.
    pub(super) fn start(name: &str, path: Option<&Path>) -> Result<Self, StoreError> {
        let Some(path) = path else { return Ok(Self { wake: None, thread: None, transactions: 0 }) };
        let connection = open_folder(path)?;
        // One wake-up waits at the most: more would only repeat it.
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || fold(&connection, &woken))
            .map_err(StoreError::database)?;
        Ok(Self { wake: Some(wake), thread: Some(thread), transactions: 0 })
    }

    /// A transaction was committed.
    pub(super) fn committed(&mut self) {
        self.transactions += 1;
        if self.transactions >= TRANSACTIONS {
            self.transactions = 0;
            if let Some(wake) = &self.wake {
                let _ = wake.try_send(());
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn fold(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        // Passive: it takes what no reader needs any more and disturbs nobody.
        let folded = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::warn!(%error, "the log of the database could not be folded");
        }
    }
}
