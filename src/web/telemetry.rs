//! Metrics and health, on a listener of their own (TEL-001…TEL-005).

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header, header::ContentType},
    web::{self, ServiceConfig, get},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use entrepot_core::Core;

use crate::{
    error::{self, refuse},
    home::healthz,
};

mod users;

pub use users::TelemetryUsers;

/// Of the text that metrics are.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Longest value of `Authorization` that is looked at.
const LONGEST: usize = 2048;

/// What telemetry is made of.
pub struct TelemetryOptions {
    /// The heart.
    pub core: Core,
    /// Who may read metrics; `None` is everybody who can connect.
    pub users: Option<TelemetryUsers>,
}

/// The routes of telemetry, to be handed to the HTTP service. From now on the core counts per user (TEL-017).
pub fn telemetry_routes(options: TelemetryOptions) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
    options.core.watch_users();
    let options = web::Data::from(Arc::new(options));
    move |config| {
        config
            .app_data(options.clone())
            .service(web::resource("/healthz").route(get().to(healthz)).default_service(web::to(error::only("GET, HEAD"))))
            .service(web::resource("/metrics").route(get().to(metrics)).default_service(web::to(error::only("GET, HEAD"))))
            .default_service(web::to(error::not_found));
    }
}

async fn metrics(request: HttpRequest, options: web::Data<TelemetryOptions>) -> HttpResponse {
    if let Some(users) = &options.users {
        let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| credentials(value.as_bytes()));
        let is_known = match shown {
            Some((name, password)) => users.is_known(options.core.tasks(), name, password).await,
            None => false,
        };
        if !is_known {
            let mut answer = refuse(request.path(), StatusCode::UNAUTHORIZED, "name and password are needed");
            let realm = header::HeaderValue::from_static("Basic realm=\"Entrepot telemetry\", charset=\"UTF-8\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
            return answer;
        }
    }
    let kind = FORMAT.parse().map_or_else(|_| ContentType::plaintext(), ContentType);
    HttpResponse::Ok().content_type(kind).body(options.core.metrics().await)
}

/// Name and password of basic authentication (RFC 7617).
fn credentials(value: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST)?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    pair.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests;
