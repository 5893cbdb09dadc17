//! Finding, for users: pages, own files and folders, links and what was done last, by a part of their name. Ctrl+K shows the same
//! in a palette; without scripts it is a page.

use std::collections::VecDeque;

use actix_web::web::{ServiceConfig, get};
use entrepot_core::{UserFs, admin::ListOptions, recent::recent, shares};
use entrepot_model::VirtualPath;

use super::place::{May, encoded, files_of};
use crate::frame::{
    Area, ClientPage, PageError, PageResult, Shell,
    hits::{Found, Hit, Hits, is_about, wanted},
};

/// Hits of a kind that are shown.
const MOST: usize = 8;
/// Entries that are looked at, and milliseconds that it may take: the palette asks at every pause of typing.
const ENTRIES: usize = 20_000;
const PATIENCE: i64 = 400;
/// Entries that are read at a time.
const STEP: usize = 256;
/// Events that are looked at.
const EVENTS: u32 = 60;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/find", get().to(page)).route("/find/hits", get().to(hits));
}

async fn page(page: ClientPage) -> PageResult {
    let lead = page.look.t.find_lead_own;
    find(page).await?.page(lead)
}

async fn hits(page: ClientPage) -> PageResult {
    find(page).await?.hits()
}

async fn find(page: ClientPage) -> Result<Found, PageError> {
    let (q, t) = (wanted(&page.query), page.look.t);
    let fs = files_of(&page)?;
    let files = if q.is_empty() { recently(&page).await } else { below(&page, &fs, &q).await };
    let links = links(&page, &q).await;
    let may = May::of(page.caller.user(), &fs.start_directory());
    let f = Shell::client(page, "");
    let mut pages: Vec<Hit> = f.places.iter().map(|place| hit(place.icon, f.nav(place), place.href.clone())).collect();
    let more = [
        (may.has("create_dirs"), "newfolder", t.files_new_folder, "newfolder"),
        (may.has("upload"), "upload", t.files_upload, "upload"),
        (may.has("share"), "plus", t.share_new, "share"),
        (true, "user", t.nav_me, "profile"),
    ];
    pages.extend(
        more.into_iter().filter(|(is_open, ..)| *is_open).map(|(_, icon, label, to)| hit(icon, label, Area::Client.page(to))),
    );
    pages.retain(|hit| is_about(&hit.label, &q));
    let files_title = if q.is_empty() { t.nav_recent } else { t.nav_files };
    let mut kinds = vec![
        Hits { title: files_title, hits: files, all: None },
        Hits { title: t.nav_shared, hits: links, all: None },
        Hits { title: t.find_pages, hits: pages, all: None },
    ];
    kinds.retain(|kind| !kind.hits.is_empty());
    Ok(Found { f, q, kinds, types: &[] })
}

fn hit(icon: &'static str, label: &str, href: String) -> Hit {
    Hit { href, label: label.to_owned(), sub: String::new(), icon }
}

/// An entry in its directory, which opens with it chosen.
fn entry(path: &VirtualPath, is_directory: bool) -> Option<Hit> {
    let (parent, name) = (path.parent()?, path.file_name()?);
    let href = if is_directory {
        format!("/web/client/files?path={}", encoded(path.as_bytes()))
    } else {
        format!("/web/client/files?path={}&show={}", encoded(parent.as_bytes()), encoded(name))
    };
    let icon = if is_directory { "folder" } else { "file" };
    let sub = if parent.is_root() { String::new() } else { parent.to_string() };
    Some(Hit { href, label: String::from_utf8_lossy(name).into_owned(), sub, icon })
}

/// Entries whose name has the text, those that are near first. What cannot be listed is passed over.
async fn below(page: &ClientPage, fs: &UserFs, q: &str) -> Vec<Hit> {
    let clock = page.core().clock();
    let until = clock.millis().saturating_add(PATIENCE);
    let (mut found, mut seen) = (Vec::new(), 0);
    let mut left = VecDeque::from([VirtualPath::root()]);
    while let Some(directory) = left.pop_front() {
        let Ok(mut listing) = fs.list(&directory).await else { continue };
        while let Ok(entries) = listing.next(STEP).await {
            seen += entries.len();
            for one in &entries {
                let Ok(path) = directory.child(&one.name) else { continue };
                if is_about(&String::from_utf8_lossy(&one.name), q) {
                    found.extend(entry(&path, one.metadata.is_directory()));
                }
                if one.metadata.is_directory() {
                    left.push_back(path);
                }
            }
            if found.len() >= MOST || seen >= ENTRIES || clock.millis() >= until {
                found.truncate(MOST);
                return found;
            }
            if entries.is_empty() {
                break;
            }
        }
    }
    found
}

/// Where somebody was last.
async fn recently(page: &ClientPage) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    for event in recent(page.core(), &page.caller, EVENTS).await.unwrap_or_default() {
        let path = if event.virtual_target_path.is_empty() { &event.virtual_path } else { &event.virtual_target_path };
        let Ok(path) = VirtualPath::parse(path.as_bytes()) else { continue };
        found.extend(entry(&path, event.action == "mkdir").filter(|hit| found.iter().all(|other| other.href != hit.href)));
        if found.len() >= MOST {
            break;
        }
    }
    found
}

async fn links(page: &ClientPage, q: &str) -> Vec<Hit> {
    if q.is_empty() {
        return Vec::new();
    }
    let options = ListOptions { limit: 500, ..ListOptions::default() };
    let all = shares::list(page.core(), &page.caller, options).await.unwrap_or_default();
    let about = all.into_iter().filter(|share| is_about(&format!("{} {}", share.name, share.paths.join(" ")), q));
    let shown = about.take(MOST).map(|share| Hit {
        href: format!("/web/client/share/{}/link", crate::api::escaped(&share.id)),
        sub: share.paths.join(", "),
        label: share.name,
        icon: "link",
    });
    shown.collect()
}
