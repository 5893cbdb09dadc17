//! Who is kept out, and with what the server shows who it is: bans, and the state of the services (UI-071, UI-074).

use std::net::IpAddr;

use actix_web::web::{self, ServiceConfig, get, post};
use askama::Template;
use entrepot_core::{
    Error,
    admin::{defender, status},
    gates::WatchedHost,
};
use entrepot_model::{AdminPermission as P, status::ServicesStatus};

use super::tabs::{Tab, tabs};
use crate::frame::{
    AdminForm, AdminPage, Area, PageError, PageResult, Shell,
    answer::{redirect_refusing, redirect_saying},
    render,
};

#[derive(Template)]
#[template(path = "admin/bans.html")]
struct BansPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    hosts: Vec<WatchedHost>,
    is_on: bool,
    may_lift: bool,
}

#[derive(Template)]
#[template(path = "admin/status.html")]
struct StatusPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    status: ServicesStatus,
    fingerprint: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/defender", get().to(bans)).route("/defender/{ip}/lift", post().to(lift)).route("/status", get().to(show));
}

async fn bans(page: AdminPage) -> PageResult {
    let hosts = defender::hosts(page.core(), &page.session)?;
    let tabs = tabs("security", "defender", &page.session, page.look.t);
    let is_on = page.core().settings().common.defender.enabled;
    let may_lift = page.session.may(P::ManageDefender);
    render(&BansPage { title: page.look.t.nav_security, tabs, hosts, is_on, may_lift, f: Shell::admin(page, "security") })
}

async fn lift(sent: AdminForm, ip: web::Path<String>) -> PageResult {
    let page = sent.page;
    let ip: IpAddr = ip.parse().map_err(|_| PageError::not_found())?;
    let to = Area::Admin.page("defender");
    match defender::forgive(page.core(), &page.session, ip) {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.say(page.look.t.bans_lifted, ip))),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.bans_gone)),
        Err(error) => Err(error.into()),
    }
}

async fn show(page: AdminPage) -> PageResult {
    let status = status::services(page.core(), &page.session).await?;
    let fingerprint = page.site.self_signed_fingerprint();
    let tabs = tabs("security", "status", &page.session, page.look.t);
    render(&StatusPage { title: page.look.t.nav_security, tabs, status, fingerprint, f: Shell::admin(page, "security") })
}
