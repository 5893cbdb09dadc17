//! The first page: what needs attention, what happens now, where the space is, and what happened last.

use actix_web::web::{ServiceConfig, get};
use askama::Template;
use entrepot_core::{
    FsEventFilter, LogEventFilter, Page,
    admin::{ListOptions, connections, defender, doctor, events, users},
};
use entrepot_model::{AdminPermission as P, User, doctor::Severity};

use super::{
    charts::{Bars, Curve, bars, curve},
    events::{EventView, may_ask, of_fs, of_log},
    moving::{Moving, moving},
    object::one,
};
use crate::frame::{AdminPage, Area, PageResult, Shell, render};

/// Events on the page.
const EVENTS: u32 = 12;
/// People that are read at once, for their space.
const PEOPLE: u64 = 500;
/// People that are shown.
const SHOWN: usize = 6;

/// Something to look after.
struct Need {
    class: &'static str,
    icon: &'static str,
    text: String,
    sub: String,
    link: Option<(String, &'static str)>,
}

struct Store {
    name: String,
    href: String,
    used: i64,
    limit: i64,
    percent: i64,
}

/// What is open to the administrator, each by its own permission.
#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    f: Shell,
    needs: Vec<Need>,
    is_new: bool,
    may_add: bool,
    sessions: Option<Now>,
    stores: Option<Vec<Store>>,
    sign_ins: Option<Bars>,
    events: Option<Vec<EventView>>,
}

/// Sessions, by protocol, transfers, and how fast bytes moved in the last quarter of an hour.
struct Now {
    total: usize,
    protocols: Vec<(&'static str, usize)>,
    transfers: Vec<Moving>,
    curve: Option<Curve>,
    may_stop: bool,
}

/// Only the numbers, for the script that looks again.
#[derive(Template)]
#[template(path = "admin/overview_now.html")]
struct NowPage {
    f: Shell,
    sessions: Option<Now>,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/overview", get().to(overview)).route("/overview/now", get().to(now));
}

const PROTOCOLS: [&str; 8] = ["SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP", "HTTPShare", "OIDC"];

/// What is open; `None` where that is not for the administrator to see, or nothing ever came.
fn sessions(page: &AdminPage) -> Option<Now> {
    let open = connections::live(page.core(), &page.session).ok()?;
    let curve = connections::history(page.core(), &page.session).ok().and_then(|history| curve(&page.look, &history));
    let count = |protocol: &str| open.iter().filter(|session| session.protocol == protocol).count();
    let protocols = PROTOCOLS.into_iter().map(|protocol| (protocol, count(protocol))).filter(|(_, number)| *number > 0).collect();
    let transfers = open.iter().flat_map(|session| session.transfers.iter().map(|it| moving(&page.look, session, it)));
    Some(Now { total: open.len(), protocols, transfers: transfers.collect(), curve, may_stop: page.session.may(P::CloseConns) })
}

async fn now(page: AdminPage) -> PageResult {
    let sessions = sessions(&page);
    render(&NowPage { sessions, f: Shell::admin(page, "overview") })
}

async fn overview(page: AdminPage) -> PageResult {
    let people = if page.session.may(P::ViewUsers) { Some(people(&page).await?) } else { None };
    let needs = needs(&page, people.as_ref().map(|people| people.stores.as_slice())).await;
    let is_new = people.as_ref().is_some_and(|people| people.is_none);
    // A bay with nothing to say is left out.
    let stores = people.map(|people| people.stores).filter(|stores| !stores.is_empty());
    let (sign_ins, last) = match page.session.may(P::ViewEvents) {
        true => {
            let hours = events::count_logins(page.core(), &page.session).await?;
            (bars(&hours), Some(last_events(&page).await?).filter(|last| !last.is_empty()))
        }
        false => (None, None),
    };
    render(&OverviewPage {
        needs,
        is_new,
        may_add: page.session.may(P::AddUsers),
        sessions: sessions(&page).filter(|now| !is_new || now.total > 0),
        stores,
        sign_ins,
        events: last,
        f: Shell::admin(page, "overview"),
    })
}

/// Those whose space is the fullest, and whether there is anybody.
struct People {
    stores: Vec<Store>,
    is_none: bool,
}

/// Looks at everybody and keeps the fullest.
async fn people(page: &AdminPage) -> Result<People, entrepot_core::Error> {
    let mut people = People { stores: Vec::new(), is_none: true };
    let mut after = None;
    loop {
        let options = ListOptions { limit: PEOPLE, after: after.take(), ..ListOptions::default() };
        let found = users::list_with_quotas(page.core(), &page.session, options).await?;
        people.is_none &= found.is_empty();
        let full = found.iter().filter(|user| user.used_quota_size > 0 || user.quota_size > 0);
        people.stores.extend(full.map(store));
        people.stores.sort_by_key(|store| std::cmp::Reverse((store.percent, store.used)));
        people.stores.truncate(SHOWN);
        match found.last() {
            Some(last) if found.len() as u64 == PEOPLE => after = Some(last.username.clone()),
            _ => return Ok(people),
        }
    }
}

fn store(user: &User) -> Store {
    Store {
        name: user.username.clone(),
        href: one::<User>(&user.username),
        used: user.used_quota_size,
        limit: user.quota_size.max(0),
        percent: if user.quota_size > 0 { user.used_quota_size.max(0).saturating_mul(100) / user.quota_size } else { 0 },
    }
}

async fn needs(page: &AdminPage, stores: Option<&[Store]>) -> Vec<Need> {
    let t = page.look.t;
    let mut needs = Vec::new();
    if let Ok(found) = doctor::examine(page.core(), &page.session).await {
        let bad = found.findings.into_iter().filter(|finding| finding.severity != Severity::Ok);
        needs.extend(bad.map(|finding| {
            let (class, icon) = super::maintenance::severity(finding.severity);
            Need {
                class,
                icon,
                text: t.told(&finding.message),
                sub: t.told(&finding.fix),
                link: Some((Area::Admin.page("doctor"), t.overview_doctor)),
            }
        }));
    }
    let full = stores.into_iter().flatten().filter(|store| store.percent >= 90);
    needs.extend(full.map(|store| Need {
        class: "warn",
        icon: "disk",
        text: page.look.say(t.overview_full, &store.name),
        sub: page.look.say2(t.quota_of, page.look.size(store.used), page.look.size(store.limit)),
        link: Some((store.href.clone(), t.overview_open)),
    }));
    let banned = defender::hosts(page.core(), &page.session).unwrap_or_default();
    let banned = banned.into_iter().filter(|host| host.banned_until.is_some()).count();
    if banned > 0 {
        needs.push(Need {
            class: "warn",
            icon: "security",
            text: page.look.count(t.overview_banned, banned),
            sub: String::new(),
            link: Some((Area::Admin.page("defender"), t.overview_open)),
        });
    }
    needs
}

/// Files and sign-ins together, the newest first.
async fn last_events(page: &AdminPage) -> Result<Vec<EventView>, entrepot_core::Error> {
    let at = || Page { limit: EVENTS, ..Page::default() };
    let files = events::search_fs(page.core(), &page.session, FsEventFilter { page: at(), ..FsEventFilter::default() }).await?;
    let logs = events::search_log(page.core(), &page.session, LogEventFilter { page: at(), ..LogEventFilter::default() }).await?;
    let asks = may_ask(&page.session);
    let mut views: Vec<EventView> = files.iter().map(|event| of_fs(&page.look, event, asks)).collect();
    views.extend(logs.iter().map(|event| of_log(&page.look, event, asks)));
    views.sort_by_key(|view| std::cmp::Reverse(view.at));
    views.truncate(usize::try_from(EVENTS).unwrap_or(usize::MAX));
    Ok(views)
}
