//! Backups and their return, the doctor (UI-094, UI-095).

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, ServiceConfig, get, post, resource},
};
use askama::Template;
use chrono::DateTime;
use entrepot_core::admin::{
    backup::{self, DumpOptions, LoadMode, LoadOptions, QuotaScan},
    backup_files, doctor,
};
use entrepot_model::doctor::{Examination, Severity};
use futures_util::stream;

use super::{
    backups::{self, ShelfView},
    tabs::{Tab, tabs},
};
use crate::{
    api::body::BodyLimit,
    frame::{AdminForm, AdminPage, PageResult, Shell, answer::render_again, render},
};

#[derive(Template)]
#[template(path = "admin/maintenance.html")]
struct MaintenancePage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    /// What the last load did: whether it succeeded, and its lines.
    report: Option<(bool, Vec<String>)>,
    text: String,
    mode: String,
    scan: String,
    limit: i64,
    shelf: ShelfView,
}

#[derive(Template)]
#[template(path = "admin/doctor.html")]
struct DoctorPage {
    f: Shell,
    title: &'static str,
    tabs: Vec<Tab>,
    found: Examination,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/maintenance", get().to(show))
        .route("/backup", post().to(dump))
        .service(resource("/restore").app_data(BodyLimit::Backup).route(post().to(load)))
        .route("/doctor", get().to(look));
}

async fn page_of(
    page: AdminPage,
    report: Option<(bool, Vec<String>)>,
    text: String,
    mode: &str,
    scan: &str,
) -> Result<MaintenancePage, entrepot_core::Error> {
    let shelf = backups::view(&page.look, backup_files::list(page.core(), &page.session).await?);
    Ok(MaintenancePage {
        shelf,
        title: page.look.t.nav_maintenance,
        tabs: tabs("maintenance", "maintenance", &page.session, page.look.t),
        report,
        text,
        mode: mode.to_owned(),
        scan: scan.to_owned(),
        limit: i64::try_from(backup::limit(page.core())).unwrap_or(i64::MAX),
        f: Shell::admin(page, "maintenance"),
    })
}

async fn show(page: AdminPage) -> PageResult {
    render(&page_of(page, None, String::new(), "0", "0").await?)
}

/// The whole backup as a file, written while it is read.
async fn dump(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let options = DumpOptions { scopes: Vec::new(), indent: form.has("indent") };
    let mut dump = backup::dump(page.core(), &page.session, &options)?;
    // The first piece before the answer begins: a refusal has its status.
    let first = dump.next().await?;
    let pieces = stream::unfold((first, dump), |(ready, mut dump)| async move {
        let piece = match ready {
            Some(piece) => piece,
            None => match dump.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => return None,
                Err(error) => return Some((Err(actix_web::error::ErrorInternalServerError(error.to_string())), (None, dump))),
            },
        };
        Some((Ok::<Bytes, actix_web::Error>(piece), (None, dump)))
    });
    let now = DateTime::from_timestamp_millis(page.look.now).unwrap_or_default();
    let name = format!("attachment; filename=\"entrepot-backup-{}.json\"", now.format("%Y-%m-%dT%H-%M-%S"));
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(Box::pin(pieces)))
}

async fn load(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let number = |name: &str| form.get(name).parse::<i64>().unwrap_or_default();
    let (mode, scan) = (form.get("mode").to_owned(), form.get("scan").to_owned());
    let options = LoadOptions {
        mode: LoadMode::from_number(number("mode")).unwrap_or_default(),
        scan: QuotaScan::from_number(number("scan")).unwrap_or_default(),
        is_dry_run: form.has("dry_run"),
    };
    let text = form.get("backup").to_owned();
    if text.trim().is_empty() {
        let report = Some((false, vec![page.look.t.backup_empty.to_owned()]));
        return render_again(&page_of(page, report, text, &mode, &scan).await?);
    }
    let report = backup::load(page.core(), &page.session, Bytes::from(text.clone()), options).await?;
    let is_good = report.failures.is_empty();
    let mut lines = vec![report.summary()];
    lines.extend(report.failures.iter().map(ToString::to_string));
    lines.extend(report.ignored.iter().map(|part| page.look.say(page.look.t.backup_ignored, part)));
    if is_good && options.is_dry_run {
        lines.insert(0, page.look.t.backup_dry.to_owned());
    }
    // After a success there is nothing to correct.
    let kept = if is_good && !options.is_dry_run { String::new() } else { text };
    let template = page_of(page, Some((is_good, lines)), kept, &mode, &scan).await?;
    if is_good { render(&template) } else { render_again(&template) }
}

async fn look(page: AdminPage) -> PageResult {
    let mut found = doctor::examine(page.core(), &page.session).await?;
    found.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let tabs = tabs("maintenance", "doctor", &page.session, page.look.t);
    render(&DoctorPage { title: page.look.t.nav_maintenance, tabs, found, f: Shell::admin(page, "maintenance") })
}

/// Class and sign of a severity.
pub(super) fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Ok => ("ok", "ok"),
        Severity::Warning => ("warn", "warn"),
        Severity::Error => ("bad", "bad"),
    }
}
