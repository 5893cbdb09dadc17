//! `/web/client/files`: a directory. The list is complete without scripts, in pages; scripts take it over from here.

use actix_web::{HttpRequest, http::StatusCode};
use askama::Template;
use entrepot_core::Error;
use entrepot_http::Disposition;
use entrepot_model::VirtualPath;

use super::{
    edit,
    entries::{self, Order, ROWS, Row},
    place::{Crumb, May, Quota, crumbs, encoded, files_of, page_error, path_of},
    texts,
};
use crate::{
    files::{self, PathQuery},
    frame::{ClientPage, PageError, PageResult, Shell, look::Html, render},
    wopi::Endings,
};

#[derive(Template)]
#[template(path = "client/files.html")]
struct FilesPage {
    f: Shell,
    quota: Option<Quota>,
    /// As an address has it.
    path: String,
    crumbs: Vec<Crumb>,
    may: May,
    /// What the settings leave of previews and editor.
    extras: String,
    /// Bytes that the editor takes.
    editable: u64,
    order: Order,
    rows: Vec<Row>,
    total: usize,
    directories: usize,
    bytes: i64,
    page: usize,
    pages: usize,
    /// Why there are no rows.
    problem: Option<String>,
    /// What opens in the office server.
    office: Endings,
    /// Bytes of a piece of an upload; 0 where uploads go in one piece.
    chunk: u64,
    /// The latest end of a link that is made here, in milliseconds since the epoch, if the account has one.
    latest: Option<i64>,
    texts: Html,
}

impl FilesPage {
    /// What the directory is called.
    fn title(&self) -> &str {
        self.crumbs.last().map_or(self.f.t.files_home, |crumb| &crumb.name)
    }

    /// The address of an entry.
    fn at(&self, row: &Row) -> String {
        format!("{}/{}", self.path.trim_end_matches('/'), row.encoded)
    }

    fn may_rename(&self, row: &Row) -> bool {
        self.may.has(if row.is_directory { "rename_dirs" } else { "rename_files" })
    }

    fn may_delete(&self, row: &Row) -> bool {
        self.may.has(if row.is_directory { "delete_dirs" } else { "delete_files" })
    }

    fn is_first(&self) -> bool {
        self.page == 1
    }

    fn is_last(&self) -> bool {
        self.page >= self.pages
    }
}

/// UI-101, UI-107: a directory as a page, a file as itself.
pub(super) async fn show(request: HttpRequest, page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let order = Order::of(&page.query);
    match entries::read(&fs, &path, order).await {
        Ok(rows) => {
            let office = Endings::of(&page.site, page.client.features, &page.caller).await;
            render(&FilesPage { office, ..build(page, &path, order, rows, None)? })
        }
        Err(PageError::Core(Error::NotDirectory)) => {
            files::download(&request, &fs, &path, Disposition::Attachment).await.map_err(page_error)
        }
        Err(PageError::Core(error @ (Error::NotFound | Error::Denied(_) | Error::StorageDenied | Error::Unavailable(_)))) => {
            let problem = match &error {
                Error::NotFound => page.look.t.files_gone.to_owned(),
                Error::Denied(_) | Error::StorageDenied => page.look.t.files_denied.to_owned(),
                other => other.to_string(),
            };
            let built = build(page, &path, order, Vec::new(), Some(problem))?;
            let mut answer = render(&built)?;
            *answer.status_mut() = actix_web::ResponseError::status_code(&PageError::Core(error));
            Ok(answer)
        }
        Err(error) => Err(error),
    }
}

fn build(
    page: ClientPage,
    path: &VirtualPath,
    order: Order,
    mut rows: Vec<Row>,
    problem: Option<String>,
) -> Result<FilesPage, PageError> {
    let fs = files_of(&page)?;
    let total = rows.len();
    let pages = total.div_ceil(ROWS).max(1);
    let number = page.query.get("page").parse().unwrap_or(1).clamp(1, pages);
    let directories = rows.iter().filter(|row| row.is_directory).count();
    let bytes = rows.iter().map(|row| row.size).fold(0, i64::saturating_add);
    rows = rows.into_iter().skip((number - 1) * ROWS).take(ROWS).collect();
    let may = if problem.is_some() { May::default() } else { May::of(page.caller.user(), path) };
    Ok(FilesPage {
        quota: Quota::of(&fs),
        path: encoded(path.as_bytes()),
        crumbs: crumbs(path),
        may,
        extras: extras(&page),
        editable: edit::most(&page),
        order,
        rows,
        total,
        directories,
        bytes,
        page: number,
        pages,
        problem,
        office: Endings::default(),
        chunk: u64::from(page.client.features.upload_chunk) << 20,
        latest: page.caller.user().latest_share_expiration(page.core().clock().millis()),
        texts: texts::data(page.look.t),
        f: Shell::client(page, "files"),
    })
}

/// Parts of the page that the settings may take away (UI-135).
fn extras(page: &ClientPage) -> String {
    let settings = page.core().settings();
    let parts = [("preview", settings.hook.webclient_disable_preview), ("edit", settings.hook.webclient_disable_editor)];
    let left: Vec<&str> = parts.into_iter().filter(|(_, is_off)| !is_off).map(|(name, _)| name).collect();
    left.join(" ")
}

/// `/web/client/file`: a file, as a download or, with `inline`, shown where it is harmless.
pub(super) async fn file(request: HttpRequest, page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let wanted = if page.query.has("inline") { Disposition::Inline } else { Disposition::Attachment };
    // UI-135
    if matches!(wanted, Disposition::Inline) && page.core().settings().hook.webclient_disable_preview {
        return Err(PageError::status(StatusCode::FORBIDDEN, page.look.t.files_no_preview));
    }
    files::download(&request, &fs, &path, wanted).await.map_err(page_error)
}
