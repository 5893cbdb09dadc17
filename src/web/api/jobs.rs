//! Jobs of a user: `/x/jobs` (an extension).

use actix_web::{
    http::StatusCode,
    web::{Path, ServiceConfig, delete, get},
};

use super::{access::UserToken, at, body::NoBody};
use crate::{
    error::{ApiResult, done, json},
    files::{refused, shown_job},
};

/// Both paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/x/jobs").route(get().to(list)))
        .service(at("/x/jobs/{id}").route(get().to(show)).route(delete().to(cancel)));
}

async fn list(UserToken(user): UserToken) -> ApiResult {
    let jobs = user.lease().map_err(refused)?.fs().jobs();
    Ok(json(StatusCode::OK, &jobs.iter().map(shown_job).collect::<Vec<_>>()))
}

async fn show(UserToken(user): UserToken, id: Path<String>) -> ApiResult {
    let job = user.lease().map_err(refused)?.fs().job(&id)?;
    Ok(json(StatusCode::OK, &shown_job(&job)))
}

async fn cancel(UserToken(user): UserToken, id: Path<String>, _: NoBody) -> ApiResult {
    user.lease().map_err(refused)?.fs().cancel_job(&id)?;
    Ok(done("Job cancelled"))
}
