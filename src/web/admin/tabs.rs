//! Lists that share a place.

use entrepot_core::admin::AdminSession;
use entrepot_model::AdminPermission as P;

use crate::frame::{Area, words::Words};

/// One of the lists of a place.
pub(super) struct Tab {
    pub(super) label: &'static str,
    pub(super) href: String,
    pub(super) is_here: bool,
}

/// Place, segment of the address, permission that opens it.
const TABS: [(&str, &str, P); 21] = [
    ("people", "users", P::ViewUsers),
    ("people", "invites", P::EditUsers),
    ("people", "groups", P::ViewGroups),
    ("people", "managers", P::Any),
    ("people", "roles", P::Any),
    ("people", "apikeys", P::Any),
    ("activity", "activity", P::ViewConns),
    ("activity", "events", P::ViewEvents),
    ("activity", "why", P::ViewUsers),
    ("automation", "eventrules", P::Any),
    ("automation", "eventactions", P::Any),
    ("security", "defender", P::ViewDefender),
    ("security", "ip-lists", P::Any),
    ("security", "policy", P::Any),
    ("security", "hostkeys", P::ViewStatus),
    ("security", "certificate", P::ViewStatus),
    ("security", "status", P::ViewStatus),
    ("maintenance", "maintenance", P::Any),
    ("maintenance", "doctor", P::Any),
    ("maintenance", "log", P::Any),
    ("maintenance", "setup", P::Any),
];

/// Every tab that is open to the administrator: sign, label, address.
pub(super) fn all(session: &AdminSession, t: &'static Words) -> Vec<(&'static str, &'static str, String)> {
    let icon = |place: &str| match place {
        "maintenance" => "wrench",
        "people" => "people",
        "activity" => "activity",
        "automation" => "automation",
        _ => "security",
    };
    let open = TABS.into_iter().filter(|(.., permission)| session.may(*permission));
    open.map(|(place, segment, _)| {
        (icon(place), t.find(&format!("tab.{segment}")).unwrap_or_default(), Area::Admin.page(segment))
    })
    .collect()
}

/// The tabs of a place that are open to the administrator; none where there would be one only.
pub(super) fn tabs(place: &str, here: &str, session: &AdminSession, t: &'static Words) -> Vec<Tab> {
    let open = TABS.into_iter().filter(|(of, _, permission)| *of == place && session.may(*permission));
    let tabs: Vec<Tab> = open
        .map(|(_, segment, _)| Tab {
            label: t.find(&format!("tab.{segment}")).unwrap_or_default(),
            href: Area::Admin.page(segment),
            is_here: segment == here,
        })
        .collect();
    if tabs.len() > 1 { tabs } else { Vec::new() }
}
