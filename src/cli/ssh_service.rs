//! The SSH service, whose listeners follow the settings while the server runs.

use std::{net::SocketAddr, sync::Arc};

use entrepot_config::Settings;
use entrepot_core::{Core, Listeners, Refusal, admin::host_keys};
use entrepot_model::status::SshBinding;
use entrepot_net::{BindSpec, ProxyPolicy};
use entrepot_sftp::{AuthorityError, HostKey, Listening, Revocations, SshServer};
use futures_util::{FutureExt as _, future::BoxFuture};
use parking_lot::RwLock;
use tokio::sync::Mutex;

use crate::{bindings::proxy_policy, gate::Gate};

/// Name in the identification line of SSH.
const PRODUCT: &str = "Entrepot";
/// The setting that errors of listeners name.
const SETTING: &str = "sftpd.bindings";
/// That of the revoked certificates.
const REVOKED: &str = "sftpd.revoked_user_certs_file";

/// A listener as the settings want it; `proxy` is what is done with PROXY headers.
#[derive(Clone, PartialEq)]
struct Wanted {
    address: String,
    port: u16,
    apply_proxy_config: bool,
    proxy: Option<ProxyPolicy>,
}

/// A listener that runs.
struct Bound {
    wanted: Wanted,
    listening: Listening,
}

/// The service.
pub(crate) struct SshService {
    core: Core,
    gate: Arc<Gate>,
    /// Free ports instead of the configured ones.
    any_port: bool,
    server: RwLock<Option<SshServer>>,
    /// Changes go one after the other.
    bound: Mutex<Vec<Bound>>,
    addresses: RwLock<Vec<SocketAddr>>,
}

impl SshService {
    /// Nothing listens yet.
    pub(crate) fn new(core: Core, gate: Arc<Gate>, any_port: bool) -> Self {
        Self { core, gate, any_port, server: RwLock::default(), bound: Mutex::default(), addresses: RwLock::default() }
    }

    /// Where it listens, in the order of the settings.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.read().clone()
    }

    /// The host keys; none if SSH was never on.
    pub(crate) fn host_keys(&self) -> Vec<HostKey> {
        self.server.read().as_ref().map(SshServer::host_keys).unwrap_or_default()
    }

    /// Reads host keys, certificates and revocations again.
    pub(crate) fn reload(&self) {
        if let Some(server) = &*self.server.read() {
            server.reload();
        }
    }

    /// Listens where the settings say, and nowhere else; revokes the certificates that they say. Connections go on. Where one
    /// listener or the list of certificates cannot be had, everything stays as it was before.
    ///
    /// # Errors
    /// Host keys that cannot be used, settings that cannot be met, an address that cannot be had.
    pub(crate) async fn listen(&self, settings: &Settings) -> anyhow::Result<()> {
        let mut bound = self.bound.lock().await;
        let wanted = wanted(settings);
        let revoked = if wanted.is_empty() { None } else { self.revocations(settings).await? };
        let mut kept = Vec::new();
        let mut former = Vec::new();
        // First those that are no more: a new one may want the same port.
        for one in bound.drain(..) {
            if wanted.iter().any(|(_, wanted)| *wanted == one.wanted) {
                kept.push(one);
            } else {
                one.listening.stop().await;
                former.push(one.wanted);
            }
        }
        let mut started = Vec::new();
        let mut order = Vec::new();
        for (index, wanted) in wanted {
            if kept.iter().all(|one| one.wanted != wanted) {
                match self.start(index, &wanted).await {
                    Ok(one) => started.push(one),
                    Err(error) => {
                        *bound = self.go_back(kept, started, former).await;
                        self.report(&bound, &self.core.settings());
                        return Err(error);
                    }
                }
            }
            order.push(wanted);
        }
        kept.extend(started);
        kept.sort_by_key(|one| order.iter().position(|wanted| *wanted == one.wanted));
        *bound = kept;
        if let (Some(server), Some(revoked)) = (&*self.server.read(), revoked) {
            server.revoke(revoked);
        }
        self.report(&bound, settings);
        Ok(())
    }

    /// The list of revoked certificates, if the settings name another one than is in force. One that is in force is read
    /// again when somebody asks for it: damage to it must not keep other settings from being saved.
    async fn revocations(&self, settings: &Settings) -> anyhow::Result<Option<Revocations>> {
        let (server, settings) = (self.server().await?, settings.clone());
        Ok(self.core.tasks().storage().run(move || server.other_revocations(&settings)).await??)
    }

    /// As it was before.
    async fn go_back(&self, mut kept: Vec<Bound>, started: Vec<Bound>, former: Vec<Wanted>) -> Vec<Bound> {
        for one in started {
            one.listening.stop().await;
        }
        for (index, wanted) in former.iter().enumerate() {
            match self.start(index, wanted).await {
                Ok(one) => kept.push(one),
                Err(error) => tracing::error!(%error, "an SSH listener was lost"),
            }
        }
        kept
    }

    async fn start(&self, index: usize, wanted: &Wanted) -> anyhow::Result<Bound> {
        let spec = BindSpec {
            address: wanted.address.clone(),
            port: if self.any_port { 0 } else { wanted.port },
            setting_key: format!("{SETTING}[{index}]"),
        };
        let listening = self.server().await?.listen(&spec, wanted.proxy.clone())?;
        Ok(Bound { wanted: wanted.clone(), listening })
    }

    /// The server; its keys are made when the first listener wants them.
    async fn server(&self) -> anyhow::Result<SshServer> {
        let known = self.server.read().clone();
        if let Some(server) = known {
            return Ok(server);
        }
        let kept = host_keys::kept(&self.core).await?;
        let version = env!("CARGO_PKG_VERSION");
        let server = SshServer::new(self.core.clone(), self.gate.clone(), &kept, PRODUCT, version);
        let server = server?;
        self.core.identity().show_host_keys_with(Arc::new(server.clone()));
        *self.server.write() = Some(server.clone());
        Ok(server)
    }

    fn report(&self, bound: &[Bound], settings: &Settings) {
        *self.addresses.write() = bound.iter().map(|one| one.listening.address()).collect();
        let Some(server) = self.server.read().clone() else { return };
        let bindings = bound.iter().map(|one| SshBinding {
            address: one.wanted.address.clone(),
            port: one.listening.address().port(),
            apply_proxy_config: one.wanted.apply_proxy_config,
        });
        self.core.services().report_ssh(server.status(bindings.collect(), settings));
    }

    /// Takes no new connections.
    pub(crate) async fn stop(&self) {
        for one in self.bound.lock().await.drain(..) {
            one.listening.stop().await;
        }
    }
}

impl Listeners for SshService {
    fn follow<'a>(&'a self, settings: &'a Settings) -> BoxFuture<'a, Result<(), Refusal>> {
        let refused = |error: anyhow::Error| {
            // What these files are is a setting of its own; other files of authorities are read at the start only.
            let field = if error.is::<AuthorityError>() { REVOKED } else { SETTING };
            Refusal { field, message: format!("{error:#}") }
        };
        async move { self.listen(settings).await.map_err(refused) }.boxed()
    }
}

fn wanted(settings: &Settings) -> Vec<(usize, Wanted)> {
    let bindings = settings.sftpd.bindings.iter().enumerate().filter(|(_, binding)| binding.port != 0);
    let wanted = bindings.map(|(index, binding)| {
        let proxy = proxy_policy(settings).filter(|_| binding.apply_proxy_config);
        let address = binding.address.clone();
        (index, Wanted { address, port: binding.port, apply_proxy_config: binding.apply_proxy_config, proxy })
    });
    wanted.collect()
}
