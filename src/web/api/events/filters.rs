//! The filters of event searches, from the query string (API-103…API-106). A wrong one is refused by name.

use std::str::FromStr;

use entrepot_core::{FsEventFilter, LogEventFilter, Page, ProviderEventFilter, admin::Order};

use crate::{api::query::Parameters, error::ApiError};

/// `copy` is not in the document, and recorded (AUD-002).
const FS_ACTIONS: &[&str] =
    &["download", "upload", "first-upload", "first-download", "delete", "rename", "mkdir", "rmdir", "ssh_cmd", "copy"];
const PROVIDER_ACTIONS: &[&str] = &["add", "update", "delete"];
const OBJECT_TYPES: &[&str] = &[
    "user",
    "folder",
    "group",
    "admin",
    "api_key",
    "share",
    "event_action",
    "event_rule",
    "role",
    "ip_list_entry",
    "configs",
    "license",
];
const PROTOCOLS: &[&str] = &["SSH", "SFTP", "SCP", "FTP", "DAV", "HTTP", "HTTPShare", "DataRetention", "EventAction", "OIDC"];
const STATUSES: &[i64] = &[1, 2, 3];
const LOG_EVENTS: &[i64] = &[1, 2, 3, 4, 5, 6];
/// 7 is FTP, which the document lacks.
const PROVIDERS: &[i64] = &[0, 1, 2, 3, 4, 5, 6, 7];
/// API-034: more is refused, not reduced.
const HIGHEST_LIMIT: u32 = 1000;
/// Most values of one list: each is looked for by itself.
const MOST_VALUES: usize = 100;

/// Times, cursor, order and limit.
pub(super) fn page(query: &Parameters) -> Result<Page, ApiError> {
    let time = |name: &str| match query.number::<i64>(name)? {
        Some(value) if value < 0 => Err(invalid(name)),
        value => Ok(value.unwrap_or(0)),
    };
    let limit = query.number("limit")?.unwrap_or(Page::default().limit);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(invalid("limit"));
    }
    let order = match query.given("order") {
        "" | "DESC" => Order::Descending,
        "ASC" => Order::Ascending,
        _ => return Err(invalid("order")),
    };
    Ok(Page {
        start_timestamp: time("start_timestamp")?,
        end_timestamp: time("end_timestamp")?,
        from_id: query.given("from_id").to_owned(),
        order,
        limit,
    })
}

/// A search of file system events.
pub(super) fn fs(query: &Parameters, page: Page) -> Result<FsEventFilter, ApiError> {
    Ok(FsEventFilter {
        page,
        actions: known(query, "actions", FS_ACTIONS)?,
        username: query.given("username").to_owned(),
        ip: query.given("ip").to_owned(),
        ssh_cmd: query.given("ssh_cmd").to_owned(),
        fs_provider: numbers(query, "fs_provider", PROVIDERS)?.first().copied(),
        bucket: query.given("bucket").to_owned(),
        endpoint: query.given("endpoint").to_owned(),
        protocols: known(query, "protocols", PROTOCOLS)?,
        statuses: numbers(query, "statuses", STATUSES)?,
        instance_ids: list(query, "instance_ids")?,
        role: query.given("role").to_owned(),
        ..FsEventFilter::default()
    })
}

/// A search of provider events.
pub(super) fn provider(query: &Parameters, page: Page) -> Result<ProviderEventFilter, ApiError> {
    Ok(ProviderEventFilter {
        page,
        actions: known(query, "actions", PROVIDER_ACTIONS)?,
        username: query.given("username").to_owned(),
        ip: query.given("ip").to_owned(),
        object_types: known(query, "object_types", OBJECT_TYPES)?,
        object_name: query.given("object_name").to_owned(),
        instance_ids: list(query, "instance_ids")?,
        role: query.given("role").to_owned(),
        omit_object_data: query.flag("omit_object_data")?,
    })
}

/// A search of log events.
pub(super) fn log(query: &Parameters, page: Page) -> Result<LogEventFilter, ApiError> {
    Ok(LogEventFilter {
        page,
        events: numbers(query, "events", LOG_EVENTS)?,
        username: query.given("username").to_owned(),
        ip: query.given("ip").to_owned(),
        protocols: known(query, "protocols", PROTOCOLS)?,
        instance_ids: list(query, "instance_ids")?,
        role: query.given("role").to_owned(),
    })
}

/// A comma separated list (API-105).
fn list(query: &Parameters, name: &str) -> Result<Vec<String>, ApiError> {
    let values: Vec<String> =
        query.given(name).split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect();
    if values.len() > MOST_VALUES { Err(invalid(name)) } else { Ok(values) }
}

fn known(query: &Parameters, name: &str, values: &[&str]) -> Result<Vec<String>, ApiError> {
    let given = list(query, name)?;
    if given.iter().all(|value| values.contains(&value.as_str())) { Ok(given) } else { Err(invalid(name)) }
}

fn numbers(query: &Parameters, name: &str, values: &[i64]) -> Result<Vec<i64>, ApiError> {
    let parse = |value: &String| i64::from_str(value).ok().filter(|number| values.contains(number));
    list(query, name)?.iter().map(parse).collect::<Option<_>>().ok_or_else(|| invalid(name))
}

fn invalid(name: &str) -> ApiError {
    ApiError::bad_request(format!("invalid {name}"))
}
