//! The wiring that `serve` and `portable` share: which room gets which other, in which order they start, and in which they
//! stop.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use entrepot_config::{DefaultAdmin, Settings};
use entrepot_core::{
    Core, CoreOptions, NoEventSink, NoHooks, SystemClock, Tasks, admin::settings::Configuration, fs::door::BuiltInStorages,
};
use entrepot_http::{Running, ServeOptions};
use entrepot_secrets::Sealer;
use entrepot_sftp::HostKey;
use entrepot_store::Store;
use entrepot_web::{Site, SiteOptions};
use tokio::runtime::Handle;

use crate::{
    bindings::WebBindings,
    certificates::{self, Certificates, keeper},
    exit::{self, Failure},
    gate::Gate,
    initial_data, runtime,
    ssh_service::SshService,
    telemetry::Telemetry,
    version,
};

/// How long what runs may take to come to rest, after the grace time.
const DRAIN: Duration = Duration::from_secs(30);
/// How long requests over HTTP may take to end when the server stops.
const HTTP_DRAIN: Duration = Duration::from_secs(10);
/// Between two looks at what still runs.
const LOOK: Duration = Duration::from_millis(100);

/// What differs from start to start.
pub(crate) struct HouseOptions {
    /// The settings, checked.
    pub(crate) settings: Settings,
    /// Where they come from, if they can be changed.
    pub(crate) configuration: Option<Configuration>,
    /// Folder of the server's own data, as the core sees it.
    pub(crate) data_directory: PathBuf,
    /// The databases.
    pub(crate) store: Store,
    /// Free ports instead of the configured ones.
    pub(crate) any_port: bool,
    /// Whether the web is served.
    pub(crate) web: bool,
    /// The administrator to make if there is none.
    pub(crate) default_admin: Option<DefaultAdmin>,
    /// Whether the backup that the settings name is loaded.
    pub(crate) load_initial_data: bool,
}

/// A listener of the web.
#[derive(Debug, Clone)]
pub(crate) struct WebAddress {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// HTTPS.
    pub(crate) is_encrypted: bool,
    /// Sends everybody elsewhere.
    pub(crate) redirects: bool,
    /// Serves the pages of administrators, and with them the setup.
    pub(crate) has_setup: bool,
    /// Address of the server as clients see it, if configured.
    pub(crate) base_url: String,
}

/// Everything that runs.
pub(crate) struct House {
    /// The heart.
    pub(crate) core: Core,
    /// SFTP.
    pub(crate) ssh: Arc<SshService>,
    /// Listeners of the web.
    pub(crate) web: Vec<WebAddress>,
    /// Metrics and health, if they are on.
    pub(crate) telemetry: Option<Telemetry>,
    /// Certificates of the web.
    pub(crate) certificates: Arc<Certificates>,
    http: Option<Running>,
    gate: Arc<Gate>,
}

/// The core over an opened store, without any service.
pub(crate) async fn start_core(
    settings: Arc<ArcSwap<Settings>>,
    data_directory: PathBuf,
    store: Store,
    sealer: Sealer,
) -> anyhow::Result<Core> {
    let options = CoreOptions {
        settings,
        data_directory,
        store,
        sealer,
        tasks: Tasks::new(Handle::current(), runtime::processors()),
        clock: Arc::new(SystemClock),
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(BuiltInStorages),
    };
    Core::start(options).await.map_err(|error| Failure::with_code(exit::DATA, format!("the server cannot start: {error}")))
}

/// What seals secrets, by the settings.
pub(crate) fn sealer(settings: &Settings) -> anyhow::Result<Sealer> {
    let sealer = settings.kms.secrets.sealer();
    sealer.map_err(|error| Failure::with_code(exit::CONFIGURATION, format!("kms.secrets: {error}")))
}

async fn make_default_admin(core: &Core, admin: &DefaultAdmin) -> anyhow::Result<()> {
    let added = core.create_default_admin(&admin.username, admin.password.expose()).await;
    let added = added.map_err(|error| {
        let message = format!("the administrator of ENTREPOT_DEFAULT_ADMIN_USERNAME and _PASSWORD cannot be made: {error}");
        Failure::with_code(exit::CONFIGURATION, message)
    })?;
    if added {
        tracing::info!(username = admin.username, "made the administrator that the environment names");
    }
    Ok(())
}

impl House {
    /// Starts the core and every service that the settings turn on. When it answers, all of them accept.
    ///
    /// # Errors
    /// The first thing that cannot be had; what was started before is stopped.
    pub(crate) async fn start(options: HouseOptions) -> anyhow::Result<Self> {
        let HouseOptions { settings, configuration, data_directory, store, any_port, web, default_admin, load_initial_data } =
            options;
        let has_sftp = settings.sftpd.bindings.iter().any(|binding| binding.port != 0);
        let has_web = web && settings.httpd.bindings.iter().any(|binding| binding.port != 0);
        if !has_sftp && !has_web {
            // LOAD-008
            return Err(Failure::plain("no service configured, nothing to do: give a binding of sftpd or httpd a port"));
        }
        let sealer = sealer(&settings)?;
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let core = start_core(settings, data_directory, store, sealer).await?;
        if let Some(configuration) = configuration {
            core.services().configure_from(configuration);
        }
        // Before anything listens: nobody may meet a server that waits for its setup.
        if let Some(admin) = default_admin {
            make_default_admin(&core, &admin).await?;
        }
        if load_initial_data {
            initial_data::load(&core).await;
        }
        let gate = Arc::new(Gate(core.clone()));
        let ssh = Arc::new(SshService::new(core.clone(), gate.clone(), any_port));
        core.services().listen_with(ssh.clone());
        let mut house = Self { core, ssh, web: Vec::new(), telemetry: None, certificates: Arc::default(), http: None, gate };
        let mut started = house.ssh.listen(&house.core.settings()).await;
        if started.is_ok() && has_web {
            started = house.start_web(any_port).await;
        }
        if started.is_ok() {
            started = house.start_telemetry(any_port).await;
        }
        match started {
            Ok(()) => Ok(house),
            Err(error) => {
                house.stop(Duration::ZERO).await;
                Err(error)
            }
        }
    }

    async fn start_web(&mut self, any_port: bool) -> anyhow::Result<()> {
        let settings = self.core.settings();
        let web = WebBindings::from_settings(&settings, any_port, certificates::kept(&self.core).await?)?;
        let site = Site::new(SiteOptions {
            core: self.core.clone(),
            certificate: web.stores.first().cloned(),
            version: version::info(),
        });
        let running = entrepot_http::serve(
            ServeOptions {
                bindings: web.bindings.iter().map(|(_, binding)| binding.clone()).collect(),
                workers: ServeOptions::default_workers(),
                sender: "httpd",
                gatekeeper: self.gate.clone(),
                challenges: web.acme.as_ref().map(|(_, challenges)| challenges.clone()),
                refuse: entrepot_web::refuse,
                patience: HTTP_DRAIN,
            },
            entrepot_web::routes(site),
        )
        .await?;
        self.web = web
            .bindings
            .iter()
            .zip(&running.addresses)
            .map(|((index, binding), address)| WebAddress {
                address: *address,
                is_encrypted: binding.tls.is_some(),
                redirects: binding.tls.is_none() && binding.redirect != entrepot_http::Redirect::None,
                has_setup: binding.features.web_admin,
                base_url: settings.httpd.bindings[*index].base_url.clone(),
            })
            .collect();
        let listeners: Vec<_> = web.bindings.into_iter().map(|(_, binding)| binding).zip(running.addresses.clone()).collect();
        let mut certificates = Certificates::new(web.stores, web.authorities, web.kept);
        certificates.keeper =
            web.acme.map(|(plan, challenges)| Arc::new(keeper(&self.core, plan, challenges, &certificates.stores, &listeners)));
        self.certificates = Arc::new(certificates);
        self.core.identity().show_certificate_with(self.certificates.clone());
        self.certificates.watch(&self.core);
        self.http = Some(running);
        Ok(())
    }

    async fn start_telemetry(&mut self, any_port: bool) -> anyhow::Result<()> {
        self.telemetry = Telemetry::start(&self.core, any_port).await?;
        Ok(())
    }

    /// The host keys of SSH.
    pub(crate) fn host_keys(&self) -> Vec<HostKey> {
        self.ssh.host_keys()
    }

    /// Resolves when a service ended that nobody stopped (LOAD-009).
    pub(crate) async fn service_ended(&self) {
        match &self.http {
            Some(http) => http.ended().await,
            None => std::future::pending().await,
        }
    }

    /// Reads changed certificates (SIG-001).
    pub(crate) fn reload(&self) {
        let telemetry = self.telemetry.iter().filter_map(|telemetry| telemetry.certificate.as_ref());
        for store in telemetry {
            if let Err(error) = store.reload() {
                tracing::error!(%error, "the certificate stays as it was");
            }
        }
        self.certificates.reload_now();
        self.ssh.reload();
    }

    /// Stops: nobody new comes in, running transfers may go on for `grace`, then sessions end, what they leave is settled,
    /// and the databases are closed. Answers whether everything came to rest (LIM-009).
    pub(crate) async fn stop(self, grace: Duration) -> bool {
        self.core.close_gates();
        self.ssh.stop().await;
        let deadline = tokio::time::Instant::now() + grace;
        while self.core.running_transfers() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
        }
        if let Some(http) = &self.http {
            http.stop(true).await;
        }
        if let Some(telemetry) = &self.telemetry {
            telemetry.running.stop(false).await;
        }
        self.core.stop(DRAIN).await
    }
}
