//! What a list shows of its order, its filters and its columns.

use entrepot_core::admin::{AdminSession, Order};

use super::{
    column::Column,
    filter::{Asked, Filter, offered},
};
use crate::frame::words::Words;

/// A column that is shown: a link that orders the list, if it can be ordered by it.
pub(in super::super) struct Head {
    pub(in super::super) label: &'static str,
    pub(in super::super) href: Option<String>,
    /// As `aria-sort` has it, of the column that orders the list.
    pub(in super::super) sorted: Option<&'static str>,
}

/// A filter, as the form shows it.
pub(in super::super) struct FilterView {
    pub(in super::super) name: &'static str,
    pub(in super::super) label: &'static str,
    pub(in super::super) value: String,
    pub(in super::super) list: Option<&'static str>,
    pub(in super::super) choices: Vec<(String, String)>,
}

/// A column that can be chosen.
pub(in super::super) struct ColumnView {
    pub(in super::super) name: &'static str,
    pub(in super::super) label: &'static str,
    pub(in super::super) is_shown: bool,
    pub(in super::super) can_sort: bool,
    pub(in super::super) is_first: bool,
}

fn label(column: &Column, t: &'static Words) -> &'static str {
    t.find(&format!("column.{}", column.name)).unwrap_or_default()
}

/// The name, then these columns.
pub(in super::super) fn heads<'a>(
    list: &str,
    columns: impl Iterator<Item = &'a Column>,
    asked: &Asked,
    t: &'static Words,
) -> Vec<Head> {
    let sorted = |column: &str| {
        (column == asked.column).then_some(if asked.order == Order::Ascending { "ascending" } else { "descending" })
    };
    let name = Head { label: t.column_name, href: Some(format!("{list}{}", asked.query_by(None))), sorted: sorted("") };
    let others = columns.map(|column| Head {
        label: label(column, t),
        href: column.sort.map(|_| format!("{list}{}", asked.query_by(Some(column)))),
        sorted: sorted(column.name),
    });
    [name].into_iter().chain(others).collect()
}

pub(in super::super) fn filters(
    all: &'static [Filter],
    session: &AdminSession,
    asked: &Asked,
    t: &'static Words,
) -> Vec<FilterView> {
    let value = |name: &str| asked.filters.iter().find(|(held, _)| *held == name).map(|(_, value)| value.clone());
    let views = offered(all, session).map(|filter| FilterView {
        name: filter.name(),
        label: t.find(&format!("filter.{}", filter.name())).unwrap_or_default(),
        value: value(filter.name()).unwrap_or_default(),
        list: filter.suggests(),
        choices: filter.choices(t),
    });
    views.collect()
}

/// All columns; `shown` has the places of those that are shown.
pub(in super::super) fn columns(all: &[Column], shown: &[usize], asked: &Asked, t: &'static Words) -> Vec<ColumnView> {
    let views = all.iter().enumerate().map(|(at, column)| ColumnView {
        name: column.name,
        label: label(column, t),
        is_shown: shown.contains(&at),
        can_sort: column.sort.is_some(),
        is_first: asked.column == column.name,
    });
    views.collect()
}
