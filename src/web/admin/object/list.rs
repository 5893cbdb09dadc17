//! Lists, and deleting what is in them.

use actix_web::{HttpRequest, web};
use askama::Template;
use entrepot_core::{Error, admin::Order};

use super::{
    Object,
    column::{Chosen, ROWS},
    filter::{Asked, offered},
    gone, many,
    narrowing::{self, ColumnView, FilterView, Head},
    one,
};
use crate::{
    admin::{
        asking::AskPage,
        cells::Cell,
        fields::Lists,
        tabs::{Tab, tabs},
    },
    frame::{
        AdminForm, AdminPage, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        render,
    },
};

struct Line {
    name: String,
    href: String,
    sub: String,
    /// Label and content.
    cells: Vec<(&'static str, Cell)>,
}

#[derive(Template)]
#[template(path = "admin/list.html")]
struct ListPage {
    f: Shell,
    title: &'static str,
    lead: &'static str,
    tabs: Vec<Tab>,
    heads: Vec<Head>,
    lines: Vec<Line>,
    q: String,
    filters: Vec<FilterView>,
    /// Filters that hold.
    held: usize,
    columns: Vec<ColumnView>,
    is_rising: bool,
    rows: Vec<(u64, bool)>,
    is_narrow: bool,
    /// Address of the form that creates one, and its words.
    create: Option<(String, &'static str)>,
    search: &'static str,
    empty: &'static str,
    previous: Option<String>,
    next: Option<String>,
    /// First and last row of the page, and how many there are.
    range: String,
    total: u64,
    has_more: bool,
    /// What can be done with several at once: enable and disable, delete, put into a group.
    bulk: (bool, bool, bool),
    /// Where that is sent.
    bulk_to: String,
    /// Address of the list.
    list: String,
    export: String,
    lists: Lists,
}

/// Names for the filters that are typed, and for what is done with several.
async fn suggestions<T: Object>(page: &AdminPage, is_grouped: bool) -> Lists {
    let wanted = offered(T::FILTERS, &page.session).filter_map(super::filter::Filter::suggests);
    let mut names: Vec<&'static str> = wanted.chain(is_grouped.then_some("groups")).collect();
    names.sort_unstable();
    names.dedup();
    let mut lists = Lists::new();
    for name in names {
        lists.push((name, super::names(page.core(), &page.session, name).await));
    }
    lists
}

fn line<T: Object>(object: &T, page: &AdminPage, chosen: &Chosen) -> Line {
    let (sub, cells) = object.line(&page.look);
    let mut cells: Vec<Option<Cell>> = cells.into_iter().map(Some).collect();
    let label = |at: usize| page.look.t.find(&format!("column.{}", T::COLUMNS[at].name)).unwrap_or_default();
    let shown = chosen.columns.iter().filter_map(|at| Some((label(*at), cells.get_mut(*at)?.take()?)));
    Line { name: object.name().to_owned(), href: one::<T>(object.name()), sub, cells: shown.collect() }
}

pub(super) async fn list<T: Object>(request: HttpRequest, page: AdminPage) -> PageResult {
    let mut asked = Asked::read::<T>(&page.query, &page.session, page.look.now);
    let chosen = Chosen::of::<T>(&request, &page.look).with::<T>(asked.column);
    let total = T::count(page.core(), &page.session, asked.options(0)).await?;
    if asked.from >= total {
        // The last page went while somebody looked.
        asked.from = total.saturating_sub(1) / chosen.rows * chosen.rows;
    }
    let objects = T::list(page.core(), &page.session, asked.options(chosen.rows)).await?;
    let t = page.look.t;
    let word = |name: &str| t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    let list = many::<T>();
    let last = asked.from + objects.len() as u64;
    let rights = T::rights(&page.session);
    let bulk = (rights.edit && T::HAS_STATUS, rights.delete, T::joins(&page.session));
    let at = |from: u64| format!("{list}{}", asked.query_from(from));
    let range = crate::frame::words::fill(t.list_range, &[&(asked.from + 1).min(last), &last, &total]);
    render(&ListPage {
        title: word("title"),
        lead: word("lead"),
        tabs: tabs(T::PLACE, T::MANY, &page.session, t),
        heads: narrowing::heads(&list, chosen.columns.iter().map(|at| &T::COLUMNS[*at]), &asked, t),
        lines: objects.iter().map(|object| line(object, &page, &chosen)).collect(),
        filters: narrowing::filters(T::FILTERS, &page.session, &asked, t),
        held: asked.filters.len(),
        columns: narrowing::columns(T::COLUMNS, &chosen.columns, &asked, t),
        is_rising: asked.order == Order::Ascending,
        rows: ROWS.map(|rows| (rows, rows == chosen.rows)).to_vec(),
        is_narrow: asked.is_narrow(),
        create: rights.add.then(|| (crate::frame::Area::Admin.page(T::ONE), word("create"))),
        search: word("search"),
        empty: word("empty"),
        previous: (asked.from > 0).then(|| at(asked.from.saturating_sub(chosen.rows))),
        next: (last < total).then(|| at(last)),
        range,
        total,
        has_more: total > 1,
        bulk,
        bulk_to: format!("{list}/bulk{}", asked.query_from(asked.from)),
        export: format!("{list}/export{}", asked.query()),
        lists: suggestions::<T>(&page, bulk.2).await,
        q: asked.q,
        list,
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

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};

    use crate::testing::{Browser, House, ready};

    async fn people(house: &House) {
        let token = house.token("root").await;
        let group = serde_json::json!({ "name": "sales" });
        house.with(&token, TestRequest::post().uri("/api/v2/groups").set_json(group)).await;
        for (number, name) in ["ann", "bob", "cy", "dan"].into_iter().enumerate() {
            let mut user = house.user(name);
            user["email"] = format!("{}@example.com", ["z", "y", "x", "w"][number]).into();
            if number == 1 {
                user["status"] = 0.into();
            }
            if number >= 2 {
                user["groups"] = serde_json::json!([{ "name": "sales", "type": 1 }]);
            }
            house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        }
    }

    /// Names of the rows, in order.
    fn rows(page: &str) -> Vec<&str> {
        let parts = page.split("name=\"name\" value=\"").skip(1);
        parts.filter_map(|part| part.split('"').next()).collect()
    }

    // UI-220
    #[actix_web::test]
    async fn lists_are_ordered_and_narrowed_by_the_address() {
        let house = ready().await;
        people(&house).await;
        let mut root = Browser::admin(&house, "root").await;
        for (query, wanted) in [
            ("", vec!["ann", "bob", "cy", "dan"]),
            ("?order=desc", vec!["dan", "cy", "bob", "ann"]),
            ("?sort=email", vec!["dan", "cy", "bob", "ann"]),
            ("?sort=status&order=asc", vec!["bob", "ann", "cy", "dan"]),
            ("?state=disabled", vec!["bob"]),
            ("?state=expired", vec![]),
            ("?group=sales", vec!["cy", "dan"]),
            ("?group=sales&q=dan", vec!["dan"]),
            ("?q=y@example", vec!["bob"]),
            ("?factor=yes", vec![]),
            ("?factor=no&idle=never", vec!["ann", "bob", "cy", "dan"]),
            ("?state=nonsense&sort=nonsense", vec!["ann", "bob", "cy", "dan"]),
        ] {
            let page = root.get(&format!("/web/admin/users{query}")).await;
            assert_eq!(rows(&page.text), wanted, "{query}");
        }
        let sorted = root.get("/web/admin/users?sort=email&group=sales").await.text;
        assert!(sorted.contains("aria-sort=\"ascending\"") && sorted.contains("1–2 of 2"), "{sorted}");
        assert!(sorted.contains("/web/admin/users?group=sales&#38;sort=email&#38;order=desc"), "{sorted}");
    }

    // UI-220
    #[actix_web::test]
    async fn columns_and_rows_are_kept_by_the_browser() {
        let house = ready().await;
        people(&house).await;
        let mut root = Browser::admin(&house, "root").await;
        assert!(!root.get("/web/admin/users").await.text.contains("data-label=\"E-mail\""));
        let chosen = [("column", "email"), ("column", "status"), ("rows", "100"), ("back", "/web/admin/users?q=ann")];
        let kept = root.post("/web/admin/users/columns", &chosen).await;
        assert_eq!(kept.header("location"), "/web/admin/users?q=ann");
        let page = root.get("/web/admin/users").await.text;
        assert!(page.contains("data-label=\"E-mail\"") && !page.contains("data-label=\"Groups\""), "{page}");
        let foreign = root.post("/web/admin/users/columns", &[("back", "/web/admin/groups")]).await;
        assert_eq!(foreign.header("location"), "/web/admin/users");
    }

    // UI-221
    #[actix_web::test]
    async fn exports_hold_all_that_matches_and_no_formula() {
        let house = ready().await;
        people(&house).await;
        let token = house.token("root").await;
        let mut user = house.user("eve");
        user["description"] = "=1+1".into();
        user["email"] = "v@example.com".into();
        house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(user)).await;
        let mut root = Browser::admin(&house, "root").await;
        let all = root.get("/web/admin/users/export?sort=email").await;
        assert_eq!((all.status, all.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
        let lines: Vec<&str> = all.text.lines().collect();
        assert_eq!(lines[0], "name,about,email,role,groups,storage,last_login,factor,expires,created,status");
        assert!(lines[1].starts_with("eve,\"'=1+1\",v@example.com,,,0,,false,,"), "{}", lines[1]);
        assert!(lines[1].ends_with(",enabled"), "{}", lines[1]);
        assert_eq!(lines.len(), 6);
        assert_eq!(root.get("/web/admin/users/export?group=sales").await.text.lines().count(), 3);
    }
}
