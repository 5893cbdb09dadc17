//! The start page, and the health check.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header::ContentType, web};
use entrepot_http::{Client, Host};

use crate::{
    Site,
    assets::assets,
    frame::redirect,
    pages::{HomePage, page},
};

/// `GET /healthz` (HTTP-002).
pub(crate) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok")
}

/// `GET /`: to the pages of users, else of administrators (UI-001); where there are neither, what the server is for.
pub(crate) async fn home(request: HttpRequest, site: web::Data<Site>, client: Client) -> HttpResponse {
    if client.features.web_client {
        return redirect("/web/client");
    }
    if client.features.web_admin {
        return redirect("/web/admin");
    }
    let host = host(&request, &client);
    let template = HomePage {
        assets: assets(),
        host: &host.name,
        sftp: site.sftp_command("NAME", &host.name),
        rest: client.features.rest_api.then(|| host.base(client.secure)),
        secure: client.secure,
    };
    page(StatusCode::OK, &template)
}

/// The name the client used, else the address it reached.
pub(crate) fn host(request: &HttpRequest, client: &Client) -> Host {
    let local = || {
        let name = if client.local.is_ipv6() { format!("[{}]", client.local.ip()) } else { client.local.ip().to_string() };
        Host { name, port: Some(client.local.port()) }
    };
    Host::of(request.headers(), request.uri()).unwrap_or_else(local)
}
