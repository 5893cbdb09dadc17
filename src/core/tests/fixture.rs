//! A core with accounts made from the JSON of the contract, storages that can be told to fail, a clock that stands still
//! and hooks that wait for a word.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use entrepot_config::Settings;
use entrepot_model::{BaseVirtualFolder, User, VirtualPath, event::FsEvent};
use entrepot_secrets::Sealer;
use entrepot_storage::{
    Backend,
    memory::{FaultPlan, MemoryBackend, MemoryOptions, MemoryWrites},
};
use entrepot_store::{Store, StoreOptions, UploadIntent};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    Authenticated, Clock, Core, CoreOptions, FsEventFilter, HookContext, HookFuture, Hooks, ManualClock, NoEventSink, Operation,
    Peer, Result, Session, Tasks,
    fs::door::{BuiltInStorages, StorageRequest, Storages},
    quota::{QuotaOwner, Usage},
    transfer::overlay::Overlay,
};

/// Bytes of a part on the sequential storages.
pub const PART: u64 = 8;

/// Storages in memory, found by their root: `/memory/…` is written anywhere, `/object/…` front to back and resumable,
/// `/stream/…` front to back and not resumable. Every other root is a folder of this machine.
#[derive(Default)]
pub struct TestStorages(Mutex<HashMap<PathBuf, Arc<MemoryBackend>>>);

impl TestStorages {
    /// The storage in memory of that root, made if there is none yet.
    pub fn memory(&self, root: &str) -> Arc<MemoryBackend> {
        self.memory_with(root, FaultPlan::default())
    }

    /// As [`TestStorages::memory`], with faults that hold from the beginning.
    pub fn memory_with(&self, root: &str, faults: FaultPlan) -> Arc<MemoryBackend> {
        let writes = match root.split('/').nth(1) {
            Some("object") => MemoryWrites::Sequential { part_size: PART, resumable: true },
            Some("stream") => MemoryWrites::Sequential { part_size: PART, resumable: false },
            _ => MemoryWrites::Random,
        };
        let mut storages = self.0.lock();
        let made = storages.entry(root.into()).or_insert_with(|| Arc::new(MemoryBackend::new(MemoryOptions { writes, faults })));
        made.clone()
    }
}

/// What the core gets: a storage of an account is a handle of the one in memory.
struct Shared(Arc<TestStorages>);

impl Storages for Shared {
    fn open(&self, request: &StorageRequest<'_>, tasks: &Tasks) -> Result<Arc<dyn Backend>> {
        let root = request.root.to_string_lossy();
        if ["/memory/", "/object/", "/stream/"].iter().any(|prefix| root.starts_with(prefix)) {
            return Ok(self.0.memory(&root));
        }
        BuiltInStorages.open(request, tasks)
    }
}

/// Hooks that can be made to wait and to refuse, and that remember what they were asked.
#[derive(Default)]
pub struct TestHooks {
    /// Whether they are configured at all.
    pub enabled: std::sync::atomic::AtomicBool,
    /// What `before` and `before_publish` answer.
    pub refuse: Mutex<Vec<&'static str>>,
    /// `before_publish` waits for a permit here, if there is one.
    pub gate: Mutex<Option<Arc<Semaphore>>>,
    /// What they were asked.
    pub calls: Mutex<Vec<(&'static str, Operation, VirtualPath)>>,
    /// Signalled with each call.
    pub called: tokio::sync::Notify,
}

impl TestHooks {
    fn note(&self, call: &'static str, context: &HookContext) -> Result<()> {
        self.calls.lock().push((call, context.operation, context.path.clone()));
        self.called.notify_one();
        if self.refuse.lock().contains(&call) {
            return Err(crate::Denial::new("hooks", format!("{call} refuses")).into());
        }
        Ok(())
    }

    /// Switches them on.
    pub fn enable(&self) {
        self.enabled.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// From now on a commit waits until the gate gets a permit.
    pub fn close_gate(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock() = Some(gate.clone());
        gate
    }
}

struct SharedHooks(Arc<TestHooks>);

impl Hooks for SharedHooks {
    fn wants(&self, _: Operation) -> bool {
        self.0.enabled.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn before<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(async move { self.0.note("before", context) })
    }

    fn before_publish<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(async move {
            let verdict = self.0.note("before_publish", context);
            let gate = self.0.gate.lock().clone();
            if let Some(gate) = gate {
                gate.acquire().await.expect("open gate").forget();
            }
            verdict
        })
    }

    fn after<'a>(&'a self, context: &'a HookContext) -> HookFuture<'a, ()> {
        Box::pin(async move { self.0.note("after", context) })
    }
}

/// A core and everything around it.
pub struct Fixture {
    pub core: Core,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub hooks: Arc<TestHooks>,
    pub storages: Arc<TestStorages>,
    pub settings: Arc<ArcSwap<Settings>>,
    pub folder: tempfile::TempDir,
    /// Tasks that run as long as the core.
    background: usize,
}

/// What a core is started over: what a crash leaves.
pub struct Remains {
    pub store: Store,
    pub storages: Arc<TestStorages>,
    pub folder: tempfile::TempDir,
}

impl Remains {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            store: Store::open(StoreOptions::in_memory()).expect("store"),
            storages: Arc::default(),
            folder: tempfile::tempdir().expect("folder"),
        }
    }

    /// Stores a user made from `fields` over an enabled one with all permissions and a home in memory.
    pub async fn user(&self, name: &str, fields: Value) {
        let user = user(name, fields);
        self.store.users().insert(user, None, 1).await.expect("user");
    }

    /// Starts a core over it.
    pub async fn start(self) -> Fixture {
        Fixture::start(self, |_| {}).await
    }
}

/// A user as a client of the REST interface would send it.
pub fn user(name: &str, fields: Value) -> User {
    let mut document = json!({
        "username": name, "status": 1, "home_dir": format!("/memory/{name}"), "permissions": { "/": ["*"] },
    });
    if let (Some(document), Value::Object(fields)) = (document.as_object_mut(), fields) {
        document.extend(fields);
    }
    serde_json::from_value(document).expect("user")
}

impl Fixture {
    /// An empty core.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// An empty core with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(Remains::new(), change).await
    }

    /// A core with the user `alice`, with `fields` besides the usual ones, and a session of hers.
    pub async fn alice(fields: Value) -> (Self, Session) {
        let fixture = Self::new().await;
        fixture.user("alice", fields).await;
        let session = fixture.session("alice").await;
        (fixture, session)
    }

    async fn start(remains: Remains, change: impl FnOnce(&mut Settings)) -> Self {
        let Remains { store, storages, folder } = remains;
        let sources = entrepot_config::Sources::new(folder.path().join("data"));
        let mut settings = entrepot_config::load(sources).expect("settings").settings;
        change(&mut settings);
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let clock = Arc::new(ManualClock::at_millis(1_728_302_400_000));
        let hooks = Arc::new(TestHooks::default());
        let core = Core::start(CoreOptions {
            settings: settings.clone(),
            data_directory: folder.path().join("data"),
            store: store.clone(),
            sealer: Sealer::default(),
            tasks: Tasks::new(Handle::current(), 1),
            clock: clock.clone() as Arc<dyn Clock>,
            hooks: Arc::new(SharedHooks(hooks.clone())),
            sink: Arc::new(NoEventSink),
            storages: Arc::new(Shared(storages.clone())),
        })
        .await
        .expect("core");
        let background = core.tasks().running();
        Self { core, store, clock, hooks, storages, settings, folder, background }
    }

    /// Swaps the settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::clone(&self.settings.load());
        change(&mut settings);
        self.settings.store(Arc::new(settings));
    }

    /// Adds a user.
    pub async fn user(&self, name: &str, fields: Value) {
        self.store.users().insert(user(name, fields), None, 1).await.expect("user");
    }

    /// Adds a folder.
    pub async fn folder(&self, name: &str, mapped_path: &str) {
        let folder = BaseVirtualFolder { name: name.into(), mapped_path: mapped_path.into(), ..BaseVirtualFolder::default() };
        self.store.folders().insert(folder).await.expect("folder");
    }

    /// A folder of this machine for the test, made.
    pub fn directory(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir(&path).expect("directory");
        path.to_string_lossy().into_owned()
    }

    /// A login of that user, as if its credentials had been accepted.
    pub async fn login(&self, name: &str) -> Authenticated {
        let since = self.core.0.registry.moment();
        let account = self.core.0.accounts.load(&self.core, name).await.expect("account").expect("user exists");
        let remote: SocketAddr = "192.0.2.7:40000".parse().expect("address");
        let peer = Peer {
            remote,
            local: None,
            client_version: "test".to_owned(),
            encryption: String::new(),
            connection_id: String::new(),
        };
        Authenticated { core: self.core.clone(), account, peer, overlay: Arc::new(Overlay::default()), since }
    }

    /// A session of that user, on a connection of its own.
    pub async fn session(&self, name: &str) -> Session {
        let id = format!("SFTP_{}", uuid::Uuid::new_v4().simple());
        self.login(name).await.open_session("SFTP", id).expect("session")
    }

    /// The storage in memory of a user with the usual home.
    pub fn memory(&self, name: &str) -> Arc<MemoryBackend> {
        self.storages.memory(&format!("/memory/{name}"))
    }

    /// Waits until every dropped upload is settled.
    pub async fn settled(&self) {
        self.core.0.reaper.settled().await;
        self.store.flush().await.expect("flush");
    }

    /// Waits until nothing goes on any more that was begun and abandoned.
    pub async fn quiet(&self) {
        while self.core.tasks().running() > self.background {
            tokio::task::yield_now().await;
        }
        self.settled().await;
    }

    /// What the ledger says a user has used; it must be what the database says.
    pub async fn used(&self, name: &str) -> Usage {
        self.store.flush().await.expect("flush");
        let ledger = self.core.0.ledger.ensure(&QuotaOwner::User(name.into()), Usage::default()).usage();
        let stored = self.store.users().usage(name).await.expect("usage").expect("user");
        assert_eq!((stored.used_quota_files, stored.used_quota_size), (ledger.files, ledger.size), "database and ledger");
        ledger
    }

    /// As [`Fixture::used`], for a folder.
    pub async fn used_by_folder(&self, name: &str) -> Usage {
        self.store.flush().await.expect("flush");
        let ledger = self.core.0.ledger.ensure(&QuotaOwner::Folder(name.into()), Usage::default()).usage();
        let stored = self.store.folders().usage(name).await.expect("usage").expect("folder");
        assert_eq!((stored.used_quota_files, stored.used_quota_size), (ledger.files, ledger.size), "database and ledger");
        ledger
    }

    /// The file system events, oldest first.
    pub async fn events(&self) -> Vec<FsEvent> {
        self.store.flush().await.expect("flush");
        let mut events = self.core.search_fs_events(FsEventFilter::default()).await.expect("events");
        events.reverse();
        events
    }

    /// Action, path and status of the events, oldest first.
    pub async fn actions(&self) -> Vec<(String, String, i64)> {
        let events = self.events().await;
        events.into_iter().map(|event| (event.action, event.virtual_path, event.status)).collect()
    }

    /// The rows of partials and unfinished uploads of a user.
    pub async fn rows(&self, name: &str) -> (Vec<UploadIntent>, Vec<UploadIntent>) {
        self.store.flush().await.expect("flush");
        let partials = self.store.transfers().list_partials(name).await.expect("partials");
        (partials, self.store.transfers().list_open().await.expect("open"))
    }
}
