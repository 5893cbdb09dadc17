//! The REST operations of users below `/web/client/api`, for the scripts of our pages: the same handlers, let in by the cookie
//! of the session and, for what changes something, by the token that forms carry (decisions, section 12).

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig, get, post},
};

use super::{at, folder};
use crate::{
    api,
    api::access::Seated,
    error::{ApiError, not_found},
    frame::{ClientPage, Form, PageError, session::check_token},
};

/// The scope.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("/api")
            .wrap(from_fn(seat))
            .service(at("/folder").route(get().to(folder::facts)))
            .service(at("/weight").route(get().to(folder::weight)))
            .service(at("/exist").route(post().to(folder::exist)))
            .service(at("/alive").route(get().to(folder::alive)))
            .configure(api::of_users)
            .default_service(web::to(not_found)),
    );
}

/// Whoever the cookie names takes the seat that a bearer token takes in the REST API.
async fn seat(mut request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    match admitted(&mut request).await {
        Ok(seated) => {
            request.extensions_mut().insert(seated);
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(error) => Ok(request.into_response(error.error_response())),
    }
}

async fn admitted(request: &mut ServiceRequest) -> Result<Seated, ApiError> {
    let page = request.extract::<ClientPage>().await.map_err(refused)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        check_token(request.request(), &Form::default(), page.caller.claims()).map_err(refused)?;
    }
    Ok(Seated(page.caller))
}

/// What scripts are told; they lead to the login themselves.
fn refused(error: PageError) -> ApiError {
    match error {
        PageError::SignIn(_) => ApiError::new(StatusCode::UNAUTHORIZED, "the session has ended"),
        PageError::Duty(_) => ApiError::new(StatusCode::FORBIDDEN, "the account has something to do first"),
        PageError::Foreign => ApiError::new(StatusCode::FORBIDDEN, "the token of the page is missing or of another session"),
        PageError::Core(error) => error.into(),
        PageError::Status(status, text) => ApiError::new(status, text),
    }
}
