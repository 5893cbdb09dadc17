//! Taking a file in (API-143…API-145).

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::Bytes,
};
use entrepot_core::{Attributes, Metadata, OpenWrite, Timestamp, Upload, UserFs};
use entrepot_model::VirtualPath;
use futures_util::{Stream, StreamExt as _};

use super::{
    incoming::{BodyError, too_large},
    refused,
};
use crate::error::ApiError;

/// Time for the next piece of a body.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How a file is put into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placing {
    /// Missing directories above it are made.
    pub(crate) makes_parents: bool,
    /// A file of the name may be replaced, if the account may do that; otherwise it is a conflict.
    pub(crate) may_replace: bool,
    /// Time of the last change that it is to have, in milliseconds since the epoch; ignored where that cannot be.
    pub(crate) modified: Option<i64>,
}

impl Placing {
    /// Time of the last change, in milliseconds since the epoch (API-143).
    const MTIME: &str = "X-SFTPGO-MTIME";

    /// What a request says about its file. A header that is no time is as if it was not there.
    pub(crate) fn of(request: &HttpRequest, makes_parents: bool) -> Self {
        let modified = number(request.headers(), Self::MTIME).filter(|millis| is_time(*millis));
        Self { makes_parents, may_replace: true, modified }
    }
}

/// Whether files can have this time, in milliseconds since the epoch: from 1901 to 2446, as ext4 has it. Others would be cut to
/// one of the ends, and nobody would be told.
pub(crate) fn is_time(millis: i64) -> bool {
    const EARLIEST: i64 = -(1 << 31) * 1000;
    const LATEST: i64 = ((1 << 34) - (1 << 31)) * 1000;
    (EARLIEST..LATEST).contains(&millis)
}

/// How long the body is going to be, if the request says so.
pub(crate) fn declared_length(request: &HttpRequest) -> Option<u64> {
    number(request.headers(), header::CONTENT_LENGTH.as_str())
}

/// A header that is a number; what is none is as if it was not there.
fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Stores what comes from `body` as the file at `path`. It gets its name when all of it is there: what breaks off leaves what
/// was there before. With a `size`, room for it is reserved before the first byte is read, and a body of another length is
/// refused.
pub(crate) async fn receive<E: BodyError>(
    fs: &UserFs,
    path: &VirtualPath,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    size: Option<u64>,
    placing: Placing,
) -> Result<Metadata, ApiError> {
    receive_all(fs, path, body, size, placing).await?.commit().await.map_err(refused)
}

/// As [`receive`], up to the moment at which the file gets its name.
pub(crate) async fn receive_all<E: BodyError>(
    fs: &UserFs,
    path: &VirtualPath,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    size: Option<u64>,
    placing: Placing,
) -> Result<Upload, ApiError> {
    if placing.makes_parents {
        fs.create_parents(path).await.map_err(refused)?;
    }
    let open = OpenWrite { truncate: true, create: true, exclusive: !placing.may_replace, size, ..OpenWrite::default() };
    let upload = fill(fs, path, body, open).await?;
    if let Some(attributes) = placing.modified.and_then(times)
        && let Err(error) = upload.set_attributes(&attributes).await
    {
        tracing::debug!(%error, "the time of an upload cannot be set");
    }
    Ok(upload)
}

/// As [`receive_all`] for a file that is there: it is replaced, and not made.
pub(crate) async fn replace_all<E: BodyError>(
    fs: &UserFs,
    path: &VirtualPath,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    size: Option<u64>,
) -> Result<Upload, ApiError> {
    fill(fs, path, body, OpenWrite { truncate: true, size, ..OpenWrite::default() }).await
}

async fn fill<E: BodyError>(
    fs: &UserFs,
    path: &VirtualPath,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    open: OpenWrite,
) -> Result<Upload, ApiError> {
    let upload = fs.open_write(path, open).await.map_err(refused)?;
    let length = write(fs, &upload, body).await?;
    if open.size.is_some_and(|size| size != length) {
        return Err(ended_early());
    }
    Ok(upload)
}

/// Writes a body; answers how long it was. On an error the upload is given up by whoever holds it.
async fn write<E: BodyError>(
    fs: &UserFs,
    upload: &Upload,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<u64, ApiError> {
    let ended = fs.ended();
    let mut offset = 0;
    loop {
        let next = tokio::time::timeout(PATIENCE, body.next());
        let piece = tokio::select! {
            biased;
            () = ended.cancelled() => return Err(refused(entrepot_core::Error::Cancelled)),
            piece = next => piece,
        };
        let piece = match piece {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => return Ok(offset),
            Ok(Some(Err(error))) if error.is_overflow() => return Err(too_large()),
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "the body of an upload broke off");
                return Err(ended_early());
            }
            Err(_) => return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time")),
        };
        let length = piece.len() as u64;
        if !upload.try_write_at(offset, &piece).map_err(refused)? {
            upload.write_at(offset, piece).await.map_err(refused)?;
        }
        offset += length;
    }
}

fn ended_early() -> ApiError {
    ApiError::bad_request("the request body ended early or is not readable")
}

/// Both times of a file that was last changed at that moment.
pub(super) fn times(millis: i64) -> Option<Attributes> {
    let moment =
        Timestamp { seconds: millis.div_euclid(1000), nanoseconds: u32::try_from(millis.rem_euclid(1000)).ok()? * 1_000_000 };
    (millis > 0).then(|| Attributes { times: Some((moment, moment)), ..Attributes::default() })
}
