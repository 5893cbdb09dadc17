//! Where files live.

use askama::Template;
use entrepot_core::admin::first_steps::{self, FolderTrial, Place, TRIAL_SIZE, Trouble};

use super::{fault, step};
use crate::{
    api::escaped,
    frame::{AdminForm, AdminPage, Look, PageError, PageResult, answer::render_again, redirect, render},
    setup::Steps,
};

struct View {
    path: String,
    name: String,
    icon: &'static str,
    tags: Vec<&'static str>,
    kind: String,
    percent: u64,
    space: String,
    tests: Vec<(&'static str, String)>,
    trouble: Option<(String, Option<String>)>,
    is_chosen: bool,
    /// Where it is tried again.
    again: String,
}

#[derive(Template)]
#[template(path = "setup/files.html")]
struct FilesPage {
    f: Steps,
    token: String,
    places: Vec<View>,
    other: String,
    error: Option<String>,
}

fn tests(look: &Look, trial: &FolderTrial) -> Vec<(&'static str, String)> {
    let t = look.t;
    let size = look.size(i64::try_from(TRIAL_SIZE).unwrap_or_default());
    let millis = |time: std::time::Duration| look.say(t.setup_millis, time.as_millis().max(1));
    let yes = |holds: bool| if holds { t.common_yes } else { t.common_no }.to_owned();
    vec![
        (t.setup_test_write, format!("{size}, {}", millis(trial.written))),
        (t.setup_test_rename, t.common_yes.to_owned()),
        (t.setup_test_sync, millis(trial.synced)),
        (t.setup_test_names, yes(trial.keeps_long_names)),
        (t.setup_test_odd, yes(trial.keeps_odd_names)),
    ]
}

fn trouble(look: &Look, trouble: &Trouble) -> (String, Option<String>) {
    let t = look.t;
    match trouble {
        Trouble::NotApart => (t.setup_not_apart.to_owned(), None),
        Trouble::NotAbsolute => (t.setup_not_absolute.to_owned(), None),
        Trouble::Silent(patience) => (look.say(t.setup_silent, patience.as_secs()), None),
        Trouble::Failed { place, owner: Some(owner), own, fix: Some(fix), .. } => {
            let text = crate::frame::words::fill(t.setup_not_owner, &[&place.display(), owner, own]);
            (text, Some(fix.clone()))
        }
        Trouble::Failed { place, message, fix, .. } => (look.say2(t.setup_not_writable, place.display(), message), fix.clone()),
    }
}

fn view(look: &Look, place: &Place, chosen: &str) -> View {
    let t = look.t;
    let path = place.path.to_string_lossy().into_owned();
    let is_removable = place.disk.as_ref().is_some_and(|disk| disk.is_removable);
    let is_remote = place.disk.as_ref().is_some_and(|disk| disk.is_remote);
    let mount = place.disk.as_ref().map(|disk| disk.path.to_string_lossy().into_owned()).unwrap_or_default();
    let labels = [(place.is_current, t.setup_in_use), (is_removable, t.setup_removable), (is_remote, t.setup_remote)];
    let bytes = |number: u64| look.size(i64::try_from(number).unwrap_or(i64::MAX));
    View {
        name: match (place.is_default, mount.rsplit('/').next()) {
            (true, _) => t.setup_data_folder.to_owned(),
            (false, Some(name)) if !name.is_empty() => name.to_owned(),
            _ => t.setup_folder.to_owned(),
        },
        icon: if is_removable { "usb" } else { "disk" },
        tags: labels.into_iter().filter(|(holds, _)| *holds).map(|(_, label)| label).collect(),
        kind: place.disk.as_ref().map(|disk| disk.kind.clone()).unwrap_or_default(),
        percent: (place.total - place.free.min(place.total)).saturating_mul(100).checked_div(place.total).unwrap_or_default(),
        space: if place.total == 0 { String::new() } else { look.say2(t.setup_free, bytes(place.free), bytes(place.total)) },
        tests: place.trial.as_ref().map(|trial| tests(look, trial)).unwrap_or_default(),
        trouble: place.trial.as_ref().err().map(|found| trouble(look, found)),
        is_chosen: path == chosen && place.trial.is_ok(),
        again: format!("?other={}", escaped(&path)),
        path,
    }
}

async fn page_of(page: AdminPage, other: String, error: Option<String>) -> Result<FilesPage, PageError> {
    let typed = Some(other.as_str()).filter(|other| !other.is_empty());
    let places = first_steps::places(page.core(), &page.session, typed).await?;
    let wanted =
        places.iter().find(|place| if other.is_empty() { place.is_current } else { place.path.as_os_str() == other.as_str() });
    let chosen = wanted.map(|place| place.path.to_string_lossy().into_owned()).unwrap_or_default();
    let places = places.iter().map(|place| view(&page.look, place, &chosen)).collect();
    Ok(FilesPage { places, other, error, token: page.form_token(), f: Steps::new(page.look, "files") })
}

pub(super) async fn show(page: AdminPage) -> PageResult {
    let other = page.query.get("other").trim().to_owned();
    render(&page_of(page, other, None).await?)
}

pub(super) async fn choose(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let path = form.get("place").to_owned();
    match first_steps::choose_place(page.core(), &page.session, &path).await {
        Ok(()) => Ok(redirect(&step("reach"))),
        Err(error) => {
            let fault = fault(error, page.look.t)?;
            render_again(&page_of(page, path, Some(fault.message)).await?)
        }
    }
}
