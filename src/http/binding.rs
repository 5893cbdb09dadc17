//! One place to listen, and what is served there.

use std::sync::Arc;

use entrepot_net::BindSpec;
use rustls::ServerConfig;

use crate::HeaderOverrides;

/// A listener of the HTTP service.
#[derive(Clone)]
pub struct Binding {
    /// Address, port and the setting they come from.
    pub listen: BindSpec,
    /// HTTPS with this configuration; `None` is plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Answers everything but `/healthz` with a redirect to the first HTTPS binding.
    pub redirect_to_https: bool,
    /// What is served.
    pub features: Features,
    /// Headers that settings want otherwise than the defaults.
    pub headers: HeaderOverrides,
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
}

impl Default for Features {
    fn default() -> Self {
        Self { rest_api: true, web_admin: true, web_client: true }
    }
}

/// A binding that listens, as requests see it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    pub(crate) features: Features,
    pub(crate) headers: HeaderOverrides,
    /// Port of HTTPS to send clients to.
    pub(crate) redirect_port: Option<u16>,
}
