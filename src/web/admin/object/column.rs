//! Columns of a list: what they are ordered by, and which of them a browser wants to see.

use actix_web::HttpRequest;
use entrepot_core::admin::{Order, Sort};

use super::{Object, many};
use crate::frame::{
    AdminForm, Look, PageResult,
    cookies::{self, Kept},
    next, redirect,
};

/// A column after the name.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Column {
    /// Name of its text, `column.<name>`, and in addresses.
    pub(in super::super) name: &'static str,
    /// What a click on it orders the list by, and which way first.
    pub(super) sort: Option<(Sort, Order)>,
    /// Nobody sees it who did not ask for it.
    pub(super) is_extra: bool,
}

impl Column {
    pub(in super::super) const fn new(name: &'static str) -> Self {
        Self { name, sort: None, is_extra: false }
    }

    /// A click orders the list, from A to Z first.
    pub(in super::super) const fn by(mut self, sort: Sort) -> Self {
        self.sort = Some((sort, Order::Ascending));
        self
    }

    /// A click orders the list, the most first.
    pub(in super::super) const fn by_most(mut self, sort: Sort) -> Self {
        self.sort = Some((sort, Order::Descending));
        self
    }

    /// Shown to who asks for it.
    pub(in super::super) const fn extra(mut self) -> Self {
        self.is_extra = true;
        self
    }
}

/// Rows of a page that somebody may choose; the first is usual.
pub(super) const ROWS: [u64; 3] = [50, 100, 200];

/// How a browser wants to see a list.
pub(super) struct Chosen {
    pub(super) rows: u64,
    /// Places of the columns that are shown.
    pub(super) columns: Vec<usize>,
}

impl Chosen {
    /// What the browser remembers: `50.groups.status`.
    pub(super) fn of<T: Object>(request: &HttpRequest, look: &Look) -> Self {
        let kept = Kept::Columns(T::MANY).read(request, look.secure);
        let mut parts = kept.as_deref().unwrap_or_default().split('.');
        let rows = parts.next().and_then(|rows| rows.parse().ok()).filter(|rows| ROWS.contains(rows));
        let wanted: Option<Vec<&str>> = kept.as_ref().map(|_| parts.collect());
        let is_shown = |column: &Column| match &wanted {
            Some(names) => names.contains(&column.name),
            None => !column.is_extra,
        };
        let columns = T::COLUMNS.iter().enumerate().filter(|(_, column)| is_shown(column)).map(|(at, _)| at);
        Self { rows: rows.unwrap_or(ROWS[0]), columns: columns.collect() }
    }

    /// The same with the column that orders the list: without it nobody sees why the rows come as they do.
    pub(super) fn with<T: Object>(mut self, name: &str) -> Self {
        let at = T::COLUMNS.iter().position(|column| column.name == name);
        self.columns.extend(at.filter(|at| !self.columns.contains(at)));
        self.columns.sort_unstable();
        self
    }
}

/// Remembers which columns a browser wants, and how many rows.
pub(super) async fn choose<T: Object>(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let rows = form.get("rows").parse().ok().filter(|rows| ROWS.contains(rows)).unwrap_or(ROWS[0]);
    let wanted: Vec<&str> = form.all("column").collect();
    let names = T::COLUMNS.iter().map(|column| column.name).filter(|name| wanted.contains(name));
    let value = names.fold(rows.to_string(), |value, name| format!("{value}.{name}"));
    let list = many::<T>();
    let back = next::own(form.get("back")).filter(|back| back.starts_with(&list));
    let mut answer = redirect(back.unwrap_or(&list));
    let kept = Kept::Columns(T::MANY);
    let cookie = if form.has("usual") { kept.gone(page.look.secure) } else { kept.choice(&value, page.look.secure) };
    cookies::add(&mut answer, &cookie);
    Ok(answer)
}
