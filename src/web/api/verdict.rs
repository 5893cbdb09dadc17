//! `/x/verdict/{username}`, an extension: why something was, or would be, refused.

use std::net::IpAddr;

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, get},
};
use entrepot_core::{
    Operation,
    admin::verdict::{Question, judge},
};
use entrepot_model::{Protocol, VirtualPath};

use super::{access::AdminToken, at, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, json},
};

/// The one path.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(at("/x/verdict/{username}").route(get().to(verdict)));
}

async fn verdict(
    site: web::Data<Site>,
    AdminToken(admin): AdminToken,
    username: web::Path<String>,
    query: Parameters,
) -> ApiResult {
    let given = |name: &str| if name == "username" { username.as_str() } else { query.given(name) };
    let question = question(given).map_err(|name| ApiError::bad_request(format!("invalid {name}")))?;
    Ok(json(StatusCode::OK, &judge(site.core(), &admin, &question).await?))
}

/// What is asked, of named texts.
///
/// # Errors
/// The name of the text that is wrong.
pub(crate) fn question<'a>(text: impl Fn(&str) -> &'a str) -> Result<Question, &'static str> {
    let username = text("username").trim().to_owned();
    if username.is_empty() {
        return Err("username");
    }
    let protocol = match text("protocol") {
        "" => Protocol::Ssh,
        name => Protocol::ALL.into_iter().find(|protocol| protocol.as_str() == name).ok_or("protocol")?,
    };
    let ip = match text("ip").trim() {
        "" => None,
        text => Some(text.parse::<IpAddr>().map_err(|_| "ip")?.to_canonical()),
    };
    let file = match text("operation") {
        "" => None,
        name => {
            let operation = Operation::from_name(name).ok_or("operation")?;
            let path = if text("path").is_empty() { "/" } else { text("path") };
            Some((operation, VirtualPath::parse(path.as_bytes()).map_err(|_| "path")?))
        }
    };
    Ok(Question { username, protocol, ip, file })
}
