//! The address of a share: the one that is shown everywhere, and that works.

use actix_web::HttpRequest;
use entrepot_http::{Client, Host};

/// UI-139: by the address that the browser reached this server with.
pub(crate) fn link(request: &HttpRequest, client: &Client, id: &str) -> String {
    let base = Host::of(request.headers(), request.uri()).map(|host| host.base(client.secure)).unwrap_or_default();
    format!("{base}/s/{}", crate::client::place::encoded(id.as_bytes()))
}
