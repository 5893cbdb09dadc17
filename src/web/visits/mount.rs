//! The REST operations on shares below `/web/client/visit`, for the scripts of our pages: the same handlers, with the session of
//! the visitor in place of a password.

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use entrepot_http::Client;

use super::cookie;
use crate::{
    api,
    api::access::VisitorSession,
    error::{ApiError, not_found},
    origin,
};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(web::scope("/visit").wrap(from_fn(seat)).configure(api::of_visitors).default_service(web::to(not_found)));
}

async fn seat(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // SEC-163: nobody's page but ours sends what changes something.
    if !is_reading && !origin::is_own(request.request()) {
        let refusal = ApiError::new(StatusCode::FORBIDDEN, "the request came from another site");
        return Ok(request.into_response(refusal.error_response()));
    }
    admit(&request);
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn admit(request: &ServiceRequest) {
    let share = request.path().split_once("/visit/shares/").and_then(|(_, rest)| rest.split('/').next()).map(str::to_owned);
    let secure = request.extensions().get::<Client>().is_some_and(|client| client.secure);
    let session = share.and_then(|id| cookie::read(request.request(), &id, secure));
    if let Some(session) = session {
        request.extensions_mut().insert(VisitorSession(session));
    }
}
