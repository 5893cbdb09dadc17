//! The listener of telemetry (TEL-001…TEL-005): apart from the web, so that a firewall can tell them apart.

use std::{sync::Arc, time::Duration};

use entrepot_config::Settings;
use entrepot_core::Core;
use entrepot_http::{Binding, Features, Redirect, Running, ServeOptions};
use entrepot_net::{
    AllowAll, BindSpec, NetError,
    tls::{CertificateSource, CertificateStore, server_config},
};
use entrepot_web::{TelemetryOptions, TelemetryUsers};

use crate::exit::{self, Failure};

/// How long a request may take to end when the server stops.
const PATIENCE: Duration = Duration::from_secs(1);

/// A running listener.
pub(crate) struct Telemetry {
    /// The service.
    pub(crate) running: Running,
    /// Its certificate, if it has one.
    pub(crate) certificate: Option<Arc<CertificateStore>>,
}

impl Telemetry {
    /// Starts it, if the settings turn it on.
    ///
    /// # Errors
    /// The port, the certificate or the file of names cannot be used: better no start than metrics for everybody.
    pub(crate) async fn start(core: &Core, any_port: bool) -> anyhow::Result<Option<Self>> {
        let Some(plan) = Plan::from_settings(&core.settings(), any_port)? else { return Ok(None) };
        let Plan { users, certificate, binding } = plan;
        let running = entrepot_http::serve(
            ServeOptions {
                bindings: vec![binding],
                workers: 1,
                sender: "telemetry",
                // A monitoring system is no client: limits and bans of clients must not blind it.
                gatekeeper: Arc::new(AllowAll),
                challenges: None,
                refuse: entrepot_web::refuse,
                patience: PATIENCE,
            },
            entrepot_web::telemetry_routes(TelemetryOptions { core: core.clone(), users }),
        )
        .await?;
        Ok(Some(Self { running, certificate }))
    }

    /// Base URL for programs on this machine.
    pub(crate) fn local_url(&self) -> Option<String> {
        let address = self.running.addresses.first()?;
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        Some(crate::announce::local_url(scheme, *address))
    }
}

/// What the settings say of it.
pub(crate) struct Plan {
    users: Option<TelemetryUsers>,
    certificate: Option<Arc<CertificateStore>>,
    binding: Binding,
}

impl Plan {
    /// `None` if it is off.
    ///
    /// # Errors
    /// The certificate or the file of names cannot be used.
    pub(crate) fn from_settings(settings: &Settings, any_port: bool) -> anyhow::Result<Option<Self>> {
        if settings.telemetry.bind_port == 0 {
            return Ok(None);
        }
        let (users, certificate) = (users(settings)?, certificate(settings)?);
        let binding = binding(settings, certificate.clone(), any_port)?;
        Ok(Some(Self { users, certificate, binding }))
    }
}

fn users(settings: &Settings) -> anyhow::Result<Option<TelemetryUsers>> {
    let path = settings.telemetry.auth_user_file.trim();
    if path.is_empty() {
        return Ok(None);
    }
    let path = settings.resolve(path);
    let users = TelemetryUsers::open(path.clone()).map_err(|error| {
        let message = format!("telemetry.auth_user_file: {}: {error}", path.display());
        Failure::with_code(exit::CONFIGURATION, message)
    })?;
    Ok(Some(users))
}

/// Both files are HTTPS (CFG-279).
fn certificate(settings: &Settings) -> Result<Option<Arc<CertificateStore>>, NetError> {
    let telemetry = &settings.telemetry;
    if telemetry.certificate_file.is_empty() || telemetry.certificate_key_file.is_empty() {
        return Ok(None);
    }
    let (certificate, key) = (settings.resolve(&telemetry.certificate_file), settings.resolve(&telemetry.certificate_key_file));
    Ok(Some(Arc::new(CertificateStore::open(CertificateSource::Files { certificate, key })?)))
}

fn binding(settings: &Settings, certificate: Option<Arc<CertificateStore>>, any_port: bool) -> Result<Binding, NetError> {
    let telemetry = &settings.telemetry;
    if telemetry.bind_address.starts_with('/') {
        return Err(NetError::NotBuilt { setting: "telemetry.bind_address (a unix socket)".into() });
    }
    let protocols: Vec<&str> = telemetry.tls_protocols.iter().map(String::as_str).collect();
    let tls = certificate.map(|store| server_config(store, &protocols, i64::from(telemetry.min_tls_version))).transpose()?;
    Ok(Binding {
        listen: BindSpec {
            address: telemetry.bind_address.clone(),
            port: if any_port { 0 } else { telemetry.bind_port },
            setting_key: "telemetry".into(),
        },
        tls,
        redirect: Redirect::None,
        features: Features::default(),
        headers: Default::default(),
        allowed_hosts: Vec::new(),
        forwarding: Default::default(),
        proxy: None,
    })
}
