//! The store: both databases, opened, checked and migrated.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::copies::Files;
use crate::copies::Still;
use crate::engine::connection::{create_private_file, open_memory, open_writer};
use crate::engine::inspection::{inspect, inspect_still};
use crate::engine::migration::{Schema, back_up};
use crate::engine::place::{check_directory, take_lock};
use crate::engine::{Database, Location};
use crate::transfers::{Journal, Late};
use crate::{
    Admins, ApiKeys, Checksums, DefenderHosts, DocumentUsers, EventActions, EventRules, Events, Folders, Groups, HostKeys,
    IpLists, ResumableUploads, RevokedTokens, Roles, SecretKeys, ServerCertificate, Settings, Setup, Shares, StoreError,
    Transfers, Users,
};

/// File of the events database, beside the main one.
pub(crate) const EVENTS_FILE: &str = "events.db";
/// Journal of uploads that begin, beside it.
pub(crate) const JOURNAL_FILE: &str = "uploads.journal";
/// Threads that read events: searches are rare.
const EVENT_READERS: usize = 1;

/// How to open the store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The data folder; it must exist. Not looked at with `in_memory`.
    pub directory: PathBuf,
    /// File name of the main database, or an absolute path.
    pub name: String,
    /// Keep everything in the memory of the process; nothing remains after its end.
    pub in_memory: bool,
    /// Threads that read the main database, at least 1.
    pub readers: usize,
    /// Whether an existing database may be brought to the schema of this program (`data_provider.update_mode`).
    pub migrate: bool,
}

impl StoreOptions {
    /// The usual options for a data folder.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), name: "entrepot.db".into(), in_memory: false, readers: 2, migrate: true }
    }

    /// A store that lives in memory.
    pub fn in_memory() -> Self {
        Self { in_memory: true, ..Self::new(PathBuf::new()) }
    }
}

/// The databases. Clones are handles of the same store; the last one that is dropped closes it, as `shutdown` does.
#[derive(Clone)]
pub struct Store {
    main: Arc<Database>,
    events: Arc<Database>,
    journal: Arc<Mutex<Journal>>,
    late: Arc<Late>,
    /// `None` in memory.
    files: Option<Arc<Files>>,
    /// The events that are only looked at.
    still: Option<Arc<Still>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens or creates the databases: checks the place, takes the lock, looks for damage, backs up and migrates.
    /// It blocks (some milliseconds; longer when a large database is migrated).
    ///
    /// # Errors
    /// Every refusal names its cure; a file that is refused has not been changed.
    pub fn open(options: StoreOptions) -> Result<Self, StoreError> {
        if options.in_memory {
            return Self::open_in_memory();
        }
        Self::open_with(&options, None)
    }

    /// The same with events that lie elsewhere and are only looked at.
    pub(crate) fn open_with(options: &StoreOptions, still: Option<Still>) -> Result<Self, StoreError> {
        let path = options.directory.join(&options.name);
        let directory = path.parent().map_or_else(|| options.directory.clone(), Path::to_path_buf);
        check_directory(&directory)?;
        let events_path = directory.join(EVENTS_FILE);
        if events_path == path {
            return Err(StoreError::Directory {
                path,
                detail: "this name is taken by the events database: choose another database name".into(),
            });
        }
        let files = Files::of(options);
        let lock = take_lock(&path)?;
        // The events file could be shared by two main databases of one folder.
        let events_lock = take_lock(&events_path)?;
        let main = inspect(&path, Schema::Main.application_id(), Schema::Main.newest())?;
        let events = match &still {
            Some(still) => inspect_still(still.path(), Schema::Events.application_id(), Schema::Events.newest())?,
            None => inspect(&events_path, Schema::Events.application_id(), Schema::Events.newest())?,
        };
        let mut main = open_file(&path, Schema::Main, main, options.migrate)?;
        let journal = Journal::open(&directory.join(JOURNAL_FILE), &mut main)?;
        let events = match &still {
            Some(still) if events.is_some() => {
                if events != Some(Schema::Events.newest()) {
                    return Err(outdated(still.path()));
                }
                let location = Location::Still(still.path().to_path_buf());
                Database::start("events", open_memory()?, &location, EVENT_READERS, Some(events_lock)).map(Arc::new)?
            }
            _ => {
                let events = open_file(&events_path, Schema::Events, events, options.migrate)?;
                start("events", events, events_path, EVENT_READERS, events_lock)?
            }
        };
        Ok(Self {
            main: start("store", main, path, options.readers, lock)?,
            events,
            journal: Arc::new(Mutex::new(journal)),
            late: Arc::default(),
            files: Some(Arc::new(files)),
            still: still.map(Arc::new),
        })
    }

    fn open_in_memory() -> Result<Self, StoreError> {
        let start = |name: &str, schema: Schema| {
            let mut connection = open_memory()?;
            migrate(&mut connection, schema, Path::new(":memory:"))?;
            Database::start(name, connection, &Location::Memory, 0, None).map(Arc::new)
        };
        let journal = Arc::new(Mutex::new(Journal::in_memory()));
        let (main, events) = (start("store", Schema::Main)?, start("events", Schema::Events)?);
        Ok(Self { main, events, journal, late: Arc::default(), files: None, still: None })
    }

    /// Where the databases lie.
    pub(crate) fn files(&self) -> Option<&Files> {
        self.files.as_deref()
    }

    /// Users.
    pub fn users(&self) -> Users {
        Users::new(Arc::clone(&self.main))
    }

    /// Checksums of files.
    pub fn checksums(&self) -> Checksums {
        Checksums::new(Arc::clone(&self.main))
    }

    /// Virtual folders.
    pub fn folders(&self) -> Folders {
        Folders::new(Arc::clone(&self.main))
    }

    /// Groups of users.
    pub fn groups(&self) -> Groups {
        Groups::new(Arc::clone(&self.main))
    }

    /// Administrators.
    pub fn admins(&self) -> Admins {
        Admins::new(Arc::clone(&self.main))
    }

    /// API keys.
    pub fn api_keys(&self) -> ApiKeys {
        ApiKeys::new(Arc::clone(&self.main))
    }

    /// Roles.
    pub fn roles(&self) -> Roles {
        Roles::new(Arc::clone(&self.main))
    }

    /// Actions of event rules.
    pub fn event_actions(&self) -> EventActions {
        EventActions::new(Arc::clone(&self.main))
    }

    /// Event rules.
    pub fn event_rules(&self) -> EventRules {
        EventRules::new(Arc::clone(&self.main))
    }

    /// Shares of users.
    pub fn shares(&self) -> Shares {
        Shares::new(Arc::clone(&self.main))
    }

    /// Uploads that are not settled, and the settlement of transfers.
    pub fn transfers(&self) -> Transfers {
        Transfers::new(Arc::clone(&self.main), Arc::clone(&self.journal), Arc::clone(&self.late))
    }

    /// Uploads of a file in several requests.
    pub fn resumable_uploads(&self) -> ResumableUploads {
        ResumableUploads::new(Arc::clone(&self.main))
    }

    /// Stored events.
    pub fn events(&self) -> Events {
        Events::new(Arc::clone(&self.main), Arc::clone(&self.events))
    }

    /// Settings that were saved by an administrator.
    pub fn settings(&self) -> Settings {
        Settings::new(Arc::clone(&self.main))
    }

    /// Sealed signing keys.
    pub fn secret_keys(&self) -> SecretKeys {
        SecretKeys::new(Arc::clone(&self.main))
    }

    /// Keys by which SSH clients know the server.
    pub fn host_keys(&self) -> HostKeys {
        HostKeys::new(Arc::clone(&self.main))
    }

    /// The certificate that services without files of their own show.
    pub fn server_certificate(&self) -> ServerCertificate {
        ServerCertificate::new(Arc::clone(&self.main))
    }

    /// Tokens that were logged out.
    pub fn revoked_tokens(&self) -> RevokedTokens {
        RevokedTokens::new(Arc::clone(&self.main))
    }

    /// Networks that are let in, kept out, trusted or not slowed down.
    pub fn ip_lists(&self) -> IpLists {
        IpLists::new(Arc::clone(&self.main))
    }

    /// Scores and bans of hosts.
    pub fn defender_hosts(&self) -> DefenderHosts {
        DefenderHosts::new(Arc::clone(&self.main))
    }

    /// Users of an office server.
    pub fn document_users(&self) -> DocumentUsers {
        DocumentUsers::new(Arc::clone(&self.main))
    }

    /// The token of the first start.
    pub fn setup(&self) -> Setup {
        Setup::new(Arc::clone(&self.main))
    }

    /// Looks through both databases page by page (`PRAGMA quick_check`) and answers what is wrong with them; empty if
    /// nothing is. It takes as long as reading them does, beside everything else.
    ///
    /// # Errors
    /// [`StoreError::Database`] when one cannot be read at all; [`StoreError::Locked`] when a server wrote one meanwhile that was
    /// only looked at.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = self.main.read(crate::engine::inspection::quick_check).await?;
        let events = self.events.read(crate::engine::inspection::quick_check).await;
        let is_sound = events.as_ref().is_ok_and(Vec::is_empty);
        if let Some(still) = self.still.as_ref().filter(|_| !is_sound) {
            still.confirm()?;
        }
        wrong.extend(events?);
        Ok(wrong)
    }

    /// Waits until everything that was submitted is on the disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.main.flush().await
    }

    /// Carries out what is queued, folds the logs into the files and closes them. Later calls answer `Closed`.
    pub async fn shutdown(&self) -> Result<(), StoreError> {
        let main = self.main.shutdown().await;
        let events = self.events.shutdown().await;
        main.and(events)
    }
}

fn start(name: &str, connection: Connection, path: PathBuf, readers: usize, lock: File) -> Result<Arc<Database>, StoreError> {
    Database::start(name, connection, &Location::File(path), readers, Some(lock)).map(Arc::new)
}

/// Opens a file that has been looked at, and brings it to the newest schema.
fn open_file(path: &Path, schema: Schema, version: Option<i32>, may_migrate: bool) -> Result<Connection, StoreError> {
    create_private_file(path)?;
    let mut connection = open_writer(path, schema == Schema::Events)?;
    if version == Some(schema.newest()) {
        return Ok(connection);
    }
    if let Some(version) = version {
        if !may_migrate {
            return Err(outdated(path));
        }
        let backup = back_up(&connection, path, version)?;
        tracing::info!(path = %path.display(), backup = %backup.display(), "the database is upgraded");
    }
    migrate(&mut connection, schema, path)?;
    Ok(connection)
}

/// It may not be upgraded here.
fn outdated(path: &Path) -> StoreError {
    let detail = "data_provider.update_mode forbids it at start; run initprovider".into();
    StoreError::Migration { path: path.to_path_buf(), detail }
}

fn migrate(connection: &mut Connection, schema: Schema, path: &Path) -> Result<(), StoreError> {
    schema.migrate(connection).map_err(|detail| StoreError::Migration { path: path.to_path_buf(), detail })
}
