//! What happened: searched, exported, and each refusal with the rule that stopped it (UI-072, UI-073).

use actix_web::web::{ServiceConfig, get};
use askama::Template;
use chrono::NaiveDateTime;
use entrepot_core::{
    FsEventFilter, LogEventFilter, Page, ProviderEventFilter,
    admin::{AdminSession, events},
};
use entrepot_model::{
    AdminPermission as P,
    event::{FsEvent, LogEvent, ProviderEvent},
};

use super::{
    cells,
    tabs::{Tab, tabs},
    why,
};
use crate::{
    api::{escaped, events::export},
    frame::{AdminPage, Area, Form, Look, PageError, PageResult, Shell, look::Html, render},
};

/// The protocol of events of visitors of a share.
const SHARE: &str = "HTTPShare";
/// Events of a page.
const PAGE: u32 = 50;

/// One event, ready to be shown.
pub(super) struct EventView {
    pub(super) id: String,
    /// Milliseconds since the epoch.
    pub(super) at: i64,
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
    pub(super) outcome: &'static str,
    /// What happened, in a sentence.
    pub(super) text: Html,
    pub(super) sub: String,
    /// The rule that stopped it, and what it says.
    pub(super) rule: Option<(String, String)>,
    /// The page with the rule, and the question that was answered with it.
    pub(super) links: Vec<(String, &'static str)>,
    /// Everything else.
    pub(super) facts: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "admin/events.html")]
struct EventsPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    kind: &'static str,
    kinds: Vec<(&'static str, &'static str, bool)>,
    form: Form,
    events: Vec<EventView>,
    previous: Option<String>,
    next: Option<String>,
    export: String,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/events", get().to(show)).route("/events/csv", get().to(csv));
}

const KINDS: [&str; 3] = ["fs", "provider", "log"];

fn kind(query: &Form) -> &'static str {
    KINDS.into_iter().find(|kind| *kind == query.get("kind")).unwrap_or("fs")
}

/// Days from `from` to `to`, in UTC.
fn bounds(query: &Form) -> (i64, i64) {
    let nanos = |text: &str, seconds: i64| {
        let moment = NaiveDateTime::parse_from_str(&format!("{text}T00:00"), "%Y-%m-%dT%H:%M").ok()?;
        (moment.and_utc() + chrono::Duration::seconds(seconds)).timestamp_nanos_opt()
    };
    (nanos(query.get("since"), 0).unwrap_or_default(), nanos(query.get("until"), 24 * 3600 - 1).unwrap_or_default())
}

fn page_of(query: &Form) -> Page {
    let (start_timestamp, end_timestamp) = bounds(query);
    Page { start_timestamp, end_timestamp, from_id: query.get("after").to_owned(), limit: PAGE + 1, ..Page::default() }
}

fn one_of(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

fn fs_filter(query: &Form) -> FsEventFilter {
    FsEventFilter {
        page: page_of(query),
        actions: one_of(query.get("action")),
        username: query.get("username").to_owned(),
        ip: query.get("ip").to_owned(),
        protocols: one_of(query.get("protocol")),
        statuses: query.get("status").parse().into_iter().collect(),
        ..FsEventFilter::default()
    }
}

fn provider_filter(query: &Form) -> ProviderEventFilter {
    ProviderEventFilter {
        page: page_of(query),
        actions: one_of(query.get("action")),
        username: query.get("username").to_owned(),
        ip: query.get("ip").to_owned(),
        ..ProviderEventFilter::default()
    }
}

fn log_filter(query: &Form) -> LogEventFilter {
    LogEventFilter {
        page: page_of(query),
        username: query.get("username").to_owned(),
        ip: query.get("ip").to_owned(),
        protocols: one_of(query.get("protocol")),
        ..LogEventFilter::default()
    }
}

/// The address of the same search with other members.
fn address(query: &Form, after: Option<&str>, path: &str) -> String {
    let mut text = format!("{}?kind={}", Area::Admin.page(path), kind(query));
    for name in ["action", "username", "ip", "protocol", "status", "since", "until"] {
        if !query.get(name).is_empty() {
            text = format!("{text}&{name}={}", escaped(query.get(name)));
        }
    }
    if let Some(after) = after {
        text = format!("{text}&after={}", escaped(after));
    }
    text
}

async fn show(page: AdminPage) -> PageResult {
    let (core, session, query) = (page.core(), &page.session, page.query.clone());
    let kind = kind(&query);
    let (look, asks) = (&page.look, may_ask(session));
    let mut views: Vec<EventView> = match kind {
        "provider" => events::search_provider(core, session, provider_filter(&query))
            .await?
            .iter()
            .map(|event| of_provider(look, event))
            .collect(),
        "log" => {
            events::search_log(core, session, log_filter(&query)).await?.iter().map(|event| of_log(look, event, asks)).collect()
        }
        _ => events::search_fs(core, session, fs_filter(&query)).await?.iter().map(|event| of_fs(look, event, asks)).collect(),
    };
    let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = views.len() > limit;
    views.truncate(limit);
    let t = look.t;
    let next = views.last().filter(|_| more).map(|last| address(&query, Some(&last.id), "events"));
    let kinds = KINDS.into_iter().map(|one| (one, t.find(&format!("events.{one}")).unwrap_or_default(), one == kind));
    render(&EventsPage {
        title: t.nav_activity,
        tabs: tabs("activity", "events", session, t),
        kind,
        kinds: kinds.collect(),
        events: views,
        previous: (!query.get("after").is_empty()).then(|| address(&query, None, "events")),
        next,
        export: address(&query, None, "events/csv"),
        form: query,
        f: Shell::admin(page, "activity"),
    })
}

/// All that match, not only those of the page.
async fn csv(page: AdminPage) -> PageResult {
    let (core, session, query) = (page.core(), page.session.clone(), &page.query);
    let answer = match kind(query) {
        "provider" => export::<ProviderEvent>(core, session, provider_filter(query)).await,
        "log" => export::<LogEvent>(core, session, log_filter(query)).await,
        _ => export::<FsEvent>(core, session, fs_filter(query)).await,
    };
    answer.map_err(|error| PageError::status(error.code(), error.to_string()))
}

fn strong(name: &str) -> String {
    format!("<b>{}</b>", cells::text(name))
}

/// A value of the contract in words, as far as there are any.
fn spoken(t: &'static crate::frame::words::Words, value: &str) -> String {
    t.find(&format!("option.{value}")).unwrap_or(value).to_owned()
}

/// Who did it: whoever comes with a link is not the user to whom the share belongs.
fn who(look: &Look, username: &str, protocol: &str) -> String {
    if protocol == SHARE { crate::frame::words::fill(look.t.event_visitor, &[&strong(username)]) } else { strong(username) }
}

/// The rule in `denied by rule: detail` (what core records with a refusal).
fn rule(command: &str) -> Option<(String, String)> {
    let told = command.strip_prefix("denied by ")?;
    let (rule, detail) = told.split_once(':').unwrap_or((told, ""));
    Some((rule.trim().to_owned(), detail.trim().to_owned()))
}

/// Whether links lead to rules of accounts, and to the question why: those pages are for whoever sees users.
pub(super) fn may_ask(session: &AdminSession) -> bool {
    session.may(P::ViewUsers)
}

/// A change of files; `asks` tells whether there are links to what refused it.
pub(super) fn of_fs(look: &Look, event: &FsEvent, asks: bool) -> EventView {
    let t = look.t;
    let rule = rule(&event.ssh_cmd);
    let (icon, class, outcome) = match (&rule, event.status) {
        (Some(_), _) => ("denied", "bad", t.events_refused),
        (None, 1) => (if event.action.contains("download") { "arrup" } else { "arrdown" }, "ok", t.events_done),
        (None, 3) => ("warn", "warn", t.events_quota),
        (None, _) => ("bad", "bad", t.events_failed),
    };
    let is_done = event.status == 1 && rule.is_none();
    let (verb, other) = if is_done { ("event.", t.event_other) } else { ("event.no_", t.event_no_other) };
    let action = t.find(&format!("{verb}{}", event.action)).unwrap_or(other);
    let path = if event.virtual_path.is_empty() { &event.fs_path } else { &event.virtual_path };
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path);
    let text = crate::frame::words::fill(
        action,
        &[&who(look, &event.username, &event.protocol), &strong(name), &cells::text(&spoken(t, &event.action))],
    );
    let mut sub = vec![spoken(t, &event.protocol), path.clone()];
    if event.file_size > 0 {
        sub.push(look.size(event.file_size));
    }
    let facts = vec![
        (t.events_path, event.virtual_path.clone()),
        (t.events_target, event.virtual_target_path.clone()),
        (t.events_storage_path, event.fs_path.clone()),
        (t.events_size, if event.file_size > 0 { look.size(event.file_size) } else { String::new() }),
        (t.events_elapsed, if event.elapsed > 0 { format!("{} ms", event.elapsed) } else { String::new() }),
        (t.events_ip, event.ip.clone()),
        (t.events_session, event.session_id.clone()),
        (t.column_role, event.role.clone()),
        (t.events_command, if rule.is_some() { String::new() } else { event.ssh_cmd.clone() }),
    ];
    let mut view = view(event.id.clone(), event.timestamp, (icon, class, outcome), text, &sub, rule, facts);
    if asks
        && let Some((rule, _)) = &view.rule
        && rule != "stopped"
    {
        let question = why::address(&event.username, &event.action, &event.virtual_path, &event.protocol, &event.ip);
        view.links = links(look, &event.username, rule, question);
    }
    view
}

/// To the rule, and to the question that it answered.
fn links(look: &Look, username: &str, rule: &str, question: String) -> Vec<(String, &'static str)> {
    let rule = why::link_of(username, rule).map(|href| (href, look.t.why_rule));
    rule.into_iter().chain([(question, look.t.why_again)]).collect()
}

fn view(
    id: String,
    nanos: i64,
    (icon, class, outcome): (&'static str, &'static str, &'static str),
    text: String,
    sub: &[String],
    rule: Option<(String, String)>,
    facts: Vec<(&'static str, String)>,
) -> EventView {
    let sub = sub.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    EventView { id, at: nanos / 1_000_000, icon, class, outcome, text: Html(text), sub, rule, links: Vec::new(), facts }
}

/// What people call an object: shares and API keys are known by ids, and have names beside them.
fn called(event: &ProviderEvent) -> String {
    let has_id = matches!(event.object_type.as_str(), "share" | "api_key");
    let object = || serde_json::from_str::<serde_json::Value>(&event.object_data).ok();
    let name = has_id.then(object).flatten().and_then(|object| Some(object.get("name")?.as_str()?.to_owned()));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| event.object_name.clone())
}

/// A change of an object.
pub(super) fn of_provider(look: &Look, event: &ProviderEvent) -> EventView {
    let t = look.t;
    let action = t.find(&format!("event.object_{}", event.action)).unwrap_or(t.event_other);
    let object = t.find(&format!("option.{}", event.object_type)).unwrap_or(&event.object_type);
    let text = crate::frame::words::fill(action, &[&strong(&event.username), &strong(&called(event)), &cells::text(object)]);
    let facts =
        vec![(t.events_ip, event.ip.clone()), (t.column_role, event.role.clone()), (t.events_object, event.object_data.clone())];
    let sub = [object.to_owned(), event.ip.clone()];
    view(event.id.clone(), event.timestamp, ("edit", "info", t.events_changed), text, &sub, None, facts)
}

/// A login, or an attempt; `asks` as in [`of_fs`].
pub(super) fn of_log(look: &Look, event: &LogEvent, asks: bool) -> EventView {
    let t = look.t;
    let is_share = event.protocol == SHARE;
    let (icon, class, outcome, key) = match event.event {
        5 if is_share => ("ok", "ok", t.events_done, "event.share_opened"),
        5 => ("ok", "ok", t.events_done, "event.login_ok"),
        6 => ("ok", "ok", t.events_done, "event.agreed"),
        2 if event.username.is_empty() => ("denied", "bad", t.events_refused, "event.login_nameless"),
        2 => ("denied", "bad", t.events_refused, "event.login_unknown"),
        3 => ("denied", "bad", t.events_refused, "event.login_no"),
        4 => ("bad", "bad", t.events_failed, "event.negotiation"),
        _ if is_share => ("denied", "bad", t.events_refused, "event.share_not_opened"),
        _ => ("denied", "bad", t.events_refused, "event.login_failed"),
    };
    let text =
        crate::frame::words::fill(t.find(key).unwrap_or(t.event_other), &[&strong(&event.username), &strong(&event.ip), &""]);
    let facts =
        vec![(t.events_message, event.message.clone()), (t.events_ip, event.ip.clone()), (t.column_role, event.role.clone())];
    let sub = [spoken(t, &event.protocol), event.ip.clone(), event.message.clone()];
    // What core records of a login that a rule of the account refused: `rule: detail`.
    let rule = event.message.split_once(": ").filter(|(rule, _)| class == "bad" && why::card_of(rule).is_some());
    let rule = rule.map(|(rule, detail)| (rule.to_owned(), detail.to_owned()));
    let mut view = view(event.id.clone(), event.timestamp, (icon, class, outcome), text, &sub, rule, facts);
    if asks && !event.username.is_empty() && class == "bad" && event.event != 2 {
        let question = why::address(&event.username, "", "", &event.protocol, &event.ip);
        view.links = match &view.rule {
            Some((rule, _)) => links(look, &event.username, rule, question),
            None => vec![(question, look.t.why_again)],
        };
    }
    view
}
