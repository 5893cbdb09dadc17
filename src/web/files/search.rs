//! Searching a tree by name, kind, size and time: hits are sent as they are found.

use actix_web::{HttpResponse, http::header::ContentEncoding, web::Bytes};
use chrono::DateTime;
use entrepot_core::{DirectoryEntry, Error, Metadata, UserFs, fs::Listing};
use entrepot_model::{VirtualPath, glob::Glob};
use futures_util::stream;
use serde::Serialize;

use super::{
    PathQuery,
    entry::{Entry, percent_encoded},
    refused,
};
use crate::error::{ApiError, ApiResult};

/// Entries that are read at a time.
const PAGE: usize = 256;
/// Deepest nesting that is followed.
const DEPTH: usize = 1000;
/// Hits of one answer, unless the request says otherwise, and at most.
const USUAL: u64 = 1000;
const MOST: u64 = 100_000;

/// What is looked for. What is absent does not matter.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    name: Option<Name>,
    is_directory: Option<bool>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    /// Milliseconds since the epoch, inclusive.
    after: Option<i64>,
    before: Option<i64>,
    limit: u64,
}

/// Upper and lower case are alike.
#[derive(Debug)]
enum Name {
    Pattern(Glob),
    Part(String),
}

impl Wanted {
    /// Reads it off a query string.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn of(query: &PathQuery) -> Result<Self, ApiError> {
        let is_directory = match query.bytes("type")? {
            b"" => None,
            b"file" => Some(false),
            b"directory" => Some(true),
            _ => return Err(ApiError::bad_request("invalid type: file or directory")),
        };
        let limit = query.number("limit")?.unwrap_or(USUAL);
        if limit == 0 {
            return Err(ApiError::bad_request("invalid limit"));
        }
        Ok(Self {
            name: name(query.bytes("name")?)?,
            is_directory,
            min_size: query.number("min_size")?,
            max_size: query.number("max_size")?,
            after: time(query, "after")?,
            before: time(query, "before")?,
            limit: limit.min(MOST),
        })
    }

    fn fits(&self, name: &[u8], found: &Metadata) -> bool {
        let has_size = self.min_size.is_some() || self.max_size.is_some();
        let millis = found.modified.millis();
        self.is_directory.is_none_or(|wanted| found.is_directory() == wanted)
            && (!has_size || found.is_file())
            && self.min_size.is_none_or(|least| found.size >= least)
            && self.max_size.is_none_or(|most| found.size <= most)
            && self.after.is_none_or(|moment| millis >= moment)
            && self.before.is_none_or(|moment| millis <= moment)
            && self.name.as_ref().is_none_or(|wanted| wanted.fits(name))
    }
}

impl Name {
    fn fits(&self, name: &[u8]) -> bool {
        let name = lower(name);
        match self {
            Self::Pattern(glob) => glob.matches(name.as_bytes()),
            Self::Part(part) => name.contains(part),
        }
    }
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

fn name(text: &[u8]) -> Result<Option<Name>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let text = lower(text);
    if !Glob::has_wildcards(text.as_bytes()) {
        return Ok(Some(Name::Part(text)));
    }
    let glob = Glob::new(text.as_bytes()).map_err(|error| ApiError::bad_request(format!("name: {error}")))?;
    Ok(Some(Name::Pattern(glob)))
}

/// Milliseconds since the epoch, or RFC 3339.
fn time(query: &PathQuery, name: &str) -> Result<Option<i64>, ApiError> {
    let text = String::from_utf8_lossy(query.bytes(name)?);
    if text.is_empty() {
        return Ok(None);
    }
    let millis = text.parse().ok().or_else(|| DateTime::parse_from_rfc3339(&text).ok().map(|moment| moment.timestamp_millis()));
    millis.map(Some).ok_or_else(|| ApiError::bad_request(format!("invalid {name}")))
}

/// A hit: an entry, and where it is.
#[derive(Serialize)]
struct Hit<'a> {
    path: &'a VirtualPath,
    #[serde(flatten)]
    entry: Entry,
    /// The exact path, percent-encoded, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_path: Option<String>,
}

/// Answers with what is found below `path`, one JSON object a line (NDJSON). Directories that cannot be listed are passed
/// over.
pub(crate) async fn search(fs: &UserFs, path: &VirtualPath, wanted: Wanted) -> ApiResult {
    let first = fs.list(path).await.map_err(refused)?;
    let search = Search { fs: fs.clone(), left: wanted.limit, wanted, open: vec![Directory::new(first)] };
    let pages = stream::unfold(Some(search), async |search| {
        let mut search = search?;
        match search.page().await {
            Ok(Some(text)) => Some((Ok(text), Some(search))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    // Compression would keep hits back until there are many.
    let mut answer = HttpResponse::Ok();
    answer.content_type("application/x-ndjson").insert_header(ContentEncoding::Identity);
    Ok(answer.streaming(Box::pin(pages)))
}

/// Directories on the way down are open; nothing else is kept.
struct Search {
    fs: UserFs,
    wanted: Wanted,
    left: u64,
    open: Vec<Directory>,
}

struct Directory {
    listing: Listing,
    entries: std::vec::IntoIter<DirectoryEntry>,
}

impl Directory {
    fn new(listing: Listing) -> Self {
        Self { listing, entries: Vec::new().into_iter() }
    }
}

impl Search {
    /// The hits among the next entries; `None` at the end.
    async fn page(&mut self) -> Result<Option<Bytes>, Error> {
        let mut text = Vec::new();
        while self.left > 0 {
            let Some(directory) = self.open.last_mut() else { break };
            let Some(entry) = directory.entries.next() else {
                // Hits are not kept back for more of them.
                if !text.is_empty() {
                    break;
                }
                // Others are served between two reads, however fast those are.
                tokio::task::yield_now().await;
                directory.entries = next_page(&mut directory.listing).await?.into_iter();
                if directory.entries.len() == 0 {
                    self.open.pop();
                }
                continue;
            };
            let Ok(path) = directory.listing.directory().child(&entry.name) else { continue };
            if self.wanted.fits(&entry.name, &entry.metadata) {
                self.left -= 1;
                write(&mut text, &path, &entry)?;
            }
            if entry.metadata.is_directory() && self.open.len() < DEPTH {
                self.enter(&path).await?;
            }
        }
        Ok((!text.is_empty()).then(|| text.into()))
    }

    async fn enter(&mut self, path: &VirtualPath) -> Result<(), Error> {
        match self.fs.list(path).await {
            Ok(listing) => self.open.push(Directory::new(listing)),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => tracing::debug!(%path, %error, "a directory is not searched"),
        }
        Ok(())
    }
}

async fn next_page(listing: &mut Listing) -> Result<Vec<DirectoryEntry>, Error> {
    match listing.next(PAGE).await {
        Err(error) if error != Error::Cancelled => {
            tracing::debug!(path = %listing.directory(), %error, "the rest of a directory is not searched");
            Ok(Vec::new())
        }
        other => other,
    }
}

fn write(text: &mut Vec<u8>, path: &VirtualPath, entry: &DirectoryEntry) -> Result<(), Error> {
    let is_exact = std::str::from_utf8(path.as_bytes()).is_ok();
    let encoded_path = (!is_exact).then(|| percent_encoded(path.as_bytes()));
    let hit = Hit { path, entry: Entry::from(entry), encoded_path };
    serde_json::to_writer(&mut *text, &hit).map_err(|error| Error::internal("writing a hit", error))?;
    text.push(b'\n');
    Ok(())
}
