//! Sending a file (API-127…API-135).

use std::ops::Range;

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _,
    http::{
        StatusCode,
        header::{self, ContentEncoding, HeaderName, HeaderValue},
    },
};
use entrepot_core::{Metadata, UserFs};
use entrepot_http::{Client, Disposition, Precondition, Unsent, Validators, Wanted};
use entrepot_model::VirtualPath;

use super::{body::FileBody, checksums::digest_header, content_type, entry, refused};
use crate::error::{ApiError, ApiResult};

/// RFC 9530 section 3.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// What a file may do in a browser: nothing, whatever is in it (API-129).
const HARMLESS: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";
/// One that is shown: what the viewers of browsers need, and only within our own pages.
const SHOWN: &str = "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'self'; frame-src 'self'; style-src 'unsafe-inline'; \
     frame-ancestors 'self'; form-action 'none'; base-uri 'none'";

/// Answers with a file, or the part of it that the request asks for, under the conditions that it names. HEAD reads nothing
/// and counts as nothing (API-133).
pub(crate) async fn download(request: &HttpRequest, fs: &UserFs, path: &VirtualPath, wanted: Disposition) -> ApiResult {
    let found = fs.stat_download(path).await.map_err(refused)?;
    may_be_sent(&found)?;
    if let Some(answer) = prevented(request, &found) {
        return answer;
    }
    if is_head(request) {
        // Ranges are for GET alone (RFC 9110 section 14.2).
        let mut head = with_content(StatusCode::OK, path, &found, &(0..found.size), wanted);
        note_digest(&mut head, fs, path, &found).await;
        return Ok(head.body(Unsent(found.size)));
    }
    let open = fs.open_read(path).await.map_err(refused)?;
    // Another file may have got the name meanwhile: what is sent is what was opened.
    let found = open.metadata().await.map_err(refused)?;
    may_be_sent(&found)?;
    if let Some(answer) = prevented(request, &found) {
        open.break_off();
        return answer;
    }
    let Some(Part { status, range }) = part(request, &found) else { return Ok(no_such_range(&found)) };
    open.expect(range.end);
    let mut head = with_content(status, path, &found, &range, wanted);
    note_digest(&mut head, fs, path, &found).await;
    Ok(head.body(FileBody::new(open, fs.clone(), range)))
}

/// The answer, if the conditions that the request names keep the file from being sent.
fn prevented(request: &HttpRequest, found: &Metadata) -> Option<ApiResult> {
    let validators = entry::validators(found);
    match validators.check(request.headers(), true) {
        Precondition::Holds => None,
        Precondition::NotModified => Some(Ok(answer(StatusCode::NOT_MODIFIED, &validators).finish())),
        Precondition::Failed => {
            let text = "the file is not in the state that the request names";
            Some(Err(ApiError::new(StatusCode::PRECONDITION_FAILED, text)))
        }
    }
}

/// The checksum of the file, where it is known already.
async fn note_digest(head: &mut HttpResponseBuilder, fs: &UserFs, path: &VirtualPath, found: &Metadata) {
    if let Some(digest) = fs.known_checksum(path, found).await.as_ref().and_then(digest_header) {
        head.insert_header((REPR_DIGEST, digest));
    }
}

/// Where the part of a file begins that a request asks for; 0 for all of it, and for what cannot be sent.
pub(crate) fn first_byte(request: &HttpRequest, found: &Metadata) -> u64 {
    match Wanted::of(request.headers(), found.size, &entry::validators(found)) {
        Wanted::Part(range) => range.start,
        Wanted::Whole | Wanted::Unsatisfiable => 0,
    }
}

fn may_be_sent(found: &Metadata) -> Result<(), ApiError> {
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_directory() { "the path is a directory" } else { "the path is no regular file" };
    Err(ApiError::bad_request(what))
}

/// Whether the request was HEAD.
fn is_head(request: &HttpRequest) -> bool {
    request.extensions().get::<Client>().is_some_and(|client| client.is_head)
}

struct Part {
    status: StatusCode,
    range: Range<u64>,
}

/// The part that is asked for; `None` if it is not there.
fn part(request: &HttpRequest, found: &Metadata) -> Option<Part> {
    match Wanted::of(request.headers(), found.size, &entry::validators(found)) {
        Wanted::Whole => Some(Part { status: StatusCode::OK, range: 0..found.size }),
        Wanted::Part(range) => Some(Part { status: StatusCode::PARTIAL_CONTENT, range }),
        Wanted::Unsatisfiable => None,
    }
}

/// API-130: the size is said.
fn no_such_range(found: &Metadata) -> HttpResponse {
    let text = format!("one range within the {} bytes of the file is possible", found.size);
    let mut answer = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, text).error_response();
    if let Ok(size) = HeaderValue::from_str(&format!("bytes */{}", found.size)) {
        answer.headers_mut().insert(header::CONTENT_RANGE, size);
    }
    answer
}

/// What every answer about the file says of it.
fn answer(status: StatusCode, validators: &Validators) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    // Kept by nobody but who asked, and asked for again each time.
    answer.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if let Some(tag) = validators.etag() {
        answer.insert_header((header::ETAG, tag));
    }
    if let Some(date) = validators.last_modified() {
        answer.insert_header((header::LAST_MODIFIED, date));
    }
    answer
}

fn with_content(
    status: StatusCode,
    path: &VirtualPath,
    found: &Metadata,
    range: &Range<u64>,
    wanted: Disposition,
) -> HttpResponseBuilder {
    let name = path.file_name().unwrap_or_default();
    let kind = content_type::of(name);
    let disposition = content_type::disposition(&kind, wanted);
    let policy = if disposition == Disposition::Inline { SHOWN } else { HARMLESS };
    let mut answer = answer(status, &entry::validators(found));
    answer
        .insert_header((header::CONTENT_TYPE, content_type::header(&kind)))
        .insert_header((header::CONTENT_DISPOSITION, disposition.header(name)))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        // Sizes and ranges are those of the file: it is sent as it is.
        .insert_header(ContentEncoding::Identity);
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{}", range.start, range.end - 1, found.size);
        answer.insert_header((header::CONTENT_RANGE, text));
    }
    answer
}
