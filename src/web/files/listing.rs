//! Listing a directory (API-118…API-121).

use actix_web::{HttpResponse, web::Bytes};
use entrepot_core::{DirectoryEntry, Error, UserFs, fs::Listing};
use entrepot_model::VirtualPath;
use futures_util::stream;

use super::{entry::Entry, refused};
use crate::error::ApiResult;

/// Entries that are read at a time.
const PAGE: usize = 256;

/// A listing under way. The session stays until its end.
struct Running {
    listing: Listing,
    _fs: UserFs,
    /// Entries that were read and not written yet.
    entries: Vec<DirectoryEntry>,
    is_first: bool,
}

/// Answers with the entries of a directory as they are read. An error before the first of them has its status, a later one
/// breaks the connection off (API-120).
pub(crate) async fn list(fs: &UserFs, path: &VirtualPath) -> ApiResult {
    let mut listing = fs.list(path).await.map_err(refused)?;
    let entries = listing.next(PAGE).await.map_err(refused)?;
    let running = Running { listing, _fs: fs.clone(), entries, is_first: true };
    let pages = stream::unfold(Some(running), async |running| {
        let mut running = running?;
        match running.page().await {
            Ok((text, true)) => Some((Ok(text), None)),
            Ok((text, false)) => Some((Ok(text), Some(running))),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(HttpResponse::Ok().content_type("application/json; charset=utf-8").streaming(Box::pin(pages)))
}

impl Running {
    /// The next part of the text, and whether it is the last.
    async fn page(&mut self) -> Result<(Bytes, bool), Error> {
        let mut text = Vec::with_capacity(self.entries.len() * 96 + 2);
        if self.is_first {
            text.push(b'[');
        }
        for entry in &self.entries {
            if !std::mem::take(&mut self.is_first) {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, &Entry::from(entry)).map_err(|error| Error::internal("writing an entry", error))?;
        }
        self.is_first &= self.entries.is_empty();
        let is_last = self.entries.is_empty();
        if is_last {
            text.push(b']');
        } else {
            self.entries = self.listing.next(PAGE).await?;
            if self.entries.is_empty() {
                text.push(b']');
                return Ok((text.into(), true));
            }
        }
        Ok((text.into(), is_last))
    }
}
