//! The core itself: everything that lives as long as the server, in one place.

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use entrepot_config::Settings;
use entrepot_secrets::Sealer;
use entrepot_store::Store;

use crate::{
    Clock, EventSink, Hooks, Result, Tasks,
    accounts::{Accounts, Administrators},
    admin::first_steps::Lookout,
    audit::Audit,
    documents,
    fs::door::Storages,
    gates::{self, Gates},
    identity::Identity,
    jobs::Jobs,
    lease::{self, Leases},
    live::Live,
    login::CredentialCache,
    metrics::Metrics,
    quota::{QuotaLedger, Scans},
    registry::Registry,
    resumable,
    services::Services,
    shares,
    throttle::Buckets,
    tokens::TokenKeys,
    transfer::{digest::WaitingDigests, names::Names, partials::PartialIndex, reaper, recovery},
};

/// What the core is made of.
pub struct CoreOptions {
    /// Live settings; swapped as a whole when one changes.
    pub settings: Arc<ArcSwap<Settings>>,
    /// Folder of database, keys and certificates. No storage root may contain it or lie in it.
    pub data_directory: PathBuf,
    /// The databases.
    pub store: Store,
    /// Seals secrets at rest.
    pub sealer: Sealer,
    /// Main runtime, pools, tracker.
    pub tasks: Tasks,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
    /// Rules and programs that have a say.
    pub hooks: Arc<dyn Hooks>,
    /// Where events go besides the database.
    pub sink: Arc<dyn EventSink>,
    /// Opens storages.
    pub storages: Arc<dyn Storages>,
}

/// The heart of the server; cheap to clone.
#[derive(Clone)]
pub struct Core(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub settings: Arc<ArcSwap<Settings>>,
    pub data_directory: PathBuf,
    pub store: Store,
    pub sealer: Sealer,
    pub tasks: Tasks,
    pub clock: Arc<dyn Clock>,
    pub hooks: Arc<dyn Hooks>,
    pub storages: Arc<dyn Storages>,
    pub accounts: Accounts,
    pub administrators: Administrators,
    pub credentials: CredentialCache,
    pub tokens: TokenKeys,
    pub ledger: QuotaLedger,
    pub scans: Scans,
    pub registry: Registry,
    pub leases: Leases,
    pub jobs: Jobs,
    pub live: Live,
    pub services: Services,
    pub shares: shares::Desk,
    pub documents: documents::Desk,
    pub gates: Gates,
    pub identity: Identity,
    pub buckets: Buckets,
    pub partials: PartialIndex,
    pub digests: WaitingDigests,
    pub names: Names,
    pub turns: Arc<resumable::Turns>,
    pub audit: Audit,
    pub metrics: Arc<Metrics>,
    pub reaper: reaper::Reaper,
    pub lookout: Lookout,
}

impl Core {
    /// Builds the core, replays what a crash left behind, and starts its background tasks.
    ///
    /// # Errors
    /// When the database cannot be read. Storages that cannot be reached do not stop the start: their intents wait.
    pub async fn start(options: CoreOptions) -> Result<Self> {
        let CoreOptions { settings, data_directory, store, sealer, tasks, clock, hooks, sink, storages } = options;
        let tokens = TokenKeys::load(&store, &sealer, &settings.load(), clock.as_ref()).await?;
        let partials = PartialIndex::load(&store).await?;
        let gates = Gates::load(&store, &settings.load(), clock.as_ref()).await;
        let gates = gates.map_err(|error| crate::Error::internal("reading the IP lists", error))?;
        let (reaper, reaped) = reaper::Reaper::new();
        let metrics = Arc::new(Metrics::default());
        let core = Self(Arc::new(Inner {
            audit: Audit::new(store.clone(), clock.clone(), sink, tasks.clone(), metrics.clone()),
            metrics,
            accounts: Accounts::default(),
            administrators: Administrators::default(),
            credentials: CredentialCache::new(),
            ledger: QuotaLedger::default(),
            scans: Scans::default(),
            registry: Registry::default(),
            leases: Leases::default(),
            jobs: Jobs::default(),
            live: Live::default(),
            services: Services::default(),
            shares: shares::Desk::default(),
            documents: documents::Desk::new(clock.seconds()),
            gates,
            identity: Identity::default(),
            buckets: Buckets::default(),
            settings,
            data_directory,
            store,
            sealer,
            tasks,
            clock,
            hooks,
            storages,
            tokens,
            partials,
            digests: WaitingDigests::default(),
            names: Names::default(),
            turns: Arc::default(),
            reaper,
            lookout: Lookout::default(),
        }));
        recovery::replay(&core).await?;
        core.0.tasks.spawn(reaper::run(core.clone(), reaped));
        core.0.tasks.spawn(crate::audit::move_outbox(core.clone()));
        core.0.tasks.spawn(crate::audit::expire(core.clone()));
        core.0.tasks.spawn(crate::transfer::partials::expire(core.clone()));
        core.0.tasks.spawn(crate::transfer::store_late(core.clone()));
        core.0.tasks.spawn(resumable::expire(core.clone()));
        core.0.tasks.spawn(crate::registry::close_idle(core.clone()));
        core.0.tasks.spawn(crate::registry::sample(core.clone()));
        core.0.tasks.spawn(lease::expire(core.clone()));
        core.0.tasks.spawn(crate::quota::reconcile(core.clone()));
        core.0.tasks.spawn(gates::tend(core.clone()));
        Ok(core)
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings.load_full()
    }

    /// Spawning and pools.
    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Source of time.
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// What services report about themselves.
    pub fn services(&self) -> &Services {
        &self.0.services
    }

    /// Told when a certificate was obtained or renewed, or could not be: rules may wait for that (ACME-010).
    pub fn certificate_attempted(&self, domains: &str, error: Option<&str>) {
        self.0.audit.certificate_attempted(domains, error);
    }

    /// Folder of the server's own data.
    pub fn data_directory(&self) -> &std::path::Path {
        &self.0.data_directory
    }

    /// Number of running transfers: what a stopping server may wait for (LIM-009).
    pub fn running_transfers(&self) -> usize {
        self.0.registry.running_transfers()
    }

    /// Ends the server's work: sessions are told to end and no new one is taken, transfers in flight become partials,
    /// tasks are awaited up to `patience`, and the databases are brought to rest. Returns whether everything ended in time.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.0.registry.close_all();
        reaper::drain(self, patience).await;
        self.0.tasks.stopping().cancel();
        let ended = self.0.tasks.stop(patience).await;
        crate::audit::flush(self).await;
        gates::remember(self).await;
        if let Err(error) = self.0.store.shutdown().await {
            tracing::error!(%error, "closing the databases");
        }
        ended
    }
}
