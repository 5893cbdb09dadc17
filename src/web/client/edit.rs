//! `/web/client/editfile`: text in a page, saved only over what was read (UI-131).

use actix_web::{http::StatusCode, web::Bytes};
use askama::Template;
use entrepot_core::{Metadata, UserFs};
use entrepot_model::VirtualPath;
use futures_util::stream;

use super::{
    place::{May, Quota, encoded, files_of, page_error, path_of},
    texts,
};
use crate::{
    error::ApiError,
    files::{self, PathQuery, Placing},
    frame::{
        ClientForm, ClientPage, Form, PageError, PageResult, Shell,
        answer::{redirect_saying, render_again},
        look::Html,
        render,
    },
};

/// Bytes that the editor takes (`hook.httpd_max_edit_size`).
pub(super) fn most(page: &ClientPage) -> u64 {
    u64::from(page.core().settings().hook.httpd_max_edit_size) << 20
}

/// Bytes of a read.
const STEP: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "client/edit.html")]
struct EditPage {
    f: Shell,
    quota: Option<Quota>,
    path: String,
    name: String,
    back: String,
    text: String,
    /// The state that was read.
    tag: String,
    /// Some lines end with CR LF and others without CR: saving makes all of them end with CR LF.
    is_mixed: bool,
    may_save: bool,
    may_create: bool,
    /// Somebody else changed it meanwhile: what is in the file now, empty where it is gone.
    other: Option<String>,
    /// Another name that was proposed or typed.
    as_name: String,
    problem: Option<String>,
    texts: Html,
}

/// Tells the states of a file apart; it is what the REST API says as `ETag`.
fn tag(found: &Metadata) -> String {
    files::version(found)
}

async fn read(fs: &UserFs, path: &VirtualPath, page: &ClientPage) -> Result<(String, String), PageError> {
    let open = fs.open_read(path).await?;
    let found = open.metadata().await?;
    let refused = |text: &str| PageError::status(StatusCode::UNPROCESSABLE_ENTITY, text);
    let most = most(page);
    if !found.is_file() || found.size > most {
        return Err(refused(&page.look.say(page.look.t.edit_too_large, most >> 20)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.size).unwrap_or_default());
    loop {
        let piece = open.read_at(bytes.len() as u64, STEP).await?;
        if piece.is_empty() || bytes.len() as u64 > most {
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    Ok((text.ok_or_else(|| refused(page.look.t.edit_no_text))?, tag(&found)))
}

fn build(page: ClientPage, fs: &UserFs, path: &VirtualPath, text: String, tag: String) -> EditPage {
    let parent = path.parent().unwrap_or_else(VirtualPath::root);
    let may = May::of(page.caller.user(), &parent);
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
    EditPage {
        quota: Quota::of(fs),
        path: encoded(path.as_bytes()),
        back: address("files", &parent),
        is_mixed: ends_differ(&text),
        text,
        tag,
        may_save: may.has("overwrite"),
        may_create: may.has("upload"),
        other: None,
        as_name: beside(&name),
        name,
        problem: None,
        texts: texts::data(page.look.t),
        f: Shell::client(page, "files"),
    }
}

/// A name beside another: `plan (2).txt`.
fn beside(name: &str) -> String {
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, ending)) => format!("{stem} (2).{ending}"),
        None => format!("{name} (2)"),
    }
}

fn ends_differ(text: &str) -> bool {
    let with_return = text.matches("\r\n").count();
    with_return > 0 && with_return < text.matches('\n').count()
}

fn address(page: &str, path: &VirtualPath) -> String {
    format!("/web/client/{page}?path={}", encoded(path.as_bytes()))
}

/// UI-135
fn require_editor(page: &ClientPage) -> Result<(), PageError> {
    let is_off = page.core().settings().hook.webclient_disable_editor;
    if is_off { Err(PageError::status(StatusCode::FORBIDDEN, page.look.t.edit_off)) } else { Ok(()) }
}

pub(super) async fn show(page: ClientPage, paths: PathQuery) -> PageResult {
    require_editor(&page)?;
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let (text, tag) = read(&fs, &path, &page).await?;
    render(&build(page, &fs, &path, text, tag))
}

pub(super) async fn save(sent: ClientForm, paths: PathQuery) -> PageResult {
    let ClientForm { page, form } = sent;
    require_editor(&page)?;
    let fs = files_of(&page)?;
    let path = path_of(&fs, &paths, "path")?;
    let text = text_of(&form);
    let known = form.get("tag").to_owned();
    let now = fs.stat(&path, true).await.map(|found| tag(&found)).unwrap_or_default();
    let how = form.get("how");
    if how == "as" {
        return save_as(page, &fs, &path, text, (known, form.get("as_name").trim())).await;
    }
    if known != now && how != "replace" {
        let other = read(&fs, &path, &page).await.map(|(text, _)| text).unwrap_or_default();
        return render_again(&EditPage { other: Some(other), ..build(page, &fs, &path, text, now) });
    }
    match store(&fs, &path, text.clone(), true).await {
        Ok(()) => Ok(redirect_saying(&address("editfile", &path), &page.look, page.look.t.me_saved)),
        Err(problem) => render_again(&EditPage { problem: Some(problem), ..build(page, &fs, &path, text, now) }),
    }
}

/// Beside the file that somebody else has changed, and over nothing.
async fn save_as(page: ClientPage, fs: &UserFs, path: &VirtualPath, text: String, (tag, name): (String, &str)) -> PageResult {
    let parent = path.parent().unwrap_or_else(VirtualPath::root);
    let stored = match parent.child(name.as_bytes()) {
        Ok(target) => store(fs, &target, text.clone(), false).await.map(|()| target),
        Err(_) => Err(page.look.t.files_bad_name.to_owned()),
    };
    match stored {
        Ok(target) => Ok(redirect_saying(&address("editfile", &target), &page.look, page.look.t.me_saved)),
        Err(problem) => {
            let other = read(fs, path, &page).await.map(|(text, _)| text).unwrap_or_default();
            let as_name = name.to_owned();
            let built = build(page, fs, path, text, tag);
            render_again(&EditPage { problem: Some(problem), other: Some(other), as_name, ..built })
        }
    }
}

/// Browsers send line ends as CR LF (HTML, section 4.10.21.4); files keep those that they had.
fn text_of(form: &Form) -> String {
    let text = form.get("text").replace("\r\n", "\n");
    if form.get("ends") == "crlf" { text.replace('\n', "\r\n") } else { text }
}

async fn store(fs: &UserFs, path: &VirtualPath, text: String, may_replace: bool) -> Result<(), String> {
    let length = text.len() as u64;
    let body = stream::iter([Ok::<_, ApiError>(Bytes::from(text))]);
    let placing = Placing { makes_parents: false, may_replace, modified: None };
    let stored = files::receive(fs, path, body, Some(length), placing).await;
    stored.map(drop).map_err(|error| page_error(error).to_string())
}
