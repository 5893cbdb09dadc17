//! `/web/client/connect`: how other programs reach these files.

use actix_web::HttpRequest;
use askama::Template;
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
    sftp: Option<Sftp>,
}

struct Sftp {
    port: u16,
    command: String,
    rclone: String,
    picture: Option<Html>,
    /// Kind of key and fingerprint.
    fingerprints: Vec<(String, String)>,
}

pub(super) async fn show(request: HttpRequest, page: ClientPage) -> PageResult {
    let host = Host::of(request.headers(), request.uri()).map(|host| host.name).unwrap_or_default();
    let username = page.caller.username().to_owned();
    let is_open = !page.caller.user().is_protocol_denied(Protocol::Ssh);
    let sftp = page.site.sftp_port().filter(|_| is_open).map(|port| {
        let keys = page.core().services().ssh().host_keys;
        Sftp {
            port,
            command: page.site.sftp_command(&username, &host).unwrap_or_default(),
            rclone: format!("[entrepot]\ntype = sftp\nhost = {host}\nport = {port}\nuser = {username}"),
            picture: qr_code::svg(&format!("sftp://{}@{host}:{port}", crate::api::escaped(&username))).ok().map(Html),
            fingerprints: keys.into_iter().map(|key| (key.algorithms.join(", "), key.fingerprint)).collect(),
        }
    });
    let quota = Quota::of(&files_of(&page)?);
    render(&ConnectPage { quota, host, sftp, f: Shell::client(page, "connect") })
}
