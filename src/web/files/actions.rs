//! What may take long: copying, moving and deleting trees, while the client waits or as a job (API-123, API-148…API-150).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use entrepot_core::{
    UserFs,
    fs::{Named, Progress},
    jobs::{JobState, JobStatus, Work},
};
use entrepot_model::VirtualPath;
use serde::Serialize;

use super::refused;
use crate::error::{ApiError, ApiResult, done, json};

/// RFC 7240.
const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

/// Copies by the rules of `cp` (API-148).
pub(crate) async fn copy(request: &HttpRequest, fs: &UserFs, from: &Named, to: &Named) -> ApiResult {
    let target = fs.copy_target(from, to).await.map_err(refused)?;
    let message = format!("\"{}\" copied to \"{target}\"", from.path);
    carry_out(request, fs, Work::Copy { from: from.path.clone(), to: target }, &message).await
}

/// Moves to exactly that path (API-149).
pub(crate) async fn move_to(request: &HttpRequest, fs: &UserFs, from: &VirtualPath, to: &VirtualPath) -> ApiResult {
    let message = format!("\"{from}\" moved to \"{to}\"");
    carry_out(request, fs, Work::Move { from: from.clone(), to: to.clone() }, &message).await
}

/// Removes a directory with all that is in it, or whatever else is there (API-123). The root and mounts stay.
pub(crate) async fn delete_directory(request: &HttpRequest, fs: &UserFs, path: &VirtualPath) -> ApiResult {
    if path.is_root() || fs.is_mount_point(path) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, format!("\"{path}\" cannot be deleted")));
    }
    carry_out(request, fs, Work::Remove(path.clone()), &format!("Directory \"{path}\" deleted")).await
}

/// While the client waits: one that goes away ends it at the next entry. Or as a job, where the client prefers that.
async fn carry_out(request: &HttpRequest, fs: &UserFs, work: Work, message: &str) -> ApiResult {
    if prefers_job(request) {
        // What is not there is told now, not to somebody who asks later.
        if let Work::Move { from, .. } | Work::Remove(from) = &work {
            fs.is_movable(from).await.map_err(refused)?;
        }
        return started(&fs.start_job(work).map_err(refused)?);
    }
    let progress = Progress::default();
    let guard = progress.cancel_on_drop();
    work.run(fs, &progress).await.map_err(refused)?;
    drop(guard);
    Ok(done(message))
}

fn prefers_job(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(PREFER).filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(',')).filter_map(|preference| preference.split(';').next());
    preferences.any(|preference| preference.trim().eq_ignore_ascii_case(RESPOND_ASYNC))
}

fn started(job: &JobStatus) -> ApiResult {
    let mut answer: HttpResponse = json(StatusCode::ACCEPTED, &shown_job(job));
    let headers = answer.headers_mut();
    headers.insert(APPLIED, header::HeaderValue::from_static(RESPOND_ASYNC));
    if let Ok(location) = header::HeaderValue::from_str(&format!("/api/v2/x/jobs/{}", job.id)) {
        headers.insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// A job, as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct JobView<'a> {
    id: &'a str,
    kind: &'static str,
    path: &'a VirtualPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a VirtualPath>,
    state: &'static str,
    entries: u64,
    bytes: u64,
    started_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The code that the operation would have been answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<&'a VirtualPath>,
}

/// The form of a job in answers.
pub(crate) fn shown_job(job: &JobStatus) -> JobView<'_> {
    let (path, target) = job.work.paths();
    let (state, error) = match &job.state {
        JobState::Running => ("running", None),
        JobState::Done => ("done", None),
        JobState::Cancelled => ("cancelled", None),
        JobState::Failed(error) => ("failed", Some(error)),
    };
    JobView {
        id: &job.id,
        kind: job.work.kind(),
        path,
        target,
        state,
        entries: job.entries,
        bytes: job.bytes,
        started_at: job.started_at,
        ended_at: job.ended_at,
        error: error.map(ToString::to_string),
        status: error.map(|error| refused(error.clone()).code().as_u16()),
        stopped_at: error.and(job.stopped_at.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    // RFC 7240 section 2
    #[test]
    fn preference_is_found_among_others() {
        let prefers = |values: &[&str]| {
            let request = values.iter().fold(TestRequest::post(), |request, value| request.append_header((PREFER, *value)));
            prefers_job(&request.to_http_request())
        };
        assert!(prefers(&["respond-async"]) && prefers(&["wait=10, Respond-Async; x=1"]) && prefers(&["a", "respond-async"]));
        assert!(!prefers(&[]) && !prefers(&["wait=10"]) && !prefers(&["x; respond-async"]));
    }
}
