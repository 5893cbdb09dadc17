//! The journal of uploads that begin: the way to the database that costs no change of thread.
//!
//! Before a file gets its name, a note of its upload must be where a restart finds it. A transaction for each would cost
//! two changes of thread per file; a line in a file costs microseconds. So the note is written here, at once, and to the
//! database soon, together with others. The database keeps the number of the last line that it has; what a crash left
//! beyond that number is put into the database when it is opened. The lines survive the end of the process; after a loss
//! of power the tail may be missing, as the last transactions of the database may.
//!
//! Before the file of an upload is made, a line without a number announces it: a process that is killed before the note is
//! written leaves a file that such a line leads to.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::UploadIntent;
use crate::{
    StoreError,
    engine::place::{give_to_owner, unusable},
};

/// Once all lines are in the database, a file beyond this size is emptied.
const KEPT_BYTES: u64 = 256 << 10;
/// Number of a line that only announces.
const ANNOUNCED: i64 = 0;

/// A line: its number, and the note.
#[derive(Serialize, Deserialize)]
struct Line<T> {
    number: i64,
    intent: T,
}

/// See the module. It is only used under its lock.
#[derive(Debug)]
pub(crate) struct Journal {
    /// `None` = the database is in memory, and so need not be survived.
    file: Option<(PathBuf, File)>,
    bytes: u64,
    /// Number of the last line.
    last: i64,
    /// Uploads that were announced and have not begun: their lines are kept.
    announced: HashSet<String>,
    /// Those whose process ended before they began.
    unbegun: Vec<UploadIntent>,
}

impl Journal {
    /// A journal that keeps nothing.
    pub(crate) fn in_memory() -> Self {
        Self { file: None, bytes: 0, last: 0, announced: HashSet::new(), unbegun: Vec::new() }
    }

    /// Opens the journal at `path` and brings what the database does not have yet into it. Lines that a loss of power cut
    /// are passed over.
    pub(crate) fn open(path: &Path, database: &mut Connection) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| unusable(path, &error);
        let mut options = OpenOptions::new();
        let mut file = options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path).map_err(failed)?;
        give_to_owner(&file, path).map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let transaction = database.transaction()?;
        let stored: i64 = transaction.query_row("SELECT number FROM upload_journal", [], |row| row.get(0))?;
        let mut last = stored;
        let mut unbegun = BTreeMap::new();
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<Line<UploadIntent>>(line) {
                Ok(line) if line.number == ANNOUNCED => _ = unbegun.insert(line.intent.id.clone(), line.intent),
                Ok(line) if line.number > stored => {
                    unbegun.remove(&line.intent.id);
                    as_charged(&transaction, line.intent)?.save(&transaction)?;
                    last = last.max(line.number);
                }
                Ok(line) => _ = unbegun.remove(&line.intent.id),
                Err(error) => tracing::warn!(%error, "a line of the upload journal cannot be read"),
            }
        }
        note_stored(&transaction, last)?;
        transaction.commit()?;
        let unbegun = unbegun.into_values().collect();
        let mut journal = Self { file: Some((path.to_owned(), file)), bytes: 0, last, announced: HashSet::new(), unbegun };
        journal.empty()?;
        Ok(journal)
    }

    /// Writes a line and answers its number.
    pub(super) fn append(&mut self, intent: &UploadIntent) -> Result<i64, StoreError> {
        self.last += 1;
        self.write(self.last, intent)?;
        self.announced.remove(&intent.id);
        Ok(self.last)
    }

    /// The file of this upload is about to be made.
    pub(super) fn announce(&mut self, intent: &UploadIntent) -> Result<(), StoreError> {
        self.write(ANNOUNCED, intent)?;
        self.announced.insert(intent.id.clone());
        Ok(())
    }

    /// The file of an announced upload could not be made.
    pub(super) fn withdraw(&mut self, id: &str) {
        self.announced.remove(id);
    }

    /// Uploads that were announced when the process before this one ended, and had not begun.
    pub(super) fn take_unbegun(&mut self) -> Vec<UploadIntent> {
        std::mem::take(&mut self.unbegun)
    }

    fn write(&mut self, number: i64, intent: &UploadIntent) -> Result<(), StoreError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut line = serde_json::to_vec(&Line { number, intent }).map_err(StoreError::database)?;
        line.push(b'\n');
        file.write_all(&line).map_err(|error| unusable(path, &error))?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// The database has every line up to `number`.
    pub(super) fn stored(&mut self, number: i64) -> Result<(), StoreError> {
        let is_over = number == self.last && self.announced.is_empty();
        if is_over && self.bytes > KEPT_BYTES { self.empty() } else { Ok(()) }
    }

    fn empty(&mut self) -> Result<(), StoreError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let emptied = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| StoreError::Directory { path: path.clone(), detail: error.to_string() })?;
        self.bytes = 0;
        Ok(())
    }
}

/// What is in the database of the upload was stored together with the quota that it was charged; the settlement before this
/// line may not have been, so what the line says of charges may never have become true.
fn as_charged(connection: &Connection, intent: UploadIntent) -> Result<UploadIntent, StoreError> {
    let stored = UploadIntent::find(connection, &intent.id)?;
    let (charged_size, charged_files) = stored.map_or((0, 0), |stored| (stored.charged_size, stored.charged_files));
    Ok(UploadIntent { charged_size, charged_files, ..intent })
}

/// Notes in a running transaction that the database has every line up to `number`.
pub(super) fn note_stored(connection: &Connection, number: i64) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE upload_journal SET number = ?")?.execute(params![number])?;
    Ok(())
}
