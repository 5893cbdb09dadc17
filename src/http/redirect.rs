//! From plain HTTP to HTTPS.

use actix_web::{HttpResponse, dev::ServiceRequest, http::header};

use crate::{
    Host,
    binding::{Bound, Redirect},
};

/// The answer that sends a client to the same path over HTTPS (HTTP-015); `None` where requests are answered.
pub(crate) fn to_https(request: &ServiceRequest, bound: &Bound, is_secure: bool) -> Option<HttpResponse> {
    if is_secure {
        return None;
    }
    let own = || Host::of(request.headers(), request.uri());
    let target = match &bound.redirect {
        Redirect::None => return None,
        Redirect::OwnHttps => own().map(|host| Host { port: Some(bound.https_port), ..host }),
        Redirect::Host(name) if name.is_empty() => own().map(|host| Host { port: None, ..host }),
        Redirect::Host(name) => Host::parse(name),
    };
    let Some(target) = target else {
        return Some(HttpResponse::BadRequest().body("the request names no valid host"));
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    Some(HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{}{path}", target.base(true)))).finish())
}
