//! Certificates while the server runs: files are read again when they change, and ACME keeps its own.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entrepot_config::Settings;
use entrepot_core::{
    Core,
    admin::certificate,
    identity::{CertificateFault, CertificatePair, CertificateService},
};
use entrepot_http::Binding;
use entrepot_model::certificate::{CertificateFacts, HTTPS};
use entrepot_net::{
    CertificateEvents, NetError,
    acme::{Challenges, Keeper, KeeperOptions, Plan},
    tls::{self, CertificateStore, ClientAuthorities, KeptCertificate, PairFault},
};

/// Between two looks at the files (TLS-003; the reference looks every eight hours, which is long for whoever just copied one).
const POLL: Duration = Duration::from_secs(60);

/// What listeners show and believe.
#[derive(Default)]
pub(crate) struct Certificates {
    /// The first is that of the first HTTPS binding.
    pub(crate) stores: Vec<Arc<CertificateStore>>,
    /// Authorities of client certificates.
    pub(crate) authorities: Vec<Arc<ClientAuthorities>>,
    /// The certificate of the database.
    kept: KeptCertificate,
    /// Obtains certificates, if the settings want any.
    pub(crate) keeper: Option<Arc<Keeper>>,
    /// What the last look complained about.
    complaints: Mutex<BTreeSet<String>>,
}

impl Certificates {
    pub(crate) fn new(
        stores: Vec<Arc<CertificateStore>>,
        authorities: Vec<Arc<ClientAuthorities>>,
        kept: KeptCertificate,
    ) -> Self {
        Self { stores, authorities, kept, ..Self::default() }
    }

    /// Reads changed files. What went wrong is logged; `again` also if it was logged before.
    pub(crate) fn reload(&self, again: bool) {
        let stores = self.stores.iter().map(|store| store.reload().err());
        let authorities = self.authorities.iter().map(|authorities| authorities.reload().err());
        let found: BTreeSet<String> = stores.chain(authorities).flatten().map(|error: NetError| error.to_string()).collect();
        let mut known = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        for error in found.iter().filter(|error| again || !known.contains(*error)) {
            tracing::error!(error, "a certificate file cannot be used; what was read before stays in use");
        }
        *known = found;
    }

    /// Somebody wants it now (SIG-001).
    pub(crate) fn reload_now(&self) {
        self.reload(true);
        if let Some(keeper) = &self.keeper {
            keeper.try_now();
        }
    }

    /// Starts what goes on beside everything else.
    pub(crate) fn watch(self: &Arc<Self>, core: &Core) {
        let (watched, tasks) = (self.clone(), core.tasks().clone());
        core.tasks().spawn(async move {
            while tasks.rest(POLL).await {
                let watched = watched.clone();
                if tasks.storage().run(move || watched.reload(false)).await.is_err() {
                    return;
                }
            }
        });
        if let Some(keeper) = self.keeper.clone() {
            let stopping = core.tasks().stopping();
            core.tasks().spawn(async move {
                tokio::select! {
                    () = stopping.cancelled() => {}
                    () = keeper.run() => {}
                }
            });
        }
    }
}

/// The certificate of the database, for the listeners that are about to begin (TLS-006).
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn kept(core: &Core) -> entrepot_core::Result<KeptCertificate> {
    Ok(opened(&core.settings(), certificate::kept(core).await?))
}

/// The same, as it was read from the database.
pub(crate) fn opened(settings: &Settings, kept: Option<(CertificatePair, i64)>) -> KeptCertificate {
    let place = KeptCertificate::default();
    let Some((pair, protocols)) = kept else { return place };
    if certificate::is_acme_on(settings) {
        tracing::warn!("acme.domains is set: the certificate that is kept in the database is not shown");
    } else if protocols & HTTPS != 0 {
        place.set(read(&pair));
    }
    place
}

/// It was understood when it was stored.
fn read(pair: &CertificatePair) -> Option<tls::CertificatePair> {
    match tls::CertificatePair::read(&pair.certificate, pair.private_key.expose()) {
        Ok(pair) => Some(pair),
        Err(fault) => {
            tracing::error!(?fault, "the certificate of the database cannot be used");
            None
        }
    }
}

impl CertificateService for Certificates {
    fn read(&self, pair: &CertificatePair) -> Result<CertificateFacts, CertificateFault> {
        let read = tls::CertificatePair::read(&pair.certificate, pair.private_key.expose());
        read.map(|pair| pair.facts()).map_err(|fault| match fault {
            PairFault::Chain(reason) => CertificateFault { field: "certificate", reason },
            PairFault::Key(reason) => CertificateFault { field: "private_key", reason },
        })
    }

    fn describe(&self, chain: &str) -> Option<CertificateFacts> {
        tls::describe(chain)
    }

    fn show(&self, pair: Option<&CertificatePair>) {
        self.kept.set(pair.and_then(read));
        self.reload(false);
    }

    fn is_shown(&self) -> bool {
        self.stores.iter().any(|store| store.is_kept())
    }
}

/// The keeper of the certificates of `plan`, with the listeners that answer for it.
pub(crate) fn keeper(
    core: &Core,
    plan: Plan,
    challenges: Arc<Challenges>,
    stores: &[Arc<CertificateStore>],
    listeners: &[(Binding, SocketAddr)],
) -> Keeper {
    let ports = |is_encrypted: bool| {
        let wanted = listeners.iter().filter(|(binding, _)| binding.tls.is_some() == is_encrypted);
        wanted.map(|(_, address)| address.port()).collect()
    };
    Keeper::new(KeeperOptions {
        plan,
        challenges,
        stores: stores.to_vec(),
        http_ports: ports(false),
        tls_ports: ports(true),
        events: Arc::new(Reports(core.clone())),
    })
}

/// Hands attempts on to the core (ACME-010).
struct Reports(Core);

impl CertificateEvents for Reports {
    fn attempted(&self, domains: &str, outcome: Result<(), &str>) {
        self.0.certificate_attempted(domains, outcome.err());
    }
}
