//! What is connected now, with its transfers: stopping one, ending a session, and a rate for it (UI-070).

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig, get, post},
};
use askama::Template;
use entrepot_core::{
    Error,
    admin::connections::{self, LiveSession},
};
use entrepot_model::AdminPermission as P;

use super::{
    moving::{Moving, moving},
    tabs::{Tab, tabs},
};
use crate::{
    api::escaped,
    frame::{
        AdminForm, AdminPage, Area, Look, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        render,
    },
};

/// A session with what it moves.
struct OpenSession {
    it: LiveSession,
    /// Its page.
    href: String,
    moving: Vec<Moving>,
    /// What comes in and what goes out, where a rate holds.
    held: Option<[Held; 2]>,
}

/// The rate that holds for a direction.
#[derive(Clone)]
struct Held {
    label: &'static str,
    /// `None` = no limit.
    rate: Option<String>,
    /// Class and words of where it comes from.
    source: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "admin/activity.html")]
struct ActivityPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    open: Vec<OpenSession>,
    may_stop: bool,
}

/// Only the rows, for the script that looks again.
#[derive(Template)]
#[template(path = "admin/activity_rows.html")]
struct ActivityRows {
    f: Shell,
    open: Vec<OpenSession>,
    may_stop: bool,
}

#[derive(Template)]
#[template(path = "admin/connection.html")]
struct ConnectionPage {
    f: Shell,
    name: String,
    parent: &'static str,
    parent_href: String,
    session: OpenSession,
    held: [Held; 2],
    may_stop: bool,
    /// What was typed: upload, download; and what is wrong with it.
    typed: [String; 2],
    errors: [Option<String>; 2],
}

/// Only what it moves, for the script that looks again.
#[derive(Template)]
#[template(path = "admin/connection_moving.html")]
struct ConnectionMoving {
    f: Shell,
    session: OpenSession,
    may_stop: bool,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/activity", get().to(show))
        .route("/activity/rows", get().to(rows))
        .route("/connection/{id}", get().to(one))
        .route("/connection/{id}/moving", get().to(one_moving))
        .route("/connection/{id}/bandwidth", post().to(limit))
        .route("/connection/{id}/close", post().to(close))
        .route("/transfer/{id}/stop", post().to(stop));
}

fn held(look: &Look, it: &LiveSession) -> [Held; 2] {
    let t = look.t;
    let of = |label, own: u64, account: u64| {
        let (rate, source) = match (own, account) {
            (0, 0) => (0, ("", "")),
            (own, account) if own > 0 && (account == 0 || own <= account) => (own, ("src-here", t.limit_here)),
            (_, account) => (account, ("src-group", t.limit_account)),
        };
        Held { label, rate: (rate > 0).then(|| look.say(t.limit_rate, rate)), source }
    };
    [
        of(t.limit_in, it.upload_bandwidth, it.account_upload_bandwidth),
        of(t.limit_out, it.download_bandwidth, it.account_download_bandwidth),
    ]
}

fn view(look: &Look, it: LiveSession) -> OpenSession {
    let held = held(look, &it);
    OpenSession {
        href: Area::Admin.page(&format!("connection/{}", escaped(&it.connection_id))),
        moving: it.transfers.iter().map(|transfer| moving(look, &it, transfer)).collect(),
        held: held.iter().any(|held| held.rate.is_some()).then_some(held),
        it,
    }
}

fn sessions(page: &AdminPage) -> Result<Vec<OpenSession>, Error> {
    Ok(connections::live(page.core(), &page.session)?.into_iter().map(|it| view(&page.look, it)).collect())
}

fn find(page: &AdminPage, id: &str) -> Result<OpenSession, Error> {
    let open = connections::live(page.core(), &page.session)?;
    let found = open.into_iter().find(|session| session.connection_id == id);
    Ok(view(&page.look, found.ok_or(Error::NotFound)?))
}

async fn show(page: AdminPage) -> PageResult {
    let open = sessions(&page)?;
    let tabs = tabs("activity", "activity", &page.session, page.look.t);
    let may_stop = page.session.may(P::CloseConns);
    render(&ActivityPage { title: page.look.t.nav_activity, tabs, open, may_stop, f: Shell::admin(page, "activity") })
}

async fn rows(page: AdminPage) -> PageResult {
    let open = sessions(&page)?;
    let may_stop = page.session.may(P::CloseConns);
    render(&ActivityRows { open, may_stop, f: Shell::admin(page, "activity") })
}

fn connection(page: AdminPage, session: OpenSession, typed: Option<[String; 2]>, errors: [Option<String>; 2]) -> ConnectionPage {
    let own = |rate: u64| if rate > 0 { rate.to_string() } else { String::new() };
    ConnectionPage {
        name: session.it.username.clone(),
        parent: page.look.t.nav_activity,
        parent_href: Area::Admin.page("activity"),
        held: held(&page.look, &session.it),
        may_stop: page.session.may(P::CloseConns),
        typed: typed.unwrap_or_else(|| [own(session.it.upload_bandwidth), own(session.it.download_bandwidth)]),
        errors,
        session,
        f: Shell::admin(page, "activity"),
    }
}

async fn one(page: AdminPage, id: web::Path<String>) -> PageResult {
    let session = match find(&page, &id) {
        // It ended while somebody looked at the list.
        Err(Error::NotFound) => {
            let to = Area::Admin.page("activity");
            return Ok(redirect_refusing(&to, &page.look, page.look.t.activity_gone));
        }
        found => found?,
    };
    render(&connection(page, session, None, [None, None]))
}

async fn one_moving(page: AdminPage, id: web::Path<String>) -> PageResult {
    let session = find(&page, &id)?;
    let may_stop = page.session.may(P::CloseConns);
    render(&ConnectionMoving { session, may_stop, f: Shell::admin(page, "activity") })
}

/// A rate as it was typed: nothing is no limit.
fn rate(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.is_empty() { Some(0) } else { text.parse().ok().filter(|rate| *rate <= connections::MOST_BANDWIDTH) }
}

async fn limit(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let AdminForm { page, form } = sent;
    let typed = ["upload", "download"].map(|name| form.get(name).to_owned());
    let [upload, download] = [rate(&typed[0]), rate(&typed[1])];
    let (Some(upload), Some(download)) = (upload, download) else {
        let wrong = |rate: Option<u64>| rate.is_none().then(|| page.look.t.limit_wrong.to_owned());
        let session = find(&page, &id)?;
        return render_again(&connection(page, session, Some(typed), [wrong(upload), wrong(download)]));
    };
    match connections::limit(page.core(), &page.session, &id, upload, download) {
        Ok(()) => {
            let said = if upload == 0 && download == 0 { page.look.t.limit_lifted } else { page.look.t.limit_set };
            let to = Area::Admin.page(&format!("connection/{}", escaped(&id)));
            Ok(redirect_saying(&to, &page.look, said))
        }
        Err(Error::NotFound) => Ok(redirect_refusing(&Area::Admin.page("activity"), &page.look, page.look.t.activity_gone)),
        Err(error) => Err(error.into()),
    }
}

async fn close(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let page = sent.page;
    let to = Area::Admin.page("activity");
    match connections::close(page.core(), &page.session, &id) {
        Ok(()) => Ok::<HttpResponse, _>(redirect_saying(&to, &page.look, page.look.t.activity_stopped)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.activity_gone)),
        Err(error) => Err(error.into()),
    }
}

/// Stops one transfer, and goes back to where it was asked for: the list, the overview, or the page of the session.
async fn stop(sent: AdminForm, id: web::Path<u64>) -> PageResult {
    let AdminForm { page, form } = sent;
    let to = match (form.get("from"), form.get("session")) {
        ("overview", _) => Area::Admin.home().to_owned(),
        ("session", session) => Area::Admin.page(&format!("connection/{}", escaped(session))),
        _ => Area::Admin.page("activity"),
    };
    match connections::stop(page.core(), &page.session, *id).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.t.transfer_stopped)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.transfer_gone)),
        Err(error) => Err(error.into()),
    }
}
