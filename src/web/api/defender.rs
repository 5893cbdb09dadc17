//! `/defender/hosts` and `/defender/hosts/{id}` (API-074, API-075); with reasons at `/x/defender/hosts`, an extension.

use std::net::IpAddr;

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, delete, get},
};
use chrono::{DateTime, SecondsFormat};
use entrepot_core::{admin::defender, gates::WatchedHost};
use serde::Serialize;

use super::{access::AdminToken, at};
use crate::{
    Site,
    error::{ApiError, ApiResult, done, json},
};

/// The routes of this topic.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/defender/hosts").route(get().to(hosts)))
        .service(at("/defender/hosts/{id}").route(get().to(host)).route(delete().to(forgive)))
        .service(at("/x/defender/hosts").route(get().to(reasons)));
}

/// A host as the contract has it.
#[derive(Serialize)]
struct Entry {
    id: String,
    ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ban_time: Option<String>,
}

/// A host with all that is known of it.
#[derive(Serialize)]
struct Reason {
    #[serde(flatten)]
    entry: Entry,
    reason: String,
    protocol: &'static str,
    /// Why it is not banned although its score is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    spared: Option<&'static str>,
}

impl From<&WatchedHost> for Entry {
    fn from(host: &WatchedHost) -> Self {
        let time = |millis| DateTime::from_timestamp_millis(millis).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        Self {
            id: id_of(host.ip),
            ip: host.ip,
            score: host.banned_until.is_none().then_some(host.score),
            ban_time: host.banned_until.and_then(time),
        }
    }
}

async fn hosts(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    let hosts = defender::hosts(site.core(), &admin)?;
    Ok(json(StatusCode::OK, &hosts.iter().map(Entry::from).collect::<Vec<_>>()))
}

async fn host(site: web::Data<Site>, AdminToken(admin): AdminToken, id: web::Path<String>) -> ApiResult {
    let host = defender::host(site.core(), &admin, address_of(&id)?)?;
    Ok(json(StatusCode::OK, &Entry::from(&host)))
}

async fn forgive(site: web::Data<Site>, AdminToken(admin): AdminToken, id: web::Path<String>) -> ApiResult {
    defender::forgive(site.core(), &admin, address_of(&id)?)?;
    Ok(done("OK"))
}

async fn reasons(site: web::Data<Site>, AdminToken(admin): AdminToken) -> ApiResult {
    let hosts = defender::hosts(site.core(), &admin)?;
    let reason = |host: &WatchedHost| Reason {
        entry: Entry::from(host),
        reason: host.reason.clone(),
        protocol: host.protocol.as_str(),
        spared: host.spared,
    };
    Ok(json(StatusCode::OK, &hosts.iter().map(reason).collect::<Vec<_>>()))
}

/// The text of the address in hexadecimal.
fn id_of(ip: IpAddr) -> String {
    ip.to_string().bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn address_of(id: &str) -> Result<IpAddr, ApiError> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = id.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    let text = bytes.filter(|_| rest.is_empty()).and_then(|bytes| String::from_utf8(bytes).ok());
    let address = text.and_then(|text| text.parse().ok());
    address.ok_or_else(|| ApiError::bad_request("invalid host id: it is the hexadecimal form of the text of an IP address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-074, DEF-010
    #[test]
    fn ids_are_the_text_of_the_address_in_hexadecimal() {
        let ip: IpAddr = "192.0.2.7".parse().unwrap();
        assert_eq!(id_of(ip), "3139322e302e322e37");
        assert_eq!(address_of("3139322e302e322e37").unwrap(), ip);
        assert_eq!(address_of(&id_of("2001:db8::1".parse().unwrap())).unwrap().to_string(), "2001:db8::1");
        for wrong in ["", "x", "3", "zz", "313", "666f6f", "ff"] {
            assert!(address_of(wrong).is_err(), "{wrong}");
        }
    }
}
