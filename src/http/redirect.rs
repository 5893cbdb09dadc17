//! From plain HTTP to HTTPS.

use actix_web::{HttpResponse, dev::ServiceRequest, http::header};

use crate::Host;

/// The answer that sends a client to the same path over HTTPS (HTTP-015).
pub(crate) fn to_https(request: &ServiceRequest, port: u16) -> HttpResponse {
    let Some(host) = Host::of(request.headers(), request.uri()) else {
        return HttpResponse::BadRequest().body("the request names no valid host");
    };
    let base = Host { port: Some(port), ..host }.base(true);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{base}{path}"))).finish()
}
