//! Lists, and deleting what is in them.

use actix_web::web;
use askama::Template;
use entrepot_core::{Error, admin::ListOptions};

use super::{Object, gone, many, one};
use crate::{
    admin::{
        asking::AskPage,
        tabs::{Tab, tabs},
    },
    api::escaped,
    frame::{
        AdminForm, AdminPage, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        look::Html,
        render,
    },
};

/// Rows of a page.
const PAGE: u64 = 50;

struct Line {
    name: String,
    href: String,
    sub: String,
    cells: Vec<Html>,
}

#[derive(Template)]
#[template(path = "admin/list.html")]
struct ListPage {
    f: Shell,
    title: &'static str,
    lead: &'static str,
    tabs: Vec<Tab>,
    columns: Vec<&'static str>,
    lines: Vec<Line>,
    q: String,
    /// Address of the form that creates one, and its words.
    create: Option<(String, &'static str)>,
    search: &'static str,
    empty: &'static str,
    previous: Option<String>,
    next: Option<String>,
    from: u64,
    /// What can be done with several at once: enable and disable, delete.
    bulk: (bool, bool),
    /// Where that is sent.
    bulk_to: String,
}

fn page_address<T: Object>(q: &str, from: u64) -> String {
    format!("{}?q={}&from={from}", many::<T>(), escaped(q))
}

pub(super) async fn list<T: Object>(page: AdminPage) -> PageResult {
    let q = page.query.get("q").trim().to_owned();
    let from: u64 = page.query.get("from").parse().unwrap_or_default();
    let name = (!q.is_empty()).then(|| q.clone());
    let options = ListOptions { offset: from, limit: PAGE + 1, name, ..ListOptions::default() };
    let mut objects = T::list(page.core(), &page.session, options).await?;
    let more = objects.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    objects.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let t = page.look.t;
    let word = |name: &str| t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    let lines = objects.iter().map(|object| {
        let (sub, cells) = object.line(&page.look);
        Line { name: object.name().to_owned(), href: one::<T>(object.name()), sub, cells }
    });
    let lines = lines.collect();
    let rights = T::rights(&page.session);
    let bulk = (rights.edit && T::HAS_STATUS, rights.delete);
    let create = rights.add.then(|| (crate::frame::Area::Admin.page(T::ONE), word("create")));
    render(&ListPage {
        title: word("title"),
        lead: word("lead"),
        tabs: tabs(T::PLACE, T::MANY, &page.session, t),
        columns: T::COLUMNS.iter().map(|name| t.find(&format!("column.{name}")).unwrap_or_default()).collect(),
        lines,
        create,
        search: word("search"),
        empty: word("empty"),
        previous: (from > 0).then(|| page_address::<T>(&q, from.saturating_sub(PAGE))),
        next: more.then(|| page_address::<T>(&q, from + PAGE)),
        from,
        bulk,
        bulk_to: format!("{}/bulk", many::<T>()),
        q,
        f: Shell::admin(page, T::PLACE),
    })
}

pub(super) async fn ask<T: Object>(page: AdminPage, name: web::Path<String>) -> PageResult {
    let object = T::get(page.core(), &page.session, &name).await?;
    if !T::rights(&page.session).delete {
        page.session.require(entrepot_model::AdminPermission::Any)?;
    }
    let t = page.look.t;
    let word = |name: &str| t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    let name = object.name().to_owned();
    render(&AskPage {
        title: page.look.say(t.object_delete_title, &name),
        text: word("delete_text").to_owned(),
        button: word("delete"),
        action: format!("{}/delete", one::<T>(&name)),
        back: one::<T>(&name),
        parent: word("title"),
        parent_href: many::<T>(),
        name,
        f: Shell::admin(page, T::PLACE),
    })
}

pub(super) async fn delete<T: Object>(sent: AdminForm, name: web::Path<String>) -> PageResult {
    let page = sent.page;
    let t = page.look.t;
    match T::delete(page.core(), &page.session, &name).await {
        Ok(()) => Ok(redirect_saying(&many::<T>(), &page.look, page.look.say(t.object_deleted, &*name))),
        Err(Error::InUse(message) | Error::Conflict(message) | Error::Invalid { message, .. }) => {
            Ok(redirect_refusing(&one::<T>(&name), &page.look, message))
        }
        Err(Error::NotFound) => Ok(gone::<T>(&page, &name)),
        Err(error) => Err(error.into()),
    }
}
