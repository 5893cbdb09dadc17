//! `/x/live` and `/x/activity`: server-sent events, an extension.

use actix_web::{
    HttpRequest,
    web::{self, Data, ServiceConfig, get},
};
use entrepot_core::live::{ActivityStream, UserStream};

use super::{
    access::{AdminToken, UserToken},
    at,
};
use crate::{
    Site,
    error::{ApiError, ApiResult},
    live,
};

/// Both of them.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(at("/x/live").route(get().to(of_user))).service(at("/x/activity").route(get().to(of_administrator)));
}

async fn of_user(UserToken(user): UserToken, site: Data<Site>, request: HttpRequest) -> ApiResult {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map_err(|_| ApiError::bad_request("invalid query string"))?.into_inner();
    let start = user.start_directory();
    let folders = query.iter().filter(|(name, _)| name == "folder").map(|(_, folder)| {
        let path = start.join(folder.as_bytes());
        path.map_err(|error| ApiError::bad_request(format!("folder: {error}")))
    });
    let folders = folders.collect::<Result<Vec<_>, _>>()?;
    Ok(live::of_user(UserStream::open(site.core(), user, folders)?))
}

async fn of_administrator(AdminToken(admin): AdminToken, site: Data<Site>) -> ApiResult {
    Ok(live::of_administrator(ActivityStream::open(site.core(), admin)?))
}
