//! Changes by plain forms, for browsers without scripts: a new directory, another name, deleting, and one upload.

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, http::StatusCode};
use askama::Template;
use entrepot_core::{Error, UserFs};
use entrepot_model::VirtualPath;
use futures_util::StreamExt as _;

use super::{
    folder::weight_of,
    place::{May, Quota, encoded, files_of, path_of},
};
use crate::{
    error::ApiError,
    files::{self, Incoming, PathQuery, Placing, Weight},
    frame::{
        ClientForm, ClientPage, Form, Look, PageError, PageResult, Shell,
        answer::{redirect_refusing, redirect_saying, render_again},
        form::TOKEN,
        render,
        session::check_token,
    },
};

/// Bytes of the field with the token.
const TOKEN_LENGTH: usize = 1024;

/// One question about one place.
#[derive(Template)]
#[template(path = "client/ask.html")]
struct AskPage {
    f: Shell,
    quota: Option<Quota>,
    /// What is asked.
    ask: Ask,
    path: String,
    name: String,
    /// The directory to go back to.
    back: String,
    value: String,
    problem: Option<String>,
    /// What goes with a directory.
    weight: Option<Weight>,
}

/// Files, and bytes, of a directory that goes only for somebody who has typed its name.
const LARGE: (usize, i64) = (100, 1_000_000_000);

impl AskPage {
    /// Whether the name is to be typed.
    fn is_large(&self) -> bool {
        self.weight.as_ref().is_some_and(is_large)
    }

    /// What goes, in words.
    fn weighed(&self) -> Option<String> {
        let weight = self.weight.as_ref()?;
        let t = self.f.t;
        let folders = (weight.folders > 0).then(|| self.f.count(t.files_folders, weight.folders));
        let parts = folders.into_iter().chain([self.f.count(t.files_files, weight.files), self.f.size(weight.bytes)]);
        let parts: Vec<String> = parts.collect();
        Some(self.f.say(if weight.whole { t.files_weight } else { t.files_weight_more }, parts.join(", ")))
    }
}

fn is_large(weight: &Weight) -> bool {
    !weight.whole || weight.files > LARGE.0 || weight.bytes > LARGE.1
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    NewFolder,
    Rename,
    DeleteFile,
    DeleteFolder,
    Upload,
}

/// The way back to a directory.
fn list(directory: &VirtualPath) -> String {
    format!("/web/client/files?path={}", encoded(directory.as_bytes()))
}

fn parent(path: &VirtualPath) -> VirtualPath {
    path.parent().unwrap_or_else(VirtualPath::root)
}

fn name_of(path: &VirtualPath) -> String {
    String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned()
}

fn ask(page: ClientPage, fs: &UserFs, ask: Ask, path: &VirtualPath) -> AskPage {
    let back = if matches!(ask, Ask::NewFolder | Ask::Upload) { path.clone() } else { parent(path) };
    let name = name_of(path);
    AskPage {
        quota: Quota::of(fs),
        ask,
        path: encoded(path.as_bytes()),
        value: if ask == Ask::Rename { name.clone() } else { String::new() },
        name: if path.is_root() { page.look.t.files_home.to_owned() } else { name },
        back: list(&back),
        problem: None,
        weight: None,
        f: Shell::client(page, "files"),
    }
}

/// A sentence about what storage or policy said no to.
fn why(look: &Look, error: &Error) -> String {
    let t = look.t;
    match error {
        Error::NotFound => t.files_gone.to_owned(),
        Error::Denied(_) | Error::StorageDenied => t.files_refused.to_owned(),
        Error::Exists | Error::NotEmpty | Error::Conflict(_) => t.files_exists.to_owned(),
        Error::Quota | Error::FileQuota | Error::TooLarge | Error::NoSpace | Error::TransferQuota => t.files_no_room.to_owned(),
        Error::Unsupported => t.error_unsupported.to_owned(),
        other => other.to_string(),
    }
}

/// The same about an upload.
fn why_not_stored(look: &Look, error: &ApiError) -> String {
    let t = look.t;
    match error.code() {
        StatusCode::NOT_FOUND => t.files_gone.to_owned(),
        StatusCode::FORBIDDEN => t.files_refused.to_owned(),
        StatusCode::CONFLICT => t.files_exists.to_owned(),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::INSUFFICIENT_STORAGE => t.files_no_room.to_owned(),
        StatusCode::BAD_REQUEST => t.error_unsupported.to_owned(),
        _ => error.to_string(),
    }
}

pub(super) async fn new_folder(page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    render(&ask(page, &fs, Ask::NewFolder, &path))
}

/// UI-108
pub(super) async fn make_folder(sent: ClientForm, paths: PathQuery) -> PageResult {
    let ClientForm { page, form } = sent;
    let fs = files_of(&page)?;
    let directory = path_of(&fs, &paths, "path")?;
    let name = form.get("name").trim();
    let made = match directory.child(name.as_bytes()) {
        Ok(path) => fs.create_directory(&path).await.map_err(|error| why(&page.look, &error)),
        Err(_) => Err(page.look.t.files_bad_name.to_owned()),
    };
    match made {
        Ok(()) => Ok(redirect_saying(&list(&directory), &page.look, page.look.say(page.look.t.files_made, name))),
        Err(text) => {
            let value = name.to_owned();
            render_again(&AskPage { problem: Some(text), value, ..ask(page, &fs, Ask::NewFolder, &directory) })
        }
    }
}

pub(super) async fn rename(page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    fs.stat(&path, false).await?;
    render(&ask(page, &fs, Ask::Rename, &path))
}

/// UI-110: what has the name already is not replaced.
pub(super) async fn do_rename(sent: ClientForm, paths: PathQuery) -> PageResult {
    let ClientForm { page, form } = sent;
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let name = form.get("name").trim();
    let renamed = match parent(&path).child(name.as_bytes()) {
        Ok(target) if target == path => Ok(()),
        Ok(target) => match fs.stat(&target, false).await {
            Ok(_) => Err(page.look.t.files_exists.to_owned()),
            Err(_) => fs.rename(&path, &target).await.map_err(|error| why(&page.look, &error)),
        },
        Err(_) => Err(page.look.t.files_bad_name.to_owned()),
    };
    match renamed {
        Ok(()) => {
            let text = page.look.say2(page.look.t.files_renamed, name_of(&path), name);
            Ok(redirect_saying(&list(&parent(&path)), &page.look, text))
        }
        Err(text) => {
            let value = name.to_owned();
            render_again(&AskPage { problem: Some(text), value, ..ask(page, &fs, Ask::Rename, &path) })
        }
    }
}

pub(super) async fn delete(page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    if !fs.stat(&path, false).await?.is_directory() {
        return render(&ask(page, &fs, Ask::DeleteFile, &path));
    }
    let weight = weight_of(page.core(), &fs, &path).await.ok();
    render(&AskPage { weight, ..ask(page, &fs, Ask::DeleteFolder, &path) })
}

/// The page asked before; a directory goes with all that is in it.
pub(super) async fn do_delete(sent: ClientForm, paths: PathQuery) -> PageResult {
    let ClientForm { page, form } = sent;
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let is_directory = fs.stat(&path, false).await?.is_directory();
    if form.has("typed") && form.get("typed").trim() != name_of(&path).trim() {
        let weight = weight_of(page.core(), &fs, &path).await.ok();
        let problem = Some(page.look.t.files_typed_other.to_owned());
        let value = form.get("typed").to_owned();
        return render_again(&AskPage { weight, problem, value, ..ask(page, &fs, Ask::DeleteFolder, &path) });
    }
    let deleted = if is_directory { fs.remove_tree(&path).await } else { fs.remove_file(&path).await };
    let to = list(&parent(&path));
    Ok(match deleted {
        Ok(()) => redirect_saying(&to, &page.look, page.look.say(page.look.t.files_deleted, name_of(&path))),
        Err(error) => redirect_refusing(&to, &page.look, why(&page.look, &error)),
    })
}

pub(super) async fn upload(page: ClientPage, paths: PathQuery) -> PageResult {
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    render(&ask(page, &fs, Ask::Upload, &path))
}

/// A form with the token first and then files, as browsers send the fields of a page: in its order (RFC 7578 section 5.2).
pub(super) async fn do_upload(request: HttpRequest, page: ClientPage, paths: PathQuery, payload: Incoming) -> PageResult {
    let fs = files_of(&page)?;
    let directory = path_of(&fs, &paths, "path")?;
    let may_replace = May::of(page.caller.user(), &directory).has("overwrite");
    let mut form = Multipart::new(request.headers(), payload);
    let mut sent = Form::default();
    let mut stored = 0_usize;
    let mut problem = None;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| PageError::Foreign)?;
        if field.name() == Some(TOKEN) {
            sent.set(TOKEN, text_of(&mut field).await?);
            continue;
        }
        check_token(&request, &sent, page.caller.claims())?;
        if field.name() == Some("replace") {
            sent.set("replace", text_of(&mut field).await?);
            continue;
        }
        let name = field.content_disposition().and_then(|header| header.get_filename()).and_then(last_name);
        let Some(path) = name.as_deref().and_then(|name| directory.child(name.as_bytes()).ok()) else { continue };
        let placing = Placing { makes_parents: false, may_replace: may_replace && sent.has("replace"), modified: None };
        match files::receive(&fs, &path, field, None, placing).await {
            Ok(_) => stored += 1,
            Err(error) => {
                problem = Some(format!("{}: {}", name.unwrap_or_default(), why_not_stored(&page.look, &error)));
                break;
            }
        }
    }
    check_token(&request, &sent, page.caller.claims())?;
    // What is left of the body is not read: the connection ends with the answer.
    drop(form);
    let look = &page.look;
    Ok(match problem {
        Some(text) => redirect_refusing(&list(&directory), look, text),
        None if stored == 0 => redirect_refusing(&list(&directory), look, look.t.files_none_chosen),
        None => redirect_saying(&list(&directory), look, look.count(look.t.files_arrived, stored)),
    })
}

async fn text_of(field: &mut Field) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.next().await {
        bytes.extend_from_slice(&piece.map_err(|_| PageError::Foreign)?);
        if bytes.len() > TOKEN_LENGTH {
            return Err(PageError::Foreign);
        }
    }
    String::from_utf8(bytes).map_err(|_| PageError::Foreign)
}

/// The name without the directories that some browsers send with it.
fn last_name(name: &str) -> Option<String> {
    let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    (!last.is_empty()).then(|| last.to_owned())
}
