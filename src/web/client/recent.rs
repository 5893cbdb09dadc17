//! `/web/client/recent`: where the user was last, and the way back there.

use askama::Template;
use entrepot_core::recent::recent;

use super::place::{Quota, encoded, files_of};
use crate::frame::{ClientPage, PageResult, Shell, render};

/// Events of the page.
const MOST: u32 = 60;

/// One place.
struct Line {
    icon: &'static str,
    what: &'static str,
    name: String,
    /// The folder as its path, and as people call it.
    path: String,
    folder: String,
    /// The folder in the files page.
    href: String,
    /// Milliseconds since the epoch.
    at: i64,
    size: i64,
}

#[derive(Template)]
#[template(path = "client/recent.html")]
struct RecentPage {
    f: Shell,
    quota: Option<Quota>,
    lines: Vec<Line>,
}

pub(super) async fn show(page: ClientPage) -> PageResult {
    let t = page.look.t;
    let events = recent(page.core(), &page.caller, MOST).await?;
    let mut lines: Vec<Line> = Vec::with_capacity(events.len());
    for event in events {
        // After a rename or a copy the new place counts.
        let moved = !event.virtual_target_path.is_empty();
        let path = if moved { &event.virtual_target_path } else { &event.virtual_path };
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let folder = if folder.is_empty() { "/" } else { folder };
        let (icon, what) = match event.action.as_str() {
            "upload" => ("arrdown", t.recent_upload),
            "download" => ("arrup", t.recent_download),
            "rename" => ("edit", t.recent_rename),
            "copy" => ("copy", t.recent_copy),
            _ => ("newfolder", t.recent_folder),
        };
        // What is done again and again stands once.
        if lines.iter().any(|line| line.name == name && line.path == folder && line.what == what) {
            continue;
        }
        lines.push(Line {
            icon,
            what,
            name: name.to_owned(),
            path: folder.to_owned(),
            href: format!("/web/client/files?path={}", encoded(folder.as_bytes())),
            folder: if folder == "/" { t.files_home.to_owned() } else { folder.to_owned() },
            at: event.timestamp / 1_000_000,
            size: event.file_size,
        });
    }
    let quota = Quota::of(&files_of(&page)?);
    render(&RecentPage { quota, lines, f: Shell::client(page, "recent") })
}
