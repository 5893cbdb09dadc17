//! What is connected now, with its transfers, and stopping it (UI-070).

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig, get, post},
};
use askama::Template;
use entrepot_core::admin::connections;
use entrepot_model::{
    AdminPermission as P,
    connection::{ConnectionStatus, Transfer},
};

use super::tabs::{Tab, tabs};
use crate::frame::{
    AdminForm, AdminPage, Area, PageResult, Shell,
    answer::{redirect_refusing, redirect_saying},
    render,
};

#[derive(Template)]
#[template(path = "admin/activity.html")]
struct ActivityPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    open: Vec<ConnectionStatus>,
    may_stop: bool,
}

/// Only the rows, for the script that looks again.
#[derive(Template)]
#[template(path = "admin/activity_rows.html")]
struct ActivityRows {
    f: Shell,
    open: Vec<ConnectionStatus>,
    may_stop: bool,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/activity", get().to(show))
        .route("/activity/rows", get().to(rows))
        .route("/connection/{id}/close", post().to(close));
}

async fn show(page: AdminPage) -> PageResult {
    let open = connections::list(page.core(), &page.session)?;
    let tabs = tabs("activity", "activity", &page.session, page.look.t);
    let may_stop = page.session.may(P::CloseConns);
    render(&ActivityPage { title: page.look.t.nav_activity, tabs, open, may_stop, f: Shell::admin(page, "activity") })
}

async fn rows(page: AdminPage) -> PageResult {
    let open = connections::list(page.core(), &page.session)?;
    let may_stop = page.session.may(P::CloseConns);
    render(&ActivityRows { open, may_stop, f: Shell::admin(page, "activity") })
}

async fn close(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let page = sent.page;
    let to = Area::Admin.page("activity");
    match connections::close(page.core(), &page.session, &id) {
        Ok(()) => Ok::<HttpResponse, _>(redirect_saying(&to, &page.look, page.look.t.activity_stopped)),
        Err(entrepot_core::Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.activity_gone)),
        Err(error) => Err(error.into()),
    }
}

/// Bytes a second since the transfer began.
pub(super) fn rate(transfer: &Transfer, now: i64) -> i64 {
    let millis = (now - transfer.start_time).max(1);
    transfer.size.saturating_mul(1000) / millis
}
