//! Searching events: `/events/fs`, `/events/provider`, `/events/logs` (API-102…API-112).

pub(crate) mod csv;
mod filters;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes, ServiceConfig, get},
};
use chrono::DateTime;
use entrepot_core::{
    Core, FsEventFilter, LogEventFilter, Page, ProviderEventFilter, Result,
    admin::{AdminSession, Order, events},
};
use entrepot_model::event::{FsEvent, LogEvent, ProviderEvent};
use futures_util::stream;
use serde::Serialize;

use super::{access::AdminToken, at, query::Parameters};
use crate::{
    Site,
    error::{ApiError, ApiResult, json},
};

/// Events read at a time for an export.
const EXPORT_PAGE: u32 = 1000;

/// A kind of events: how it is asked for, and how it looks in a table.
pub(crate) trait Kind: Serialize + Sized + Send + 'static {
    /// A search.
    type Filter: Clone + Send + 'static;
    /// Beginning of the name of an exported file.
    const FILE: &'static str;
    /// First line of an export (API-112).
    const HEADER: &'static str;

    /// The search that a query string asks for.
    fn filter(query: &Parameters, page: Page) -> std::result::Result<Self::Filter, ApiError>;
    /// Times, cursor, order and limit of a search.
    fn page(filter: &mut Self::Filter) -> &mut Page;
    /// The use case.
    async fn search(core: &Core, admin: &AdminSession, filter: Self::Filter) -> Result<Vec<Self>>;
    /// Id and time.
    fn place(&self) -> (&str, i64);
    /// A line of an export.
    fn row(&self) -> Vec<String>;
}

/// The three paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/events/fs").route(get().to(search::<FsEvent>)))
        .service(at("/events/provider").route(get().to(search::<ProviderEvent>)))
        .service(at("/events/logs").route(get().to(search::<LogEvent>)));
}

async fn search<K: Kind>(site: web::Data<Site>, AdminToken(admin): AdminToken, query: Parameters) -> ApiResult {
    let filter = K::filter(&query, filters::page(&query)?)?;
    if query.flag("csv_export")? {
        return export::<K>(site.core(), admin, filter).await;
    }
    Ok(json(StatusCode::OK, &K::search(site.core(), &admin, filter).await?))
}

/// All that match, streamed in pages: the limit does not apply (API-111).
pub(crate) async fn export<K: Kind>(core: &Core, admin: AdminSession, mut filter: K::Filter) -> ApiResult {
    K::page(&mut filter).limit = EXPORT_PAGE;
    // The first page is read before the answer begins: a refusal has its status.
    let first = K::search(core, &admin, filter.clone()).await?;
    let head = format!("{}\r\n", K::HEADER);
    let state = (core.clone(), admin, filter, Some(first), Some(head));
    let pages = stream::unfold(state, |(core, admin, mut filter, page, head)| async move {
        let events = match page {
            Some(events) => events,
            None => match K::search(&core, &admin, filter.clone()).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::error!(%error, "an export of events ended early");
                    return None;
                }
            },
        };
        let is_last = events.len() < EXPORT_PAGE as usize;
        if events.is_empty() && head.is_none() {
            return None;
        }
        if let Some(last) = events.last() {
            follow(K::page(&mut filter), last.place());
        }
        let mut text = head.unwrap_or_default();
        events.iter().for_each(|event| csv::line(&mut text, &event.row()));
        // An empty page ends it.
        let next = is_last.then(Vec::new);
        Some((Ok::<_, actix_web::Error>(Bytes::from(text)), (core, admin, filter, next, None)))
    });
    let now = DateTime::from_timestamp(core.clock().seconds(), 0).unwrap_or_default();
    let name = format!("attachment; filename=\"{}-{}.csv\"", K::FILE, now.format("%Y-%m-%dT%H-%M-%S"));
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(Box::pin(pages)))
}

/// The page behind an event (API-107). Should the event expire meanwhile, its time still bounds what follows.
fn follow(page: &mut Page, (id, timestamp): (&str, i64)) {
    id.clone_into(&mut page.from_id);
    match page.order {
        Order::Ascending => page.start_timestamp = timestamp,
        Order::Descending => page.end_timestamp = timestamp,
    }
}

impl Kind for FsEvent {
    type Filter = FsEventFilter;
    const FILE: &'static str = "fslogs";
    const HEADER: &'static str = "Time,Action,Path,Fs Path,Size,Elapsed,Status,User,Protocol,IP,SSH command,Role";

    fn filter(query: &Parameters, page: Page) -> std::result::Result<Self::Filter, ApiError> {
        filters::fs(query, page)
    }

    fn page(filter: &mut Self::Filter) -> &mut Page {
        &mut filter.page
    }

    async fn search(core: &Core, admin: &AdminSession, filter: Self::Filter) -> Result<Vec<Self>> {
        events::search_fs(core, admin, filter).await
    }

    fn place(&self) -> (&str, i64) {
        (&self.id, self.timestamp)
    }

    fn row(&self) -> Vec<String> {
        let both = |path: &str, target: &str| if target.is_empty() { path.to_owned() } else { format!("{path} -> {target}") };
        let status = match self.status {
            1 => "OK",
            3 => "Quota exceeded",
            _ => "Error",
        };
        vec![
            csv::time(self.timestamp),
            self.action.clone(),
            both(&self.virtual_path, &self.virtual_target_path),
            both(&self.fs_path, &self.fs_target_path),
            self.file_size.to_string(),
            self.elapsed.to_string(),
            status.to_owned(),
            self.username.clone(),
            self.protocol.clone(),
            self.ip.clone(),
            self.ssh_cmd.clone(),
            self.role.clone(),
        ]
    }
}

impl Kind for ProviderEvent {
    type Filter = ProviderEventFilter;
    const FILE: &'static str = "providerlogs";
    const HEADER: &'static str = "Time,Action,Object Type,Object Name,User,IP,Role";

    fn filter(query: &Parameters, page: Page) -> std::result::Result<Self::Filter, ApiError> {
        filters::provider(query, page)
    }

    fn page(filter: &mut Self::Filter) -> &mut Page {
        &mut filter.page
    }

    async fn search(core: &Core, admin: &AdminSession, filter: Self::Filter) -> Result<Vec<Self>> {
        events::search_provider(core, admin, filter).await
    }

    fn place(&self) -> (&str, i64) {
        (&self.id, self.timestamp)
    }

    fn row(&self) -> Vec<String> {
        vec![
            csv::time(self.timestamp),
            self.action.clone(),
            self.object_type.clone(),
            self.object_name.clone(),
            self.username.clone(),
            self.ip.clone(),
            self.role.clone(),
        ]
    }
}

impl Kind for LogEvent {
    type Filter = LogEventFilter;
    const FILE: &'static str = "logs";
    const HEADER: &'static str = "Time,Event,Protocol,User,IP,Message,Role";

    fn filter(query: &Parameters, page: Page) -> std::result::Result<Self::Filter, ApiError> {
        filters::log(query, page)
    }

    fn page(filter: &mut Self::Filter) -> &mut Page {
        &mut filter.page
    }

    async fn search(core: &Core, admin: &AdminSession, filter: Self::Filter) -> Result<Vec<Self>> {
        events::search_log(core, admin, filter).await
    }

    fn place(&self) -> (&str, i64) {
        (&self.id, self.timestamp)
    }

    fn row(&self) -> Vec<String> {
        let event = match self.event {
            1 => "Login failed",
            2 => "Login with unknown user",
            3 => "No login tried",
            4 => "Algorithm negotiation failed",
            5 => "Login succeeded",
            6 => "Share agreement accepted",
            _ => "",
        };
        vec![
            csv::time(self.timestamp),
            event.to_owned(),
            self.protocol.clone(),
            self.username.clone(),
            self.ip.clone(),
            self.message.clone(),
            self.role.clone(),
        ]
    }
}
