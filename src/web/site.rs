//! What handlers share, and the routes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    middleware::from_fn,
    web::{self, ServiceConfig, get},
};
use entrepot_core::{Core, Result};
use entrepot_model::api::VersionInfo;
use entrepot_net::tls::CertificateStore;

use crate::{
    admin, api, assets, client, error,
    frame::{PageError, finish, preferences},
    gate, home, openapi, setup, visits, wopi,
};

/// What the site is made of.
pub struct SiteOptions {
    /// The heart.
    pub core: Core,
    /// Certificate of the HTTPS bindings; the setup page shows its fingerprint if the server made it itself.
    pub certificate: Option<Arc<CertificateStore>>,
    /// The running build.
    pub version: VersionInfo,
}

/// What pages tell of the certificate of HTTPS.
pub(crate) struct SiteCertificate {
    /// The server made it itself.
    pub(crate) is_self_signed: bool,
    /// When it ends; none if that cannot be read.
    pub(crate) ends: Option<SystemTime>,
}

/// What every handler can ask.
pub struct Site {
    options: SiteOptions,
    /// Once an administrator exists, nothing asks the database again.
    is_set_up: AtomicBool,
    offices: wopi::Offices,
}

impl Site {
    /// A site over these parts.
    pub fn new(options: SiteOptions) -> Self {
        Self { options, is_set_up: AtomicBool::new(false), offices: wopi::Offices::default() }
    }

    pub(crate) fn core(&self) -> &Core {
        &self.options.core
    }

    /// Office servers in which documents are edited.
    pub(crate) fn offices(&self) -> &wopi::Offices {
        &self.offices
    }

    pub(crate) fn version(&self) -> &VersionInfo {
        &self.options.version
    }

    /// Fingerprint of the certificate, if browsers cannot know it.
    pub(crate) fn self_signed_fingerprint(&self) -> Option<String> {
        self.options.certificate.as_ref().filter(|store| store.is_self_signed()).map(|store| store.fingerprint())
    }

    /// The certificate of HTTPS.
    pub(crate) fn certificate(&self) -> Option<SiteCertificate> {
        let store = self.options.certificate.as_ref()?;
        Some(SiteCertificate { is_self_signed: store.is_self_signed(), ends: store.not_after() })
    }

    /// Port of SFTP, if it is on.
    pub(crate) fn sftp_port(&self) -> Option<u16> {
        let ssh = self.core().services().ssh();
        ssh.bindings.first().map(|binding| binding.port)
    }

    /// The command that connects over SFTP.
    pub(crate) fn sftp_command(&self, username: &str, host: &str) -> Option<String> {
        match self.sftp_port()? {
            22 => Some(format!("sftp {username}@{host}")),
            port => Some(format!("sftp -P {port} {username}@{host}")),
        }
    }

    /// Whether the first administrator is still missing.
    pub(crate) async fn needs_setup(&self) -> Result<bool> {
        if self.is_set_up.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let needed = self.core().setup_required().await?;
        self.is_set_up.store(!needed, Ordering::Relaxed);
        Ok(needed)
    }
}

/// The routes of the whole site, to be handed to the HTTP service. Called once per worker.
pub fn routes(site: Site) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let site = web::Data::new(site);
    move |config| {
        config
            .app_data(site.clone())
            .configure(alone)
            .service(
                web::scope("/api/v2").wrap(from_fn(gate::api)).configure(api::routes).default_service(web::to(error::not_found)),
            )
            .service(
                web::scope("/openapi")
                    .wrap(from_fn(gate::openapi))
                    .service(only_get("", openapi::page))
                    .service(only_get("/openapi.yaml", openapi::as_yaml))
                    .service(only_get("/openapi.json", openapi::as_json))
                    .default_service(web::to(error::not_found)),
            )
            .service(
                web::scope("/setup")
                    .wrap(from_fn(gate::setup))
                    .configure(setup::routes)
                    .default_service(web::to(error::not_found)),
            )
            .service(
                web::scope("/web/admin")
                    .wrap(from_fn(finish))
                    .wrap(from_fn(gate::web_admin))
                    .configure(admin::routes)
                    .default_service(web::to(nowhere)),
            )
            .service(
                web::scope("/web/client")
                    .wrap(from_fn(finish))
                    .wrap(from_fn(gate::web_client))
                    .configure(client::routes)
                    .default_service(web::to(nowhere)),
            )
            .service(
                web::scope("/web")
                    .wrap(from_fn(finish))
                    .wrap(from_fn(gate::pages))
                    .configure(preferences::routes)
                    .route("", get().to(home::home))
                    .default_service(web::to(nowhere)),
            )
            .service(
                web::scope("")
                    .wrap(from_fn(gate::pages))
                    .route("/", get().to(home::home))
                    .default_service(web::to(error::not_found)),
            );
    }
}

/// What is no part of anything: life signs, styles, the short addresses of shares, and what office servers ask for.
fn alone(config: &mut ServiceConfig) {
    config.service(only_get("/healthz", home::healthz)).route("/assets/{name}", get().to(assets::asset)).service(
        web::scope("/s")
            .wrap(from_fn(finish))
            .wrap(from_fn(gate::web_client))
            .route("/{id}", get().to(visits::short))
            .default_service(web::to(nowhere)),
    );
    let office = web::scope("/wopi").wrap(from_fn(gate::wopi)).configure(wopi::routes);
    config.service(office.default_service(web::to(error::not_found)));
}

/// Nothing is at this address, in the look of the pages.
async fn nowhere() -> Result<HttpResponse, PageError> {
    Err(PageError::not_found())
}

/// Something that can only be read.
fn only_get<A: FromRequest + 'static>(path: &str, handler: impl Handler<A, Output: Responder + 'static>) -> Resource {
    web::resource(path.to_owned()).route(get().to(handler)).default_service(web::to(error::only("GET, HEAD")))
}
