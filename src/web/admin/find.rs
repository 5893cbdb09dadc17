//! Finding: pages, objects and settings by a part of their name. Ctrl+K shows the same in a palette (`ui/src/js/find.js`); without
//! scripts it is a page.

use actix_web::web::{ServiceConfig, get};
use entrepot_core::admin::{ListOptions, Only, settings};
use entrepot_model::{Admin, ApiKey, BaseEventAction, BaseVirtualFolder, EventRule, Group, Role, User};

use super::{
    object::{Object, many, one},
    settings::words,
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

/// What a search can begin with, as in `user:ann` or `type:user ann`: then only that is looked for.
static TYPES: [&str; 9] = ["user", "group", "folder", "admin", "role", "key", "rule", "action", "setting"];

/// What is looked for, and of which kind.
struct Search {
    text: String,
    only: Option<&'static str>,
}

impl Search {
    fn read(q: &str) -> Self {
        let known = |name: &str| TYPES.into_iter().find(|kind| kind.eq_ignore_ascii_case(name));
        let (first, rest) = q.split_once(char::is_whitespace).unwrap_or((q, ""));
        let read = match first.split_once(':') {
            Some((word, name)) if word.eq_ignore_ascii_case("type") => known(name).map(|kind| (kind, rest.trim().to_owned())),
            Some((word, name)) => known(word).map(|kind| (kind, format!("{name} {rest}").trim().to_owned())),
            None => None,
        };
        match read {
            Some((kind, text)) => Self { text, only: Some(kind) },
            None => Self { text: q.to_owned(), only: None },
        }
    }

    fn wants(&self, kind: &str) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}

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
    let search = Search::read(&q);
    let mut creates = Vec::new();
    let mut kinds = Vec::new();
    objects::<User>(&page, &search, ("user", "user"), &mut creates, &mut kinds).await;
    objects::<Group>(&page, &search, ("group", "people"), &mut creates, &mut kinds).await;
    objects::<BaseVirtualFolder>(&page, &search, ("folder", "folder"), &mut creates, &mut kinds).await;
    objects::<Admin>(&page, &search, ("admin", "security"), &mut creates, &mut kinds).await;
    objects::<Role>(&page, &search, ("role", "people"), &mut creates, &mut kinds).await;
    objects::<ApiKey>(&page, &search, ("key", "key"), &mut creates, &mut kinds).await;
    objects::<EventRule>(&page, &search, ("rule", "automation"), &mut creates, &mut kinds).await;
    objects::<BaseEventAction>(&page, &search, ("action", "automation"), &mut creates, &mut kinds).await;
    let settings = if search.wants("setting") { of_settings(&page, &search.text) } else { Vec::new() };
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
    pages.retain(|hit| search.only.is_none() && is_about(&hit.label, &search.text));
    kinds.insert(0, Hits { title: f.t.find_pages, hits: pages, all: None });
    let all = format!("{}?q={}", Area::Admin.page("configs"), escaped(&search.text));
    kinds.push(Hits { title: f.t.nav_settings, all: (settings.len() == SETTINGS).then_some(all), hits: settings });
    kinds.retain(|kind| !kind.hits.is_empty());
    Found { f, q, kinds, types: &TYPES }
}

/// Objects of a kind whose name has the text, and the way to make one. Whoever may not see them finds none.
async fn objects<T: Object>(
    page: &AdminPage,
    search: &Search,
    (kind, icon): (&str, &'static str),
    creates: &mut Vec<Hit>,
    kinds: &mut Vec<Hits>,
) {
    let word = |name: &str| page.look.t.find(&format!("{}.{name}", T::ONE)).unwrap_or_default();
    if T::rights(&page.session).add {
        creates.push(Hit { href: Area::Admin.page(T::ONE), label: word("create").to_owned(), sub: String::new(), icon: "plus" });
    }
    if !search.wants(kind) || search.text.is_empty() && search.only.is_none() {
        return;
    }
    let only = if search.text.is_empty() { Vec::new() } else { vec![Only::Text(search.text.clone())] };
    let options = ListOptions { limit: OBJECTS + 1, only, ..ListOptions::default() };
    let Ok(mut found) = T::list(page.core(), &page.session, options).await else { return };
    let has_more = found.len() as u64 > OBJECTS;
    found.truncate(usize::try_from(OBJECTS).unwrap_or(usize::MAX));
    let hits = found.iter().map(|object| Hit {
        href: one::<T>(object.name()),
        label: object.name().to_owned(),
        sub: object.line(&page.look).0,
        icon,
    });
    let all = has_more.then(|| format!("{}?q={}", many::<T>(), escaped(&search.text)));
    kinds.push(Hits { title: word("title"), hits: hits.collect(), all });
}

fn of_settings(page: &AdminPage, q: &str) -> Vec<Hit> {
    if q.is_empty() {
        return Vec::new();
    }
    let all = settings::list(page.core(), &page.session).unwrap_or_default();
    let told = all.into_iter().map(|setting| (words::told(&setting, page.look.t), setting));
    let about =
        told.filter(|(told, setting)| is_about(&format!("{} {} {} {}", setting.key, setting.doc, told.label, told.text), q));
    let hits = about.map(|(told, setting)| Hit {
        href: format!("{}/{}", Area::Admin.page("configs"), escaped(&setting.key)),
        label: told.label,
        sub: setting.key,
        icon: "settings",
    });
    hits.take(SETTINGS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // UI-225
    #[test]
    fn a_search_may_begin_with_a_kind() {
        for (q, only, text) in [
            ("ann", None, "ann"),
            ("type:user ann", Some("user"), "ann"),
            ("user:ann b", Some("user"), "ann b"),
            ("Type:Folder", Some("folder"), ""),
            ("10:30", None, "10:30"),
            ("type:nothing x", None, "type:nothing x"),
        ] {
            let search = Search::read(q);
            assert_eq!((search.only, search.text.as_str()), (only, text), "{q}");
        }
    }
}
