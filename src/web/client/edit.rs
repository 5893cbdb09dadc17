//! `/web/client/editfile`: text in a page, saved only over what was read (UI-131).

use actix_web::{http::StatusCode, web::Bytes};
use askama::Template;
use entrepot_core::{Metadata, UserFs};
use entrepot_model::VirtualPath;
use futures_util::stream;

use super::place::{May, Quota, encoded, files_of, page_error, path_of};
use crate::{
    error::ApiError,
    files::{self, PathQuery, Placing},
    frame::{
        ClientForm, ClientPage, PageError, PageResult, Shell,
        answer::{redirect_saying, render_again},
        render,
    },
};

/// Bytes that the editor takes. Encoded in a form they are at most three times as long.
const MOST: u64 = 512 * 1024;
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
    may_save: bool,
    /// Somebody else changed it meanwhile.
    is_stale: bool,
    problem: Option<String>,
}

/// Tells the states of a file apart.
fn tag(found: &Metadata) -> String {
    format!("{}-{}.{}", found.size, found.modified.seconds, found.modified.nanoseconds)
}

async fn read(fs: &UserFs, path: &VirtualPath, page: &ClientPage) -> Result<(String, String), PageError> {
    let open = fs.open_read(path).await?;
    let found = open.metadata().await?;
    let refused = |text: &str| PageError::status(StatusCode::UNPROCESSABLE_ENTITY, text);
    if !found.is_file() || found.size > MOST {
        return Err(refused(page.look.t.edit_too_large));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.size).unwrap_or_default());
    loop {
        let piece = open.read_at(bytes.len() as u64, STEP).await?;
        if piece.is_empty() || bytes.len() as u64 > MOST {
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    Ok((text.ok_or_else(|| refused(page.look.t.edit_no_text))?, tag(&found)))
}

fn build(page: ClientPage, fs: &UserFs, path: &VirtualPath, text: String, tag: String) -> EditPage {
    let parent = path.parent().unwrap_or_else(VirtualPath::root);
    EditPage {
        quota: Quota::of(fs),
        path: encoded(path.as_bytes()),
        name: String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned(),
        back: format!("/web/client/files?path={}", encoded(parent.as_bytes())),
        text,
        tag,
        may_save: May::of(page.caller.user(), &parent).has("overwrite"),
        is_stale: false,
        problem: None,
        f: Shell::client(page, "files"),
    }
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
    // Browsers send line ends as CR LF (HTML, section 4.10.21.4); files keep those that they had.
    let text = form.get("text").replace("\r\n", "\n");
    let text = if form.get("ends") == "crlf" { text.replace('\n', "\r\n") } else { text };
    let known = form.get("tag").to_owned();
    let now = fs.stat(&path, true).await.map(|found| tag(&found)).unwrap_or_default();
    if known != now && form.get("force") != "1" {
        return render_again(&EditPage { is_stale: true, ..build(page, &fs, &path, text, now) });
    }
    let length = text.len() as u64;
    let body = stream::iter([Ok::<_, ApiError>(Bytes::from(text.clone()))]);
    let placing = Placing { makes_parents: false, may_replace: true, modified: None };
    match files::receive(&fs, &path, body, Some(length), placing).await {
        Ok(_) => {
            let back = format!("/web/client/editfile?path={}", encoded(path.as_bytes()));
            Ok(redirect_saying(&back, &page.look, page.look.t.me_saved))
        }
        Err(error) => {
            let problem = Some(page_error(error).to_string());
            render_again(&EditPage { problem, ..build(page, &fs, &path, text, now) })
        }
    }
}
