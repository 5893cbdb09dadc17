//! Uploads in several requests: the protocol tus 1.0.0 with creation, creation-with-upload, termination, expiration and
//! checksum (<https://tus.io/protocols/resumable-upload>).
//!
//! What the REST API, the pages and shares have in common: each function takes who uploads and the request. Who that is was
//! decided before.

mod body;
mod headers;
mod metadata;
mod refusal;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    dev::Payload as DevPayload,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::DefaultHeaders,
    web,
};
use chrono::DateTime;
use entrepot_core::{
    resumable::{self, Appended, Chunk, NewUpload, Progress, Uploader},
    shares::Uses,
};
use entrepot_http::{Client, Host};

use crate::{
    Site,
    error::{ApiError, ApiResult},
};
use headers::{CHECKSUM, EXPIRES, LENGTH, OFFSET, chunk_type, number};
use metadata::METADATA;
pub(crate) use metadata::{Metadata, Said};
pub(crate) use refusal::refused;

/// The version of the protocol.
const VERSION: &str = "1.0.0";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";
/// Browsers and some proxies cannot send every method.
const OVERRIDE: &str = "X-HTTP-Method-Override";

/// Every answer names the version, refusals as well.
pub(crate) fn version() -> DefaultHeaders {
    DefaultHeaders::new().add((RESUMABLE, VERSION))
}

/// The binding takes such uploads (API-151). The first argument of every handler.
pub(crate) struct Enabled;

impl FromRequest for Enabled {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut DevPayload) -> Self::Future {
        let is_on = request.extensions().get::<Client>().is_some_and(|client| client.features.upload_chunk > 0);
        std::future::ready(is_on.then_some(Self).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "Not Found")))
    }
}

/// The client speaks our version (412 otherwise).
pub(crate) struct Spoken;

impl FromRequest for Spoken {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut DevPayload) -> Self::Future {
        let spoken = request.headers().get(RESUMABLE).is_some_and(|version| version == VERSION);
        let refusal = || {
            let text = format!("the header Tus-Resumable must be {VERSION}");
            ApiError::new(StatusCode::PRECONDITION_FAILED, text).with_header(HeaderName::from_static("tus-version"), VERSION)
        };
        std::future::ready(spoken.then_some(Self).ok_or_else(refusal))
    }
}

/// What a request to an upload asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// How far it is.
    Status,
    /// To take in a piece.
    Append,
    /// To give it up.
    Terminate,
}

/// What a POST stands for, by its header; `None` = for itself.
pub(crate) fn overridden(request: &HttpRequest) -> Option<Asked> {
    match request.headers().get(OVERRIDE)?.to_str().ok()?.to_ascii_uppercase().as_str() {
        "HEAD" => Some(Asked::Status),
        "PATCH" => Some(Asked::Append),
        "DELETE" => Some(Asked::Terminate),
        _ => None,
    }
}

/// What the server can do (API-152); `largest` file, in bytes, if it is limited.
pub(crate) fn discover(largest: Option<u64>) -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    answer.insert_header(("Tus-Version", VERSION));
    answer.insert_header(("Tus-Extension", EXTENSIONS));
    answer.insert_header(("Tus-Checksum-Algorithm", headers::ALGORITHMS));
    if let Some(most) = largest {
        answer.insert_header(("Tus-Max-Size", most));
    }
    answer.finish()
}

/// Announces an upload, with its first bytes if they come along (API-153, API-154). `uses` is what it costs a share.
pub(crate) async fn create(
    request: &HttpRequest,
    site: &Site,
    who: &Uploader,
    metadata: Metadata,
    uses: Option<Uses>,
    body: web::Payload,
) -> ApiResult {
    for (name, what) in [("Upload-Defer-Length", "its length must be known"), ("Upload-Concat", "uploads are not put together")] {
        if request.headers().contains_key(name) {
            return Err(ApiError::bad_request(format!("{name} is not supported: {what}")));
        }
    }
    let length = number(request, LENGTH)?.ok_or_else(|| ApiError::bad_request("the header Upload-Length is missing"))?;
    let Metadata { path, said } = metadata;
    let new = NewUpload {
        path,
        length,
        metadata: said.text,
        modified_at: said.modified_at,
        makes_parents: said.makes_parents,
        resumes: said.resumes,
        uses,
    };
    let first = match chunk_type(request)? {
        true => Some(chunk(request, site, 0, body)?),
        false => None,
    };
    let created = resumable::create(site.core(), who, new, first).await.map_err(refused)?;
    let (progress, mut answer) = match created {
        Appended::Stored(progress) => (progress, HttpResponse::Created()),
        Appended::Mismatch(progress) => (progress, HttpResponse::build(refusal::mismatch())),
    };
    answer.insert_header((header::LOCATION, location(request, &progress.id)));
    Ok(with_progress(&mut answer, &progress).finish())
}

/// Does what a request asks of an upload.
pub(crate) async fn act(
    asked: Asked,
    request: &HttpRequest,
    site: &Site,
    who: &Uploader,
    id: &str,
    body: web::Payload,
) -> ApiResult {
    match asked {
        Asked::Status => status(site, who, id).await,
        Asked::Append => append(request, site, who, id, body).await,
        Asked::Terminate => {
            resumable::terminate(site.core(), who, id).await.map_err(refused)?;
            Ok(HttpResponse::NoContent().finish())
        }
    }
}

/// API-155.
async fn status(site: &Site, who: &Uploader, id: &str) -> ApiResult {
    let progress = resumable::status(site.core(), who, id).await.map_err(refused)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer.insert_header((LENGTH, progress.length));
    if let Ok(metadata) = HeaderValue::from_str(&progress.metadata) {
        answer.insert_header((METADATA, metadata));
    }
    Ok(with_progress(&mut answer, &progress).finish())
}

/// API-156.
async fn append(request: &HttpRequest, site: &Site, who: &Uploader, id: &str, body: web::Payload) -> ApiResult {
    if !chunk_type(request)? {
        return Err(headers::wrong_type());
    }
    let offset = number(request, OFFSET)?.ok_or_else(|| ApiError::bad_request("the header Upload-Offset is missing"))?;
    let chunk = chunk(request, site, offset, body)?;
    match resumable::append(site.core(), who, id, chunk).await.map_err(refused)? {
        Appended::Stored(progress) => Ok(with_progress(&mut HttpResponse::NoContent(), &progress).finish()),
        Appended::Mismatch(_) => {
            Err(ApiError::new(refusal::mismatch(), "the checksum is not that of the bytes: they were not kept"))
        }
    }
}

fn chunk(request: &HttpRequest, site: &Site, offset: u64, body: web::Payload) -> Result<Chunk<impl resumable::Body>, ApiError> {
    let length = number(request, header::CONTENT_LENGTH.as_str())?;
    let most = u64::try_from(site.core().settings().httpd.max_upload_file_size).ok().filter(|most| *most > 0);
    if most.zip(length).is_some_and(|(most, length)| length > most) {
        return Err(refused(entrepot_core::Error::TooLarge));
    }
    let checksum = headers::checksum(request.headers().get(CHECKSUM))?;
    Ok(Chunk { offset, length, checksum, body: body::pieces(body, most) })
}

fn with_progress<'a>(answer: &'a mut HttpResponseBuilder, progress: &Progress) -> &'a mut HttpResponseBuilder {
    answer.insert_header((OFFSET, progress.offset));
    if !progress.is_complete()
        && let Some(expiry) = DateTime::from_timestamp_millis(progress.expires_at)
    {
        // RFC 9110 section 5.6.7
        answer.insert_header((EXPIRES, expiry.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    }
    answer
}

/// The address of an upload, as the client can reach it (API-218).
fn location(request: &HttpRequest, id: &str) -> String {
    let is_secure = request.extensions().get::<Client>().is_some_and(|client| client.secure);
    let base = Host::of(request.headers(), request.uri()).map(|host| host.base(is_secure)).unwrap_or_default();
    format!("{base}{}/{id}", request.path().trim_end_matches('/'))
}
