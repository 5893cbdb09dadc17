//! Opening a document.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entrepot_model::VirtualPath;

use super::{DISABLED, id_of, is_disabled};
use crate::{
    Core, Denial, Error, Result, UserCaller,
    tokens::{DocumentClaims, Token},
};

/// Milliseconds for which somebody who opened a document counts as a user of the office server (API-235).
pub(super) const SEAT: i64 = 30 * 24 * 3600 * 1000;

/// A document that was opened.
#[derive(Debug)]
pub struct Opened {
    /// What the office server has to show.
    pub token: Token,
    /// Id of the file.
    pub file: String,
}

/// Whether documents can be opened by this account at all, where `most` users may (0 = any number).
///
/// # Errors
/// `Internal` when the database cannot be read.
pub async fn is_offered(core: &Core, caller: &UserCaller, most: u32) -> Result<bool> {
    if is_disabled(caller.user()) {
        return Ok(false);
    }
    if most == 0 {
        return Ok(true);
    }
    let since = core.clock().millis() - SEAT;
    let admitted = core.0.store.document_users().would_admit(caller.user().user.id, most, since).await;
    admitted.map_err(|error| Error::internal("reading users of the office server", error))
}

/// Opens a document in the office server, which `most` users may (0 = any number). `page` is scheme and host of the page that it
/// is shown in.
///
/// # Errors
/// `Denied` by the option of the account (ACC-316), by the number of users (API-235), or without leave to download; `NotFound`;
/// `IsDirectory` and `Unsupported` for what is no file.
pub async fn open(core: &Core, caller: &UserCaller, path: &VirtualPath, page: &str, most: u32) -> Result<Opened> {
    if is_disabled(caller.user()) {
        return Err(Denial::told(DISABLED, "documents are not opened in the office server for this account").into());
    }
    let fs = caller.lease()?.fs();
    let found = fs.stat_download(path).await?;
    if !found.is_file() {
        return Err(if found.is_directory() { Error::IsDirectory } else { Error::Unsupported });
    }
    let now = core.clock().millis();
    let admitted = core.0.store.document_users().admit(caller.user().user.id, most, now - SEAT, now).await;
    if !admitted.map_err(|error| Error::internal("noting a user of the office server", error))? {
        return Err(Denial::told("wopi_users", format!("{most} users open documents in the office server already")).into());
    }
    let file = id_of(fs.session(), path);
    let document = DocumentClaims {
        file: file.clone(),
        path: URL_SAFE_NO_PAD.encode(path.as_bytes()),
        session: caller.claims().map(|claims| claims.jti.clone()).unwrap_or_default(),
        page: page.to_owned(),
    };
    let login = caller.login();
    let token = core.issue_document_token(&login.account, login.peer.remote.ip(), document)?;
    Ok(Opened { token, file })
}
