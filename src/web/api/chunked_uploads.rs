//! Uploads of users in several requests: `/user/files/chunked-upload` (API-151…API-160).

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{self, Data, Payload, ServiceConfig, delete, get, patch, post},
};
use entrepot_core::resumable::Uploader;

use super::{access::UserToken, at, user_files::files_of};
use crate::{
    Site,
    error::{ApiResult, method_not_allowed},
    tus::{self, Asked, Enabled, Metadata, Spoken},
};

/// All of them. HEAD comes as GET.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/user/files/chunked-upload")
                .route(web::method(Method::OPTIONS).to(discover))
                .route(post().to(create))
                .wrap(tus::version()),
        )
        .service(
            at("/user/files/chunked-upload/{id}")
                .route(get().to(status))
                .route(patch().to(append))
                .route(delete().to(terminate))
                .route(post().to(overridden))
                .wrap(tus::version()),
        );
}

async fn discover(_: Enabled, user: UserToken) -> ApiResult {
    Ok(tus::discover(Uploader::user(files_of(&user)?).largest()))
}

async fn create(_: (Enabled, Spoken), user: UserToken, request: HttpRequest, site: Data<Site>, body: Payload) -> ApiResult {
    let fs = files_of(&user)?;
    let metadata = Metadata::read(&request, &fs)?;
    tus::create(&request, &site, &Uploader::user(fs), metadata, None, body).await
}

/// A request to one upload, and who sends it.
type Request = (Enabled, Spoken, UserToken, HttpRequest, Data<Site>, web::Path<String>, Payload);

async fn status(request: Request) -> ApiResult {
    act(Asked::Status, request).await
}

async fn append(request: Request) -> ApiResult {
    act(Asked::Append, request).await
}

async fn terminate(request: Request) -> ApiResult {
    act(Asked::Terminate, request).await
}

/// POST is possible for what its header names.
async fn overridden(request: HttpRequest, parts: Result<Request, actix_web::Error>) -> Result<HttpResponse, actix_web::Error> {
    match tus::overridden(&request) {
        Some(asked) => Ok(act(asked, parts?).await?),
        None => Ok(method_not_allowed(request).await),
    }
}

async fn act(asked: Asked, (_, _, user, request, site, id, body): Request) -> ApiResult {
    tus::act(asked, &request, &site, &Uploader::user(files_of(&user)?), &id, body).await
}
