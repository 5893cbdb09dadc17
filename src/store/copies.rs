//! Both databases as files of their own, beside a running server or without one, and such files judged before they are used.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::engine::copy::copy_file;
use crate::engine::inspection::inspect;
use crate::engine::migration::Schema;
use crate::engine::place::{check_directory, share_lock, take_lock, unusable, with_suffix};
use crate::store::{EVENTS_FILE, JOURNAL_FILE};
use crate::{Store, StoreError, StoreOptions};

/// Name of the copy of the main database.
const MAIN_COPY: &str = "main";
/// Name of the copy of the events.
const EVENTS_COPY: &str = "events";

/// The copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// Accounts, settings, keys.
    pub main: PathBuf,
    /// The audit trail.
    pub events: PathBuf,
}

/// Where the databases of a store lie.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) main: PathBuf,
    pub(crate) events: PathBuf,
}

impl Files {
    pub(crate) fn of(options: &StoreOptions) -> Self {
        let main = options.directory.join(&options.name);
        Self { events: events_beside(&main), main }
    }

    /// The main database first: an event that is moved meanwhile is in both copies, which the mover puts right, and never
    /// in neither.
    fn copy(&self, directory: &Path) -> Result<Copies, StoreError> {
        let copies = Copies { main: directory.join(MAIN_COPY), events: directory.join(EVENTS_COPY) };
        copy_file(&self.main, &copies.main)?;
        copy_file(&self.events, &copies.events)?;
        Ok(copies)
    }
}

impl Store {
    /// Copies both databases into an existing folder while everything goes on; each copy is of one moment and has every
    /// write that was answered before. It blocks for as long as reading and writing all of it takes.
    ///
    /// # Errors
    /// [`StoreError::Memory`] for a store in memory; `Directory` and `Full` for what cannot be written.
    pub fn copy_into(&self, directory: &Path) -> Result<Copies, StoreError> {
        self.files().ok_or(StoreError::Memory)?.copy(directory)
    }

    /// The same of a store that nobody has open. It keeps others from opening it meanwhile, and upgrades nothing. Without
    /// a database there is nothing to copy.
    ///
    /// # Errors
    /// As [`Store::open`] and [`Store::copy_into`]; [`StoreError::Missing`] without a database.
    pub fn copy_closed(options: &StoreOptions, directory: &Path) -> Result<Copies, StoreError> {
        if options.in_memory {
            return Err(StoreError::Memory);
        }
        let files = Files::of(options);
        if !files.main.exists() {
            return Err(StoreError::Missing { path: files.main });
        }
        let _closed = Self::keep_closed(options)?;
        let looked = inspect(&files.main, Schema::Main.application_id(), Schema::Main.newest())?;
        inspect(&files.events, Schema::Events.application_id(), Schema::Events.newest())?;
        if looked.is_none() {
            return Err(StoreError::Missing { path: files.main });
        }
        files.copy(directory)
    }
}

impl Store {
    /// Opens copies, made in the empty folder `scratch`, of the databases of a server that does not run: the originals and
    /// what lies beside them stay as they are, with owners, times and locks, and need only be readable. Nothing is upgraded.
    /// Events can be many: they are looked at where they lie, unless a server that was killed left a log of them.
    ///
    /// # Errors
    /// As [`Store::open`]; paths in them are those of the copies.
    pub fn open_copy(options: &StoreOptions, scratch: &Path) -> Result<Self, StoreError> {
        if options.in_memory {
            return Err(StoreError::Memory);
        }
        let files = Files::of(options);
        check_directory(files.main.parent().unwrap_or(&options.directory))?;
        let _closed = (share_lock(&files.main)?, share_lock(&files.events)?);
        let still = Still::find(&files.events)?;
        let events = Some((&files.events, EVENTS_FILE)).filter(|_| still.is_none());
        for (file, name) in events.into_iter().chain([(&files.main, MAIN_COPY)]) {
            for suffix in ["", "-wal"] {
                copy_as_it_is(&with_suffix(file, suffix), &with_suffix(&scratch.join(name), suffix))?;
            }
        }
        let directory = scratch.to_path_buf();
        Self::open_with(&StoreOptions { directory, name: MAIN_COPY.to_owned(), migrate: false, ..options.clone() }, still)
    }
}

/// A database that nobody writes, and that needs no log to be read. No lock says so: a server that starts meanwhile must not be
/// kept from it.
#[derive(Debug)]
pub(crate) struct Still {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// Length, and time of the last change.
type Stamp = (u64, SystemTime);

impl Still {
    /// The file, if it has something in it and no log.
    fn find(path: &Path) -> Result<Option<Self>, StoreError> {
        let log = stamp(&with_suffix(path, "-wal")).map_err(|error| unusable(path, &error))?;
        let own = stamp(path).map_err(|error| unusable(path, &error))?;
        let is_still = log.is_none_or(|(length, _)| length == 0) && own.is_some_and(|(length, _)| length > 0);
        Ok(is_still.then(|| Self { path: path.to_path_buf(), stamp: own }))
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what was read of it was of one moment.
    ///
    /// # Errors
    /// `Locked`: a server had it meanwhile.
    pub(crate) fn confirm(&self) -> Result<(), StoreError> {
        drop(share_lock(&self.path)?);
        if stamp(&self.path).is_ok_and(|now| now == self.stamp) {
            return Ok(());
        }
        Err(StoreError::Locked { path: self.path.clone(), holder: "it has ended since".to_owned() })
    }
}

/// `None` without the file.
fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match std::fs::metadata(path).and_then(|found| Ok((found.len(), found.modified()?))) {
        Ok(stamp) => Ok(Some(stamp)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Copies a file that nobody has open, if it is there.
fn copy_as_it_is(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut source = match OpenOptions::new().read(true).open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(|error| unusable(from, &error))?,
    };
    let target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    target.and_then(|mut target| io::copy(&mut source, &mut target)).map(drop).map_err(|error| unusable(to, &error))
}

/// Keeps a store closed for as long as it lives.
#[derive(Debug)]
pub struct KeptClosed {
    _locks: (std::fs::File, std::fs::File),
}

impl Store {
    /// Keeps every server from opening this store, for whoever changes its files.
    ///
    /// # Errors
    /// `Locked` when one has it open; `Directory` without the folder.
    pub fn keep_closed(options: &StoreOptions) -> Result<KeptClosed, StoreError> {
        let files = Files::of(options);
        check_directory(files.main.parent().unwrap_or(&options.directory))?;
        Ok(KeptClosed { _locks: (take_lock(&files.main)?, take_lock(&files.events)?) })
    }
}

/// Looks at copies before they take the place of databases: that they are ours, sound, and of a version that this program
/// knows. Nothing is written.
///
/// # Errors
/// `Foreign`, `Corrupt`, `Newer`; [`StoreError::Missing`] when the main one is empty.
pub fn judge_copies(copies: &Copies) -> Result<(), StoreError> {
    let main = inspect(&copies.main, Schema::Main.application_id(), Schema::Main.newest())?;
    inspect(&copies.events, Schema::Events.application_id(), Schema::Events.newest())?;
    main.map(drop).ok_or_else(|| StoreError::Missing { path: copies.main.clone() })
}

/// Where the events of the main database at `main` lie.
pub fn events_beside(main: &Path) -> PathBuf {
    main.with_file_name(EVENTS_FILE)
}

/// Names of the files that a store of these options has in its folder beside the main database.
pub const COMPANIONS: [&str; 2] = [EVENTS_FILE, JOURNAL_FILE];

/// Whether a file called `name` belongs to the database file called `database`, but is not the database: its logs, its lock,
/// its copies from before upgrades.
pub fn is_companion(database: &str, name: &str) -> bool {
    let rest = name.strip_prefix(database);
    rest.is_some_and(|rest| matches!(rest, "-wal" | "-shm" | "-journal" | ".lock") || rest.starts_with(".backup-v"))
}
