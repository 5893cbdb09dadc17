//! What a start does with the settings, tried without starting: what would fail is found before it is saved, or restored.

mod listeners;

use std::{
    fs::{self, DirBuilder},
    io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use entrepot_config::Loaded;
use entrepot_core::{Core, Error, Obstacle, Rehearsal, admin::host_keys};
use entrepot_net::{NetError, tls::KeptCertificate};
use entrepot_secrets::{Sensitive, random_alphanumeric};
use futures_util::{FutureExt as _, future::BoxFuture};

use crate::{bindings::WebBindings, blame, certificates, exit, house::House, ssh_service::SshService, telemetry};
pub(crate) use listeners::{collisions, is_path_of_service, specs};

/// Where Linux, and every runtime of containers, has files in memory.
const MEMORY: &str = "/dev/shm";

/// What a start finds beside the settings.
pub(crate) struct Scene {
    /// Host keys of the database.
    pub(crate) host_keys: Vec<Sensitive<String>>,
    /// The certificate of the database.
    pub(crate) certificate: KeptCertificate,
    /// Where this process listens: at the start nobody does.
    pub(crate) held: Vec<SocketAddr>,
    /// Free ports instead of the configured ones.
    pub(crate) any_port: bool,
}

/// What would keep a server from starting: of each service the first thing, of listeners all. It blocks.
pub(crate) fn rehearse(loaded: &Loaded, scene: &Scene) -> Vec<Obstacle> {
    let mut obstacles = services(loaded, scene);
    obstacles.extend(listeners::check(loaded, scene));
    obstacles
}

/// The same without listeners.
pub(crate) fn services(loaded: &Loaded, scene: &Scene) -> Vec<Obstacle> {
    let settings = &loaded.settings;
    let mut errors: Vec<anyhow::Error> = Vec::new();
    if settings.sftpd.bindings.iter().any(|binding| binding.port != 0) {
        let rehearsed = entrepot_sftp::rehearse(&settings.data_dir, settings, &scene.host_keys);
        errors.extend(rehearsed.err().map(anyhow::Error::new));
    }
    let web = WebBindings::tried(settings, scene.any_port, scene.certificate.clone());
    errors.extend(web.err().map(anyhow::Error::new));
    errors.extend(telemetry::Plan::from_settings(settings, scene.any_port).err());
    let mut obstacles: Vec<Obstacle> = errors.iter().map(|error| obstacle(error, loaded)).collect();
    if specs(settings).all(|(service, _)| service == "telemetry") {
        obstacles.push(nothing_listens());
    }
    obstacles
}

fn obstacle(error: &anyhow::Error, loaded: &Loaded) -> Obstacle {
    let may_pass = matches!(error.downcast_ref(), Some(NetError::InUse { .. }));
    Obstacle { keys: blame::keys(error, loaded), message: exit::sentence(error), may_pass }
}

/// LOAD-008
fn nothing_listens() -> Obstacle {
    let keys = vec!["httpd.bindings[0].port".to_owned(), "sftpd.bindings[0].port".to_owned()];
    Obstacle { keys, message: "no binding of sftpd or httpd would have a port".to_owned(), may_pass: false }
}

/// Rehearses in a running server.
pub(crate) struct Rehearsing {
    core: Core,
    ssh: Arc<SshService>,
    others: Vec<SocketAddr>,
    any_port: bool,
}

impl Rehearsing {
    /// In this house.
    pub(crate) fn of(house: &House, any_port: bool) -> Self {
        let web = house.web.iter().map(|web| web.address);
        let telemetry = house.telemetry.iter().flat_map(|telemetry| &telemetry.running.addresses).copied();
        Self { core: house.core.clone(), ssh: house.ssh.clone(), others: web.chain(telemetry).collect(), any_port }
    }

    /// Where this process listens.
    pub(crate) fn held(&self) -> Vec<SocketAddr> {
        self.ssh.addresses().into_iter().chain(self.others.iter().copied()).collect()
    }

    /// Whether free ports take the place of the configured ones.
    pub(crate) fn has_any_port(&self) -> bool {
        self.any_port
    }
}

impl Rehearsal for Rehearsing {
    fn rehearse<'a>(&'a self, loaded: &'a Loaded) -> BoxFuture<'a, Result<Vec<Obstacle>, Error>> {
        async move {
            let scene = Scene {
                host_keys: host_keys::kept(&self.core).await?,
                certificate: certificates::kept(&self.core).await?,
                held: self.held(),
                any_port: self.any_port,
            };
            let loaded = loaded.clone();
            let rehearsed = self.core.tasks().storage().run(move || rehearse(&loaded, &scene)).await;
            rehearsed.map_err(|error| Error::internal("trying the settings", error))
        }
        .boxed()
    }
}

/// A folder for what is tried and not kept; it goes with this.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new one, for this account only; in memory where there is no folder of temporary files (a container of nothing but
    /// this program).
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn new() -> io::Result<Self> {
        let usual = Self::below(&std::env::temp_dir());
        usual.or_else(|error| Self::below(Path::new(MEMORY)).map_err(|_| error))
    }

    fn below(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!("entrepot-{}", random_alphanumeric(16)));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests;
