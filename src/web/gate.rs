//! Nothing but setup until there is an administrator (decisions, section 11); and each binding serves what it is meant for
//! (HTTP-003).

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web,
};
use entrepot_http::{Client, Features};

use crate::{
    Site,
    error::{ApiError, is_api, not_found_page, refuse},
    pages::{SetupClosedPage, page},
};

type Outcome = Result<ServiceResponse<BoxBody>, Error>;

/// The REST API: JSON, also while it is closed.
pub(crate) async fn api(site: web::Data<Site>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let closed = if !features(&request).rest_api {
        Some(ApiError::new(StatusCode::NOT_FOUND, "Not Found").error_response())
    } else {
        match site.needs_setup().await {
            Ok(false) => None,
            Ok(true) => Some(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "setup is not completed").error_response()),
            Err(error) => Some(ApiError::from(error).error_response()),
        }
    };
    pass(closed, request, next).await
}

/// The setup pages: where administrators have pages at all.
pub(crate) async fn setup(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let closed = (!features(&request).web_admin).then(not_found_page);
    pass(closed, request, next).await
}

/// The description of the REST API (HTTP-004).
pub(crate) async fn openapi(site: web::Data<Site>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let closed = if features(&request).openapi { unready(&site, &request).await } else { Some(not_found_page()) };
    pass(closed, request, next).await
}

/// The pages of administrators (UI-002).
pub(crate) async fn web_admin(site: web::Data<Site>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let closed = if features(&request).web_admin { unready(&site, &request).await } else { Some(not_found_page()) };
    pass(closed, request, next).await
}

/// The pages of users (UI-002).
pub(crate) async fn web_client(
    site: web::Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Outcome {
    let closed = if features(&request).web_client { unready(&site, &request).await } else { Some(not_found_page()) };
    pass(closed, request, next).await
}

/// What an office server asks for (API-200): only where there is one.
pub(crate) async fn wopi(site: web::Data<Site>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let closed = if features(&request).office.is_some() { unready(&site, &request).await } else { Some(not_found_page()) };
    pass(closed, request, next).await
}

/// Every other page.
pub(crate) async fn pages(site: web::Data<Site>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let features = features(&request);
    // An unknown address below /api lands here as well.
    let is_bare = !features.web_admin && !features.web_client && !features.rest_api;
    let closed = if !is_api(request.path()) && is_bare { Some(not_found_page()) } else { unready(&site, &request).await };
    pass(closed, request, next).await
}

/// The answer of a server that nobody has set up.
async fn unready(site: &Site, request: &ServiceRequest) -> Option<HttpResponse> {
    match site.needs_setup().await {
        Ok(false) => None,
        Ok(true) if is_api(request.path()) => {
            Some(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "setup is not completed").error_response())
        }
        Ok(true) => Some(page(StatusCode::SERVICE_UNAVAILABLE, &SetupClosedPage::needed())),
        Err(error) => Some(refuse(request.path(), StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())),
    }
}

fn features(request: &ServiceRequest) -> Features {
    request.extensions().get::<Client>().map(|client| client.features).unwrap_or_default()
}

async fn pass(closed: Option<HttpResponse>, request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    match closed {
        Some(answer) => Ok(request.into_response(answer)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}
