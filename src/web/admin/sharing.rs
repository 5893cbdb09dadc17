//! Every share of every user that the administrator sees: whose, of what, for how long, how often used; and the end of one.
//! What governs sharing stands beside it.

use actix_web::web::{self, ServiceConfig, get, post, resource};
use askama::Template;
use entrepot_core::{
    Error,
    admin::{ListOptions, Order, Sort, settings, shares},
};
use entrepot_model::{AdminPermission as P, Share, ShareScope, User};

use super::{
    asking::AskPage,
    object::{Asked, Column, ColumnView, Filter, FilterView, Head, columns, filters, heads, one},
};
use crate::{
    api::escaped,
    error::only,
    frame::{
        AdminForm, AdminPage, Area, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        render,
        words::fill,
    },
};

/// Shares of a page.
const PAGE: u64 = 50;
const SCOPES: [(i64, &str); 3] = [(1, "share_download"), (2, "share_request"), (3, "share_both")];
const COLUMNS: [Column; 5] = [
    Column::new("owner").by(Sort::Users),
    Column::new("type").by(Sort::Kind),
    Column::new("expires").by(Sort::Expires),
    Column::new("uses").by_most(Sort::Used),
    Column::new("last_use").by_most(Sort::LastUse),
];
const FILTERS: [Filter; 3] = [Filter::Share, Filter::Password, Filter::Kind(&SCOPES)];

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
    list: String,
    q: String,
    search: &'static str,
    filters: Vec<FilterView>,
    /// Filters that hold.
    held: usize,
    columns: Vec<ColumnView>,
    heads: Vec<Head>,
    is_rising: bool,
    is_narrow: bool,
    lines: Vec<Line>,
    may_end: bool,
    rules: Vec<Rule>,
    /// First and last row of the page, and how many there are.
    range: String,
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
    let (session, t) = (&page.session, page.look.t);
    let mut asked = Asked::of(&COLUMNS, &FILTERS, &page.query, session, page.look.now);
    let options = |asked: &Asked, limit| {
        let options = asked.options(limit);
        // The name that is shown; the one of the database is a secret.
        let sort = if options.sort == Sort::Name { Sort::Label } else { options.sort };
        ListOptions { sort, ..options }
    };
    let total = shares::count(page.core(), session, options(&asked, 0)).await?;
    if asked.from >= total {
        asked.from = total.saturating_sub(1) / PAGE * PAGE;
    }
    let found = shares::list(page.core(), session, None, options(&asked, PAGE)).await?;
    let last = asked.from + found.len() as u64;
    let list = Area::Admin.page("sharing");
    let at = |from: u64| format!("{list}{}", asked.query_from(from));
    render(&SharingPage {
        search: t.sharing_search,
        filters: filters(&FILTERS, session, &asked, t),
        held: asked.filters.len(),
        columns: columns(&COLUMNS, &[], &asked, t),
        heads: heads(&list, COLUMNS.iter(), &asked, t),
        is_rising: asked.order == Order::Ascending,
        is_narrow: asked.is_narrow(),
        lines: found.into_iter().map(|share| line(&page, share)).collect(),
        may_end: session.may(P::EditUsers),
        rules: rules(&page),
        range: fill(t.list_range, &[&(asked.from + 1).min(last), &last, &total]),
        previous: (asked.from > 0).then(|| at(asked.from.saturating_sub(PAGE))),
        next: (last < total).then(|| at(last)),
        q: asked.q,
        list,
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
