//! Every share of every user that the administrator sees: whose, of what, for how long, how often used; and the end of one.
//! What governs sharing stands beside it.

use actix_web::web::{self, ServiceConfig, get, post, resource};
use askama::Template;
use entrepot_core::{
    Error,
    admin::{ListOptions, settings, shares},
};
use entrepot_model::{AdminPermission as P, Share, ShareScope, User};

use super::{asking::AskPage, object::one};
use crate::{
    api::escaped,
    error::only,
    frame::{
        AdminForm, AdminPage, Area, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        render,
    },
};

/// Shares of a page.
const PAGE: u64 = 50;

struct Line {
    id: String,
    name: String,
    paths: String,
    owner: String,
    owner_href: String,
    scope: &'static str,
    icon: &'static str,
    has_password: bool,
    has_code: bool,
    is_over: bool,
    expires_at: i64,
    used: i64,
    most: i64,
    last_use_at: i64,
}

/// A setting that governs sharing.
struct Rule {
    key: String,
    doc: String,
    value: String,
    href: String,
}

#[derive(Template)]
#[template(path = "admin/sharing.html")]
struct SharingPage {
    f: Shell,
    q: String,
    lines: Vec<Line>,
    may_end: bool,
    rules: Vec<Rule>,
    previous: Option<String>,
    next: Option<String>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/sharing", get().to(show)).service(
        resource("/sharing/{id}/end")
            .route(get().to(ask))
            .route(post().to(end))
            .default_service(web::to(only("GET, HEAD, POST"))),
    );
}

fn line(page: &AdminPage, share: Share) -> Line {
    let t = page.look.t;
    let (scope, icon) = match share.scope() {
        Some(ShareScope::Write) => (t.share_request, "inbox"),
        Some(ShareScope::ReadWrite) => (t.share_both, "edit"),
        _ => (t.share_download, "download"),
    };
    Line {
        paths: share.paths.join(", "),
        owner_href: one::<User>(&share.username),
        scope,
        icon,
        has_password: !share.password.is_empty(),
        has_code: share.options.auth_mode != 0,
        is_over: share.is_expired(page.look.now) || share.is_used_up(),
        expires_at: share.expires_at,
        used: share.used_tokens,
        most: share.max_tokens,
        last_use_at: share.last_use_at,
        owner: share.username,
        name: share.name,
        id: share.id,
    }
}

/// Settings that have to do with sharing, for whom may change them.
fn rules(page: &AdminPage) -> Vec<Rule> {
    let all = settings::list(page.core(), &page.session).unwrap_or_default();
    let about = all.into_iter().filter(|setting| setting.key.contains("share"));
    about
        .map(|setting| Rule {
            value: match &setting.value {
                serde_json::Value::String(text) if text.is_empty() => "–".to_owned(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            href: format!("{}/{}", Area::Admin.page("configs"), escaped(&setting.key)),
            doc: setting.doc,
            key: setting.key,
        })
        .collect()
}

async fn show(page: AdminPage) -> PageResult {
    let q = page.query.get("q").trim().to_owned();
    let from: u64 = page.query.get("from").parse().unwrap_or_default();
    let options = ListOptions { offset: from, limit: PAGE + 1, ..ListOptions::default() };
    let username = (!q.is_empty()).then_some(q.as_str());
    let mut found = shares::list(page.core(), &page.session, username, options).await?;
    let more = found.len() as u64 > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let lines = found.into_iter().map(|share| line(&page, share)).collect();
    let at = |from: u64| format!("{}?q={}&from={from}", Area::Admin.page("sharing"), escaped(&q));
    render(&SharingPage {
        lines,
        may_end: page.session.may(P::EditUsers),
        rules: rules(&page),
        previous: (from > 0).then(|| at(from.saturating_sub(PAGE))),
        next: more.then(|| at(from + PAGE)),
        q,
        f: Shell::admin(page, "sharing"),
    })
}

async fn ask(page: AdminPage, id: web::Path<String>) -> PageResult {
    page.session.require(P::EditUsers)?;
    let share = shares::get(page.core(), &page.session, &id).await?;
    let t = page.look.t;
    let list = Area::Admin.page("sharing");
    render(&AskPage {
        title: page.look.say(t.sharing_end_of, &share.name),
        text: page.look.say(t.sharing_end_text, &share.username),
        button: t.sharing_end,
        name: share.name,
        action: format!("{list}/{}/end", escaped(&share.id)),
        back: list.clone(),
        parent: t.nav_sharing,
        parent_href: list,
        f: Shell::admin(page, "sharing"),
    })
}

async fn end(sent: AdminForm, id: web::Path<String>) -> PageResult {
    let page = sent.page;
    let to = Area::Admin.page("sharing");
    match shares::revoke(page.core(), &page.session, &id).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.t.sharing_ended)),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.sharing_gone)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
