//! The backups that lie on the server: making one now, fetching and removing one.

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes, ServiceConfig, get, post},
};
use entrepot_core::{
    Error,
    admin::backup_files::{self, BackupFile, BackupKind, Shelf},
};
use futures_util::stream;

use super::asking::AskPage;
use crate::{
    api::escaped,
    frame::{
        AdminForm, AdminPage, Area, Look, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying},
        render,
    },
};

/// What is there, for the page of backups.
pub(super) struct ShelfView {
    pub(super) files: Vec<FileView>,
    /// When the next one is due, in Unix milliseconds.
    pub(super) next: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) failure: Option<String>,
    /// Whether this server makes sealed backups, and can.
    pub(super) seals: bool,
    pub(super) can_seal: bool,
    /// `None` = all are kept.
    pub(super) keep: Option<String>,
    pub(super) problems: Vec<String>,
}

pub(super) struct FileView {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) size: i64,
    pub(super) at: i64,
    pub(super) href: String,
}

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/backups/make", post().to(make))
        .route("/backups/{kind}/{name}", get().to(download))
        .route("/backups/{kind}/{name}/delete", get().to(ask))
        .route("/backups/{kind}/{name}/delete", post().to(delete));
}

pub(super) fn view(look: &Look, shelf: Shelf) -> ShelfView {
    let t = look.t;
    let file = |file: BackupFile| {
        let name = BackupKind::ALL.into_iter().find(|(kind, _)| *kind == file.kind).map_or("", |(_, name)| name);
        FileView {
            kind: match file.kind {
                BackupKind::Dump => t.shelf_dump,
                BackupKind::Sealed => t.shelf_sealed,
            },
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            at: file.modified_at,
            href: Area::Admin.page(&format!("backups/{name}/{}", escaped(&file.name))),
            name: file.name,
        }
    };
    let seals = shelf.timetable.is_some();
    let timetable = shelf.timetable.unwrap_or_default();
    let problem = |(folder, error): &(std::path::PathBuf, String)| look.say2(t.shelf_unreadable, folder.display(), error);
    ShelfView {
        files: shelf.files.into_iter().map(file).collect(),
        next: timetable.next,
        last: timetable.last,
        failure: timetable.failure,
        seals,
        can_seal: timetable.can_seal,
        keep: (timetable.keep > 0).then(|| look.count(t.shelf_keep, usize::try_from(timetable.keep).unwrap_or(usize::MAX))),
        problems: shelf.problems.iter().map(problem).collect(),
    }
}

async fn make(sent: AdminForm) -> PageResult {
    let AdminForm { page, form } = sent;
    let to = Area::Admin.page("maintenance");
    let made = match form.get("kind") {
        "dump" => backup_files::make_dump(page.core(), &page.session).await,
        "sealed" => backup_files::make_sealed(page.core(), &page.session).await,
        _ => return Err(PageError::not_found()),
    };
    match made {
        Ok(name) => Ok(redirect_saying(&to, &page.look, page.look.say(page.look.t.shelf_made, name))),
        Err(Error::Busy) => Ok(redirect_refusing(&to, &page.look, page.look.t.shelf_busy)),
        Err(Error::Invalid { message, .. }) => {
            Ok(redirect_refusing(&to, &page.look, page.look.say(page.look.t.shelf_failed, message)))
        }
        Err(error @ Error::NoSpace) => Ok(redirect_refusing(&to, &page.look, page.look.say(page.look.t.shelf_failed, error))),
        Err(error) => Err(error.into()),
    }
}

fn kind(name: &str) -> Result<BackupKind, PageError> {
    let kind = BackupKind::ALL.into_iter().find(|(_, of)| *of == name);
    kind.map(|(kind, _)| kind).ok_or_else(PageError::not_found)
}

async fn download(page: AdminPage, path: web::Path<(String, String)>) -> PageResult {
    let (of, name) = path.into_inner();
    let fetched = backup_files::fetch(page.core(), &page.session, kind(&of)?, &name).await?;
    let size = fetched.size;
    let pieces = stream::unfold(Some(fetched), |fetched| async move {
        let mut fetched = fetched?;
        match fetched.next().await {
            Ok(piece) => piece.map(|piece| (Ok(piece), Some(fetched))),
            Err(error) => Some((Err(actix_web::error::ErrorInternalServerError(error.to_string())), None)),
        }
    });
    let pieces = Box::pin(pieces) as std::pin::Pin<Box<dyn stream::Stream<Item = Result<Bytes, actix_web::Error>>>>;
    let body = actix_web::body::SizedStream::new(size, pieces);
    let disposition = entrepot_http::Disposition::Attachment.header(name.as_bytes());
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

async fn ask(page: AdminPage, path: web::Path<(String, String)>) -> PageResult {
    let (of, name) = path.into_inner();
    let wanted = kind(&of)?;
    let shelf = backup_files::list(page.core(), &page.session).await?;
    let found = shelf.files.iter().any(|file| file.kind == wanted && file.name == name);
    if !found {
        let to = Area::Admin.page("maintenance");
        return Ok(redirect_refusing(&to, &page.look, page.look.t.shelf_gone));
    }
    let t = page.look.t;
    render(&AskPage {
        title: page.look.say(t.shelf_delete_one, &name),
        text: t.shelf_delete_text.to_owned(),
        button: t.common_delete,
        action: Area::Admin.page(&format!("backups/{of}/{}/delete", escaped(&name))),
        back: Area::Admin.page("maintenance"),
        parent: t.tab_maintenance,
        parent_href: Area::Admin.page("maintenance"),
        name,
        f: Shell::admin(page, "maintenance"),
    })
}

async fn delete(sent: AdminForm, path: web::Path<(String, String)>) -> PageResult {
    let page = sent.page;
    let (of, name) = path.into_inner();
    let to = Area::Admin.page("maintenance");
    match backup_files::remove(page.core(), &page.session, kind(&of)?, &name).await {
        Ok(()) => Ok(redirect_saying(&to, &page.look, page.look.say(page.look.t.shelf_deleted, &name))),
        Err(Error::NotFound) => Ok(redirect_refusing(&to, &page.look, page.look.t.shelf_gone)),
        Err(error) => Err(error.into()),
    }
}
