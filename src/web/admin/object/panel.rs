//! What stands beside the cards of an object and is edited elsewhere: how somebody signs in, who belongs to it.

use entrepot_core::admin::AdminSession;

use super::{Object, many, one};
use crate::frame::look::Html;

/// Names that a panel shows; the list has the rest.
const NAMES: usize = 60;

/// A bay with facts, names and ways on.
#[derive(Default)]
pub(in super::super) struct Panel {
    pub(in super::super) icon: &'static str,
    pub(in super::super) title: &'static str,
    pub(in super::super) facts: Vec<(&'static str, Html)>,
    pub(in super::super) names: Vec<Names>,
    /// Address and words.
    pub(in super::super) links: Vec<(String, &'static str)>,
}

/// Objects of a kind that belong to it.
pub(in super::super) struct Names {
    pub(in super::super) title: &'static str,
    /// Name and address.
    pub(in super::super) names: Vec<(String, String)>,
    /// How many more there are.
    pub(in super::super) more: usize,
    /// The list of all of them.
    pub(in super::super) all: Option<String>,
}

impl Names {
    /// Objects of the kind `T`; `filter` narrows its list down to them.
    pub(in super::super) fn of<T: Object>(title: &'static str, names: &[String], filter: Option<(&str, &str)>) -> Self {
        let shown = names.iter().take(NAMES).map(|name| (name.clone(), one::<T>(name)));
        let all = filter.map(|(name, value)| format!("{}?{name}={}", many::<T>(), crate::api::escaped(value)));
        Self { title, names: shown.collect(), more: names.len().saturating_sub(NAMES), all: all.filter(|_| !names.is_empty()) }
    }
}

/// Whether names that an object carries may be shown: an administrator of a role sees those of the role alone.
pub(in super::super) fn may_name(session: &AdminSession) -> bool {
    session.role().is_none()
}
