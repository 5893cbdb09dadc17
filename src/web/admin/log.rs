//! The last lines of the log, and how much is written into it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{ServiceConfig, get, post},
};
use askama::Template;
use chrono::DateTime;
use entrepot_core::{
    Error,
    admin::{
        log::{self, LogEntry, LogFilter, LogLine},
        status,
    },
    live::LogStream,
};
use entrepot_model::status::LogLevel;

use super::tabs::{Tab, tabs};
use crate::{
    api::escaped,
    frame::{AdminForm, AdminPage, Area, Form, Look, PageError, PageResult, Shell, answer::redirect_saying, render},
    live,
};

/// Lines on the page; the download has all.
const SHOWN: usize = 200;

/// A line as it is shown.
struct LineView {
    class: &'static str,
    icon: &'static str,
    level: &'static str,
    entry: LogEntry,
}

#[derive(Template)]
#[template(path = "admin/log.html")]
struct LogPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    /// None where the level is nobody's to change: `portable`.
    levels: Vec<(&'static str, &'static str, bool)>,
    /// The choices of the filter.
    least: Vec<(&'static str, &'static str, bool)>,
    text: String,
    /// The newest first; `None` where there is no log to read.
    lines: Option<Vec<LineView>>,
    /// How many there are that fit.
    count: usize,
    /// Of the file, and of the stream of what comes next.
    download: String,
    follow: String,
}

/// Only lines, for the script that follows.
#[derive(Template)]
#[template(path = "admin/log_lines.html")]
struct LogLines {
    f: Look,
    lines: Vec<LineView>,
}

/// Levels, with the names of their texts.
const LEVELS: [(LogLevel, &str); 4] =
    [(LogLevel::Debug, "debug"), (LogLevel::Info, "info"), (LogLevel::Warn, "warn"), (LogLevel::Error, "error")];

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/log", get().to(show))
        .route("/log", post().to(set_level))
        .route("/log/download", get().to(download))
        .route("/log/follow", get().to(follow));
}

fn filter(query: &Form) -> LogFilter {
    let least = LEVELS.into_iter().find(|(_, name)| *name == query.get("least"));
    // Who asks for nothing is not shown every request.
    LogFilter { least: least.map_or(LogLevel::Info, |(level, _)| level), text: query.get("q").trim().to_owned() }
}

fn view(look: &Look, line: &LogLine) -> LineView {
    let t = look.t;
    let (class, icon, level) = match line.level {
        LogLevel::Debug => ("off", "off", t.log_is_debug),
        LogLevel::Info => ("info", "info", t.log_is_info),
        LogLevel::Warn => ("warn", "warn", t.log_is_warn),
        LogLevel::Error => ("bad", "bad", t.log_is_error),
    };
    LineView { class, icon, level, entry: line.entry() }
}

/// The newest first.
fn views(look: &Look, lines: &[LogLine]) -> Vec<LineView> {
    lines.iter().rev().take(SHOWN).map(|line| view(look, line)).collect()
}

async fn show(page: AdminPage) -> PageResult {
    let filter = filter(&page.query);
    let lines = match log::lines(page.core(), &page.session, &filter, 0) {
        Err(Error::Unsupported) => None,
        lines => Some(lines?),
    };
    let level = match status::log_level(page.core(), &page.session) {
        Err(Error::Unsupported) => None,
        level => Some(level?),
    };
    let t = page.look.t;
    let name = |name: &str| t.find(&format!("log.{name}")).unwrap_or_default();
    let levels = LEVELS.into_iter().filter(|_| level.is_some());
    let least = |(of, key): (LogLevel, &'static str)| (key, name(key), of == filter.least);
    let (least_key, after) = (
        LEVELS.into_iter().find(|(of, _)| *of == filter.least).map_or("info", |(_, key)| key),
        lines.as_ref().and_then(|lines| lines.last()).map_or(0, |line| line.number),
    );
    let wanted = format!("least={least_key}&q={}", escaped(&filter.text));
    render(&LogPage {
        title: t.nav_maintenance,
        tabs: tabs("maintenance", "log", &page.session, t),
        levels: levels.map(|(of, key)| (key, name(key), Some(of) == level)).collect(),
        least: LEVELS.into_iter().map(least).collect(),
        count: lines.as_ref().map_or(0, Vec::len),
        lines: lines.map(|lines| views(&page.look, &lines)),
        text: filter.text,
        download: format!("{}?{wanted}", Area::Admin.page("log/download")),
        follow: format!("{}?{wanted}&after={after}", Area::Admin.page("log/follow")),
        f: Shell::admin(page, "maintenance"),
    })
}

/// All that is in memory and fits, as the log has it: a JSON object a line, the oldest first.
async fn download(page: AdminPage) -> PageResult {
    let lines = log::lines(page.core(), &page.session, &filter(&page.query), 0)?;
    let mut text = String::with_capacity(lines.iter().map(|line| line.json.len() + 1).sum());
    for line in &lines {
        text.push_str(&line.json);
        text.push('\n');
    }
    let now = DateTime::from_timestamp_millis(page.look.now).unwrap_or_default();
    let name = format!("attachment; filename=\"entrepot-{}.log\"", now.format("%Y-%m-%dT%H-%M-%S"));
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}

/// What comes from now on, as the page shows it.
async fn follow(page: AdminPage, request: HttpRequest) -> PageResult {
    // A browser whose stream broke off says itself what it had.
    let had = request.headers().get("Last-Event-ID").and_then(|id| id.to_str().ok());
    let after = had.unwrap_or(page.query.get("after")).parse().unwrap_or(0);
    let stream = LogStream::open(page.core(), page.session.clone(), filter(&page.query), after)?;
    let look = page.look.clone();
    Ok(live::of_log(stream, move |lines| {
        let template = LogLines { lines: views(&look, lines), f: look.clone() };
        template.render().unwrap_or_default()
    }))
}

async fn set_level(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let wanted = LEVELS.into_iter().find(|(_, name)| *name == form.get("level"));
    let (level, name) = wanted.ok_or_else(PageError::not_found)?;
    status::set_log_level(page.core(), &page.session, level)?;
    let name = page.look.t.find(&format!("log.{name}")).unwrap_or(name);
    let text = page.look.say(page.look.t.log_set, name);
    Ok(redirect_saying(&Area::Admin.page("log"), &page.look, text))
}
