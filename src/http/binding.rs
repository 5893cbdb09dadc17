//! One place to listen, and what is served there.

use std::{net::SocketAddr, sync::Arc};

use actix_web::dev::ServiceRequest;
use entrepot_config::settings::HttpBinding;
use entrepot_net::{BindSpec, NetError, ProxyPolicy};
use rustls::ServerConfig;

use crate::{HeaderOverrides, forwarded::Forwarding};

/// A listener of the HTTP service.
#[derive(Clone)]
pub struct Binding {
    /// Address, port and the setting they come from.
    pub listen: BindSpec,
    /// HTTPS with this configuration; `None` is plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Answers everything but `/healthz` with a redirect to HTTPS.
    pub redirect: Redirect,
    /// What is served.
    pub features: Features,
    /// Headers that settings want otherwise than the defaults.
    pub headers: HeaderOverrides,
    /// Names under which requests are answered; empty is all (HTTP-014).
    pub allowed_hosts: Vec<String>,
    /// Whose headers about clients are believed.
    pub forwarding: Forwarding,
    /// From whom a PROXY header is read before anything else; given by who knows the settings of all listeners.
    pub proxy: Option<ProxyPolicy>,
}

/// Where plain requests are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Redirect {
    /// Nowhere: they are answered.
    #[default]
    None,
    /// To the first HTTPS binding of this server.
    OwnHttps,
    /// To HTTPS at this host, with its port if it is not the usual one; empty is the host of the request (HTTP-015).
    Host(String),
}

/// Which areas a binding serves (HTTP-003).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// `/api/v2`.
    pub rest_api: bool,
    /// `/web/admin`, and the first-start setup.
    pub web_admin: bool,
    /// `/web/client`.
    pub web_client: bool,
    /// `/openapi`, the description of the REST API.
    pub openapi: bool,
    /// Tokens for administrators against name and password (HTTP-010).
    pub admin_token: bool,
    /// Tokens for users against name and password (HTTP-010).
    pub user_token: bool,
    /// API keys for administrators (SEC-095).
    pub admin_key: bool,
    /// API keys for users (SEC-095).
    pub user_key: bool,
    /// The login form of administrators.
    pub admin_form: bool,
    /// The login form of users.
    pub client_form: bool,
    /// MiB of a chunk of resumable uploads from the pages; 0 = such uploads are not taken (API-151, API-219).
    pub upload_chunk: u32,
    /// Place in `httpd.bindings` of the binding whose office server edits documents, if there is one (API-234).
    pub office: Option<usize>,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            rest_api: true,
            web_admin: true,
            web_client: true,
            openapi: true,
            admin_token: true,
            user_token: true,
            admin_key: true,
            user_key: true,
            admin_form: true,
            client_form: true,
            upload_chunk: 8,
            office: None,
        }
    }
}

/// Bits of `disabled_login_methods`; the first two are also those of `enabled_login_methods`.
const ADMIN_FORM: u32 = 4;
const CLIENT_FORM: u32 = 8;
const ADMIN_TOKEN: u32 = 16;
const USER_TOKEN: u32 = 32;
const ADMIN_KEY: u32 = 64;
const USER_KEY: u32 = 128;

impl Binding {
    /// The binding that the settings describe; `index` is its place in `httpd.bindings`. `tls` is used if it is an HTTPS
    /// binding. `Ok(None)`: the port is 0, the binding is off.
    ///
    /// # Errors
    /// The binding asks for HTTPS and there is no configuration, or for a protection that this build does not have:
    /// better no listener than one without it.
    pub fn from_settings(index: usize, settings: &HttpBinding, tls: Option<Arc<ServerConfig>>) -> Result<Option<Self>, NetError> {
        if settings.port == 0 {
            return Ok(None);
        }
        let setting_key = format!("httpd.bindings[{index}]");
        refuse_missing(&setting_key, settings)?;
        let forwarding = Forwarding::from_settings(&setting_key, settings)?;
        let tls = if settings.enable_https {
            let missing =
                || NetError::Tls(format!("{setting_key}.enable_https needs a certificate, or {setting_key}.self_signed"));
            Some(tls.ok_or_else(missing)?)
        } else {
            None
        };
        let security = &settings.security;
        let redirect = if settings.redirect_to_https {
            Redirect::OwnHttps
        } else if security.enabled && security.https_redirect {
            Redirect::Host(security.https_host.clone())
        } else {
            Redirect::None
        };
        let disabled = settings.disabled_login_methods;
        let enabled = settings.enabled_login_methods;
        let has_form = |bit: u32| disabled & bit == 0 && (enabled == 0 || enabled & bit != 0);
        Ok(Some(Self {
            listen: BindSpec { address: settings.address.clone(), port: settings.port, setting_key },
            tls,
            redirect,
            features: Features {
                rest_api: settings.enable_rest_api,
                web_admin: settings.enable_web_admin,
                web_client: settings.enable_web_client,
                openapi: settings.render_openapi,
                admin_token: disabled & ADMIN_TOKEN == 0,
                user_token: disabled & USER_TOKEN == 0,
                admin_key: disabled & ADMIN_KEY == 0,
                user_key: disabled & USER_KEY == 0,
                admin_form: has_form(ADMIN_FORM),
                client_form: has_form(CLIENT_FORM),
                upload_chunk: settings.upload_chunk_size,
                office: settings.wopi.is_on().then_some(index),
            },
            headers: HeaderOverrides::from_settings(security),
            allowed_hosts: if security.enabled { security.allowed_hosts.clone() } else { Vec::new() },
            forwarding,
            proxy: None,
        }))
    }
}

/// Settings that restrict or identify clients and have no effect yet.
fn refuse_missing(key: &str, settings: &HttpBinding) -> Result<(), NetError> {
    let missing = [
        (settings.address.starts_with('/'), "address (a unix socket)"),
        (!settings.security.hosts_proxy_headers.is_empty(), "security.hosts_proxy_headers"),
    ];
    match missing.into_iter().find(|(is_set, _)| *is_set) {
        Some((_, name)) => Err(NetError::NotBuilt { setting: format!("{key}.{name}") }),
        None => Ok(()),
    }
}

/// The listener that a request came through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listener {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// It speaks TLS.
    pub(crate) secure: bool,
}

impl Listener {
    /// The one of a request; one that came through none, in a test of routes, has what actix makes up.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let made_up = || Self { address: request.app_config().local_addr(), secure: request.app_config().secure() };
        request.app_data().copied().unwrap_or_else(made_up)
    }
}

/// A binding that listens, as requests see it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    pub(crate) features: Features,
    pub(crate) headers: HeaderOverrides,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) forwarding: Forwarding,
    pub(crate) redirect: Redirect,
    /// Port of the first HTTPS binding, for [`Redirect::OwnHttps`].
    pub(crate) https_port: u16,
}

impl Bound {
    /// Whether requests for this host name are answered (HTTP-014).
    pub(crate) fn answers(&self, host: Option<&crate::Host>) -> bool {
        self.allowed_hosts.is_empty()
            || host.is_some_and(|host| {
                let full = host.port.map(|port| format!("{}:{port}", host.name));
                self.allowed_hosts.iter().any(|allowed| {
                    allowed.eq_ignore_ascii_case(&host.name)
                        || full.as_ref().is_some_and(|full| allowed.eq_ignore_ascii_case(full))
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Host;

    fn settings() -> HttpBinding {
        let folder = tempfile::tempdir().unwrap();
        let loaded = entrepot_config::load(entrepot_config::Sources::new(folder.path())).unwrap();
        loaded.settings.httpd.bindings[1].clone()
    }

    fn binding(settings: &HttpBinding) -> Result<Option<Binding>, NetError> {
        Binding::from_settings(1, settings, None)
    }

    // HTTP-003, HTTP-004, HTTP-010
    #[test]
    fn settings_say_what_is_served() {
        let off = HttpBinding { port: 0, ..settings() };
        assert!(binding(&off).unwrap().is_none());
        let some = HttpBinding {
            enable_rest_api: false,
            disabled_login_methods: 32,
            redirect_to_https: false,
            render_openapi: false,
            ..settings()
        };
        let some = binding(&some).unwrap().unwrap();
        assert!(!some.features.rest_api && some.features.web_admin && !some.features.openapi);
        assert!(some.features.admin_token && !some.features.user_token && some.features.admin_key);
        let wopi = entrepot_config::settings::Wopi {
            server_url: "https://o".into(),
            callback_url: "https://c".into(),
            ..settings().wopi
        };
        let office = binding(&HttpBinding { wopi, ..settings() }).unwrap().unwrap().features.office;
        assert_eq!((office, some.features.office), (Some(1), None));
        let keys = HttpBinding { disabled_login_methods: 64 + 128, ..settings() };
        let keys = binding(&keys).unwrap().unwrap().features;
        assert!(keys.admin_token && keys.user_token && !keys.admin_key && !keys.user_key);
        assert_eq!((some.listen.port, some.redirect), (8080, Redirect::None));
        assert_eq!(binding(&settings()).unwrap().unwrap().redirect, Redirect::OwnHttps);
    }

    #[test]
    fn protection_that_is_not_built_keeps_the_binding_from_starting() {
        let wrong = HttpBinding { address: "/run/entrepot.sock".into(), ..settings() };
        assert!(binding(&wrong).err().unwrap().to_string().contains("httpd.bindings[1].address"));
        let wrong = HttpBinding { enable_https: true, ..settings() };
        assert!(binding(&wrong).err().unwrap().to_string().contains("httpd.bindings[1].enable_https"));
    }

    // HTTP-014
    #[test]
    fn only_allowed_hosts_are_answered() {
        let bound = Bound { allowed_hosts: vec!["Files.example".into(), "nas:8443".into()], ..Bound::default() };
        let answers = |text| bound.answers(Host::parse(text).as_ref());
        assert!(answers("files.example") && answers("files.example:8443") && answers("nas:8443"));
        assert!(!answers("nas") && !answers("evil.example") && !bound.answers(None));
        assert!(Bound::default().answers(None));
    }
}
