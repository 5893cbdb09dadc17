//! What scripts ask about a directory before they offer or begin something.

use actix_web::{HttpResponse, http::StatusCode, web};
use entrepot_core::{Core, Error, FileKind, UserFs};
use entrepot_model::VirtualPath;
use serde::{Deserialize, Serialize};

use super::place::{Crumb, May, Quota, crumbs, encoded};
use crate::{
    Site,
    api::{access::UserToken, body::JsonBody},
    error::{ApiError, ApiResult, json},
    files::{self, PathQuery, Weight, refused},
};

/// Names that are asked about at once.
const MOST_NAMES: usize = 20_000;

#[derive(Serialize)]
struct Facts {
    path: String,
    crumbs: Vec<Crumb>,
    may: May,
    quota: Option<Quota>,
}

/// `/web/client/api/folder`: what the account may do in a directory, and how full it is.
pub(super) async fn facts(UserToken(user): UserToken, paths: PathQuery) -> ApiResult {
    let fs = user.lease().map_err(refused)?.fs();
    let path = paths.path_or_start("path", &fs)?;
    let may = May::of(user.user(), &path);
    Ok(json(StatusCode::OK, &Facts { path: encoded(path.as_bytes()), crumbs: crumbs(&path), may, quota: Quota::of(&fs) }))
}

/// Entries that are counted, and the milliseconds that counting may take.
const MOST_ENTRIES: usize = 100_000;
const PATIENCE: i64 = 4000;

/// What is in a directory, all the way down, as far as that can be said at once.
pub(super) async fn weight_of(core: &Core, fs: &UserFs, path: &VirtualPath) -> Result<Weight, Error> {
    let until = core.clock().millis().saturating_add(PATIENCE);
    files::weigh(core, fs, path, MOST_ENTRIES, until).await
}

/// `/web/client/api/weight`: before it is deleted.
pub(super) async fn weight(site: web::Data<Site>, UserToken(user): UserToken, paths: PathQuery) -> ApiResult {
    let fs = user.lease().map_err(refused)?.fs();
    let path = paths.path("path", &fs)?;
    Ok(json(StatusCode::OK, &weight_of(site.core(), &fs, &path).await.map_err(refused)?))
}

/// Files that are to come into a directory.
#[derive(Debug, Deserialize)]
pub(super) struct Coming {
    #[serde(default)]
    files: Vec<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    /// Relative to the directory.
    name: String,
    #[serde(default)]
    size: u64,
}

/// What is in the way.
#[derive(Debug, Serialize)]
struct Existing {
    name: String,
    /// As in listings: 1 directory, 2 anything else.
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
}

/// What cannot come at all.
#[derive(Debug, Serialize)]
struct Impossible {
    name: String,
    /// Why: `name`, `size` or `quota`.
    reason: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct Verdict {
    existing: Vec<Existing>,
    impossible: Vec<Impossible>,
    /// Bytes that are free, where there is a limit.
    room: Option<u64>,
    /// The largest file that may come, where there is a limit.
    largest: Option<u64>,
}

/// `/web/client/api/exist`: before the first byte of an upload, what is in its way and what there is no room for (UI-121).
pub(super) async fn exist(UserToken(user): UserToken, paths: PathQuery, JsonBody(coming): JsonBody<Coming>) -> ApiResult {
    if coming.files.is_empty() {
        return Err(ApiError::bad_request("files: no names"));
    }
    if coming.files.len() > MOST_NAMES {
        return Err(ApiError::bad_request(format!("files: more than {MOST_NAMES} names")));
    }
    let fs = user.lease().map_err(refused)?.fs();
    let directory = paths.path_or_start("path", &fs)?;
    let limit = user.user().user.filters.base.max_upload_file_size;
    let largest = u64::try_from(limit).ok().filter(|most| *most > 0);
    let room = Quota::of(&fs).and_then(|quota| u64::try_from(quota.left()).ok());
    let mut verdict = Verdict { room, largest, ..Verdict::default() };
    let mut room = room;
    for file in coming.files {
        let Some(path) = below(&directory, &file.name) else {
            verdict.impossible.push(Impossible { name: file.name, reason: "name" });
            continue;
        };
        if largest.is_some_and(|most| file.size > most) {
            verdict.impossible.push(Impossible { name: file.name, reason: "size" });
            continue;
        }
        let found = look(&fs, &path).await?;
        let freed = found.as_ref().filter(|found| found.kind == "2").map_or(0, |found| found.size);
        match room.map(|room| room.saturating_add(freed).checked_sub(file.size)) {
            Some(None) => verdict.impossible.push(Impossible { name: file.name, reason: "quota" }),
            left => {
                room = left.flatten();
                verdict.existing.extend(found.map(|found| Existing { name: file.name, ..found }));
            }
        }
    }
    Ok(json(StatusCode::OK, &verdict))
}

/// A relative name within a directory.
fn below(directory: &VirtualPath, name: &str) -> Option<VirtualPath> {
    name.split('/').try_fold(directory.clone(), |path, part| path.child(part.as_bytes()).ok())
}

async fn look(fs: &UserFs, path: &VirtualPath) -> Result<Option<Existing>, ApiError> {
    match fs.stat(path, true).await {
        Ok(found) => {
            let kind = if found.kind == FileKind::Directory { "1" } else { "2" };
            Ok(Some(Existing { name: String::new(), kind, size: if found.is_file() { found.size } else { 0 } }))
        }
        // Whoever may not look is told by the upload itself.
        Err(Error::NotFound | Error::NotDirectory | Error::Denied(_)) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// Nothing to say, but the session goes on (UI-126).
pub(super) async fn alive(_: UserToken) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_their_directory() {
        let directory = VirtualPath::parse(b"/in").unwrap();
        assert_eq!(below(&directory, "a/b.txt").unwrap().as_bytes(), b"/in/a/b.txt");
        for name in ["", "..", "a/../../b", "/etc", "a//b", "."] {
            assert!(below(&directory, name).is_none(), "{name}");
        }
    }
}
