//! `GET /version` (API-067).

use actix_web::{HttpResponse, http::StatusCode, web};

use super::access::AdminToken;
use crate::{Site, error::json};

pub(crate) async fn version(_: AdminToken, site: web::Data<Site>) -> HttpResponse {
    json(StatusCode::OK, site.version())
}
