//! `/web/client/downloadzip`: several entries as one archive (UI-116). A form, so that browsers take the answer as a download.

use actix_web::http::StatusCode;

use super::place::{files_of, page_error};
use crate::{
    files,
    frame::{ClientForm, PageError, PageResult},
};

/// Entries of an archive.
const MOST: usize = 10_000;

pub(super) async fn zip(sent: ClientForm) -> PageResult {
    let ClientForm { page, form } = sent;
    let fs = files_of(&page)?;
    let bad = || PageError::status(StatusCode::BAD_REQUEST, page.look.t.files_none_chosen);
    let named: Vec<String> = serde_json::from_str(form.get("files")).map_err(|_| bad())?;
    if named.is_empty() || named.len() > MOST {
        return Err(bad());
    }
    let path = |name: &String| fs.resolve(&files::decoded_path(name)?).ok();
    let paths = named.iter().map(path).collect::<Option<Vec<_>>>().ok_or_else(bad)?;
    let name = files::zip_name(fs.username(), &paths);
    files::send_zip(&fs, paths, &name).await.map_err(page_error)
}
