//! How people reach the server.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use entrepot_config::settings::HttpBinding;
use entrepot_model::AdminPermission as P;
use serde_json::{Value, json};

use super::run;
use crate::{
    Core, Error, Result,
    admin::{AdminSession, settings},
};

/// The setting of the names that certificates are obtained for.
const NAMES: &str = "acme.domains";

/// How people reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In the own network, by an address or a name that only it knows.
    Local,
    /// By a name that everybody knows, with a certificate that is obtained for it. Where there are several names they stay.
    Domain {
        /// The name.
        name: String,
        /// Where the certificate authority may write to; may be empty.
        email: String,
    },
    /// Through a proxy that speaks HTTPS for it.
    Proxy {
        /// Its networks. Those that are believed already stay.
        networks: Vec<String>,
        /// Where it comes to.
        local: SocketAddr,
    },
}

/// Whether certificates are obtained for more than one name: a field for one does not show them.
pub fn has_several_names(core: &Core) -> bool {
    let names = &core.settings().acme.domains;
    names.len() > 1 || names.iter().any(|name| name.contains([',', ' ']))
}

/// Saves how people reach the server, and changes nothing that was not asked. Answers whether it waits for a restart.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `domain`, also when the name leads nowhere, `email` or `proxy`; `Conflict` where
/// environment or command line say otherwise, and for a proxy that comes to no binding of the settings.
pub async fn choose_reach(core: &Core, session: &AdminSession, reach: Reach) -> Result<bool> {
    session.require(P::Any)?;
    match reach {
        Reach::Local => without_names(core, session).await,
        Reach::Domain { name, email } => {
            let current = core.settings().acme.clone();
            let mut changes = BTreeMap::new();
            if !has_several_names(core) && current.domains != [name.as_str()] {
                addresses(core, session, &name).await?;
                changes.insert(NAMES.to_owned(), json!([name]));
            }
            if current.email != email {
                changes.insert("acme.email".to_owned(), json!(email));
            }
            save(core, session, changes).await
        }
        Reach::Proxy { networks, local } => {
            let changes = of_proxy(&core.settings().httpd.bindings, &networks, local)?;
            save(core, session, changes).await
        }
    }
}

/// The names go: those that were saved here and, if the file names some as well, those by an empty list that wins over it.
async fn without_names(core: &Core, session: &AdminSession) -> Result<bool> {
    let mut waits = false;
    for nothing in [Value::Null, json!([])] {
        if core.settings().acme.domains.is_empty() {
            break;
        }
        waits |= save(core, session, BTreeMap::from([(NAMES.to_owned(), nothing)])).await?;
    }
    let left = core.settings().acme.domains.join(", ");
    if left.is_empty() { Ok(waits) } else { Err(Error::Conflict(format!("{NAMES} still names {left}"))) }
}

/// The binding that a connection came to, with its place among them: the one with that address or, if none has it, the first with
/// the port.
fn binding_of(bindings: &[HttpBinding], local: SocketAddr) -> Option<(usize, &HttpBinding)> {
    let at_port = || bindings.iter().enumerate().filter(|(_, binding)| binding.port == local.port());
    let exact = at_port().find(|(_, binding)| binding.address.parse::<IpAddr>().is_ok_and(|ip| ip == local.ip()));
    exact.or_else(|| at_port().next())
}

/// Networks of the proxies that the binding believes already to which a connection came.
pub fn believed(core: &Core, local: SocketAddr) -> Vec<String> {
    let settings = core.settings();
    let binding = binding_of(&settings.httpd.bindings, local).map(|(_, binding)| binding);
    binding.iter().flat_map(|binding| &binding.proxy_allowed).map(ToString::to_string).collect()
}

/// What lets the binding believe a proxy: its networks beside those that it believes, and the header with the address of the
/// client if there is none. That the proxy speaks HTTPS every believed one tells by `X-Forwarded-Proto`.
fn of_proxy(bindings: &[HttpBinding], networks: &[String], local: SocketAddr) -> Result<BTreeMap<String, Value>> {
    let Some((index, binding)) = binding_of(bindings, local) else {
        let port = local.port();
        return Err(Error::Conflict(format!(
            "this page came by port {port}, which no HTTP binding of the settings has: name the proxy in httpd.bindings"
        )));
    };
    let mut all: Vec<String> = binding.proxy_allowed.iter().map(ToString::to_string).collect();
    let known = all.len();
    for network in networks {
        let alone = |bits: &str| format!("{network}/{bits}");
        if !all.iter().any(|one| one == network || *one == alone("32") || *one == alone("128")) {
            all.push(network.clone());
        }
    }
    let key = |name: &str| format!("httpd.bindings[{index}].{name}");
    let mut changes = BTreeMap::new();
    if all.len() > known {
        changes.insert(key("proxy_allowed"), json!(all));
    }
    if binding.client_ip_proxy_header.is_empty() {
        changes.insert(key("client_ip_proxy_header"), json!("X-Forwarded-For"));
    }
    Ok(changes)
}

async fn save(core: &Core, session: &AdminSession, changes: BTreeMap<String, Value>) -> Result<bool> {
    if changes.is_empty() {
        return Ok(false);
    }
    let saved = settings::change(core, session, changes).await.map_err(|error| match error {
        Error::Invalid { field, message, .. } if field.contains("proxy_allowed") => Error::invalid("proxy", message),
        Error::Invalid { field, message, .. } if field.starts_with("acme.email") => Error::invalid("email", message),
        Error::Invalid { field, message, .. } if field.starts_with("acme.") => Error::invalid("domain", message),
        other => other,
    })?;
    Ok(!saved.needs_restart.is_empty())
}

/// The addresses that a name leads to.
///
/// # Errors
/// `Denied` without `*`; `Invalid` for `domain`.
pub async fn addresses(core: &Core, session: &AdminSession, name: &str) -> Result<Vec<IpAddr>> {
    session.require(P::Any)?;
    let is_name = name.contains('.')
        && name.len() <= 253
        && name.parse::<IpAddr>().is_err()
        && name.split('.').all(|label| {
            !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    if !is_name {
        return Err(Error::invalid("domain", format!("{name:?} is no domain name such as files.example.com")));
    }
    let examiner = core.services().examiner().ok_or(Error::Unsupported)?;
    let name = name.to_owned();
    run(core, move || examiner.addresses(&name)).await?.map_err(|message| Error::invalid("domain", message))
}

#[cfg(test)]
mod tests;
