//! What a list is narrowed to: the search, the filters and the order, as the address of the page has them.

use std::collections::HashSet;

use entrepot_core::admin::{AdminSession, ListOptions, Only, Order, Sort};
use entrepot_model::AdminPermission as P;

use super::{Object, column::Column};
use crate::{
    api::escaped,
    frame::{Form, words::Words},
};

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;
/// What an address of a list has beside its filters.
const OTHERS: [&str; 4] = ["q", "sort", "order", "from"];
/// Days without a sign-in that one may ask for.
const IDLE: [i64; 4] = [30, 90, 180, 365];

/// One way to narrow a list down.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Filter {
    /// Enabled or disabled; for accounts that end also expired.
    State {
        ends: bool,
    },
    Role,
    Group,
    Folder,
    Factor,
    LastLogin,
    InUse,
    /// Shares that run, that are over, or that never end.
    Share,
    /// With a password or without.
    Password,
    /// One of these numbers, with the names of their texts.
    Kind(&'static [(i64, &'static str)]),
}

impl Filter {
    /// Name in addresses, and of its text: `filter.<name>`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Role => "role",
            Self::Group => "group",
            Self::Folder => "folder",
            Self::Factor => "factor",
            Self::LastLogin => "idle",
            Self::InUse => "use",
            Self::Share => "share",
            Self::Password => "password",
            Self::Kind(_) => "kind",
        }
    }

    /// Whether the administrator can do anything with it.
    fn is_for(self, session: &AdminSession) -> bool {
        match self {
            Self::Role => session.role().is_none(),
            Self::Group => session.may(P::ViewGroups),
            Self::Folder => session.may(P::ViewFolders),
            _ => true,
        }
    }

    /// The list of names that it suggests, where it is typed.
    pub(super) fn suggests(self) -> Option<&'static str> {
        match self {
            Self::Role => Some("roles"),
            Self::Group => Some("groups"),
            Self::Folder => Some("folders"),
            _ => None,
        }
    }

    /// What can be chosen, with its words.
    pub(super) fn choices(self, t: &'static Words) -> Vec<(String, String)> {
        let pair = |value: &str, text: &str| (value.to_owned(), text.to_owned());
        match self {
            Self::State { ends } => {
                let both = [pair("enabled", t.state_enabled), pair("disabled", t.state_disabled)];
                both.into_iter().chain(ends.then(|| pair("expired", t.state_expired))).collect()
            }
            Self::Factor => vec![pair("no", t.filter_without), pair("yes", t.filter_with)],
            Self::LastLogin => {
                let days = IDLE.map(|days| (days.to_string(), crate::frame::words::fill(t.filter_idle_days, &[&days])));
                days.into_iter().chain([pair("never", t.filter_idle_never)]).collect()
            }
            Self::InUse => vec![pair("no", t.filter_unused), pair("yes", t.filter_used)],
            Self::Share => {
                vec![pair("running", t.filter_running), pair("over", t.filter_over), pair("endless", t.filter_endless)]
            }
            Self::Password => vec![pair("no", t.filter_open), pair("yes", t.filter_protected)],
            Self::Kind(kinds) => {
                let word = |label: &str| t.find(&format!("option.{label}")).unwrap_or_default();
                kinds.iter().map(|(kind, label)| pair(&kind.to_string(), word(label))).collect()
            }
            Self::Role | Self::Group | Self::Folder => Vec::new(),
        }
    }

    /// What a value of the address means; `None` for one that means nothing.
    fn only(self, value: &str, now: i64) -> Option<Only> {
        let is = |value: &str| match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        match self {
            Self::State { ends } => match value {
                "enabled" => Some(Only::Enabled(now)),
                "disabled" => Some(Only::Disabled(now)),
                "expired" if ends => Some(Only::Expired(now)),
                _ => None,
            },
            Self::Role => Some(Only::Role(value.to_owned())),
            Self::Group => Some(Only::Group(value.to_owned())),
            Self::Folder => Some(Only::Folder(value.to_owned())),
            Self::Factor => is(value).map(Only::Factor),
            Self::InUse => is(value).map(Only::InUse),
            Self::Share => match value {
                "running" => Some(Only::Running(now)),
                "over" => Some(Only::Over(now)),
                "endless" => Some(Only::Endless),
                _ => None,
            },
            Self::Password => is(value).map(Only::Protected),
            Self::LastLogin if value == "never" => Some(Only::IdleSince(1)),
            Self::LastLogin => {
                let days: i64 = value.parse().ok().filter(|days| (1..=36_500).contains(days))?;
                Some(Only::IdleSince(now - days * DAY))
            }
            Self::Kind(kinds) => {
                let kind = value.parse::<i64>().ok()?;
                kinds.iter().any(|(known, _)| *known == kind).then_some(Only::Kind(kind))
            }
        }
    }
}

/// What the address of a list asks for.
#[derive(Clone)]
pub(in super::super) struct Asked {
    pub(in super::super) q: String,
    /// Filters that hold: name and value.
    pub(in super::super) filters: Vec<(&'static str, String)>,
    only: Vec<Only>,
    /// Name of the column that the list is ordered by; empty for the name of the objects.
    pub(in super::super) column: &'static str,
    sort: Sort,
    pub(in super::super) order: Order,
    pub(in super::super) from: u64,
}

impl Asked {
    /// What does not fit the kind is not looked at.
    pub(super) fn read<T: Object>(query: &Form, session: &AdminSession, now: i64) -> Self {
        Self::of(T::COLUMNS, T::FILTERS, query, session, now)
    }

    /// As [`Self::read`], of a list with these columns and filters.
    pub(in super::super) fn of(
        columns: &'static [Column],
        filters: &'static [Filter],
        query: &Form,
        session: &AdminSession,
        now: i64,
    ) -> Self {
        let offered = offered(filters, session);
        let q = query.get("q").trim().to_owned();
        let mut only: Vec<Only> = (!q.is_empty()).then(|| Only::Text(q.clone())).into_iter().collect();
        let mut filters = Vec::new();
        for filter in offered {
            let value = query.get(filter.name()).trim();
            if let Some(condition) = (!value.is_empty()).then(|| filter.only(value, now)).flatten() {
                only.push(condition);
                filters.push((filter.name(), value.to_owned()));
            }
        }
        let named = columns.iter().find(|column| column.name == query.get("sort"));
        let by = named.and_then(|column| column.sort.map(|(sort, first)| (column.name, sort, first)));
        let (column, sort, first) = by.unwrap_or(("", Sort::Name, Order::Ascending));
        let order = match query.get("order") {
            "desc" => Order::Descending,
            "asc" => Order::Ascending,
            _ => first,
        };
        let from = query.get("from").parse().unwrap_or_default();
        Self { q, filters, only, column, sort, order, from }
    }

    /// Everything that the address says holds here, once. What is changed in all that match must not be more than was asked for:
    /// by a filter that nobody knows, that this list has not, that the administrator may not use, or whose value means nothing.
    pub(super) fn is_understood(&self, query: &Form) -> bool {
        let holds = |name: &str| OTHERS.contains(&name) || self.filters.iter().any(|(known, _)| *known == name);
        let mut seen = HashSet::new();
        query.under("").filter(|(_, value)| !value.trim().is_empty()).all(|(name, _)| holds(name) && seen.insert(name))
    }

    /// The same list from its beginning.
    pub(super) fn whole(self) -> Self {
        Self { from: 0, ..self }
    }

    /// The page of the list that the address asks for.
    pub(in super::super) fn options(&self, limit: u64) -> ListOptions {
        let only = self.only.clone();
        ListOptions { offset: self.from, limit, order: self.order, sort: self.sort, only, ..ListOptions::default() }
    }

    /// Something was left out.
    pub(in super::super) fn is_narrow(&self) -> bool {
        !self.only.is_empty()
    }

    /// The same list as a query, from its beginning: `?q=…`, or nothing.
    pub(super) fn query(&self) -> String {
        let order = match (self.column, self.order) {
            ("", Order::Ascending) => "",
            (_, Order::Ascending) => "asc",
            (_, Order::Descending) => "desc",
        };
        let filters = self.filters.iter().map(|(name, value)| (*name, value.as_str()));
        let all = [("q", self.q.as_str())].into_iter().chain(filters).chain([("sort", self.column), ("order", order)]);
        let parts: Vec<String> =
            all.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The same list from another row on.
    pub(in super::super) fn query_from(&self, from: u64) -> String {
        let query = self.query();
        match (from, query.is_empty()) {
            (0, _) => query,
            (_, true) => format!("?from={from}"),
            (_, false) => format!("{query}&from={from}"),
        }
    }

    /// The same list ordered by a column, the other way round if it is ordered by it already; `None` is the name.
    pub(in super::super) fn query_by(&self, column: Option<&Column>) -> String {
        let (name, first) = match column {
            None => ("", Order::Ascending),
            Some(column) => (column.name, column.sort.map_or(Order::Ascending, |(_, first)| first)),
        };
        let order = match (name == self.column, self.order) {
            (false, _) => first,
            (true, Order::Ascending) => Order::Descending,
            (true, Order::Descending) => Order::Ascending,
        };
        Self { column: name, order, ..self.clone() }.query()
    }
}

/// The filters that the administrator can use.
pub(super) fn offered(filters: &'static [Filter], session: &AdminSession) -> impl Iterator<Item = Filter> {
    filters.iter().copied().filter(|filter| filter.is_for(session))
}
