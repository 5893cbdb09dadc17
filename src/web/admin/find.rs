//! Finding: pages, objects and settings by a part of their name. Ctrl+K shows the same in a palette (`ui/src/js/find.js`); without
//! scripts it is a page.

use actix_web::web::{ServiceConfig, get};
use entrepot_core::admin::{ListOptions, settings};
use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, Role, User};

use super::{
    object::{Object, one},
    tabs,
};
use crate::{
    api::escaped,
    frame::{
        AdminPage, Area, PageResult, Shell,
        hits::{Found, Hit, Hits, is_about, wanted},
    },
};

/// Objects of a kind that are shown.
const OBJECTS: u64 = 6;
/// Settings that are shown.
const SETTINGS: usize = 6;
pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/find", get().to(page)).route("/find/hits", get().to(hits));
}

async fn page(page: AdminPage) -> PageResult {
    let lead = page.look.t.find_lead;
    find(page).await.page(lead)
}

async fn hits(page: AdminPage) -> PageResult {
    find(page).await.hits()
}

async fn find(page: AdminPage) -> Found {
    let q = wanted(&page.query);
    let mut creates = Vec::new();
    let mut kinds = Vec::new();
    objects::<User>(&page, &q, "user", &mut creates, &mut kinds).await;
    objects::<Group>(&page, &q, "people", &mut creates, &mut kinds).await;
    objects::<BaseVirtualFolder>(&page, &q, "folder", &mut creates, &mut kinds).await;
    objects::<Admin>(&page, &q, "security", &mut creates, &mut kinds).await;
    objects::<Role>(&page, &q, "people", &mut creates, &mut kinds).await;
    objects::<ApiKey>(&page, &q, "key", &mut creates, &mut kinds).await;
    objects::<EventRule>(&page, &q, "automation", &mut creates, &mut kinds).await;
    objects::<BaseEventAction>(&page, &q, "automation", &mut creates, &mut kinds).await;
    let settings = of_settings(&page, &q);
    let tabs = tabs::all(&page.session, page.look.t);
    let f = Shell::admin(page, "");
    let mut pages: Vec<Hit> = f
        .places
        .iter()
        .map(|place| Hit { href: place.href.clone(), label: f.nav(place).to_owned(), sub: String::new(), icon: place.icon })
        .collect();
    let is_new = |hits: &[Hit], href: &str| hits.iter().all(|hit| hit.href != href);
    for (icon, label, href) in tabs {
        if is_new(&pages, &href) {
            pages.push(Hit { href, label: label.to_owned(), sub: String::new(), icon });
        }
    }
    pages.extend(creates);
    pages.retain(|hit| is_about(&hit.label, &q));
    kinds.insert(0, Hits { title: f.t.find_pages, hits: pages });
    kinds.push(Hits { title: f.t.nav_settings, hits: settings });
    kinds.retain(|kind| !kind.hits.is_empty());
    Found { f, q, kinds }
}

/// Objects of a kind whose name has the text, and the way to make one. Whoever may not see them finds none.
async fn objects<T: Object>(page: &AdminPage, q: &str, icon: &'static str, creates: &mut Vec<Hit>, kinds: &mut Vec<Hits>) {
    let word = |name: &str| page.look.t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    if T::rights(&page.session).add {
        creates.push(Hit { href: Area::Admin.page(T::ONE), label: word("create").to_owned(), sub: String::new(), icon: "plus" });
    }
    if q.is_empty() {
        return;
    }
    let options = ListOptions { limit: OBJECTS, name: Some(q.to_owned()), ..ListOptions::default() };
    let Ok(found) = T::list(page.core(), &page.session, options).await else { return };
    let hits = found.iter().map(|object| Hit {
        href: one::<T>(object.name()),
        label: object.name().to_owned(),
        sub: object.line(&page.look).0,
        icon,
    });
    kinds.push(Hits { title: word("title"), hits: hits.collect() });
}

fn of_settings(page: &AdminPage, q: &str) -> Vec<Hit> {
    if q.is_empty() {
        return Vec::new();
    }
    let all = settings::list(page.core(), &page.session).unwrap_or_default();
    let about = all.into_iter().filter(|setting| is_about(&format!("{} {}", setting.key, setting.doc), q));
    let hits = about.map(|setting| Hit {
        href: format!("{}/{}", Area::Admin.page("configs"), escaped(&setting.key)),
        label: setting.key,
        sub: setting.doc,
        icon: "settings",
    });
    hits.take(SETTINGS).collect()
}
