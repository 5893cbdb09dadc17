//! `/web/client/connect`: how other programs reach these files.

use actix_web::HttpRequest;
use askama::Template;
use entrepot_core::whereabouts::whereabouts;
use entrepot_http::Host;
use entrepot_model::Protocol;

use super::place::{Quota, files_of};
use crate::{
    frame::{ClientPage, PageResult, Shell, look::Html, render},
    qr_code,
};

#[derive(Template)]
#[template(path = "client/connect.html")]
struct ConnectPage {
    f: Shell,
    quota: Option<Quota>,
    host: String,
    /// The page was opened on the machine itself, by a name that leads nowhere from elsewhere.
    is_local: bool,
    /// Names and addresses that lead here from elsewhere.
    others: Vec<String>,
    sftp: Option<Sftp>,
}

impl ConnectPage {
    /// Whether what is shown can be used on another machine.
    fn is_reachable(&self) -> bool {
        !self.is_local || self.others.contains(&self.host)
    }
}

struct Sftp {
    port: u16,
    command: String,
    rclone: String,
    picture: Option<Html>,
    /// Kind of key and fingerprint.
    fingerprints: Vec<(String, String)>,
}

/// Names that every machine has for itself.
fn is_own_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || name.starts_with("127.")
}

pub(super) async fn show(request: HttpRequest, page: ClientPage) -> PageResult {
    let opened = Host::of(request.headers(), request.uri()).map(|host| host.name).unwrap_or_default();
    // Whoever comes from elsewhere used a name that leads here, and is told of no other.
    let is_local = is_own_name(&opened) && page.client.ip().is_loopback();
    let others = if is_local { whereabouts(page.core()).await? } else { Vec::new() };
    let chosen = page.query.get("host");
    let host = match others.iter().find(|name| *name == chosen).or(others.first()) {
        Some(name) if chosen != opened => name.clone(),
        _ => opened,
    };
    let username = page.caller.username().to_owned();
    let is_open = !page.caller.user().is_protocol_denied(Protocol::Ssh);
    let sftp = page.site.sftp_port().filter(|_| is_open).map(|port| {
        let keys = page.core().services().ssh().host_keys;
        // Addresses of IPv6 stand in brackets in addresses of pages alone.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        Sftp {
            port,
            command: page.site.sftp_command(&username, &host).unwrap_or_default(),
            rclone: format!("[entrepot]\ntype = sftp\nhost = {bare}\nport = {port}\nuser = {username}"),
            picture: qr_code::svg(&format!("sftp://{}@{host}:{port}", crate::api::escaped(&username))).ok().map(Html),
            fingerprints: keys.into_iter().map(|key| (key.algorithms.join(", "), key.fingerprint)).collect(),
        }
    });
    let quota = Quota::of(&files_of(&page)?);
    render(&ConnectPage { quota, host, is_local, others, sftp, f: Shell::client(page, "connect") })
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_that_every_machine_has_for_itself() {
        for (name, is_own) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("nas", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(super::is_own_name(name), is_own, "{name}");
        }
    }
}
